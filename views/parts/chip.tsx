// A chip is a button in an answer that stands for marks on the picture.
// button.chip[data-side][data-turn][data-marks="1 3"]: numbers of the marks it stands for; the marks carry the same data attributes.
import type { Chip, Said, Side } from '../../src/battles/battle.ts'
import { describePlace, type Mark } from '../../src/models/grounding.ts'
import type { Say } from '../strings/strings.ts'
import { escaped } from './sanitise.ts'

type ChipOptions = { side: Side; say: Say; turn: number }

/** Our own string building, because it runs inside the Markdown renderer; every value in it is escaped. */
export function chipHtml(said: Said, n: number, { side, say, turn }: ChipOptions): string {
  const chip = said.chips[n]
  if (!chip) return ''
  const label = chip.label ?? labelOf(chip, said)
  if (chip.state !== 'drawn') {
    const state = say(chip.state === 'outside' ? 'chip.outside' : 'chip.unplaced')
    return `<span class="chip chip-${side} chip-off">${label ? `${escaped(label)} · ` : ''}${escaped(state)}</span>`
  }
  const marks = chip.marks.map((mark) => mark + 1)
  const image = said.marks[chip.marks[0] ?? -1]?.image
  const first = said.marks[chip.marks[0] ?? -1]
  const kind = say(marks.length > 1 ? 'chip.points' : first?.kind === 'box' ? 'chip.box' : 'chip.point')
  const place = marks.length === 1 && first ? hidden(`, ${placeOf(first, say)}`) : ''
  return (
    `<button type="button" class="chip chip-${side}" data-side="${side}" data-turn="${turn}" data-marks="${marks.join(' ')}">` +
    `${hidden(`${kind} `)}<span class="chip-sign">${escaped(numbers(marks))}</span>` +
    `${label ? ` <span class="chip-label">${escaped(label)}</span>` : ''}` +
    `${image !== undefined && image > 1 ? ` <span class="chip-image">${escaped(say('chip.image', { n: image }))}</span>` : ''}` +
    `${place}</button>`
  )
}

/** Only for ears: "Point 1 QR code, right side, lower third". */
const hidden = (text: string) => `<span class="visually-hidden">${escaped(text)}</span>`

/** Where a button cannot be: inside code, links and formulas. */
export const chipText = (said: Said, n: number) => {
  const marks = said.chips[n]?.marks.map((mark) => mark + 1) ?? []
  return marks.length > 0 ? `[${numbers(marks)}]` : '[ ]'
}

const labelOf = (chip: Chip, said: Said) =>
  chip.marks.length === 1 ? (said.marks[chip.marks[0]!]?.label ?? null) : null

function placeOf(mark: Mark, say: Say) {
  const { horizontal, vertical } = describePlace(mark)
  return say(`chip.place.${horizontal}.${vertical}`)
}

/** 1, 2, 3, 5 as "1–3, 5". */
export function numbers(marks: number[]): string {
  const runs: [number, number][] = []
  for (const mark of marks) {
    const run = runs.at(-1)
    if (run && mark === run[1] + 1) run[1] = mark
    else runs.push([mark, mark])
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ')
}
