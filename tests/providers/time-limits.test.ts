import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AnswerEvent } from '../../src/models/provider.ts'
import { type ModelEntry, providerFor } from '../../src/providers/provider-for.ts'
import { aRequest, commandModel, hear, outcomeOf, testDeps } from './asking.ts'
import { startWireServer, type WireServer } from './wire-server.ts'

let server: WireServer
beforeAll(async () => {
  server = await startWireServer({ retryAfter: { once: '1', long: '60' } })
})
afterAll(() => server.close())

let asked = 0
const entry = (
  scenario: string,
  more: Partial<Extract<ModelEntry, { kind: 'openai-compatible' }>> = {},
): ModelEntry => ({
  id: 'm',
  kind: 'openai-compatible',
  model: `model-${++asked}`,
  baseUrl: `${server.url}/as/${scenario}/v1`,
  ...more,
})
const timeouts = (firstTokenMs: number, idleMs: number, totalMs = 20_000) => ({
  timeouts: { firstTokenMs, idleMs, totalMs },
})
const timesAsked = (model: string) =>
  server.requests.filter(({ body }) => (body as { model: string }).model === model).length

test('a service that never answers is given up at first_token_ms', async () => {
  const result = await hear(providerFor(entry('hang', timeouts(600, 5_000)), testDeps()))
  expect(outcomeOf(result)).toBe('timed_out (first_token_timeout)')
  expect(result.receipt.totalMs).toBeGreaterThanOrEqual(540)
  expect(result.receipt.totalMs).toBeLessThan(2_000)
})

test('a service that falls silent is given up after idle_ms, and its first words are kept', async () => {
  const result = await hear(providerFor(entry('stall', timeouts(10_000, 500)), testDeps()))
  expect(outcomeOf(result)).toBe('timed_out (idle_timeout)')
  expect(result.text).toBe('A')
  const silentMs = result.receipt.totalMs - result.receipt.firstTextMs!
  expect(silentMs).toBeGreaterThanOrEqual(450)
  expect(silentMs).toBeLessThan(2_000)
})

test('time a slow listener takes is not counted against the service', async () => {
  const provider = providerFor(entry('ok', timeouts(10_000, 300)), testDeps())
  let last: AnswerEvent | undefined
  for await (const event of provider.answer(aRequest())) {
    last = event
    if (event.type === 'text') await new Promise((resolve) => setTimeout(resolve, 350))
  }
  expect(last?.type).toBe('finished')
})

test('429 with retry-after: 1, then an answer: asked twice, one answer', async () => {
  const one = entry('429-once')
  const result = await hear(providerFor(one, testDeps()))
  expect(outcomeOf(result)).toBe('complete')
  expect(result.text).toBe('A cat sits here.')
  expect(result.receipt.attempts).toBe(2)
  expect(result.receipt.totalMs).toBeGreaterThanOrEqual(950)
})

test('429 with retry-after: 60 fails at once', async () => {
  const one = entry('429-long')
  const result = await hear(providerFor(one, testDeps()))
  expect(outcomeOf(result)).toBe('rate_limited (rate_limit)')
  expect(result.receipt.attempts).toBe(1)
  expect(timesAsked(one.model!)).toBe(1)
})

test('a retry-after that ends past first_token_ms is not waited for', async () => {
  const result = await hear(providerFor(entry('429-once', timeouts(800, 800)), testDeps()))
  expect(outcomeOf(result)).toBe('rate_limited (rate_limit)')
  expect(result.receipt.attempts).toBe(1)
})

test('an error after the first token is not tried again: that would say everything twice', async () => {
  for (const scenario of ['error-mid', 'reset', 'eof']) {
    const one = entry(scenario, { retries: 5 })
    const result = await hear(providerFor(one, testDeps()))
    expect(result.last.type).toBe('failed')
    expect(timesAsked(one.model!)).toBe(1)
  }
})

test('a wrong key is not tried again', async () => {
  const one = entry('401', { retries: 5 })
  await hear(providerFor(one, testDeps()))
  expect(timesAsked(one.model!)).toBe(1)
})

const kinds = ['openai', 'openai-responses', 'openai-compatible', 'anthropic', 'google', 'mistral', 'ollama'] as const
test.each(kinds)('%s: an abort ends the answer and closes the connection within a second', async (kind) => {
  const base = { ollama: '', google: '/v1beta', mistral: '/mistral/v1' }[kind as string] ?? '/v1'
  for (const scenario of ['hang', 'stall', 'keepalive-only', 'endless']) {
    const model = `aborted-${kind}-${scenario}`
    const provider = providerFor(
      { id: 'm', kind, model, baseUrl: `${server.url}/as/${scenario}${base}`, secret: () => 'k' },
      testDeps(),
    )
    const stop = new AbortController()
    const listening = hear(provider, aRequest({ signal: stop.signal }))
    const request = await seen((one) => JSON.stringify([one.body, one.path]).includes(model))
    stop.abort()
    const abortedAt = performance.now()
    const result = await listening
    await request.closed
    expect(performance.now() - abortedAt).toBeLessThan(1_000)
    expect(outcomeOf(result)).toBe('interrupted (interrupted)')
  }
})

test('a battle program is ended by an abort, though it ignores it', async () => {
  const provider = providerFor(
    { id: 'm', kind: 'command', command: [process.execPath, commandModel, 'stall'] },
    testDeps(),
  )
  const stop = new AbortController()
  const events: AnswerEvent[] = []
  for await (const event of provider.answer(aRequest({ signal: stop.signal }))) {
    events.push(event)
    if (event.type === 'text') stop.abort()
  }
  expect(events.map(({ type }) => type)).toEqual(['text', 'failed'])
  expect(events[1]).toMatchObject({ reason: 'interrupted' })
})

test('an abort before the question is asked asks nobody', async () => {
  const one = entry('ok')
  const result = await hear(providerFor(one, testDeps()), aRequest({ signal: AbortSignal.abort() }))
  expect(outcomeOf(result)).toBe('interrupted (interrupted)')
  expect(timesAsked(one.model!)).toBe(0)
})

test('nothing listens there: unreachable, after one more try', async () => {
  const gone = await startWireServer()
  await gone.close()
  const result = await hear(providerFor(entry('ok', { baseUrl: `${gone.url}/v1` }), testDeps()))
  expect(outcomeOf(result)).toBe('unreachable (unreachable)')
  expect(result.receipt.attempts).toBe(2)
})

/** The next request that matches, as soon as the server has it. */
async function seen(matches: (request: WireServer['requests'][number]) => boolean) {
  for (;;) {
    const found = server.requests.find(matches)
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
