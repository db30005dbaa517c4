export type MarkupCounts = {
  headers: Record<'h1' | 'h2' | 'h3' | 'h4' | 'h5' | 'h6', number>
  lists: { ordered: number; unordered: number }
  bold: { '**': number; __: number }
}

/** Headers, list items and bold runs of a Markdown text outside fenced code, by kind, as the published arena sets count them. */
export function countMarkup(text: string): MarkupCounts {
  const counts: MarkupCounts = {
    headers: { h1: 0, h2: 0, h3: 0, h4: 0, h5: 0, h6: 0 },
    lists: { ordered: 0, unordered: 0 },
    bold: { '**': 0, __: 0 },
  }
  let fence: string | null = null
  for (const line of text.split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark && (fence === null || (mark[0] === fence[0] && mark.length >= fence.length))) {
      fence = fence === null ? mark : null
      continue
    }
    if (fence !== null) continue
    const hashes = /^ {0,3}(#{1,6})(?:[ \t]|$)/.exec(line)?.[1]
    if (hashes) counts.headers[`h${hashes.length as 1 | 2 | 3 | 4 | 5 | 6}`] += 1
    if (/^[ \t]*\d{1,9}[.)][ \t]/.test(line)) counts.lists.ordered += 1
    if (/^[ \t]*[-*+][ \t]/.test(line)) counts.lists.unordered += 1
    counts.bold['**'] += line.match(/\*\*[^*\n]+\*\*/g)?.length ?? 0
    counts.bold.__ += line.match(/__[^_\n]+__/g)?.length ?? 0
  }
  return counts
}

/** The provider's count where it gave one, else a quarter of the code points. */
export const tokensOf = (text: string, counted: number | null) => counted ?? Math.ceil([...text].length / 4)
