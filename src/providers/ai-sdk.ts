import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4Message,
  LanguageModelV4StreamPart,
  SharedV4ProviderOptions,
  SharedV4Warning,
} from '@ai-sdk/provider'
import type { Finish, Provider, Sampling } from '../models/provider.ts'
import { type LimitedFetch, limitedFetch, merged, upstreamAgent } from './limited-fetch.ts'
import { compatiblePresets, kindDefaults } from './presets.ts'
import type { AiSdkEntry, CompatibleEntry, GoogleEntry, ProviderDeps } from './provider-for.ts'
import type { Prepared, PreparedTurn } from './question-for.ts'
import { type AttemptInput, timedProvider, timeoutsOf, withoutAuthorization } from './remote.ts'
import type { Part } from './timed-answer.ts'
import { asRecord, fault, faultOfStreamError, UpstreamError } from './upstream-error.ts'

/** The name under which raw fields of an OpenAI-compatible request travel through the SDK. */
const compatibleName = 'upstream'

/**
 * Models behind the AI SDK's adapters, at the level of `doStream`: no retries, timers or schemas of the SDK's own high-level calls.
 * Its errors hold the whole request, picture included, so they are reduced to a `Fault` where they appear and never kept.
 */
export function aiSdkProvider(entry: AiSdkEntry, deps: ProviderDeps): Provider & AsyncDisposable {
  const agent = upstreamAgent(timeoutsOf(entry))
  const extraBody = Object.keys(entry.extraBody ?? {}).length === 0 ? undefined : entry.extraBody
  // Compatible requests are merged before they are written, the others when they are sent.
  const fetch = limitedFetch(agent, entry.kind === 'openai-compatible' ? {} : { extraBody })
  return {
    ...timedProvider(entry, deps, (input) => attempt(entry, input, fetch, deps)),
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

async function* attempt(
  entry: AiSdkEntry,
  { prepared, sampling, secret, signal }: AttemptInput,
  fetch: LimitedFetch,
  { now }: ProviderDeps,
): AsyncGenerator<Part> {
  const model = await modelOf(entry, fetch, secret)
  const { stream, request, response } = await model.doStream({
    ...callOptions(entry, prepared, sampling),
    abortSignal: signal,
    includeRawChunks: true,
  })
  yield { type: 'noted', effective: effectiveOf(request?.body, entry), ...requestIdOf(response?.headers) }
  let finishWord: string | null = null
  for await (const part of stream) {
    if (part.type === 'text-delta') yield { type: 'text', text: part.delta }
    else if (part.type === 'raw') {
      finishWord = finishWordIn(part.rawValue) ?? finishWord
      const { modelVersion } = asRecord(part.rawValue)
      if (typeof modelVersion === 'string') yield { type: 'noted', servedModel: modelVersion }
    } else if (part.type === 'error' && finishWord !== null && finishWord !== 'error') {
      // The answer was whole already; adapters that finish at the end of the stream would forget that.
      yield { type: 'noted', warnings: ['The service reported an error after the end; it was ignored.'] }
      return yield endOf({ unified: unifiedOf(finishWord), raw: finishWord })
    } else yield* translated(part, now)
  }
}

/** How a service says in its own format that an answer is over. */
function finishWordIn(chunk: unknown): string | null {
  const { choices, candidates, type } = asRecord(chunk)
  const first = (list: unknown) => (Array.isArray(list) ? asRecord(list[0]) : {})
  const word = first(choices)['finish_reason'] ?? first(candidates)['finishReason']
  if (typeof word === 'string') return word
  return type === 'response.completed' ? 'stop' : null
}

const unifiedOf = (word: string): LanguageModelV4FinishReason['unified'] =>
  /^(length|model_length|MAX_TOKENS)$/.test(word) ? 'length' : declinedRaw.test(word) ? 'content-filter' : 'stop'

function* translated(part: LanguageModelV4StreamPart, now: () => Date): Generator<Part> {
  switch (part.type) {
    case 'stream-start':
      return yield { type: 'noted', warnings: part.warnings.map(warningText) }
    case 'response-metadata':
      if (part.modelId !== undefined) yield { type: 'noted', servedModel: part.modelId }
      return
    case 'reasoning-delta':
      return yield { type: 'thinking', characters: part.delta.length }
    case 'error':
      return yield { type: 'fault', fault: faultOfStreamError(part.error, now()) }
    case 'finish': {
      const { inputTokens, outputTokens } = part.usage
      yield { type: 'usage', input: inputTokens.total, output: outputTokens.total, reasoning: outputTokens.reasoning }
      yield endOf(part.finishReason)
    }
  }
}

/** Finish words that mean a filter but reach us as `other` (MODELS.md 5). */
const declinedRaw = /SAFETY|PROHIBITED|BLOCKLIST|RECITATION|SPII|LANGUAGE|refusal|content_filter/i

function endOf({ unified, raw = undefined }: LanguageModelV4FinishReason): Part {
  const end = (finish: Finish | 'failed'): Part => ({ type: 'end', finish, raw: raw ?? null })
  if (unified === 'error' || raw === 'error' || raw === 'abort') return end('failed')
  if (unified === 'length' || raw === 'model_context_window_exceeded') return end('cut')
  if (unified === 'content-filter' || (raw !== undefined && declinedRaw.test(raw))) return end('declined')
  // Adapters say "interrupted" or "other", without a word of the service's, when the stream simply stopped.
  const isEnd = unified === 'stop' || unified === 'tool-calls' || (unified === 'other' && raw !== undefined)
  if (!isEnd) return { type: 'fault', fault: fault('broken', 'no_end') }
  return end('complete')
}

function callOptions(entry: AiSdkEntry, prepared: Prepared, sampling: Sampling): LanguageModelV4CallOptions {
  const isCompatible = entry.kind === 'openai-compatible'
  const providerOptions = providerOptionsOf(entry, sampling)
  return {
    prompt: [
      ...(prepared.system === null ? [] : [{ role: 'system' as const, content: prepared.system }]),
      ...prepared.turns.flatMap((turn) => messagesOf(turn, entry)),
    ],
    maxOutputTokens: entry.maxOutputTokens ?? sampling.maxTokens,
    ...(sampling.temperature === undefined ? {} : { temperature: sampling.temperature }),
    ...(sampling.topP === undefined ? {} : { topP: sampling.topP }),
    ...(sampling.topK === undefined || isCompatible ? {} : { topK: sampling.topK }),
    ...(sampling.seed === undefined ? {} : { seed: sampling.seed }),
    ...(entry.reasoning === undefined || entry.reasoning === 'default' ? {} : { reasoning: entry.reasoning }),
    ...(providerOptions === null ? {} : { providerOptions }),
    headers: withoutAuthorization(entry.headers),
  }
}

/** Pictures first, as bytes: an address would be fetched by somebody. */
function messagesOf({ images, question, answer }: PreparedTurn, entry: AiSdkEntry): LanguageModelV4Message[] {
  const detail = entry.kind === 'openai' || entry.kind === 'openai-responses' ? entry.imageDetail : undefined
  const asked: LanguageModelV4Message = {
    role: 'user',
    content: [
      ...images.map(({ bytes, mediaType }) => ({
        type: 'file' as const,
        mediaType,
        data: { type: 'data' as const, data: bytes },
        ...(detail === undefined ? {} : { providerOptions: { openai: { imageDetail: detail } } }),
      })),
      { type: 'text', text: question },
    ],
  }
  return answer === null ? [asked] : [asked, { role: 'assistant', content: [{ type: 'text', text: answer }] }]
}

function providerOptionsOf(entry: AiSdkEntry, { topK }: Sampling): SharedV4ProviderOptions | null {
  switch (entry.kind) {
    case 'openai-responses':
      return { openai: { store: false } }
    case 'openai-compatible':
      // The adapter drops topK with a warning; these servers know it by this name.
      return topK === undefined ? null : { [compatibleName]: { top_k: topK } }
    case 'google':
      return { google: googleOptions(entry) }
    default:
      return null
  }
}

function googleOptions({ mediaResolution, safety }: GoogleEntry): SharedV4ProviderOptions[string] {
  return {
    ...(mediaResolution === undefined ? {} : { mediaResolution: `MEDIA_RESOLUTION_${mediaResolution.toUpperCase()}` }),
    ...(safety === undefined
      ? {}
      : { safetySettings: Object.entries(safety).map(([category, threshold]) => ({ category, threshold })) }),
  }
}

/** The factories would otherwise read addresses and keys from the environment; each adapter is loaded when first asked. */
async function modelOf(entry: AiSdkEntry, fetch: LimitedFetch, secret: string | null): Promise<LanguageModelV4> {
  const { baseURL, apiKey } = connectionOf(entry, secret)
  const settings = { baseURL, apiKey: apiKey ?? 'none', fetch }
  switch (entry.kind) {
    case 'openai':
      return (await import('@ai-sdk/openai')).createOpenAI(settings).chat(entry.model)
    case 'openai-responses':
      return (await import('@ai-sdk/openai')).createOpenAI(settings).responses(entry.model)
    case 'anthropic':
      return (await import('@ai-sdk/anthropic')).createAnthropic(settings)(entry.model)
    case 'google':
      return (await import('@ai-sdk/google')).createGoogle(settings)(entry.model)
    case 'mistral':
      return (await import('@ai-sdk/mistral')).createMistral(settings)(entry.model)
    case 'openai-compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      const compatible = createOpenAICompatible({
        name: compatibleName,
        baseURL,
        ...(apiKey === null ? {} : { apiKey }),
        includeUsage: true,
        fetch,
        transformRequestBody: (body) => compatibleBody(body, entry),
      })
      return compatible.chatModel(entry.model)
    }
  }
}

/** A key is demanded only by the service's own address: a stand-in on the same machine may do without. */
function connectionOf(entry: AiSdkEntry, secret: string | null): { baseURL: string; apiKey: string | null } {
  const usual =
    entry.kind === 'openai-compatible'
      ? entry.preset === undefined
        ? null
        : compatiblePresets[entry.preset].baseUrl
      : kindDefaults[entry.kind].baseUrl
  const baseURL = entry.baseUrl ?? usual
  if (baseURL === null) throw new UpstreamError(fault('unreachable', 'unreachable', { words: 'no base_url' }))
  const isHosted = baseURL === usual && baseURL.startsWith('https:')
  if (secret === null && isHosted) throw new UpstreamError(fault('broken', 'no_key'))
  return { baseURL, apiKey: secret }
}

function compatibleBody(
  body: Record<string, unknown>,
  { imageDetail, extraBody = {} }: CompatibleEntry,
): Record<string, unknown> {
  const detailed = imageDetail === undefined ? body : { ...body, messages: withDetail(body['messages'], imageDetail) }
  return merged(detailed, extraBody)
}

type ContentPart = { type: string; image_url?: { url: string } }
/** The adapter has no setting for `image_url.detail`. */
function withDetail(messages: unknown, detail: string): unknown {
  return (messages as { content: string | ContentPart[] }[]).map((message) =>
    typeof message.content === 'string'
      ? message
      : {
          ...message,
          content: message.content.map((part) =>
            part.image_url === undefined ? part : { ...part, image_url: { ...part.image_url, detail } },
          ),
        },
  )
}

const spoken = ['messages', 'input', 'contents', 'system', 'systemInstruction', 'tools', 'tool_choice', 'tool_config']
/** What was really sent, without what was said. */
function effectiveOf(body: unknown, { kind, extraBody = {} }: AiSdkEntry): Record<string, unknown> {
  const sent = typeof body === 'string' ? (JSON.parse(body) as object) : ((body ?? {}) as object)
  const settings = Object.fromEntries(
    Object.entries(sent).filter(([key, value]) => !spoken.includes(key) && value !== undefined),
  )
  return kind === 'openai-compatible' ? settings : merged(settings, extraBody)
}

function requestIdOf(headers: Record<string, string> | undefined): { requestId?: string } {
  const id = headers?.['x-request-id'] ?? headers?.['request-id'] ?? headers?.['x-generation-id']
  return id === undefined ? {} : { requestId: id }
}

function warningText(warning: SharedV4Warning): string {
  switch (warning.type) {
    case 'unsupported':
    case 'compatibility':
      return warning.details === undefined
        ? `${warning.feature} is not supported by this model`
        : `${warning.feature}: ${warning.details}`
    case 'deprecated':
    case 'other':
      return warning.message
  }
}
