import type { Moderator } from './moderator.ts'

/** Near-duplicates differ in a few of the 64 bits; unrelated pictures in about half. */
const phashBitsMax = 4

export type Lists = { words: string[]; hashes: string[] }

/** The operator's own lists: words and phrases, and hashes of known pictures. Nobody else is asked. */
export function listModerator({ words, hashes }: Lists, on: ('text' | 'image')[]): Moderator {
  const pattern = wordPattern(words)
  const exact = new Set(hashes.filter((hash) => hash.length === 64))
  const near = hashes.filter((hash) => hash.length === 16).map((hash) => BigInt(`0x${hash}`))
  const isNear = (phash: string) => near.some((known) => bitsOf(known ^ BigInt(`0x${phash}`)) <= phashBitsMax)
  return {
    async screen({ text, images, answer }) {
      const isText =
        on.includes('text') && pattern !== null && (pattern.test(folded(text)) || pattern.test(folded(answer ?? '')))
      const found = images.flatMap(({ sha256, uploadSha256, phash }, at) => {
        const isKnown = exact.has(sha256) || (uploadSha256 !== undefined && exact.has(uploadSha256))
        return on.includes('image') && (isKnown || (phash !== undefined && isNear(phash))) ? [at] : []
      })
      if (!isText && found.length === 0) return { outcome: 'clear', categories: [] }
      const categories = [...(isText ? ['word list'] : []), ...(found.length > 0 ? ['known picture'] : [])]
      return { outcome: 'found', categories, parts: { text: isText, images: found } }
    },
  }
}

/** One entry a line; empty lines and `#` comments are none. */
export const linesOf = (file: string): string[] =>
  file
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

export const isHashLine = (line: string) => /^([0-9a-f]{64}|[0-9a-f]{16})$/.test(line)

/** Whole words where the script has word borders; Chinese, Japanese and Thai have none. */
function wordPattern(words: string[]): RegExp | null {
  if (words.length === 0) return null
  const parts = words.map((word) => {
    const escaped = folded(word)
      .replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
      .replaceAll(/ +/g, '\\s+')
    return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(word)
      ? escaped
      : `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`
  })
  return new RegExp(parts.join('|'), 'u')
}

/** Case, width and ligatures do not hide a word. */
const folded = (text: string) => text.normalize('NFKC').toLowerCase()

function bitsOf(value: bigint): number {
  let bits = 0
  for (let rest = value; rest > 0n; rest &= rest - 1n) bits++
  return bits
}
