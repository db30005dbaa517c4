import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import type { Finish, Provider, Sampling } from '../models/provider.ts'
import { pause } from './fake.ts'
import { lineBytesMax, responseBytesMax } from './limited-fetch.ts'
import type { CommandEntry, ProviderDeps } from './provider-for.ts'
import type { Prepared } from './question-for.ts'
import { type AttemptInput, timedProvider } from './remote.ts'
import type { Part } from './timed-answer.ts'
import { asRecord, type FaultCode, fault, UpstreamError, wordsOf } from './upstream-error.ts'

const stderrCharactersKept = 8 * 1024
const killAfterMs = 2_000
const restartMsFirst = 500
const restartMsMax = 60_000

/** A program that answers on its standard output (MODELS.md 11.3): one process per answer, or one for all. */
export function commandProvider(entry: CommandEntry, deps: ProviderDeps): Provider & AsyncDisposable {
  const environment = environmentFor(entry, deps.environment)
  const server = entry.lifetime === 'server' ? commandServer(entry, environment) : null
  const attempt = (input: AttemptInput): AsyncIterable<Part> =>
    server === null ? oneAnswer(entry, environment, deps.newId(), input) : server.answer(deps.newId(), input)
  return {
    ...timedProvider(entry, deps, attempt),
    async [Symbol.asyncDispose]() {
      server?.stop()
    },
  }
}

async function* oneAnswer(
  entry: CommandEntry,
  environment: Record<string, string>,
  id: string,
  { prepared, sampling, signal }: AttemptInput,
): AsyncGenerator<Part> {
  const child = started(entry, environment)
  const lines = mailbox<Line>()
  listen(child, lines.push)
  const stop = () => {
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), killAfterMs).unref()
  }
  signal.addEventListener('abort', stop, { once: true })
  child.stdin.on('error', () => undefined)
  child.stdin.end(`${JSON.stringify(requestLine(id, prepared, sampling))}\n`)
  try {
    yield* answered(lines, id)
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

/** One process, many answers at once. When it dies, those it was writing fail; the next question starts it again, later each time. */
function commandServer(entry: CommandEntry, environment: Record<string, string>) {
  let child: ChildProcessWithoutNullStreams | null = null
  let deaths = 0
  let diedAt = 0
  let isStopped = false
  const open = new Map<string, (line: Line) => void>()

  function running(): ChildProcessWithoutNullStreams {
    if (child !== null) return child
    const fresh = started(entry, environment)
    child = fresh
    fresh.stdin.on('error', () => undefined)
    listen(fresh, (line) => {
      if (line.type === 'line') {
        const id = asRecord(line.value)['id']
        if (typeof id === 'string') {
          deaths = 0
          open.get(id)?.(line)
          return
        }
        // A line that names no answer cannot be told apart from noise, so nothing this process says counts any more.
        fresh.kill('SIGKILL')
      }
      if (child === fresh) {
        child = null
        deaths++
        diedAt = performance.now()
      }
      for (const push of open.values()) push(line.type === 'line' ? malformed : line)
    })
    return fresh
  }

  async function* answer(id: string, { prepared, sampling, signal }: AttemptInput): AsyncGenerator<Part> {
    const restartMs = deaths === 0 ? 0 : Math.min(restartMsMax, restartMsFirst * 2 ** (deaths - 1))
    const waitMs = diedAt + restartMs - performance.now()
    if (child === null && deaths > 0 && waitMs > 0) await pause(waitMs, signal)
    if (signal.aborted || isStopped) throw new UpstreamError(fault('interrupted', 'interrupted'))
    const lines = mailbox<Line>()
    open.set(id, lines.push)
    const { stdin } = running()
    stdin.write(`${JSON.stringify(requestLine(id, prepared, sampling))}\n`)
    const cancel = () => {
      stdin.write(`${JSON.stringify({ id, cancel: true })}\n`)
      lines.push({ type: 'broken', detail: 'interrupted' })
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      yield* answered(lines, id)
    } finally {
      signal.removeEventListener('abort', cancel)
      open.delete(id)
    }
  }

  return {
    answer,
    stop() {
      isStopped = true
      const last = child
      child = null
      last?.kill('SIGTERM')
      if (last !== null) setTimeout(() => last.kill('SIGKILL'), killAfterMs).unref()
    },
  }
}

type Line =
  | { type: 'line'; value: unknown }
  | { type: 'broken'; detail: FaultCode }
  | { type: 'exit'; code: number | null; stderr: string }
const malformed: Line = { type: 'broken', detail: 'malformed_stream' }

async function* answered(lines: AsyncIterable<Line>, id: string): AsyncGenerator<Part> {
  let characters = 0
  for await (const line of lines) {
    if (line.type === 'broken') return yield { type: 'fault', fault: fault('broken', line.detail) }
    if (line.type === 'exit') {
      const detail = line.code === 0 ? 'no_end' : 'command_failed'
      return yield { type: 'fault', fault: fault('broken', detail, { words: wordsOf(line.stderr) }) }
    }
    const said = asRecord(line.value)
    if (said['id'] !== id) continue
    if (said['error'] !== undefined) {
      const words = typeof said['error'] === 'string' ? wordsOf(said['error']) : null
      return yield { type: 'fault', fault: fault('broken', 'error_in_stream', { words }) }
    }
    if (typeof said['text'] === 'string') {
      characters += said['text'].length
      if (characters > responseBytesMax) return yield { type: 'fault', fault: fault('broken', 'response_too_large') }
      yield { type: 'text', text: said['text'] }
    }
    if (said['done'] !== true) continue
    yield usageIn(said['usage'])
    const raw = typeof said['finish'] === 'string' ? said['finish'] : 'stop'
    return yield { type: 'end', finish: finishes[raw] ?? 'complete', raw }
  }
}

const finishes: Record<string, Finish | undefined> = { stop: 'complete', length: 'cut', refused: 'declined' }

function usageIn(value: unknown): Part {
  const usage = asRecord(value)
  const count = (...names: string[]) => names.map((name) => usage[name]).find((found) => typeof found === 'number')
  return { type: 'usage', input: count('input', 'prompt_tokens'), output: count('output', 'completion_tokens') }
}

function started({ command }: CommandEntry, environment: Record<string, string>): ChildProcessWithoutNullStreams {
  const [program = '', ...args] = command
  return spawn(program, args, { env: environment, shell: false, stdio: ['pipe', 'pipe', 'pipe'] })
}

/** JSON lines from its output, then how it ended. Anything that is no JSON object, or too much of it, ends it. */
function listen(child: ChildProcessWithoutNullStreams, push: (line: Line) => void) {
  let unfinished = ''
  let stderr = ''
  let isOver = false
  const end = (line: Line) => {
    if (isOver) return
    isOver = true
    push(line)
    if (line.type === 'broken') child.kill('SIGKILL')
  }
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    if (isOver) return
    const lines = (unfinished + text).split('\n')
    unfinished = lines.pop() ?? ''
    for (const line of lines) {
      if (line.trim() === '') continue
      const value = line.length > lineBytesMax ? undefined : parsed(line)
      if (value === undefined)
        return end({ type: 'broken', detail: line.length > lineBytesMax ? 'line_too_long' : 'malformed_stream' })
      push({ type: 'line', value })
    }
    if (unfinished.length > lineBytesMax) end({ type: 'broken', detail: 'line_too_long' })
  })
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrCharactersKept)
  })
  child.on('error', (error) => end({ type: 'exit', code: null, stderr: error.message }))
  child.on('close', (code) => end({ type: 'exit', code, stderr }))
}

function parsed(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function requestLine(id: string, { system, turns }: Prepared, sampling: Sampling) {
  return {
    v: 1,
    id,
    system,
    turns: turns.map(({ question, images, answer }) => ({
      question,
      images: images.map(({ mediaType, width, height, bytes }) => ({
        media_type: mediaType,
        width,
        height,
        base64: Buffer.from(bytes).toString('base64'),
      })),
      answer,
    })),
    sampling: {
      temperature: sampling.temperature,
      top_p: sampling.topP,
      max_tokens: sampling.maxTokens,
      ...(sampling.topK === undefined ? {} : { top_k: sampling.topK }),
      ...(sampling.seed === undefined ? {} : { seed: sampling.seed }),
    },
  }
}

const alwaysGiven = ['PATH', 'HOME', 'LANG']
/** A program of the operator's gets what it needs to start, and what was named for it: no key of another service. */
function environmentFor({ env = [] }: CommandEntry, all: ProviderDeps['environment']): Record<string, string> {
  return Object.fromEntries(
    [...alwaysGiven, ...env].flatMap((name) => {
      const value = all[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** Things pushed from outside, read in order. */
function mailbox<T>(): AsyncIterable<T> & { push(item: T): void } {
  const items: T[] = []
  let wake: (() => void) | null = null
  return {
    push(item) {
      items.push(item)
      wake?.()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (items.length > 0) yield items.shift()!
        await new Promise<void>((resolve) => {
          wake = resolve
          if (items.length > 0) resolve()
        })
      }
    },
  }
}
