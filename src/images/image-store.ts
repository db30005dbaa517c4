import type { ImageHash, VoterId } from '../core/ids.ts'
import type { Image } from './image.ts'

export type ImageStore = {
  /** Keeps the row (once) and, for an upload, that this voter brought it. The blob is put before. */
  keep(image: Image, uploadedBy: VoterId | null): Promise<void>
  find(sha256: ImageHash): Promise<Image | undefined>
  /** The image if this voter may see it: public, uploaded by them, or part of a battle of theirs or of what is shared of one with its image; and not quarantined. */
  findFor(sha256: ImageHash, voterId: VoterId | null): Promise<Image | undefined>
  /** What this voter brought and may still see, oldest first. */
  uploadsOf(voterId: VoterId): Promise<Image[]>
  quarantine(sha256: ImageHash): Promise<void>
}
