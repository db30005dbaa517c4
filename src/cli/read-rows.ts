import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { failed, usage } from './command-error.ts'
import { csvSpans, jsonSpans, type RowSpans } from './row-spans.ts'
import type { Row } from './vote-row.ts'

/** A row with the line it began on, or why there is none on that line. */
export type ReadRow = { line: number; row: Row } | { line: number; unreadable: string }

const required = ['model_a', 'model_b', 'winner']

/** One line of one file is at most this long; a whole conversation with images in it may stand on one. */
const lineBytesMax = 256 * 1024 * 1024

/** Who takes the rows of a file, and which columns it looks at. */
export type RowTaker = {
  columns: readonly string[]
  /** Offered each row that is not unusual, and says whether it took it; the others come as rows, in the order of the file. */
  onSpans(spans: RowSpans): boolean
  onRow(read: ReadRow): void
  /** How much of the file has been read. */
  onBytes(bytes: number): void
}

/**
 * All rows of a file, whatever its format: `.jsonl`, `.csv`, either of them with gzip, `.parquet`; `-` is standard input. Holds one piece of
 * the file at a time.
 */
export async function readRows(file: string, taker: RowTaker): Promise<void> {
  if (file !== '-' && (await isParquet(file))) return readParquet(file, taker)
  let read = 0
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 })
  async function* counted(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      read += chunk.length
      taker.onBytes(read)
      yield chunk
    }
  }
  let take: TakeLine | undefined
  await eachLine(plain(counted(source as AsyncIterable<Buffer>), file), (line) => {
    take ??= takerOf(file, line, taker)
    take(line)
  })
  take?.(null)
}

/** Lines one by one, then null at the end of the file. */
type TakeLine = (line: Line | null) => void

function takerOf(file: string, first: Line, taker: RowTaker): TakeLine {
  const start = lineText(first).trimStart()
  if (start.startsWith('['))
    throw usage(
      `${file}: this is one JSON array; ranking reads one object a line (jq -c '.[]' turns one into the other).`,
    )
  return start.startsWith('{') || !file.replace(/\.gz$/, '').endsWith('.csv') ? jsonTaker(taker) : csvTaker(file, taker)
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

/** `bytes` from `from` to `to`, without the line break; valid until the next line. */
type Line = { number: number; bytes: Buffer; from: number; to: number; isTooLong: boolean }

async function eachLine(chunks: AsyncIterable<Buffer>, take: (line: Line) => void): Promise<void> {
  let rest: Buffer[] = []
  let restBytes = 0
  const line: Line = { number: 0, bytes: Buffer.alloc(0), from: 0, to: 0, isTooLong: false }
  const give = (bytes: Buffer, from: number, to: number) => {
    line.number += 1
    line.isTooLong = restBytes + to - from > lineBytesMax
    line.bytes = line.isTooLong || rest.length === 0 ? bytes : Buffer.concat([...rest, bytes.subarray(from, to)])
    line.from = line.bytes === bytes ? from : 0
    line.to = line.bytes === bytes ? to : line.bytes.length
    rest = []
    restBytes = 0
    take(line)
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      give(chunk, from, at)
      from = at + 1
    }
    if (from < chunk.length) {
      restBytes += chunk.length - from
      if (restBytes <= lineBytesMax) rest.push(chunk.subarray(from))
      else rest = []
    }
  }
  if (restBytes > 0) give(Buffer.alloc(0), 0, 0)
}

const lineText = ({ bytes, from, to, isTooLong }: Line) =>
  isTooLong ? '' : bytes.toString('utf8', from, to).replace(/^\ufeff/, '')

function jsonTaker({ columns, onSpans, onRow }: RowTaker): TakeLine {
  const spans = jsonSpans(columns)
  return (line) => {
    if (line === null) return
    if (!line.isTooLong && spans.read(line.bytes, line.from, line.to) && onSpans(spans)) return
    const read = jsonRow(line)
    if (read) onRow(read)
  }
}

function jsonRow(line: Line): ReadRow | undefined {
  const { number, isTooLong } = line
  if (isTooLong) return { line: number, unreadable: 'it is longer than 256 MB' }
  const text = lineText(line)
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
function csvTaker(file: string, { columns, onSpans, onRow }: RowTaker): TakeLine {
  let header: string[] | undefined
  let spans: RowSpans | null = null
  let open: { text: string; line: number } | undefined
  return (line) => {
    if (line === null) {
      if (open) onRow({ line: open.line, unreadable: 'a quote that opens here is never closed' })
      return
    }
    if (line.isTooLong) return onRow({ line: line.number, unreadable: 'it is longer than 256 MB' })
    if (spans && !open && spans.read(line.bytes, line.from, line.to) && onSpans(spans)) return
    const text = lineText(line).replace(/\r$/, '')
    const whole = open ? { text: `${open.text}\n${text}`, line: open.line } : { text, line: line.number }
    // A cell is still open while the quotes so far are odd.
    open = isOpen(whole.text) ? whole : undefined
    if (open || whole.text === '') return
    const cells = cellsOf(whole.text)
    if (header === undefined) {
      header = headerOf(cells, file)
      spans = csvSpans(header, columns, csvValue)
    } else if (cells.length !== header.length)
      onRow({ line: whole.line, unreadable: `it has ${cells.length} cells where the header has ${header.length}` })
    else onRow({ line: whole.line, row: Object.fromEntries(header.map((name, at) => [name, csvValue(cells[at]!)])) })
  }
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

/** One row group in memory at a time, and of it only the columns asked for: images cost nothing. */
async function readParquet(file: string, { columns, onRow, onBytes }: RowTaker): Promise<void> {
  const { parquetFooter, parquetRows } = await import('../storage/exports/parquet-rows.ts')
  const unreadable = (error: Error) => failed(`${file}: this Parquet file cannot be read: ${error.message}.`, error)
  const footer = await parquetFooter(file).catch((error: Error) => {
    throw unreadable(error)
  })
  const missing = required.filter((name) => !footer.columns.includes(name))
  if (missing.length > 0) throw usage(`${file}: it has no column ${missing.join(', ')}.`)
  const size = (await stat(file)).size
  const rows = parquetRows(file, [...columns])[Symbol.asyncIterator]()
  for (let line = 1; ; line++) {
    const next = await rows.next().catch((error: Error) => {
      throw unreadable(error)
    })
    if (next.done) return
    if (line % progressRows === 0) onBytes(Math.round((size * line) / footer.rows))
    onRow({ line, row: next.value })
  }
}

const progressRows = 10_000
