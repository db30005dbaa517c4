import { createHash } from 'node:crypto'
import { Refusal } from '../core/errors.ts'
import { imageBytesMaxDefault } from '../core/limits.ts'
import type { ExportImage } from '../exports/export-store.ts'
import type { RawImage } from '../exports/import-formats.ts'
import type { BlobStore } from '../images/blob-store.ts'
import { type ImageType, imageKey } from '../images/image.ts'
import type { ImageCodec } from '../images/image-codec.ts'
import { fileUnder } from '../storage/exports/import-files.ts'

/**
 * Reads, decodes and stores pictures of imported rows, each once. A JPEG or PNG that carries no metadata keeps its bytes, so that what was
 * exported comes back the same; anything else is stored as an upload would be. Addresses are never fetched: they give null.
 */
export function importedImages({
  codec,
  blobs,
  folder,
}: {
  codec: ImageCodec
  /** Null in a dry run: looked at, not kept. */
  blobs: BlobStore | null
  folder: string | null
}): (image: RawImage) => Promise<ExportImage | null> {
  const known = new Map<string, ExportImage | null>()
  return async (raw) => {
    const bytes = await bytesOf(raw, folder)
    if (!bytes || bytes.length === 0 || bytes.length > imageBytesMaxDefault) return null
    const name = createHash('sha256').update(bytes).digest('hex')
    const seen = known.get(name)
    if (seen !== undefined) return seen
    const image = await accepted(bytes, name, codec, blobs)
    known.set(name, image)
    return image
  }
}

async function accepted(
  bytes: Uint8Array,
  name: string,
  codec: ImageCodec,
  blobs: BlobStore | null,
): Promise<ExportImage | null> {
  try {
    const decoded = await codec.decode(bytes)
    const { facts } = decoded
    const type: ImageType | null = facts.format === 'jpeg' ? 'image/jpeg' : facts.format === 'png' ? 'image/png' : null
    const keepsBytes = type !== null && !facts.hadMetadata && facts.orientation <= 1
    const kept = keepsBytes
      ? { sha256: name, mediaType: type, width: facts.width, height: facts.height, data: bytes }
      : {
          sha256: decoded.sha256,
          mediaType: decoded.mediaType,
          width: decoded.width,
          height: decoded.height,
          data: decoded.bytes,
        }
    const { data, ...described } = kept
    await blobs?.put(imageKey(described), data)
    return { ...described, bytes: data.length, phash: decoded.phash, isQuarantined: false }
  } catch (error) {
    if (error instanceof Refusal && error.key !== 'image_busy' && error.key !== 'not_saved') return null
    throw error
  }
}

async function bytesOf({ bytes, words }: RawImage, folder: string | null): Promise<Uint8Array | null> {
  if (bytes) return bytes
  if (!words || /^[a-z][a-z0-9+.-]*:\/\//i.test(words)) return null
  const data = /^data:[^,]{0,100};base64,(.*)$/s.exec(words)?.[1]
  if (data !== undefined) return fromBase64(data)
  const file = folder !== null && words.length < 4096 ? await fileUnder(folder, words) : null
  return file ?? (words.length >= 64 && /^[A-Za-z0-9+/_-]+={0,2}\s*$/.test(words) ? fromBase64(words) : null)
}

const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
