import { createHash, createHmac, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import type { Config } from '../config.ts'
import type { ExportContext } from '../exports/build-export.ts'
import type { ExportStore } from '../exports/export-store.ts'
import { imagePath } from '../exports/record.ts'
import { exportFolder } from '../storage/exports/export-folder.ts'
import { sqliteLedger } from '../storage/exports/ledger.ts'
import { exportStore } from '../storage/sql/export-store.ts'
import { sqliteReader } from '../storage/sqlite/storage.ts'
import { packageVersion } from './package.ts'

/** What an export needs to know of the arena, plain enough to be sent to a worker thread. */
export type ExportPlace = {
  data: string
  dataset: string
  license: string | null
  /** From `exports.key_env` or `exports.key_file`; null: a file of our own in the data folder. */
  key: string | null
  site: { name: string; url: string | null; contact: string | null }
}

export const placeOf = ({ data, exports, site }: Config, dataset: string = exports.dataset): ExportPlace => ({
  data,
  dataset,
  license: exports.license,
  key: exports.key?.reveal() ?? null,
  site: { name: site.name, url: site.url ?? null, contact: null },
})

export const databaseOf = (data: string) => join(data, 'sightline.db')
export const exportsOf = (data: string) => join(data, 'exports')
export const importsOf = (data: string) => join(data, 'imports')
export const ledgerOf = (data: string) => join(exportsOf(data), 'ledger.db')

/** Opens what an export reads and where it remembers. Dispose when done. */
export async function openExport(
  place: ExportPlace,
  { out, source }: { out: string; source: string | null },
): Promise<ExportContext & AsyncDisposable> {
  const { data, dataset } = place
  const { store, images, close } = await openStore(data, source)
  const ledger = sqliteLedger(ledgerOf(data))
  // A preview names nobody, so it makes no key.
  let made: Uint8Array | null = null
  const key = () => (made ??= keyOf(place))
  const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
  const pathOf = (image: { sha256: string; mediaType: string }) => join(images, imagePath(image))
  return {
    store,
    ledger,
    folder: exportFolder(out),
    image: (image, room) => fileBytes(pathOf(image), room),
    isImageThere: async (image) => (await stat(pathOf(image)).catch(() => null))?.isFile() ?? false,
    smallJpeg,
    hash: sha256,
    keyed: (text) => createHmac('sha256', key()).update(text).digest(),
    keyId: () => createHmac('sha256', key()).update(`key id\0${dataset}`).digest('hex').slice(0, 16),
    codeVersion: packageVersion(),
    sqliteVersion: sqliteVersion(),
    site: place.site,
    async [Symbol.asyncDispose]() {
      ledger.close()
      await close()
    },
  }
}

async function fileBytes(path: string, room: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes)) {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!handle) return undefined
  try {
    const bytes = room((await handle.stat()).size)
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at)
      if (bytesRead === 0) return bytes.subarray(0, at)
      at += bytesRead
    }
    return bytes
  } finally {
    await handle.close()
  }
}

async function openStore(
  data: string,
  source: string | null,
): Promise<{ store: ExportStore; images: string; close(): Promise<void> }> {
  if (source !== null) {
    const { importPool } = await import('../storage/exports/import-pool.ts')
    const pool = importPool(importsOf(data))
    return { store: pool.storeOf(source), images: importsOf(data), close: async () => pool.close() }
  }
  const reader = sqliteReader(databaseOf(data))
  return { store: exportStore(reader.engine), images: data, close: () => reader.close() }
}

/** 32 random bytes for each dataset, made on its first export, readable by its owner only. Whoever has it can tell voters apart by name. */
function keyOf({ data, dataset, key }: ExportPlace): Uint8Array {
  if (key !== null) return createHash('sha256').update(key).digest()
  const path = join(data, 'keys', `export-${dataset}.key`)
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, randomBytes(32), { mode: 0o600, flag: 'wx' })
    chmodSync(path, 0o600)
  }
  return readFileSync(path)
}

async function smallJpeg(bytes: Uint8Array): Promise<string> {
  const { default: sharp } = await import('sharp')
  const small = await sharp(bytes)
    .resize(512, 512, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 80 })
    .toBuffer()
  return small.toString('base64')
}

function sqliteVersion(): string {
  const database = new Database(':memory:')
  const version = String(database.prepare('SELECT sqlite_version()').pluck().get())
  database.close()
  return version
}
