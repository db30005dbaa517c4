import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

// A loopback server that speaks the real wire formats (MODELS.md 5) and misbehaves on request.
// What it does is chosen by the header `x-scenario`, by a path that starts with `/as/<scenario>`, or by `+<scenario>` at the
// end of the model's name, so that configured models can choose too.

export const scenarios = [
  'ok',
  'length',
  'length-empty',
  'filter',
  'refusal',
  'refusal-empty',
  'thinking',
  'think-tags',
  'error-mid',
  'error-choice',
  'error-old',
  'error-after-end',
  'double-end',
  'reset',
  'reset-early',
  'eof',
  'garbage',
  'bad-utf8',
  'keepalive',
  'keepalive-only',
  'drip',
  'hang',
  'stall',
  'endless',
  '400',
  '401',
  '402',
  '403',
  '404',
  '413',
  '422-image',
  '429',
  '429-once',
  '429-long',
  '429-quota',
  '500',
  '502-html',
  '200-html',
  '529',
  'redirect',
  'prompt-block',
  'split-utf8',
  'empty',
  'long-line',
  'huge',
  'gzip-bomb',
] as const
export type Scenario = (typeof scenarios)[number]

export type WireAnswer = { words: string[]; pauseMs?: number }
export type WireRequest = {
  method: string
  path: string
  headers: IncomingMessage['headers']
  /** Parsed when it is JSON. */
  body: unknown
  protocol: ProtocolName | 'other'
  scenario: string
  /** Resolves when the client or the server closed the exchange. */
  closed: Promise<void>
}
export type WireServerOptions = {
  /** What a model says, by its name without the scenario; `*` is everybody else. */
  answers?: Record<string, WireAnswer>
  /** Put into every field a service can fill: ids, names, headers, errors. The number goes where a number must stand. */
  canary?: { text: string; number: number }
  /** Seconds a 429 asks to wait. */
  retryAfter?: { once: string; long: string }
  /** Names given by `GET /v1/models` and `GET /api/tags`. */
  models?: { name: string; capabilities?: string[] }[]
  /** SHA-256 of pictures that `POST /moderations` finds wanting. */
  flagged?: Set<string>
  /** What `POST /audio/transcriptions` hears. */
  heard?: string
}
export type WireServer = {
  url: string
  port: number
  requests: WireRequest[]
  answers: Record<string, WireAnswer>
  close(): Promise<void>
}

const defaultAnswer: WireAnswer = { words: ['A', ' cat', ' sits', ' here.'] }

export async function startWireServer(options: WireServerOptions = {}): Promise<WireServer> {
  const requests: WireRequest[] = []
  const answers = { ...options.answers }
  const seen = new Map<string, number>()
  const server = createServer(async (request, response) => {
    response.on('error', () => undefined)
    try {
      await answer(request, response)
    } catch {
      response.destroy()
    }
  })

  async function answer(request: IncomingMessage, response: ServerResponse) {
    const path = (request.url ?? '/').replace(/^\/as\/[^/]+/, '')
    const body = await bodyOf(request)
    const protocolName = protocolOf(path)
    const asked = protocolName === 'gemini' ? geminiModel(path) : modelIn(body)
    const [model = '', byModel] = asked.split('+')
    const byPath = /^\/as\/([^/]+)/.exec(request.url ?? '')?.[1]
    const scenario = request.headers['x-scenario']?.toString() ?? byPath ?? byModel ?? 'ok'
    requests.push({
      method: request.method ?? '',
      path,
      headers: request.headers,
      body,
      protocol: protocolName ?? 'other',
      scenario,
      closed: once(response, 'close').then(() => undefined),
    })
    if (protocolName === null) return catalogue(path, body, response, options)
    const key = `${protocolName} ${asked} ${scenario}`
    const times = (seen.get(key) ?? 0) + 1
    seen.set(key, times)
    const protocol = protocols[protocolName](namesFor(model, options.canary))
    const said = answers[model] ?? answers['*'] ?? defaultAnswer
    await play(scenario as Scenario, { protocol, said, response, times, options })
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    answers,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

type Play = {
  protocol: Protocol
  said: WireAnswer
  response: ServerResponse
  /** How often this model was asked for this scenario. */
  times: number
  options: WireServerOptions
}

async function play(scenario: Scenario, { protocol, said, response, times, options }: Play): Promise<void> {
  const send = async (...frames: string[]) => {
    for (const frame of frames) {
      if (response.destroyed) return
      if (!response.write(frame)) await drained(response)
    }
  }
  const open = () => {
    response.writeHead(200, {
      'content-type': protocol.contentType,
      'x-request-id': options.canary?.text ?? 'req-1',
      'x-served-by': options.canary?.text ?? 'node-7',
    })
    response.flushHeaders()
  }
  const words = async () => {
    for (const word of said.words) {
      if (said.pauseMs) await wait(said.pauseMs)
      await send(protocol.text(word))
    }
  }
  const refuse = (status: number, kind: ErrorKind, headers: Record<string, string> = {}) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-request-id': options.canary?.text ?? 'req-1',
      ...headers,
    })
    response.end(protocol.error(status, kind, options.canary?.text))
  }
  const first = said.words[0] ?? 'A'
  switch (scenario) {
    case 'ok':
      open()
      await send(...protocol.head())
      await words()
      await send(...protocol.tail('stop'))
      break
    case 'length':
    case 'filter':
      open()
      await send(...protocol.head())
      await words()
      await send(...protocol.tail(scenario))
      break
    case 'length-empty':
      open()
      await send(...protocol.head(), protocol.thinking('Let me think'), ...protocol.tail('length'))
      break
    case 'empty':
      open()
      await send(...protocol.head(), ...protocol.tail('stop'))
      break
    case 'refusal':
      open()
      await send(...protocol.head(), ...protocol.refusal(["I can't", ' help with that.']))
      break
    case 'refusal-empty':
    case 'prompt-block':
      open()
      await send(...protocol.refusalEmpty(scenario === 'prompt-block'))
      break
    case 'thinking':
      open()
      await send(...protocol.head(), protocol.thinking('Let me'), protocol.thinking(' think.'))
      await words()
      await send(...protocol.tail('stop'))
      break
    case 'think-tags':
      open()
      await send(...protocol.head(), ...['<th', 'ink>Let me', ' think.</thi', 'nk>', ...said.words].map(protocol.text))
      await send(...protocol.tail('stop'))
      break
    case 'error-mid':
    case 'error-choice':
    case 'error-old':
      open()
      await send(...protocol.head(), protocol.text(first), ...protocol.errorMid(scenario, options.canary?.text))
      break
    case 'error-after-end':
      open()
      await send(...protocol.head())
      await words()
      await send(...protocol.tail('stop'), ...protocol.errorMid('error-mid', options.canary?.text))
      break
    case 'double-end':
      open()
      await send(...protocol.head())
      await words()
      await send(...protocol.tail('stop'), ...protocol.tail('stop'))
      break
    case 'reset':
      open()
      await send(...protocol.head(), protocol.text(first))
      // Long enough for the word to be read: a reset throws away what is still on its way.
      await wait(200)
      response.socket?.resetAndDestroy()
      return
    case 'reset-early':
      response.socket?.resetAndDestroy()
      return
    case 'eof':
      open()
      await send(...protocol.head(), protocol.text(first))
      break
    case 'garbage':
      open()
      await send(...protocol.head(), protocol.text(first), protocol.garbage, protocol.text(' cat'))
      await send(...protocol.tail('stop'))
      break
    case 'bad-utf8':
      open()
      await send(...protocol.head())
      response.write(Buffer.from(protocol.text('caf\u00e9'), 'latin1'))
      await send(...protocol.tail('stop'))
      break
    case 'keepalive':
      open()
      await send(protocol.keepalive, ...protocol.head(), protocol.keepalive)
      for (const word of said.words) await send(protocol.text(word).replace(/\n/g, '\r\n'), protocol.keepalive)
      await send(...protocol.tail('stop'))
      break
    case 'keepalive-only':
      open()
      while (!response.destroyed) {
        await send(protocol.keepalive)
        await wait(20)
      }
      return
    case 'drip':
      open()
      for (const byte of protocol.text('slow'.repeat(200))) {
        if (response.destroyed) return
        response.write(byte)
        await wait(25)
      }
      return
    case 'hang':
      await once(response, 'close')
      return
    case 'stall':
      open()
      await send(...protocol.head(), protocol.text(first))
      await once(response, 'close')
      return
    case 'endless':
      open()
      await send(...protocol.head())
      for (let n = 0; !response.destroyed; n++) {
        await send(protocol.text(` word${n}`))
        if (n % 50 === 0) await wait(1)
      }
      return
    case 'split-utf8': {
      open()
      await send(...protocol.head())
      for (const byte of Buffer.from(protocol.text('猫在垫子上 🐈 naïve'))) {
        response.write(Buffer.from([byte]))
        if (byte > 127) await wait(1)
      }
      await send(...protocol.tail('stop'))
      break
    }
    case 'long-line':
      open()
      await send(...protocol.head(), protocol.text('x'.repeat(300 * 1024)), ...protocol.tail('stop'))
      break
    case 'huge':
      open()
      await send(...protocol.head())
      for (let n = 0; n < 20_000 && !response.destroyed; n++) await send(protocol.text('y'.repeat(4_000)))
      break
    case 'gzip-bomb':
      response.writeHead(200, { 'content-type': protocol.contentType, 'content-encoding': 'gzip' })
      response.write(gzipSync(protocol.text('z'.repeat(1_000)).repeat(64 * 1024)))
      break
    case '400':
      return refuse(400, 'bad_request')
    case '401':
      return refuse(401, 'auth')
    case '402':
      return refuse(402, 'billing')
    case '403':
      return refuse(403, 'auth')
    case '404':
      return refuse(404, 'not_found')
    case '413':
      return refuse(413, 'too_large')
    case '422-image':
      return refuse(422, 'image')
    case '429':
      return refuse(429, 'rate', { 'retry-after-ms': '5' })
    case '429-once':
      if (times === 1) return refuse(429, 'rate', { 'retry-after': options.retryAfter?.once ?? '1' })
      return play('ok', { protocol, said, response, times, options })
    case '429-long':
      return refuse(429, 'rate', { 'retry-after': options.retryAfter?.long ?? '60' })
    case '429-quota':
      return refuse(429, 'quota')
    case '500':
      return refuse(500, 'server', { 'retry-after-ms': '5' })
    case '529':
      return refuse(529, 'overloaded', { 'retry-after-ms': '5' })
    case '502-html':
      response.writeHead(502, { 'content-type': 'text/html', 'retry-after-ms': '5' })
      response.end(`<html><body><h1>502 Bad Gateway</h1>${options.canary?.text ?? 'nginx'}</body></html>`)
      return
    case '200-html':
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end(`<html><body>Please sign in${options.canary?.text ?? ''}</body></html>`)
      return
    case 'redirect':
      response.writeHead(302, { location: 'http://127.0.0.1:9/elsewhere' })
      response.end()
      return
    default:
      response.writeHead(599)
      response.end(`no such scenario: ${scenario}`)
      return
  }
  response.end()
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go)
      response.off('close', go)
      resolve()
    }
    response.on('drain', go)
    response.on('close', go)
  })
}

type Names = { id: string; model: string; number: number }
const namesFor = (model: string, canary: WireServerOptions['canary']): Names => ({
  id: canary?.text ?? 'upstream-1',
  model: canary?.text ?? model,
  number: canary?.number ?? 7,
})

type ErrorKind =
  | 'auth'
  | 'bad_request'
  | 'billing'
  | 'image'
  | 'not_found'
  | 'overloaded'
  | 'quota'
  | 'rate'
  | 'server'
  | 'too_large'
type MidError = 'error-mid' | 'error-choice' | 'error-old'
type Finish = 'stop' | 'length' | 'filter'
type Protocol = {
  contentType: string
  head(): string[]
  text(word: string): string
  thinking(word: string): string
  tail(finish: Finish): string[]
  refusal(words: string[]): string[]
  refusalEmpty(isPromptBlocked: boolean): string[]
  errorMid(kind: MidError, canary: string | undefined): string[]
  error(status: number, kind: ErrorKind, canary: string | undefined): string
  keepalive: string
  garbage: string
}

const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const event = (value: { type: string }) => `event: ${value.type}\n${data(value)}`
const sse = { contentType: 'text/event-stream; charset=utf-8', keepalive: ': OPENROUTER PROCESSING\n\n' }
const messages: Record<ErrorKind, string> = {
  auth: 'Incorrect API key provided.',
  bad_request: 'Invalid value: temperature.',
  billing: 'Your credit balance is too low.',
  image: 'This model does not support image inputs.',
  not_found: 'The model does not exist.',
  overloaded: 'Overloaded',
  quota: 'You exceeded your current quota, please check your plan and billing details.',
  rate: 'Rate limit reached.',
  server: 'The server had an error.',
  too_large: 'Request exceeds the maximum size.',
}
const sentence = (kind: ErrorKind, canary: string | undefined) =>
  canary === undefined ? messages[kind] : `${messages[kind]} ${canary}`

export const protocols = { openai, mistral, responses, anthropic, gemini, ollama }
export type ProtocolName = keyof typeof protocols

function openai({ id, model, number }: Names): Protocol {
  const chunk = (delta: object, finish: string | null = null) =>
    data({
      id,
      object: 'chat.completion.chunk',
      created: 1,
      model,
      system_fingerprint: id,
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  const usage = data({
    id,
    object: 'chat.completion.chunk',
    created: 1,
    model,
    choices: [],
    usage: {
      prompt_tokens: number,
      completion_tokens: number,
      total_tokens: number,
      completion_tokens_details: { reasoning_tokens: 3 },
    },
  })
  const done = 'data: [DONE]\n\n'
  const finishes = { stop: 'stop', length: 'length', filter: 'content_filter' }
  const errorOf = (kind: ErrorKind, canary: string | undefined) => ({
    message: sentence(kind, canary),
    type: kind === 'quota' ? 'insufficient_quota' : kind === 'rate' ? 'rate_limit_exceeded' : 'server_error',
    param: null,
    code: kind === 'quota' ? 'insufficient_quota' : (canary ?? null),
  })
  return {
    ...sse,
    garbage: 'data: {"id": oops\n\n',
    head: () => [chunk({ role: 'assistant', content: '' })],
    text: (content) => chunk({ content }),
    thinking: (reasoning_content) => chunk({ reasoning_content }),
    tail: (finish) => [chunk({}, finishes[finish]), usage, done],
    refusal: (words) => [...words.map((refusal) => chunk({ refusal })), chunk({}, 'stop'), usage, done],
    refusalEmpty: () => [chunk({ role: 'assistant', content: '' }), chunk({}, 'content_filter'), usage, done],
    errorMid(kind, canary) {
      if (kind === 'error-old')
        return [data({ object: 'error', message: canary ?? 'old error', type: 'Internal', code: 50001 }), done]
      if (kind === 'error-choice')
        return [
          data({
            id,
            object: 'chat.completion.chunk',
            created: 1,
            model,
            choices: [
              {
                index: 0,
                delta: { content: '' },
                finish_reason: 'error',
                error: { code: 502, message: canary ?? 'down' },
              },
            ],
          }),
          done,
        ]
      return [data({ error: errorOf('server', canary) }), done]
    },
    error: (_, kind, canary) => JSON.stringify({ error: errorOf(kind, canary) }),
  }
}

/** Like OpenAI's, but the usage comes with the last choice, and errors have another shape. */
function mistral(names: Names): Protocol {
  const base = openai(names)
  const { id, model, number } = names
  const finishes = { stop: 'stop', length: 'length', filter: 'error' }
  const tail = (finish: Finish) => [
    data({
      id,
      object: 'chat.completion.chunk',
      created: 1,
      model,
      choices: [{ index: 0, delta: { content: '' }, finish_reason: finishes[finish] }],
      usage: { prompt_tokens: number, completion_tokens: number, total_tokens: number },
    }),
    'data: [DONE]\n\n',
  ]
  const thinking = (text: string) =>
    data({
      id,
      object: 'chat.completion.chunk',
      created: 1,
      model,
      choices: [
        {
          index: 0,
          delta: { content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] },
          finish_reason: null,
        },
      ],
    })
  return {
    ...base,
    thinking,
    tail,
    refusal: (words) => [...words.map(base.text), ...tail('stop')],
    refusalEmpty: () => tail('stop'),
    error: (status, kind, canary) =>
      JSON.stringify({
        object: 'error',
        message: kind === 'quota' ? `insufficient_quota ${canary ?? ''}` : sentence(kind, canary),
        type: kind === 'auth' ? 'unauthorized' : 'invalid_request_error',
        param: null,
        code: String(status),
      }),
  }
}

function responses({ id, model, number }: Names): Protocol {
  let sequence = 0
  const say = (type: string, rest: object) => event({ type, ...{ sequence_number: sequence++ }, ...rest })
  const shell = (status: string, rest: object = {}) => ({
    id,
    object: 'response',
    created_at: 1,
    status,
    model,
    output: [],
    usage: null,
    ...rest,
  })
  const usage = {
    input_tokens: number,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: number,
    output_tokens_details: { reasoning_tokens: 3 },
    total_tokens: number,
  }
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
  const item = (status: string) => ({ id: 'msg_1', type: 'message', status, role: 'assistant', content: [] })
  const closed = () => [
    say('response.output_text.done', { ...at, text: '' }),
    say('response.content_part.done', { ...at, part: { type: 'output_text', text: '', annotations: [] } }),
    say('response.output_item.done', { output_index: 0, item: item('completed') }),
  ]
  const completed = () => say('response.completed', { response: shell('completed', { usage }) })
  const incomplete = (reason: string) =>
    say('response.incomplete', { response: shell('incomplete', { usage, incomplete_details: { reason } }) })
  const opened = () => [
    say('response.created', { response: shell('in_progress') }),
    say('response.in_progress', { response: shell('in_progress') }),
  ]
  return {
    ...sse,
    garbage: 'event: response.output_text.delta\ndata: {"type": oops\n\n',
    head: () => [
      ...opened(),
      say('response.output_item.added', { output_index: 0, item: item('in_progress') }),
      say('response.content_part.added', { ...at, part: { type: 'output_text', text: '', annotations: [] } }),
    ],
    text: (delta) => say('response.output_text.delta', { ...at, delta }),
    thinking: (delta) =>
      say('response.reasoning_summary_text.delta', { item_id: 'rs_1', output_index: 0, summary_index: 0, delta }),
    tail: (finish) => [
      ...closed(),
      finish === 'stop' ? completed() : incomplete(finish === 'length' ? 'max_output_tokens' : 'content_filter'),
    ],
    refusal: (words) => [
      ...words.map((delta) => say('response.refusal.delta', { ...at, delta })),
      say('response.refusal.done', { ...at, refusal: words.join('') }),
      say('response.output_item.done', {
        output_index: 0,
        item: { ...item('completed'), content: [{ type: 'refusal', refusal: words.join('') }] },
      }),
      completed(),
    ],
    refusalEmpty: () => [...opened(), incomplete('content_filter')],
    errorMid: (kind, canary) =>
      kind === 'error-choice'
        ? [
            say('response.failed', {
              response: shell('failed', { error: { code: 'server_error', message: canary ?? 'failed' } }),
            }),
          ]
        : [say('error', { code: 'server_error', message: canary ?? 'The server had an error.', param: null })],
    error: (_, kind, canary) =>
      JSON.stringify({
        error: {
          message: sentence(kind, canary),
          type: kind === 'quota' ? 'insufficient_quota' : 'invalid_request_error',
          param: null,
          code: kind === 'quota' ? 'insufficient_quota' : null,
        },
      }),
  }
}

function anthropic({ id, model, number }: Names): Protocol {
  const start = event({
    type: 'message_start',
    ...{
      message: {
        id,
        type: 'message',
        role: 'assistant',
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: number, output_tokens: 1 },
      },
    },
  })
  let block = 0
  let open: 'text' | 'thinking' | null = null
  const say = (type: string, rest: object) => event({ type, ...rest })
  const close = () => {
    if (open === null) return ''
    open = null
    return say('content_block_stop', { index: block++ })
  }
  const within = (kind: 'text' | 'thinking') => {
    if (open === kind) return ''
    const closed = close()
    open = kind
    const content_block =
      kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' }
    return closed + say('content_block_start', { index: block, content_block })
  }
  const stop = (stop_reason: string) => [
    say('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: number } }),
    say('message_stop', {}),
  ]
  const finishes = { stop: 'end_turn', length: 'max_tokens', filter: 'refusal' }
  const types: Record<ErrorKind, string> = {
    auth: 'authentication_error',
    bad_request: 'invalid_request_error',
    billing: 'billing_error',
    image: 'invalid_request_error',
    not_found: 'not_found_error',
    overloaded: 'overloaded_error',
    quota: 'rate_limit_error',
    rate: 'rate_limit_error',
    server: 'api_error',
    too_large: 'request_too_large',
  }
  const text = (word: string) =>
    within('text') + say('content_block_delta', { index: block, delta: { type: 'text_delta', text: word } })
  return {
    ...sse,
    keepalive: say('ping', {}),
    garbage: 'event: content_block_delta\ndata: {"type": oops\n\n',
    head: () => [start],
    text,
    thinking: (thinking) =>
      within('thinking') + say('content_block_delta', { index: block, delta: { type: 'thinking_delta', thinking } }),
    tail: (finish) => [close(), ...stop(finishes[finish])],
    refusal: (words) => [...words.map(text), close(), ...stop('refusal')],
    refusalEmpty: () => [start, ...stop('refusal')],
    errorMid: (_, canary) => [say('error', { error: { type: 'overloaded_error', message: canary ?? 'Overloaded' } })],
    error: (_, kind, canary) =>
      JSON.stringify({
        type: 'error',
        error: {
          type: types[kind],
          message: kind === 'quota' ? `insufficient_quota ${canary ?? ''}` : sentence(kind, canary),
        },
        request_id: id,
      }),
  }
}

function gemini({ id, model, number }: Names): Protocol {
  const usageMetadata = { promptTokenCount: number, candidatesTokenCount: number, thoughtsTokenCount: 3 }
  const chunk = (parts: object[], finishReason?: string) =>
    data({
      candidates: [{ content: { parts, role: 'model' }, ...(finishReason && { finishReason }), index: 0 }],
      usageMetadata,
      modelVersion: model,
      responseId: id,
    })
  const statuses: Record<ErrorKind, string> = {
    auth: 'PERMISSION_DENIED',
    bad_request: 'INVALID_ARGUMENT',
    billing: 'FAILED_PRECONDITION',
    image: 'INVALID_ARGUMENT',
    not_found: 'NOT_FOUND',
    overloaded: 'UNAVAILABLE',
    quota: 'RESOURCE_EXHAUSTED',
    rate: 'RESOURCE_EXHAUSTED',
    server: 'INTERNAL',
    too_large: 'INVALID_ARGUMENT',
  }
  const finishes = { stop: 'STOP', length: 'MAX_TOKENS', filter: 'SAFETY' }
  return {
    ...sse,
    garbage: 'data: {"candidates": oops\n\n',
    head: () => [],
    text: (text) => chunk([{ text }]),
    thinking: (text) => chunk([{ text, thought: true }]),
    tail: (finish) => [chunk([{ text: '' }], finishes[finish])],
    refusal: (words) => [...words.map((text) => chunk([{ text }])), chunk([{ text: '' }], 'IMAGE_PROHIBITED_CONTENT')],
    refusalEmpty: (isPromptBlocked) =>
      isPromptBlocked
        ? [data({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata, modelVersion: model, responseId: id })]
        : [
            data({
              candidates: [{ finishReason: 'SAFETY', index: 0 }],
              usageMetadata,
              modelVersion: model,
              responseId: id,
            }),
          ],
    errorMid: (_, canary) => [
      data({ error: { code: 503, message: canary ?? 'The model is overloaded.', status: 'UNAVAILABLE' } }),
    ],
    error: (code, kind, canary) =>
      JSON.stringify({
        error: {
          code,
          message: kind === 'quota' ? `insufficient_quota ${canary ?? ''}` : sentence(kind, canary),
          status: statuses[kind],
        },
      }),
  }
}

function ollama({ model, number }: Names): Protocol {
  const line = (message: object, rest: object = { done: false }) =>
    `${JSON.stringify({ model, created_at: '2026-11-01T00:00:00Z', message: { role: 'assistant', content: '', ...message }, ...rest })}\n`
  const end = (done_reason: string) =>
    line({}, { done: true, done_reason, prompt_eval_count: number, eval_count: number })
  return {
    contentType: 'application/x-ndjson',
    keepalive: '\n',
    garbage: '{"model": oops\n',
    head: () => [],
    text: (content) => line({ content }),
    thinking: (thinking) => line({ thinking }),
    tail: (finish) => [end(finish === 'length' ? 'length' : 'stop')],
    refusal: (words) => [...words.map((content) => line({ content })), end('stop')],
    refusalEmpty: () => [end('stop')],
    errorMid: (_, canary) => [`${JSON.stringify({ error: canary ?? 'model runner has unexpectedly stopped' })}\n`],
    error: (_, kind, canary) =>
      JSON.stringify({ error: kind === 'quota' ? 'insufficient_quota' : sentence(kind, canary) }),
  }
}

function protocolOf(path: string): ProtocolName | null {
  if (/\/mistral\/v1\/chat\/completions$/.test(path)) return 'mistral'
  if (/\/chat\/completions$/.test(path)) return 'openai'
  if (/\/responses$/.test(path)) return 'responses'
  if (/\/messages$/.test(path)) return 'anthropic'
  if (/:streamGenerateContent/.test(path)) return 'gemini'
  return /\/api\/chat$/.test(path) ? 'ollama' : null
}

const geminiModel = (path: string) => decodeURIComponent(/models\/([^:]+):/.exec(path)?.[1] ?? '')
const modelIn = (body: unknown) => {
  const { model } = (body ?? {}) as { model?: unknown }
  return typeof model === 'string' ? model : ''
}

/** What discovery asks. */
function catalogue(
  path: string,
  body: unknown,
  response: ServerResponse,
  { models = [], flagged, heard }: WireServerOptions,
) {
  const json = (value: unknown) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }
  if (path === '/v1/models')
    return json({ object: 'list', data: models.map(({ name }) => ({ id: name, object: 'model', owned_by: 'x' })) })
  if (path === '/api/tags') return json({ models: models.map(({ name }) => ({ name, model: name, size: 1 })) })
  if (path === '/v1/moderations') return json(moderationOf(body, flagged))
  if (path === '/v1/audio/transcriptions')
    return json({ text: heard ?? ' What is on the table?\n', usage: { type: 'duration' } })
  if (path === '/api/show')
    return json({ capabilities: models.find(({ name }) => name === modelIn(body))?.capabilities ?? ['completion'] })
  response.writeHead(404, { 'content-type': 'application/json' })
  response.end('{"error":"not found"}')
}

/** Flags what says "bad", every picture with its fourth byte 0xee, and those it was told of. */
function moderationOf(body: unknown, known: Set<string> | undefined) {
  const { input } = body as { input: { type: string; text?: string; image_url?: { url: string } }[] }
  const isFlagged = (part: (typeof input)[number]) => {
    const bytes = Buffer.from(part.image_url?.url.split(',')[1] ?? '', 'base64')
    const isKnown = known?.has(createHash('sha256').update(bytes).digest('hex')) === true
    return part.text?.includes('bad') === true || bytes[3] === 0xee || isKnown
  }
  const found = input.filter(isFlagged)
  const flagged = found.length > 0
  const kinds = [...new Set(found.map(({ type }) => (type === 'text' ? 'text' : 'image')))]
  return {
    id: 'modr-1',
    model: 'omni-moderation-latest',
    results: [
      {
        flagged,
        categories: { violence: flagged, sexual: false },
        category_scores: { violence: 0.9, sexual: 0 },
        category_applied_input_types: { violence: kinds, sexual: [] },
      },
    ],
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return text
  }
}
