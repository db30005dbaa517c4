import { byCodeUnit } from './canonical.ts'
import type { ExportReader, ExportRow, SnapshotLedger } from './export-store.ts'
import type { ExportOptions } from './options.ts'

export type Retraction = {
  vote_id: string
  battle_id: string
  reason: 'withdrawn' | 'deleted' | 'reflagged' | 'terms'
  snapshot: string
}

/** Rows of earlier snapshots of this dataset that may not be used any more, and why. */
export async function retractionsOf(
  current: string,
  { dataset, source }: Pick<ExportOptions, 'dataset' | 'source'>,
  reader: ExportReader,
  ledger: SnapshotLedger,
): Promise<Retraction[]> {
  const written = new Map<string, { battleId: string; snapshots: string[] }>()
  for (const { id, state, options } of await ledger.snapshots(dataset)) {
    if (id === current || state !== 'complete' || sourceOf(options) !== source) continue
    for (const [voteId, battleId] of await ledger.frozenBattles(id)) {
      const known = written.get(voteId)
      if (known) known.snapshots.push(id)
      else written.set(voteId, { battleId, snapshots: [id] })
    }
  }
  const retractions: Retraction[] = []
  const ids = [...written.keys()]
  for (let from = 0; from < ids.length; from += 500) {
    const page = ids.slice(from, from + 500)
    const rows = await reader.rowsOf(page)
    for (const voteId of page) {
      const reason = whyGone(rows.get(voteId))
      const { battleId, snapshots } = written.get(voteId)!
      if (reason)
        for (const snapshot of snapshots) retractions.push({ vote_id: voteId, battle_id: battleId, reason, snapshot })
    }
  }
  return retractions.sort(
    (left, right) => byCodeUnit(left.vote_id, right.vote_id) || byCodeUnit(left.snapshot, right.snapshot),
  )
}

// Written by `optionsText`.
const sourceOf = (options: string) => (JSON.parse(options) as ExportOptions).source

export function whyGone(row: ExportRow | undefined): Retraction['reason'] | null {
  if (!row || row.battle.isErased) return 'deleted'
  if (row.vote.status === 'withdrawn') return 'withdrawn'
  if (
    row.vote.status === 'quarantined' ||
    row.turns.some(({ images }) => images.some(({ isQuarantined }) => isQuarantined))
  )
    return 'reflagged'
  if (!row.models.a.exportOutputs || !row.models.b.exportOutputs) return 'terms'
  return null
}
