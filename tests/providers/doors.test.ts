import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guardVerdict, llamaGuard, type ModeratorEntry, openaiModerator } from '../../src/providers/moderator.ts'
import { transcriber } from '../../src/providers/transcriber.ts'
import { anImage, testDeps } from './asking.ts'
import { startWireServer, type WireServer } from './wire-server.ts'

let server: WireServer
beforeAll(async () => {
  server = await startWireServer({
    answers: {
      'guard-safe': { words: ['sa', 'fe'] },
      'guard-unsafe': { words: ['un', 'safe\n', 'S1,S10'] },
      'guard-odd': { words: ['I think this is safe.'] },
    },
  })
})
afterAll(() => server.close())
beforeEach(() => {
  server.requests.length = 0
})
const entry = (more: Partial<ModeratorEntry> = {}): ModeratorEntry => ({
  baseUrl: `${server.url}/v1`,
  model: 'omni-moderation-latest',
  secret: () => 'the-key',
  on: ['text', 'image'],
  timeoutMs: 5_000,
  ...more,
})
const signal = new AbortController().signal
const flaggedImage = () => ({ ...anImage(), bytes: new Uint8Array([0xff, 0xd8, 0xff, 0xee]) })

describe('the OpenAI-style door', () => {
  test('a harmless question passes, with the picture as bytes and the key as a bearer', async () => {
    await using door = openaiModerator(entry())
    expect(await door.screen({ text: 'What is it?', images: [anImage()] }, signal)).toEqual({
      outcome: 'clear',
      categories: [],
    })
    expect(server.requests[0]?.headers.authorization).toBe('Bearer the-key')
    expect(server.requests[0]?.body).toEqual({
      model: 'omni-moderation-latest',
      input: [
        { type: 'text', text: 'What is it?' },
        {
          type: 'image_url',
          image_url: { url: `data:image/jpeg;base64,${Buffer.from(anImage().bytes).toString('base64')}` },
        },
      ],
    })
  })

  test('one of several pictures is enough, each in a call of its own', async () => {
    await using door = openaiModerator(entry())
    const verdict = await door.screen({ text: 'Fine?', images: [anImage(), flaggedImage()] }, signal)
    expect(verdict).toEqual({ outcome: 'found', categories: ['violence'], parts: { text: false, images: [1] } })
    expect(server.requests).toHaveLength(2)
  })

  test('it looks only at what it is set to look at', async () => {
    await using door = openaiModerator(entry({ on: ['text'] }))
    expect(await door.screen({ text: 'Fine?', images: [flaggedImage()] }, signal)).toMatchObject({ outcome: 'clear' })
    expect(await door.screen({ text: 'bad', images: [] }, signal)).toMatchObject({ outcome: 'found' })
    expect(await door.screen({ text: 'Fine?', images: [], answer: 'a bad one' }, signal)).toMatchObject({
      outcome: 'found',
    })
  })

  test('a door that is shut, wrong or silent leaves it open, never clear', async () => {
    const gone = await startWireServer()
    await gone.close()
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    for (const baseUrl of [`${gone.url}/v1`, `${server.url}/nowhere`, `http://127.0.0.1:${port}`]) {
      await using door = openaiModerator(entry({ baseUrl, timeoutMs: 500 }))
      expect(await door.screen({ text: 'Fine?', images: [] }, signal)).toEqual({ outcome: 'unsure', categories: [] })
    }
    silent.close()
    await using door = openaiModerator(entry())
    expect(await door.screen({ text: 'Fine?', images: [] }, AbortSignal.abort())).toMatchObject({ outcome: 'unsure' })
  })
})

describe('Llama Guard', () => {
  test('is asked with the picture first, without chance, for a few tokens; an answer is judged as its own turn', async () => {
    await using guard = llamaGuard(entry({ model: 'guard-safe' }), testDeps())
    expect(await guard.screen({ text: 'How?', images: [anImage()], answer: 'Like this.' }, signal)).toMatchObject({
      outcome: 'clear',
    })
    expect(server.requests[0]?.body).toMatchObject({
      temperature: 0,
      max_tokens: 20,
      messages: [
        { role: 'user', content: [{ type: 'image_url' }, { type: 'text', text: 'How?' }] },
        { role: 'assistant', content: 'Like this.' },
      ],
    })
  })

  test('its hazards are named', async () => {
    await using guard = llamaGuard(entry({ model: 'guard-unsafe' }), testDeps())
    expect(await guard.screen({ text: 'How?', images: [] }, signal)).toEqual({
      outcome: 'found',
      categories: ['violent crimes', 'hate'],
    })
  })

  test('anything but its two words is no verdict', async () => {
    await using odd = llamaGuard(entry({ model: 'guard-odd' }), testDeps())
    expect(await odd.screen({ text: 'How?', images: [] }, signal)).toMatchObject({ outcome: 'unsure' })
    await using broken = llamaGuard(entry({ model: 'guard-safe+500' }), testDeps())
    expect(await broken.screen({ text: 'How?', images: [] }, signal)).toMatchObject({ outcome: 'unsure' })
    expect(guardVerdict('\n\nSAFE \n')).toMatchObject({ outcome: 'clear' })
    expect(guardVerdict('Unsafe\nS4')).toEqual({ outcome: 'found', categories: ['child exploitation'] })
    expect(guardVerdict('unsafe')).toEqual({ outcome: 'found', categories: [] })
    for (const said of ['', 'safe.', 'not safe', 'unsafely\nS1', 'S1'])
      expect(guardVerdict(said).outcome).toBe('unsure')
  })
})

describe('transcription', () => {
  const recording = { bytes: new Uint8Array([1, 2, 3]), mediaType: 'audio/webm;codecs=opus' }
  const service = () =>
    transcriber({ baseUrl: `${server.url}/v1`, model: 'whisper-1', secret: () => 'the-key' }, testDeps())

  test('sends a file with a name the server can read, and trims what comes back', async () => {
    await using speech = service()
    expect(await speech.transcribe(recording, { language: 'en', signal })).toEqual({
      text: 'What is on the table?',
      fault: null,
    })
    const { body, headers } = server.requests[0]!
    expect(headers['content-type']).toMatch(/^multipart\/form-data/)
    expect(headers.authorization).toBe('Bearer the-key')
    expect(body).toContain('filename="question.webm"')
    expect(body).toContain('whisper-1')
    expect(body).toMatch(/name="language"\r\n\r\nen/)
  })

  test('what is no recording is not sent', async () => {
    await using speech = service()
    for (const odd of [
      { ...recording, mediaType: 'text/html' },
      { ...recording, bytes: new Uint8Array() },
    ])
      expect((await speech.transcribe(odd, { signal })).fault).toMatchObject({ detail: 'bad_request' })
    expect(server.requests).toHaveLength(0)
  })

  test('failures have names', async () => {
    await using wrong = transcriber({ baseUrl: `${server.url}/nowhere`, model: 'm', secret: () => null }, testDeps())
    expect((await wrong.transcribe(recording, { signal })).fault).toMatchObject({ detail: 'not_found' })
    await using speech = service()
    expect((await speech.transcribe(recording, { signal: AbortSignal.abort() })).fault).toMatchObject({
      reason: 'interrupted',
    })
  })
})
