/** Bytes under keys of ours (`images/ab/<sha256>.jpg`). Listing is done from our own tables. */
export type BlobStore = {
  /** Whole or not at all: a put that breaks halfway leaves what was there before. Durable when it resolves. May be repeated. */
  put(key: string, bytes: ReadableStream<Uint8Array> | Uint8Array): Promise<void>
  /** The bytes, or undefined where there are none. A key that leaves the root is a RangeError. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Removing twice is fine. */
  remove(key: string): Promise<void>
}
