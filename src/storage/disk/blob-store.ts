import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Refusal } from '../../core/errors.ts'
import type { BlobStore } from '../../images/blob-store.ts'
import { checkedKey } from '../blob-key.ts'

/** Files under one folder. */
export function diskBlobStore(root: string): BlobStore {
  return {
    async put(key, bytes) {
      const path = join(root, checkedKey(key))
      // Written aside and renamed: a reader sees the whole blob or what was there before. Two writers never share a name.
      const aside = `${path}.${randomBytes(8).toString('hex')}.tmp`
      try {
        await makeFolder(dirname(path), root)
        await written(aside, bytes)
        await rename(aside, path)
        await flushed(dirname(path))
      } catch (error) {
        await rm(aside, { force: true })
        throw isDiskRefusing(error) ? new Refusal('unavailable', 'not_saved', { cause: error }) : error
      }
    },

    async get(key) {
      try {
        return new Uint8Array(await readFile(join(root, checkedKey(key))))
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    },

    async remove(key) {
      const path = join(root, checkedKey(key))
      await rm(path, { force: true })
      await flushed(dirname(path)).catch((error) => {
        if (!isAbsent(error)) throw error
      })
    },
  }
}

/** A new folder is durable only when its parent was flushed. */
async function makeFolder(folder: string, root: string) {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made !== dirname(made); made = dirname(made)) {
    await flushed(dirname(made))
    if (made === first || made === root) return
  }
}

async function written(path: string, bytes: ReadableStream<Uint8Array> | Uint8Array) {
  const handle = await open(path, 'wx', 0o600)
  try {
    if (bytes instanceof Uint8Array) await handle.writeFile(bytes)
    else for await (const chunk of bytes) await handle.writeFile(chunk)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function flushed(folder: string) {
  let handle: FileHandle
  try {
    handle = await open(folder, 'r')
  } catch (error) {
    // Windows cannot open a folder, and flushes it by itself.
    if (process.platform === 'win32') return
    throw error
  }
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined)
const isAbsent = (error: unknown) => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
const isDiskRefusing = (error: unknown) => ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes(String(codeOf(error)))
