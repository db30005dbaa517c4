import { dirname, relative, resolve } from 'node:path'
import { type ConfigFile, findConfigFile, readConfigFile } from './config-file.ts'
import { isRecord, keyText, leaves, nearest, otherVariables, type Path, readValue, valueAt } from './config-keys.ts'
import type { FileConfig } from './config-schema.ts'
import { hidden } from './config-secret.ts'

/** Where a value came from: `sightline.yaml:14`, `SIGHTLINE_SERVER_PORT`, `--port`, `set on the admin page`, `default`. */
export type Origin = { kind: 'flag' | 'environment' | 'file' | 'admin' | 'default'; where: string }

/** One sentence, and where to change something about it. */
export type Problem = { severity: 'error' | 'warning'; where: string; sentence: string }

export type ShownValues = Map<string, { value: unknown; origin: Origin }>

export type LoadOptions = {
  /** `config`, and any key: `{ 'server.port': '8080' }`. */
  flags?: Record<string, string | undefined>
  env?: Record<string, string | undefined>
  cwd?: string
  /** Values set on the admin page, by key. */
  settings?: Record<string, unknown>
}

export type Sources = Required<LoadOptions> & { file: ConfigFile | null }

export function configFile(flags: Sources['flags'], env: Sources['env'], cwd: string): ConfigFile | null {
  const dataFolder = resolve(cwd, flags['data'] ?? (env['SIGHTLINE_DATA'] || './data'))
  const path = findConfigFile(flags['config'] ?? (env['SIGHTLINE_CONFIG'] || undefined), cwd, dataFolder)
  if (path === undefined) return null
  const name = relative(cwd, path)
  return readConfigFile(path, name.startsWith('..') ? path : name)
}

export function fileProblems({ file, cwd, env, flags }: Sources): Problem[] {
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
export function unknownVariables(env: Sources['env']): Problem[] {
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
export function merged({ file, flags, env, settings }: Sources) {
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

export function setAt(root: Record<string, unknown>, path: readonly string[], value: unknown) {
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
export function originAt(path: Path, given: Map<string, Origin>, file: ConfigFile | null): Origin {
  const origin = givenAt(path, given)
  if (origin) return origin
  if (!file || valueAt(file.values, path) === undefined) return { kind: 'default', where: 'default' }
  return { kind: 'file', where: placeOf(path, given, file) }
}

/** Where somebody would mend this: for a key that is missing, the line of the group it is missing from. */
export function placeOf(path: Path, given: Map<string, Origin>, file: ConfigFile | null): string {
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

/** In the order of the file, then variables and flags. */
export function byPlace({ where: x }: Problem, { where: y }: Problem): number {
  const [fileX, lineX] = /^(.*):(\d+)$/.exec(x)?.slice(1) ?? [x]
  const [fileY, lineY] = /^(.*):(\d+)$/.exec(y)?.slice(1) ?? [y]
  if (lineX !== undefined && lineY !== undefined && fileX === fileY) return Number(lineX) - Number(lineY)
  return lineX === lineY ? 0 : lineX === undefined ? 1 : -1
}

/** Every value by its key, lists and maps down to their members; what may hold a secret is not shown. */
export function shownOrigins(values: FileConfig, originOf: (path: Path) => Origin): ShownValues {
  const shown: ShownValues = new Map()
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
