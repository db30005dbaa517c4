/** What an answer looks like, counted the same for live answers and imported ones. */

export type Markup = {
  /** Code points of the whole text, code included. */
  length: number
  headers: Record<'h1' | 'h2' | 'h3' | 'h4' | 'h5' | 'h6', number>
  lists: { ordered: number; unordered: number }
  bold: { '**': number; __: number }
}

/**
 * Length and Markdown marks of the text of one side (all its turns joined by a line break). Fenced code does not
 * count: a line that starts with three or more backticks or tildes opens a fence, a line of only at least as many of
 * the same closes it, an unclosed fence runs to the end. O(length), also on hostile text.
 * The patterns are those of FastChat's style control, so that imported counts mean the same.
 */
export function countMarkup(text: string): Markup {
  const prose = withoutFences(text)
  const headers = { h1: 0, h2: 0, h3: 0, h4: 0, h5: 0, h6: 0 }
  for (const [, marks] of prose.matchAll(/^(#{1,6})\s/gm)) headers[`h${marks!.length}` as keyof typeof headers] += 1
  return {
    length: codePoints(text),
    headers,
    lists: {
      ordered: matches(prose, /^[^\S\n]*\d+\.\s/gm),
      unordered: matches(prose, /^[^\S\n]*[-*+]\s/gm),
    },
    bold: { '**': matches(prose, /\*\*[^*\n]+\*\*/g), __: matches(prose, /__[^_\n]+__/g) },
  }
}

/** The four style features of style control, in the order of `styleFeatures`. */
export const styleFeatures = ['length', 'headers', 'lists', 'bold'] as const

export function styleOf({ length, headers, lists, bold }: Markup): [number, number, number, number] {
  const all = headers.h1 + headers.h2 + headers.h3 + headers.h4 + headers.h5 + headers.h6
  return [length, all, lists.ordered + lists.unordered, bold['**'] + bold.__]
}

function withoutFences(text: string): string {
  const kept: string[] = []
  let fence = ''
  for (const line of text.split('\n')) {
    const bare = line.trim()
    if (fence) {
      if (bare.length >= fence.length && isOnly(bare, fence[0]!)) fence = ''
      continue
    }
    const opening = /^(?:`{3,}|~{3,})/.exec(bare)
    if (opening) fence = opening[0]
    else kept.push(line)
  }
  return kept.join('\n')
}

function isOnly(line: string, mark: string): boolean {
  for (let at = 0; at < line.length; at++) if (line[at] !== mark) return false
  return true
}

function matches(text: string, pattern: RegExp): number {
  let count = 0
  for (const _ of text.matchAll(pattern)) count += 1
  return count
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
