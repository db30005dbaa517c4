import { connect } from 'node:net'
import { Agent, fetch } from 'undici'
import type { ModelKind } from '../models/model.ts'
import { type CompatiblePreset, compatiblePresets, kindDefaults } from './presets.ts'
import { asRecord } from './upstream-error.ts'

/** A service whose key is in the environment. Offering it calls nobody. */
export type PresetOffer = {
  kind: ModelKind
  preset: CompatiblePreset | null
  name: string
  baseUrl: string
  keyEnv: string
  costsMoney: true
}
/** A model of a server that answered on this machine. */
export type FoundModel = {
  kind: 'ollama' | 'openai-compatible'
  preset: CompatiblePreset | null
  server: string
  baseUrl: string
  model: string
  /** Whether the server says the model takes pictures; null where it does not say. */
  takesImages: boolean | null
}
export type Door = { port: number; protocol: 'ollama' | 'openai'; preset: CompatiblePreset | null }

/** Where these servers listen unless told otherwise. */
export const usualDoors: Door[] = [
  { port: 11434, protocol: 'ollama', preset: null },
  { port: 8000, protocol: 'openai', preset: 'vllm' },
  { port: 8080, protocol: 'openai', preset: 'llamacpp' },
  { port: 1234, protocol: 'openai', preset: 'lmstudio' },
  { port: 30000, protocol: 'openai', preset: 'sglang' },
]
/** Fixed: the probe never leaves this machine. */
const hosts = ['127.0.0.1', '::1']
const connectMsMax = 300
const probeMsMax = 1_000
const probeBytesMax = 1024 * 1024
const modelsMax = 100

/** Kinds and presets whose key variable is set. */
export function presetOffers(environment: Readonly<Record<string, string | undefined>>): PresetOffer[] {
  const names = { openai: 'OpenAI', anthropic: 'Anthropic', google: 'Gemini', mistral: 'Mistral' } as const
  const isSet = (variable: string) => (environment[variable] ?? '').trim() !== ''
  const direct = (['openai', 'anthropic', 'google', 'mistral'] as const).flatMap((kind): PresetOffer[] => {
    const { baseUrl, keyEnvs } = kindDefaults[kind]
    const keyEnv = keyEnvs.find(isSet)
    return keyEnv === undefined ? [] : [{ kind, preset: null, name: names[kind], baseUrl, keyEnv, costsMoney: true }]
  })
  const compatible = Object.entries(compatiblePresets).flatMap(([preset, { name, baseUrl, keyEnv }]): PresetOffer[] =>
    keyEnv === null || !isSet(keyEnv)
      ? []
      : [
          {
            kind: 'openai-compatible',
            preset: preset as CompatiblePreset,
            name,
            baseUrl,
            keyEnv,
            costsMoney: true,
          },
        ],
  )
  return [...direct, ...compatible]
}

/** Looks for model servers on loopback. Called on a click or a command, never by itself. Unreadable answers count as nothing there. */
export async function discoverLocal({
  ownPort,
  doors = usualDoors,
}: {
  ownPort: number | null
  doors?: Door[]
}): Promise<FoundModel[]> {
  const agent = new Agent({ connections: 2 })
  try {
    const asked = doors.filter(({ port }) => port !== ownPort)
    const found = await Promise.all(
      asked.map(async (door) => {
        // Both loopback addresses usually reach the same server; the first that answers is enough.
        for (const host of hosts) {
          const models = await probe(door, host, agent)
          if (models.length > 0) return models
        }
        return []
      }),
    )
    return found.flat()
  } finally {
    await agent.destroy()
  }
}

async function probe(door: Door, host: string, agent: Agent): Promise<FoundModel[]> {
  if (!(await isListening(host, door.port))) return []
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${door.port}`
  const signal = AbortSignal.timeout(probeMsMax)
  const ask = (path: string, body?: unknown) => json(`${origin}${path}`, { agent, signal, body })
  try {
    return door.protocol === 'ollama' ? await ollamaModels(origin, ask) : await openaiModels(origin, door, ask)
  } catch {
    return []
  }
}

type Ask = (path: string, body?: unknown) => Promise<unknown>

async function ollamaModels(origin: string, ask: Ask): Promise<FoundModel[]> {
  const names = namesIn(asRecord(await ask('/api/tags'))['models'], 'name')
  const shown = await Promise.all(
    names.map(async (model) => {
      const { capabilities } = asRecord(await ask('/api/show', { model }).catch(() => null))
      return { model, takesImages: Array.isArray(capabilities) ? capabilities.includes('vision') : null }
    }),
  )
  return shown
    .filter(({ takesImages }) => takesImages !== false)
    .map(({ model, takesImages }) => ({
      kind: 'ollama',
      preset: null,
      server: 'Ollama',
      baseUrl: origin,
      model,
      takesImages,
    }))
}

async function openaiModels(origin: string, { preset }: Door, ask: Ask): Promise<FoundModel[]> {
  return namesIn(asRecord(await ask('/v1/models'))['data'], 'id').map((model) => ({
    kind: 'openai-compatible',
    preset,
    server: preset === null ? 'OpenAI-compatible' : compatiblePresets[preset].name,
    baseUrl: `${origin}/v1`,
    model,
    takesImages: null,
  }))
}

function namesIn(list: unknown, key: string): string[] {
  if (!Array.isArray(list)) return []
  return list
    .map((item) => asRecord(item)[key])
    .filter((name): name is string => typeof name === 'string' && name.length > 0 && name.length <= 200)
    .slice(0, modelsMax)
}

function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (is: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(is)
    }
    const timer = setTimeout(() => end(false), connectMsMax)
    socket.on('connect', () => end(true))
    socket.on('error', () => end(false))
  })
}

async function json(url: string, { agent, signal, body }: { agent: Agent; signal: AbortSignal; body?: unknown }) {
  const response = await fetch(url, {
    dispatcher: agent,
    signal,
    redirect: 'error',
    ...(body === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (!response.ok || response.body === null) return null
  let text = ''
  const decoder = new TextDecoder()
  let bytes = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > probeBytesMax) throw new Error('too much')
    text += decoder.decode(chunk, { stream: true })
  }
  return JSON.parse(text) as unknown
}
