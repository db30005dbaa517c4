import { readContent } from './content.ts'
import { readNumbers, skipSpace, toCentre, toNumber } from './numbers.ts'
import { held, type Scan, type Step, sayUntil, unfinished } from './scan.ts'
import { labelCharactersMax, type Place, toLabel } from './sheet.ts'
import { percent, thousandths } from './spaces.ts'
import { isTagBegun } from './tag-names.ts'

export const pointOpen = /<(points?|tracks)(?=[\s/>])/y
export const pointClose = /<\/(?:points?|tracks)\s{0,9}>/y

type Attributes = { values: Map<string, string>; end: number; state: 'whole' | 'cut' | 'broken'; isClosed: boolean }

/** Molmo 1 and 2: a point tag with its attributes, its content the label. */
export function readPointTag(scan: Scan, at: number, name: string): Step {
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
