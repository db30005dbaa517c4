import type { ImageHash } from '../core/ids.ts'
import type { ImageType } from '../images/image.ts'

/** A picture as the models would get it, with what tells it apart from others. */
export type Picture = {
  bytes: Uint8Array
  mediaType: ImageType
  width: number
  height: number
  sha256: ImageHash
  /** Difference hash of the picture, 16 hex digits. */
  phash?: string | undefined
  /** Hash of the file that was uploaded, where it is known. */
  uploadSha256?: string | undefined
}

/** What is looked at before a pair is drawn; with an `answer`, what a model said to it. */
export type Screened = { text: string; images: Picture[]; answer?: string }

/** `unsure`: nobody could tell. Whether that blocks is the operator's setting (`fail_closed`). */
export type Verdict = {
  outcome: 'clear' | 'found' | 'unsure'
  categories: string[]
  /** Which parts were found wanting; absent where the judge cannot tell them apart. */
  parts?: { text: boolean; images: number[] } | undefined
}

/** One judge of questions and pictures. Never throws: a door that is shut is `unsure`. */
export type Moderator = { screen(screened: Screened, signal: AbortSignal): Promise<Verdict> }
