import type { Dialect } from '../grounding.ts'
import { readBlock, readFence } from './blocks.ts'
import { readBarePairs, readCogvlm, readShowui, readTarsPlace } from './dialects.ts'
import { held, notHere, type Scan, type Step, sayUntil } from './scan.ts'
import { readTag } from './tags.ts'

/** Puts the whole text on the sheet; returns how many characters at its end are held back. */
export function readText(scan: Scan): number {
  const { text } = scan
  const nextHot = hotFor(scan.dialect)
  let at = nextHot(text, 0)
  while (at < text.length) {
    scan.start = at
    const end = readAt(scan, at)
    if (end === held) {
      sayUntil(scan, at)
      return text.length - at
    }
    if (end !== notHere) {
      sayUntil(scan, at)
      scan.said = end
    }
    at = nextHot(text, end === notHere ? at + 1 : end)
  }
  sayUntil(scan, text.length)
  return 0
}

type NextHot = (text: string, from: number) => number

/** Finds the next character at which a construct of this dialect can begin. */
function hotFor(dialect: Dialect): NextHot {
  if (dialect === 'ui-tars-1' || dialect === 'ui-tars-1.5') return nextTarsHot
  return dialect === 'qwen2-vl'
    ? (text, from) => nextMark(text, from, true)
    : (text, from) => nextMark(text, from, false)
}

// A loop over codes: a regular expression makes an object per match, too much for a megabyte of brackets.
function nextMark(text: string, from: number, isRoundHot: boolean): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const isHot = code === 60 || code === 91 || code === 123 || code === 96 || code === 126
    if (isHot || (isRoundHot && code === 40)) break
  }
  return at
}

const tarsHot = /[<[{`~]|\b(?:start_(?:box|point)|end_(?:box|point)|point)\b|\b[a-z_]{1,11}$/g

function nextTarsHot(text: string, from: number): number {
  tarsHot.lastIndex = from
  return tarsHot.exec(text)?.index ?? text.length
}

function readAt(scan: Scan, at: number): Step {
  switch (scan.text[at]) {
    case '<':
      return readTag(scan, at)
    case '[': {
      const own =
        scan.dialect === 'cogvlm' ? readCogvlm(scan, at) : scan.dialect === 'showui' ? readShowui(scan, at) : notHere
      return own === notHere ? readBlock(scan, at) : own
    }
    case '{':
      return readBlock(scan, at)
    case '`':
    case '~':
      return readFence(scan, at)
    case '(':
      return readBarePairs(scan, at)
    default:
      return readTarsPlace(scan, at)
  }
}
