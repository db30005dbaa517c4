import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { chunksOf } from './archive.ts'
import { flushFolder } from './backup.ts'
import { checkArchive, readManifest } from './backup-manifest.ts'
import { failed, usage } from './command-error.ts'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson } from './output.ts'
import { patiently, progressOf } from './progress.ts'

export function registerRestore(program: Command) {
  withPlaces(
    program
      .command('restore <file>')
      .description('Put a backup into the data folder of a stopped arena; what was there is kept in backups/.')
      .addHelpText('before', 'Example:\n  sightline restore arena-monday.tar --data /srv/arena\n'),
  )
    .option('--json', 'print JSON')
    .action(restore)
}

async function restore(name: string, { json, ...flags }: PlaceFlags & { json?: boolean }) {
  const { data } = configFrom(flags, { isQuiet: true })
  const file = resolve(name)
  if (!existsSync(file)) throw usage(`There is no file ${name}.`)
  const manifest = await checkArchive(file, progressOf('Checking the backup', { unit: ' bytes' }))
  mkdirSync(data, { recursive: true })
  const database = join(data, 'sightline.db')
  await refuseRunning(database)
  const aside = mkdtempSync(join(data, '.restore-'))
  try {
    await unpack(file, aside)
    // Opening it counts rows, refuses a newer schema, and brings an older one up to date, all in the copy.
    await patiently('Opening the copy', () => openedOnce(join(aside, 'sightline.db'), manifest.tables))
    await placeFiles(
      aside,
      data,
      manifest.members.map((member) => member.name),
    )
    const kept = swapDatabase(join(aside, 'sightline.db'), database)
    await flushFolder(data)
    if (json) printJson({ data, made_at: manifest.made_at, images: manifest.images, replaced: kept })
    else print(`${data} is as it was at ${manifest.made_at}${kept ? `; the database before is ${kept}` : ''}.`)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Only the last connection may leave WAL mode: while an arena runs this fails, and once it succeeds the file stands alone. */
async function refuseRunning(database: string) {
  if (!existsSync(database)) return
  const { default: Sqlite } = await import('better-sqlite3')
  const connection = new Sqlite(database, { timeout: 500 })
  try {
    if (connection.pragma('journal_mode = delete', { simple: true }) === 'delete') return
  } catch (error) {
    const { code } = error as { code?: string }
    if (code !== 'SQLITE_BUSY' && code !== 'SQLITE_LOCKED')
      throw failed(
        `${database} cannot be opened (${(error as Error).message}); move it away, then restore again.`,
        error,
      )
  } finally {
    connection.close()
  }
  throw failed(`An arena is running on ${dirname(database)}; stop it first.`)
}

async function unpack(file: string, folder: string) {
  const handle = await open(file, 'r')
  try {
    const { entries } = await readManifest(handle, file)
    const progress = progressOf('Unpacking')
    for (const [at, { name, offset, bytes }] of entries.entries()) {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      const out = await open(path, 'wx', name.startsWith('keys/') || name === 'sightline.db' ? 0o600 : 0o644)
      try {
        for await (const chunk of chunksOf(handle, offset, bytes)) await out.write(chunk)
        await out.sync()
      } finally {
        await out.close()
      }
      progress.at(at + 1, entries.length)
    }
    progress.end()
  } finally {
    await handle.close()
  }
}

async function openedOnce(database: string, tables: Record<string, number>) {
  const { checkedCopy } = await import('../storage/sqlite/backup.ts')
  const { sqliteStorage } = await import('../storage/sqlite/storage.ts')
  const counts = checkedCopy(database)
  const wrong = Object.keys(tables).find((table) => counts[table] !== tables[table])
  if (wrong !== undefined)
    throw failed(`The copy has ${counts[wrong]} rows in ${wrong}, not ${tables[wrong]}; nothing was changed.`)
  const storage = await sqliteStorage(database)
  await storage.close()
}

/** Images are named by their content, so those already there are the same. Keys that differ are kept beside. */
async function placeFiles(aside: string, data: string, names: readonly string[]) {
  for (const name of names) {
    if (name === 'sightline.db') continue
    const to = join(data, name)
    if (existsSync(to) && (name.startsWith('images/') || isSame(to, join(aside, name)))) continue
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
    if (existsSync(to)) renameSync(to, free(`${to}.before`))
    renameSync(join(aside, name), to)
    await flushFolder(dirname(to))
  }
}

const isSame = (x: string, y: string) => readFileSync(x).equals(readFileSync(y))

/** The old file gets a second name first, so that at no moment there is no database. */
function swapDatabase(copy: string, database: string): string | null {
  if (!existsSync(database)) {
    renameSync(copy, database)
    return null
  }
  mkdirSync(join(dirname(database), 'backups'), { recursive: true })
  const kept = free(
    join(dirname(database), 'backups', `replaced-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.db`),
  )
  linkSync(database, kept)
  renameSync(copy, database)
  return kept
}

function free(path: string): string {
  for (let again = 1; ; again++) {
    const candidate = again === 1 ? path : `${path}-${again}`
    if (!existsSync(candidate)) return candidate
  }
}
