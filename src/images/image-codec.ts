import type { ImageHash } from '../core/ids.ts'
import type { ImageType, UploadFacts } from './image.ts'

export type DecodedImage = {
  bytes: Uint8Array
  sha256: ImageHash
  mediaType: ImageType
  width: number
  height: number
  phash: string
  facts: UploadFacts
}

/** Turns whatever somebody uploaded into one safe still image. */
export type ImageCodec = {
  /**
   * Decodes (type found from the bytes, never from a name), turns upright, converts to sRGB, strips all metadata, scales the longest
   * edge down to `sentEdgePixelsMax`, re-encodes as JPEG (PNG where there is transparency), hashes. The same upload gives the same bytes.
   * Refuses with `image_not_image`, `image_heic`, `image_broken`, `image_bomb`, `image_busy`; a decoder that crashes, hangs or eats memory
   * harms only its own process.
   */
  decode(upload: Uint8Array): Promise<DecodedImage>
}
