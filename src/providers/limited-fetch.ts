import { Agent, type Dispatcher, fetch as undiciFetch } from 'undici'
import { refuseDeniedHost, safeLookup } from './denied-hosts.ts'
import { fault, UpstreamError } from './upstream-error.ts'

/** 4,096 tokens are about 1 MB of wire JSON (TRUST.md E8). Counted after decompression. */
export const responseBytesMax = 8 * 1024 * 1024
export const lineBytesMax = 256 * 1024
const errorBodyBytesMax = 64 * 1024
const redirectsMax = 2
const connectTimeoutMs = 10_000

export type LimitedFetch = typeof globalThis.fetch
/** One per provider: its own connections, so that a slow service holds up nobody else. */
export function upstreamAgent({ totalMs }: { totalMs: number }): Agent {
  return new Agent({
    headersTimeout: totalMs + 30_000,
    bodyTimeout: totalMs + 30_000,
    keepAliveTimeout: 10_000,
    connect: { timeout: connectTimeoutMs, lookup: safeLookup },
  })
}

/**
 * A `fetch` for services that are not trusted: 8 MB at most, 256 KB per line, valid UTF-8, no redirect to another host, no address
 * of a machine's metadata service. What breaks a rule ends the body with an `UpstreamError`.
 */
export function limitedFetch(
  dispatcher: Dispatcher,
  { extraBody }: { extraBody?: Record<string, unknown> | undefined } = {},
): LimitedFetch {
  const limited = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input)
    const body = extraBody === undefined ? init.body : withExtra(init.body, extraBody)
    const response = await followed(url, { ...init, ...(body === undefined ? {} : { body }) }, dispatcher)
    return guarded(response)
  }
  return limited as LimitedFetch
}

async function followed(from: URL, init: RequestInit, dispatcher: Dispatcher): Promise<Response> {
  let url = from
  for (let redirects = 0; ; redirects++) {
    refuseDeniedHost(url)
    const response = (await undiciFetch(url, {
      ...(init as Parameters<typeof undiciFetch>[1]),
      dispatcher,
      redirect: 'manual',
    })) as unknown as Response
    if (response.status < 300 || response.status >= 400) return response
    const location = response.headers.get('location')
    await response.body?.cancel()
    const next = location === null ? null : URL.parse(location, url)
    const keepsMethod = response.status === 307 || response.status === 308
    if (next === null || next.origin !== from.origin || !keepsMethod || redirects >= redirectsMax)
      throw new UpstreamError(fault('broken', 'redirected'))
    url = next
  }
}

function guarded(response: Response): Response {
  if (response.body === null) return response
  const { status, statusText, headers } = response
  const body = response.ok ? limitedBytes(response.body) : response.body.pipeThrough(cutBytes(errorBodyBytesMax))
  return new Response(body, { status, statusText, headers: plain(headers) })
}

/** The body is decompressed already; its old length and encoding would be wrong. */
function plain(headers: Headers): Headers {
  const copy = new Headers(headers)
  copy.delete('content-encoding')
  copy.delete('content-length')
  return copy
}

/** Read as it is asked for: a transform between two streams would cost more than the checks. */
function limitedBytes(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  let lineBytes = 0
  const check = (chunk: Uint8Array) => {
    bytes += chunk.length
    if (bytes > responseBytesMax) throw broken('response_too_large')
    lineBytes = countedLines(chunk, lineBytes)
    try {
      utf8.decode(chunk, { stream: true })
    } catch {
      throw broken('bad_utf8')
    }
  }
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (done) return controller.close()
        try {
          check(value)
        } catch (error) {
          void reader.cancel(error).catch(() => undefined)
          throw error
        }
        controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** Length of the line that is still open after this chunk, given its length before. */
function countedLines(chunk: Uint8Array, openBytes: number): number {
  let open = openBytes
  for (let from = 0; ; ) {
    const end = chunk.indexOf(10, from)
    open += (end === -1 ? chunk.length : end) - from
    if (open > lineBytesMax) throw broken('line_too_long')
    if (end === -1) return open
    open = 0
    from = end + 1
  }
}

const broken = (detail: 'response_too_large' | 'line_too_long' | 'bad_utf8') =>
  new UpstreamError(fault('broken', detail))

/** An error page is read as far as it can be useful; its status has already said what matters. */
function cutBytes(bytesMax: number): TransformStream<Uint8Array, Uint8Array> {
  let left = bytesMax
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) controller.terminate()
    },
  })
}

function withExtra(body: RequestInit['body'] | undefined, extra: Record<string, unknown>): RequestInit['body'] {
  if (typeof body !== 'string') return body ?? null
  return JSON.stringify(merged(JSON.parse(body) as Record<string, unknown>, extra))
}

/** Objects are merged into objects, everything else is replaced. */
export function merged(base: Record<string, unknown>, extra: Record<string, unknown>): Record<string, unknown> {
  const result = { ...base }
  for (const [key, value] of Object.entries(extra)) {
    const old = result[key]
    result[key] = isPlain(old) && isPlain(value) ? merged(old, value) : value
  }
  return result
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
