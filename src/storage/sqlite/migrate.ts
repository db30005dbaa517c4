import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { backUp } from './backup.ts'
import type { Migration } from './migrations.ts'
import { assertPragmas, type Connection, inMemory } from './open.ts'

type Applied = { number: number; name: string; sha256: string }

/**
 * Brings the database to the newest step, one IMMEDIATE transaction each: a kill leaves the old schema or the new one. An existing database
 * is backed up and the copy checked first. Throws a sentence for the operator when the file is newer than this program or its past differs.
 */
export async function migrate(
  connection: Connection,
  path: string,
  migrations: Migration[],
): Promise<{ applied: number; backup: string | null }> {
  const before = appliedTo(connection)
  refuseForeignPast(before, migrations)
  if (before.length === migrations.length) return { applied: 0, backup: null }

  const backup = before.length > 0 && path !== inMemory ? await backUpBefore(connection, path, before.length + 1) : null
  connection.exec(
    `create table if not exists migrations (
      number integer not null constraint migrations_pk primary key,
      name text not null,
      sha256 text not null,
      applied_at integer not null
    ) strict`,
  )
  // Inside a transaction this pragma does nothing, and a table rebuild would delete children by cascade (STACK.md 6).
  connection.pragma('foreign_keys = off')
  try {
    for (const migration of migrations.slice(before.length)) applyOnce(connection, migration, migrations)
  } finally {
    connection.pragma('foreign_keys = on')
  }
  assertPragmas(connection, path === inMemory)
  return { applied: migrations.length - before.length, backup }
}

function appliedTo(connection: Connection): Applied[] {
  // One question, one answer: another program may be making the first table just now.
  const tables = connection.prepare(`select name from sqlite_schema where type = 'table'`).pluck().all()
  if (!tables.includes('migrations')) {
    if (tables.length > 0) throw new Error('The database file belongs to another program. Name another file in `data`.')
    return []
  }
  return connection.prepare('select number, name, sha256 from migrations order by number').all() as Applied[]
}

function refuseForeignPast(applied: Applied[], migrations: Migration[]) {
  if (applied.length > migrations.length)
    throw new Error(
      `The database was written by a newer Sightline: it is at step ${applied.length} (${applied.at(-1)?.name}), this program knows ${migrations.length}. Install that version, or restore a backup.`,
    )
  for (const [i, done] of applied.entries()) {
    const known = migrations[i]
    if (done.number !== known?.number || done.sha256 !== known.sha256)
      throw new Error(
        `Step ${done.number} (${done.name}) of the database is not the one this program brings. Install the version that wrote it, or restore a backup.`,
      )
  }
}

// Two programs starting at once both come here; the second finds the step done.
function applyOnce(connection: Connection, migration: Migration, migrations: Migration[]) {
  const apply = connection.transaction(() => {
    const applied = appliedTo(connection)
    refuseForeignPast(applied, migrations)
    if (applied.length >= migration.number) return
    connection.exec(migration.sql)
    const orphans = connection.pragma('foreign_key_check') as { table: string }[]
    if (orphans.length > 0)
      throw new Error(
        `Step ${migration.number} would leave ${orphans.length} orphans in ${orphans[0]?.table}; nothing was changed.`,
      )
    const check = connection.pragma('integrity_check', { simple: true })
    if (check !== 'ok')
      throw new Error(`Step ${migration.number} failed its integrity check: ${check}. Nothing was changed.`)
    connection
      .prepare(`insert into migrations values (?, ?, ?, cast(unixepoch('subsec') * 1000 as integer))`)
      .run(migration.number, migration.name, migration.sha256)
  })
  apply.immediate()
}

async function backUpBefore(connection: Connection, path: string, step: number): Promise<string> {
  const folder = join(dirname(resolve(path)), 'backups')
  mkdirSync(folder, { recursive: true })
  const name = `before-${String(step).padStart(4, '0')}`
  let file = join(folder, `${name}.db`)
  for (let again = 2; existsSync(file); again++) file = join(folder, `${name}-${again}.db`)
  await backUp(connection, file)
  return file
}
