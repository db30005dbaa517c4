import type { Dialect } from '../grounding.ts'
import type { Sheet } from './sheet.ts'
import type { Spaces } from './spaces.ts'

export type Scan = {
  readonly text: string
  readonly final: boolean
  readonly dialect: Dialect
  readonly spaces: Spaces
  readonly sheet: Sheet
  /** The reader itself, for strings that are answers in small. */
  readonly readText: (scan: Scan) => number
  /** How many strings inside strings this text is. */
  readonly depth: number
  /** Where the answer's first visible character is: some dialects answer with nothing but a place. */
  readonly firstInk: number
  /** Everything before this is on the sheet. */
  said: number
  /** Where the construct being read begins. */
  start: number
  /** No JSON block begins before this: what was read once as JSON and held no place is not read again. */
  blocksFrom: number
  /** The code fence we are inside of. */
  fence: string | null
  /** Opened `<tool_call>` wrappers that were hidden, whose closing tags are to be hidden too. */
  hiddenCalls: number
}

/** What a reader answers: where its construct ends, or one of these. */
export type Step = number
/** No construct begins here; the character is text. */
export const notHere: Step = -1
/** One begins and the text so far does not finish it: nothing from here on is shown yet. */
export const held: Step = -2

export function newScan(
  text: string,
  context: Pick<Scan, 'final' | 'dialect' | 'spaces' | 'sheet' | 'readText'> & { depth?: number },
): Scan {
  return {
    depth: 0,
    ...context,
    text,
    firstInk: text.search(/\S/),
    said: 0,
    start: 0,
    blocksFrom: 0,
    fence: null,
    hiddenCalls: 0,
  }
}

/** Readers call this before they put a chip on the sheet, so that the text before it comes first. */
export function sayUntil(scan: Scan, end: number) {
  if (end <= scan.said) return
  scan.sheet.say(scan.text.slice(scan.said, end))
  scan.said = end
}

/** The end of the text came inside a construct that cannot be anything else: a chip without a place stands for it. */
export function unfinished(scan: Scan, label: string | null = null): Step {
  if (!scan.final) return held
  sayUntil(scan, scan.start)
  scan.sheet.chip([], label)
  return scan.text.length
}
