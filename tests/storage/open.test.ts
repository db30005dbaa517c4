import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { assertPragmas, isBelow, networkDisk, openConnection } from '../../src/storage/sqlite/open.ts'
import { sqliteReader, sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { aBallot, anEnd, aReadyBattle, introduce, later } from '../characters.ts'
import { ownFolder } from './folder.ts'

test('every connection has every setting, also when the file is opened again', async () => {
  const path = join(await ownFolder(), 'data', 'sightline.db')
  for (const isReader of [false, false, true]) {
    const connection = openConnection(path, { isReader })
    expect(
      Object.fromEntries(
        [
          'journal_mode',
          'synchronous',
          'busy_timeout',
          'foreign_keys',
          'trusted_schema',
          'cell_size_check',
          'secure_delete',
          'temp_store',
          'mmap_size',
          'wal_autocheckpoint',
          'journal_size_limit',
          'query_only',
        ].map((name) => [name, connection.pragma(name, { simple: true })]),
      ),
    ).toEqual({
      journal_mode: 'wal',
      synchronous: 2,
      busy_timeout: 5000,
      foreign_keys: 1,
      trusted_schema: 0,
      cell_size_check: 1,
      secure_delete: 1,
      temp_store: 2,
      mmap_size: 0,
      wal_autocheckpoint: 1000,
      journal_size_limit: 67_108_864,
      query_only: isReader ? 1 : 0,
    })
    connection.close()
  }
})

test('a setting that does not hold is refused', async () => {
  const connection = openConnection(join(await ownFolder(), 'sightline.db'))
  connection.pragma('synchronous = normal')
  expect(() => assertPragmas(connection, false)).toThrow("SQLite's synchronous is 1, not 2; votes would not be safe.")
  connection.close()
})

test('versions are compared part by part', () => {
  const floor = [3, 51, 3]
  for (const below of ['3.51.2', '3.9.9', '2.99.99', '3.50.7']) expect(isBelow(numbers(below), floor), below).toBe(true)
  for (const fine of ['3.51.3', '3.54.1', '3.100.0', '4.0.0']) expect(isBelow(numbers(fine), floor), fine).toBe(false)
})
const numbers = (version: string) => version.split('.').map(Number)

test('network disks are known by their numbers, local ones are not mistaken for them', () => {
  expect([0x6969, 0x517b, 0xfe534d42, 0xff534d42, 0x01021997].map(networkDisk)).toEqual([
    'NFS',
    'SMB',
    'SMB',
    'CIFS',
    '9p',
  ])
  // statfs may give the number with its sign.
  expect(networkDisk(0xff534d42 | 0)).toBe('CIFS')
  for (const local of [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630])
    expect(networkDisk(local)).toBeUndefined()
})

test('a reader beside a running arena sees what is committed and cannot write', async () => {
  const path = join(await ownFolder(), 'sightline.db')
  const storage = await sqliteStorage(path)
  const reader = sqliteReader(path)
  await introduce(storage)
  await aReadyBattle(storage)
  await storage.votes.cast(aBallot())
  await storage.votes.freeze(later(100 * 3_600_000), later(1000))
  expect(await reader.leaderboards.ballots({ after: null, limit: 9 })).toHaveLength(1)
  expect((await reader.votes.find('battle-1'))?.id).toBe('vote-1')
  await expect(reader.engine.transaction(async () => {})).rejects.toMatchObject({ key: 'not_saved' })
  await expect(reader.engine.read(async (db) => void (await db.delete(reader.engine.schema.votes)))).rejects.toThrow()
  await storage.votes.withdraw('battle-1', later(1))
  expect(await reader.leaderboards.ballots({ after: null, limit: 9 })).toEqual([])
  await reader.close()
  await storage.close()
})

test('a reader does not make a file', async () => {
  const path = join(await ownFolder(), 'sightline.db')
  expect(() => sqliteReader(path)).toThrow()
  expect(existsSync(path)).toBe(false)
})

test('a closed arena is one file, takes no more writes, and may be closed twice', async () => {
  const path = join(await ownFolder(), 'sightline.db')
  const storage = await sqliteStorage(path)
  await introduce(storage)
  await aReadyBattle(storage)
  const lastVote = storage.votes.cast(aBallot())
  await Promise.all([storage.close(), storage.close()])
  expect((await lastVote).result).toBe('cast')
  await expect(storage.votes.cast(aBallot())).rejects.toMatchObject({ key: 'stopping' })
  expect([path, `${path}-wal`, `${path}-shm`].map((file) => existsSync(file))).toEqual([true, false, false])
})

test('what a read sees in several queries fits together while votes come in', async () => {
  const storage = await sqliteStorage(join(await ownFolder(), 'sightline.db'))
  await introduce(storage)
  const ids = Array.from({ length: 50 }, (_, i) => `battle-${i}`)
  await Promise.all(
    ids.flatMap((id) => [
      aReadyBattle(storage, { id }),
      ...Array.from({ length: 5 }, async () => {
        const found = await storage.battles.find(id)
        const isDone = found?.state === 'ready'
        for (const side of ['a', 'b'] as const)
          if (found) expect(found.turns[0]?.answers[side].state === 'finished', found.state).toBe(isDone)
      }),
    ]),
  )
  expect(await storage.battles.finish('battle-1', 1, anEnd())).toBe('conflict')
  await storage.close()
})

test('a probe tells whether a write can be saved, and after it the arena knows', async () => {
  const path = join(await ownFolder(), 'sightline.db')
  const storage = await sqliteStorage(path)
  expect(await storage.probe(later(1))).toBe(true)
  await storage.engine.transaction(async (db) => void (await db.run(sql`pragma busy_timeout = 0`)))
  const other = openConnection(path)
  other.exec('begin immediate')
  expect(await storage.probe(later(2))).toBe(false)
  expect(storage.isWritable()).toBe(false)
  other.exec('rollback')
  other.close()
  expect(await storage.probe(later(3))).toBe(true)
  expect(storage.isWritable()).toBe(true)
  await storage.close()
})
