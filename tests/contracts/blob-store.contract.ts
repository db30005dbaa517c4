import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { BlobStore } from '../../src/images/blob-store.ts'

export function blobStoreContract(engine: string, open: () => Promise<BlobStore>) {
  describe(`blobs in ${engine}`, () => {
    let blobs: BlobStore
    beforeEach(async () => {
      blobs = await open()
    })
    const key = `images/ab/${'ab'.repeat(32)}.jpg`
    const bytes = (text: string) => new TextEncoder().encode(text)
    const streamOf = (chunks: Uint8Array[], breaks = false) =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          const chunk = chunks.shift()
          if (chunk) controller.enqueue(chunk)
          else if (breaks) controller.error(new Error('the line is cut'))
          else controller.close()
        },
      })

    test('what was put comes back, also a second time', async () => {
      await blobs.put(key, bytes('one'))
      await blobs.put(key, bytes('one'))
      expect(await blobs.get(key)).toEqual(bytes('one'))
      await blobs.put(key, bytes('two'))
      expect(await blobs.get(key)).toEqual(bytes('two'))
    })

    test('8 MB come back whole, from a stream as well', async () => {
      const large = new Uint8Array(randomBytes(8 * 1024 * 1024))
      await blobs.put(key, large)
      expect(Buffer.compare((await blobs.get(key))!, large)).toBe(0)
      const chunks = Array.from({ length: 128 }, (_, i) => large.slice(i * 65_536, (i + 1) * 65_536))
      await blobs.put('exports/one/train-00000.parquet', streamOf(chunks))
      expect(Buffer.compare((await blobs.get('exports/one/train-00000.parquet'))!, large)).toBe(0)
    })

    test('a put that breaks halfway leaves what was there before', async () => {
      await expect(blobs.put(key, streamOf([bytes('half')], true))).rejects.toThrow('the line is cut')
      expect(await blobs.get(key)).toBeUndefined()
      await blobs.put(key, bytes('whole'))
      await expect(blobs.put(key, streamOf([bytes('half')], true))).rejects.toThrow('the line is cut')
      expect(await blobs.get(key)).toEqual(bytes('whole'))
    })

    test('twenty puts of one key at once leave one whole blob', async () => {
      const blob = new Uint8Array(randomBytes(100_000))
      await Promise.all(Array.from({ length: 20 }, () => blobs.put(key, blob)))
      expect(Buffer.compare((await blobs.get(key))!, blob)).toBe(0)
    })

    test('what is not there is undefined, and removing twice is fine', async () => {
      expect(await blobs.get(key)).toBeUndefined()
      await blobs.remove(key)
      await blobs.put(key, bytes('one'))
      await blobs.remove(key)
      await blobs.remove(key)
      expect(await blobs.get(key)).toBeUndefined()
    })

    test('what a caller does to its bytes later does not change the blob', async () => {
      const mine = bytes('one')
      await blobs.put(key, mine)
      mine.fill(0)
      const read = (await blobs.get(key))!
      expect(read).toEqual(bytes('one'))
      read.fill(0)
      expect(await blobs.get(key)).toEqual(bytes('one'))
    })

    test.each([
      '../outside',
      'images/../../outside',
      'images/..',
      '/etc/passwd',
      'images//one',
      'images/',
      '',
      '.hidden',
      'images/.hidden',
      'images\\..\\outside',
      'C:/outside',
      'images/a\0b',
      'images/%2e%2e/x',
      'images/\u202egpj.exe',
      'a/b/c/d/e',
      `images/${'x'.repeat(4096)}`,
      'images/a..b',
    ])('the key %j cannot leave the root', async (outside) => {
      await expect(blobs.put(outside, bytes('x'))).rejects.toThrow(RangeError)
      await expect(blobs.get(outside)).rejects.toThrow(RangeError)
      await expect(blobs.remove(outside)).rejects.toThrow(RangeError)
    })
  })
}
