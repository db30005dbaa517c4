import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { asideSuffix } from './aside.ts'

const block = 512
/** The size field of ustar holds 11 octal digits; from here on a pax header says it. */
const paxFrom = 8 * 1024 ** 3
const readBytes = 256 * 1024

/** Where a piece of the archive comes from: bytes in memory, or a file. `start` counts from the beginning of the archive. */
type Piece = { start: number; length: number } & ({ bytes: Buffer } | { path: string } | { zeros: true })

export type Tar = {
  bytes: number
  etag: string
  /** Bytes from `start` up to, not including, `end`. Whoever reads all cuts gets the archive. */
  slice(start: number, end: number): AsyncIterable<Uint8Array>
}

/**
 * An export as an uncompressed ustar archive that is computed, not stored: members in the order of SHA256SUMS, that file last, fixed modes
 * and times, so that its length is known and any range of it can be served.
 */
export async function tarOf(root: string, snapshot: string, at: Date | null): Promise<Tar> {
  const sums = await readFile(join(root, 'SHA256SUMS'), 'utf8')
  const paths = [
    ...sums
      .split('\n')
      .filter(Boolean)
      .map((line) => line.slice(66)),
    'SHA256SUMS',
  ]
  const pieces: Piece[] = []
  let bytes = 0
  const add = (piece: { bytes: Buffer } | { path: string; length: number } | { zeros: true; length: number }) => {
    const length = 'bytes' in piece ? piece.bytes.length : piece.length
    if (length > 0) pieces.push({ ...piece, start: bytes, length })
    bytes += length
  }
  const seconds = Math.floor((at?.getTime() ?? 0) / 1000)
  for (const path of paths) {
    if (path.endsWith(asideSuffix)) throw new Error(`${path} is not finished`)
    const file = join(root, ...path.split('/'))
    const { size } = await stat(file)
    for (const header of headersOf(`${snapshot}/${path}`, size, seconds)) add({ bytes: header })
    add({ path: file, length: size })
    add({ zeros: true, length: (block - (size % block)) % block })
  }
  add({ zeros: true, length: 2 * block })
  const manifest = sums.split('\n').find((line) => line.endsWith('  manifest.json'))
  return { bytes, etag: `"${manifest?.slice(0, 64) ?? snapshot}"`, slice: (start, end) => cut(pieces, start, end) }
}

async function* cut(pieces: Piece[], start: number, end: number): AsyncIterable<Uint8Array> {
  for (let at = firstAt(pieces, start); at < pieces.length; at++) {
    const piece = pieces[at]!
    if (piece.start >= end) return
    const from = Math.max(0, start - piece.start)
    const to = Math.min(piece.length, end - piece.start)
    if ('bytes' in piece) yield piece.bytes.subarray(from, to)
    else if ('zeros' in piece) yield Buffer.alloc(to - from)
    else yield* fileCut(piece.path, from, to)
  }
}

async function* fileCut(path: string, from: number, to: number): AsyncIterable<Uint8Array> {
  const handle = await open(path, 'r')
  try {
    for (let at = from; at < to; ) {
      const held = Buffer.allocUnsafe(Math.min(readBytes, to - at))
      const { bytesRead } = await handle.read(held, 0, held.length, at)
      if (bytesRead === 0) throw new Error(`${path} became shorter`)
      at += bytesRead
      yield held.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** Index of the piece that holds this byte, by binary search. */
function firstAt(pieces: Piece[], start: number): number {
  let low = 0
  let high = pieces.length
  while (low < high) {
    const middle = (low + high) >> 1
    const { start: begins, length } = pieces[middle]!
    if (begins + length <= start) low = middle + 1
    else high = middle
  }
  return low
}

function headersOf(name: string, size: number, seconds: number): Buffer[] {
  const header = headerOf(name, size >= paxFrom ? 0 : size, seconds, '0')
  if (size < paxFrom) return [header]
  const record = paxRecord('size', String(size))
  const padded = Buffer.alloc(Math.ceil(record.length / block) * block)
  padded.set(record)
  return [headerOf('pax', record.length, seconds, 'x'), padded, header]
}

function paxRecord(key: string, value: string): Buffer {
  const body = ` ${key}=${value}\n`
  // The length counts its own digits.
  let length = body.length + 1
  while (String(length).length + body.length !== length) length = String(length).length + body.length
  return Buffer.from(`${length}${body}`, 'ascii')
}

function headerOf(path: string, size: number, seconds: number, type: '0' | 'x'): Buffer {
  const { prefix, name } = splitName(path)
  const header = Buffer.alloc(block)
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`
  header.write(name, 0, 100, 'ascii')
  header.write(octal(0o644, 8), 100, 'ascii')
  header.write(octal(0, 8), 108, 'ascii')
  header.write(octal(0, 8), 116, 'ascii')
  header.write(octal(size, 12), 124, 'ascii')
  header.write(octal(seconds, 12), 136, 'ascii')
  header.write('        ', 148, 'ascii')
  header.write(type, 156, 'ascii')
  header.write('ustar\0', 257, 'ascii')
  header.write('00', 263, 'ascii')
  header.write(prefix, 345, 155, 'ascii')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii')
  return header
}

/** ustar has 100 bytes for the name and 155 for folders before it. */
function splitName(path: string): { prefix: string; name: string } {
  if (!/^[\x20-\x7e]+$/.test(path)) throw new Error(`not an ASCII name: ${path}`)
  if (path.length <= 100) return { prefix: '', name: path }
  const slash = path.indexOf('/', path.length - 101)
  if (slash <= 0 || slash > 155) throw new Error(`too long for tar: ${path}`)
  return { prefix: path.slice(0, slash), name: path.slice(slash + 1) }
}
