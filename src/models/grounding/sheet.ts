import type { Mark, Segment } from '../grounding.ts'
import type { Space } from './spaces.ts'

export const marksMax = 500
export const labelCharactersMax = 200
/** A model that rounds may end up this far over the edge and still mean the edge. */
const overshootMax = 0.02

/** A place as the model wrote it: two numbers are a point, more are corners, in the order of its space. */
export type Place = { kind: 'point' | 'box'; numbers: readonly number[]; space: Space; image?: number; time?: number }

export type Sheet = ReturnType<typeof newSheet>

/** Collects what an answer says and where it points. */
export function newSheet() {
  const segments: Segment[] = []
  const marks: Mark[] = []
  const notes = { farOut: 0, dropped: 0 }

  function say(text: string) {
    if (text === '') return
    const last = segments.at(-1)
    if (last?.kind === 'text') last.text += text
    else segments.push({ kind: 'text', text })
  }

  /** `chipLabel` differs from the marks' `label` where the label stays in the text. */
  function chip(places: readonly Place[], label: string | null, chipLabel = label) {
    const drawn: number[] = []
    const farOutBefore = notes.farOut
    for (const place of places) if (draw(place, label)) drawn.push(marks.length - 1)
    const state = drawn.length > 0 ? 'drawn' : notes.farOut > farOutBefore ? 'outside' : 'unplaced'
    const last = segments.at(-1)
    // Debris of one broken construct is one chip, not a row of them.
    if (state === 'unplaced' && chipLabel === null && isEmptyChip(last)) return
    segments.push({ kind: 'chip', marks: drawn, label: chipLabel, state })
  }

  function draw(place: Place, label: string | null): boolean {
    const corners = cornersOf(place)
    if (corners === null) {
      notes.dropped++
      return false
    }
    const { xs, ys } = corners
    if (![...xs, ...ys].every((value) => value >= -overshootMax && value <= 1 + overshootMax)) {
      notes.farOut++
      return false
    }
    const [x1, x2, y1, y2] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)].map(clamp) as [
      number,
      number,
      number,
      number,
    ]
    const isFlat = place.kind === 'box' && !(x1 < x2 && y1 < y2)
    if (isFlat || marks.length >= marksMax) {
      notes.dropped++
      return false
    }
    const more = {
      label,
      ...(place.image === undefined ? {} : { image: place.image }),
      ...(place.time === undefined ? {} : { time: place.time }),
    }
    marks.push(
      place.kind === 'point' ? { kind: 'point', x: x1, y: y1, ...more } : { kind: 'box', x1, y1, x2, y2, ...more },
    )
    return true
  }

  /** What was said since the last chip: the phrase a following place belongs to. */
  function sinceChip(): string {
    const last = segments.at(-1)
    return last?.kind === 'text' ? last.text : ''
  }

  return { segments, marks, notes, say, chip, sinceChip }
}

/** Of a model's own words: one line of text, safe to show as text, never HTML. */
export function toLabel(raw: string): string | null {
  const line = raw
    .slice(0, 20 * labelCharactersMax)
    .replace(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\uE000\uE001]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  const cut = Array.from(line).slice(0, labelCharactersMax).join('').trim()
  return cut === '' ? null : cut
}

function cornersOf({ kind, numbers, space }: Place): { xs: number[]; ys: number[] } | null {
  const isCountRight = kind === 'point' ? numbers.length === 2 : numbers.length >= 4 && numbers.length % 2 === 0
  if (!isCountRight || numbers.length > 20_000) return null
  const xs: number[] = []
  const ys: number[] = []
  for (const [index, number] of numbers.entries()) {
    const isX = (index % 2 === 0) !== space.isYFirst
    const value = (number + space.shift) / (isX ? space.across : space.down)
    if (!Number.isFinite(value)) return null
    ;(isX ? xs : ys).push(value)
  }
  return { xs, ys }
}

const clamp = (value: number) => Math.min(1, Math.max(0, value))
const isEmptyChip = (segment: Segment | undefined) =>
  segment?.kind === 'chip' && segment.state === 'unplaced' && segment.label === null
