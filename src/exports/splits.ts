import { byCodeUnit, type Hash } from './canonical.ts'
import type { ExportItem, SplitKey } from './export-store.ts'

export type Split = ExportItem['split']
/** A row and what ties it to others: pictures and questions, its voter, or nothing but its time. */
export type Placeable = { voteId: string; keys: { key: string; phash: string | null }[] }
export type Placement = {
  placed: Map<string, { split: Split; group: string }>
  /** Rows that would join a train component with a test component: they are left out, so that no row ever moves. */
  bridges: Set<string>
  /** All keys of placed rows, those already known included where their component changed its name. */
  keys: SplitKey[]
  /** Share of the rows in the largest component. */
  largestShare: number
}

/**
 * Places rows by connected components over their keys (union-find), near-equal pictures joined (Hamming distance of the difference
 * hash up to `near`). A component's split is drawn once from a hash of the seed and its smallest key and then kept for ever:
 * `known` are the keys of earlier snapshots. Rows are given in id order; the same rows give the same placement.
 */
export function placeRows(
  rows: Placeable[],
  known: SplitKey[],
  { test, seed, near, hash }: { test: number; seed: number; near: number; hash: Hash },
): Placement {
  const forest = unionFind()
  const stored = new Map<string, Split>()
  const hashes = new Set<string>()
  // Only what rows that are in hold ties anything together: a row left out must not pull others out after it.
  const active = new Set<string>()
  for (const { key, component, split, phash } of known) {
    active.add(key)
    // The component's name is itself a node, so that keys of one component are one tree without comparing them.
    forest.join(forest.add(key), forest.add(`c:${component}`))
    if (phash !== null && near > 0) {
      hashes.add(phash)
      active.add(`p:${phash}`)
      forest.join(forest.find(key), forest.add(`p:${phash}`))
    }
    stored.set(forest.find(key), split)
  }
  for (const { keys } of rows) for (const { phash } of keys) if (phash !== null && near > 0) hashes.add(phash)
  const alike = neighbours(hashes, near)
  // Pictures with one hash meet in a node of that hash, so that a thousand equal ones are a thousand ties and not a million.
  const nodesOf = ({ key, phash }: Placeable['keys'][number]) =>
    phash === null || near === 0
      ? [key]
      : [key, `p:${phash}`, ...(alike.get(phash) ?? []).map((other) => `p:${other}`).filter((node) => active.has(node))]

  const bridges = new Set<string>()
  for (const { voteId, keys } of rows) {
    const roots = [...new Set(keys.flatMap(nodesOf).map((node) => forest.add(node)))]
    const splits = new Set(roots.map((root) => stored.get(root)).filter((split) => split !== undefined))
    if (splits.size > 1) {
      bridges.add(voteId)
      continue
    }
    for (const { key, phash } of keys) {
      active.add(key)
      if (phash !== null) active.add(`p:${phash}`)
    }
    const root = roots.reduce((left, right) => forest.join(left, right), roots[0] ?? forest.add(`v:${voteId}`))
    const [split] = splits
    for (const old of roots) stored.delete(old)
    if (split) stored.set(root, split)
  }

  const names = nameComponents(rows, known, bridges, forest, hash)
  const placed = new Map<string, { split: Split; group: string }>()
  const sizes = new Map<string, number>()
  for (const { voteId, keys } of rows) {
    if (bridges.has(voteId)) continue
    const root = forest.find(keys[0]?.key ?? `v:${voteId}`)
    const { name, smallest } = names.get(root)!
    const split = stored.get(root) ?? (share(hash(`${seed}\0${smallest}`)) < test ? 'test' : 'train')
    stored.set(root, split)
    placed.set(voteId, { split, group: name })
    sizes.set(root, (sizes.get(root) ?? 0) + 1)
  }
  const keys = rows
    .filter(({ voteId }) => !bridges.has(voteId))
    .flatMap((row) => row.keys)
    .map(({ key, phash }): SplitKey => {
      const root = forest.find(key)
      return { key, component: names.get(root)!.name, split: stored.get(root)!, phash }
    })
  return {
    placed,
    bridges,
    keys: [...new Map(keys.map((key) => [key.key, key])).values()].sort((left, right) =>
      byCodeUnit(left.key, right.key),
    ),
    largestShare:
      placed.size === 0 ? 0 : [...sizes.values()].reduce((most, size) => Math.max(most, size), 0) / placed.size,
  }
}

/** By time: the newest share of the rows is the test; a boundary of an earlier snapshot stands. */
export function placeByTime(
  rows: { voteId: string; at: Date }[],
  boundary: Date | null,
  test: number,
): { placed: Map<string, { split: Split; group: string }>; boundary: Date | null } {
  const times = rows.map(({ at }) => at.getTime()).sort((left, right) => left - right)
  const cut = Math.round(times.length * (1 - test))
  const border = boundary?.getTime() ?? (test > 0 ? times[cut] : undefined) ?? Infinity
  const placed = new Map(
    rows.map(({ voteId, at }) => {
      const split: Split = at.getTime() >= border ? 'test' : 'train'
      return [voteId, { split, group: `g_${split}` }] as const
    }),
  )
  return { placed, boundary: Number.isFinite(border) ? new Date(border) : null }
}

/** Keys that are in two splits of what was written: must be none. */
export function leaksBetween(train: Set<string>, test: Set<string>): string[] {
  return [...train].filter((key) => test.has(key)).sort(byCodeUnit)
}

/** First 8 bytes of the hash as a fraction of 2^64. */
const share = (hex: string) => Number(BigInt(`0x${hex.slice(0, 16)}`)) / 2 ** 64

/** A component keeps the name under which it was first seen; of several that met, the smallest. */
function nameComponents(
  rows: Placeable[],
  known: SplitKey[],
  bridges: Set<string>,
  forest: UnionFind,
  hash: Hash,
): Map<string, { name: string; smallest: string }> {
  const smallest = new Map<string, string>()
  for (const { voteId, keys } of rows) {
    if (bridges.has(voteId)) continue
    const own = keys.length > 0 ? keys.map(({ key }) => key) : [`v:${voteId}`]
    for (const key of own) {
      const root = forest.find(key)
      const held = smallest.get(root)
      if (held === undefined || key < held) smallest.set(root, key)
    }
  }
  const names = new Map<string, string>()
  for (const { component } of known) {
    const root = forest.find(`c:${component}`)
    const held = names.get(root)
    if (held === undefined || component < held) names.set(root, component)
  }
  return new Map(
    [...smallest].map(([root, key]) => [
      root,
      { smallest: key, name: names.get(root) ?? `g_${hash(key).slice(0, 12)}` },
    ]),
  )
}

type UnionFind = ReturnType<typeof unionFind>
function unionFind() {
  const parents = new Map<string, string>()
  const ranks = new Map<string, number>()
  const find = (node: string): string => {
    let root = node
    for (let above = parents.get(root); above !== undefined && above !== root; above = parents.get(root)) root = above
    for (let at = node; at !== root; ) {
      const above = parents.get(at)!
      parents.set(at, root)
      at = above
    }
    return root
  }
  return {
    find,
    add(node: string): string {
      if (!parents.has(node)) parents.set(node, node)
      return find(node)
    },
    join(left: string, right: string): string {
      const [a, b] = [find(left), find(right)]
      if (a === b) return a
      const [low, high] = (ranks.get(a) ?? 0) < (ranks.get(b) ?? 0) ? [a, b] : [b, a]
      parents.set(low, high)
      ranks.set(high, Math.max(ranks.get(high) ?? 0, (ranks.get(low) ?? 0) + 1))
      return high
    },
  }
}

/**
 * Pairs of different 64-bit hashes within a Hamming distance: cut into distance + 1 blocks, two such hashes are equal in at least one
 * (pigeonhole), so only hashes that share a block are compared.
 */
function neighbours(hashes: Set<string>, near: number): Map<string, string[]> {
  const found = new Map<string, Set<string>>()
  if (near === 0) return new Map()
  const distinct = [...hashes].sort(byCodeUnit).map((phash) => ({
    phash,
    high: Number.parseInt(phash.slice(0, 8), 16) | 0,
    low: Number.parseInt(phash.slice(8, 16), 16) | 0,
  }))
  const link = (left: string, right: string) => {
    const of = found.get(left)
    if (of) of.add(right)
    else found.set(left, new Set([right]))
  }
  const blocks = near + 1
  for (let block = 0; block < blocks; block++) {
    const [from, to] = [Math.floor((64 * block) / blocks), Math.floor((64 * (block + 1)) / blocks)]
    const buckets = Map.groupBy(distinct, (entry) => bitsOf(entry, from, to))
    for (const bucket of buckets.values())
      for (let i = 0; i < bucket.length; i++)
        for (let j = i + 1; j < bucket.length; j++) {
          const [left, right] = [bucket[i]!, bucket[j]!]
          if (ones(left.high ^ right.high) + ones(left.low ^ right.low) > near) continue
          link(left.phash, right.phash)
          link(right.phash, left.phash)
        }
  }
  return new Map([...found].map(([phash, others]) => [phash, [...others].sort(byCodeUnit)]))
}

const bitsOf = ({ high, low }: { high: number; low: number }, from: number, to: number): string => {
  const all = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
  return String((all >> BigInt(64 - to)) & ((1n << BigInt(to - from)) - 1n))
}

function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}
