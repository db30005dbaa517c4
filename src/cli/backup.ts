import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { archiveWriter, type Member } from './archive.ts'
import { checkArchive, type Manifest, manifestName } from './backup-manifest.ts'
import { failed, usage } from './command-error.ts'
import { imageFiles } from './gc.ts'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson, say } from './output.ts'
import { packageVersion } from './package.ts'
import { progressOf } from './progress.ts'

export function registerBackup(program: Command) {
  withPlaces(
    program
      .command('backup')
      .description(
        'One file with a consistent copy of the database, the images and the keys, opened and checked. Safe while the arena runs.',
      )
      .addHelpText('before', 'Example:\n  sightline backup --out arena-monday.tar\n'),
  )
    .requiredOption('--out <file>', 'the file to write; it must not exist yet')
    .option('--json', 'print JSON')
    .action(backup)
}

async function backup({ out, json, ...flags }: PlaceFlags & { out: string; json?: boolean }) {
  const { data } = configFrom(flags, { isQuiet: true })
  const file = resolve(out)
  const database = join(data, 'sightline.db')
  if (existsSync(file)) throw usage(`--out ${out}: there is such a file already.`)
  if (!existsSync(dirname(file))) throw usage(`--out ${out}: there is no folder ${dirname(file)}.`)
  if (!existsSync(database)) throw failed(`There is no database in ${data}.`)
  const aside = `${file}.tmp`
  rmSync(aside, { force: true })
  try {
    const manifest = await written(aside, { data, database })
    await checkArchive(aside, progressOf('Checking the backup', { unit: ' bytes' }))
    renameSync(aside, file)
    await flushFolder(dirname(file))
    const bytes = manifest.members.reduce((sum, member) => sum + member.bytes, 0)
    if (manifest.missing > 0)
      say(
        `Warning: ${manifest.missing} images that the database names are not on the disk; the backup holds what there is.`,
      )
    if (json) printJson({ file, bytes, images: manifest.images, missing: manifest.missing, tables: manifest.tables })
    else
      print(
        `${file}: ${manifest.images} images and ${manifest.tables['votes'] ?? 0} votes, ${(bytes / 1e6).toFixed(1)} MB, checked.`,
      )
  } finally {
    rmSync(aside, { force: true })
  }
}

async function written(aside: string, { data, database }: { data: string; database: string }): Promise<Manifest> {
  const { openConnection } = await import('../storage/sqlite/open.ts')
  const { backUp } = await import('../storage/sqlite/backup.ts')
  const folder = mkdtempSync(join(existsSync(dirname(aside)) ? dirname(aside) : tmpdir(), '.sightline-backup-'))
  const copy = join(folder, 'sightline.db')
  const writer = await archiveWriter(aside)
  try {
    const live = openConnection(database, { isReader: true })
    // The database first: every image it names was put before its row, so it is on the disk by now.
    const { tables } = await backUp(live, copy).finally(() => live.close())
    const members: Member[] = [await writer.file('sightline.db', copy)]
    const progress = progressOf('Copying images')
    const kept = new Set<string>()
    for (const { key, sha256, path } of imageFiles(data)) {
      const member = await writer.file(key, path).catch(ifGone)
      if (!member) continue
      members.push(member)
      kept.add(sha256)
      progress.at(kept.size, null)
    }
    progress.end()
    for (const name of keyFiles(data)) members.push(await writer.file(`keys/${name}`, join(data, 'keys', name)))
    const named = await imagesNamedBy(copy)
    const manifest: Manifest = {
      format: 'sightline-backup-1',
      version: packageVersion(),
      made_at: new Date().toISOString(),
      tables,
      images: kept.size,
      missing: named.filter((sha256) => !kept.has(sha256)).length,
      members,
    }
    await writer.text(manifestName, `${JSON.stringify(manifest, null, 1)}\n`)
    await writer.end()
    return manifest
  } catch (error) {
    await writer.abandon()
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** An image may be deleted between the listing and the copy. */
function ifGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

const keyFiles = (data: string) =>
  existsSync(join(data, 'keys'))
    ? readdirSync(join(data, 'keys'))
        .filter((name) => basename(name).endsWith('.key'))
        .sort()
    : []

async function imagesNamedBy(file: string): Promise<string[]> {
  const { default: Sqlite } = await import('better-sqlite3')
  const copy = new Sqlite(file, { readonly: true })
  try {
    return copy.prepare('select sha256 from images').pluck().all() as string[]
  } finally {
    copy.close()
  }
}

export async function flushFolder(folder: string) {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
