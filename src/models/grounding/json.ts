import { isNumberBegun, matchAt, skipSpace } from './numbers.ts'

export type Json =
  | { kind: 'object'; members: { key: string; value: Json }[]; isComplete: boolean }
  | { kind: 'array'; items: Json[]; isComplete: boolean }
  | { kind: 'scalar'; value: string | number | boolean | null }

export type JsonRead = {
  node: Json
  /** `cut`: the text ended inside; `bad`: something came that is no JSON. The node then holds what was read before. */
  state: 'whole' | 'cut' | 'bad'
  /** Just after the block; of a bad one, where reading may go on without missing a block. */
  end: number
  /** Without a string it has no key, and so no place. */
  hasStrings: boolean
  /** A key the text broke off in. */
  cutKey: string | null
}

const depthMax = 32
const number = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y
const word = /[-+]?[A-Za-z]{3,8}/y
const words: Record<string, number | boolean | null> = {
  true: true,
  True: true,
  false: false,
  False: false,
  null: null,
  None: null,
  NaN: Number.NaN,
  Infinity: Number.NaN,
  '-Infinity': Number.NaN,
  '+Infinity': Number.NaN,
}
const longestWord = 9

/**
 * Reads one block that begins with `[` or `{` at `from`, as models write them: single quotes, Python's words, trailing and missing commas.
 *
 * One pass. The caller goes on at `end`, never at the next bracket: a failure is a string read too far or a character no block can hold, and
 * strings of one quote never overlap, so over a whole text each character is read a bounded number of times.
 */
export function readJson(text: string, from: number, isFinal: boolean): JsonRead {
  let at = from
  let state: JsonRead['state'] = 'whole'
  let cutKey: string | null = null
  let cutText = ''
  let hasStrings = false
  let lastString = { start: -1, end: -1 }

  const node = value(1) ?? { kind: 'scalar', value: null }
  // A quote that closed nothing swallowed what follows it: what it swallowed is looked at again.
  const isAfterString = lastString.start >= 0 && skipSpace(text, lastString.end) === at
  const end = state === 'whole' || !isAfterString ? at : lastString.start + 1
  return { node, state, end: Math.max(end, from + 1), hasStrings, cutKey }

  function value(depth: number): Json | null {
    at = skipSpace(text, at)
    const char = text[at]
    if (char === '{' || char === '[') {
      if (depth > depthMax) return fail()
      at++
      return char === '{' ? members(depth) : items(depth)
    }
    if (char === '"' || char === "'") {
      return { kind: 'scalar', value: string() ?? cutText }
    }
    const digits = matchAt(number, text, at)
    if (digits !== null) {
      at += digits[0].length
      if (isNumberBegun(text, at)) return stop('cut')
      return { kind: 'scalar', value: Number(digits[0]) }
    }
    const named = matchAt(word, text, at)?.[0]
    if (named !== undefined && Object.hasOwn(words, named)) {
      at += named.length
      return { kind: 'scalar', value: words[named] as number | boolean | null }
    }
    return isWordBegun() || isNumberBegun(text, at) ? stop('cut') : fail()
  }

  function members(depth: number): Json {
    const object: Json & { kind: 'object' } = { kind: 'object', members: [], isComplete: false }
    for (;;) {
      at = skipSpace(text, at)
      const char = text[at]
      if (char === '}') {
        at++
        object.isComplete = true
        return object
      }
      if (char === ',' && object.members.length > 0) {
        at++
        continue
      }
      if (char !== '"' && char !== "'") {
        fail()
        return object
      }
      const key = string()
      if (key === null) {
        cutKey = cutText
        return object
      }
      at = skipSpace(text, at)
      if (text[at] !== ':') {
        fail()
        return object
      }
      at++
      const held = value(depth + 1)
      if (held !== null) object.members.push({ key, value: held })
      // A member cut before its value still says what the object is about.
      else object.members.push({ key, value: { kind: 'array', items: [], isComplete: false } })
      if (state !== 'whole') return object
    }
  }

  function items(depth: number): Json {
    const array: Json & { kind: 'array' } = { kind: 'array', items: [], isComplete: false }
    for (;;) {
      at = skipSpace(text, at)
      const char = text[at]
      if (char === ']') {
        at++
        array.isComplete = true
        return array
      }
      if (char === ',' && array.items.length > 0) {
        at++
        continue
      }
      const held = value(depth + 1)
      if (held !== null) array.items.push(held)
      if (state !== 'whole') return array
    }
  }

  function string(): string | null {
    const start = at
    hasStrings = true
    const quote = text.charCodeAt(start)
    let newline = -1
    let hasEscape = false
    let next = start + 1
    for (; next < text.length; next++) {
      const code = text.charCodeAt(next)
      if (code === quote) break
      if (code === 92) {
        hasEscape = true
        next++
      } else if (code === 10 && newline < 0) newline = next
    }
    if (next >= text.length) {
      const isLineOver = isFinal && newline >= 0
      cutText = text.slice(start + 1, isLineOver ? newline : text.length)
      // A quote that is never closed ends with its line, so that the lines after it stay readable.
      if (isLineOver) {
        at = newline
        state = 'bad'
        return null
      }
      lastString = { start, end: text.length }
      return stop('cut')
    }
    at = next + 1
    lastString = { start, end: at }
    const raw = text.slice(start + 1, next)
    return hasEscape ? unescaped(raw) : raw
  }

  function isWordBegun(): boolean {
    const left = text.length - at
    if (left > longestWord) return false
    const rest = text.slice(at)
    return Object.keys(words).some((known) => known.startsWith(rest))
  }

  function fail(): null {
    return stop(at >= text.length ? 'cut' : 'bad')
  }

  function stop(how: 'cut' | 'bad'): null {
    if (how === 'cut') at = text.length
    if (state === 'whole') state = how
    return null
  }
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

function unescaped(raw: string): string {
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, hex: string | undefined, char: string) =>
    hex === undefined ? (escapes[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
