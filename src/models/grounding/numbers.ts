/** Optional sign, fraction, exponent. Nothing after the digits is mandatory, so it never backtracks. */
const number = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y
const notNumber = /[-+]?(?:nan|inf(?:i(?:n(?:i(?:ty?)?)?)?)?)/iy
const numberBegun = /^(?:e[-+]?|[-+]?(?:\.|na?|in?)?)$/i
const wholeNumber = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/

/** NaN for whatever is not a number; the place it belongs to is dropped. */
export function toNumber(raw: string): number {
  return raw.length <= 64 && wholeNumber.test(raw) ? Number(raw) : Number.NaN
}

/** Whether the text ends within a number at `at`, before its digits or in its exponent. */
export function isNumberBegun(text: string, at: number): boolean {
  const left = text.length - at
  return left > 0 && left <= 4 && numberBegun.test(text.slice(at))
}

/** Four numbers are corners of something to click: its middle is meant. */
export function toCentre(numbers: readonly number[]): readonly number[] {
  const [x1, y1, x2, y2] = numbers
  return numbers.length === 4 ? [(x1! + x2!) / 2, (y1! + y2!) / 2] : numbers
}

export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

export function skipSpace(text: string, at: number): number {
  let next = at
  for (;;) {
    const code = text.charCodeAt(next)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9 && code !== 0xa0) return next
    next++
  }
}

export type Numbers = {
  /** The numbers of each innermost bracket; of no bracket, between semicolons. */
  groups: number[][]
  end: number
  isBracketed: boolean
  isRound: boolean
}

/** Reads numbers with separators and brackets until something else comes. Angle brackets only where a number follows them. */
export function readNumbers(text: string, from: number, { angle = false } = {}): Numbers {
  const groups: number[][] = []
  let group: number[] = []
  let isBracketed = false
  let isRound = false
  let angles = 0
  const close = () => {
    if (group.length > 0) groups.push(group)
    group = []
  }
  let at = from
  for (;;) {
    at = skipSpace(text, at)
    const char = text[at]
    if (char === undefined) break
    if (char === '[' || char === '(' || char === ']' || char === ')') {
      close()
      isBracketed = true
      if (char === '(') isRound = true
    } else if (char === ';') close()
    else if (angle && char === '<' && /[\d\s.+-]/.test(text[at + 1] ?? '')) {
      close()
      angles++
      isBracketed = true
    } else if (angles > 0 && char === '>') {
      close()
      angles--
    } else if (char !== ',') {
      const found = matchAt(number, text, at) ?? matchAt(notNumber, text, at)
      if (isNumberBegun(text, at + (found?.[0].length ?? 0))) {
        at = text.length
        break
      }
      if (found === null) break
      group.push(Number(found[0]))
      at += found[0].length
      continue
    }
    at++
  }
  close()
  return { groups, end: at, isBracketed, isRound }
}

/** Groups as places: four numbers a box, eight a quad, two a point; round pairs belong together two by two, as corners. */
export function toCorners({ groups, isRound }: Numbers): { kind: 'point' | 'box'; numbers: number[] }[] {
  const places: { kind: 'point' | 'box'; numbers: number[] }[] = []
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index]!
    const next = groups[index + 1]
    if (group.length === 2 && next?.length === 2 && isRound) {
      places.push({ kind: 'box', numbers: [...group, ...next] })
      index++
    } else if (group.length === 2 && !(isRound && groups.length > 1)) places.push({ kind: 'point', numbers: group })
    else places.push({ kind: 'box', numbers: group.length === 4 || group.length === 8 ? group : [] })
  }
  return places
}
