import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { failed, usage } from './command-error.ts'
import type { Row } from './vote-row.ts'

/** A row with the line it began on, or why there is none on that line. */
export type ReadRow = { line: number; row: Row } | { line: number; unreadable: string }

const required = ['model_a', 'model_b', 'winner']

/** One line of one file is at most this long; a whole conversation with images in it may stand on one. */
const lineBytesMax = 256 * 1024 * 1024

/**
 * The rows of a file in batches, whatever its format: `.jsonl`, `.csv`, either of them with gzip, `.parquet`; `-` is standard input.
 * Holds one batch at a time. `onBytes` is told how much of the file has been read.
 */
export async function* readRows(
  file: string,
  { columns, onBytes = () => {} }: { columns: readonly string[]; onBytes?: (bytes: number) => void },
): AsyncGenerator<ReadRow[]> {
  if (file !== '-' && (await isParquet(file))) return yield* parquetBatches(file, columns, onBytes)
  let read = 0
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 })
  async function* counted(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      read += chunk.length
      onBytes(read)
      yield chunk
    }
  }
  const chunks = plain(counted(source as AsyncIterable<Buffer>), file)
  const lines = linesOf(chunks)
  const first = await lines.next()
  if (first.done) return
  const all = resumed(first.value, lines)
  const start = textOf(first.value[0]!.bytes).trimStart()
  if (start.startsWith('['))
    throw usage(
      `${file}: this is one JSON array; ranking reads one object a line (jq -c '.[]' turns one into the other).`,
    )
  yield* start.startsWith('{') || !file.replace(/\.gz$/, '').endsWith('.csv') ? jsonRows(all) : csvRows(all, file)
}

export async function sizeOf(file: string): Promise<number | null> {
  return file === '-' ? null : (await stat(file)).size
}

async function isParquet(file: string): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString('latin1') === 'PAR1'
  } finally {
    await handle.close()
  }
}

/** Unpacks gzip, known by its first bytes and not by a name. */
async function* plain(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) return
  const whole = resumed(first.value, { [Symbol.asyncIterator]: () => iterator })
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) return yield* whole
  const { pipeline } = await import('node:stream/promises')
  const unpacked = createGunzip({ chunkSize: 1 << 20 })
  const done = pipeline(whole, unpacked).catch((error: Error) => unpacked.destroy(error))
  try {
    for await (const chunk of unpacked) yield chunk as Buffer
  } catch (error) {
    throw failed(`${file}: the gzip data is broken: ${(error as Error).message}.`, error)
  }
  await done
}

async function* resumed<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}

type Line = { number: number; bytes: Buffer; isTooLong: boolean }

/** Lines in batches, one batch a chunk; the line break is not part of them. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let rest: Buffer[] = []
  let restBytes = 0
  let number = 0
  const take = (tail: Buffer): Line => {
    number += 1
    const isTooLong = restBytes + tail.length > lineBytesMax
    const bytes = isTooLong ? Buffer.alloc(0) : rest.length === 0 ? tail : Buffer.concat([...rest, tail])
    rest = []
    restBytes = 0
    return { number, bytes, isTooLong }
  }
  for await (const chunk of chunks) {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      lines.push(take(chunk.subarray(from, at)))
      from = at + 1
    }
    if (from < chunk.length) {
      restBytes += chunk.length - from
      if (restBytes <= lineBytesMax) rest.push(chunk.subarray(from))
      else rest = []
    }
    if (lines.length > 0) yield lines
  }
  if (restBytes > 0) yield [take(Buffer.alloc(0))]
}

const textOf = (bytes: Buffer) => bytes.toString('utf8').replace(/^\ufeff/, '')

async function* jsonRows(batches: AsyncIterable<Line[]>): AsyncGenerator<ReadRow[]> {
  for await (const batch of batches) yield batch.flatMap((line) => jsonRow(line) ?? [])
}

function jsonRow({ number, bytes, isTooLong }: Line): ReadRow | undefined {
  if (isTooLong) return { line: number, unreadable: 'it is longer than 256 MB' }
  const text = textOf(bytes)
  if (text.trim() === '') return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { line: number, row: value as Row }
    return { line: number, unreadable: 'it is not a JSON object' }
  } catch {
    return { line: number, unreadable: 'it is not valid JSON' }
  }
}

/** RFC 4180: quoted cells may hold commas, quotes and line breaks. */
async function* csvRows(batches: AsyncIterable<Line[]>, file: string): AsyncGenerator<ReadRow[]> {
  let header: string[] | undefined
  let open: { text: string; line: number } | undefined
  for await (const batch of batches) {
    const rows: ReadRow[] = []
    for (const { number, bytes, isTooLong } of batch) {
      if (isTooLong) {
        rows.push({ line: number, unreadable: 'it is longer than 256 MB' })
        continue
      }
      const text = textOf(bytes).replace(/\r$/, '')
      const whole = open ? { text: `${open.text}\n${text}`, line: open.line } : { text, line: number }
      // A cell is still open while the quotes so far are odd.
      open = isOpen(whole.text) ? whole : undefined
      if (open || whole.text === '') continue
      const cells = cellsOf(whole.text)
      if (header === undefined) header = headerOf(cells, file)
      else if (cells.length !== header.length)
        rows.push({
          line: whole.line,
          unreadable: `it has ${cells.length} cells where the header has ${header.length}`,
        })
      else
        rows.push({ line: whole.line, row: Object.fromEntries(header.map((name, at) => [name, csvValue(cells[at]!)])) })
    }
    yield rows
  }
  if (open) yield [{ line: open.line, unreadable: 'a quote that opens here is never closed' }]
}

function headerOf(cells: readonly string[], file: string): string[] {
  const header = cells.map((cell) => cell.trim())
  const missing = required.filter((name) => !header.includes(name))
  if (missing.length > 0) throw usage(`${file}:1: the header has no ${missing.join(', ')}.`)
  return header
}

function isOpen(text: string): boolean {
  let quotes = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes += 1
  return quotes % 2 === 1
}

function cellsOf(text: string): string[] {
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (text[at] === '"') {
      let cell = ''
      let from = at + 1
      for (;;) {
        const quote = text.indexOf('"', from)
        cell += text.slice(from, quote < 0 ? text.length : quote)
        at = quote < 0 ? text.length : quote + 1
        if (text[at] !== '"') break
        cell += '"'
        from = at + 1
      }
      const comma = text.indexOf(',', at)
      cells.push(cell + text.slice(at, comma < 0 ? text.length : comma))
      at = comma
    } else {
      const comma = text.indexOf(',', at)
      cells.push(text.slice(at, comma < 0 ? text.length : comma))
      at = comma
    }
    if (at < 0) return cells
    at += 1
  }
}

/** Our own files put an apostrophe before what a spreadsheet would take for a formula. */
const csvValue = (cell: string) => (/^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)

const parquetRowsAtOnce = 10_000

/** One row group in memory at a time, and of it only the columns asked for: images cost nothing. */
async function* parquetBatches(
  file: string,
  columns: readonly string[],
  onBytes: (bytes: number) => void,
): AsyncGenerator<ReadRow[]> {
  const { parquetFooter, parquetRows } = await import('../storage/exports/parquet-rows.ts')
  const unreadable = (error: Error) => failed(`${file}: this Parquet file cannot be read: ${error.message}.`, error)
  const footer = await parquetFooter(file).catch((error: Error) => {
    throw unreadable(error)
  })
  const missing = required.filter((name) => !footer.columns.includes(name))
  if (missing.length > 0) throw usage(`${file}: it has no column ${missing.join(', ')}.`)
  const size = (await stat(file)).size
  let batch: ReadRow[] = []
  let line = 0
  try {
    for await (const row of parquetRows(file, [...columns])) {
      batch.push({ line: ++line, row })
      if (batch.length < parquetRowsAtOnce) continue
      onBytes(Math.round((size * line) / footer.rows))
      yield batch
      batch = []
    }
  } catch (error) {
    throw unreadable(error as Error)
  }
  yield batch
}
