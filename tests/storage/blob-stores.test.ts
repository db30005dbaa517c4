import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { diskBlobStore } from '../../src/storage/disk/blob-store.ts'
import { memoryBlobStore } from '../../src/storage/memory/blob-store.ts'
import { blobStoreContract } from '../contracts/blob-store.contract.ts'

const folders: string[] = []
const freshFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-blobs-'))
  folders.push(folder)
  return folder
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

blobStoreContract('memory', async () => memoryBlobStore())
blobStoreContract('a folder', async () => diskBlobStore(join(await freshFolder(), 'data')))

test('a put leaves nothing aside, whether it ends well or breaks', async () => {
  const root = await freshFolder()
  const blobs = diskBlobStore(root)
  await blobs.put('images/ab/one.jpg', new Uint8Array(10))
  const cut = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error('the line is cut'))
    },
  })
  await expect(blobs.put('images/ab/two.jpg', cut)).rejects.toThrow()
  expect(await readdir(join(root, 'images', 'ab'))).toEqual(['one.jpg'])
})

test('a put onto a folder refuses, and what is in the folder stays', async () => {
  const root = await freshFolder()
  await mkdir(join(root, 'images', 'ab'), { recursive: true })
  await writeFile(join(root, 'images', 'ab', 'kept'), 'kept')
  await expect(diskBlobStore(root).put('images/ab', new Uint8Array(1))).rejects.toThrow()
  expect(await readdir(join(root, 'images', 'ab'))).toEqual(['kept'])
})
