import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { anArena } from '../arena.ts'
import { startWireServer, type WireServer } from '../providers/wire-server.ts'

let server: WireServer
beforeAll(async () => {
  server = await startWireServer({ heard: ' How many boats are there?\n' })
})
afterAll(() => server.close())
beforeEach(() => {
  server.requests.length = 0
})

const site = (flags: Record<string, string> = {}) =>
  anArena({ flags: { 'speech.base_url': `${server.url}/v1`, 'speech.model': 'whisper-1', ...flags } })
const audio = (bytes = 3_000, type = 'audio/webm;codecs=opus') =>
  new File([new Uint8Array(bytes).fill(7)], 'question', { type })

describe('a spoken question', () => {
  test("becomes text by the operator's service, and nothing of it is kept", async () => {
    await using arena = await site()
    const response = await arena.visitor().post('/speech', { audio: audio() })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ text: 'How many boats are there?' })
    expect(server.requests[0]).toMatchObject({ path: '/v1/audio/transcriptions' })
    expect(String(server.requests[0]!.body)).toContain('filename="question.webm"')
    expect(JSON.stringify(arena.events)).not.toContain('boats')
  })

  test('the page offers it only where there is a service, and says who listens', async () => {
    await using withOne = await site()
    const page = await (await withOne.visitor().get('/', { Accept: 'text/html' })).text()
    expect(page).toContain('<body data-speech="/speech">')
    expect(page).toContain('A service this site has chosen')
    await using without = await anArena()
    const plain = await (await without.visitor().get('/', { Accept: 'text/html' })).text()
    expect(plain).not.toContain('data-speech')
    expect(plain).toContain('may send audio to its maker')
    expect((await without.visitor().post('/speech', { audio: audio() })).status).toBe(404)
  })

  test('what is no recording is refused before anybody is asked', async () => {
    await using arena = await site()
    const visitor = arena.visitor()
    expect((await visitor.post('/speech', { note: 'nothing' })).status).toBe(422)
    expect((await visitor.post('/speech', { audio: audio(10, 'text/html') })).status).toBe(415)
    expect((await visitor.post('/speech', { audio: audio(25 * 1024 * 1024 + 1) })).status).toBe(413)
    expect(server.requests).toHaveLength(0)
  })

  test('a form of another site and a browser without the token are refused', async () => {
    await using arena = await site()
    const visitor = arena.visitor()
    const foreign = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }
    expect((await visitor.post('/speech', { audio: audio() }, foreign)).status).toBe(403)
    const own = { Origin: 'http://localhost', 'Sec-Fetch-Site': 'same-origin' }
    expect((await visitor.post('/speech', { audio: audio() }, own)).status).toBe(403)
    expect(server.requests).toHaveLength(0)
  })

  test('a service that fails is told as one sentence, its own words only to nobody', async () => {
    await using arena = await site({ 'speech.base_url': `${server.url}/nowhere` })
    const response = await arena.visitor().post('/speech', { audio: audio() })
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('nowhere')
    expect(arena.events).toContainEqual({ event: 'speech_failed', reason: 'broken', detail: 'not_found' })
  })

  test('sixty an hour, then a pause', async () => {
    await using arena = await site()
    const visitor = arena.visitor()
    for (let i = 0; i < 60; i++) expect((await visitor.post('/speech', { audio: audio(10) })).status).toBe(200)
    const late = await visitor.post('/speech', { audio: audio(10) })
    expect(late.status).toBe(429)
    expect(late.headers.get('retry-after')).toMatch(/^\d+$/)
  })
})
