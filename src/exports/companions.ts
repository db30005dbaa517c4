import { boardJson } from './board.ts'
import { cardOf } from './card.ts'
import { croissantJson } from './croissant.ts'
import type { ExportModel, FrozenSnapshot, Shard } from './export-store.ts'
import { licenseText } from './license-text.ts'
import type { ExportOptions } from './options.ts'
import type { SnapshotReport } from './report.ts'

export type CompanionFacts = {
  snapshot: FrozenSnapshot
  options: ExportOptions
  shards: Shard[]
  report: SnapshotReport
  codeVersion: string
  sqliteVersion: string
  keyId: string | null
  site: { name: string; url: string | null; contact: string | null }
}

/** The files beside the data, manifest and checksums aside. */
export function companionsOf(facts: CompanionFacts): { path: string; content: string }[] {
  const { options, report, shards } = facts
  return [
    { path: 'README.md', content: cardOf(facts) },
    { path: 'LICENSE-DATA.md', content: licenseText(facts) },
    { path: 'stats.json', content: json(statsJson(facts)) },
    { path: 'models.json', content: json(report.models.map(modelJson)) },
    { path: 'croissant.json', content: croissantJson(facts) },
    { path: 'retractions.jsonl', content: report.retractions.map((line) => `${JSON.stringify(line)}\n`).join('') },
    ...(report.leaderboard ? [{ path: 'leaderboard.json', content: boardJson(report.leaderboard) }] : []),
    ...(options.presets.includes('llamafactory')
      ? [{ path: 'dataset_info.json', content: json(datasetInfo(shards)) }]
      : []),
  ]
}

const json = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`

function statsJson({ report: { stats, leaderboard } }: CompanionFacts) {
  return {
    ...stats,
    ratings: (leaderboard?.models ?? []).map(({ model, rating, low, high, votes }) => ({
      model,
      rating,
      low,
      high,
      votes,
    })),
  }
}

function modelJson({ id, name, kind, model, version, card, isBaseline, isReplay, exportOutputs }: ExportModel) {
  return {
    id,
    name,
    provider: card.organization ?? null,
    upstream: model,
    version,
    license: card.license ?? null,
    size: card.size ?? null,
    released: card.released ?? null,
    openness: card.openness ?? null,
    endpoint: kind,
    served_by: card.servedBy ?? null,
    url: card.url ?? null,
    is_baseline: isBaseline,
    is_replay: isReplay,
    outputs_may_be_published: exportOutputs,
  }
}

/** What LLaMA-Factory looks up; a column it finds twice or a file it does not find stops it. */
function datasetInfo(shards: Shard[]) {
  const paths = new Set(shards.map(({ path }) => path))
  const columns = {
    dpo: { messages: 'conversations', chosen: 'chosen', rejected: 'rejected', images: 'images' },
    kto: { messages: 'conversations', kto_tag: 'kto_tag', images: 'images' },
  }
  return Object.fromEntries(
    (['dpo', 'kto'] as const).flatMap((kind) =>
      ['train', 'test'].flatMap((split) => {
        const path = `llamafactory/${kind}_${split}.jsonl`
        if (!paths.has(path)) return []
        const entry = {
          file_name: path,
          formatting: 'sharegpt',
          ...(kind === 'dpo' ? { ranking: true } : {}),
          columns: columns[kind],
        }
        return [[`sightline_${kind}${split === 'test' ? '_test' : ''}`, entry] as const]
      }),
    ),
  )
}
