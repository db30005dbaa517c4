import { spawn } from 'node:child_process'
import type { Moderator, Verdict } from '../moderation/moderator.ts'
import { asRecord } from './upstream-error.ts'

const outputBytesMax = 256 * 1024
const unsure: Verdict = { outcome: 'unsure', categories: [] }

/**
 * A program of the operator's, run once for each question: one JSON line on its input,
 * `{"v":1,"text":"…","images":[{"media_type","width","height","sha256","base64"}]}`, one on its output,
 * `{"outcome":"clear"|"found","categories":["…"],"images":[0]}`. Anything else, an exit other than 0, or silence is no verdict.
 */
export function commandModerator({
  command,
  on,
  timeoutMs,
  environment,
}: {
  command: string[]
  on: ('text' | 'image')[]
  timeoutMs: number
  environment: Readonly<Record<string, string | undefined>>
}): Moderator {
  return {
    async screen({ text, images, answer }, signal) {
      const question = {
        v: 1,
        text: on.includes('text') ? text : '',
        images: (on.includes('image') ? images : []).map(({ bytes, mediaType, width, height, sha256 }) => ({
          media_type: mediaType,
          width,
          height,
          sha256,
          base64: Buffer.from(bytes).toString('base64'),
        })),
        ...(answer === undefined ? {} : { answer }),
      }
      const said = await output(
        command,
        question,
        environment,
        AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      )
      return said === null ? unsure : verdictOf(said, question.images.length)
    },
  }
}

/** What it printed; null where it failed, printed too much or was stopped. */
function output(
  [program = '', ...parts]: string[],
  question: object,
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    const kept = ['PATH', 'HOME', 'LANG'].flatMap((name) =>
      environment[name] === undefined ? [] : [[name, environment[name]]],
    )
    const child = spawn(program, parts, {
      env: Object.fromEntries(kept),
      stdio: ['pipe', 'pipe', 'ignore'],
      signal,
      killSignal: 'SIGKILL',
    })
    let said = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      said += text
      if (said.length > outputBytesMax) child.kill('SIGKILL')
    })
    child.stdin.on('error', () => undefined)
    child.on('error', () => resolve(null))
    child.on('close', (code) => resolve(code === 0 ? said : null))
    child.stdin.end(`${JSON.stringify(question)}\n`)
  })
}

function verdictOf(said: string, pictures: number): Verdict {
  try {
    const { outcome, categories, images } = asRecord(JSON.parse(said))
    if (outcome !== 'clear' && outcome !== 'found') return unsure
    const names = Array.isArray(categories) ? categories.filter((name) => typeof name === 'string').slice(0, 20) : []
    if (outcome === 'clear') return { outcome, categories: [] }
    if (!Array.isArray(images)) return { outcome, categories: names }
    const found = images.filter((at): at is number => Number.isInteger(at) && at >= 0 && at < pictures)
    return { outcome, categories: names, parts: { text: found.length === 0, images: found } }
  } catch {
    return unsure
  }
}
