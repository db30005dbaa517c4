import type { BlobStore } from '../../images/blob-store.ts'
import { checkedKey } from '../blob-key.ts'

/** For tests and dry runs. */
export function memoryBlobStore(): BlobStore {
  const blobs = new Map<string, Uint8Array>()
  return {
    async put(key, bytes) {
      const whole = bytes instanceof Uint8Array ? bytes.slice() : await collected(bytes)
      blobs.set(checkedKey(key), whole)
    },
    async get(key) {
      return blobs.get(checkedKey(key))?.slice()
    },
    async remove(key) {
      blobs.delete(checkedKey(key))
    },
  }
}

async function collected(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}
