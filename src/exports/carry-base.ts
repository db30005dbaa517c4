import { byCodeUnit } from './canonical.ts'
import type { ExportItem, FrozenSnapshot, Shard, SnapshotLedger } from './export-store.ts'
import { ExportFailure } from './failures.ts'
import type { ExportOptions } from './options.ts'

/** Shards of other snapshots first, then the own ones: the order of the rows in the frozen list. */
export const inOrder = (shards: Shard[], snapshot: string): Shard[] =>
  [...shards].sort(
    (left, right) =>
      Number(left.path.includes(snapshot)) - Number(right.path.includes(snapshot)) || byCodeUnit(left.path, right.path),
  )

/**
 * Which Parquet files of an earlier snapshot stay as they are: those whose every row is still in, unchanged and in the same split. Their items
 * come first, with the facts that are written in them; all other rows follow and are written anew. One withdrawn row gives its whole file up.
 */
export async function carryBase(
  items: ExportItem[],
  options: ExportOptions,
  base: string,
  ledger: SnapshotLedger,
): Promise<{ items: ExportItem[]; shards: Shard[] }> {
  const before = await ledger.find(base)
  if (!before) throw new ExportFailure('usage', `the snapshot ${base} of --base was not written from this arena`)
  if (before.state !== 'complete') throw new ExportFailure('usage', `the snapshot ${base} of --base is not complete`)
  if (apartFromDates(before) !== apartFromDates({ options: JSON.stringify(options) }))
    throw new ExportFailure('usage', '--base was written with other options; only the dates may differ')
  const wanted = new Map(items.map((item) => [keyOf(item), item]))
  const carried = { items: [] as ExportItem[], shards: [] as Shard[] }
  const there = new Set<string>()
  const shards = inOrder(await ledger.shards(base), base)
  const position = new Map<string, number>()
  for (const shard of shards) {
    if (!shard.path.endsWith('.parquet')) continue
    const lane = `${shard.preset}\0${shard.split}`
    const from = position.get(lane) ?? 0
    position.set(lane, from + shard.rows)
    const rows = await ledger.items(base, { preset: shard.preset, split: shard.split, after: from, limit: shard.rows })
    if (!rows.every((row) => isSame(row, wanted.get(keyOf(row))))) continue
    carried.shards.push(shard)
    for (const row of rows) {
      carried.items.push(row)
      there.add(keyOf(row))
    }
  }
  return { items: [...carried.items, ...items.filter((item) => !there.has(keyOf(item)))], shards: carried.shards }
}

const keyOf = ({ preset, voteId, side }: ExportItem) => `${preset}\0${voteId}\0${side ?? ''}`
const isSame = (before: ExportItem, now: ExportItem | undefined) =>
  now !== undefined &&
  before.rowDigest === now.rowDigest &&
  before.split === now.split &&
  before.facts.outcome === now.facts.outcome &&
  before.facts.votes === now.facts.votes

function apartFromDates({ options }: Pick<FrozenSnapshot, 'options'>): string {
  // Written by `optionsText`, or made of options a moment ago.
  const held = JSON.parse(options) as ExportOptions & { base?: unknown }
  const { base: _, ...rest } = held
  const filters = { ...rest.filters, since: null, until: null }
  const sorted = (value: object) => Object.entries(value).sort(([left], [right]) => byCodeUnit(left, right))
  return JSON.stringify(sorted({ ...rest, filters: sorted(filters) }))
}
