import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { failed } from './command-error.ts'

/** Plain ustar (POSIX.1-1988), sizes above 8 GiB in base 256 as GNU tar does: any tar program opens a backup. */

const block = 512
const chunkBytes = 1 << 20

export type Member = { name: string; bytes: number; sha256: string }

/** Writes members one after another; each is hashed as it passes. */
export async function archiveWriter(path: string) {
  const handle = await open(path, 'wx', 0o600)
  const pad = async (bytes: number) => {
    const rest = bytes % block
    if (rest > 0) await handle.write(Buffer.alloc(block - rest))
  }
  return {
    async file(name: string, source: string): Promise<Member> {
      const from = await open(source, 'r')
      try {
        const { size } = await from.stat()
        await handle.write(header(name, size))
        const hash = createHash('sha256')
        let written = 0
        for await (const chunk of chunksOf(from, 0, size)) {
          hash.update(chunk)
          written += chunk.length
          await handle.write(chunk)
        }
        if (written !== size) throw failed(`${source} changed while it was copied; try again.`)
        await pad(size)
        return { name, bytes: size, sha256: hash.digest('hex') }
      } finally {
        await from.close()
      }
    },
    async text(name: string, text: string) {
      const bytes = Buffer.from(text)
      await handle.write(header(name, bytes.length))
      await handle.write(bytes)
      await pad(bytes.length)
    },
    /** Durable when it resolves. */
    async end() {
      await handle.write(Buffer.alloc(2 * block))
      await handle.sync()
      await handle.close()
    },
    abandon: () => handle.close().catch(() => undefined),
  }
}

export type Entry = { name: string; bytes: number; offset: number }

/** Every member by name, in the order of the file. Refuses names that would leave a folder. */
export async function archiveEntries(handle: FileHandle, path: string): Promise<Entry[]> {
  const { size } = await handle.stat()
  const entries: Entry[] = []
  const head = Buffer.alloc(block)
  for (let offset = 0; offset + block <= size; ) {
    await handle.read(head, 0, block, offset)
    if (head.every((byte) => byte === 0)) return entries
    const name = nulEnded(head.subarray(0, 100))
    if (nulEnded(head.subarray(257, 263)) !== 'ustar' || sumOf(head) !== octal(head.subarray(148, 156)))
      throw failed(`${path} is not a backup of Sightline, or is damaged at byte ${offset}.`)
    if (name.startsWith('/') || name.split('/').includes('..'))
      throw failed(`${path} holds a member named ${name}; it is not ours.`)
    const bytes = sizeIn(head.subarray(124, 136))
    if (offset + block + bytes > size) throw failed(`${path} ends in the middle of ${name}.`)
    entries.push({ name, bytes, offset: offset + block })
    offset += block + Math.ceil(bytes / block) * block
  }
  throw failed(`${path} has no end: the copy is not whole.`)
}

export async function* chunksOf(handle: FileHandle, offset: number, bytes: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < bytes; ) {
    const buffer = Buffer.alloc(Math.min(chunkBytes, bytes - done))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset + done)
    if (bytesRead === 0) return
    done += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function header(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`member name too long: ${name}`)
  const head = Buffer.alloc(block)
  head.write(name, 0)
  head.write('0000600\0', 100)
  head.write('0000000\0', 108)
  head.write('0000000\0', 116)
  writeSize(head.subarray(124, 136), size)
  head.write('00000000000\0', 136)
  head.write('        ', 148)
  head.write('0', 156)
  head.write('ustar\x0000', 257)
  head.write(`${sumOf(head).toString(8).padStart(6, '0')}\0 `, 148)
  return head
}

function writeSize(field: Buffer, size: number) {
  if (size < 8 ** 11) {
    field.write(`${size.toString(8).padStart(11, '0')}\0`)
    return
  }
  field[0] = 0x80
  field.writeBigUInt64BE(BigInt(size), 4)
}

const sizeIn = (field: Buffer) => (field[0] === 0x80 ? Number(field.readBigUInt64BE(4)) : octal(field))
const octal = (field: Buffer) => Number.parseInt(nulEnded(field).trim() || '0', 8)
const nulEnded = (field: Buffer) => field.toString('utf8').replace(/\0.*$/s, '')
/** The sum of all bytes, its own field taken as spaces. */
const sumOf = (head: Buffer) => head.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0)
