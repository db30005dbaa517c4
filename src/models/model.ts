import type { ModelId } from '../core/ids.ts'
import type { Dialect } from './grounding.ts'
import type { Sampling } from './provider.ts'

export const modelKinds = [
  'openai',
  'openai-responses',
  'openai-compatible',
  'anthropic',
  'google',
  'mistral',
  'ollama',
  'replay',
  'command',
  'builtin',
] as const
export type ModelKind = (typeof modelKinds)[number]

/** How the server that runs the model resizes images, where its pixels are not the pixels we sent (MODELS.md 8.1). */
export type ResizeRule = { factor: number; minPixels: number; maxPixels: number }

export const readers = ['palette', 'file', 'layout', 'code', 'text'] as const
export type Reader = (typeof readers)[number]

/** What people may know about a model once its name is shown. Operator-entered. */
export type ModelCard = {
  organization?: string | undefined
  license?: string | undefined
  size?: string | undefined
  released?: string | undefined
  servedBy?: string | undefined
  url?: string | undefined
  openness?: Partial<Record<'weights' | 'data' | 'code' | 'visionEncoder', string>> | undefined
  price?: { input: number; output: number; currency: string } | undefined
  benchmarks?: Record<string, Benchmark> | undefined
}
export type Benchmark = {
  value: number
  by?: string | undefined
  source?: string | undefined
  split?: string | undefined
  setting?: string | undefined
  date?: string | undefined
}

/** A registry entry. `version` is the hash of everything that changes what it answers: a changed setting is a new version. */
export type Model = {
  id: ModelId
  name: string
  kind: ModelKind
  /** The exact upstream string. */
  model: string
  version: string
  card: ModelCard
  /** Fixed-rule readers and replays are labelled and kept apart. */
  isBaseline: boolean
  isReplay: boolean
  state: 'active' | 'unsampled' | 'retired'
  weight: number
  concurrency: number
  grounding: Dialect
  resize: ResizeRule | null
  imagesMax: number
  sampling: Sampling | null
  exportOutputs: boolean
  /** Words that give this model away when it says them of itself: name, family, maker. */
  aliases: string[]
  /** Settings as shown on the model page: no key, no address with credentials. */
  settings: Record<string, unknown>
}

/** Who answers on a side, as the battle recorded it. */
export type Contestant = { modelId: ModelId; version: string }
