import { contentCharactersMax } from './content.ts'
import { matchAt } from './numbers.ts'
import { held, notHere, type Scan, type Step, sayUntil, unfinished } from './scan.ts'
import { type Place, toLabel } from './sheet.ts'
import { florenceSteps, paligemmaSteps, type Space } from './spaces.ts'
import { containers, delimiter, isBeginning, isTagBegunAs, polygonClose, polygonOpen } from './tag-names.ts'

const fourDigits = /<loc(\d{4})>/y
const thousandthToken = /<loc_(\d{1,4})>/y
const patchToken = /<patch_index_(\d{1,5})>/y
const segmentToken = /<seg\d{3}>/y
/** Of MolmoPoint: they mean something only to the processor that made them. */
const processorToken =
  /<\|?(?:points?|patch|subpatch|location)_[a-z_]{0,20}\d{1,6}\|?>|<\|(?:points?|patch|subpatch|location)[a-z_]{0,20}\|>/iy

/** A run of numbered tokens, or one of them. */
export function readNumbered(scan: Scan, at: number): Step {
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
export function readPolygons(scan: Scan, at: number): Step {
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

export type ContainerRead = { state: 'whole' | 'broken' | 'words' | 'cut'; places: Place[]; end: number }

/** Kosmos-2: the cells between object tags. */
export function readPatches({ text }: Scan, from: number): ContainerRead {
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
