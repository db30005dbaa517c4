import type { Pacing } from './battle.ts'

/** What both sides have said so far, in rendered characters. */
export type Heard = { characters: number; hasEnded: boolean }
export type Pace = {
  hasStarted: boolean
  /** Released of each side. Under `paced` it is one number for both: speed cannot tell the models apart. */
  a: number
  b: number
  /** Both "Finished" marks appear together. */
  isOver: boolean
}

export const startPace: Pace = { hasStarted: false, a: 0, b: 0, isOver: false }

const startCharacters = 80
const charactersPerTick = 60
/** Once both have ended the rest says nothing about who was faster, so nobody is made to wait for it. */
const charactersPerTickAfterEnd = 240

/**
 * One tick further (TRUST.md A). `paced`: release starts when both have 80 characters or have ended, at the latest after `startWaitMs`; then both share
 * one budget a tick, and the slower one limits the faster; an ended side does not limit. `together`: both whole, at once. `live`: as it comes.
 */
export function nextPace(
  pace: Pace,
  heard: { a: Heard; b: Heard },
  { pacing, elapsedMs, startWaitMs }: { pacing: Pacing; elapsedMs: number; startWaitMs: number },
): Pace {
  const { a, b } = heard
  const bothEnded = a.hasEnded && b.hasEnded
  if (pacing === 'live') return { hasStarted: true, a: a.characters, b: b.characters, isOver: bothEnded }
  if (pacing === 'together')
    return bothEnded ? { hasStarted: true, a: a.characters, b: b.characters, isOver: true } : pace

  const hasEnough = ({ characters, hasEnded }: Heard) => hasEnded || characters >= startCharacters
  const hasStarted = pace.hasStarted || (hasEnough(a) && hasEnough(b)) || elapsedMs >= startWaitMs
  if (!hasStarted) return pace
  const released = Math.max(pace.a, pace.b)
  const step = Math.min(
    bothEnded ? charactersPerTickAfterEnd : charactersPerTick,
    a.hasEnded ? Number.POSITIVE_INFINITY : a.characters - released,
    b.hasEnded ? Number.POSITIVE_INFINITY : b.characters - released,
  )
  const until = released + Math.max(0, step)
  const isOver = bothEnded && until >= a.characters && until >= b.characters
  return { hasStarted, a: Math.min(until, a.characters), b: Math.min(until, b.characters), isOver }
}
