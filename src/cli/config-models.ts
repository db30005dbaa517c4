import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Model } from '../models/model.ts'
import type { Sampling } from '../models/provider.ts'
import { compatiblePresets, kindDefaults } from '../providers/presets.ts'
import type { ModelEntry } from '../providers/provider-for.ts'
import { camel } from './config-camel.ts'
import type { FileModel } from './config-model-schema.ts'
import type { FileConfig } from './config-schema.ts'

/** A contestant: what the arena knows of it, how its provider is reached, and what to name when its key is refused. */
export type ConfiguredModel = { model: Model; config: ModelEntry; keyFrom: string | null }

/** A key that was named but is not there; the model is kept but not drawn until it is. */
export type MissingKey = { at: number; key: 'key_env' | 'key_file'; name: string; isFile: boolean }

type Surroundings = { folder: string; env: Record<string, string | undefined> }

export function configuredModel(
  written: FileModel,
  site: FileConfig,
  at: number,
  { folder, env }: Surroundings,
): { configured: ConfiguredModel; missing: MissingKey | null } {
  const entry = underPolicy(written, site)
  const { value, from, missing } = keyOf(entry, at, { folder, env })
  const model = toModel(entry, site, { folder, isKeyMissing: missing !== null })
  return { configured: { model, config: toEntry(entry, model, folder, value), keyFrom: from }, missing }
}

/** Where every vendor's own sampling holds, an entry's own is not sent either; only its length limit stays. */
function underPolicy(entry: FileModel, { sampling_policy }: FileConfig): FileModel {
  if (sampling_policy === 'arena' || !entry.sampling) return entry
  const { sampling, ...rest } = entry
  return sampling.max_tokens === undefined ? rest : { ...rest, sampling: { max_tokens: sampling.max_tokens } }
}

/** Paths made absolute, the key behind a function: it is asked for at each request, never kept, printed or logged. */
function toEntry(entry: FileModel, { model }: Model, folder: string, key: string | null): ModelEntry {
  if (entry.kind === 'replay') return { ...camel(entry), model, file: resolve(folder, entry.file) }
  if (entry.kind === 'command' || entry.kind === 'builtin') return { ...camel(entry), model }
  return { ...camel(entry), secret: () => key }
}

function toModel(
  entry: FileModel,
  site: FileConfig,
  { folder, isKeyMissing }: { folder: string; isKeyMissing: boolean },
): Model {
  const answering = answeringSettings(entry, site, folder)
  const name = entry.name ?? entry.id
  return {
    id: entry.id,
    name,
    kind: entry.kind,
    model: 'model' in entry && entry.model ? entry.model : entry.id,
    version: sha256(canonical(answering)),
    card: camel(entry.card),
    isBaseline: entry.kind === 'builtin',
    isReplay: entry.kind === 'replay',
    state: isKeyMissing || entry.weight === 0 ? 'unsampled' : 'active',
    weight: entry.weight,
    concurrency: entry.concurrency,
    grounding: entry.grounding,
    resize: entry.resize ? camel(entry.resize) : null,
    imagesMax: entry.image.max_images,
    sampling: entry.sampling ? samplingOf(entry, site) : null,
    exportOutputs: entry.export_outputs,
    aliases: aliasesOf(entry, name),
    settings: { ...answering, ...shownSettings(entry) },
  }
}

/** The arena's sampling with the entry's own on top; under `vendor` only the length limit. */
function samplingOf({ sampling: own = {} }: Pick<FileModel, 'sampling'>, site: FileConfig): Sampling {
  const arena = site.sampling_policy === 'vendor' ? { max_tokens: site.sampling.max_tokens } : site.sampling
  return camel({ ...arena, ...own })
}

/** Known, shown, or how it is drawn: a change of these is the same contestant. */
const notAnswering = [
  'id',
  'name',
  'card',
  'weight',
  'concurrency',
  'grounding',
  'resize',
  'aliases',
  'export_outputs',
  'timeouts',
  'retries',
  'key_env',
  'key_file',
  'headers',
  'file',
  'base_url',
]

/**
 * Everything that changes what a model answers (TRUST.md I6), in the words of the file. Header values may be private, so they enter as
 * hashes; a replay is its file's content, wherever the file lies.
 */
function answeringSettings(entry: FileModel, site: FileConfig, folder: string): Record<string, unknown> {
  const own = Object.entries(entry).filter(([key, value]) => !notAnswering.includes(key) && value !== undefined)
  const baseUrl = ('base_url' in entry ? entry.base_url : undefined) ?? serviceOf(entry)?.baseUrl
  const headers = 'headers' in entry ? Object.entries(entry.headers) : []
  return {
    ...Object.fromEntries(own),
    sampling: samplingOf(entry, site),
    ...(site.sampling_policy === 'vendor' && { sampling_policy: 'vendor' }),
    ...(entry.system_in !== 'none' && { system_prompt: site.system_prompt }),
    ...(baseUrl !== undefined && { base_url: baseUrl }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers.map(([name, value]) => [name, sha256(value)])) }),
    ...(entry.kind === 'replay' && { answers: contentHash(resolve(folder, entry.file)) }),
  }
}

function shownSettings(entry: FileModel): Record<string, unknown> {
  const shown = ['grounding', 'resize', 'timeouts', 'retries', 'concurrency', 'weight']
  return Object.fromEntries(Object.entries(entry).filter(([key, value]) => shown.includes(key) && value !== undefined))
}

const makers: Partial<Record<FileModel['kind'], string[]>> = {
  openai: ['OpenAI', 'ChatGPT', 'GPT'],
  'openai-responses': ['OpenAI', 'ChatGPT', 'GPT'],
  anthropic: ['Anthropic', 'Claude'],
  google: ['Google', 'Gemini'],
  mistral: ['Mistral', 'Mistral AI'],
}

/** What it may call itself: its names, the family its name begins with, and who made it. */
function aliasesOf(entry: FileModel, name: string): string[] {
  const upstream = 'model' in entry && entry.model ? [entry.model, entry.model.split('/').at(-1)!] : []
  // "Molmo 7B-D" is of the family Molmo; a built-in reader's name is made of everyday words, which give nothing away.
  const family =
    entry.kind === 'builtin' ? [] : [name, ...upstream].map((text) => /^[A-Za-z]{3,}/.exec(text)?.[0] ?? '')
  const organization = entry.card.organization ?? ''
  const words = [name, entry.id, ...upstream, ...family, organization, ...(makers[entry.kind] ?? []), ...entry.aliases]
  const seen = new Set<string>()
  return words.filter((word) => {
    const plain = word.toLowerCase()
    if (word.length < 2 || seen.has(plain)) return false
    seen.add(plain)
    return true
  })
}

/** Where a kind or preset is asked unless its entry says otherwise, and the variables that may hold its key. */
function serviceOf(entry: FileModel): { baseUrl: string; keyEnvs: readonly string[] } | undefined {
  if (entry.kind !== 'openai-compatible')
    return entry.kind in kindDefaults ? kindDefaults[entry.kind as KindWithDefaults] : undefined
  if (!entry.preset) return undefined
  const { baseUrl, keyEnv } = compatiblePresets[entry.preset]
  return { baseUrl, keyEnvs: keyEnv === null ? [] : [keyEnv] }
}

type KindWithDefaults = keyof typeof kindDefaults

/** The key itself, where it came from, and the name of one that should be there and is not. */
function keyOf(entry: FileModel, at: number, { folder, env }: Surroundings) {
  if ('key_file' in entry && entry.key_file !== undefined) {
    const path = resolve(folder, entry.key_file)
    const value = fileKey(path)
    return { value, from: path, missing: value === null ? missingKey(at, 'key_file', entry.key_file, true) : null }
  }
  const named = 'key_env' in entry ? entry.key_env : undefined
  // Somebody else's address never receives the usual service's key unless the entry says so.
  const names =
    named !== undefined
      ? [named]
      : 'base_url' in entry && entry.base_url !== undefined
        ? []
        : (serviceOf(entry)?.keyEnvs ?? [])
  const found = names.find((name) => env[name])
  if (found !== undefined) return { value: env[found]!, from: found, missing: null }
  const [first] = names
  return {
    value: null,
    from: first ?? null,
    missing: first === undefined ? null : missingKey(at, 'key_env', first, false),
  }
}

const missingKey = (at: number, key: MissingKey['key'], name: string, isFile: boolean): MissingKey => ({
  at,
  key,
  name,
  isFile,
})

/** A key kept in a file of its own; the line break an editor adds is not part of it. */
export function fileKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null
  } catch {
    return null
  }
}

function contentHash(path: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch {
    return null
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** JSON with its keys in code-unit order: the same settings in any order are the same text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}
