// How published arena sets write a vote, turned into one shape. Nothing here guesses: what is not understood is counted and skipped.

import type { Outcome } from '../battles/battle.ts'

export const importFormats = ['battles', 'visionarena', '140k', '33k', 'wildvision'] as const
export type ImportFormat = (typeof importFormats)[number]
export const isImportFormat = (word: string): word is ImportFormat =>
  (importFormats as readonly string[]).includes(word)

export type SkipReason =
  | 'unknown_winner'
  | 'missing_model'
  | 'same_model'
  | 'empty_answer'
  | 'invalid_json'
  | 'too_large'

/** A picture as a file holds it: bytes, or words that may be base64, a data URL or a path. */
export type RawImage = { bytes: Uint8Array | null; words: string | null }
export type RawMessage = { role: 'system' | 'user' | 'assistant'; text: string; images: RawImage[] }

export type RawVote = {
  sourceId: string
  modelA: string
  modelB: string
  outcome: Outcome
  conversations: { a: RawMessage[]; b: RawMessage[] }
  /** Pictures the format keeps beside the conversation; `turn` where it says, from 1. */
  images: { image: RawImage; turn: number | null }[]
  isBlind: boolean
  voter: string | null
  session: string | null
  order: number | null
  at: unknown
  language: string
  categories: string[]
  /** The row as it was, for columns we have no word for and, in `battles`, for those we have. */
  row: Record<string, unknown>
}

const winnerWords: Record<string, Outcome> = {
  model_a: 'a',
  a: 'a',
  leftvote: 'a',
  model_b: 'b',
  b: 'b',
  rightvote: 'b',
  tie: 'tie',
  tievote: 'tie',
  both_bad: 'both_bad',
  'tie (bothbad)': 'both_bad',
  bothbad_vote: 'both_bad',
}
export const outcomeOf = (word: unknown): Outcome | null =>
  typeof word === 'string' ? (winnerWords[word.trim().toLowerCase()] ?? null) : null

/** The format by its columns, or null. */
export function formatOf(columns: readonly string[]): ImportFormat | null {
  const has = (...names: string[]) => names.every((name) => columns.includes(name))
  if (has('full_conversation') || has('evaluation_session_id')) return '140k'
  if (has('split_group')) return 'battles'
  if (has('images', 'categories')) return 'visionarena'
  if (has('image', 'anony')) return 'wildvision'
  if (has('question_id', 'conversation_a')) return '33k'
  return null
}

export function toRawVote(format: ImportFormat, row: Record<string, unknown>): RawVote | SkipReason {
  const modelA = wordOf(row['model_a'])
  const modelB = wordOf(row['model_b'])
  if (!modelA || !modelB) return 'missing_model'
  if (modelA === modelB) return 'same_model'
  const outcome = outcomeOf(row['winner'])
  if (!outcome) return 'unknown_winner'
  const a = messagesOf(row['conversation_a'])
  const b = messagesOf(row['conversation_b'])
  if (!a || !b) return 'invalid_json'
  if ([a, b].some((messages) => !messages.some(({ role, text }) => role === 'assistant' && text.trim() !== '')))
    return 'empty_answer'
  if ([a, b].some((messages) => messages.at(-1)?.role !== 'assistant')) return 'empty_answer'
  const common = { modelA, modelB, outcome, conversations: { a, b }, row }
  switch (format) {
    case 'battles':
      return {
        ...common,
        sourceId: wordOf(row['id']) ?? '',
        images: withTurns(imagesOf(row['images']), row['image_turn']),
        isBlind: row['mode'] === 'anonymous',
        voter: wordOf(row['voter_id']),
        session: wordOf(row['session_id']),
        order: numberOf(row['evaluation_order']),
        at: row['voted_at'],
        language: wordOf(row['language']) ?? 'und',
        categories: wordsOf(row['categories']),
      }
    case 'visionarena':
      return {
        ...common,
        sourceId: wordOf(row['question_id']) ?? '',
        images: withTurns(imagesOf(row['images']), null),
        isBlind: true,
        voter: wordOf(row['judge']),
        session: null,
        order: null,
        at: row['tstamp'],
        language: wordOf(row['language']) ?? 'und',
        categories: trueKeys(row['categories']).map((key) => renamed[key] ?? key),
      }
    case '140k':
      return {
        ...common,
        sourceId: wordOf(row['id']) ?? '',
        images: [],
        isBlind: true,
        voter: wordOf(row['judge']),
        session: wordOf(row['evaluation_session_id']),
        order: numberOf(row['evaluation_order']),
        at: row['timestamp'],
        language: wordOf(row['language']) ?? 'und',
        categories: [
          ...(row['is_code'] === true ? ['is_code'] : []),
          ...trueLeaves(row['category_tag']),
          ...trueLeaves(row['occupational_tags']),
        ],
      }
    case '33k':
      return {
        ...common,
        sourceId: wordOf(row['question_id']) ?? '',
        images: [],
        isBlind: row['anony'] !== false,
        voter: wordOf(row['judge_hash']) ?? wordOf(row['judge']),
        session: null,
        order: null,
        at: row['tstamp'],
        language: wordOf(row['language']) ?? 'und',
        categories: [
          ...(row['is_code'] === true ? ['is_code'] : []),
          ...(row['is_refusal'] === true ? ['is_refusal'] : []),
          ...trueLeaves(row['category_tag']),
        ],
      }
    case 'wildvision':
      return {
        ...common,
        sourceId: wordOf(row['question_id']) ?? '',
        images: withTurns(imagesOf(row['image'] === null || row['image'] === undefined ? [] : [row['image']]), null),
        isBlind: row['anony'] !== false,
        voter: wordOf(row['judge']),
        session: null,
        order: null,
        at: row['tstamp'],
        language: wordOf(row['language']) ?? 'und',
        categories: wordOf(row['domain']) ? [wordOf(row['domain'])!] : [],
      }
  }
}

const renamed: Record<string, string> = { code: 'is_code', refusal: 'is_refusal' }

/** Columns that `toRawVote` reads; everything else is kept as it was. */
export const knownColumns = new Set([
  'id',
  'question_id',
  'model_a',
  'model_b',
  'winner',
  'conversation_a',
  'conversation_b',
  'full_conversation',
  'images',
  'image',
  'image_turn',
  'judge',
  'judge_hash',
  'voter_id',
  'session_id',
  'evaluation_session_id',
  'evaluation_order',
  'tstamp',
  'timestamp',
  'voted_at',
  'language',
  'categories',
  'category_tag',
  'occupational_tags',
  'is_code',
  'is_refusal',
  'domain',
  'anony',
])

/** Moment of a number of seconds or, from 1e11 on, milliseconds, of a date, or of text; without a zone it is UTC and `isGuessed`. */
export function timeOf(value: unknown): { at: Date; isGuessed: boolean } | null {
  if (value instanceof Date) return valid(value, false)
  if (typeof value === 'bigint') return timeOf(Number(value))
  if (typeof value === 'number') return valid(new Date(Math.abs(value) > 1e11 ? value : value * 1000), false)
  if (typeof value !== 'string' || value.trim() === '') return null
  const text = value.trim()
  if (/^-?\d+(\.\d+)?$/.test(text)) return timeOf(Number(text))
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return valid(new Date(`${text}T00:00:00Z`), false)
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text)
  const shaped = text.replace(' ', 'T')
  return valid(new Date(hasZone ? shaped : `${shaped}Z`), !hasZone)
}
const valid = (at: Date, isGuessed: boolean) => (Number.isNaN(at.getTime()) ? null : { at, isGuessed })

/** Lists of messages as the sets write them: flat, one inner list each, parts, or JSON text of any of these. */
export function messagesOf(value: unknown): RawMessage[] | null {
  const held = parsed(value)
  if (!Array.isArray(held)) return null
  const messages = held.flatMap((entry: unknown) => (Array.isArray(entry) ? entry : [entry]))
  const read = messages.map(messageOf)
  return read.every((message) => message !== null) ? read : null
}

function messageOf(value: unknown): RawMessage | null {
  if (!isRecord(value)) return null
  const { role, content } = value
  const known = role === 'system' || role === 'user' || role === 'assistant' ? role : null
  if (!known) return null
  if (typeof content === 'string') return { role: known, text: content, images: [] }
  if (!Array.isArray(content)) return null
  const parts = content.filter(isRecord)
  return {
    role: known,
    text: parts.map(({ text }) => (typeof text === 'string' ? text : '')).join(''),
    images: parts
      .filter(({ type, image }) => type === 'image' && image !== undefined && image !== null)
      .map(({ image }) => imageOf(image)),
  }
}

function imagesOf(value: unknown): RawImage[] {
  const held = parsed(value)
  return Array.isArray(held) ? held.map(imageOf) : []
}

function imageOf(value: unknown): RawImage {
  if (value instanceof Uint8Array) return { bytes: value, words: null }
  if (typeof value === 'string') return { bytes: null, words: value }
  if (isRecord(value)) {
    const { bytes, path, url } = value
    if (bytes instanceof Uint8Array && bytes.length > 0) return { bytes, words: null }
    if (Array.isArray(bytes) && bytes.length > 0) return { bytes: Uint8Array.from(bytes.map(Number)), words: null }
    if (typeof bytes === 'string' && bytes !== '') return { bytes: null, words: bytes }
    const words = wordOf(path) ?? wordOf(url)
    return { bytes: null, words }
  }
  return { bytes: null, words: null }
}

function withTurns(images: RawImage[], turns: unknown): RawVote['images'] {
  const listed = Array.isArray(turns) ? turns.map(numberOf) : []
  return images.map((image, index) => ({ image, turn: listed[index] ?? null }))
}

function trueKeys(value: unknown): string[] {
  const held = parsed(value)
  return isRecord(held) ? Object.keys(held).filter((key) => held[key] === true) : []
}

/** Names of all true values, however deep. */
function trueLeaves(value: unknown): string[] {
  const held = parsed(value)
  if (!isRecord(held)) return []
  return Object.entries(held).flatMap(([key, inner]) => (inner === true ? [key] : trueLeaves(inner)))
}

/** JSON in a string column is read as what it says. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return JSON.parse(value)
  } catch {
    return null
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
const wordOf = (value: unknown): string | null => {
  if (typeof value === 'string') return value === '' ? null : value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null
}
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null
const wordsOf = (value: unknown): string[] => {
  const held = parsed(value)
  return Array.isArray(held) ? held.flatMap((word) => wordOf(word) ?? []) : []
}
