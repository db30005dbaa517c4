import { seeded } from '../ranking/random.ts'
import { boardOf } from './board.ts'
import { byCodeUnit } from './canonical.ts'
import type { ExportModel } from './export-store.ts'
import type { Frozen } from './freeze.ts'
import type { ExportOptions } from './options.ts'
import type { Retraction } from './retractions.ts'
import { type Stats, statsOf } from './stats.ts'
import { isLineLane } from './write-lanes.ts'

/** Everything the companion files say that only the freeze knows; stored with the snapshot, so that a resumed export says the same. */
export type SnapshotReport = {
  stats: Stats
  models: ExportModel[]
  leaderboard: ReturnType<typeof boardOf> | null
  consentVersions: string[]
  policyHashes: string[]
  warnings: string[]
  retractions: Retraction[]
  /** Bytes on disk, about. */
  estimate: number
}

export function reportOf(frozen: Frozen, options: ExportOptions, retractions: Retraction[]): SnapshotReport {
  const all = [
    ...new Map([...frozen.kept.values()].flat().map(({ candidate }) => [candidate.voteId, candidate])).values(),
  ]
  const sorted = (words: Iterable<string>) => [...new Set(words)].sort(byCodeUnit)
  return {
    stats: statsOf(frozen, seeded),
    models: [...new Set(all.flatMap(({ models }) => models))]
      .sort(byCodeUnit)
      .flatMap((id) => frozen.models.get(id) ?? []),
    leaderboard: leaderboardIn(frozen, options),
    consentVersions: sorted(all.map(({ consentVersion }) => consentVersion)),
    policyHashes: sorted(all.flatMap(({ policyHash }) => policyHash ?? [])),
    warnings: frozen.warnings,
    retractions,
    estimate: sizeOf(frozen),
  }
}

/** Of the rows that `verify` will read again: votes where they are exported, else battles; other presets do not hold all votes. */
function leaderboardIn({ kept }: Frozen, { scope, voterIds }: ExportOptions) {
  const rows = kept.get('votes') ?? kept.get('battles')
  if (!rows) return null
  const ranked = rows.map(({ candidate }) => candidate).filter(({ isRanked }) => isRanked)
  return boardOf(
    ranked
      .sort((left, right) => byCodeUnit(left.voteId, right.voteId))
      .map(({ models: [modelA, modelB], outcome, voterId, mayPublish }) => ({
        modelA,
        modelB,
        outcome,
        // As the rows will name them: see `voteRecord`.
        voter: voterIds === 'none' || (scope === 'public' && !mayPublish) ? null : voterId,
      })),
  )
}

/** Parquet lanes hold the pictures of every row, file lanes each picture once. */
export function sizeOf({ kept }: Frozen): number {
  const files = new Map<string, number>()
  let bytes = 0
  for (const [lane, rows] of kept)
    for (const { candidate } of rows) {
      bytes += lane === 'votes' ? 300 : candidate.textBytes + 1500
      if (lane === 'votes') continue
      for (const image of candidate.images)
        if (isLineLane(lane) || lane === 'sqlite') files.set(image.sha256, image.bytes)
        else bytes += lane === 'llm-comparator' ? 60_000 : image.bytes
    }
  for (const size of files.values()) bytes += size
  return bytes
}
