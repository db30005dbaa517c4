import { readCall } from './blocks.ts'
import { readNumbered, readPolygons } from './location-tokens.ts'
import { matchAt } from './numbers.ts'
import { pointClose, pointOpen, readPointTag } from './point-tags.ts'
import { readAnswer, readLonePlaces, readReference } from './references.ts'
import { notHere, type Scan, type Step, unfinished } from './scan.ts'
import {
  answerOpen,
  callClose,
  callOpen,
  containers,
  isTagBegun,
  literalTag,
  polygonOpen,
  references,
  silent,
} from './tag-names.ts'

/** A tag or token at `<` that says by itself how it counts; read in every dialect. */
export function readTag(scan: Scan, at: number): Step {
  const { text } = scan
  const next = text.charCodeAt(at + 1)
  const mayBeTag = Number.isNaN(next) || next === 47 || next === 124 || isLetter(next)
  if (!mayBeTag) return notHere

  const opening = matchAt(pointOpen, text, at)
  if (opening !== null) return readPointTag(scan, at, opening[1]!)
  const closing = matchAt(pointClose, text, at)
  if (closing !== null) return at + closing[0].length

  const literal = matchAt(literalTag, text, at)?.[0]
  if (literal !== undefined) {
    if (Object.hasOwn(references, literal)) return readReference(scan, at, literal)
    if (Object.hasOwn(containers, literal)) return readLonePlaces(scan, at)
    if (literal === answerOpen) return readAnswer(scan, at)
    if (literal === polygonOpen) return readPolygons(scan, at)
    if (literal === callOpen || literal === callClose) return readCall(scan, at)
    if (silent.has(literal)) return at + literal.length
    return readNumbered(scan, at)
  }
  return isTagBegun(text, at) ? readBegun(scan, at) : notHere
}

const isLetter = (code: number) => (code >= 97 && code <= 122) || (code >= 65 && code <= 90)

/** The answer was cut in the name of a tag. One or two letters may as well be mathematics. */
function readBegun(scan: Scan, at: number): Step {
  const rest = scan.text.slice(at)
  if (scan.final && !/^<(?:\||\/)?[a-z_]{2}|^<\|[a-z/]/i.test(rest)) return notHere
  if (scan.final && rest.startsWith('</')) return scan.text.length
  return unfinished(scan)
}
