import { crc32 } from 'node:zlib'

export type ZipEntry = { name: string; bytes: Uint8Array }

const utf8Names = 0x0800
/** From here on a field of the plain format is too small, and the entry carries a Zip64 one. */
const zip64From = 0xffffffff

/**
 * A ZIP archive as it is written: one entry in memory at a time, nothing kept but its directory line. Entries are stored, not deflated: pictures are compressed
 * already (APPNOTE.TXT 4.3, 4.5.3).
 */
export async function* zipOf(entries: AsyncIterable<ZipEntry>, at: Date): AsyncGenerator<Uint8Array> {
  const directory: Buffer[] = []
  let offset = 0
  for await (const { name, bytes } of entries) {
    const path = Buffer.from(name)
    const facts = factsOf(bytes, path, at)
    const local = Buffer.concat([u32(0x04034b50), u16(20), facts, u16(0), path])
    directory.push(directoryLine(facts, path, offset))
    yield local
    yield bytes
    offset += local.length + bytes.length
  }
  const size = directory.reduce((sum, line) => sum + line.length, 0)
  yield* directory
  const count = directory.length
  if (offset >= zip64From || count >= 0xffff) {
    yield Buffer.concat([
      u32(0x06064b50),
      u64(44),
      u16(45),
      u16(45),
      u32(0),
      u32(0),
      u64(count),
      u64(count),
      u64(size),
      u64(offset),
    ])
    yield Buffer.concat([u32(0x07064b50), u32(0), u64(offset + size), u32(1)])
  }
  const [shownCount, shownOffset] = [Math.min(count, 0xffff), Math.min(offset, zip64From)]
  yield Buffer.concat([
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(shownCount),
    u16(shownCount),
    u32(size),
    u32(shownOffset),
    u16(0),
  ])
}

/** Read as fast as the other end takes it; whoever leaves ends the reading. */
export const streamOf = (chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await chunks.return(undefined)
    },
  })

/** What the entry and its directory line say alike: flags, method, time, checksum, sizes, length of the name. */
function factsOf(bytes: Uint8Array, path: Buffer, at: Date): Buffer {
  const size = u32(bytes.length)
  return Buffer.concat([u16(utf8Names), u16(0), dosTime(at), u32(crc32(bytes)), size, size, u16(path.length)])
}

function directoryLine(facts: Buffer, path: Buffer, offset: number): Buffer {
  const extra = offset >= zip64From ? Buffer.concat([u16(0x0001), u16(8), u64(offset)]) : Buffer.alloc(0)
  const shown = Math.min(offset, zip64From)
  return Buffer.concat([
    u32(0x02014b50),
    u16(45),
    u16(20),
    facts,
    u16(extra.length),
    u16(0),
    u16(0),
    u16(0),
    u32(0),
    u32(shown),
    path,
    extra,
  ])
}

/** Two-second steps since 1980, in UTC. */
function dosTime(at: Date): Buffer {
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()
  return Buffer.concat([u16(time), u16(date)])
}

const u16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}
const u64 = (value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
