import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AskedTurn } from '../../src/models/provider.ts'
import { type ModelEntry, providerFor } from '../../src/providers/provider-for.ts'
import { anImage, aRequest, aTurn, hear, outcomeOf, testDeps } from './asking.ts'
import { startWireServer, type WireServer } from './wire-server.ts'

// What is really sent (MODELS.md 4, 5, 7), as a server receives it.

let server: WireServer
beforeAll(async () => {
  server = await startWireServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.requests.length = 0
})

type Kind = 'openai' | 'openai-responses' | 'openai-compatible' | 'anthropic' | 'google' | 'mistral' | 'ollama'
const kinds: Kind[] = ['openai', 'openai-responses', 'openai-compatible', 'anthropic', 'google', 'mistral', 'ollama']
const base: Record<Kind, string> = {
  openai: '/v1',
  'openai-responses': '/v1',
  'openai-compatible': '/v1',
  anthropic: '/v1',
  google: '/v1beta',
  mistral: '/mistral/v1',
  ollama: '',
}
const entry = (kind: Kind, more: object = {}): ModelEntry =>
  ({
    id: 'm',
    kind,
    model: 'some-model',
    baseUrl: server.url + base[kind],
    secret: () => 'the-key',
    ...more,
  }) as ModelEntry
const base64 = (byte: number) => Buffer.from(anImage(byte).bytes).toString('base64')
async function sent(one: ModelEntry, request = aRequest()) {
  const heard = await hear(providerFor(one, testDeps()), request)
  const { body, headers, path } = server.requests.at(-1)!
  return { body: body as Record<string, unknown>, headers, path, heard }
}

describe('one question with one picture', () => {
  test('OpenAI chat: the picture before the text, the key as a bearer', async () => {
    const { body, headers, path } = await sent(entry('openai', { imageDetail: 'high' }))
    expect(path).toBe('/v1/chat/completions')
    expect(headers.authorization).toBe('Bearer the-key')
    expect(body).toEqual({
      model: 'some-model',
      max_tokens: 1024,
      temperature: 0.7,
      top_p: 1,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${base64(1)}`, detail: 'high' } },
            { type: 'text', text: 'What is in the picture?' },
          ],
        },
      ],
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test('OpenAI Responses: nothing is stored over there', async () => {
    const { body, path } = await sent(entry('openai-responses', { imageDetail: 'original' }))
    expect(path).toBe('/v1/responses')
    expect(body).toMatchObject({
      model: 'some-model',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_image', image_url: `data:image/jpeg;base64,${base64(1)}`, detail: 'original' },
            { type: 'input_text', text: 'What is in the picture?' },
          ],
        },
      ],
      max_output_tokens: 1024,
      store: false,
      stream: true,
    })
  })

  test('OpenAI-compatible: detail, top_k and extra fields reach the server; usage is asked for', async () => {
    const { body } = await sent(
      entry('openai-compatible', {
        imageDetail: 'low',
        extraBody: { mm_processor_kwargs: { max_pixels: 1003520 }, skip_special_tokens: false },
      }),
      aRequest({ sampling: { temperature: 0.7, topP: 1, maxTokens: 64, topK: 40, seed: 7 } }),
    )
    expect(body).toMatchObject({
      top_k: 40,
      seed: 7,
      mm_processor_kwargs: { max_pixels: 1003520 },
      skip_special_tokens: false,
      stream_options: { include_usage: true },
    })
    expect(JSON.stringify(body)).toContain(`"url":"data:image/jpeg;base64,${base64(1)}","detail":"low"`)
  })

  test('Anthropic: base64 source, version header, key in its own header', async () => {
    const { body, headers, path } = await sent(entry('anthropic'))
    expect(path).toBe('/v1/messages')
    expect(headers['x-api-key']).toBe('the-key')
    expect(headers['anthropic-version']).toBe('2023-06-01')
    expect(body).toMatchObject({
      max_tokens: 1024,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: base64(1) } },
            { type: 'text', text: 'What is in the picture?' },
          ],
        },
      ],
    })
  })

  test('Gemini: inline data, settings in generationConfig, recorded safety', async () => {
    const { body, headers, path, heard } = await sent(
      entry('google', { mediaResolution: 'high', safety: { HARM_CATEGORY_HARASSMENT: 'BLOCK_NONE' } }),
    )
    expect(path).toBe('/v1beta/models/some-model:streamGenerateContent?alt=sse')
    expect(headers['x-goog-api-key']).toBe('the-key')
    expect(body).toMatchObject({
      generationConfig: { maxOutputTokens: 1024, temperature: 0.7, topP: 1, mediaResolution: 'MEDIA_RESOLUTION_HIGH' },
      contents: [
        {
          role: 'user',
          parts: [{ inlineData: { mimeType: 'image/jpeg', data: base64(1) } }, { text: 'What is in the picture?' }],
        },
      ],
    })
    expect(heard.receipt.effective).toMatchObject({
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    })
  })

  test('Mistral: a bare string as image_url, random_seed', async () => {
    const { body } = await sent(
      entry('mistral'),
      aRequest({ sampling: { temperature: 0.7, topP: 1, maxTokens: 1024, seed: 7 } }),
    )
    expect(body).toMatchObject({
      random_seed: 7,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: `data:image/jpeg;base64,${base64(1)}` },
            { type: 'text', text: 'What is in the picture?' },
          ],
        },
      ],
    })
  })

  test('Ollama: bare base64, sampling inside options', async () => {
    const { body, path } = await sent(entry('ollama', { numCtx: 8192, keepAlive: '5m', think: false }))
    expect(path).toBe('/api/chat')
    expect(body).toEqual({
      model: 'some-model',
      messages: [{ role: 'user', content: 'What is in the picture?', images: [base64(1)] }],
      stream: true,
      think: false,
      keep_alive: '5m',
      options: { temperature: 0.7, top_p: 1, num_predict: 1024, num_ctx: 8192 },
    })
  })
})

describe('what is fair', () => {
  const turns: AskedTurn[] = [
    aTurn({ question: 'First?', images: [anImage(1)], answer: 'One.' }),
    aTurn({ question: 'Second?', images: [], answer: 'Two.' }),
    aTurn({ question: 'Third?', images: [anImage(2), anImage(3)] }),
  ]

  test('models of every kind get identical pictures and questions over three turns', async () => {
    const received = []
    for (const kind of kinds) {
      const { body } = await sent(entry(kind), aRequest({ turns }))
      received.push(inOrder(body))
    }
    for (const one of received)
      expect(one).toEqual([base64(1), 'First?', 'One.', 'Second?', 'Two.', base64(2), base64(3), 'Third?'])
  })

  test.each(kinds)('%s: the system text goes where the model takes it', async (kind) => {
    const request = aRequest({ system: 'Be brief.' })
    const inSystem = JSON.stringify((await sent(entry(kind), request)).body)
    expect(inSystem).toContain('Be brief.')
    expect(inSystem).not.toContain('Be brief.\\n\\nWhat')
    expect(JSON.stringify((await sent(entry(kind, { systemIn: 'user' }), request)).body)).toContain(
      'Be brief.\\n\\nWhat is in the picture?',
    )
    const { body, heard } = await sent(entry(kind, { systemIn: 'none' }), request)
    expect(JSON.stringify(body)).not.toContain('Be brief.')
    expect(heard.receipt.warnings).toContain('The system text was not sent: this model takes none.')
  })

  test('a prompt template surrounds the question, whatever the question contains', async () => {
    const { body } = await sent(
      entry('openai-compatible', { promptTemplate: 'answer en {question}' }),
      aRequest({ turns: [aTurn({ question: 'What costs $& and $1 in {question}?' })] }),
    )
    expect(JSON.stringify(body)).toContain('answer en What costs $& and $1 in {question}?')
  })

  test('without a picture the question is asked alone', async () => {
    for (const kind of kinds) {
      const { body, heard } = await sent(entry(kind), aRequest({ turns: [aTurn({ images: [] })] }))
      expect(inOrder(body)).toEqual(['What is in the picture?'])
      expect(outcomeOf(heard)).toBe('complete')
    }
  })

  test('more pictures than a model takes are refused, not dropped in silence', async () => {
    const result = await hear(
      providerFor(entry('openai-compatible', { image: { maxImages: 2 } }), testDeps()),
      aRequest({ turns }),
    )
    expect(outcomeOf(result)).toBe('broken (too_many_images)')
    expect(server.requests).toHaveLength(0)
  })

  test('a declared transform changes the bytes for this model only', async () => {
    const asked: unknown[] = []
    const deps = testDeps()
    deps.tools.reencode = async (bytes, transform) => {
      asked.push(transform)
      return { ...anImage(9), bytes: new Uint8Array([...bytes.subarray(0, 4), 9]) }
    }
    await hear(providerFor(entry('openai-compatible', { image: { maxEdge: 512, format: 'jpeg' } }), deps))
    expect(asked).toEqual([{ maxEdge: 512, format: 'jpeg' }])
    expect(JSON.stringify(server.requests.at(-1)?.body)).toContain(
      Buffer.from([255, 216, 255, 224, 9]).toString('base64'),
    )
  })

  test("a model's own sampling is sent in place of the arena's, and the receipt says so", async () => {
    const { body, heard } = await sent(entry('openai-compatible', { sampling: { temperature: 0, maxTokens: 50 } }))
    expect(body).toMatchObject({ temperature: 0, top_p: 1, max_tokens: 50 })
    expect(heard.receipt.effective).toMatchObject({ temperature: 0, max_tokens: 50 })
  })

  test.each(kinds)('%s: extra fields and headers are sent, authorization is not taken from headers', async (kind) => {
    const { body, headers } = await sent(
      entry(kind, {
        extraBody: { vendor_option: { deep: 1 } },
        headers: { 'x-team': 'lab', Authorization: 'Bearer other' },
      }),
    )
    expect(body).toMatchObject({ vendor_option: { deep: 1 } })
    expect(headers['x-team']).toBe('lab')
    expect(JSON.stringify(headers)).not.toContain('Bearer other')
  })

  test.each(kinds)('%s: the receipt holds what was sent, and neither words nor pictures', async (kind) => {
    const { heard } = await sent(entry(kind))
    const receipt = JSON.stringify(heard.receipt)
    expect(receipt).toMatch(/0\.7/)
    expect(receipt).toContain('1024')
    expect(receipt).not.toContain(base64(1))
    expect(receipt).not.toContain('What is in the picture?')
    expect(receipt).not.toContain('the-key')
    expect(heard.receipt.usage).toMatchObject({ input: 7 })
    expect(heard.receipt.firstTextMs).not.toBeNull()
  })
})

describe('sampling that vendors refuse is told in the receipt', () => {
  const sampling = { temperature: 0.7, topP: 0.9, maxTokens: 1024, topK: 40, seed: 7 }
  test.each(['claude-opus-4-7', 'claude-sonnet-5', 'claude-sonnet-5-5', 'claude-something-new'])(
    '%s: temperature, top_p and top_k are removed',
    async (model) => {
      const { body, heard } = await sent(entry('anthropic', { model }), aRequest({ sampling }))
      expect(body).not.toHaveProperty('temperature')
      expect(body).not.toHaveProperty('top_p')
      expect(body).not.toHaveProperty('top_k')
      const warnings = heard.receipt.warnings.join('\n')
      expect(warnings).toMatch(/temperature/)
      expect(warnings).toMatch(/topP/)
      expect(warnings).toMatch(/topK/)
    },
  )

  test('an older Claude drops top_p when temperature is set, and every Claude the seed', async () => {
    const { body, heard } = await sent(
      entry('anthropic', { model: 'claude-3-5-sonnet-20241022' }),
      aRequest({ sampling }),
    )
    expect(body).toMatchObject({ temperature: 0.7 })
    expect(body).not.toHaveProperty('top_p')
    expect(heard.receipt.warnings.join('\n')).toMatch(/topP/)
    expect(heard.receipt.warnings.join('\n')).toMatch(/seed/)
  })

  test.each(['gpt-5.4', 'gpt-6', 'o3'])(
    '%s: temperature and top_p are removed, max_completion_tokens is sent',
    async (model) => {
      const { body, heard } = await sent(entry('openai', { model }), aRequest({ sampling }))
      expect(body).not.toHaveProperty('temperature')
      expect(body).not.toHaveProperty('top_p')
      expect(body).toMatchObject({ max_completion_tokens: 1024 })
      expect(heard.receipt.warnings.join('\n')).toMatch(/temperature/)
    },
  )

  test('Responses drops the seed', async () => {
    const { heard } = await sent(entry('openai-responses'), aRequest({ sampling }))
    expect(heard.receipt.warnings.join('\n')).toMatch(/seed/)
  })
})

describe('thinking', () => {
  test('room for thinking replaces the token limit', async () => {
    const { body } = await sent(entry('openai-responses', { maxOutputTokens: 8192 }))
    expect(body).toMatchObject({ max_output_tokens: 8192 })
  })

  test('reasoning reaches each vendor in its own words', async () => {
    expect((await sent(entry('openai', { model: 'gpt-5.4', reasoning: 'low' }))).body).toMatchObject({
      reasoning_effort: 'low',
    })
    expect((await sent(entry('openai-responses', { model: 'gpt-5.4', reasoning: 'low' }))).body).toMatchObject({
      reasoning: { effort: 'low' },
    })
    expect((await sent(entry('google', { model: 'gemini-2.5-flash', reasoning: 'none' }))).body).toMatchObject({
      generationConfig: { thinkingConfig: { thinkingBudget: 0 } },
    })
    expect((await sent(entry('ollama', { reasoning: 'none' }))).body).toMatchObject({ think: false })
    expect((await sent(entry('openai-compatible', { reasoning: 'high' }))).body).toMatchObject({
      reasoning_effort: 'high',
    })
  })
})

test('a hosted service without a key is not asked', async () => {
  const one = { id: 'm', kind: 'openai', model: 'gpt-4o', secret: () => null } as const
  const result = await hear(providerFor(one, testDeps()))
  expect(outcomeOf(result)).toBe('broken (no_key)')
})

/** All pictures and words in a request, in the order in which they stand. */
function inOrder(body: unknown): string[] {
  const found: string[] = []
  const look = (value: unknown, key: string) => {
    if (typeof value === 'string') {
      const picture = /^data:image\/jpeg;base64,(.*)$/.exec(value)?.[1]
      if (picture !== undefined) found.push(picture)
      else if (['text', 'content', 'data', 'images'].includes(key) && value !== 'image/jpeg') found.push(value)
    } else if (Array.isArray(value)) for (const item of value) look(item, key)
    else if (typeof value === 'object' && value !== null) {
      const { images, ...rest } = value as Record<string, unknown>
      if (images !== undefined) look(images, 'images')
      for (const [name, child] of Object.entries(rest)) look(child, name)
    }
  }
  const { messages, input, contents } = body as Record<string, unknown>
  look(messages ?? input ?? contents, '')
  return found
}
