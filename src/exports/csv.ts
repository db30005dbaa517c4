import type { Row } from './record.ts'

/** RFC 4180 with `\n`: empty is null, lists are joined by `|`, times are ISO. A cell that a spreadsheet would run gets a `'` before it (T16). */
export const csvLine = (cells: readonly unknown[]): string => `${cells.map(cellOf).join(',')}\n`

export const csvHeader = (names: readonly string[]): string => csvLine(names)
export const csvRow = (names: readonly string[], row: Row): string => csvLine(names.map((name) => row[name]))

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return cellOf(value.map(String).join('|'))
  if (typeof value !== 'string') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** The cell as it was before `csvLine` made it safe. */
export const plainCell = (cell: string): string => (/^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)

/** Records of a CSV text, quotes and line ends inside them understood. */
export function* csvRecords(text: string): Iterable<string[]> {
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (isQuoted) {
      if (character !== '"') cell += character
      else if (text[i + 1] === '"') {
        cell += '"'
        i += 1
      } else isQuoted = false
      continue
    }
    if (character === '"' && cell === '') isQuoted = true
    else if (character === ',') {
      cells.push(cell)
      cell = ''
    } else if (character === '\n') {
      cells.push(cell.endsWith('\r') ? cell.slice(0, -1) : cell)
      yield cells
      cells = []
      cell = ''
    } else cell += character
  }
  if (cell !== '' || cells.length > 0) yield [...cells, cell]
}
