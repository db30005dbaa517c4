import { z } from 'zod'
import { configSchema } from './config-schema.ts'

/** A path into the configuration, as zod and YAML both speak of it. */
export type Path = readonly (string | number)[]

export type Leaf = {
  path: string[]
  /** `server.port` */
  key: string
  /** `SIGHTLINE_SERVER_PORT`; null where only the file can hold it. */
  env: string | null
  type: z.ZodType
  meaning: string
  default: unknown
}

/** `models[2].card.price` */
export const keyText = (path: Path) =>
  path.map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`)).join('')

export const envNameOf = (path: readonly string[]) => `SIGHTLINE_${path.join('_').toUpperCase()}`

const scalars = [z.ZodString, z.ZodStringFormat, z.ZodNumber, z.ZodBoolean, z.ZodEnum, z.ZodLiteral]

/** Variables with our prefix that are not keys. */
export const otherVariables = ['SIGHTLINE_CONFIG', 'SIGHTLINE_CHROMIUM', 'SIGHTLINE_LOG_LEVEL'] as const

/** Every key outside lists, in the order of the file. */
export const leaves: readonly Leaf[] = leavesOf(configSchema, [])

function leavesOf(schema: z.ZodType, path: string[]): Leaf[] {
  const inner = bare(schema)
  if (inner instanceof z.ZodObject)
    return Object.entries(inner.shape).flatMap(([name, child]) => leavesOf(child as z.ZodType, [...path, name]))
  return [
    {
      path,
      key: path.join('.'),
      env: isPlain(schema) ? envNameOf(path) : null,
      type: schema,
      meaning: schema.description ?? '',
      default: schema.safeParse(undefined).data,
    },
  ]
}

/** The type itself, without default, null and description. */
export function bare(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable
  )
    return bare(schema.unwrap() as z.ZodType)
  return schema
}

/** Scalars, and lists of scalars: what one environment variable can say. */
function isPlain(schema: z.ZodType): boolean {
  const inner = bare(schema)
  if (inner instanceof z.ZodArray) return isScalar(bare(inner.element as z.ZodType))
  return isScalar(inner)
}

function isScalar(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodDiscriminatedUnion) return false
  if (schema instanceof z.ZodUnion) return schema.options.every((option) => isScalar(option as z.ZodType))
  return scalars.some((type) => schema instanceof type)
}

/**
 * What the text of a variable or flag stands for. Text that does not fit stays text, so that the schema refuses it by name.
 * Lists are separated by commas; `null` takes away a value that may be absent.
 */
export function readValue(text: string, schema: z.ZodType): unknown {
  const inner = bare(schema)
  const trimmed = text.trim()
  if (trimmed === 'null' && schema.safeParse(null).success) return null
  if (inner instanceof z.ZodArray)
    return trimmed
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
  const candidates: unknown[] = [text, trimmed]
  if (trimmed === 'true' || trimmed === 'false') candidates.unshift(trimmed === 'true')
  if (/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(trimmed)) candidates.unshift(Number(trimmed))
  return candidates.find((value) => inner.safeParse(value).success) ?? text
}

/** The schema that a value at this path must satisfy; `raw` decides between the kinds of a union. */
export function schemaAt(path: Path, raw: unknown): z.ZodType | undefined {
  let schema: z.ZodType | undefined = configSchema
  let value = raw
  for (const part of path) {
    const inner: z.ZodType = bare(schema)
    const object = inner instanceof z.ZodDiscriminatedUnion ? chosen(inner, value) : inner
    if (object instanceof z.ZodObject) schema = (object.shape as Record<string, z.ZodType>)[String(part)]
    else if (object instanceof z.ZodArray) schema = object.element as z.ZodType
    else if (object instanceof z.ZodRecord) schema = object.valueType as z.ZodType
    else return undefined
    if (!schema) return undefined
    value = isRecord(value) || Array.isArray(value) ? (value as Record<string, unknown>)[String(part)] : undefined
  }
  return schema
}

/** The keys that may stand at this path. */
export function keysAt(path: Path, raw: unknown): string[] {
  const schema = schemaAt(path, raw)
  if (!schema) return []
  const inner = bare(schema)
  const object = inner instanceof z.ZodDiscriminatedUnion ? chosen(inner, valueAt(raw, path)) : inner
  return object instanceof z.ZodObject ? Object.keys(object.shape) : []
}

function chosen(union: z.ZodDiscriminatedUnion, value: unknown): z.ZodType {
  const options = union.options as z.ZodObject[]
  const word = isRecord(value) ? value[union.def.discriminator] : undefined
  const fits = (option: z.ZodObject) => (option.shape[union.def.discriminator] as z.ZodType).safeParse(word).success
  return options.find(fits) ?? options[0]!
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[String(part)]
  }
  return value
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The nearest of some words, if one is near enough to have been meant. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '')
  const scored = words
    .map((candidate) => ({ candidate, distance: distance(plain(word), plain(candidate)) }))
    .sort((x, y) => x.distance - y.distance)
  const best = scored[0]
  return best && best.distance <= Math.max(1, Math.floor(Math.max(word.length, best.candidate.length) / 3))
    ? best.candidate
    : undefined
}

/** Insertions, deletions, replacements and swaps of neighbours (Damerau 1964, restricted). */
function distance(from: string, to: string): number {
  const rows = Array.from({ length: from.length + 1 }, (_, i) => {
    const row = new Array<number>(to.length + 1).fill(0)
    row[0] = i
    return row
  })
  for (let j = 0; j <= to.length; j++) rows[0]![j] = j
  for (let i = 1; i <= from.length; i++)
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same)
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1)
      rows[i]![j] = best
    }
  return rows[from.length]![to.length]!
}
