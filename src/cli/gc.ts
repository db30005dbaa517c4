import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { isImageHash } from '../core/ids.ts'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson } from './output.ts'
import { progressOf } from './progress.ts'

export function registerGc(program: Command) {
  withPlaces(
    program
      .command('gc')
      .description('Drop image files that no row of the database names and that are older than a day.')
      .addHelpText('before', 'Example:\n  sightline gc --dry-run\n'),
  )
    .option('--dry-run', 'only say what would go')
    .option('--json', 'print JSON')
    .action(gc)
}

/** A blob is put before its row, so a young one may belong to an upload that is still on its way. */
const orphanAgeMs = 24 * 60 * 60 * 1000

async function gc({ json, dryRun = false, ...flags }: PlaceFlags & { json?: boolean; dryRun?: boolean }) {
  const { data } = configFrom(flags, { isQuiet: true })
  const { sqliteReader } = await import('../storage/sqlite/storage.ts')
  const { diskBlobStore } = await import('../storage/disk/blob-store.ts')
  const storage = sqliteReader(join(data, 'sightline.db'))
  const blobs = diskBlobStore(data)
  const before = Date.now() - orphanAgeMs
  const progress = progressOf('Looking at images')
  const gone = { files: 0, bytes: 0 }
  let seen = 0
  try {
    for (const { key, sha256, path } of imageFiles(data)) {
      progress.at(++seen, null)
      const { mtimeMs, size } = statSync(path)
      if (mtimeMs > before || (await storage.images.find(sha256))) continue
      if (!dryRun) await blobs.remove(key)
      gone.files += 1
      gone.bytes += size
    }
  } finally {
    progress.end()
    await storage.close()
  }
  if (json)
    return void printJson({ looked_at: seen, removed: dryRun ? 0 : gone.files, orphans: gone.files, bytes: gone.bytes })
  const megabytes = (gone.bytes / 1e6).toFixed(1)
  print(`${dryRun ? 'Would remove' : 'Removed'} ${gone.files} of ${seen} image files, ${megabytes} MB.`)
}

export function* imageFiles(data: string): Generator<{ key: string; sha256: string; path: string }> {
  const root = join(data, 'images')
  if (!existsSync(root)) return
  for (const folder of readdirSync(root)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .sort())
    for (const file of readdirSync(join(root, folder)).sort()) {
      const sha256 = file.replace(/\.(jpg|png)$/, '')
      if (isImageHash(sha256)) yield { key: `images/${folder}/${file}`, sha256, path: join(root, folder, file) }
    }
}
