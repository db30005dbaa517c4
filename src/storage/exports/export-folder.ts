import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, link, mkdir, readdir, readFile, rm, rmdir, stat, statfs } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import type { ExportFolder, FolderState, WrittenFile } from '../../exports/export-folder.ts'
import { asideSuffix, openAside, syncFile, syncFolder } from './aside.ts'
import { databaseSink } from './database-sink.ts'
import { parquetRows } from './parquet-rows.ts'
import { parquetSink } from './parquet-sink.ts'

/** Names the snapshot that is being written here; gone once the dataset is complete. */
const markName = '.sightline-export'
const sumsName = 'SHA256SUMS'

export function exportFolder(root: string): ExportFolder {
  const unsynced = new Set<string>()
  const at = (path: string) => join(root, ...path.split('/'))
  const put = async (path: string, content: string | Uint8Array): Promise<WrittenFile> => {
    const bytes = typeof content === 'string' ? Buffer.from(content.toWellFormed()) : content
    const aside = await openAside(root, path)
    await aside.handle.writeFile(bytes)
    await aside.commit()
    return {
      path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
      rows: 0,
      rowGroups: 0,
    }
  }
  const list = async () => {
    const paths = (await filesUnder(root)).filter((path) => path !== markName && !path.endsWith(asideSuffix))
    return paths.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
  }
  return {
    state: () => stateOf(root),
    async claim(snapshot) {
      await mkdir(root, { recursive: true })
      for (const path of await filesUnder(root)) if (path.endsWith(asideSuffix)) await rm(at(path))
      await rm(at(sumsName), { force: true })
      await put(markName, snapshot)
    },
    async clear() {
      for (const path of await filesUnder(root)) await rm(at(path))
      await removeEmptyFolders(root)
    },
    table: (path, table) => parquetSink(root, path, table),
    text: (path) => textSink(root, path),
    database: (path, statements) => databaseSink(root, path, statements),
    put,
    async putLater(path, content) {
      const aside = await openAside(root, path)
      await aside.handle.writeFile(content)
      await aside.commitLater()
      unsynced.add(path)
    },
    async link(from, to) {
      await mkdir(dirname(at(to)), { recursive: true })
      await sameFile(at(from), at(to))
      unsynced.add(to)
    },
    async has(path) {
      const found = await stat(at(path)).catch(() => null)
      return found?.isFile() ? { bytes: found.size } : null
    },
    async adopt(fromFolder, path) {
      await mkdir(dirname(at(path)), { recursive: true })
      await sameFile(join(fromFolder, ...path.split('/')), at(path))
      await syncFolder(dirname(at(path)))
    },
    async sha256(path) {
      const hash = createHash('sha256')
      await pipeline(createReadStream(at(path), { highWaterMark: 1 << 20 }), hash)
      return hash.digest('hex')
    },
    read: (path) => readFile(at(path)).catch(() => null),
    rows: (path, columns) => parquetRows(at(path), columns),
    lines: (path) => createInterface({ input: createReadStream(at(path)), crlfDelay: Number.POSITIVE_INFINITY }),
    list,
    async freeBytes() {
      await mkdir(root, { recursive: true })
      const { bavail, bsize } = await statfs(root)
      return bavail * bsize
    },
    async seal(sums) {
      // By now the system has written most of them by itself, so that this is one wait and not one for each picture.
      for (const path of unsynced) await syncFile(at(path))
      for (const parent of new Set([...unsynced].map((path) => dirname(at(path))))) await syncFolder(parent)
      unsynced.clear()
      await put(sumsName, sums)
      await rm(at(markName), { force: true })
      await syncFolder(root)
    },
  }
}

async function stateOf(root: string): Promise<FolderState> {
  const names = await readdir(root).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (names.length === 0) return { is: 'empty' }
  const mark = await readFile(join(root, markName), 'utf8').catch(() => null)
  if (mark !== null) return { is: 'unfinished', snapshot: mark.trim() }
  if (!names.includes(sumsName)) return { is: 'foreign' }
  const manifest = await readFile(join(root, 'manifest.json'), 'utf8').catch(() => null)
  if (manifest === null) return { is: 'foreign' }
  try {
    const parsed: unknown = JSON.parse(manifest)
    const snapshot = parsed && typeof parsed === 'object' && 'snapshot_id' in parsed ? String(parsed.snapshot_id) : ''
    return { is: 'complete', snapshot }
  } catch {
    return { is: 'foreign' }
  }
}

async function textSink(root: string, path: string) {
  const aside = await openAside(root, path)
  const hash = createHash('sha256')
  let bytes = 0
  return {
    async write(text: string) {
      const piece = Buffer.from(text.toWellFormed())
      hash.update(piece)
      bytes += piece.length
      await aside.handle.writeFile(piece)
    },
    async finish(rows: number): Promise<WrittenFile> {
      await aside.commit()
      return { path, sha256: hash.digest('hex'), bytes, rows, rowGroups: 0 }
    },
    abort: () => aside.abort(),
  }
}

async function sameFile(from: string, to: string) {
  await rm(to, { force: true })
  try {
    await link(from, to)
  } catch (error) {
    // Another device, or a file system without links.
    if (!['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error
    await copyFile(from, to)
  }
}

async function filesUnder(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
}

async function removeEmptyFolders(root: string) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  for (const folder of folders.sort((left, right) => right.length - left.length)) await rmdir(folder).catch(() => {})
}
