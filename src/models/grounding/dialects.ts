import { matchAt, readNumbers, skipSpace, toCentre, toCorners } from './numbers.ts'
import { held, notHere, type Scan, type Step, sayUntil, unfinished } from './scan.ts'
import { thousandths, unit } from './spaces.ts'

// What only its own dialect may read: elsewhere it is prose.

const pair = /\(\s{0,9}\d{1,4}\s{0,9},\s{0,9}\d{1,4}\s{0,9}\)/y
const pairCharactersMax = 120

/** Qwen2-VL with its tokens stripped: two adjacent pairs of whole numbers are a box. */
export function readBarePairs(scan: Scan, at: number): Step {
  const { text } = scan
  const first = matchAt(pair, text, at)
  let end = at + (first?.[0].length ?? 0)
  if (first !== null) {
    end = skipSpace(text, end)
    if (text[end] === ',') end = skipSpace(text, end + 1)
  }
  const second = first === null ? null : matchAt(pair, text, end)
  if (second !== null) {
    sayUntil(scan, at)
    const numbers = readNumbers(`${first![0]}${second[0]}`, 0)
    scan.sheet.chip(
      toCorners(numbers).map((corner) => ({ ...corner, space: thousandths })),
      null,
    )
    return end + second[0].length
  }
  const isAtEnd = text.length - at <= pairCharactersMax && /^[\d\s,()]*$/.test(text.slice(at))
  if (!isAtEnd) return notHere
  if (!scan.final) return held
  return first !== null && text[end] === '(' ? unfinished(scan) : notHere
}

const cogvlmBoxes = /\[\[([\d,;\s]*)/y

/** CogVLM: `[[ddd,ddd,ddd,ddd;…]]`, three digits each, after a phrase that stays text. */
export function readCogvlm(scan: Scan, at: number): Step {
  const { text } = scan
  const found = matchAt(cogvlmBoxes, text, at)
  if (found === null) return notHere
  const end = at + found[0].length
  const isCut = end >= text.length || text.slice(end) === ']'
  if (isCut && (!scan.final || /\d/.test(found[1]!))) return unfinished(scan)
  if (!text.startsWith(']]', end)) return notHere
  const boxes = found[1]!.split(';').map((box) => box.split(',').map((digits) => digits.trim()))
  if (!boxes.flat().every((digits) => /^\d{3}$/.test(digits))) return notHere
  sayUntil(scan, at)
  scan.sheet.chip(
    boxes.map((box) => ({ kind: 'box', space: thousandths, numbers: box.length === 4 ? box.map(Number) : [] })),
    null,
  )
  return end + 2
}

/** ShowUI: the whole answer is `[x, y]`. */
export function readShowui(scan: Scan, at: number): Step {
  const { text } = scan
  if (at !== scan.firstInk) return notHere
  const numbers = readNumbers(text, at)
  if (numbers.end < text.length) return notHere
  if (!scan.final) return held
  const answer = text.trim()
  const isPair = /^\[[^[\]();]*\]$/.test(answer) && numbers.groups.length === 1 && numbers.groups[0]!.length === 2
  const isCut = !answer.endsWith(']') && numbers.groups.length > 0
  if (isCut) return unfinished(scan)
  if (!isPair) return notHere
  sayUntil(scan, at)
  scan.sheet.chip([{ kind: 'point', space: unit, numbers: numbers.groups[0]! }], null)
  return text.lastIndexOf(']') + 1
}

const tarsNames = ['start_box', 'end_box', 'start_point', 'end_point', 'point']
const tarsWrapper = /<\|box_(?:start|end)\|>|<\/?(?:point|box|bbox)>/y
const tarsWrappers = ['<|box_start|>', '<|box_end|>', '<point>', '</point>', '<box>', '</box>', '<bbox>', '</bbox>']
const tarsValueMax = 400

/** UI-TARS: `start_box='(x,y)'` and its kin, with or without tokens inside; four numbers mean their centre. */
export function readTarsPlace(scan: Scan, at: number): Step {
  const { text } = scan
  const word = matchAt(/[a-z_]+/y, text, at)?.[0] ?? ''
  const isName = tarsNames.includes(word)
  const afterWord = skipSpace(text, at + word.length)
  if (afterWord >= text.length) {
    const isBegun = isName || tarsNames.some((name) => name.startsWith(word) && afterWord === at + word.length)
    if (!isBegun) return notHere
    if (!scan.final) return held
    return word.includes('_') ? unfinished(scan) : notHere
  }
  if (!isName || text[afterWord] !== '=') return notHere

  const quoteAt = skipSpace(text, afterWord + 1)
  const quote = text[quoteAt]
  if (quote === undefined) return word.includes('_') || !scan.final ? unfinished(scan) : notHere
  if (quote !== "'" && quote !== '"') return notHere
  let end = quoteAt + 1
  const numbers: number[] = []
  const limit = end + tarsValueMax
  for (;;) {
    const read = readNumbers(text, end)
    numbers.push(...read.groups.flat())
    end = read.end
    const wrapper = matchAt(tarsWrapper, text, end)
    if (wrapper === null || end > limit) break
    end += wrapper[0].length
  }
  const rest = text.slice(end, end + 20)
  const isCut = end >= text.length || (rest.length < 20 && tarsWrappers.some((wrapper) => wrapper.startsWith(rest)))
  if (isCut) return unfinished(scan)
  const isClosed = text[end] === quote
  if (!isClosed && numbers.length === 0 && word === 'point') return notHere
  sayUntil(scan, at)
  const place = { kind: 'point' as const, space: scan.spaces.own, numbers: toCentre(numbers) }
  scan.sheet.chip(isClosed && numbers.length > 0 ? [place] : [], null)
  return isClosed ? end + 1 : end
}
