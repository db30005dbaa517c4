import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { idFrom } from '../../src/core/ids.ts'
import { buildExport } from '../../src/exports/build-export.ts'
import { importBattles, type ImportContext } from '../../src/exports/import-battles.ts'
import { formatOf, type ImportFormat } from '../../src/exports/import-formats.ts'
import { defaultOptions } from '../../src/exports/options.ts'
import { importedImages } from '../../src/cli/import-images.ts'
import { sharpCodec } from '../../src/providers/sharp-codec.ts'
import { diskBlobStore } from '../../src/storage/disk/blob-store.ts'
import { importPool } from '../../src/storage/exports/import-pool.ts'
import { parquetRows } from '../../src/storage/exports/parquet-rows.ts'
import { readFile } from 'node:fs/promises'
import { imagePath } from '../../src/exports/record.ts'
import { aContext, aPicture, fortyVotes, hash } from './rows.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-import-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const codec = sharpCodec()
const pictures = (root: string) => importedImages({ codec, blobs: diskBlobStore(root), folder: null })

async function* each<T>(rows: T[]): AsyncIterable<T> {
  yield* rows
}

function anImport(format: ImportFormat, some: Partial<ImportContext> = {}) {
  const pool = importPool(join(folder, 'imports'))
  const context: ImportContext = {
    pool,
    source: 'elsewhere',
    format,
    license: 'cc-by-4.0',
    isDryRun: false,
    modelId: (name) => name,
    keepImage: pictures(join(folder, 'imports')),
    newId: (seed) => idFrom(Buffer.from(hash(seed), 'hex')),
    hash,
    limit: null,
    ...some,
  }
  return { pool, context }
}

async function rowsAt(root: string): Promise<Record<string, unknown>[]> {
  const { globSync } = await import('node:fs')
  const rows: Record<string, unknown>[] = []
  for (const path of globSync(join(root, 'battles', '*.parquet')).sort()) for await (const row of parquetRows(path)) rows.push(row)
  return rows.sort((left, right) => (String(left['id']) < String(right['id']) ? -1 : 1))
}

test('battles that are exported, imported and exported again are equal in every column and every byte of every picture', async () => {
  const first = join(folder, 'first')
  const second = join(folder, 'second')
  const options = { ...defaultOptions(['battles']), test: 0.2 }
  await buildExport(options, aContext(fortyVotes(), first))
  const exported = await rowsAt(first)
  const { pool, context } = anImport('battles')
  const totals = await importBattles(each(exported), context)
  expect(totals).toMatchObject({ read: 40, added: 40, skipped: {}, flagged: {} })
  const root = join(folder, 'imports')
  await buildExport(
    { ...options, source: 'elsewhere', license: 'internal' },
    aContext({ rows: [], pictures: new Map() }, second, {
      store: pool.storeOf('elsewhere'),
      image: (image) => readFile(join(root, imagePath(image))),
      isImageThere: async () => true,
    }),
  )
  pool.close()
  expect(await rowsAt(second)).toEqual(exported)
})
