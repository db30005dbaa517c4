import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import type { z } from 'zod'
import { type Camel, camel } from './cli/config-camel.ts'
import { type ConfigFile, findConfigFile, readConfigFile } from './cli/config-file.ts'
import { isRecord, keyText, leaves, nearest, otherVariables, type Path, readValue, valueAt } from './cli/config-keys.ts'
import { type ConfiguredModel, configuredModel, fileKey, type MissingKey } from './cli/config-models.ts'
import { pairFindings } from './cli/config-pairs.ts'
import { type Finding, findingsOf } from './cli/config-problems.ts'
import { configSchema, type FileConfig } from './cli/config-schema.ts'
import { hidden, type Secret, secret } from './cli/config-secret.ts'

export type { ConfiguredModel } from './cli/config-models.ts'
export type { Secret } from './cli/config-secret.ts'

type Values = Camel<Omit<FileConfig, 'models' | 'speech' | 'privacy' | 'metrics' | 'exports' | 'prompts'>>

/** Everything an arena needs to be told. Paths are absolute; secrets print as `***`. The keys of `sightline.yaml` in camelCase. */
export type Config = Values & {
  /** The file that was read; null without one. */
  file: string | null
  models: ConfiguredModel[]
  prompts: { seed: boolean; sets: string[] }
  speech: { baseUrl: string | null; model: string | null; key: Secret | null }
  privacy: {
    /** The operator's own text, with a version that changes when the text does; null where there is none. */
    consent: { text: string; version: string } | null
    retainDays: number | null
    publish: 'ask' | 'never'
  }
  metrics: { enabled: boolean; token: Secret | null }
  exports: { dataset: string; license: string | null; key: Secret | null }
}

/** Where a value came from: `sightline.yaml:14`, `SIGHTLINE_SERVER_PORT`, `--port`, `set on the admin page`, `default`. */
export type Origin = { kind: 'flag' | 'environment' | 'file' | 'admin' | 'default'; where: string }

/** One sentence, and where to change something about it. */
export type Problem = { severity: 'error' | 'warning'; where: string; sentence: string }

export type Loaded = {
  /** null when a problem is an error. */
  config: Config | null
  /** The value and origin of every key outside lists, by key, plus one entry for each member of a list. */
  origins: Map<string, { value: unknown; origin: Origin }>
  problems: Problem[]
}

export type LoadOptions = {
  /** `config`, and any key: `{ 'server.port': '8080' }`. */
  flags?: Record<string, string | undefined>
  env?: Record<string, string | undefined>
  cwd?: string
  /** Values set on the admin page, by key. */
  settings?: Record<string, unknown>
}

/** Flag over environment over file over admin page over default; every problem at once. */
export function loadConfig({
  flags = {},
  env = process.env,
  cwd = process.cwd(),
  settings = {},
}: LoadOptions = {}): Loaded {
  const sources: Sources = { file: configFile(flags, env, cwd), flags, env, settings, cwd }
  const { raw, given } = merged(sources)
  const problems: Problem[] = [...fileProblems(sources), ...unknownVariables(env)]
  const originOf = (path: Path) => originAt(path, given, sources.file)
  const report = ({ path, severity, sentence }: Finding) =>
    problems.push({ severity, sentence, where: placeOf(path, given, sources.file) })

  const parsed = configSchema.safeParse(raw)
  if (!parsed.success) findingsOf(parsed.error.issues, raw).forEach(report)
  // Pairs are judged on what could be read, so that one wrong value does not hide the next mistake.
  const { values, pathBefore } = parsed.success
    ? { values: parsed.data, pathBefore: (path: Path) => path }
    : readablePart(raw, parsed.error.issues)
  const { config, findings } = toConfig(values, sources, originOf)
  for (const finding of findings) report({ ...finding, path: pathBefore(finding.path) })
  problems.sort(byPlace)
  const isUsable = problems.every(({ severity }) => severity === 'warning')
  return { config: isUsable ? config : null, origins: shownOrigins(values, originOf), problems }
}

/** In the order of the file, then variables and flags. */
function byPlace({ where: x }: Problem, { where: y }: Problem): number {
  const [fileX, lineX] = /^(.*):(\d+)$/.exec(x)?.slice(1) ?? [x]
  const [fileY, lineY] = /^(.*):(\d+)$/.exec(y)?.slice(1) ?? [y]
  if (lineX !== undefined && lineY !== undefined && fileX === fileY) return Number(lineX) - Number(lineY)
  return lineX === lineY ? 0 : lineX === undefined ? 1 : -1
}

type Sources = Required<LoadOptions> & { file: ConfigFile | null }

function configFile(flags: Sources['flags'], env: Sources['env'], cwd: string): ConfigFile | null {
  const dataFolder = resolve(cwd, flags['data'] ?? (env['SIGHTLINE_DATA'] || './data'))
  const path = findConfigFile(flags['config'] ?? (env['SIGHTLINE_CONFIG'] || undefined), cwd, dataFolder)
  if (path === undefined) return null
  const name = relative(cwd, path)
  return readConfigFile(path, name.startsWith('..') ? path : name)
}

function fileProblems({ file, cwd, env, flags }: Sources): Problem[] {
  if (!file) return []
  const at = (line: number | undefined) => (line === undefined ? file.name : `${file.name}:${line}`)
  const problems: Problem[] = file.faults.map(({ line, sentence }) => ({
    severity: 'error',
    where: at(line),
    sentence,
  }))
  const folder = dirname(file.path)
  const isNamed = flags['config'] !== undefined || Boolean(env['SIGHTLINE_CONFIG'])
  const data = file.values['data']
  if (!isNamed && folder !== resolve(cwd) && typeof data === 'string' && resolve(folder, data) !== folder)
    problems.push({
      severity: 'error',
      where: at(file.lineOf(['data'])),
      sentence:
        'data: this file was found in the data folder, so it cannot name another one; use --data or SIGHTLINE_DATA.',
    })
  return problems
}

/** A warning only: other programs may set variables with our prefix, as container platforms do for a service of our name. */
function unknownVariables(env: Sources['env']): Problem[] {
  const known = [...leaves.flatMap(({ env }) => env ?? []), ...otherVariables]
  return Object.keys(env)
    .filter((name) => name.startsWith('SIGHTLINE_') && !known.includes(name))
    .map((name) => {
      const near = nearest(name, known)
      return {
        severity: 'warning',
        where: name,
        sentence: `This variable sets nothing${near ? `; did you mean ${near}?` : '.'}`,
      }
    })
}

const flagNames: Record<string, string> = { 'server.host': '--host', 'server.port': '--port', data: '--data' }

/** One tree of all sources, and who gave each key that the file did not. */
function merged({ file, flags, env, settings }: Sources) {
  const raw = withoutEmptyGroups(structuredClone(file?.values ?? {}), [])
  const given = new Map<string, Origin>()
  for (const { path, key, env: name, type } of leaves) {
    const set = (value: unknown, origin: Origin) => {
      setAt(raw, path, value)
      given.set(key, origin)
    }
    if (settings[key] !== undefined && valueAt(raw, path) === undefined)
      set(settings[key], { kind: 'admin', where: 'set on the admin page' })
    // An empty variable is how a compose file says that it has nothing to say.
    if (name && env[name]) set(readValue(env[name], type), { kind: 'environment', where: name })
    if (flags[key] !== undefined) set(readValue(flags[key], type), { kind: 'flag', where: flagNames[key] ?? key })
  }
  return { raw, given }
}

/** A group whose members are all commented out reads as null; it means that nothing is said. */
function withoutEmptyGroups(raw: Record<string, unknown>, path: string[]): Record<string, unknown> {
  for (const [key, value] of Object.entries(raw)) {
    const isGroup = leaves.some(
      (leaf) => leaf.path.length > path.length + 1 && [...path, key].every((part, at) => leaf.path[at] === part),
    )
    const isList = leaves.some((leaf) => leaf.key === [...path, key].join('.') && leaf.env === null)
    if (value === null && (isGroup || isList)) delete raw[key]
    else if (isGroup && isRecord(value)) withoutEmptyGroups(value, [...path, key])
  }
  return raw
}

function setAt(root: Record<string, unknown>, path: readonly string[], value: unknown) {
  let group = root
  for (const part of path.slice(0, -1)) {
    const next = group[part] ?? (group[part] = {})
    // A file that has a plain value where a group belongs is reported for that; nothing can be set inside it.
    if (!isRecord(next)) return
    group = next
  }
  group[path.at(-1)!] = value
}

/** Who gave this value. */
function originAt(path: Path, given: Map<string, Origin>, file: ConfigFile | null): Origin {
  const origin = givenAt(path, given)
  if (origin) return origin
  if (!file || valueAt(file.values, path) === undefined) return { kind: 'default', where: 'default' }
  return { kind: 'file', where: placeOf(path, given, file) }
}

/** Where somebody would mend this: for a key that is missing, the line of the group it is missing from. */
function placeOf(path: Path, given: Map<string, Origin>, file: ConfigFile | null): string {
  const origin = givenAt(path, given)
  if (origin) return origin.where
  const line = file?.lineOf(path)
  return line === undefined ? (file?.name ?? 'default') : `${file!.name}:${line}`
}

function givenAt(path: Path, given: Map<string, Origin>): Origin | undefined {
  for (let length = path.length; length > 0; length--) {
    const origin = given.get(keyText(path.slice(0, length)))
    if (origin) return origin
  }
  return undefined
}

/** The configuration without what was refused: values become their defaults; an entry of a list that cannot do without one is left out. */
function readablePart(raw: Record<string, unknown>, issues: readonly z.core.$ZodIssue[]) {
  const rest = structuredClone(raw)
  for (const issue of issues) {
    const path = issue.path as Path
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) removeAt(rest, [...path, key])
    else removeAt(rest, path)
  }
  const stillWrong = configSchema.safeParse(rest).error?.issues ?? []
  const kept = new Map<string, number[]>()
  for (const list of new Set(stillWrong.map(({ path }) => keyText(listOf(path as Path))))) {
    const path = list.split('.')
    const bad = stillWrong.map((issue) => issue.path as Path).filter((at) => keyText(listOf(at)) === list)
    const items = valueAt(rest, path) as unknown[]
    const good = [...items.keys()].filter((index) => !bad.some((at) => at[path.length] === index))
    setAt(
      rest,
      path,
      good.map((index) => items[index]),
    )
    kept.set(list, good)
  }
  const pathBefore = (path: Path): Path => {
    const list = listOf(path)
    const indices = kept.get(keyText(list))
    return indices ? path.map((part, at) => (at === list.length ? indices[part as number]! : part)) : path
  }
  return { values: configSchema.parse(rest), pathBefore }
}

const listOf = (path: Path): Path => {
  const item = path.findIndex((part) => typeof part === 'number')
  return item < 0 ? path : path.slice(0, item)
}

function removeAt(root: unknown, path: Path) {
  const group = valueAt(root, path.slice(0, -1))
  if (isRecord(group)) delete group[String(path.at(-1))]
  // A refused item stays in its list as a hole for now, so that the numbers of the others stay true.
  else if (Array.isArray(group)) group[Number(path.at(-1))] = undefined
}

function toConfig(values: FileConfig, { cwd, env, file }: Sources, originOf: (path: Path) => Origin) {
  const folder = file ? dirname(file.path) : cwd
  const pathOf = (path: Path, value: string) => resolve(originOf(path).kind === 'file' ? folder : cwd, value)
  const keyFrom = (group: string, variable: string | null, path: string | null) => {
    const value = path === null ? variable && env[variable] : fileKey(pathOf([group, 'key_file'], path))
    return value ? secret(value) : null
  }
  const { speech, privacy, metrics, exports, models, ...rest } = values
  const consentPath =
    privacy.consent === null
      ? null
      : resolve(originOf(['privacy', 'consent']).kind === 'environment' ? cwd : folder, privacy.consent)
  const consent = consentPath === null ? null : consentAt(consentPath)
  const configured = models.map((entry, at) => configuredModel(entry, values, at, { folder, env }))
  const config: Config = {
    ...camel(rest),
    file: file?.path ?? null,
    data: pathOf(['data'], values.data),
    prompts: { ...values.prompts, sets: values.prompts.sets.map((set, at) => pathOf(['prompts', 'sets', at], set)) },
    models: configured.map(({ configured }) => configured),
    speech: { baseUrl: speech.base_url, model: speech.model, key: keyFrom('speech', speech.key_env, speech.key_file) },
    privacy: { consent, retainDays: privacy.retain_days, publish: privacy.publish },
    metrics: { enabled: metrics.enabled, token: keyFrom('metrics', metrics.token_env, metrics.token_file) },
    exports: {
      dataset: exports.dataset,
      license: exports.license,
      key: keyFrom('exports', exports.key_env, exports.key_file),
    },
  }
  const isNamed = (group: { key_env: string | null; key_file: string | null }) =>
    (group.key_env ?? group.key_file) !== null
  const findings = pairFindings(values, {
    folder,
    has: {
      consent: consent !== null,
      metricsToken: config.metrics.token !== null,
      speechKey: config.speech.key !== null || !isNamed(speech),
      exportsKey: config.exports.key !== null || !isNamed(exports),
    },
  })
  if (consent === null && consentPath !== null && originOf(['privacy', 'consent']).kind !== 'default')
    findings.push({
      path: ['privacy', 'consent'],
      severity: 'error',
      sentence: `privacy.consent names ${privacy.consent}, which does not exist or is empty.`,
    })
  for (const { missing } of configured) if (missing) findings.push(missingKeyFinding(missing, values))
  return { config, findings }
}

function consentAt(path: string): { text: string; version: string } | null {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return text === '' ? null : { text, version: createHash('sha256').update(text).digest('hex').slice(0, 12) }
  } catch {
    return null
  }
}

/** A named file that is not there is a mistake; a variable may be set on another machine, so the model only stays out. */
function missingKeyFinding({ at, key, name, isFile }: MissingKey, { models }: FileConfig): Finding {
  const model = `model ${models[at]!.id}`
  return isFile
    ? {
        path: ['models', at, key],
        severity: 'error',
        sentence: `${model}: key_file names ${name}, which holds no key.`,
      }
    : { path: ['models', at, key], severity: 'warning', sentence: `${model} is never drawn until ${name} is set.` }
}

/** Every value by its key, lists and maps down to their members; what may hold a secret is not shown. */
function shownOrigins(values: FileConfig, originOf: (path: Path) => Origin): Loaded['origins'] {
  const shown: Loaded['origins'] = new Map()
  const add = (value: unknown, path: Path) => {
    const members = Array.isArray(value) ? [...value.entries()] : isRecord(value) ? Object.entries(value) : []
    const isList = Array.isArray(value) && members.every(([, member]) => typeof member !== 'object')
    if (members.length > 0 && !isList) for (const [key, member] of members) add(member, [...path, key])
    else if (value !== undefined)
      shown.set(keyText(path), { value: withoutSecrets(value, path), origin: { ...originOf(path) } })
  }
  for (const { path } of leaves) add(valueAt(values, path), path)
  return shown
}

function withoutSecrets(value: unknown, path: Path): unknown {
  if (path.includes('headers')) return hidden
  return typeof value === 'string' ? value.replace(/(\/\/[^/@:]*):[^/@]*@/, `$1:${hidden}@`) : value
}
