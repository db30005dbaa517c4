/** Bytes from `start` up to, not including, `end`. One range of a `Range` header; `whole` without one, for several, or for words we do not know; `unsatisfiable` past the end. */
export function rangeOf(
  header: string | null | undefined,
  length: number,
): { start: number; end: number } | 'whole' | 'unsatisfiable' {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole'
  if (first === '') {
    const tail = Number(last)
    return tail === 0 ? 'unsatisfiable' : { start: Math.max(0, length - tail), end: length }
  }
  const start = Number(first)
  const end = last === '' ? length : Math.min(length, Number(last) + 1)
  if (start >= length) return 'unsatisfiable'
  return end <= start ? 'whole' : { start, end }
}
