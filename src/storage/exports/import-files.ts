import { createReadStream } from 'node:fs'
import { lstat, open, readdir, realpath } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { createGunzip } from 'node:zlib'
import type { SkipReason } from '../../exports/import-formats.ts'
import { parquetFooter, parquetRows } from './parquet-rows.ts'

/** One line holds a conversation and perhaps pictures in base64; a longer one is skipped without being held. */
const lineBytesMax = 128 * 1024 * 1024
const imageBytesMax = 64 * 1024 * 1024

export type SourceRow = Record<string, unknown> | { skipped: SkipReason }

/** Files named, and those in folders named: `.parquet`, `.jsonl`, `.jsonl.gz`, in name order. */
export async function importFiles(paths: string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    const about = await lstat(path)
    if (!about.isDirectory()) found.push(path)
    else
      for (const name of (await readdir(path, { recursive: true })).sort())
        if (/\.(parquet|jsonl|jsonl\.gz)$/.test(name)) found.push(join(path, name))
  }
  return found
}

/** Names of the columns of a file, by its footer or its first object. */
export async function columnsOf(path: string): Promise<string[]> {
  if (await isParquet(path)) return (await parquetFooter(path)).columns
  for await (const row of jsonRows(path)) if (!('skipped' in row)) return Object.keys(row)
  return []
}

export async function* rowsOfFile(path: string): AsyncIterable<SourceRow> {
  if (await isParquet(path)) yield* parquetRows(path)
  else yield* jsonRows(path)
}

async function* jsonRows(path: string): AsyncIterable<SourceRow> {
  for await (const line of linesOf(path)) {
    if (line === null) {
      yield { skipped: 'too_large' }
      continue
    }
    if (line.trim() === '') continue
    yield objectIn(line)
  }
}

function objectIn(line: string): SourceRow {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Counted below.
  }
  return { skipped: 'invalid_json' }
}

/** Lines of a file, gzip or not; null for one that is too long. */
async function* linesOf(path: string): AsyncIterable<string | null> {
  const raw = createReadStream(path, { highWaterMark: 1 << 20 })
  const source = path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  let held: Buffer[] = []
  let length = 0
  let isTooLong = false
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, at)
      yield isTooLong || length + piece.length > lineBytesMax ? null : Buffer.concat([...held, piece]).toString('utf8')
      held = []
      length = 0
      isTooLong = false
      from = at + 1
    }
    const rest = chunk.subarray(from)
    length += rest.length
    if (length > lineBytesMax) {
      isTooLong = true
      held = []
    } else held.push(rest)
  }
  if (isTooLong) yield null
  else if (length > 0) yield Buffer.concat(held).toString('utf8')
}

async function isParquet(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString('latin1') === 'PAR1'
  } finally {
    await handle.close()
  }
}

/** A picture under the folder the operator named: no way out of it, and no links, which might be one. */
export async function fileUnder(root: string, path: string): Promise<Uint8Array | null> {
  const target = resolve(root, path)
  const inside = relative(resolve(root), target)
  if (inside === '' || inside.startsWith('..') || resolve(inside) === inside) return null
  let at = resolve(root)
  for (const part of inside.split(sep)) {
    at = join(at, part)
    const about = await lstat(at).catch(() => null)
    if (!about || about.isSymbolicLink()) return null
    if (at === target && (!about.isFile() || about.size > imageBytesMax)) return null
  }
  if (!(await realpath(target)).startsWith((await realpath(root)) + sep)) return null
  const handle = await open(target, 'r')
  try {
    return new Uint8Array(await handle.readFile())
  } finally {
    await handle.close()
  }
}
