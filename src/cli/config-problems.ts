import { z } from 'zod'
import { bare, isRecord, keysAt, keyText, leaves, nearest, type Path, schemaAt, valueAt } from './config-keys.ts'

/** Something wrong with the configuration, before anybody knows which line, variable or flag it came from. */
export type Finding = { path: Path; severity: 'error' | 'warning'; sentence: string }

/** Sentences for what the schema refused, one for each key. */
export function findingsOf(issues: readonly z.core.$ZodIssue[], raw: unknown): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => error([...path, key], unknownKey(path, key, raw)))
    return [error(path, wrongValue(path, issue, raw))]
  })
}

const error = (path: Path, sentence: string): Finding => ({ path, severity: 'error', sentence })

function unknownKey(path: Path, key: string, raw: unknown): string {
  const name = keyText([...path, key])
  if (/^(api_?key|key|token|secret|password|authorization)$/i.test(key))
    return `${name} is not a key: secrets are never written here; name a variable with key_env or a file with key_file.`
  const siblings = keysAt(path, raw)
  const near = nearest(key, siblings)
  if (near) return `${name} is not a key; did you mean ${keyText([...path, near])}?`
  const others = otherKinds(path, key, raw)
  if (others.length > 0) return `${name} is not a key of this kind of entry, only of ${others.join(', ')}.`
  const elsewhere =
    leaves.find((leaf) => leaf.path.at(-1) === key)?.key ??
    (path.length === 0
      ? nearest(
          key,
          leaves.map((leaf) => leaf.key),
        )
      : undefined)
  if (elsewhere) return `${name} is not a key; did you mean ${elsewhere}?`
  const here = siblings.length > 0 ? `; the keys here are ${siblings.join(', ')}` : ''
  return `${name} is not a key${here}.`
}

function wrongValue(path: Path, issue: z.core.$ZodIssue, raw: unknown): string {
  const name = keyText(path) || 'The configuration'
  const value = valueAt(raw, path)
  const schema = schemaAt(path, raw)
  const kinds = kindsAt(path, raw)
  if (kinds) {
    const near = nearest(String(value ?? ''), kinds)
    const found = value === undefined ? ' is missing: it' : ''
    return `${name}${found} must be one of ${kinds.join(', ')}${near ? `; did you mean ${near}?` : '.'}`
  }
  if (value === undefined) return `${name} is missing: it must be ${schema ? wordsFor(schema) : 'given'}.`
  if (name === 'storage.blobs' && typeof value === 'object')
    return 'storage.blobs names one place, `disk` or `s3://bucket/prefix`, never both.'
  const own = issue.code !== 'invalid_type' && issue.message.startsWith('must ')
  const must = own ? issue.message : `must be ${schema ? wordsFor(schema) : issue.message}`
  const near = typeof value === 'string' && schema ? nearest(value, enumOf(schema)) : undefined
  return `${name} ${must}, not ${shown(path, value)}${near ? `; did you mean ${near}?` : '.'}`
}

/** The kinds of entry that do have this key. */
function otherKinds(path: Path, key: string, raw: unknown): string[] {
  const entry = schemaAt(path, raw)
  const union = entry && bare(entry)
  if (!(union instanceof z.ZodDiscriminatedUnion)) return []
  const having = (union.options as z.ZodObject[]).filter((option) => key in option.shape)
  return having.map((option) => String((option.shape[union.def.discriminator] as z.ZodLiteral).value))
}

/** The words that decide what kind of entry this is, where the path names that decision. */
function kindsAt(path: Path, raw: unknown): string[] | undefined {
  const entry = schemaAt(path.slice(0, -1), raw)
  const union = entry && bare(entry)
  if (!(union instanceof z.ZodDiscriminatedUnion) || union.def.discriminator !== path.at(-1)) return undefined
  return (union.options as z.ZodObject[]).map((option) =>
    String((option.shape[union.def.discriminator] as z.ZodLiteral).value),
  )
}

/** Short, and never a secret that somebody pasted into the wrong place. */
function shown(path: Path, value: unknown): string {
  if (path.some((part) => /key|token|secret|password|header|database/i.test(String(part)))) return 'what stands there'
  if (Array.isArray(value)) return 'a list'
  if (isRecord(value)) return 'a group of keys'
  if (value === null) return 'null'
  const text = typeof value === 'string' ? `"${value}"` : String(value)
  return /\/\/[^/]*@/.test(text) ? 'what stands there' : text.length > 60 ? `${text.slice(0, 57)}…"` : text
}

type JsonSchema = {
  type?: string
  enum?: unknown[]
  const?: unknown
  format?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
}

/** "a whole number from 0 to 65535" */
export function wordsFor(schema: z.ZodType): string {
  const inner = bare(schema)
  if (inner instanceof z.ZodDiscriminatedUnion) return 'a group of keys'
  const words = words_(z.toJSONSchema(inner, { io: 'input', unrepresentable: 'any' }) as JsonSchema)
  return schema.safeParse(null).success ? `${words}, or null` : words
}

function words_(json: JsonSchema): string {
  const union = json.anyOf ?? json.oneOf
  if (union) return [...new Set(union.map(words_))].join(' or ')
  if (json.enum) return `one of ${json.enum.join(', ')}`
  if (json.const !== undefined) return String(json.const)
  switch (json.type) {
    case 'integer':
      return `a whole number${rangeOf(json)}`
    case 'number':
      return `a number${rangeOf(json)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list'
    case 'object':
      return 'a group of keys'
    case 'string':
      return json.format === 'uri'
        ? 'an address that begins with http:// or https://'
        : json.format === undefined
          ? 'text'
          : `an address (${json.format})`
    default:
      return 'a value'
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const low =
    exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : minimum !== undefined ? ` from ${minimum}` : ''
  return maximum === undefined ? low : `${low}${exclusiveMinimum === undefined ? ' to' : ' and up to'} ${maximum}`
}

function enumOf(schema: z.ZodType): string[] {
  const inner = bare(schema)
  if (inner instanceof z.ZodEnum) return Object.values(inner.enum).map(String)
  return []
}
