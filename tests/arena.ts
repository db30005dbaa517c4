import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { type Arena, type AssembleOptions, assemble } from '../src/arena.ts'
import { type Config, loadConfig } from '../src/config.ts'
import type { LogEvent } from '../src/core/events.ts'
import { createApp } from '../src/http/app.tsx'
import type { Model } from '../src/models/model.ts'
import type { Provider } from '../src/models/provider.ts'
import { fakeProvider } from '../src/providers/fake.ts'
import { memoryBlobStore } from '../src/storage/memory/blob-store.ts'
import { aModel } from './characters.ts'

export type Contestants = { model: Model; provider: Provider }[]

/** Two who answer at once, differently. */
export const twoModels = (
  words: Record<string, string[]> = { ant: ['It is ', 'a cat.'], bee: ['Surely ', 'a dog.'] },
): Contestants => Object.entries(words).map(([id, said]) => ({ model: aModel(id), provider: fakeProvider(said) }))

export type TestArena = AsyncDisposable & {
  arena: Arena
  app: ReturnType<typeof createApp>
  events: LogEvent[]
  visitor(): Visitor
}

/** The real thing with a database in memory, blobs in memory, no seeds, and these contestants (null: those of the configuration); ticks are short so that nothing is waited for. */
export async function anArena({
  contestants = twoModels(),
  flags = {},
  metrics,
  ...options
}: { contestants?: Contestants | null; flags?: Record<string, string>; metrics?: Config['metrics'] } & Omit<
  Partial<AssembleOptions>,
  'contestants'
> = {}): Promise<TestArena> {
  const data = await mkdtemp(join(tmpdir(), 'sightline-test-'))
  const config = { ...aConfig({ data, ...flags }), ...(metrics ? { metrics } : {}) }
  const events: LogEvent[] = []
  const arena = await assemble(config, {
    log: (event) => events.push(event),
    ...(contestants ? { contestants } : {}),
    database: ':memory:',
    blobs: memoryBlobStore(),
    ...options,
  })
  const app = createApp(arena)
  return {
    arena,
    app,
    events,
    visitor: () => aVisitor(app),
    async [Symbol.asyncDispose]() {
      await arena[Symbol.asyncDispose]()
      await rm(data, { recursive: true, force: true })
    },
  }
}

export function aConfig(flags: Record<string, string>): Config {
  const { config, problems } = loadConfig({
    flags: { 'prompts.seed': 'false', 'battles.tick_ms': '100', 'battles.pacing': 'together', ...flags },
    env: {},
    cwd: tmpdir(),
  })
  if (!config) throw new Error(problems.map(({ sentence }) => sentence).join('\n'))
  return config
}

export type Visitor = {
  cookie: string
  request(path: string, init?: RequestInit): Promise<Response>
  get(path: string, headers?: Record<string, string>): Promise<Response>
  json<T = Record<string, unknown>>(path: string): Promise<T>
  post(path: string, fields?: Record<string, string | Blob>, headers?: Record<string, string>): Promise<Response>
  /** Uploads a picture with a question and waits for both answers. */
  battle(question?: string): Promise<BattleTwin>
  /** The battle's twin once nothing is being written. */
  whenOver(id: string): Promise<BattleTwin>
}

type SideTwin = { state: string; text: string; marks: unknown[]; ref?: string }
export type BattleTwin = {
  id: string
  state: string
  mode: string
  turns: { prompt: string; images: { url: string }[]; a: SideTwin; b: SideTwin }[]
  vote: { outcome: string; revision: number; turn: number } | null
  models: { a: { id: string; name: string }; b: { id: string; name: string } } | null
  counts: { counted: boolean; reason: string | null } | null
}

/** Somebody with a cookie jar, speaking plain HTTP. */
export function aVisitor(app: { request(path: string, init?: RequestInit): Response | Promise<Response> }): Visitor {
  const visitor: Visitor = {
    cookie: '',
    async request(path, init = {}) {
      const headers = new Headers(init.headers)
      if (visitor.cookie) headers.set('Cookie', visitor.cookie)
      const response = await app.request(path, { redirect: 'manual', ...init, headers })
      for (const set of response.headers.getSetCookie()) visitor.cookie = set.split(';')[0]!
      return response
    },
    get: (path, headers = {}) => visitor.request(path, { headers }),
    async json<T>(path: string) {
      const response = await visitor.get(path, { Accept: 'application/json' })
      return (await response.json()) as T
    },
    post(path, fields = {}, headers = {}) {
      const body = new FormData()
      for (const [name, value] of Object.entries(fields)) body.append(name, value)
      return visitor.request(path, { method: 'POST', body, headers: { Accept: 'application/json', ...headers } })
    },
    async battle(question = 'What is this?') {
      const response = await visitor.post('/battles', { image: await aPicture(), prompt: question })
      if (response.status !== 201) throw new Error(`POST /battles: ${response.status} ${await response.text()}`)
      const { id } = (await response.json()) as { id: string }
      return visitor.whenOver(id)
    },
    async whenOver(id) {
      // The stream ends when the battle is over: no polling.
      const stream = await visitor.get(`/b/${id}/stream`)
      await stream.text()
      return visitor.json<BattleTwin>(`/b/${id}.json`)
    },
  }
  return visitor
}

let pictures = 0
/** A small real JPEG; each one differs, so that no two battles share an image by accident. */
export async function aPicture({
  width = 64,
  height = 48,
  colour,
}: {
  width?: number
  height?: number
  colour?: string
} = {}): Promise<File> {
  const n = pictures++
  const background = colour ?? `rgb(${n % 256}, ${Math.floor(n / 256) % 256}, ${(n * 37) % 256})`
  const bytes = await sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer()
  return new File([new Uint8Array(bytes)], 'photo.jpg', { type: 'image/jpeg' })
}
