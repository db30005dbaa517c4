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

/** What a link preview shows: a stored picture or none, what was asked, whose site it is. */
export type PreviewSketch = { picture: Uint8Array | null; question: string; site: string }

/** Turns whatever somebody uploaded into one safe still image. */
export type ImageCodec = {
  /**
   * Decodes (type found from the bytes, never from a name), turns upright, converts to sRGB, strips all metadata, scales the longest
   * edge down to `sentEdgePixelsMax`, re-encodes as JPEG (PNG where there is transparency), hashes. The same upload gives the same bytes.
   * Refuses with `image_not_image`, `image_heic`, `image_broken`, `image_bomb`, `image_busy`; a decoder that crashes, hangs or eats memory
   * harms only its own process.
   */
  decode(upload: Uint8Array): Promise<DecodedImage>
  /** A PNG of 1200 x 630 for other sites to show beside a link. Refuses with `image_busy` like an upload. */
  drawPreview(sketch: PreviewSketch): Promise<Uint8Array>
}
