import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Migration = { number: number; name: string; sql: string; sha256: string }

/** `migrations/sqlite` of this package, whether we run from `src` or from `dist/src`. */
export function ownMigrations(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, 'package.json'))) return join(folder, 'migrations', 'sqlite')
  throw new Error('Cannot find the package that holds `migrations/sqlite`. Install Sightline again.')
}

/** Every step, first to last. */
export function readMigrations(folder = ownMigrations()): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
  return files.map((file, i) => {
    const [, digits, name] = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file) ?? []
    if (!digits || !name) throw new Error(`${join(folder, file)} is not named like 0001_start.sql.`)
    if (Number(digits) !== i + 1) throw new Error(`${join(folder, file)}: step ${i + 1} is missing or there twice.`)
    const sql = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n')
    if (/^\s*(begin|commit|rollback|end|vacuum|attach|pragma)\b/im.test(sql))
      throw new Error(`${join(folder, file)} opens its own transaction or sets a pragma; the runner does that.`)
    return { number: i + 1, name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
  })
}
