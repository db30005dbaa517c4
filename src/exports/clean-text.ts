import type { ExportRow } from './export-store.ts'

/** Special tokens of training stacks: in plain text they make trainers stop early or abort (EXPORTS T6). */
const placeholder =
  /<\|[a-z0-9_]{1,40}\|>|<\|turn>|<turn\|>|<\/?(?:image|video|audio|img|s)>|<(?:bos|eos|start_of_image|end_of_image|image_soft_token|start_of_turn|end_of_turn|IMG_CONTEXT|fake_token_around_image)>|\[(?:IMG|IMG_BREAK|IMG_END|\/?INST)\]/g

export const hasPlaceholder = (text: string): boolean => text.search(placeholder) !== -1
/** A zero-width space after the first character: reads the same, is no token. */
export const escapePlaceholders = (text: string): string =>
  text.replace(placeholder, (token) => `${token.slice(0, 1)}\u200b${token.slice(1)}`)

type Kind = 'EMAIL' | 'PHONE' | 'CARD' | 'IBAN' | 'IP' | 'KEY'
/** Order matters: what an earlier rule has taken, a later one does not see. */
const detectors: { kind: Kind; pattern: RegExp; isReal?: (found: string) => boolean }[] = [
  { kind: 'EMAIL', pattern: /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu },
  {
    kind: 'KEY',
    pattern:
      /\b(?:sk|pk|rk)[-_](?:[a-zA-Z0-9]+[-_]){0,4}[a-zA-Z0-9_-]{16,200}\b|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,255}\b|\bgithub_pat_[A-Za-z0-9_]{30,255}\b|\bAIza[A-Za-z0-9_-]{35}\b|\bhf_[A-Za-z0-9]{30,64}\b|\bxox[abprs]-[A-Za-z0-9-]{10,200}\b|\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,2000}/g,
  },
  { kind: 'IBAN', pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g, isReal: isIban },
  { kind: 'CARD', pattern: /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]?\d)/g, isReal: isCard },
  {
    kind: 'IP',
    pattern: /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.]?\d)/g,
  },
  {
    kind: 'IP',
    pattern: /(?<![0-9a-fA-F:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![0-9a-fA-F:])/g,
    isReal: isIpv6,
  },
  {
    kind: 'PHONE',
    pattern: /(?<![\p{L}\d.,/-])(?:\+|00)\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}(?![\d%])/gu,
    isReal: (found) => digitsIn(found) >= 8 && digitsIn(found) <= 15,
  },
  {
    kind: 'PHONE',
    pattern: /(?<![\p{L}\d.,/-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\d%])/gu,
  },
]

/** Whether a text seems to hold an address, number or key of a person. No detector is perfect; the card says so. */
export const hasPersonalData = (text: string): boolean =>
  detectors.some(({ pattern, isReal }) => (text.match(pattern) ?? []).some((found) => isReal?.(found) ?? true))

/** `[EMAIL]`, `[PHONE]`… in place of what was found. */
export const redact = (text: string): string =>
  detectors.reduce(
    (held, { kind, pattern, isReal }) =>
      held.replace(pattern, (found) => ((isReal?.(found) ?? true) ? `[${kind}]` : found)),
    text,
  )

/** The row with every text put through `change`; digests and keys are taken from the row as it was. */
export function withTexts(row: ExportRow, change: (text: string) => string): ExportRow {
  const answer = <T extends { raw: string }>(held: T): T => ({ ...held, raw: change(held.raw) })
  return {
    ...row,
    vote: { ...row.vote, note: row.vote.note === null ? null : change(row.vote.note) },
    battle: { ...row.battle, system: row.battle.system === null ? null : change(row.battle.system) },
    turns: row.turns.map((turn) => ({
      ...turn,
      text: change(turn.text),
      answers: { a: answer(turn.answers.a), b: answer(turn.answers.b) },
    })),
  }
}

const digitsIn = (text: string) => text.replace(/\D/g, '').length

/** Luhn's check (ISO/IEC 7812-1). */
function isCard(found: string): boolean {
  const digits = found.replace(/\D/g, '')
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1*$/.test(digits)) return false
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** ISO 13616: country and check digits last, letters as 10 to 35, remainder 1 by 97. */
function isIban(found: string): boolean {
  const compact = found.replace(/ /g, '')
  if (compact.length < 15 || compact.length > 34) return false
  const moved = compact.slice(4) + compact.slice(0, 4)
  let remainder = 0
  for (const character of moved) {
    const value = Number.parseInt(character, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder === 1
}

function isIpv6(found: string): boolean {
  const groups = found.split(':')
  const isShort = found.includes('::')
  if (found.split('::').length > 2 || /^:[^:]|[^:]:$/.test(found)) return false
  // "12:30:45" is a time of day and "a::b" a path of a programming language: at least three groups must be there.
  const filled = groups.filter((group) => group !== '').length
  if (isShort) return filled >= 2 && groups.length <= 8 && /\d/.test(found) && groups.some((group) => group.length >= 3)
  return groups.length === 8
}
