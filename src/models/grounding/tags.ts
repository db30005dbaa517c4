import { callClose, callOpen, isBeginning, readCall } from './blocks.ts'
import { matchAt, readNumbers, skipSpace, toCentre, toCorners, toNumber } from './numbers.ts'
import { held, notHere, type Scan, type Step, sayUntil, unfinished } from './scan.ts'
import { labelCharactersMax, type Place, toLabel } from './sheet.ts'
import { florenceSteps, paligemmaSteps, percent, type Space, steps999, thousandths } from './spaces.ts'

/** Between an opening tag and its closing one; further apart they do not belong together, and the words between them stay text. */
const contentCharactersMax = 1000
const tokenCharactersMax = 48

const references: Record<string, RegExp> = {
  '<ref>': /<\/ref>/y,
  '<|object_ref_start|>': /<\|object_ref_end\|>/y,
  '<|ref|>': /<\|\/ref\|>/y,
  '<phrase>': /<\/phrase>/y,
}
const containers: Record<string, string> = {
  '<box>': '</box>',
  '<quad>': '</quad>',
  '<|box_start|>': '<|box_end|>',
  '<|quad_start|>': '<|quad_end|>',
  '<|det|>': '<|/det|>',
  '<object>': '</object>',
}
const answerOpen = '<|begin_of_box|>'
const answerClose = '<|end_of_box|>'
const polygonOpen = '<poly>'
const polygonClose = '</poly>'
const delimiter = '</delimiter_of_multi_objects/>'

/** Tokens that say nothing by themselves: where one stands alone it is left out. */
const silent = new Set([
  '</ref>',
  '<|object_ref_end|>',
  '<|/ref|>',
  '</phrase>',
  ...Object.values(containers),
  answerClose,
  polygonClose,
  delimiter,
  '<grounding>',
  '<|grounding|>',
])
const literals = [
  ...Object.keys(references),
  ...Object.keys(containers),
  answerOpen,
  polygonOpen,
  callOpen,
  callClose,
  ...silent,
]

const pointOpen = /<(points?|tracks)(?=[\s/>])/y
const pointClose = /<\/(?:points?|tracks)\s{0,9}>/y
const literalTag = /<[^<>\s]{1,40}>/y
const fourDigits = /<loc(\d{4})>/y
const thousandthToken = /<loc_(\d{1,4})>/y
const patchToken = /<patch_index_(\d{1,5})>/y
const segmentToken = /<seg\d{3}>/y
/** Of MolmoPoint: they mean something only to the processor that made them. */
const processorToken =
  /<\|?(?:points?|patch|subpatch|location)_[a-z_]{0,20}\d{1,6}\|?>|<\|(?:points?|patch|subpatch|location)[a-z_]{0,20}\|>/iy
const numberedBegun =
  /^<(?:loc_?|seg|patch_index_)\d{0,5}$|^<\|?(?:points?|patch|subpatch|location)[a-z_]{0,20}\d{0,6}\|?$/i
const pointBegun = /^<(?:points?|tracks|\/(?:points?|tracks)\s{0,9})$/
const names = [
  ...['<point', '<points', '<tracks', '</point', '</points', '</tracks', '<loc_', '<seg', '<patch_index_'],
  ...['point', 'points', 'patch', 'subpatch', 'location'].flatMap((name) => [`<${name}_`, `<|${name}`]),
]

/** Where another construct begins or ends, the content of an open tag is over. */
const interruption =
  /<(?:\/?(?:ref|phrase|box|quad|object|poly)>|\/?(?:points?|tracks)(?=[\s/>])|\|\/?[a-z_]{1,30}\|>|loc_?\d|patch_index_\d)/g

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

function isTagBegun(text: string, at: number): boolean {
  if (text.length - at > tokenCharactersMax) return false
  const rest = text.slice(at)
  const isName = isBeginning(rest, 0, literals) || isBeginning(rest.toLowerCase(), 0, names)
  return isName || pointBegun.test(rest) || numberedBegun.test(rest)
}

/** The answer was cut in the name of a tag. One or two letters may as well be mathematics. */
function readBegun(scan: Scan, at: number): Step {
  const rest = scan.text.slice(at)
  if (scan.final && !/^<(?:\||\/)?[a-z_]{2}|^<\|[a-z/]/i.test(rest)) return notHere
  if (scan.final && rest.startsWith('</')) return scan.text.length
  return unfinished(scan)
}

// ---------------------------------------------------------------- Molmo

type Attributes = { values: Map<string, string>; end: number; state: 'whole' | 'cut' | 'broken'; isClosed: boolean }

function readPointTag(scan: Scan, at: number, name: string): Step {
  const { text, final } = scan
  const { values, end, state, isClosed } = readAttributes(text, at + 1 + name.length)
  if (state === 'cut') return unfinished(scan)
  if (state === 'broken') {
    sayUntil(scan, at)
    scan.sheet.chip([], null)
    return end
  }

  const content = isClosed ? null : readContent(text, end, pointClose)
  if (content?.state === 'cut' && !final) return held
  const said = content?.state === 'closed' ? content.text : null
  const places = [...pointPlaces(values, name === 'tracks'), ...(values.size === 0 ? tarsPlaces(scan, said) : [])]
  const isOnlyNumbers = values.size === 0 && said !== null && /^[\d\s.,()[\]]*$/.test(said)
  const ownLabel = toLabel(values.get('label') ?? '') ?? toLabel(values.get('alt') ?? '')
  const label = (said === null || isOnlyNumbers ? null : toLabel(said)) ?? ownLabel
  sayUntil(scan, at)
  scan.sheet.chip(places, label)
  if (content?.state === 'closed') return content.end
  // Cut within its label: the attribute has said it already.
  if (content?.state === 'cut' && label !== null && label.startsWith(content.text.trim())) return text.length
  return end
}

/** Quote-aware, so that `>` may stand inside; bare words after an unquoted value belong to it. */
function readAttributes(text: string, from: number): Attributes {
  const values = new Map<string, string>()
  let last: string | null = null
  let at = from
  const done = (state: Attributes['state'], end: number, isClosed = false) => ({ values, end, state, isClosed })
  for (;;) {
    at = skipSpace(text, at)
    const char = text[at]
    if (char === undefined) return done('cut', at)
    if (char === '>') return done('whole', at + 1, text[at - 1] === '/')
    if (char === '<') return done(isTagBegun(text, at) ? 'cut' : 'broken', at)
    if (char === '/' || char === '"' || char === "'" || char === '=') {
      at++
      continue
    }
    const nameEnd = endOfName(text, at)
    const name = text.slice(at, nameEnd)
    const equals = skipSpace(text, nameEnd)
    if (text[equals] !== '=') {
      if (equals >= text.length) return done('cut', equals)
      if (values.size === 0) return done('broken', nameEnd)
      const said = last === null ? '' : values.get(last)!
      if (last !== null && said.length < 2 * labelCharactersMax) values.set(last, `${said} ${name}`)
      at = nameEnd
      continue
    }
    const start = skipSpace(text, equals + 1)
    const quote = /^(?:\\?["'])/.exec(text.slice(start, start + 2))?.[0]
    let value: string
    if (quote !== undefined) {
      const close = text.indexOf(quote, start + quote.length)
      if (close < 0) return done('cut', text.length)
      value = text.slice(start + quote.length, close)
      at = close + quote.length
      last = null
    } else {
      at = endOfValue(text, start)
      if (at >= text.length) return done('cut', at)
      value = text.slice(start, at)
      last = values.has(name) ? null : name
    }
    if (!values.has(name)) values.set(name, value)
  }
}

function endOfName(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && !/[\s=<>"'/]/.test(text[at]!)) at++
  return at
}

function endOfValue(text: string, from: number): number {
  let at = from
  while (at < text.length && !/[\s<>]/.test(text[at]!)) at++
  return text[at] === '>' && text[at - 1] === '/' && at > from ? at - 1 : at
}

type Content = { state: 'closed' | 'open' | 'cut'; text: string; end: number }

/** From an opening tag up to its closing one. `open`: there is none near enough; `cut`: the text ended first. */
function readContent(text: string, from: number, closing: RegExp): Content {
  const window = text.slice(from, from + contentCharactersMax + tokenCharactersMax)
  interruption.lastIndex = 0
  const found = interruption.exec(window)
  if (found !== null && found.index <= contentCharactersMax) {
    const at = from + found.index
    const content = window.slice(0, found.index)
    const close = matchAt(closing, text, at)
    if (close !== null) return { state: 'closed', text: content, end: at + close[0].length }
    return { state: isTagBegun(text, at) ? 'cut' : 'open', text: content, end: from }
  }
  const isCut = found === null && window.length < contentCharactersMax + tokenCharactersMax
  return { state: isCut ? 'cut' : 'open', text: withoutBegun(window), end: from }
}

/** Without the beginning of a tag at its end. */
function withoutBegun(content: string): string {
  const last = content.lastIndexOf('<')
  return last >= 0 && isTagBegun(content, last) ? content.slice(0, last) : content
}

function pointPlaces(values: ReadonlyMap<string, string>, isTrack: boolean): Place[] {
  const coords = values.get('coords')
  if (coords !== undefined) return groupPlaces(coords, isTrack)
  const places: Place[] = []
  for (const [name, value] of values) {
    if (/^x\d*$/.test(name)) {
      const y = toNumber(values.get(`y${name.slice(1)}`) ?? '')
      places.push({ kind: 'point', space: percent, numbers: [toNumber(value), y] })
    } else if (/^(?:p|\d+)$/.test(name)) {
      const [, x, y] = /^\s*(\d{3})\s*,\s*(\d{3})\s*$/.exec(value.slice(0, 40)) ?? []
      places.push({ kind: 'point', space: thousandths, numbers: [Number(x), Number(y)] })
    }
  }
  return places
}

/** Molmo 2: groups of an image (or a second, in tracks) and then id, x, y for each place. Digits only. */
function groupPlaces(coords: string, isTrack: boolean): Place[] {
  const places: Place[] = []
  for (const group of coords.split(/[\t;:,]/)) {
    const [at, ...rest] = group.split(' ').filter((part) => part !== '')
    if (at === undefined) continue
    const where = whereOf(at, isTrack)
    for (let index = 0; index < rest.length; index += 3) {
      const [id = '', x = '', y = ''] = rest.slice(index, index + 3)
      const isGood = where !== null && /^\d+$/.test(id) && /^\d{3,4}$/.test(x) && /^\d{3,4}$/.test(y)
      places.push({ kind: 'point', space: thousandths, numbers: isGood ? [Number(x), Number(y)] : [], ...where })
    }
  }
  return places
}

function whereOf(raw: string, isTrack: boolean): { image?: number; time?: number } | null {
  if (!/^\d{1,9}(?:\.\d{0,9})?$/.test(raw)) return null
  const value = Number(raw)
  return isTrack || !Number.isInteger(value) ? { time: value } : { image: Math.max(1, value) }
}

/** UI-TARS writes its places between point tags without attributes. */
function tarsPlaces({ dialect, spaces }: Scan, said: string | null): Place[] {
  if (said === null || (dialect !== 'ui-tars-1' && dialect !== 'ui-tars-1.5')) return []
  const numbers = readNumbers(said, 0).groups.flat()
  return [{ kind: 'point', space: spaces.own, numbers: toCentre(numbers) }]
}

// ---------------------------------------------------------------- references and their places

/** `<ref>L</ref><box>…</box>` and its kin: one chip, labelled, for all places that follow. Without places the words stay. */
function readReference(scan: Scan, at: number, open: string): Step {
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

function readLonePlaces(scan: Scan, at: number): Step {
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

type ContainerRead = { state: 'whole' | 'broken' | 'words' | 'cut'; places: Place[]; end: number }

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

function readPatches({ text }: Scan, from: number): ContainerRead {
  const groups: number[][] = [[]]
  let end = from
  for (;;) {
    const token = matchAt(patchToken, text, end)
    if (token !== null) {
      groups.at(-1)!.push(Number(token[1]))
      end += token[0].length
    } else if (text.startsWith(delimiter, end)) {
      groups.push([])
      end += delimiter.length
    } else break
  }
  const close = containers['<object>']!
  if (end >= text.length || isBeginning(text, end, [close, delimiter]) || isTagBegunAs(text, end, '<patch_index_'))
    return { state: 'cut', places: [], end }
  if (end === from && !text.startsWith(close, end)) return { state: 'words', places: [], end: from }
  const isClosed = text.startsWith(close, end)
  return {
    state: isClosed ? 'whole' : 'broken',
    places: groups.filter((group) => group.length > 0).flatMap(patchPlaces),
    end: isClosed ? end + close.length : end,
  }
}

const isTagBegunAs = (text: string, at: number, name: string) =>
  isTagBegun(text, at) && (text.startsWith(name, at) || name.startsWith(text.slice(at)))

/** A 32 × 32 grid, row by row. Two cells are corners by their centres, unless they share a row or column: then by their outer edges. */
function patchPlaces(indices: readonly number[]): Place[] {
  const places: Place[] = []
  for (let at = 0; at < indices.length; at += 2) {
    const pair = indices.slice(at, at + 2)
    const columns = pair.map((index) => index % 32)
    const rows = pair.map((index) => Math.floor(index / 32))
    const isThin = new Set(columns).size === 1 || new Set(rows).size === 1
    const [before, after] = isThin ? [0, 1] : [0.5, 0.5]
    const numbers = [
      Math.min(...columns) + before,
      Math.min(...rows) + before,
      Math.max(...columns) + after,
      Math.max(...rows) + after,
    ]
    places.push({ kind: 'box', space: grid, numbers: pair.length === 2 ? numbers : [] })
  }
  return places
}

const grid: Space = { across: 32, down: 32, shift: 0, isYFirst: false }

// ---------------------------------------------------------------- GLM

/** Brackets with two or four numbers are places; anything else in the answer box is the answer and stays. */
function readAnswer(scan: Scan, at: number): Step {
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

// ---------------------------------------------------------------- location tokens

function readNumbered(scan: Scan, at: number): Step {
  const { text } = scan
  if (matchAt(fourDigits, text, at) !== null) return readFourDigits(scan, at)
  if (matchAt(thousandthToken, text, at) !== null) return readThousandths(scan, at)
  if (matchAt(patchToken, text, at) !== null) return readLonePatches(scan, at)
  const segment = matchAt(segmentToken, text, at)
  if (segment !== null) return at + segment[0].length
  const processor = matchAt(processorToken, text, at)
  if (processor === null) return notHere
  sayUntil(scan, at)
  scan.sheet.chip([], null)
  return at + processor[0].length
}

type TokenRun = { numbers: number[]; end: number; isAtEnd: boolean }

function readRun(text: string, from: number, token: RegExp, name: string, skipped?: RegExp): TokenRun {
  const numbers: number[] = []
  let end = from
  for (;;) {
    const found = matchAt(token, text, end)
    const passed = found ?? (skipped ? matchAt(skipped, text, end) : null)
    if (passed === null) break
    if (found !== null) numbers.push(Number(found[1]))
    end += passed[0].length
  }
  const isAtEnd =
    end >= text.length || isTagBegunAs(text, end, name) || (skipped !== undefined && isTagBegunAs(text, end, '<seg'))
  return { numbers, end, isAtEnd }
}

/** PaliGemma: fours of y x y x; the label follows, and stays in the text. */
function readFourDigits(scan: Scan, at: number): Step {
  const { text } = scan
  const run = readRun(text, at, fourDigits, '<loc', segmentToken)
  if (run.isAtEnd && !scan.final) return held
  const places = inFours(run.numbers).map((numbers): Place => ({ kind: 'box', space: paligemmaSteps, numbers }))
  const after = text.slice(run.end, run.end + contentCharactersMax)
  const label = toLabel(/^[^;\n<]*(?:<(?!loc|seg|\/?[a-z|])[^;\n<]*)*/.exec(after)?.[0] ?? '')
  sayUntil(scan, at)
  scan.sheet.chip(places, label, null)
  return run.end
}

/** Florence-2: the phrase before the tokens is the label, and stays in the text. */
function readThousandths(scan: Scan, at: number): Step {
  const run = readRun(scan.text, at, thousandthToken, '<loc_')
  if (run.isAtEnd && !scan.final) return held
  const groups = run.numbers.length === 8 ? [run.numbers] : inFours(run.numbers)
  tellThousandths(scan, at, groups)
  return run.end
}

/** A polygon is drawn as the box around it. */
function readPolygons(scan: Scan, at: number): Step {
  const { text } = scan
  const groups: number[][] = []
  let end = at + polygonOpen.length
  for (;;) {
    const run = readRun(text, end, thousandthToken, '<loc_')
    if (run.numbers.length > 0) groups.push(run.numbers)
    end = run.end
    if (run.isAtEnd || isBeginning(text, end, [polygonClose, '<sep>'])) return unfinished(scan)
    if (!text.startsWith('<sep>', end)) break
    end += '<sep>'.length
  }
  const isClosed = text.startsWith(polygonClose, end)
  if (groups.length > 0) tellThousandths(scan, at, groups)
  return isClosed ? end + polygonClose.length : end
}

function tellThousandths(scan: Scan, at: number, groups: readonly number[][]) {
  sayUntil(scan, at)
  const before = scan.sheet.sinceChip().slice(-contentCharactersMax).trimEnd()
  const label = toLabel(before.slice(before.lastIndexOf('\n') + 1))
  const places = groups.map((numbers): Place => ({ kind: 'box', space: florenceSteps, numbers }))
  scan.sheet.chip(places, label, null)
}

function readLonePatches(scan: Scan, at: number): Step {
  const run = readRun(scan.text, at, patchToken, '<patch_index_')
  if (run.isAtEnd && !scan.final) return held
  sayUntil(scan, at)
  scan.sheet.chip(patchPlaces(run.numbers), null)
  return run.end
}

/** An incomplete four at the end is no box; the sheet counts it as dropped. */
function inFours(numbers: readonly number[]): number[][] {
  const fours: number[][] = []
  for (let at = 0; at < numbers.length; at += 4) {
    const four = numbers.slice(at, at + 4)
    fours.push(four.length === 4 ? four : [])
  }
  return fours
}
