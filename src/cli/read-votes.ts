import { type Comparisons, compareCodePoints, noVoter, type Outcome, pick } from '../ranking/comparison.ts'
import type { StyleInput } from '../ranking/rating-methods.ts'
import { styleFeatures } from '../ranking/style-features.ts'
import { type ByteNames, byteNames } from './byte-names.ts'
import { failed } from './command-error.ts'
import { growing } from './growing.ts'
import type { Progress } from './progress.ts'
import { type ReadRow, readRows, sizeOf } from './read-rows.ts'
import { kinds, type RowSpans } from './row-spans.ts'
import { seenIds } from './seen-ids.ts'
import {
  bad,
  ballotOf,
  columnsFor,
  type Extras,
  extrasOf,
  type Needs,
  type Row,
  type SkipReason,
  winners,
} from './vote-row.ts'

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
  /** Only errors are about voters: without errors nobody needs to know who voted. */
  hasVoters?: boolean
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
    await readRows(file, {
      columns: votes.columns,
      onSpans: votes.addSpans,
      onRow: (read) => votes.add(file, read),
      onBytes: (bytes) => options.progress.at(before + bytes, total),
    })
    before += sizes[at] ?? 0
  }
  options.progress.end()
  return votes.read()
}

function collector({ category, hasStyle, isOrdered, hasVoters = true }: ReadOptions) {
  const needs: Needs = { voters: hasVoters, times: isOrdered, categories: category !== undefined, style: hasStyle }
  const columns = columnsFor(needs)
  const models = byteNames()
  const voters = byteNames()
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
  const spansOf = spanReader(columns)
  const hasExtras = isOrdered || hasStyle || category !== undefined
  let rows = 0
  let otherCategories = 0

  const skip = (file: string, line: number, reason: SkipReason, why: string) => {
    skipped[reason] = (skipped[reason] ?? 0) + 1
    if ((bad as readonly string[]).includes(reason) && badRows.length < badRowsShownMax)
      badRows.push({ file, line, why })
  }
  const isWanted = (extras: Extras): boolean => {
    if (categories.size < 1000) for (const name of extras.categories) categories.add(name)
    if (category === undefined || isIn(extras, category)) return true
    otherCategories += 1
    return false
  }
  const push = (modelA: number, modelB: number, winner: number, voterAt: number) => {
    a.push(modelA)
    b.push(modelB)
    if (models.size() > modelsMax) throw failed(`There are more than ${modelsMax} models.`)
    outcome.push(winner)
    // Most files name all their voters or none: the column begins with the first.
    if (voters.size() === 0) return
    while (voter.length() < outcome.length() - 1) voter.push(noVoter)
    voter.push(voterAt)
  }
  const pushExtras = (extras: Extras, id: string) => {
    if (isOrdered) {
      castAt.push(extras.castAt ?? Number.POSITIVE_INFINITY)
      ids.push(id)
    }
    if (hasStyle) {
      for (let feature = 0; feature < 8; feature++) style.push(extras.style?.[feature] ?? 0)
      hasKnownStyle.push(extras.style === null ? 0 : 1)
      if (extras.lengthIn) lengths.add(extras.lengthIn)
    }
  }

  return {
    columns,
    /** Takes an ordinary vote by its bytes; anything else is left to `add`. */
    addSpans(spans: RowSpans): boolean {
      const { bytes } = spans
      const vote = spansOf(spans)
      if (vote === null) return false
      const { modelA, modelB, id, voterId } = vote
      rows += 1
      if (id >= 0 && !known.addBytes(bytes(), spans.from[id]!, spans.to[id]!)) {
        skipped.repeated = (skipped.repeated ?? 0) + 1
        return true
      }
      const nameAt = (column: number, among: ByteNames) => among.of(bytes(), spans.from[column]!, spans.to[column]!)
      const extras = hasExtras ? extrasOf(rowOf(spans, columns), needs) : null
      if (extras && !isWanted(extras)) return true
      const voterAt = voterId < 0 ? noVoter : nameAt(voterId, voters)
      push(nameAt(modelA, models), nameAt(modelB, models), vote.outcome, voterAt)
      if (extras) pushExtras(extras, id < 0 ? '' : bytes().toString('latin1', spans.from[id]!, spans.to[id]!))
      return true
    },
    add(file: string, read: ReadRow) {
      rows += 1
      if ('unreadable' in read) return skip(file, read.line, 'unreadable', read.unreadable)
      const ballot = ballotOf(read.row, needs)
      if ('skip' in ballot) return skip(file, read.line, ballot.skip, ballot.why)
      if (ballot.id !== null && !known.add(ballot.id)) return skip(file, read.line, 'repeated', 'its id came before')
      if (!isWanted(ballot)) return
      const voterAt = !hasVoters || ballot.voter === null ? noVoter : voters.ofText(ballot.voter)
      push(models.ofText(ballot.modelA), models.ofText(ballot.modelB), ballot.outcome, voterAt)
      pushExtras(ballot, ballot.id ?? '')
    },
    read(): VotesRead {
      known.forget()
      const [names, byName] = inCodePointOrder(models)
      const votes = outcome.length()
      const comparisons: Comparisons = {
        models: names.length,
        a: renumber(a.take(), byName),
        b: renumber(b.take(), byName),
        outcome: outcome.take(),
      }
      if (voters.size() > 0) {
        while (voter.length() < votes) voter.push(noVoter)
        comparisons.voter = renumber(voter.take(), inCodePointOrder(voters)[1])
      }
      const order = isOrdered ? timeOrder(castAt.take(), ids) : null
      return {
        names,
        comparisons: order
          ? pick(comparisons, order)
          : hasStyle
            ? comparisons
            : canonicalOrder(comparisons, voters.size()),
        style: hasStyle ? styleInput(style.take(), hasKnownStyle.take(), order) : null,
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

type Vote = { modelA: number; modelB: number; outcome: Outcome; id: number; voterId: number }

/** Finds an ordinary, counted vote among the cells of a row: the columns its parts stand in (-1 for none), or null. */
function spanReader(columns: readonly string[]) {
  const at = (name: string) => columns.indexOf(name)
  const [modelA, modelB, winner, mode] = [at('model_a'), at('model_b'), at('winner'), at('mode')]
  const flags = [at('counted'), at('anony')]
  const idColumns = [at('id'), at('question_id')]
  const voterColumns = [at('voter_id'), at('judge')].filter((column) => column >= 0)
  const words = byteNames()
  const outcomeOf = Object.entries(winners).map(([word, outcome]) => {
    words.ofText(word)
    return outcome
  })
  const anonymous = Buffer.from('anonymous')
  const no = [Buffer.from('false'), Buffer.from('False')]
  const vote: Vote = { modelA, modelB, outcome: 0, id: -1, voterId: -1 }

  /** The first column with a text in it; -1 for none; `unusual` for numbers and whatever else has a meaning of its own. */
  const firstText = ({ kind, from, to }: RowSpans, among: readonly number[]): number => {
    for (const column of among) {
      const what = kind[column]!
      if (what === kinds.text && to[column]! > from[column]!) return column
      if (what !== kinds.absent && what !== kinds.null && what !== kinds.text) return unusual
    }
    return -1
  }
  return (spans: RowSpans): Vote | null => {
    const { kind, from, to } = spans
    const bytes = spans.bytes()
    const isEmpty = (column: number) => from[column] === to[column]
    const isText = (column: number, word: Buffer) =>
      to[column]! - from[column]! === word.length && bytes.compare(word, 0, word.length, from[column], to[column]) === 0
    if (kind[modelA] !== kinds.text || kind[modelB] !== kinds.text || kind[winner] !== kinds.text) return null
    if (isEmpty(modelA) || isEmpty(modelB)) return null
    if (isSameText(bytes, from[modelA]!, to[modelA]!, from[modelB]!, to[modelB]!)) return null
    const word = words.find(bytes, from[winner]!, to[winner]!)
    if (word < 0) return null
    for (const flag of flags) {
      const what = kind[flag]!
      if (what === kinds.text && !no.some((word) => isText(flag, word))) continue
      if (what !== kinds.absent && what !== kinds.true && what !== kinds.null) return null
    }
    if (kind[mode] === kinds.text) {
      if (!isEmpty(mode) && !isText(mode, anonymous)) return null
    } else if (kind[mode] !== kinds.absent && kind[mode] !== kinds.null) return null
    vote.outcome = outcomeOf[word]!
    vote.id = firstText(spans, idColumns)
    vote.voterId = firstText(spans, voterColumns)
    return vote.id === unusual || vote.voterId === unusual ? null : vote
  }
}

const unusual = -2

function isSameText(bytes: Uint8Array, from: number, to: number, from2: number, to2: number): boolean {
  if (to - from !== to2 - from2) return false
  for (let i = 0; i < to - from; i++) if (bytes[from + i] !== bytes[from2 + i]) return false
  return true
}

const rowOf = (spans: RowSpans, columns: readonly string[]): Row =>
  Object.fromEntries(columns.flatMap((name, at) => (spans.kind[at] === kinds.absent ? [] : [[name, spans.value(at)]])))

/** The slices of the board, and any tag of the file. */
function isIn({ categories, turns }: Extras, category: string): boolean {
  if (category === 'all') return true
  if (category === 'multi_turn') return turns > 1
  if (category === 'no_refusals') return !categories.includes('refusal')
  return categories.includes(category)
}

/** The names sorted, and the place of each by its number. */
function inCodePointOrder(names: ByteNames): [names: string[], places: Uint32Array] {
  const all = names.all()
  const order = Uint32Array.from(all.keys()).sort((x, y) => compareCodePoints(all[x]!, all[y]!))
  const places = new Uint32Array(all.length)
  for (const [place, index] of order.entries()) places[index] = place
  return [Array.from(order, (index) => all[index]!), places]
}

/** In place; votes without a voter stay so. */
function renumber<T extends Uint16Array | Uint32Array>(column: T, places: Uint32Array): T {
  for (let n = 0; n < column.length; n++) if (column[n] !== noVoter) column[n] = places[column[n]!]!
  return column
}

const cellsMax = 1 << 22

/** Sums over voters depend on the order in the last bits, so votes are put into one order that says nothing about the file's. */
function canonicalOrder(c: Comparisons, voters: number): Comparisons {
  const { models, a, b, outcome, voter } = c
  if (!voter) return c
  let order = new Uint32Array()
  const by = (keys: number, keyOf: (n: number) => number) => {
    order = sortedBy(order.length === 0 ? null : order, a.length, keys, keyOf)
  }
  if (models * models * 4 <= cellsMax) by(models * models * 4, (n) => (a[n]! * models + b[n]!) * 4 + outcome[n]!)
  else {
    by(4, (n) => outcome[n]!)
    by(models, (n) => b[n]!)
    by(models, (n) => a[n]!)
  }
  by(voters + 1, (n) => (voter[n] === noVoter ? voters : voter[n]!))
  for (const column of [a, b, outcome, voter]) reorder(column, order)
  return c
}

/** In place: one column after the other, so that only one of them is there twice. */
function reorder(column: Uint8Array | Uint16Array | Uint32Array, order: Uint32Array) {
  const before = column.slice()
  for (let at = 0; at < order.length; at++) column[at] = before[order[at]!]!
}

/** One stable pass of counting: the rows of `order` (null: as they are) by a key below `keys`. */
function sortedBy(
  order: Uint32Array<ArrayBuffer> | null,
  rows: number,
  keys: number,
  keyOf: (row: number) => number,
): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(keys + 1)
  for (let row = 0; row < rows; row++) next[keyOf(row) + 1]!++
  for (let key = 0; key < keys; key++) next[key + 1]! += next[key]!
  const sorted = new Uint32Array(rows)
  for (let at = 0; at < rows; at++) {
    const row = order ? order[at]! : at
    sorted[next[keyOf(row)]!++] = row
  }
  return sorted
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
