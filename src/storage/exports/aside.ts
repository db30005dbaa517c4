import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What is being written ends in this; a restart removes it. */
export const asideSuffix = '.tmp'

/** Written aside and renamed: a reader sees the whole file or none, also after a power cut. */
export async function openAside(root: string, path: string) {
  const target = join(root, path)
  const aside = `${target}${asideSuffix}`
  await mkdir(dirname(target), { recursive: true })
  const handle = await open(aside, 'w', 0o644)
  return {
    handle,
    aside,
    async commit() {
      await handle.sync()
      await handle.close()
      await rename(aside, target)
      await syncFolder(dirname(target))
    },
    /** Whole for everybody who looks, but not yet safe from a power cut. */
    async commitLater() {
      await handle.close()
      await rename(aside, target)
    },
    async abort() {
      await handle.close().catch(() => {})
      await rm(aside, { force: true })
    },
  }
}

/** A rename is durable once its folder is. Not every system lets folders be opened. */
export async function syncFolder(folder: string) {
  let handle: FileHandle
  try {
    handle = await open(folder, 'r')
  } catch {
    return
  }
  try {
    await handle.sync()
  } catch {
    // Some file systems refuse to sync a folder; the file itself is synced.
  } finally {
    await handle.close()
  }
}

export async function syncFile(path: string) {
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
