import { say } from './output.ts'

/** Silent for the first second; then a bar on a terminal, else a plain line every five seconds. */
export type Progress = {
  /** `done` of `total`, total null where nobody knows. */
  at(done: number, total: number | null): void
  end(): void
}

const firstShownMs = 1000
const barEveryMs = 100
const lineEveryMs = 5000

export function progressOf(
  what: string,
  {
    unit = '',
    isTerminal = process.stderr.isTTY === true,
    now = () => performance.now(),
    write = (text: string) => void process.stderr.write(text),
  }: { unit?: string; isTerminal?: boolean; now?: () => number; write?: (text: string) => void } = {},
): Progress {
  const startedAt = now()
  let shownAt = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    at(done, total) {
      const time = now()
      if (time - startedAt < firstShownMs || time - shownAt < (isTerminal ? barEveryMs : lineEveryMs)) return
      shownAt = time
      isShown = true
      const text = `${what}: ${numberText(done)}${unit}${share(done, total)}`
      write(isTerminal ? `\r\u001b[K${bar(done, total)}${text}` : `${text}\n`)
    },
    end() {
      if (isShown && isTerminal) write('\r\u001b[K')
    },
  }
}

const numberText = (value: number) => Math.round(value).toLocaleString('en-US')
const share = (done: number, total: number | null) => (total ? ` (${Math.floor((100 * done) / total)} %)` : '')

function bar(done: number, total: number | null): string {
  if (!total) return ''
  const filled = Math.min(24, Math.round((24 * done) / total))
  return `[${'='.repeat(filled)}${' '.repeat(24 - filled)}] `
}

/** Runs one thing that says nothing of itself; after a second says that it is still going. */
export async function patiently<T>(what: string, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => say(`${what} …`), lineEveryMs)
  const first = setTimeout(() => say(`${what} …`), firstShownMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    clearTimeout(first)
  }
}
