/** Results go to stdout, alone; everything said along the way goes to stderr. */

export const print = (text: string) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
export const printJson = (value: unknown) => print(JSON.stringify(value, null, 2))
export const say = (text: string) => process.stderr.write(`${text}\n`)

/** Columns as wide as their widest cell; numbers to the right. */
export function tableText(
  rows: readonly (readonly string[])[],
  { right = [] }: { right?: readonly number[] } = {},
): string {
  const widths: number[] = []
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
  const padded = (cell: string, at: number) => {
    const space = ' '.repeat(widths[at]! - widthOf(cell))
    return right.includes(at) ? space + cell : cell + space
  }
  return rows.map((row) => row.map(padded).join('  ').trimEnd()).join('\n')
}

/** Cells a terminal gives this text: Chinese, Japanese and Korean characters take two. */
function widthOf(text: string): number {
  let width = 0
  for (const char of text.normalize('NFC')) {
    if (/\p{Mark}|\p{Cf}/u.test(char)) continue
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(char)
      ? 2
      : 1
  }
  return width
}

/** Names come from files and services: nothing in them may move the cursor or change colours. */
export const safe = (text: string) =>
  text.replaceAll(/\p{Cc}/gu, (char) => `\\x${char.codePointAt(0)!.toString(16).padStart(2, '0')}`)
