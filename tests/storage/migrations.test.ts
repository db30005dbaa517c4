import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { checkedCopy } from '../../src/storage/sqlite/backup.ts'
import { ownMigrations, readMigrations } from '../../src/storage/sqlite/migrations.ts'
import { openConnection } from '../../src/storage/sqlite/open.ts'
import { sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { aBallot, aReadyBattle, introduce } from '../characters.ts'
import { ownFolder } from './folder.ts'

/** A database with a vote in it, and a folder of our migrations to which a test adds a step. */
async function anArena() {
  const folder = await ownFolder()
  const path = join(folder, 'data', 'sightline.db')
  const storage = await sqliteStorage(path)
  expect(storage.migrated).toEqual({ applied: readMigrations().length, backup: null })
  await introduce(storage)
  await aReadyBattle(storage)
  await storage.votes.cast(aBallot())
  await storage.close()
  const migrations = join(folder, 'migrations')
  await mkdir(migrations)
  for (const file of (await readdir(ownMigrations())).filter((name) => name.endsWith('.sql')))
    await cp(join(ownMigrations(), file), join(migrations, file))
  const next = readMigrations().length + 1
  const step = String(next).padStart(4, '0')
  const add = (sql: string, name = 'more') => writeFile(join(migrations, `${step}_${name}.sql`), sql)
  return { folder, path, migrations, next, step, add }
}

const votesIn = (path: string) => {
  const connection = openConnection(path, { isReader: true })
  const votes = connection.prepare('select count(*) from votes').pluck().get()
  const steps = connection.prepare('select max(number) from migrations').pluck().get()
  const check = connection.pragma('integrity_check', { simple: true })
  connection.close()
  return { votes, steps, check }
}

test('a new step is applied once, after a backup that was checked', async () => {
  const { path, migrations, step, next, add } = await anArena()
  await add('alter table voters add column nickname text;')
  const storage = await sqliteStorage(path, { migrations })
  expect(storage.migrated.applied).toBe(1)
  const backup = storage.migrated.backup!
  expect(backup).toMatch(new RegExp(`backups/before-${step}\\.db$`))
  expect(checkedCopy(backup)).toMatchObject({ votes: 1, battles: 1, answers: 2, migrations: next - 1 })
  await storage.close()
  const again = await sqliteStorage(path, { migrations })
  expect(again.migrated).toEqual({ applied: 0, backup: null })
  expect(await again.votes.find('battle-1')).toMatchObject({ outcome: 'a' })
  await again.close()
})

test('a database of a newer Sightline is refused in words, and not touched', async () => {
  const { path, migrations, next, add } = await anArena()
  await add('alter table voters add column nickname text;', 'nicknames')
  await (await sqliteStorage(path, { migrations })).close()
  const before = await readFile(path)
  await expect(sqliteStorage(path)).rejects.toThrow(
    `The database was written by a newer Sightline: it is at step ${next} (nicknames), this program knows ${next - 1}.`,
  )
  expect(Buffer.compare(await readFile(path), before)).toBe(0)
})

test('a step that was rewritten after it was applied is refused', async () => {
  const { path, migrations, add, next } = await anArena()
  await add('alter table voters add column nickname text;')
  await (await sqliteStorage(path, { migrations })).close()
  await add('alter table voters add column nick text;')
  await expect(sqliteStorage(path, { migrations })).rejects.toThrow(
    `Step ${next} (more) of the database is not the one`,
  )
})

test('a file of another program is refused', async () => {
  const path = join(await ownFolder(), 'other.db')
  const connection = openConnection(path)
  connection.exec('create table songs (title text)')
  connection.close()
  await expect(sqliteStorage(path)).rejects.toThrow('belongs to another program')
})

test('a step that fails in its middle changes nothing', async () => {
  const { path, migrations, add, next } = await anArena()
  await add('alter table voters add column nickname text; delete from vote_revisions; insert into nowhere values (1);')
  await expect(sqliteStorage(path, { migrations })).rejects.toThrow('nowhere')
  expect(votesIn(path)).toEqual({ votes: 1, steps: next - 1, check: 'ok' })
  await (await sqliteStorage(path)).close()
})

test('a step that leaves orphans is refused', async () => {
  const { path, migrations, add, next } = await anArena()
  await add('delete from battles;')
  await expect(sqliteStorage(path, { migrations })).rejects.toThrow('orphans in')
  expect(votesIn(path)).toEqual({ votes: 1, steps: next - 1, check: 'ok' })
})

test('a table that is built anew keeps its children, and foreign keys hold again afterwards', async () => {
  const { path, migrations, add } = await anArena()
  await add(`
    create table settings_new (key text not null, value text not null, changed_at integer not null,
      constraint settings_pk primary key (key)) strict;
    insert into settings_new select key, value, changed_at from settings;
    drop table settings;
    alter table settings_new rename to settings;
    create table prompt_sets_new (id text not null, title text not null, license text not null, source text,
      constraint prompt_sets_pk primary key (id)) strict;
    insert into prompt_sets_new select id, title, license, null from prompt_sets;
    drop table prompt_sets;
    alter table prompt_sets_new rename to prompt_sets;`)
  const storage = await sqliteStorage(path, { migrations })
  expect(await storage.votes.find('battle-1')).toMatchObject({ outcome: 'a' })
  await expect(storage.votes.cast(aBallot({ id: 'x', battleId: 'nowhere' }))).resolves.toMatchObject({
    result: 'frozen',
  })
  await expect(storage.images.keep({} as never, 'nobody')).rejects.toThrow()
  await storage.close()
})

test.each(['begin;', 'COMMIT;', 'pragma foreign_keys = on;', 'vacuum;', '\n  attach x as y;'])(
  'a step may not say %j',
  async (sql) => {
    const { path, migrations, add } = await anArena()
    await add(`alter table voters add column nickname text;\n${sql}`)
    await expect(sqliteStorage(path, { migrations })).rejects.toThrow('the runner does that')
  },
)

test('a missing step and a strange name are refused', async () => {
  const { migrations, next } = await anArena()
  await writeFile(join(migrations, '0000-early.sql'), 'select 1;')
  expect(() => readMigrations(migrations)).toThrow('is not named like 0001_start.sql')
  await rm(join(migrations, '0000-early.sql'))
  await writeFile(join(migrations, `${String(next + 1).padStart(4, '0')}_late.sql`), 'select 1;')
  expect(() => readMigrations(migrations)).toThrow(`step ${next} is missing or there twice`)
})

test('killed at any statement of a step, the database is at the old step, whole', async () => {
  const { path, add, migrations, next } = await anArena()
  const statements = [
    'alter table voters add column nickname text',
    "update voters set nickname = 'somebody'",
    'create table notes (id text not null, constraint notes_pk primary key (id)) strict',
    'insert into notes select id from votes',
    'drop table notes',
  ]
  for (let at = 0; at <= statements.length; at++) {
    await add([...statements.slice(0, at), 'select die_here()', ...statements.slice(at)].join(';\n'))
    expect(await migratedBy(path, migrations), `killed before statement ${at}`).toBe('SIGKILL')
    expect(votesIn(path)).toEqual({ votes: 1, steps: next - 1, check: 'ok' })
  }
  await add(statements.join(';\n'))
  await (await sqliteStorage(path, { migrations })).close()
  expect(votesIn(path)).toEqual({ votes: 1, steps: next, check: 'ok' })
})

/** Another process migrates; how it ended. */
async function migratedBy(path: string, migrations: string): Promise<number | string | null> {
  const script = fileURLToPath(new URL('./dying-migration.ts', import.meta.url))
  const child = fork(script, [path, migrations], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return signal ?? code
}

test('four programs that start at once on an empty file migrate it once, and none of them fails', async () => {
  for (let round = 0; round < 3; round++) {
    const path = join(await ownFolder(), 'sightline.db')
    const ended = await Promise.all(Array.from({ length: 4 }, () => migratedBy(path, ownMigrations())))
    expect(ended).toEqual([0, 0, 0, 0])
    expect(votesIn(path)).toEqual({ votes: 0, steps: readMigrations().length, check: 'ok' })
  }
})
