import { type Comparisons, compareCodePoints, noVoter, pick } from '../ranking/comparison.ts'
import type { StyleInput } from '../ranking/rating-methods.ts'
import { styleFeatures } from '../ranking/style-features.ts'
import { failed } from './command-error.ts'
import { growing } from './growing.ts'
import type { Progress } from './progress.ts'
import { readRows, sizeOf } from './read-rows.ts'
import { type Ballot, bad, ballotOf, columns, type SkipReason } from './vote-row.ts'

export type VotesRead = {
  /** In code-point order. */
  names: string[]
  comparisons: Comparisons
  style: StyleInput | null
  lengthIn: 'characters' | 'tokens' | 'mixed' | null
  rows: number
  skipped: Partial<Record<SkipReason, number>>
  /** The first bad rows, by file and line. */
  badRows: { file: string; line: number; why: string }[]
  /** Rows of other categories; not counted as skipped. */
  otherCategories: number
  categories: string[]
}

export type ReadOptions = {
  category?: string | undefined
  hasStyle: boolean
  /** Elo depends on the order: then votes come back by time, then id. */
  isOrdered: boolean
  progress: Progress
}

const badRowsShownMax = 20
const modelsMax = 65_535

/**
 * Votes of all files as index arrays. Memory grows by a few numbers a vote, never by a row; the order of files and rows does not change
 * the result.
 */
export async function readVotes(files: readonly string[], options: ReadOptions): Promise<VotesRead> {
  const votes = collector(options)
  const sizes = await Promise.all(files.map(sizeOf))
  const total = sizes.every((size) => size !== null) ? sizes.reduce((sum, size) => sum + size, 0) : null
  let before = 0
  for (const [at, file] of files.entries()) {
    const onBytes = (bytes: number) => options.progress.at(before + bytes, total)
    for await (const batch of readRows(file, { columns, onBytes })) for (const read of batch) votes.add(file, read)
    before += sizes[at] ?? 0
  }
  options.progress.end()
  return votes.read()
}

function collector({ category, hasStyle, isOrdered }: ReadOptions) {
  const models = new Map<string, number>()
  const voters = new Map<string, number>()
  const known = seenIds()
  const a = growing(Uint16Array)
  const b = growing(Uint16Array)
  const outcome = growing(Uint8Array)
  const voter = growing(Uint32Array)
  const castAt = growing(Float64Array)
  const ids: string[] = []
  const style = growing(Float64Array)
  const hasKnownStyle = growing(Uint8Array)
  const lengths = new Set<'characters' | 'tokens'>()
  const skipped: VotesRead['skipped'] = {}
  const badRows: VotesRead['badRows'] = []
  const categories = new Set<string>()
  let rows = 0
  let otherCategories = 0

  const indexOf = (name: string, among: Map<string, number>) => {
    const index = among.get(name) ?? among.size
    among.set(name, index)
    return index
  }
  const skip = (file: string, line: number, reason: SkipReason, why: string) => {
    skipped[reason] = (skipped[reason] ?? 0) + 1
    if ((bad as readonly string[]).includes(reason) && badRows.length < badRowsShownMax)
      badRows.push({ file, line, why })
  }

  return {
    add(file: string, read: { line: number; row: Record<string, unknown> } | { line: number; unreadable: string }) {
      rows += 1
      if ('unreadable' in read) return skip(file, read.line, 'unreadable', read.unreadable)
      const ballot = ballotOf(read.row)
      if ('skip' in ballot) return skip(file, read.line, ballot.skip, ballot.why)
      if (ballot.id !== null && !known.add(ballot.id)) return skip(file, read.line, 'repeated', 'its id came before')
      if (categories.size < 1000) for (const name of ballot.categories) categories.add(name)
      if (category !== undefined && !isIn(ballot, category)) {
        otherCategories += 1
        return
      }
      a.push(indexOf(ballot.modelA, models))
      b.push(indexOf(ballot.modelB, models))
      if (models.size > modelsMax) throw failed(`${file}: there are more than ${modelsMax} models.`)
      outcome.push(ballot.outcome)
      voter.push(ballot.voter === null ? noVoter : indexOf(ballot.voter, voters))
      if (isOrdered) {
        castAt.push(ballot.castAt ?? Number.POSITIVE_INFINITY)
        ids.push(ballot.id ?? '')
      }
      if (hasStyle) {
        for (let feature = 0; feature < 8; feature++) style.push(ballot.style?.[feature] ?? 0)
        hasKnownStyle.push(ballot.style === null ? 0 : 1)
        if (ballot.lengthIn) lengths.add(ballot.lengthIn)
      }
    },
    read(): VotesRead {
      const names = [...models.keys()].sort(compareCodePoints)
      const byName = renumbered(models, names)
      const byVoter = renumbered(voters, [...voters.keys()].sort(compareCodePoints))
      const comparisons: Comparisons = {
        models: names.length,
        a: a.array().map((index) => byName[index]!),
        b: b.array().map((index) => byName[index]!),
        outcome: outcome.array(),
        ...(voters.size > 0 && {
          voter: voter.array().map((index) => (index === noVoter ? noVoter : byVoter[index]!)),
        }),
      }
      const order = isOrdered ? timeOrder(castAt.array(), ids) : null
      return {
        names,
        comparisons: order
          ? pick(comparisons, order)
          : hasStyle
            ? comparisons
            : canonicalOrder(comparisons, voters.size),
        style: hasStyle ? styleInput(style.array(), hasKnownStyle.array(), order) : null,
        lengthIn: lengths.size > 1 ? 'mixed' : ([...lengths][0] ?? null),
        rows,
        skipped,
        badRows,
        otherCategories,
        categories: [...categories].sort(compareCodePoints),
      }
    },
  }
}

/** The slices of the board, and any tag of the file. */
function isIn({ categories, turns }: Ballot, category: string): boolean {
  if (category === 'all') return true
  if (category === 'multi_turn') return turns > 1
  if (category === 'no_refusals') return !categories.includes('refusal')
  return categories.includes(category)
}

function renumbered(numbers: Map<string, number>, sorted: readonly string[]): Uint32Array {
  const places = new Uint32Array(sorted.length)
  for (const [place, name] of sorted.entries()) places[numbers.get(name)!] = place
  return places
}

/** Sums over voters depend on the order in the last bits, so votes are put into one order that says nothing about the file's. */
function canonicalOrder(c: Comparisons, voters: number): Comparisons {
  const { voter } = c
  if (!voter) return c
  const slots = voters + 1
  // Beyond this a key would not be a whole number any more; the last bits may then differ, and are rounded away.
  if (c.models ** 2 * 4 * slots > Number.MAX_SAFE_INTEGER) return c
  const keys = Float64Array.from(
    c.a,
    (a, n) => ((a * c.models + c.b[n]!) * 4 + c.outcome[n]!) * slots + (voter[n] === noVoter ? voters : voter[n]!),
  ).sort()
  const cells = keys.map((key) => Math.floor(key / slots))
  return {
    models: c.models,
    a: Uint16Array.from(cells, (cell) => Math.floor(cell / 4 / c.models)),
    b: Uint16Array.from(cells, (cell) => Math.floor(cell / 4) % c.models),
    outcome: Uint8Array.from(cells, (cell) => cell % 4),
    voter: Uint32Array.from(keys, (key) => (key % slots === voters ? noVoter : key % slots)),
  }
}

/** By time, then id, then as they came; votes without a time come last. */
function timeOrder(castAt: Float64Array, ids: readonly string[]): Uint32Array {
  return Uint32Array.from(castAt.keys()).sort((x, y) =>
    castAt[x] === castAt[y] ? compareCodePoints(ids[x]!, ids[y]!) || x - y : castAt[x]! - castAt[y]!,
  )
}

function styleInput(style: Float64Array, known: Uint8Array, order: Uint32Array | null): StyleInput {
  const features = styleFeatures.length
  const a = new Float64Array(known.length * features)
  const b = new Float64Array(known.length * features)
  const inOrder = new Uint8Array(known.length)
  for (let n = 0; n < known.length; n++) {
    const row = order ? order[n]! : n
    a.set(style.subarray(row * 8, row * 8 + features), n * features)
    b.set(style.subarray(row * 8 + 4, row * 8 + 4 + features), n * features)
    inOrder[n] = known[row]!
  }
  return { features: styleFeatures, a, b, known: inOrder }
}

/**
 * Ids met before, as 64-bit hashes in an open table: 16 bytes an id at most, whatever its length. Two different ids of 10 million share one
 * with probability below one in a hundred thousand.
 */
function seenIds() {
  let size = 0
  let capacity = 1 << 12
  let high = new Uint32Array(capacity)
  let low = new Uint32Array(capacity)
  const place = (h: number, l: number) => {
    let at = (h ^ Math.imul(l, 0x9e3779b1)) & (capacity - 1)
    while ((high[at] !== 0 || low[at] !== 0) && (high[at] !== h || low[at] !== l)) at = (at + 1) & (capacity - 1)
    return at
  }
  const grow = () => {
    const [oldHigh, oldLow] = [high, low]
    capacity *= 2
    high = new Uint32Array(capacity)
    low = new Uint32Array(capacity)
    for (let at = 0; at < oldHigh.length; at++) {
      if (oldHigh[at] === 0 && oldLow[at] === 0) continue
      const to = place(oldHigh[at]!, oldLow[at]!)
      high[to] = oldHigh[at]!
      low[to] = oldLow[at]!
    }
  }
  return {
    /** False if it was there already. */
    add(id: string): boolean {
      const [h, l] = hash64(id)
      const at = place(h, l)
      if (high[at] === h && low[at] === l) return false
      high[at] = h
      low[at] = l
      size += 1
      if (size * 2 > capacity) grow()
      return true
    },
  }
}

/** Two independent 32-bit multiplicative hashes (after MurmurHash3's finaliser); never both zero, which marks an empty place. */
function hash64(text: string): [number, number] {
  let h = 0x811c9dc5
  let l = 0x2f0b4c47
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    h = Math.imul(h ^ unit, 0x01000193)
    l = Math.imul(l ^ unit, 0x5bd1e995)
    l ^= l >>> 15
  }
  return [finished(h ^ text.length), finished(l + text.length) | 1]
}

function finished(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
