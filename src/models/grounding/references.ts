import { readContent } from './content.ts'
import { type ContainerRead, readPatches } from './location-tokens.ts'
import { matchAt, readNumbers, skipSpace, toCorners } from './numbers.ts'
import { held, type Scan, type Step, sayUntil, unfinished } from './scan.ts'
import { type Place, toLabel } from './sheet.ts'
import { type Space, steps999, thousandths } from './spaces.ts'
import { answerClose, answerOpen, containers, isBeginning, literalTag, references } from './tag-names.ts'

/** `<ref>L</ref><box>…</box>` and its kin: one chip, labelled, for all places that follow. Without places the words stay. */
export function readReference(scan: Scan, at: number, open: string): Step {
  const content = readContent(scan.text, at + open.length, references[open]!)
  const label = toLabel(content.text)
  if (content.state === 'cut') return unfinished(scan, label)
  if (content.state === 'open') return content.end
  const read = readPlaces(scan, content.end)
  if (read.state === 'cut' && !scan.final) return held
  if (read.state === 'cut' && read.places.length === 0) return unfinished(scan, label)
  // Only the tag goes: the words are read like any others, and the closing tag is left out when it comes.
  if (read.state === 'none') return at + open.length
  sayUntil(scan, at)
  scan.sheet.chip(read.places, label)
  return read.end
}

/** Places nobody referred to. */
export function readLonePlaces(scan: Scan, at: number): Step {
  const read = readPlaces(scan, at)
  if (read.state === 'cut' && !scan.final) return held
  if (read.state === 'cut' && read.places.length === 0) return unfinished(scan)
  if (read.state === 'none') return read.end
  sayUntil(scan, at)
  scan.sheet.chip(read.places, null)
  return read.end
}

type PlacesRead = { state: 'some' | 'none' | 'cut'; places: Place[]; end: number }

/** One container after the other. `cut` where the text ends before it is sure that no more follow. */
function readPlaces(scan: Scan, from: number): PlacesRead {
  const { text } = scan
  const places: Place[] = []
  let end = from
  let count = 0
  for (;;) {
    const at = skipSpace(text, end)
    const open = matchAt(literalTag, text, at)?.[0]
    if (open === undefined || !Object.hasOwn(containers, open)) {
      const mayContinue = at >= text.length || isBeginning(text, at, Object.keys(containers))
      // In a finished text what follows is nothing, or the beginning of another tag: it is read by itself.
      if (mayContinue && !scan.final) return { state: 'cut', places, end }
      return { state: count > 0 ? 'some' : 'none', places, end }
    }
    const read = open === '<object>' ? readPatches(scan, at + open.length) : readContainer(scan, open, at + open.length)
    if (read.state === 'cut') return { state: 'cut', places, end: count > 0 ? end : text.length }
    if (read.state === 'words') return { state: count > 0 ? 'some' : 'none', places, end: count > 0 ? end : read.end }
    places.push(...read.places)
    count++
    end = read.end
    if (read.state === 'broken') return { state: 'some', places, end }
  }
}

function readContainer({ text, dialect, spaces }: Scan, open: string, from: number): ContainerRead {
  const close = containers[open]!
  const numbers = readNumbers(text, from)
  const { end, groups } = numbers
  if (end >= text.length || isBeginning(text, end, [close])) return { state: 'cut', places: [], end }
  const isClosed = text.startsWith(close, end)
  // Words between the tags are an answer: the tags go, the words stay.
  if (!isClosed)
    return { state: groups.length === 0 ? 'words' : 'broken', places: [], end: groups.length === 0 ? from : end }

  const isTars = dialect === 'ui-tars-1' || dialect === 'ui-tars-1.5'
  const space: Space = open === '<|det|>' ? steps999 : isTars && open === '<|box_start|>' ? spaces.own : thousandths
  const isPolygon = open === '<quad>' || open === '<|quad_start|>'
  const corners = isPolygon ? [{ kind: 'box' as const, numbers: groups.flat() }] : toCorners(numbers)
  return { state: 'whole', places: corners.map((corner) => ({ ...corner, space })), end: end + close.length }
}

/** Brackets with two or four numbers are places; anything else in the answer box is the answer and stays. */
export function readAnswer(scan: Scan, at: number): Step {
  const { text } = scan
  const from = at + answerOpen.length
  const numbers = readNumbers(text, from, { angle: true })
  const isCut = numbers.end >= text.length || isBeginning(text, numbers.end, [answerClose])
  if (isCut && (!scan.final || numbers.isBracketed || numbers.groups.length === 0)) return unfinished(scan)
  const isPlace =
    numbers.isBracketed &&
    numbers.groups.length > 0 &&
    numbers.groups.every(({ length }) => length === 2 || length === 4) &&
    text.startsWith(answerClose, numbers.end)
  if (!isPlace) return from
  sayUntil(scan, at)
  scan.sheet.chip(
    toCorners(numbers).map((corner) => ({ ...corner, space: thousandths })),
    null,
  )
  return numbers.end + answerClose.length
}
