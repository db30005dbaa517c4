import type { ImageRef } from '../images/image.ts'
import { parseGrounding, withChips } from '../models/grounding.ts'
import type { Model } from '../models/model.ts'
import type { Said } from './battle.ts'

/**
 * What may be shown of a raw answer: pointing syntax of the model's dialect becomes numbered chips and marks, the same for every family.
 * While the answer is being written (`isFinal` false) an unfinished tag is held back, so it never flashes as text.
 */
export function toSaid(
  raw: string,
  model: Pick<Model, 'grounding' | 'resize'>,
  images: ImageRef[],
  isFinal: boolean,
): Said {
  const newest = images.at(-1)
  const parsed = parseGrounding(raw, {
    dialect: model.grounding,
    width: newest?.width ?? 1,
    height: newest?.height ?? 1,
    final: isFinal,
    ...(model.resize ? { resize: model.resize } : {}),
  })
  const chips = parsed.segments.flatMap((segment) =>
    segment.kind === 'chip' ? [{ marks: segment.marks, label: segment.label, state: segment.state }] : [],
  )
  return { text: withChips(parsed), chips, marks: parsed.marks }
}

/** The first `characters` UTF-16 units of it, never half a character or half a chip, with the chips and marks that are in it. */
export function firstOf(said: Said, characters: number): Said {
  if (characters >= said.text.length) return said
  let end = Math.max(0, characters)
  const open = said.text.lastIndexOf('\uE000', end - 1)
  if (open >= 0 && said.text.indexOf('\uE001', open) >= end) end = open
  if (isLowSurrogate(said.text.charCodeAt(end))) end--
  const text = said.text.slice(0, end)
  const chips = said.chips.slice(0, text.split('\uE001').length - 1)
  const marks = said.marks.slice(
    0,
    chips.reduce((most, chip) => Math.max(most, ...chip.marks.map((mark) => mark + 1)), 0),
  )
  return { text, chips, marks }
}

const isLowSurrogate = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff
