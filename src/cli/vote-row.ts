import type { Outcome } from '../ranking/comparison.ts'

/** One row of a vote file, whatever it came from: values as JSON has them. */
export type Row = Record<string, unknown>

/** A vote as ranking needs it. */
export type Ballot = Extras & {
  modelA: string
  modelB: string
  outcome: Outcome
  voter: string | null
  id: string | null
}

/** What some options look at; each is empty where the ranking does not need it. */
export type Extras = {
  /** Milliseconds; null where the row has no time. */
  castAt: number | null
  categories: string[]
  turns: number
  /** length, headers, lists, bold of side a, then of side b; null where the row does not say. */
  style: number[] | null
  lengthIn: 'characters' | 'tokens' | null
}

/** Rows that are votes but not asked for. */
export const leftOut = ['uncounted', 'not_anonymous', 'repeated'] as const
/** Rows that are no votes: counted, shown by line, and never read as something else. */
export const bad = ['unreadable', 'unknown_winner', 'same_model'] as const
export type SkipReason = (typeof leftOut)[number] | (typeof bad)[number]
export type Skip = { skip: SkipReason; why: string }

export const winners: Readonly<Record<string, Outcome>> = {
  model_a: 0,
  a: 0,
  leftvote: 0,
  model_b: 1,
  b: 1,
  rightvote: 1,
  tie: 2,
  tievote: 2,
  both_bad: 3,
  'tie (bothbad)': 3,
  bothbad_vote: 3,
}

/** Columns that every vote is read from; `counted`, `anony` and `mode` may say that it is not asked for. */
export const voteColumns = ['model_a', 'model_b', 'winner', 'counted', 'anony', 'mode', 'id', 'question_id'] as const
export const voterColumns = ['voter_id', 'judge'] as const
const timeColumns = ['voted_at', 'tstamp', 'timestamp']
const categoryColumns = ['categories', 'category_tag', 'is_code', 'is_refusal', 'turn', 'num_turns']
const styleColumns = [
  'conv_metadata',
  ...['chars', 'headers', 'lists', 'bold'].flatMap((name) => [`${name}_a`, `${name}_b`]),
]

/** What a ranking needs beside the vote itself. */
export type Needs = { voters: boolean; times: boolean; categories: boolean; style: boolean }

/** The columns looked at: a reader need not understand the others. */
export const columnsFor = ({ voters, times, categories, style }: Needs): string[] => [
  ...voteColumns,
  ...(voters ? voterColumns : []),
  ...(times ? timeColumns : []),
  ...(categories ? categoryColumns : []),
  ...(style ? styleColumns : []),
]

export function ballotOf(row: Row, needs: Needs): Ballot | Skip {
  const modelA = textOf(row['model_a'])
  const modelB = textOf(row['model_b'])
  if (modelA === null || modelB === null)
    return { skip: 'unreadable', why: `it has no ${modelA === null ? 'model_a' : 'model_b'}` }
  const word = row['winner']
  const outcome = typeof word === 'string' && Object.hasOwn(winners, word) ? winners[word] : undefined
  if (outcome === undefined)
    return {
      skip: 'unknown_winner',
      why: word === undefined ? 'it has no winner' : `winner ${quoted(word)} is not known`,
    }
  if (modelA === modelB) return { skip: 'same_model', why: `${quoted(modelA)} meets itself` }
  if (isNo(row['counted'])) return { skip: 'uncounted', why: 'it is marked as not counted' }
  const mode = row['mode']
  if (isNo(row['anony']) || (typeof mode === 'string' && mode !== '' && mode !== 'anonymous'))
    return { skip: 'not_anonymous', why: 'names were visible' }
  return {
    modelA,
    modelB,
    outcome,
    voter: textOf(row['voter_id']) ?? textOf(row['judge']),
    id: textOf(row['id']) ?? textOf(row['question_id']),
    ...extrasOf(row, needs),
  }
}

export const extrasOf = (row: Row, { times, categories, style }: Needs): Extras => ({
  castAt: times ? timeOf(row['voted_at'] ?? row['tstamp'] ?? row['timestamp']) : null,
  categories: categories ? categoriesOf(row) : [],
  turns: categories ? (numberOf(row['turn']) ?? numberOf(row['num_turns']) ?? 1) : 1,
  ...(style ? styleOf(row) : { style: null, lengthIn: null }),
})

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null
}

const isNo = (value: unknown) => value === false || value === 'false' || value === 'False' || value === 0

const quoted = (value: unknown) => JSON.stringify(value)?.slice(0, 60) ?? String(value)

/** Seconds, milliseconds or ISO text; a time without a zone is UTC. */
function timeOf(value: unknown): number | null {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'number' || typeof value === 'bigint') {
    const number = Number(value)
    return number > 1e11 ? number : number * 1000
  }
  if (typeof value !== 'string' || value === '') return null
  if (/^\d+(\.\d+)?$/.test(value)) return timeOf(Number(value))
  const hasZone = /([zZ]|[+-]\d\d:?\d\d)$/.test(value)
  const time = Date.parse(/\d[T ]\d/.test(value) && !hasZone ? `${value.replace(' ', 'T')}Z` : value)
  return Number.isNaN(time) ? null : time
}

/** Tags as a list, a `|`-joined text, or the keys and leaves of an object that are true. */
function categoriesOf(row: Row): string[] {
  const found = new Set<string>()
  collect(nested(row['categories']), found)
  collect(nested(row['category_tag']), found)
  if (row['is_code'] === true || row['is_code'] === 'true') found.add('coding')
  if (row['is_refusal'] === true || row['is_refusal'] === 'true') found.add('refusal')
  return [...found]
}

const ownWords: Readonly<Record<string, string>> = { is_code: 'coding', code: 'coding', is_refusal: 'refusal' }

function collect(value: unknown, into: Set<string>) {
  if (typeof value === 'string') for (const tag of value.split('|')) if (tag !== '') into.add(tag)
  if (Array.isArray(value)) for (const tag of value) if (typeof tag === 'string') into.add(tag)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  for (const [name, member] of Object.entries(value))
    if (member === true) into.add(ownWords[name] ?? name)
    else if (typeof member === 'object') collect(member, into)
}

/** Nested columns arrive as text in some published sets. */
function nested(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[{[]/.test(value)) return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}

function styleOf(row: Row): Pick<Ballot, 'style' | 'lengthIn'> {
  const facts = nested(row['conv_metadata'])
  const metadata = typeof facts === 'object' && facts !== null ? (facts as Row) : {}
  const side = (side: 'a' | 'b') => {
    const characters = numberOf(row[`chars_${side}`] ?? metadata[`chars_${side}`])
    return [
      characters ?? numberOf(metadata[`sum_assistant_${side}_tokens`]),
      numberOf(row[`headers_${side}`] ?? metadata[`headers_${side}`]) ?? sumOf(metadata[`header_count_${side}`]),
      numberOf(row[`lists_${side}`] ?? metadata[`lists_${side}`]) ?? sumOf(metadata[`list_count_${side}`]),
      numberOf(row[`bold_${side}`] ?? metadata[`bold_${side}`]) ?? sumOf(metadata[`bold_count_${side}`]),
      characters,
    ]
  }
  const a = side('a')
  const b = side('b')
  const style = [...a.slice(0, 4), ...b.slice(0, 4)]
  if (!style.every((count) => count !== null)) return { style: null, lengthIn: null }
  return { style, lengthIn: a[4] !== null && b[4] !== null ? 'characters' : 'tokens' }
}

function numberOf(value: unknown): number | null {
  const number =
    typeof value === 'string' && value !== '' ? Number(value) : typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null
}

function sumOf(value: unknown): number | null {
  const counts = nested(value)
  if (typeof counts !== 'object' || counts === null) return null
  const numbers = Object.values(counts).map((count) => numberOf(count) ?? 0)
  return numbers.reduce((sum, count) => sum + count, 0)
}
