import { readText } from './grounding/reader.ts'
import { smartResize } from './grounding/resize.ts'
import { newScan } from './grounding/scan.ts'
import { newSheet } from './grounding/sheet.ts'
import { spacesOf } from './grounding/spaces.ts'

export { smartResize }

/** What an operator may write after `grounding:`; the grammar of each is in the design, MODELS.md 8.2. */
export const dialects = [
  'none',
  'auto',
  'molmo',
  'molmo2',
  'qwen2-vl',
  'qwen2.5-vl',
  'qwen3-vl',
  'gemini',
  'paligemma',
  'florence-2',
  'kosmos-2',
  'internvl',
  'cogvlm',
  'deepseek-vl2',
  'glm-v',
  'showui',
  'ui-tars-1',
  'ui-tars-1.5',
  'moondream',
  'pixels',
] as const
export type Dialect = (typeof dialects)[number]

/** A place in the image as sent: 0..1 from its left and top edge, `x1 < x2`, `y1 < y2`. `image` counts from 1; `time` is in seconds. */
export type Mark = (
  | { kind: 'point'; x: number; y: number }
  | { kind: 'box'; x1: number; y1: number; x2: number; y2: number }
) & { label: string | null; image?: number; time?: number }

/**
 * A chip stands where markup stood. `marks` are indices into the answer's marks (shown as index + 1). `label` is what the markup itself said
 * of the place; it is null where the label stays in the text beside the chip (Florence-2, PaliGemma), so that nothing is shown twice.
 */
export type Chip = { kind: 'chip'; marks: number[]; label: string | null; state: 'drawn' | 'outside' | 'unplaced' }
export type Segment = { kind: 'text'; text: string } | Chip

export type Grounding = {
  segments: Segment[]
  marks: Mark[]
  /** `heldBack`: characters not shown yet; `farOut`: places outside the image; `dropped`: unusable places and those over the limit. */
  notes: { heldBack: number; farOut: number; dropped: number }
}

export type GroundingOptions = {
  dialect: Dialect
  /** Pixels of the image as sent; of several images, of the newest. */
  width: number
  height: number
  /** How the model's server resizes the image; read by the dialects that answer in resized pixels. */
  resize?: { factor: number; minPixels: number; maxPixels: number }
  /** False while the answer is still being written: the text then ends before the first unfinished construct. Default true. */
  final?: boolean
}

/**
 * Reads the points and boxes of an answer by its model's configured dialect, and replaces their markup by chips.
 *
 * Pure, never throws, time grows linearly with the text. At most 500 marks. Text around markup is unchanged. While `final` is false, what is
 * shown of a text (`withChips`) is a prefix of what is shown of any longer one.
 */
export function parseGrounding(text: string, options: GroundingOptions): Grounding {
  const { dialect, final = true } = options
  const sheet = newSheet()
  if (dialect === 'none') {
    sheet.say(text)
    return { segments: sheet.segments, marks: [], notes: { heldBack: 0, farOut: 0, dropped: 0 } }
  }
  const heldBack = readText(newScan(text, { final, dialect, spaces: spacesOf(options), sheet, readText }))
  return { segments: sheet.segments, marks: sheet.marks, notes: { heldBack, ...sheet.notes } }
}

const chipOpen = '\uE000'
const chipClose = '\uE001'

/** Finds what `withChips` wrote, also after Markdown rendering; group 1 is the index into `chipsOf`. */
export const chipPattern = /\uE000(\d+)\uE001/g

/** The answer as one string for a Markdown renderer: chip n is `U+E000 n U+E001`, and neither character occurs anywhere else in it. */
export function withChips({ segments }: Pick<Grounding, 'segments'>): string {
  let chips = 0
  return segments
    .map((segment) =>
      segment.kind === 'chip' ? `${chipOpen}${chips++}${chipClose}` : segment.text.replace(/[\uE000\uE001]/g, ''),
    )
    .join('')
}

/** The chips in the order `withChips` numbers them, from 0. */
export function chipsOf({ segments }: Pick<Grounding, 'segments'>): Chip[] {
  return segments.filter((segment) => segment.kind === 'chip')
}

/** Where in the image a mark lies, by thirds, for accessible names; of a box, its centre. */
export function describePlace(mark: Mark): {
  horizontal: 'left' | 'centre' | 'right'
  vertical: 'top' | 'middle' | 'bottom'
} {
  const [x, y] = mark.kind === 'point' ? [mark.x, mark.y] : [(mark.x1 + mark.x2) / 2, (mark.y1 + mark.y2) / 2]
  return {
    horizontal: x < 1 / 3 ? 'left' : x > 2 / 3 ? 'right' : 'centre',
    vertical: y < 1 / 3 ? 'top' : y > 2 / 3 ? 'bottom' : 'middle',
  }
}
