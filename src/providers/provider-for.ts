import type { Reader } from '../models/model.ts'
import type { Provider, Sampling, SentImage } from '../models/provider.ts'
import { aiSdkProvider } from './ai-sdk.ts'
import { builtinProvider } from './builtin.ts'
import { commandProvider } from './command.ts'
import { ollamaProvider } from './ollama.ts'
import type { CompatiblePreset } from './presets.ts'
import type { ReaderTools } from './readers/reading.ts'
import { replayProvider } from './replay.ts'
import type { ImageTransform } from './sharp-codec.ts'
import type { Timeouts } from './timed-answer.ts'
import type { Fault } from './upstream-error.ts'

export type Reasoning = 'default' | 'none' | 'low' | 'medium' | 'high'
export type SystemIn = 'system' | 'user' | 'none'

/** What every kind may have (MODELS.md 2). Absent keys take the defaults of that table. */
type Common = {
  id: string
  /** The exact upstream string. */
  model?: string | undefined
  image?: { maxImages?: number | undefined; maxEdge?: number | undefined; format?: 'jpeg' | 'png' | undefined }
  systemIn?: SystemIn
  promptTemplate?: string
  /** This model's own, over the arena's. */
  sampling?: Partial<Sampling> | null | undefined
}
type Asked = Common & { timeouts?: Partial<Timeouts>; retries?: number }
type Remote = Asked & {
  model: string
  baseUrl?: string | null
  /** Resolved where the environment is known; asked at each request, never kept or logged. */
  secret?(): string | null
  headers?: Record<string, string>
  extraBody?: Record<string, unknown>
  reasoning?: Reasoning
  /** Room for thinking where it counts inside the limit. */
  maxOutputTokens?: number | null | undefined
}
export type OpenAiEntry = Remote & { kind: 'openai'; imageDetail?: 'auto' | 'low' | 'high' | undefined }
export type OpenAiResponsesEntry = Remote & {
  kind: 'openai-responses'
  imageDetail?: 'auto' | 'low' | 'high' | 'original' | undefined
}
export type CompatibleEntry = Remote & {
  kind: 'openai-compatible'
  preset?: CompatiblePreset | undefined
  imageDetail?: 'auto' | 'low' | 'high' | undefined
}
export type AnthropicEntry = Remote & { kind: 'anthropic' }
export type GoogleEntry = Remote & {
  kind: 'google'
  mediaResolution?: 'low' | 'medium' | 'high' | undefined
  /** Threshold by harm category. */
  safety?: Record<string, string> | undefined
}
export type MistralEntry = Remote & { kind: 'mistral' }
export type OllamaEntry = Remote & {
  kind: 'ollama'
  numCtx?: number | undefined
  keepAlive?: string | number | undefined
  think?: boolean | 'low' | 'medium' | 'high' | undefined
}
export type ReplayEntry = Common & { kind: 'replay'; file: string; speed?: 'instant' | 'paced' }
export type CommandEntry = Asked & {
  kind: 'command'
  command: string[]
  lifetime?: 'battle' | 'server'
  /** Names of variables the program may see besides PATH, HOME and LANG. */
  env?: string[]
}
export type BuiltinEntry = Common & { kind: 'builtin'; reader: Reader }

export type AiSdkEntry =
  | OpenAiEntry
  | OpenAiResponsesEntry
  | CompatibleEntry
  | AnthropicEntry
  | GoogleEntry
  | MistralEntry
export type ModelEntry = AiSdkEntry | OllamaEntry | ReplayEntry | CommandEntry | BuiltinEntry

export type ProviderDeps = {
  now(): Date
  /** 0..1, for the spread of retries. */
  random(): number
  newId(): string
  /** Variables a `command` model may be given. */
  environment: Readonly<Record<string, string | undefined>>
  tools: ReaderTools & {
    reencode(
      bytes: Uint8Array,
      transform: ImageTransform,
    ): Promise<Pick<SentImage, 'bytes' | 'mediaType' | 'width' | 'height' | 'sha256'>>
  }
  /** Pace of the built-in readers; absent is their own. */
  builtinPaceMs?: number
  /** Every failure with the service's own words (keys and pictures taken out), for the operator only. */
  onFault?: (fault: Fault & { modelId: string }) => void
}

/** The one place that knows which kind is asked how. */
export function providerFor(entry: ModelEntry, deps: ProviderDeps): Provider & Partial<AsyncDisposable> {
  switch (entry.kind) {
    case 'ollama':
      return ollamaProvider(entry, deps)
    case 'replay':
      return replayProvider(entry, deps)
    case 'command':
      return commandProvider(entry, deps)
    case 'builtin':
      return builtinProvider({
        reader: entry.reader,
        tools: deps.tools,
        ...(deps.builtinPaceMs === undefined ? {} : { paceMs: deps.builtinPaceMs }),
      })
    default:
      return aiSdkProvider(entry, deps)
  }
}
