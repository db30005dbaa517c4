import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isHashLine, type Lists, linesOf } from '../moderation/lists.ts'
import type { Door } from '../moderation/screen.ts'
import { fileKey } from './config-models.ts'
import type { FileModerator } from './config-moderation-schema.ts'
import type { Finding } from './config-problems.ts'
import { type Secret, secret } from './config-secret.ts'

/** One entry of `moderation:` with its files read and its key at hand. */
export type ConfiguredDoor = Omit<Door, 'moderator'> & {
  timeoutMs: number
  how:
    | { type: 'http'; format: 'openai' | 'llama-guard'; baseUrl: string; model: string; key: Secret | null }
    | { type: 'command'; command: string[] }
    | ({ type: 'lists' } & Lists)
}

type Surroundings = { folder: string; env: Record<string, string | undefined> }

export function configuredDoor(
  entry: FileModerator,
  at: number,
  { folder, env }: Surroundings,
): { door: ConfiguredDoor; findings: Finding[] } {
  const findings: Finding[] = []
  const report = (key: string, sentence: string) =>
    findings.push({ path: ['moderation', at, key], severity: 'error', sentence })
  const door = {
    name: entry.name ?? (entry.type === 'http' ? new URL(entry.base_url).hostname : entry.type),
    action: entry.action,
    failClosed: entry.fail_closed,
    on: entry.on,
    timeoutMs: entry.timeout_ms,
  }
  if (entry.type === 'command') return { door: { ...door, how: { type: 'command', command: entry.command } }, findings }
  if (entry.type === 'builtin') {
    if (entry.words === undefined && entry.hashes === undefined)
      report('words', 'moderation: a builtin entry needs words or hashes.')
    const lines = (key: 'words' | 'hashes') => {
      const name = entry[key]
      if (name === undefined) return []
      const found = fileLines(resolve(folder, name))
      if (found === null) report(key, `moderation: the file ${name} cannot be read.`)
      else if (found.length === 0) report(key, `moderation: the file ${name} has no entry.`)
      return found ?? []
    }
    const hashes = lines('hashes').map((line) => line.toLowerCase())
    if (!hashes.every(isHashLine))
      report(
        'hashes',
        `moderation: ${entry.hashes} must hold hashes of 64 (SHA-256) or 16 (difference hash) hex digits.`,
      )
    return { door: { ...door, how: { type: 'lists', words: lines('words'), hashes } }, findings }
  }
  const { format, base_url: baseUrl, model, key_env: keyEnv, key_file: keyFile } = entry
  if (keyEnv !== undefined && keyFile !== undefined)
    report('key_file', 'moderation names both key_env and key_file; keep the one that holds the key.')
  if (new URL(baseUrl).username !== '')
    report('base_url', 'moderation: base_url holds credentials; name them with key_env or key_file.')
  const value = keyFile !== undefined ? fileKey(resolve(folder, keyFile)) : keyEnv === undefined ? null : env[keyEnv]
  // Without its key it would refuse, or pass, every question: better not to start.
  if (keyFile !== undefined && !value) report('key_file', `moderation: key_file names ${keyFile}, which holds no key.`)
  else if (keyEnv !== undefined && !value) report('key_env', `moderation: key_env names ${keyEnv}, which is not set.`)
  const key = value ? secret(value) : null
  return { door: { ...door, how: { type: 'http', format, baseUrl, model, key } }, findings }
}

function fileLines(path: string): string[] | null {
  try {
    return linesOf(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}
