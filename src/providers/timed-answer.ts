import { performance } from 'node:perf_hooks'
import type { AnswerEvent, Finish, Receipt } from '../models/provider.ts'
import { pause } from './fake.ts'
import { thinkSplitter } from './think-splitter.ts'
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
  const { signal, timeouts, retries, secret, now } = options
  const startedAt = performance.now()
  const elapsed = () => performance.now() - startedAt
  const noted = emptyNotes(options.effective)
  let attempts = 0
  let firstTextMs: number | null = null
  const receipt = (): Receipt => ({
    ...redacted(noted, secret),
    attempts,
    firstTextMs,
    totalMs: Math.round(elapsed()),
  })
  const failed = (failure: Fault): AnswerEvent => {
    options.onFault?.({ ...failure, words: withoutSecret(failure.words, secret) })
    return { type: 'failed', reason: failure.reason, detail: failure.detail, receipt: receipt() }
  }

  for (;;) {
    if (signal.aborted) return yield failed(interrupted)
    attempts++
    let hasStarted = false
    let failure: Fault | null = null
    const splitter = thinkSplitter()
    const stop = new AbortController()
    const stopWithReader = () => stop.abort(interruptedError)
    signal.addEventListener('abort', stopWithReader, { once: true })
    let text = ''
    let thinking = 0
    let end: Extract<Part, { type: 'end' }> | null = null
    let waitingSince = startedAt
    let iterator: AsyncIterator<Part> | null = null
    try {
      iterator = attempt(stop.signal)[Symbol.asyncIterator]()
      while (end === null) {
        const limit = hasStarted
          ? { ms: waitingSince + timeouts.idleMs, detail: 'idle_timeout' as const }
          : { ms: startedAt + timeouts.firstTokenMs, detail: 'first_token_timeout' as const }
        const total = startedAt + timeouts.totalMs
        const [deadline, detail] = total <= limit.ms ? [total, 'total_timeout' as const] : [limit.ms, limit.detail]
        const next = await nextOrDeadline(iterator, stop, deadline - performance.now(), detail)
        if (next.done) break
        const part = next.value
        if (part.type === 'text' || part.type === 'thinking') {
          const split = part.type === 'text' ? splitter.push(part.text) : { text: '', thinking: part.characters }
          const said = part.type === 'text' ? part.text.length : part.characters
          if (said > 0) hasStarted = true
          if (split.thinking > 0) {
            thinking += split.thinking
            yield { type: 'thinking', characters: split.thinking }
          }
          if (split.text !== '') {
            firstTextMs ??= Math.round(elapsed())
            text += split.text
            yield { type: 'text', text: split.text }
          }
          if (said > 0) waitingSince = performance.now()
        } else if (part.type === 'noted') note(noted, part)
        else if (part.type === 'usage') noted.usage = part
        else if (part.type === 'end') end = part
        else {
          failure = part.fault
          break
        }
      }
    } catch (error) {
      failure = signal.aborted ? interrupted : faultOfThrown(reasonOf(error, stop.signal), { hasStarted, now: now() })
    } finally {
      signal.removeEventListener('abort', stopWithReader)
      if (end === null) stop.abort(endedError)
      closeQuietly(iterator)
    }
    if (signal.aborted) return yield failed(interrupted)
    const rest = splitter.end()
    if (rest.text !== '') {
      firstTextMs ??= Math.round(elapsed())
      text += rest.text
      yield { type: 'text', text: rest.text }
    }
    noted.rawFinish = end?.raw ?? null
    failure ??= failureOfEnd(end, {
      text,
      hasThought: thinking + rest.thinking > 0 || (noted.usage.reasoning ?? 0) > 0,
    })
    if (failure === null && end !== null && end.finish !== 'failed')
      return yield { type: 'finished', finish: end.finish, receipt: receipt() }
    const shown = failure ?? fault('broken', 'no_end')
    const waitMs = shown.retryAfterMs ?? retryWaitMs * (0.8 + 0.4 * options.random())
    const mayTryAgain =
      shown.isRetryable &&
      !hasStarted &&
      attempts <= retries &&
      waitMs <= retryWaitMsMax &&
      elapsed() + waitMs < Math.min(timeouts.firstTokenMs, timeouts.totalMs)
    if (!mayTryAgain) return yield failed(shown)
    await pause(waitMs, signal)
  }
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

/** Waits for the next part, at most `ms`; then aborts the attempt and throws why. The loser of the race is not left unhandled. */
function nextOrDeadline(
  iterator: AsyncIterator<Part>,
  stop: AbortController,
  ms: number,
  detail: FaultCode,
): Promise<IteratorResult<Part>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => stop.abort(new TimedOut(detail)), Math.max(0, ms))
    const aborted = () => finish(() => reject(stop.signal.reason))
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      stop.signal.removeEventListener('abort', aborted)
      settle()
    }
    if (stop.signal.aborted) return aborted()
    stop.signal.addEventListener('abort', aborted, { once: true })
    iterator.next().then(
      (next) => finish(() => resolve(next)),
      (error) => finish(() => reject(error)),
    )
  })
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
  end: Extract<Part, { type: 'end' }> | null,
  { text, hasThought }: { text: string; hasThought: boolean },
): Fault | null {
  if (end === null) return fault('broken', 'no_end')
  if (end.finish === 'failed') return fault('broken', 'error_in_stream')
  if (text.trim() !== '') return null
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
const withoutSecret = (text: string | null, secret: string | null) =>
  text === null || secret === null || secret === '' ? text : text.replaceAll(secret, '***')
