import { performance } from 'node:perf_hooks'
import type { AnswerEvent, Finish, Receipt } from '../models/provider.ts'
import { pause } from './fake.ts'
import { type Split, thinkSplitter } from './think-splitter.ts'
import { type Fault, type FaultCode, fault, faultOfThrown, UpstreamError, wordsOf } from './upstream-error.ts'

export type Timeouts = { totalMs: number; firstTokenMs: number; idleMs: number }
export const timeoutsDefault: Timeouts = { totalMs: 120_000, firstTokenMs: 30_000, idleMs: 20_000 }

/** What every protocol is reduced to. A `fault` may be followed by more; the first one wins. */
export type Part =
  | { type: 'text'; text: string }
  | { type: 'thinking'; characters: number }
  | {
      type: 'noted'
      warnings?: string[]
      effective?: Record<string, unknown>
      servedModel?: string
      requestId?: string
    }
  | { type: 'usage'; input?: number | undefined; output?: number | undefined; reasoning?: number | undefined }
  | { type: 'fault'; fault: Fault }
  | { type: 'end'; finish: Finish | 'failed'; raw: string | null }

type End = Extract<Part, { type: 'end' }>

/** One try. It may throw anything; `signal` ends it, and with it the connection. */
export type Attempt = (signal: AbortSignal) => AsyncIterable<Part>

export type TimedOptions = {
  signal: AbortSignal
  timeouts: Timeouts
  retries: number
  /** Known before the first byte; replaced by what was really sent. */
  effective: Record<string, unknown>
  /** Cut out of everything that is kept. */
  secret: string | null
  now(): Date
  random(): number
  /** The service's own words about a failure, for the operator. */
  onFault?: ((fault: Fault) => void) | undefined
}

const retryWaitMs = 1_000
const retryWaitMsMax = 5_000

/**
 * Runs an attempt under our own time limits (MODELS.md 3): `totalMs` from now, `firstTokenMs` to the first text or thinking, `idleMs`
 * between them; keepalives reset nothing. Tries again only before the first token. Ends with exactly one `finished` or `failed`.
 */
export async function* timedAnswer(attempt: Attempt, options: TimedOptions): AsyncGenerator<AnswerEvent> {
  const { signal, retries, secret } = options
  const run: Run = {
    startedAt: performance.now(),
    noted: emptyNotes(options.effective),
    attempts: 0,
    firstTextMs: null,
  }
  const receipt = (): Receipt => ({
    ...redacted(run.noted, secret),
    attempts: run.attempts,
    firstTextMs: run.firstTextMs,
    totalMs: Math.round(performance.now() - run.startedAt),
  })
  for (;;) {
    run.attempts++
    const { finish, failure, hasStarted } = yield* oneTry(attempt, run, options)
    if (finish !== null) return yield { type: 'finished', finish, receipt: receipt() }
    const waitMs = failure.retryAfterMs ?? retryWaitMs * (0.8 + 0.4 * options.random())
    const mayTryAgain = failure.isRetryable && !hasStarted && run.attempts <= retries && mayWait(waitMs, run, options)
    if (mayTryAgain) await pause(waitMs, signal)
    else {
      options.onFault?.({ ...failure, words: withoutSecret(failure.words, secret) })
      return yield { type: 'failed', reason: failure.reason, detail: failure.detail, receipt: receipt() }
    }
  }
}

type Run = { startedAt: number; noted: Notes; attempts: number; firstTextMs: number | null }
type Outcome = { hasStarted: boolean } & ({ finish: Finish; failure: null } | { finish: null; failure: Fault })

const mayWait = (waitMs: number, { startedAt }: Run, { timeouts }: TimedOptions) =>
  waitMs <= retryWaitMsMax && performance.now() - startedAt + waitMs < Math.min(timeouts.firstTokenMs, timeouts.totalMs)

/** Says what it hears as it hears it, and returns how it ended. Whatever happens, the connection is gone afterwards. */
async function* oneTry(
  attempt: Attempt,
  run: Run,
  { signal, timeouts, now }: TimedOptions,
): AsyncGenerator<AnswerEvent, Outcome> {
  if (signal.aborted) return { hasStarted: false, finish: null, failure: interrupted }
  const stop = new AbortController()
  const interrupt = () => stop.abort(interruptedError)
  signal.addEventListener('abort', interrupt, { once: true })
  const waiting = watch(stop)
  const splitter = thinkSplitter()
  const said = { hasStarted: false, hasText: false, hasThought: false }
  function* say({ text, thinking }: Split): Generator<AnswerEvent> {
    if (thinking > 0) {
      said.hasThought = true
      yield { type: 'thinking', characters: thinking }
    }
    if (text === '') return
    run.firstTextMs ??= Math.round(performance.now() - run.startedAt)
    said.hasText ||= text.trim() !== ''
    yield { type: 'text', text }
  }

  let end: End | null = null
  let failure: Fault | null = null
  let heardAt = run.startedAt
  let parts: AsyncIterator<Part> | null = null
  try {
    parts = attempt(stop.signal)[Symbol.asyncIterator]()
    while (end === null && failure === null) {
      const next = await waiting.next(parts, deadlineOf(said.hasStarted, heardAt, run.startedAt, timeouts))
      if (next.done) break
      const part = next.value
      if (part.type === 'end') end = part
      else if (part.type === 'fault') failure = part.fault
      else if (part.type === 'noted') note(run.noted, part)
      else if (part.type === 'usage') run.noted.usage = part
      else if (part.type === 'text' ? part.text !== '' : part.characters > 0) {
        said.hasStarted = true
        yield* say(part.type === 'text' ? splitter.push(part.text) : { text: '', thinking: part.characters })
        // Taken after the listener had it: a slow listener is not the service's fault.
        heardAt = performance.now()
      }
    }
  } catch (error) {
    failure = faultOfThrown(reasonOf(error, stop.signal), { hasStarted: said.hasStarted, now: now() })
  } finally {
    signal.removeEventListener('abort', interrupt)
    waiting.end()
    stop.abort(endedError)
    closeQuietly(parts)
  }
  yield* say(splitter.end())
  run.noted.rawFinish = end?.raw ?? null
  const { hasStarted } = said
  if (end === null && signal.aborted) return { hasStarted, finish: null, failure: interrupted }
  const hasThought = said.hasThought || (run.noted.usage.reasoning ?? 0) > 0
  failure ??= failureOfEnd(end, { hasText: said.hasText, hasThought })
  if (failure !== null || end === null || end.finish === 'failed')
    return { hasStarted, finish: null, failure: failure ?? fault('broken', 'no_end') }
  return { hasStarted, finish: end.finish, failure: null }
}

type Deadline = { at: number; detail: FaultCode }
function deadlineOf(hasStarted: boolean, heardAt: number, startedAt: number, timeouts: Timeouts): Deadline {
  const total: Deadline = { at: startedAt + timeouts.totalMs, detail: 'total_timeout' }
  const next: Deadline = hasStarted
    ? { at: heardAt + timeouts.idleMs, detail: 'idle_timeout' }
    : { at: startedAt + timeouts.firstTokenMs, detail: 'first_token_timeout' }
  return total.at <= next.at ? total : next
}

type Notes = Omit<Receipt, 'attempts' | 'firstTextMs' | 'totalMs'>

const emptyNotes = (effective: Record<string, unknown>): Notes => ({
  effective,
  warnings: [],
  rawFinish: null,
  servedModel: null,
  usage: {},
  requestId: null,
})

function note(noted: Notes, { warnings, effective, servedModel, requestId }: Extract<Part, { type: 'noted' }>) {
  for (const warning of warnings ?? []) if (!noted.warnings.includes(warning)) noted.warnings.push(warning)
  if (effective !== undefined) noted.effective = effective
  if (servedModel !== undefined) noted.servedModel = servedModel
  if (requestId !== undefined) noted.requestId = requestId
}

/**
 * Waits for the next part until a deadline; then aborts the attempt and throws why. One timer and one listener for all parts of an attempt: both
 * cost more than a token does, and deadlines mostly move on. The loser of the race is not left unhandled.
 */
function watch(stop: AbortController) {
  let deadline: Deadline = { at: Number.POSITIVE_INFINITY, detail: 'total_timeout' }
  let armedFor = Number.POSITIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let giveUp: ((reason: unknown) => void) | null = null
  const onAbort = () => giveUp?.(stop.signal.reason)
  stop.signal.addEventListener('abort', onAbort, { once: true })

  const arm = () => {
    clearTimeout(timer)
    armedFor = deadline.at
    timer = setTimeout(
      () => {
        // Nobody waits while the listener is busy with the last part; the next wait sets the clock again.
        if (giveUp === null) armedFor = Number.POSITIVE_INFINITY
        else if (performance.now() < deadline.at) arm()
        else stop.abort(new TimedOut(deadline.detail))
      },
      Math.max(0, deadline.at - performance.now()),
    )
  }

  return {
    next(parts: AsyncIterator<Part>, until: Deadline): Promise<IteratorResult<Part>> {
      deadline = until
      if (deadline.at < armedFor) arm()
      return new Promise((resolve, reject) => {
        if (stop.signal.aborted) return reject(stop.signal.reason)
        giveUp = reject
        const settled = () => {
          giveUp = null
        }
        parts.next().then(
          (next) => {
            settled()
            resolve(next)
          },
          (error) => {
            settled()
            reject(error)
          },
        )
      })
    },
    end() {
      clearTimeout(timer)
      giveUp = null
      stop.signal.removeEventListener('abort', onAbort)
    },
  }
}

class TimedOut extends Error {
  override readonly name = 'TimedOut'
  readonly detail: FaultCode
  constructor(detail: FaultCode) {
    super(detail)
    this.detail = detail
  }
}
const interruptedError = new Error('interrupted')
const endedError = new Error('ended')
const interrupted = fault('interrupted', 'interrupted')

/** Whatever the library makes of our abort, our own reason says what happened. */
function reasonOf(error: unknown, stop: AbortSignal): unknown {
  const { reason } = stop
  return stop.aborted && reason instanceof TimedOut ? new UpstreamError(fault('timed_out', reason.detail)) : error
}

function closeQuietly(iterator: AsyncIterator<Part> | null) {
  iterator?.return?.()?.catch(() => undefined)
}

function failureOfEnd(
  end: End | null,
  { hasText, hasThought }: { hasText: boolean; hasThought: boolean },
): Fault | null {
  if (end === null) return fault('broken', 'no_end')
  if (end.finish === 'failed') return fault('broken', 'error_in_stream')
  if (hasText) return null
  if (end.finish === 'declined') return fault('refused', 'content_filter')
  return fault('broken', end.finish === 'cut' || hasThought ? 'empty_after_reasoning' : 'empty')
}

function redacted(noted: Notes, secret: string | null): Notes {
  return {
    ...noted,
    warnings: noted.warnings.map((warning) => wordsOf(withoutSecret(warning, secret) ?? '') ?? ''),
    rawFinish: short(withoutSecret(noted.rawFinish, secret)),
    servedModel: short(withoutSecret(noted.servedModel, secret)),
    requestId: short(withoutSecret(noted.requestId, secret)),
    usage: {
      input: noted.usage.input,
      output: noted.usage.output,
      reasoning: noted.usage.reasoning,
    },
  }
}

const short = (text: string | null) => text?.slice(0, 200) ?? null
/** Also where the text was cut in the middle of it. */
function withoutSecret(text: string | null, secret: string | null): string | null {
  if (text === null || secret === null || secret === '') return text
  const whole = text.replaceAll(secret, '***')
  for (let length = secret.length - 1; length >= 6; length--)
    if (whole.endsWith(secret.slice(0, length))) return `${whole.slice(0, -length)}***`
  return whole
}
