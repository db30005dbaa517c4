import type { FailureReason } from '../models/provider.ts'

/** What went wrong, in our own words: safe in logs. What the service said travels beside it, for the operator only. */
export const faultCodes = [
  'auth',
  'bad_request',
  'bad_utf8',
  'command_failed',
  'content_filter',
  'empty',
  'empty_after_reasoning',
  'error_in_stream',
  'first_token_timeout',
  'idle_timeout',
  'image_rejected',
  'interrupted',
  'line_too_long',
  'malformed_stream',
  'no_end',
  'no_key',
  'no_such_answer',
  'not_found',
  'overloaded',
  'quota',
  'rate_limit',
  'reader_failed',
  'redirected',
  'reset',
  'response_too_large',
  'server_error',
  'too_many_images',
  'total_timeout',
  'transform_failed',
  'unreachable',
] as const
export type FaultCode = (typeof faultCodes)[number]

export type Fault = {
  reason: FailureReason
  detail: FaultCode
  isRetryable: boolean
  /** How long the service asked us to wait, if it did. */
  retryAfterMs: number | null
  /** The service's own words, shortened, without anything that looks like a key or a picture. */
  words: string | null
}

/** A fault of ours on its way through a library that wraps whatever is thrown. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly fault: Fault
  constructor(fault: Fault, cause?: unknown) {
    super(fault.detail, { cause })
    this.fault = fault
  }
}

export function fault(reason: FailureReason, detail: FaultCode, more: Partial<Fault> = {}): Fault {
  return { reason, detail, isRetryable: false, retryAfterMs: null, words: null, ...more }
}

/** What a status before the stream means (MODELS.md 3). `body` is searched for the few words that change the meaning. */
export function faultOfStatus(
  status: number,
  { body = '', headers = {}, now }: { body?: string; headers?: Record<string, string | undefined>; now: Date },
): Fault {
  const words = wordsOf(body)
  const retryAfterMs = retryAfterOf(headers, body, now)
  if (status === 429) {
    const isQuota = /insufficient_quota|billing|quota_exceeded_plan|credit balance/i.test(body)
    return isQuota
      ? fault('rate_limited', 'quota', { words })
      : fault('rate_limited', 'rate_limit', { isRetryable: true, retryAfterMs, words })
  }
  if (status === 401 || status === 403) return fault('broken', 'auth', { words })
  if (status === 402) return fault('broken', 'quota', { words })
  if (status === 404) return fault('broken', 'not_found', { words })
  if (status === 408 || status === 409 || status >= 500) {
    const detail = status === 503 || status === 529 ? 'overloaded' : 'server_error'
    return fault('unreachable', detail, { isRetryable: true, retryAfterMs, words })
  }
  if (status >= 300 && status < 400) return fault('broken', 'redirected', { words })
  if (status === 413 || (status >= 400 && aboutTheImage.test(body))) return fault('broken', 'image_rejected', { words })
  return fault('broken', 'bad_request', { words })
}

const aboutTheImage =
  /\b(image|images|vision|multi-?modal|mmproj|image_url|picture)\b|image_url|inlineData|does not support (images|vision)/i

/** Errors inside a stream carry a status now and then; otherwise the answer is simply broken. */
export function faultOfStreamError(error: unknown, now: Date): Fault {
  const known = findUpstreamError(error)
  if (known !== null) return known.fault
  const body = textOf(error)
  const status = statusIn(error) ?? statusOfType(body)
  const byStatus = status === null ? null : faultOfStatus(status, { body, now })
  if (byStatus !== null && byStatus.reason !== 'broken') return { ...byStatus, isRetryable: false }
  return fault('broken', byStatus?.detail ?? detailOfName(error), { words: wordsOf(body) })
}

/** The adapters' own complaints about a stream, by the names of their errors. */
function detailOfName(error: unknown): FaultCode {
  const name = error instanceof Error ? error.name : ''
  if (name === 'AI_InvalidResponseDataError') return 'no_end'
  return name === 'AI_JSONParseError' || name === 'AI_TypeValidationError' ? 'malformed_stream' : 'error_in_stream'
}

/** Anything a library threw: by status if it carries one, by our own error inside, else the connection. */
export function faultOfThrown(error: unknown, { hasStarted, now }: { hasStarted: boolean; now: Date }): Fault {
  const known = findUpstreamError(error)
  if (known !== null) return known.fault
  const { statusCode, responseHeaders, responseBody } = asRecord(error)
  if (typeof statusCode === 'number' && statusCode >= 300)
    return faultOfStatus(statusCode, {
      body: typeof responseBody === 'string' ? responseBody : '',
      headers: asRecord(responseHeaders) as Record<string, string | undefined>,
      now,
    })
  const words = wordsOf(messagesOf(error).join(': '))
  if (!isNetworkError(error)) return fault('broken', 'malformed_stream', { words })
  return hasStarted
    ? fault('broken', 'reset', { words })
    : fault('unreachable', 'unreachable', { isRetryable: true, words })
}

function findUpstreamError(error: unknown): UpstreamError | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++)
    if (at instanceof UpstreamError) return at
  return null
}

const isNetworkError = (error: unknown) =>
  /ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ETIMEDOUT|UND_ERR|CERT|SSL|fetch failed|Cannot connect|socket|terminated|other side closed/i.test(
    messagesOf(error).join(' '),
  )

function messagesOf(error: unknown): string[] {
  const messages: string[] = []
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const { code } = asRecord(at)
    messages.push(typeof code === 'string' ? `${at.message} (${code})` : at.message)
  }
  return messages
}

/** Errors from the libraries hold the whole request, pictures included: only messages are ever taken out of them. */
function textOf(error: unknown): string {
  if (typeof error === 'string') return error
  if (error instanceof Error) {
    const { data } = asRecord(error)
    return [...messagesOf(error), typeof data === 'object' ? shortJson(data) : ''].join(' ')
  }
  return shortJson(error)
}

function shortJson(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? '').slice(0, 4_000)
  } catch {
    return ''
  }
}

function statusIn(error: unknown): number | null {
  const outer = asRecord(error)
  const inner = asRecord(outer['error'])
  for (const value of [outer['statusCode'], outer['code'], outer['status'], inner['code'], inner['status']]) {
    const status = typeof value === 'string' ? Number(value) : value
    if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600) return status
  }
  return null
}

/** Types that are a status by another name; any other error inside a stream only breaks this answer. */
function statusOfType(body: string): number | null {
  if (/overloaded_error|UNAVAILABLE/.test(body)) return 529
  if (/rate_limit|RESOURCE_EXHAUSTED|insufficient_quota/.test(body)) return 429
  return null
}

/** `retry-after-ms`, else `retry-after` in seconds or as a date, else Google's RetryInfo in the body. */
function retryAfterOf(headers: Record<string, string | undefined>, body: string, now: Date): number | null {
  const milliseconds = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds
  const after = headers['retry-after']?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(after)) return Number(after) * 1000
  if (after !== '') {
    const at = Date.parse(after)
    if (Number.isFinite(at)) return Math.max(0, at - now.getTime())
  }
  const delay = /"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"/.exec(body)?.[1]
  return delay === undefined ? null : Number(delay) * 1000
}

const wordsCharactersMax = 300
/** The message inside an error body if there is one; one line, printable, nothing that could be a key or a picture. */
export function wordsOf(body: string): string | null {
  const message = messageIn(body) ?? (/^\s*</.test(body) ? 'an HTML page' : body)
  const line = message
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replace(/\b(bearer\s+|sk-|hf_|gsk_|AIza)[\w.-]{6,}/gi, '***')
    .replace(/[A-Za-z0-9+/=_-]{60,}/g, '***')
    .replace(/\s+/g, ' ')
    .trim()
  return line === '' ? null : line.slice(0, wordsCharactersMax)
}

function messageIn(body: string): string | null {
  try {
    const parsed = asRecord(JSON.parse(body))
    const inner = parsed['error']
    if (typeof inner === 'string') return inner
    const message = asRecord(inner)['message'] ?? parsed['message'] ?? parsed['detail']
    return typeof message === 'string' ? message : null
  } catch {
    return null
  }
}

export const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
