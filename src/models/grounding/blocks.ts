import { type Json, type JsonRead, readJson } from './json.ts'
import { matchAt, skipSpace, toNumber } from './numbers.ts'
import { held, newScan, notHere, type Scan, type Step, sayUntil, unfinished } from './scan.ts'
import { type Place, toLabel } from './sheet.ts'
import { type CoordinateKey, foreignKeys, unit } from './spaces.ts'
import { callClose, callOpen, isBeginning } from './tag-names.ts'

/** Objects lie at most this deep in a block of places. */
const objectDepthMax = 8
const stringsInStringsMax = 2
const wrappersMax = 4

type Item =
  | { kind: 'chip'; places: Place[]; label: string | null }
  | { kind: 'words'; key: string | null; text: string }

/** A bare block of JSON at `[` or `{`: replaced by chips if it holds places, else text. */
export function readBlock(scan: Scan, at: number): Step {
  if (at < scan.blocksFrom) return notHere
  const read = readJson(scan.text, at, scan.final)
  if (read.state === 'cut' && !scan.final) return held
  const items = itemsOf(scan, [read])
  if (!items.some(isChip)) {
    scan.blocksFrom = read.end
    return notHere
  }
  tell(scan, items)
  return read.state === 'cut' ? scan.text.length : read.end
}

const fenceMark = /`{3,}|~{3,}/y
const fenceInfo = /[^\S\n]*[\w+#.-]{0,40}/y

/** A fenced block: replaced with its fence if it holds nothing but JSON with places. */
export function readFence(scan: Scan, at: number): Step {
  const { text } = scan
  const char = text[at]!
  if (text[at - 1] === char || (char === '~' && at > 0 && text[at - 1] !== '\n')) return notHere
  const mark = matchAt(fenceMark, text, at)?.[0]
  if (mark === undefined) {
    return isBeginning(text, at, ['```', '~~~']) && !scan.final ? held : notHere
  }
  if (scan.fence !== null) {
    if (mark.startsWith(scan.fence)) scan.fence = null
    return notHere
  }
  const step = readWrapped(scan, at)
  if (step === notHere) scan.fence = mark
  return step
}

/** `<tool_call>` is hidden together with the block of places inside it. */
export function readCall(scan: Scan, at: number): Step {
  if (scan.text.startsWith(callClose, at)) {
    if (scan.hiddenCalls === 0) return notHere
    scan.hiddenCalls--
    return at + callClose.length
  }
  return readWrapped(scan, at)
}

/** Blocks inside fences and calls, from the outermost opening mark to its closing one. */
function readWrapped(scan: Scan, from: number): Step {
  if (from < scan.blocksFrom) return notHere
  const { text, final } = scan
  const open: string[] = []
  const reads: JsonRead[] = []
  let at = from
  let isWhole = false
  let isCut = false
  for (;;) {
    at = skipSpace(text, at)
    const char = text[at]
    if (char === undefined) isCut = true
    if (char === '{' || char === '[') {
      const read = readJson(text, at, final)
      reads.push(read)
      at = read.end
      if (read.state === 'cut') isCut = true
      else if (read.state === 'whole') continue
    } else if (char === ',' && reads.length > 0) {
      at++
      continue
    } else if (text.startsWith(callOpen, at) && open.length < wrappersMax) {
      open.push(callOpen)
      at += callOpen.length
      continue
    } else if (text.startsWith(callClose, at) && open.at(-1) === callOpen) {
      open.pop()
      at += callClose.length
      if (open.length > 0) continue
      isWhole = true
    } else {
      const mark = matchAt(fenceMark, text, at)?.[0]
      const innermost = open.at(-1)
      if (mark !== undefined && innermost !== undefined && mark.startsWith(innermost)) {
        open.pop()
        at += mark.length
        if (open.length > 0) continue
        isWhole = true
      } else if (mark !== undefined && innermost?.startsWith('<') !== false && open.length < wrappersMax) {
        open.push(mark)
        at += mark.length
        at += matchAt(fenceInfo, text, at)?.[0].length ?? 0
        continue
      } else if (isBeginning(text, at, [callOpen, callClose, '```', '~~~'])) isCut = true
    }
    break
  }
  if (isCut && !final) return held

  const items = itemsOf(scan, reads)
  const hasPlaces = items.some(isChip)
  if (hasPlaces && (isWhole || isCut)) {
    tell(scan, items)
    return isCut ? text.length : at
  }
  if (hasPlaces) {
    // Other words stand beside the blocks: each block is replaced on its own, the words stay.
    if (!text.startsWith(callOpen, from)) return notHere
    scan.hiddenCalls++
    return from + callOpen.length
  }
  if (isCut && reads.length > 0 && open.includes(callOpen)) return unfinished(scan)
  scan.blocksFrom = Math.max(from + 1, at)
  return notHere
}

function tell(scan: Scan, items: Item[]) {
  sayUntil(scan, scan.start)
  const { sheet } = scan
  // The chip comes first: what a wrapper says before its place ("action: left_click") follows it.
  const first = items.findIndex(isChip)
  const ordered = [items[first]!, ...items.slice(0, first), ...items.slice(first + 1)]
  let isAfterWords = false
  for (const item of ordered) {
    if (item.kind === 'chip') {
      if (isAfterWords) sheet.say('\n')
      sheet.chip(item.places, item.label)
      isAfterWords = false
      continue
    }
    sheet.say(isAfterWords ? ', ' : ' ')
    if (item.key !== null) sayInner(scan, `${item.key}: `)
    sayInner(scan, item.text)
    isAfterWords = true
  }
}

/** A string of a block is an answer in small: markup in it is read like everywhere else. */
function sayInner(scan: Scan, text: string) {
  if (!/[<[{`(=]/.test(text)) {
    scan.sheet.say(text)
    return
  }
  const { dialect, spaces, sheet, depth, readText } = scan
  const inner = newScan(text, { final: true, dialect, spaces, sheet, readText, depth: depth + 1 })
  if (depth >= stringsInStringsMax) inner.blocksFrom = text.length
  readText(inner)
}

const isChip = (item: Item): item is Item & { kind: 'chip' } => item.kind === 'chip'

function itemsOf(scan: Scan, reads: readonly JsonRead[]): Item[] {
  const items: Item[] = []
  for (const read of reads) {
    if (!read.hasStrings) continue
    collect(scan, read.node, 1, 0, items)
    // A key cut in its middle would show the family's name.
    if (read.state !== 'whole' && isKeyBegun(scan, read.cutKey) && !items.some(isChip))
      items.push({ kind: 'chip', places: [], label: null })
  }
  return items
}

function isKeyBegun(scan: Scan, cutKey: string | null): boolean {
  if (cutKey === null || cutKey.length < 3) return false
  return [...scan.spaces.keys.keys(), ...foreignKeys].some((key) => key.startsWith(cutKey))
}

function collect(scan: Scan, node: Json, depth: number, strings: number, items: Item[]) {
  if (node.kind === 'array') {
    for (const item of node.items) collect(scan, item, depth + 1, strings, items)
    return
  }
  if (node.kind === 'scalar') {
    if (typeof node.value === 'string') collectWords(scan, null, node.value, depth, strings, items)
    return
  }

  const { coordinates, isForeign, spent } = coordinatesOf(scan, node)
  if (coordinates.length > 0 || isForeign) {
    const isReadable = node.isComplete && depth <= objectDepthMax
    const isLabelled = coordinates.length === 0 || coordinates.some(({ key }) => key.isLabelled)
    const label = isLabelled ? labelOf(node) : null
    if (isLabelled) spent.add('label')
    spent.add('mask')
    items.push({ kind: 'chip', places: isReadable ? coordinates.flatMap(placesOf) : [], label })
  }
  for (const { key, value } of node.members) {
    if (spent.has(key)) continue
    if (value.kind === 'scalar') {
      if (typeof value.value === 'string') collectWords(scan, key, value.value, depth, strings, items)
      else if (value.value !== null) items.push({ kind: 'words', key, text: String(value.value) })
    } else if (value.kind === 'array' && value.items.length > 0 && value.items.every(isText)) {
      const text = value.items.map((item) => (item.kind === 'scalar' ? String(item.value) : '')).join(', ')
      items.push({ kind: 'words', key, text })
    } else collect(scan, value, depth + 1, strings, items)
  }
}

/** A string may itself be a block: tool calls carry their arguments so. */
function collectWords(scan: Scan, key: string | null, raw: string, depth: number, strings: number, items: Item[]) {
  const text = raw.trim()
  if (/^[[{]/.test(text) && strings < stringsInStringsMax) {
    const read = readJson(text, 0, true)
    const inner: Item[] = []
    if (read.state === 'whole' && read.end === text.length) collect(scan, read.node, depth + 1, strings + 1, inner)
    if (inner.some(isChip)) {
      items.push(...inner)
      return
    }
  }
  if (text !== '') items.push({ kind: 'words', key, text })
}

type Coordinate = { key: CoordinateKey; value: Json }

function coordinatesOf(scan: Scan, node: Json & { kind: 'object' }) {
  const coordinates: Coordinate[] = []
  const spent = new Set<string>()
  let isForeign = false
  for (const { key, value } of node.members) {
    const own = scan.spaces.keys.get(key)
    const isNamedForPlaces = foreignKeys.some((foreign) => foreign === key)
    if (own !== undefined && value.kind === 'array' && (isNamedForPlaces || isNumeric(value))) {
      coordinates.push({ key: own, value })
      spent.add(key)
    } else if (isNamedForPlaces) {
      isForeign = true
      spent.add(key)
    }
  }
  if (scan.dialect === 'moondream') {
    for (const [kind, names] of moondreamShapes) {
      const values = names.map((name) => node.members.find((member) => member.key === name)?.value)
      if (coordinates.length > 0 || !values.every((value) => value?.kind === 'scalar')) continue
      coordinates.push({
        key: { kind, space: unit, isLabelled: true },
        value: { kind: 'array', items: values.filter((value) => value !== undefined), isComplete: true },
      })
      for (const name of names) spent.add(name)
    }
  }
  return { coordinates, isForeign, spent }
}

const moondreamShapes = [
  ['box', ['x_min', 'y_min', 'x_max', 'y_max']],
  ['point', ['x', 'y']],
] as const

function placesOf({ key: { kind, space }, value }: Coordinate): Place[] {
  const places: Place[] = []
  const read = (list: Json, depth: number) => {
    if (list.kind !== 'array') return
    const lists = list.items.filter((item) => item.kind === 'array')
    if (lists.length === 0) {
      places.push({ kind, space, numbers: list.items.map(numberOf) })
      return
    }
    const areCorners = kind === 'box' && lists.length > 1 && lists.every((item) => item.items.length === 2)
    if (areCorners) places.push({ kind, space, numbers: lists.flatMap((item) => item.items.map(numberOf)) })
    else if (depth < 3) for (const item of lists) read(item, depth + 1)
  }
  read(value, 1)
  return places.filter(({ numbers }) => numbers.length > 0)
}

function numberOf(node: Json): number {
  if (node.kind !== 'scalar') return Number.NaN
  if (typeof node.value === 'number') return node.value
  return typeof node.value === 'string' ? toNumber(node.value) : Number.NaN
}

/** Under a key that is also an everyday word, only a list of numbers is a place. */
function isNumeric(node: Json): boolean {
  let first: Json | undefined = node
  while (first?.kind === 'array') {
    if (first.items.length === 0) return !first.isComplete
    first = first.items[0]
  }
  return (
    first !== undefined &&
    first.kind === 'scalar' &&
    (typeof first.value === 'number' || !Number.isNaN(numberOf(first)))
  )
}

const isText = (node: Json) =>
  node.kind === 'scalar' && typeof node.value === 'string' && Number.isNaN(toNumber(node.value))

function labelOf(node: Json & { kind: 'object' }): string | null {
  const value = node.members.find(({ key }) => key === 'label')?.value
  if (value?.kind !== 'scalar' || value.value === null) return null
  return toLabel(String(value.value))
}
