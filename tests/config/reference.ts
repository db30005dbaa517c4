import { z } from 'zod'
import { bare, leaves } from '../../src/cli/config-keys.ts'
import { modelSchema } from '../../src/cli/config-model-schema.ts'
import { moderatorSchema } from '../../src/cli/config-moderation-schema.ts'
import { wordsFor } from '../../src/cli/config-problems.ts'
import { configSchema } from '../../src/cli/config-schema.ts'

/** What an editor checks a file with while somebody writes it. */
export function editorSchema(): unknown {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12', reused: 'ref' })
  const named = { ...schema, title: 'sightline.yaml' }
  // Groups are null when all their lines are commented out; an editor should not mind either.
  return JSON.parse(JSON.stringify(withNullGroups(named)))
}

function withNullGroups(schema: Record<string, unknown>): Record<string, unknown> {
  const properties = schema['properties'] as Record<string, Record<string, unknown>>
  const opened = Object.entries(properties).map(([key, child]) => {
    if (child['type'] !== 'object' && child['type'] !== 'array') return [key, child]
    return [key, { ...child, type: [child['type'], 'null'] }]
  })
  return { ...schema, properties: Object.fromEntries(opened) }
}

/** The tables of `docs/configuration.md`, from the schema alone. */
export function referenceTables(): string {
  return [siteTables(), modelTable(), moderatorTable()].join('\n\n')
}

function siteTables(): string {
  const groups = Map.groupBy(leaves, ({ path }) => (path.length > 1 ? path[0]! : ''))
  return [...groups]
    .map(([group, members]) => {
      const title = group === '' ? '### At the top' : `### \`${group}\`\n\n${groupMeaning(group)}.`
      const rows = members.map(({ key, env, type, meaning, default: value }) =>
        row([`\`${key}\``, env ? `\`${env}\`` : 'file only', wordsOf(type), code(value), meaning]),
      )
      return [title, '', row(['key', 'variable', 'value', 'default', 'meaning']), rule(5), ...rows].join('\n')
    })
    .join('\n\n')
}

function modelTable(): string {
  return ['### One entry of `models`', '', ...unionRows(modelSchema, 'kind')].join('\n')
}

function moderatorTable(): string {
  return ['### One entry of `moderation`', '', ...unionRows(moderatorSchema, 'type')].join('\n')
}

function unionRows(union: z.ZodDiscriminatedUnion, word: string): string[] {
  const options = (union.options as z.ZodObject[]).map((option) => ({
    name: String((option.shape[word] as z.ZodLiteral).value),
    keys: keysOf(option, ''),
  }))
  // Where kinds differ in a default, the first speaks for all and its row names the others.
  const all = new Map<string, z.ZodType>()
  for (const { keys } of options)
    for (const [key, schema] of keys) if (key !== word && !all.has(key)) all.set(key, schema)
  const kinds = (union.options as z.ZodObject[]).map((option) => {
    const literal = option.shape[word] as z.ZodLiteral
    return row([`\`${String(literal.value)}\``, literal.description ?? ''])
  })
  const rows = [...all].map(([key, schema]) => {
    const having = options.filter(({ keys }) => keys.has(key)).map(({ name }) => name)
    const others = options.filter(
      ({ keys }) => keys.has(key) && defaultOf(keys.get(key)!) !== defaultOf(schema) && isPlain(defaultOf(schema)),
    )
    const note = others.map(({ name, keys }) => `; ${code(defaultOf(keys.get(key)!))} for ${name}`).join('')
    const of = having.length === options.length ? 'all' : having.map((name) => `\`${name}\``).join(' ')
    return row([`\`${key}\``, wordsOf(schema), `${code(defaultOf(schema))}${note}`, schema.description ?? '', of])
  })
  return [
    row([`\`${word}\``, 'what it is']),
    rule(2),
    ...kinds,
    '',
    row(['key', 'value', 'default', 'meaning', `of ${word}`]),
    rule(5),
    ...rows,
  ]
}

/** Keys with dots into their groups: `timeouts.total_ms`. */
function keysOf(object: z.ZodObject, before: string): Map<string, z.ZodType> {
  return new Map(
    Object.entries(object.shape).flatMap(([name, child]): [string, z.ZodType][] => {
      const inner = bare(child as z.ZodType)
      if (inner instanceof z.ZodObject) return [...keysOf(inner, `${before}${name}.`)]
      return [[`${before}${name}`, child as z.ZodType]]
    }),
  )
}

const isPlain = (value: unknown) => value !== undefined && typeof value !== 'object'
const defaultOf = (schema: z.ZodType) => schema.safeParse(undefined).data

const groupMeaning = (group: string) =>
  (configSchema.shape[group as keyof typeof configSchema.shape] as { description?: string }).description ?? ''

const wordsOf = (schema: z.ZodType) => wordsFor(schema).replace(/^one of /, '')
const code = (value: unknown) =>
  value === undefined ? '–' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
const rule = (count: number) => `|${'---|'.repeat(count)}`
