type Cell = string | number | boolean | null | undefined

/** RFC 4180 with `\n`. A cell that a spreadsheet would run as a formula gets a leading apostrophe (TRUST.md E12). */
export function csv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [columns, ...rows]
    .map((row) => row.map(cell).join(','))
    .join('\n')
    .concat('\n')
}

function cell(value: Cell): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
