import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { imageKey } from '../../src/images/image.ts'
import { sqliteReader, sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { anImage, aVoter, later, sha256 } from '../characters.ts'
import { folderWith } from '../config/folder.ts'
import { inside } from './sightline.ts'

const names = ['a bicycle', 'a boat', 'a street']

/** A data folder with voters, images and a key, and its storage still open, as while an arena runs. */
async function arenaFolder({ cwd = folderWith({}), images = names }: { cwd?: string; images?: string[] } = {}) {
  const data = join(cwd, 'data')
  const storage = await sqliteStorage(join(data, 'sightline.db'))
  await storage.voters.keep(aVoter())
  for (const name of images) {
    const image = anImage(name)
    put(data, imageKey(image), name)
    await storage.images.keep(image, null)
  }
  put(data, 'keys/session.key', 'a session key')
  return { cwd, data, storage }
}

function put(data: string, key: string, content: string) {
  mkdirSync(dirname(join(data, key)), { recursive: true })
  writeFileSync(join(data, key), content)
}

const imagesIn = async (data: string) => {
  const reader = sqliteReader(join(data, 'sightline.db'))
  try {
    return await Promise.all(names.map(async (name) => (await reader.images.find(sha256(name)))?.sha256))
  } finally {
    await reader.close()
  }
}

test('a backup taken while the arena runs restores database, images and keys elsewhere', async () => {
  const { cwd, storage } = await arenaFolder()
  const made = await inside(['backup', '--out', 'b.tar', '--json'], { cwd })
  await storage.close()
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(made.out)).toMatchObject({ images: 3, missing: 0, tables: { voters: 1, images: 3 } })
  expect(statSync(join(cwd, 'b.tar')).mode & 0o077).toBe(0)

  const restored = await inside(['restore', 'b.tar', '--data', 'other'], { cwd })
  expect(restored).toMatchObject({ code: 0, err: '' })
  const other = join(cwd, 'other')
  expect(await imagesIn(other)).toEqual(names.map(sha256))
  for (const name of names) expect(readFileSync(join(other, imageKey(anImage(name))), 'utf8')).toBe(name)
  expect(readFileSync(join(other, 'keys/session.key'), 'utf8')).toBe('a session key')
  expect(readdirSync(other).filter((name) => name.startsWith('.'))).toEqual([])
})

test('a restore over an older arena keeps the database that was there', async () => {
  const { cwd, data, storage } = await arenaFolder()
  await inside(['backup', '--out', 'b.tar'], { cwd })
  await storage.voters.keep(aVoter({ id: 'voter-after' }))
  await storage.close()
  const { out } = await inside(['restore', 'b.tar', '--json'], { cwd })
  const { replaced } = JSON.parse(out) as { replaced: string }
  const votersIn = (file: string) => {
    const db = new Sqlite(file, { readonly: true })
    const ids = db.prepare('select id from voters order by id').pluck().all()
    db.close()
    return ids
  }
  expect(votersIn(join(data, 'sightline.db'))).toEqual(['voter-1'])
  expect(votersIn(replaced)).toEqual(['voter-1', 'voter-after'])
})

test('a restore into a running arena is refused, and the arena goes on', async () => {
  const { cwd, storage } = await arenaFolder()
  await inside(['backup', '--out', 'b.tar'], { cwd })
  const refused = await inside(['restore', 'b.tar'], { cwd })
  expect(refused).toMatchObject({
    code: 1,
    out: '',
    err: `An arena is running on ${join(cwd, 'data')}; stop it first.\n`,
  })
  await storage.voters.keep(aVoter({ id: 'voter-2' }))
  expect(await storage.voters.find('voter-2')).toBeDefined()
  await storage.close()
})

test.each([
  [
    'one flipped byte in the database',
    (bytes: Buffer) => void (bytes[30_000]! ^= 1),
    /sightline\.db is not what was written/,
  ],
  [
    'one flipped byte in an image',
    (bytes: Buffer) => void (bytes[bytes.lastIndexOf('a boat')]! ^= 1),
    /images\/.* is not what was written/,
  ],
  ['one flipped byte in a header', (bytes: Buffer) => void (bytes[3]! ^= 1), /damaged at byte 0/],
])('%s is found, and nothing is changed', async (_, spoil, words) => {
  const { cwd, storage } = await arenaFolder()
  await storage.close()
  await inside(['backup', '--out', 'b.tar'], { cwd })
  const bytes = readFileSync(join(cwd, 'b.tar'))
  spoil(bytes)
  writeFileSync(join(cwd, 'b.tar'), bytes)
  const { code, out, err } = await inside(['restore', 'b.tar', '--data', 'other'], { cwd })
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(words)
  expect(existsSync(join(cwd, 'other'))).toBe(false)
})

test('a backup cut short, or another archive, is refused', async () => {
  const { cwd, storage } = await arenaFolder()
  await storage.close()
  await inside(['backup', '--out', 'b.tar'], { cwd })
  const bytes = readFileSync(join(cwd, 'b.tar'))
  for (const length of [0, 100, 512, 40_000, bytes.length - 1024]) {
    writeFileSync(join(cwd, 'cut.tar'), bytes.subarray(0, length))
    expect((await inside(['restore', 'cut.tar', '--data', 'other'], { cwd })).code, String(length)).toBe(1)
  }
  writeFileSync(join(cwd, 'text.tar'), 'x'.repeat(5000))
  expect((await inside(['restore', 'text.tar'], { cwd })).err).toContain('text.tar is not a backup of Sightline')
})

test('a backup from a newer Sightline is refused, and the database stays', async () => {
  const { cwd, data, storage } = await arenaFolder()
  await storage.close()
  const future = await arenaFolder({ cwd: folderWith({}) })
  await future.storage.close()
  const db = new Sqlite(join(future.data, 'sightline.db'))
  db.prepare('insert into migrations values (9999, ?, ?, 0)').run('tomorrow', 'f'.repeat(64))
  db.close()
  expect((await inside(['backup', '--out', join(cwd, 'b.tar')], { cwd: future.cwd })).code).toBe(0)
  const before = readFileSync(join(data, 'sightline.db'))
  const { code, err } = await inside(['restore', 'b.tar'], { cwd })
  expect(code).toBe(1)
  expect(err).toContain('newer Sightline')
  const migrations = new Sqlite(join(data, 'sightline.db'), { readonly: true })
  expect(migrations.prepare('select count(*) from migrations where number = 9999').pluck().get()).toBe(0)
  migrations.close()
  expect(readFileSync(join(data, 'sightline.db')).length).toBe(before.length)
})

test('a backup says which images the database names but the disk does not have, and overwrites no file', async () => {
  const { cwd, data, storage } = await arenaFolder()
  await storage.images.keep(anImage('never put'), null)
  const { code, err } = await inside(['backup', '--out', 'b.tar'], { cwd })
  expect(code).toBe(0)
  expect(err).toBe('Warning: 1 images that the database names are not on the disk; the backup holds what there is.\n')
  expect(await inside(['backup', '--out', 'b.tar'], { cwd })).toMatchObject({
    code: 2,
    err: '--out b.tar: there is such a file already.\n',
  })
  expect((await inside(['backup', '--out', 'c.tar', '--data', 'none'], { cwd })).err).toContain(
    'There is no database in',
  )
  expect(readdirSync(cwd).sort()).toEqual(['b.tar', 'data'])
  await storage.close()
  expect(existsSync(join(data, 'sightline.db'))).toBe(true)
})

test('gc drops what no row names once it is a day old, and nothing else', async () => {
  const { cwd, data, storage } = await arenaFolder()
  await storage.close()
  const orphan = imageKey(anImage('an orphan'))
  const young = imageKey(anImage('still on its way'))
  put(data, orphan, 'x')
  put(data, young, 'x')
  put(data, 'images/zz/not-ours.txt', 'x')
  const old = later(-26 * 60 * 60 * 1000, new Date()).getTime() / 1000
  for (const key of [orphan, imageKey(anImage(names[0]!))]) utimesSync(join(data, key), old, old)
  expect(JSON.parse((await inside(['gc', '--dry-run', '--json'], { cwd })).out)).toEqual({
    looked_at: 5,
    removed: 0,
    orphans: 1,
    bytes: 1,
  })
  expect(existsSync(join(data, orphan))).toBe(true)
  expect(await inside(['gc'], { cwd })).toMatchObject({ code: 0, out: 'Removed 1 of 5 image files, 0.0 MB.\n' })
  expect(existsSync(join(data, orphan))).toBe(false)
  for (const key of [young, ...names.map((name) => imageKey(anImage(name))), 'images/zz/not-ours.txt'])
    expect(existsSync(join(data, key)), key).toBe(true)
})

test('migrate brings a new folder to the newest step, and says when there is nothing to do', async () => {
  const cwd = folderWith({})
  const first = JSON.parse((await inside(['migrate', '--json'], { cwd })).out) as {
    applied: number
    backup: string | null
  }
  expect(first.applied).toBeGreaterThan(0)
  expect(first.backup).toBeNull()
  expect((await inside(['migrate'], { cwd })).out).toContain('is at the newest step.')
})
