import type { ImageHash } from '../core/ids.ts'

export const imageTypes = ['image/jpeg', 'image/png'] as const
export type ImageType = (typeof imageTypes)[number]

/** A stored picture: exactly the bytes that voters see, models are sent and exports contain. */
export type Image = {
  sha256: ImageHash
  mediaType: ImageType
  width: number
  height: number
  bytes: number
  /** 64-bit difference hash, 16 hex digits: near-duplicates for splits and repeat rules. */
  phash: string
  facts: UploadFacts
  /** A quarantined image is kept but never served again. */
  state: 'served' | 'quarantined'
  /** Seed and set images may be seen by everybody; an upload only by who may see a battle with it. */
  isPublic: boolean
  storedAt: Date
}

/** What the original file was, told before it was dropped. Never a place, a serial number or a name. */
export type UploadFacts = {
  format: string
  width: number
  height: number
  bytes: number
  colourSpace: string
  hadMetadata: boolean
  orientation: number
  /** SHA-256 of the file as it came: answers made elsewhere and lists of known pictures name it. Absent for pictures kept before it was noted. */
  sha256?: string | undefined
}

/** What a battle needs to know of an image. */
export type ImageRef = { sha256: ImageHash; mediaType: ImageType; width: number; height: number }

export const imageExtension = (mediaType: ImageType) => (mediaType === 'image/png' ? 'png' : 'jpg')
export const imageKey = ({ sha256, mediaType }: Pick<Image, 'sha256' | 'mediaType'>) =>
  `images/${sha256.slice(0, 2)}/${sha256}.${imageExtension(mediaType)}`
export const toImageRef = ({ sha256, mediaType, width, height }: Image): ImageRef => ({
  sha256,
  mediaType,
  width,
  height,
})
