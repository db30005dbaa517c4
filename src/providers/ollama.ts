import type { Provider, Sampling } from '../models/provider.ts'
import { type LimitedFetch, limitedFetch, merged, upstreamAgent } from './limited-fetch.ts'
import { kindDefaults } from './presets.ts'
import type { OllamaEntry, ProviderDeps } from './provider-for.ts'
import type { Prepared } from './question-for.ts'
import { type AttemptInput, timedProvider, timeoutsOf, withoutAuthorization } from './remote.ts'
import type { Part } from './timed-answer.ts'
import { asRecord, fault, faultOfStatus, faultOfStreamError, UpstreamError } from './upstream-error.ts'

/** Ollama's own protocol: its `/v1` door loses errors in mid-stream and cannot set the context length. */
export function ollamaProvider(entry: OllamaEntry, deps: ProviderDeps): Provider & AsyncDisposable {
  const agent = upstreamAgent(timeoutsOf(entry))
  const fetch = limitedFetch(agent)
  return {
    ...timedProvider(entry, deps, (input) => attempt(entry, input, fetch, deps)),
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

async function* attempt(
  entry: OllamaEntry,
  { prepared, sampling, secret, signal }: AttemptInput,
  fetch: LimitedFetch,
  { now }: ProviderDeps,
): AsyncGenerator<Part> {
  const body = bodyOf(entry, prepared, sampling)
  const { messages: _, ...effective } = body
  yield { type: 'noted', effective }
  const response = await fetch(`${(entry.baseUrl ?? kindDefaults.ollama.baseUrl).replace(/\/+$/, '')}/api/chat`, {
    method: 'POST',
    headers: {
      ...withoutAuthorization(entry.headers),
      'content-type': 'application/json',
      ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
    },
    body: JSON.stringify(body),
    signal,
  })
  if (!response.ok)
    throw new UpstreamError(
      faultOfStatus(response.status, {
        body: await response.text(),
        headers: Object.fromEntries(response.headers),
        now: now(),
      }),
    )
  for await (const line of linesOf(response)) {
    const part = parsed(line)
    if (part === null) return yield { type: 'fault', fault: fault('broken', 'malformed_stream') }
    yield* translated(part, now)
  }
}

function* translated(line: Record<string, unknown>, now: () => Date): Generator<Part> {
  if (line['error'] !== undefined) return yield { type: 'fault', fault: faultOfStreamError(line, now()) }
  const { model, message, done, done_reason: reason } = line
  const { content, thinking } = asRecord(message)
  if (typeof model === 'string') yield { type: 'noted', servedModel: model }
  if (typeof thinking === 'string' && thinking !== '') yield { type: 'thinking', characters: thinking.length }
  if (typeof content === 'string' && content !== '') yield { type: 'text', text: content }
  if (done !== true) return
  const count = (value: unknown) => (typeof value === 'number' ? value : undefined)
  yield { type: 'usage', input: count(line['prompt_eval_count']), output: count(line['eval_count']) }
  const raw = typeof reason === 'string' ? reason : null
  yield { type: 'end', finish: raw === 'length' ? 'cut' : 'complete', raw }
}

/** Sampling outside `options` is ignored without a word; `/v1` names are not known here. */
function bodyOf(entry: OllamaEntry, { system, turns }: Prepared, sampling: Sampling): Record<string, unknown> {
  const { numCtx, keepAlive, think, reasoning, extraBody = {} } = entry
  const thinks = think ?? (reasoning === undefined || reasoning === 'default' ? undefined : reasoning !== 'none')
  const body = {
    model: entry.model,
    messages: [
      ...(system === null ? [] : [{ role: 'system', content: system }]),
      ...turns.flatMap(({ question, images, answer }) => [
        {
          role: 'user',
          content: question,
          ...(images.length === 0 ? {} : { images: images.map(({ bytes }) => Buffer.from(bytes).toString('base64')) }),
        },
        ...(answer === null ? [] : [{ role: 'assistant', content: answer }]),
      ]),
    ],
    stream: true,
    ...(thinks === undefined ? {} : { think: thinks }),
    ...(keepAlive === undefined ? {} : { keep_alive: keepAlive }),
    options: {
      temperature: sampling.temperature,
      top_p: sampling.topP,
      num_predict: entry.maxOutputTokens ?? sampling.maxTokens,
      ...(sampling.topK === undefined ? {} : { top_k: sampling.topK }),
      ...(sampling.seed === undefined ? {} : { seed: sampling.seed }),
      ...(numCtx === undefined ? {} : { num_ctx: numCtx }),
    },
  }
  return merged(body, extraBody)
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  if (response.body === null) return
  let open = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (open + text).split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield line
  }
  if (open.trim() !== '') yield open
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
