import { Refusal } from '../core/errors.ts'
import type { VoterId } from '../core/ids.ts'
import type { BlobStore } from './blob-store.ts'
import { type Image, imageKey } from './image.ts'
import type { ImageCodec } from './image-codec.ts'
import type { ImageStore } from './image-store.ts'

export type Upload = { bytes: Uint8Array; uploadedBy: VoterId | null; isPublic?: boolean }

/** Checks the size, decodes and re-encodes, stores the blob under its hash, then the row: no row without its blob. */
export async function acceptImage(
  { bytes, uploadedBy, isPublic = false }: Upload,
  context: { codec: ImageCodec; blobs: BlobStore; images: ImageStore; imageBytesMax: number; now(): Date },
): Promise<Image> {
  if (bytes.length === 0) throw new Refusal('invalid', 'image_missing')
  if (bytes.length > context.imageBytesMax) throw tooLarge(bytes.length, context.imageBytesMax)
  const decoded = await context.codec.decode(bytes)
  const { bytes: encoded, ...described } = decoded
  const image: Image = {
    ...described,
    bytes: encoded.length,
    state: 'served',
    isPublic,
    storedAt: context.now(),
  }
  const known = await context.images.find(image.sha256)
  if (known?.state === 'quarantined') throw new Refusal('unsupported', 'image_refused')
  await context.blobs.put(imageKey(image), encoded)
  await context.images.keep(image, uploadedBy)
  return image
}

export const tooLarge = (bytes: number, bytesMax: number) =>
  new Refusal('too_large', 'image_too_large', { params: { size: megabytes(bytes), limit: megabytes(bytesMax) } })

const megabytes = (bytes: number) => `${Math.max(1, Math.round(bytes / (1024 * 1024)))} MB`
