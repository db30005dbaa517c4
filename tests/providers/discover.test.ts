import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type CheckQuestion, checkModel } from '../../src/providers/check.ts'
import { type Door, discoverLocal, presetOffers, usualDoors } from '../../src/providers/discover.ts'
import type { ModelEntry } from '../../src/providers/provider-for.ts'
import { anImage, commandModel, testDeps } from './asking.ts'
import { startWireServer, type WireServer } from './wire-server.ts'

let server: WireServer
beforeAll(async () => {
  server = await startWireServer({
    models: [
      { name: 'qwen3-vl:8b', capabilities: ['completion', 'vision'] },
      { name: 'llama3:8b', capabilities: ['completion'] },
    ],
    answers: { blind: { words: ['It is a lovely day.'] } },
  })
})
afterAll(() => server.close())
beforeEach(() => {
  server.requests.length = 0
})
const door = (port: number, protocol: Door['protocol']): Door => ({ port, protocol, preset: null })

test('of an Ollama server the models that take pictures are offered', async () => {
  expect(await discoverLocal({ ownPort: 3000, doors: [door(server.port, 'ollama')] })).toEqual([
    { kind: 'ollama', preset: null, server: 'Ollama', baseUrl: server.url, model: 'qwen3-vl:8b', takesImages: true },
  ])
})

test('of an OpenAI-compatible server all models are offered, without a claim about pictures', async () => {
  const found = await discoverLocal({
    ownPort: 3000,
    doors: [{ port: server.port, protocol: 'openai', preset: 'vllm' }],
  })
  expect(found).toMatchObject([
    { kind: 'openai-compatible', server: 'vLLM', baseUrl: `${server.url}/v1`, model: 'qwen3-vl:8b', takesImages: null },
    { model: 'llama3:8b' },
  ])
})

test('our own port is not knocked at, and nothing is where nobody listens', async () => {
  expect(await discoverLocal({ ownPort: server.port, doors: [door(server.port, 'ollama')] })).toEqual([])
  expect(server.requests).toHaveLength(0)
  const closed = await startWireServer()
  await closed.close()
  expect(await discoverLocal({ ownPort: null, doors: [door(closed.port, 'openai')] })).toEqual([])
})

test('servers that hang, redirect, babble or send too much count as nothing', async () => {
  const silent = createTcpServer(() => undefined)
  const elsewhere: string[] = []
  const odd = createServer((request, response) => {
    if (request.url === '/elsewhere') elsewhere.push(request.url)
    if (request.headers.host?.endsWith('never')) return
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  const large = createServer((_, response) => response.end(JSON.stringify({ data: [{ id: 'x'.repeat(2_000_000) }] })))
  const html = createServer((_, response) => response.end('<html>'))
  const listening = await Promise.all(
    [silent, odd, large, html].map(
      (one) =>
        new Promise<number>((resolve) =>
          one.listen(0, '127.0.0.1', () => resolve((one.address() as AddressInfo).port)),
        ),
    ),
  )
  const startedAt = performance.now()
  expect(await discoverLocal({ ownPort: null, doors: listening.map((port) => door(port, 'openai')) })).toEqual([])
  expect(performance.now() - startedAt).toBeLessThan(3_500)
  expect(elsewhere).toEqual([])
  for (const one of [silent, odd, large, html]) one.close()
  odd.closeAllConnections()
})

test('the probe knows no address but loopback, and the ports of the usual servers', () => {
  const source = readFileSync(fileURLToPath(new URL('../../src/providers/discover.ts', import.meta.url)), 'utf8')
  expect([...source.matchAll(/'(\d+\.\d+\.\d+\.\d+|::1)'/g)].map(([, host]) => host)).toEqual(['127.0.0.1', '::1'])
  expect(usualDoors.map(({ port }) => port).sort((a, b) => a - b)).toEqual([1234, 8000, 8080, 11434, 30000])
})

test('keys in the environment are offered as presets, by name, and never shown', () => {
  const offers = presetOffers({
    OPENAI_API_KEY: 'sk-hidden',
    GEMINI_API_KEY: 'g-hidden',
    HF_TOKEN: ' ',
    OPENROUTER_API_KEY: 'o',
  })
  expect(offers.map(({ name, keyEnv }) => `${name} ${keyEnv}`)).toEqual([
    'OpenAI OPENAI_API_KEY',
    'Gemini GEMINI_API_KEY',
    'OpenRouter OPENROUTER_API_KEY',
  ])
  expect(offers.every(({ costsMoney }) => costsMoney)).toBe(true)
  expect(JSON.stringify(offers)).not.toContain('hidden')
  expect(presetOffers({})).toEqual([])
})

const question: CheckQuestion = { image: anImage(), question: 'Which animal is it?', expected: /cat/i }
const check = (model: string, more: object = {}) =>
  checkModel(
    {
      id: 'm',
      kind: 'openai-compatible',
      model,
      baseUrl: `${server.url}/v1`,
      timeouts: { firstTokenMs: 400 },
      ...more,
    } as ModelEntry,
    testDeps(),
    question,
    new AbortController().signal,
  )

test.each([
  ['fine', 'answers', /answered, and its answer fits the picture/],
  ['blind', 'seems_blind', /does not fit the picture/],
  ['fine+422-image', 'text_only', /^The server answered, but refused the image: .* is text-only/],
  ['fine+401', 'wrong_key', /refused the key/],
  ['fine+404', 'no_such_model', /knows no model named fine\+404/],
  ['fine+429-quota', 'no_credit', /quota or credit/],
  ['fine+429-long', 'too_busy', /try again later/],
  ['fine+hang', 'too_slow', /first_token_ms/],
  ['fine+length-empty', 'cut', /max_output_tokens/],
  ['fine+refusal-empty', 'declined', /declined to answer/],
  ['fine+400', 'wrong_setting', /settings is not accepted/],
  ['fine+200-html', 'odd_answer', /right kind/],
  ['fine+redirect', 'not_there', /is the server running/],
] as const)('a check of %s says: %s', async (model, verdict, sentence) => {
  const result = await check(model)
  expect(result).toMatchObject({ verdict, ok: verdict === 'answers' })
  expect(result.sentence).toMatch(sentence)
})

test('a check tells what the service said, without the key', async () => {
  const result = await check('fine+401', { secret: () => 'Incorrect' })
  expect(result.words).toBe('*** API key provided.')
})

test('a check names the address where nothing answers, or the program', async () => {
  const gone = await startWireServer()
  await gone.close()
  expect((await check('fine', { baseUrl: `${gone.url}/v1`, retries: 0 })).sentence).toContain(gone.url)
  const program = await checkModel(
    { id: 'm', kind: 'command', command: [process.execPath, commandModel, 'ok'] },
    testDeps(),
    question,
    new AbortController().signal,
  )
  expect(program.ok).toBe(true)
})
