import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import {
  limitedFetch,
  lineBytesMax,
  merged,
  responseBytesMax,
  upstreamAgent,
} from '../../src/providers/limited-fetch.ts'
import { type Attempt, type Part, timedAnswer } from '../../src/providers/timed-answer.ts'
import { fault } from '../../src/providers/upstream-error.ts'

const agent = upstreamAgent({ totalMs: 5_000 })
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
async function serving(answer: Parameters<typeof createServer>[1]) {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const post = (url: string) =>
  limitedFetch(agent)(url, { method: 'POST', body: '{}', headers: { authorization: 'Bearer k' } })

test('a redirect to another host is not followed, so no key goes there', async () => {
  const visited: string[] = []
  const elsewhere = await serving((request, response) => {
    visited.push(request.url ?? '')
    response.end('caught')
  })
  for (const status of [301, 302, 303, 307, 308]) {
    const here = await serving((_, response) => response.writeHead(status, { location: `${elsewhere}/x` }).end())
    await expect(post(here)).rejects.toMatchObject({ fault: { detail: 'redirected' } })
  }
  expect(visited).toEqual([])
})

test('a redirect on the same host keeps the question', async () => {
  const here = await serving(async (request, response) => {
    if (request.url === '/') return response.writeHead(308, { location: '/v2' }).end()
    let body = ''
    for await (const chunk of request) body += chunk
    return response.end(`${request.method} ${request.url} ${body}`)
  })
  expect(await (await post(here)).text()).toBe('POST /v2 {}')
})

test('a host that redirects for ever is given up', async () => {
  let times = 0
  const here = await serving((_, response) => {
    times++
    response.writeHead(307, { location: `/${times}` }).end()
  })
  await expect(post(here)).rejects.toMatchObject({ fault: { detail: 'redirected' } })
  expect(times).toBe(3)
})

test('lines up to the limit pass, however they are cut; one byte more does not', async () => {
  const exact = 'x'.repeat(lineBytesMax)
  const here = await serving((request, response) => {
    const extra = request.url === '/over' ? 'x' : ''
    for (let at = 0; at < exact.length; at += 10_000) response.write(exact.slice(at, at + 10_000))
    response.end(`${extra}\n${exact}\n`)
  })
  expect((await (await post(here)).text()).length).toBe(2 * (lineBytesMax + 1))
  await expect((await post(`${here}/over`)).text()).rejects.toMatchObject({ fault: { detail: 'line_too_long' } })
})

test('a body over the limit ends with an error, not with half a truth', async () => {
  const here = await serving(async (_, response) => {
    for (let sent = 0; sent <= responseBytesMax && !response.destroyed; sent += 60_000) {
      if (!response.write(`${'y'.repeat(59_999)}\n`)) await new Promise((resolve) => response.once('drain', resolve))
    }
    response.end()
  })
  await expect((await post(here)).text()).rejects.toMatchObject({ fault: { detail: 'response_too_large' } })
})

test('of an error page as much is read as can be useful', async () => {
  const here = await serving((_, response) => response.writeHead(500).end('z'.repeat(1_000_000)))
  const response = await post(here)
  expect(response.status).toBe(500)
  expect((await response.text()).length).toBeLessThanOrEqual(64 * 1024)
})

test('extra fields are merged into objects and replace everything else', () => {
  expect(merged({ a: 1, b: { c: 1, d: 2 }, e: [1] }, { a: 2, b: { c: 3 }, e: [4], f: null })).toEqual({
    a: 2,
    b: { c: 3, d: 2 },
    e: [4],
    f: null,
  })
})

test('an answer that has begun is never begun again, whatever the fault allows', async () => {
  let attempts = 0
  const attempt: Attempt = async function* (): AsyncGenerator<Part> {
    attempts++
    yield { type: 'text', text: 'A cat' }
    yield { type: 'fault', fault: fault('unreachable', 'server_error', { isRetryable: true, retryAfterMs: 0 }) }
  }
  const events = []
  const answer = timedAnswer(attempt, {
    signal: new AbortController().signal,
    timeouts: { totalMs: 5_000, firstTokenMs: 5_000, idleMs: 5_000 },
    retries: 5,
    effective: {},
    secret: null,
    now: () => new Date(0),
    random: () => 0.5,
  })
  for await (const event of answer) events.push(event.type)
  expect(events).toEqual(['text', 'failed'])
  expect(attempts).toBe(1)
})
