import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ModelEntry } from '../../src/providers/provider-for.ts'
import { providerFor } from '../../src/providers/provider-for.ts'
import { aRequest, aTurn, testDeps } from '../providers/asking.ts'

// What a provider adds to a plain fetch of the same stream: processor time per token, and the time until a token is handed on.
// "plain" decodes the bytes, splits lines and parses each as JSON: the least anybody does who wants the words.

const cpuTimesMax = 6
const addedMsMax = 5

type Kind = 'openai' | 'openai-responses' | 'openai-compatible' | 'anthropic' | 'google' | 'mistral' | 'ollama'
const kinds: Record<Kind, { base: string; path(model: string): string }> = {
  openai: { base: '/v1', path: () => '/chat/completions' },
  'openai-responses': { base: '/v1', path: () => '/responses' },
  'openai-compatible': { base: '/v1', path: () => '/chat/completions' },
  anthropic: { base: '/v1', path: () => '/messages' },
  google: { base: '/v1beta', path: (model) => `/models/${model}:streamGenerateContent?alt=sse` },
  mistral: { base: '/mistral/v1', path: () => '/chat/completions' },
  ollama: { base: '', path: () => '/api/chat' },
}

type Heard = (text: string) => void
/** A contestant that is there already, as in a running arena: its connections and its code are warm. */
type Reading = (kind: Kind, model: string) => { read(heard: Heard): Promise<void>; close(): Promise<void> }
type Row = {
  kind: Kind
  streams: number
  plainUs: number
  providerUs: number
  times: number
  plainMs: number
  providerMs: number
  addedMs: number
}

export async function run(): Promise<boolean> {
  const server = fork(fileURLToPath(new URL('./fake-streams.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] })
  try {
    const [port] = (await once(server, 'message')) as [number]
    const rows = await measured(`http://127.0.0.1:${port}`)
    print(rows)
    return rows.every(({ times, addedMs }) => times <= cpuTimesMax && addedMs < addedMsMax)
  } finally {
    end(server)
  }
}

async function measured(url: string): Promise<Row[]> {
  const readings = [plainly(url), byProvider(url)] as const
  const rows: Row[] = []
  for (const kind of Object.keys(kinds) as Kind[])
    for (const streams of [1, 50]) {
      // A stream as services send it: each token in a piece of its own. Alone it runs ten times as fast, to measure enough of it.
      const model = streams === 1 ? 'bench-1000-2' : 'bench-60-20'
      for (const reading of readings) await once_(reading, kind, model, streams)
      // In turns, and the least of three: what else the machine does only ever adds.
      const runs = { plain: [] as Run[], provider: [] as Run[] }
      for (let i = 0; i < 3; i++) {
        runs.plain.push(await once_(readings[0], kind, model, streams))
        runs.provider.push(await once_(readings[1], kind, model, streams))
      }
      const least = (of: Run[], what: keyof Run) => Math.min(...of.map((run) => run[what]))
      const [plainUs, providerUs] = [least(runs.plain, 'us'), least(runs.provider, 'us')]
      const [plainMs, providerMs] = [least(runs.plain, 'ms'), least(runs.provider, 'ms')]
      rows.push({
        kind,
        streams,
        plainUs,
        providerUs,
        times: providerUs / plainUs,
        plainMs,
        providerMs,
        addedMs: providerMs - plainMs,
      })
    }
  return rows
}

/** Processor time per token, and the median time from the moment a token was written, which it says itself, until it was handed on. */
type Run = { us: number; ms: number }
async function once_(reading: Reading, kind: Kind, model: string, streams: number): Promise<Run> {
  const delays: number[] = []
  const hear = (text: string) => {
    const now = performance.timeOrigin + performance.now()
    for (const sent of text.trim().split(/\s+/)) delays.push(now - Number(sent))
  }
  const { read, close } = reading(kind, model)
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: streams }, () => read(hear)))
  const { user, system } = process.cpuUsage(before)
  await close()
  if (delays.length === 0) throw new Error(`${kind} said nothing`)
  return { us: (user + system) / delays.length, ms: delays.sort((x, y) => x - y)[Math.floor(delays.length / 2)]! }
}

const byProvider =
  (url: string): Reading =>
  (kind, model) => {
    const entry = { id: 'm', kind, model, baseUrl: `${url}${kinds[kind].base}`, secret: () => 'key' } as ModelEntry
    const provider = providerFor(entry, testDeps())
    return {
      async read(heard) {
        for await (const event of provider.answer(aRequest({ turns: [aTurn()] }))) {
          if (event.type === 'text') heard(event.text)
          if (event.type === 'failed') throw new Error(`${kind}: ${event.reason} (${event.detail})`)
        }
      },
      close: async () => provider[Symbol.asyncDispose]?.(),
    }
  }

const plainly =
  (url: string): Reading =>
  (kind, model) => ({
    async read(heard) {
      const response = await fetch(`${url}${kinds[kind].base}${kinds[kind].path(model)}`, {
        method: 'POST',
        body: JSON.stringify({ model }),
      })
      const decoder = new TextDecoder()
      let rest = ''
      for await (const chunk of response.body!) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
        rest = lines.pop()!
        for (const line of lines) {
          const json = line.startsWith('data: ') ? line.slice(6) : line
          if (!json.startsWith('{')) continue
          const text = textIn(JSON.parse(json) as Record<string, unknown>)
          if (text) heard(text)
        }
      }
    },
    close: async () => undefined,
  })

/** Where each protocol keeps its words. */
function textIn(value: Record<string, unknown>): string | undefined {
  const { choices, delta, candidates, message } = value as {
    choices?: { delta?: { content?: string } }[]
    delta?: string | { text?: string }
    candidates?: { content?: { parts?: { text?: string }[] } }[]
    message?: { content?: unknown }
  }
  if (choices) return choices[0]?.delta?.content
  if (candidates) return candidates[0]?.content?.parts?.[0]?.text
  if (typeof delta === 'string') return delta
  if (delta) return delta.text
  return typeof message?.content === 'string' ? message.content : undefined
}

function print(rows: Row[]) {
  const head = [
    'provider',
    'streams',
    'plain us/token',
    'provider us/token',
    'times',
    'plain ms',
    'provider ms',
    'added ms',
  ]
  const cells = rows.map((row) => [
    row.kind,
    String(row.streams),
    row.plainUs.toFixed(1),
    row.providerUs.toFixed(1),
    row.times.toFixed(1),
    row.plainMs.toFixed(2),
    row.providerMs.toFixed(2),
    row.addedMs.toFixed(2),
  ])
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length)))
  for (const row of [head, ...cells])
    console.log(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
  console.log(`Aim: at most ${cpuTimesMax} times the processor time, under ${addedMsMax} ms added at the median.`)
}

function end(server: ChildProcess) {
  server.disconnect()
}
