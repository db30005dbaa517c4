/**
 * Words that both texts use, in lower case. Short words of alphabets are left out (they are in every text), and so are single Han characters.
 */
export function wordsInBoth(one: string, other: string): ReadonlySet<string> {
  const known = new Set(wordsOf(other))
  return new Set(wordsOf(one).filter((word) => known.has(word)))
}

/**
 * The same HTML with `<mark class="both">` around each of these words. The HTML is our own renderer's: tags are passed by, and nothing is marked inside
 * code, formulas, buttons and drawings.
 */
export function markWords(html: string, words: ReadonlySet<string>): string {
  if (words.size === 0) return html
  let inside = 0
  return html.replace(
    /<(\/?)([a-z][a-z0-9-]*)[^>]*>|[^<]+/gi,
    (piece, closing: string | undefined, name: string | undefined) => {
      if (name !== undefined) {
        if (untouched.has(name.toLowerCase())) inside = Math.max(0, inside + (closing ? -1 : 1))
        return piece
      }
      return inside > 0
        ? piece
        : piece
            .split(/(&[a-z0-9#]+;)/i)
            .map((text, i) => (i % 2 === 1 ? text : marked(text, words)))
            .join('')
    },
  )
}

const untouched = new Set(['code', 'pre', 'math', 'button', 'svg'])

const marked = (text: string, words: ReadonlySet<string>) =>
  segments(text)
    .map(({ segment }) => (words.has(keyOf(segment)) ? `<mark class="both">${segment}</mark>` : segment))
    .join('')

const wordsOf = (text: string) =>
  segments(text)
    .filter(({ segment, isWordLike }) => isWordLike && isTelling(segment))
    .map(({ segment }) => keyOf(segment))

const keyOf = (word: string) => word.normalize('NFKC').toLowerCase()
const isTelling = (word: string) =>
  /\p{N}/u.test(word) ||
  (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u.test(word)
    ? word.length >= 2
    : [...word].length >= 4)

const segmenter = new Intl.Segmenter('und', { granularity: 'word' })
const segments = (text: string) => [...segmenter.segment(text)]
