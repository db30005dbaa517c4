import type { BattleId, ImageHash } from '../core/ids.ts'
import type { ImageRef } from '../images/image.ts'
import type { Moderator, Picture, Verdict } from './moderator.ts'

export const actions = ['block', 'quarantine', 'flag'] as const
/**
 * `block`: refused, and of a picture only its hash is kept. `quarantine`: refused, and the picture is kept where only the operator can look.
 * `flag`: goes on, and the operator is told.
 */
export type Action = (typeof actions)[number]

/** A moderator with what the operator wants done about what it finds. */
export type Door = { name: string; action: Action; failClosed: boolean; on: ('text' | 'image')[]; moderator: Moderator }

export type ScreenResult = 'allowed' | 'text_refused' | 'image_refused' | 'not_screened'

/** What a door said, for the operator's log: categories and hashes, never the words or the picture. */
export type Finding = {
  battle: BattleId
  door: string
  action: Action
  outcome: 'found' | 'unsure'
  categories: string[]
  images: ImageHash[]
}

/**
 * Asks every door at once, whoever may answer later: it runs before the pair is drawn and is told nothing about models. The strictest answer wins.
 * A door that cannot tell counts as if it had found something where it fails closed; nothing is quarantined on a guess.
 */
export async function screenQuestion(
  { text, images }: { text: string; images: ImageRef[] },
  {
    battleId,
    doors,
    pictureOf,
    refuseImage,
    tell,
    signal,
  }: {
    battleId: BattleId
    doors: Door[]
    pictureOf(image: ImageRef): Promise<Picture>
    /** Never served again; with `keepBytes` false only its hash is kept. */
    refuseImage(image: ImageRef, options: { keepBytes: boolean }): Promise<void>
    tell(finding: Finding): void
    signal: AbortSignal
  },
): Promise<ScreenResult> {
  if (doors.length === 0) return 'allowed'
  const looksAtPictures = doors.some(({ on }) => on.includes('image'))
  const pictures = looksAtPictures ? await Promise.all(images.map(pictureOf)) : []
  const verdicts = await Promise.all(
    doors.map(async (door) => ({ door, verdict: await door.moderator.screen({ text, images: pictures }, signal) })),
  )
  let result: ScreenResult = 'allowed'
  for (const { door, verdict } of verdicts) {
    if (verdict.outcome === 'clear' || (verdict.outcome === 'unsure' && !door.failClosed)) continue
    const found = foundImages(door, verdict, images)
    tell({
      battle: battleId,
      door: door.name,
      action: door.action,
      outcome: verdict.outcome,
      categories: verdict.categories,
      images: found.map(({ sha256 }) => sha256),
    })
    if (door.action === 'flag') continue
    for (const image of found) await refuseImage(image, { keepBytes: door.action === 'quarantine' })
    result = stricter(result, resultOf(verdict, found))
  }
  return result
}

/** The pictures that were found wanting; none where it might have been the words. */
function foundImages({ on }: Door, { outcome, parts }: Verdict, images: ImageRef[]): ImageRef[] {
  if (outcome !== 'found') return []
  if (parts) return parts.images.flatMap((at) => images[at] ?? [])
  return on.includes('text') || images.length !== 1 ? [] : images
}

function resultOf({ outcome }: Verdict, found: ImageRef[]): ScreenResult {
  if (outcome === 'unsure') return 'not_screened'
  return found.length > 0 ? 'image_refused' : 'text_refused'
}

const strictness: ScreenResult[] = ['allowed', 'not_screened', 'text_refused', 'image_refused']
const stricter = (one: ScreenResult, other: ScreenResult) =>
  strictness.indexOf(one) >= strictness.indexOf(other) ? one : other
