/** What a cell holds. `odd` is a text with an escape, a quote or a letter beyond ASCII: its bytes are not the text. */
export const kinds = { absent: 0, text: 1, odd: 2, number: 3, true: 4, false: 5, null: 6, nested: 7 } as const

/**
 * Where the wanted cells of one row stand, found without making texts or objects. `read` is true only for a row that the careful reader would
 * take too, with the same cells; whatever is unusual is left to that reader, which also says what is wrong with it.
 */
export type RowSpans = {
  read(bytes: Buffer, from: number, to: number): boolean
  /** The line read last. */
  bytes(): Buffer
  /** By the place of the column among those wanted. */
  kind: Uint8Array
  from: Uint32Array
  to: Uint32Array
  /** The cell as the careful reader gives it; undefined where there is none. */
  value(column: number): unknown
}

const [quote, backslash, comma, colon, space] = [34, 92, 44, 58, 32]
const depthMax = 200

/** Spans of one JSON object a line: its grammar in full (RFC 8259), or false. */
export function jsonSpans(wanted: readonly string[]): RowSpans {
  const kind = new Uint8Array(wanted.length)
  const starts = new Uint32Array(wanted.length)
  const ends = new Uint32Array(wanted.length)
  const columnOf = keyFinder(wanted)
  let bytes: Buffer = Buffer.alloc(0)
  let end = 0
  let isOdd = false

  const skipSpace = (from: number): number => {
    let at = from
    while (at < end) {
      const c = bytes[at]!
      if (c !== space && c !== 9 && c !== 13 && c !== 10) break
      at++
    }
    return at
  }
  /** From the byte after the opening quote to the one after the closing quote, or -1. */
  const text = (from: number): number => {
    isOdd = false
    for (let at = from; at < end; at++) {
      const c = bytes[at]!
      if (c === quote) return at + 1
      if (c < space) return -1
      if (c === backslash) {
        isOdd = true
        at += 1
        const letter = bytes[at]!
        if (letter === 117) {
          for (let digit = 1; digit <= 4; digit++) if (!isHex(bytes[at + digit]!)) return -1
          at += 4
        } else if (!isEscape(letter)) return -1
      } else if (c > 126) isOdd = true
    }
    return -1
  }
  const digits = (from: number): number => {
    let at = from
    while (at < end && bytes[at]! >= 48 && bytes[at]! <= 57) at++
    return at === from ? -1 : at
  }
  const number = (from: number): number => {
    let at = bytes[from] === 45 ? from + 1 : from
    at = bytes[at] === 48 ? at + 1 : digits(at)
    if (at < 0) return -1
    if (at < end && bytes[at] === 46) at = digits(at + 1)
    if (at < 0) return -1
    if (at < end && (bytes[at]! | 32) === 101) {
      const sign = bytes[at + 1]
      at = digits(sign === 43 || sign === 45 ? at + 2 : at + 1)
    }
    return at
  }
  const word = (from: number, letters: string): number => {
    if (from + letters.length > end) return -1
    for (let i = 0; i < letters.length; i++) if (bytes[from + i] !== letters.charCodeAt(i)) return -1
    return from + letters.length
  }
  let found: number = kinds.absent
  const value = (from: number, depth: number): number => {
    switch (bytes[from]) {
      case quote: {
        const after = text(from + 1)
        found = isOdd ? kinds.odd : kinds.text
        return after
      }
      case 116:
        found = kinds.true
        return word(from, 'true')
      case 102:
        found = kinds.false
        return word(from, 'false')
      case 110:
        found = kinds.null
        return word(from, 'null')
      case 123: {
        const after = members(from + 1, depth + 1, false)
        found = kinds.nested
        return after
      }
      case 91: {
        const after = elements(from + 1, depth + 1)
        found = kinds.nested
        return after
      }
      default:
        found = kinds.number
        return number(from)
    }
  }
  const elements = (from: number, depth: number): number => {
    if (depth > depthMax) return -1
    let at = skipSpace(from)
    if (bytes[at] === 93 && at < end) return at + 1
    for (;;) {
      if (at >= end) return -1
      at = value(at, depth)
      if (at < 0) return -1
      at = skipSpace(at)
      if (at >= end) return -1
      if (bytes[at] === 93) return at + 1
      if (bytes[at] !== comma) return -1
      at = skipSpace(at + 1)
    }
  }
  const members = (from: number, depth: number, isRow: boolean): number => {
    if (depth > depthMax) return -1
    let at = skipSpace(from)
    if (bytes[at] === 125 && at < end) return at + 1
    for (;;) {
      if (at >= end || bytes[at] !== quote) return -1
      const key = at + 1
      at = text(key)
      if (at < 0) return -1
      // An escape could spell a wanted name.
      if (isRow && isOdd) return -1
      const column = isRow ? columnOf(bytes, key, at - 1) : -1
      at = skipSpace(at)
      if (at >= end || bytes[at] !== colon) return -1
      at = skipSpace(at + 1)
      if (at >= end) return -1
      const start = at
      at = value(at, depth)
      if (at < 0) return -1
      if (column >= 0) {
        if (kind[column] !== kinds.absent) return -1
        kind[column] = found
        const isText = found === kinds.text ? 1 : 0
        starts[column] = start + isText
        ends[column] = at - isText
      }
      at = skipSpace(at)
      if (at >= end) return -1
      if (bytes[at] === 125) return at + 1
      if (bytes[at] !== comma) return -1
      at = skipSpace(at + 1)
    }
  }

  return {
    kind,
    from: starts,
    to: ends,
    bytes: () => bytes,
    read(line, from, to) {
      bytes = line
      end = to
      kind.fill(kinds.absent)
      const at = skipSpace(from)
      if (at >= end || bytes[at] !== 123) return false
      const after = members(at + 1, 0, true)
      return after > 0 && skipSpace(after) === end
    },
    value(column) {
      const what = kind[column]
      if (what === kinds.absent) return undefined
      const raw = bytes.toString('utf8', starts[column], ends[column])
      return what === kinds.text ? raw : (JSON.parse(raw) as unknown)
    },
  }
}

/** Spans of a CSV line without quotes; `cell` turns a cell into its value. */
export function csvSpans(
  header: readonly string[],
  wanted: readonly string[],
  cell: (text: string) => string,
): RowSpans {
  // Of two columns with one name the later counts.
  const places = header.map((name, at) => (header.lastIndexOf(name) === at ? wanted.indexOf(name) : -1))
  const kind = new Uint8Array(wanted.length)
  const starts = new Uint32Array(wanted.length)
  const ends = new Uint32Array(wanted.length)
  let bytes: Buffer = Buffer.alloc(0)
  return {
    kind,
    from: starts,
    to: ends,
    bytes: () => bytes,
    read(line, from, to) {
      bytes = line
      kind.fill(kinds.absent)
      const end = to > from && line[to - 1] === 13 ? to - 1 : to
      if (end === from || line[from]! > 126) return false
      let at = 0
      let start = from
      let isOdd = false
      for (let i = from; i <= end; i++) {
        const c = i < end ? line[i]! : comma
        if (c === quote) return false
        if (c > 126) isOdd = true
        if (c !== comma) continue
        if (at === places.length) return false
        const column = places[at]!
        if (column >= 0) {
          kind[column] = isOdd || line[start] === 39 ? kinds.odd : kinds.text
          starts[column] = start
          ends[column] = i
        }
        at += 1
        start = i + 1
        isOdd = false
      }
      return at === places.length
    },
    value: (column) =>
      kind[column] === kinds.absent ? undefined : cell(bytes.toString('utf8', starts[column], ends[column])),
  }
}

/** The place of a name among those wanted, or -1, by its length and two of its letters first. */
function keyFinder(wanted: readonly string[]) {
  const slots: number[][] = Array.from({ length: 256 }, () => [])
  const slotOf = (length: number, first: number, last: number) => (length * 31 + first * 7 + last) & 255
  for (const [column, name] of wanted.entries())
    slots[slotOf(name.length, name.charCodeAt(0), name.charCodeAt(name.length - 1))]!.push(column)
  return (bytes: Uint8Array, from: number, to: number): number => {
    if (to === from) return -1
    candidates: for (const column of slots[slotOf(to - from, bytes[from]!, bytes[to - 1]!)]!) {
      const name = wanted[column]!
      if (name.length !== to - from) continue
      for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name.charCodeAt(i)) continue candidates
      return column
    }
    return -1
  }
}

const isHex = (c: number) => (c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 102)

/** `"`, `\`, `/` and the letters b f n r t. */
const isEscape = (c: number) =>
  c === 34 || c === 92 || c === 47 || c === 98 || c === 102 || c === 110 || c === 114 || c === 116
