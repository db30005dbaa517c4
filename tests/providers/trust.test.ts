import { lookup } from 'node:dns'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { failureReasons } from '../../src/models/provider.ts'
import { isDeniedAddress, refuseDeniedHost, safeLookup } from '../../src/providers/denied-hosts.ts'
import { fakeProvider } from '../../src/providers/fake.ts'
import { type ModelEntry, providerFor } from '../../src/providers/provider-for.ts'
import { thinkSplitter } from '../../src/providers/think-splitter.ts'
import { faultCodes, wordsOf } from '../../src/providers/upstream-error.ts'
import { aRequest, hear, outcomeOf, testDeps } from './asking.ts'
import { scenarios, startWireServer, type WireServer } from './wire-server.ts'

describe('nothing a service says about itself reaches a reader', () => {
  const canary = { text: 'CANARY-7c1d9e', number: 918273 }
  let server: WireServer
  beforeAll(async () => {
    server = await startWireServer({ canary, retryAfter: { once: '0', long: '60' } })
  })
  afterAll(() => server.close())
  const kinds = {
    openai: '/v1',
    'openai-responses': '/v1',
    'openai-compatible': '/v1',
    anthropic: '/v1',
    google: '/v1beta',
    mistral: '/mistral/v1',
    ollama: '',
  }

  test.each(Object.entries(kinds))('%s: only our own words, whatever goes wrong', async (kind, base) => {
    const slow = ['keepalive-only', 'drip', 'hang', 'stall', 'endless']
    const large = ['huge', 'gzip-bomb']
    const tried = scenarios.filter((scenario) => !slow.includes(scenario) && !large.includes(scenario))
    await Promise.all(
      tried.map(async (scenario) => {
        const { events } = await hear(
          providerFor(
            {
              id: 'm',
              kind,
              model: `${canary.text}-asked`,
              baseUrl: `${server.url}/as/${scenario}${base}`,
              secret: () => canary.text,
              retries: 0,
            } as ModelEntry,
            testDeps(),
          ),
        )
        for (const event of events) {
          // Receipts are kept for the operator and, after the reveal, the voter.
          const { receipt: _, ...shown } = { receipt: null, ...event }
          expect(JSON.stringify(shown), scenario).not.toContain(canary.text)
          expect(JSON.stringify(shown), scenario).not.toContain(String(canary.number))
          if (event.type === 'failed') {
            expect(failureReasons).toContain(event.reason)
            expect(faultCodes).toContain(event.detail)
          }
        }
      }),
    )
  })

  test('a service that repeats the key gets it cut out of everything that is kept', async () => {
    const said: unknown[] = []
    for (const scenario of ['ok', '401', '404', '500', 'error-mid']) {
      const provider = providerFor(
        {
          id: 'm',
          kind: 'openai-compatible',
          model: 'm',
          baseUrl: `${server.url}/as/${scenario}/v1`,
          secret: () => canary.text,
          retries: 0,
        },
        testDeps({ onFault: (fault) => said.push(fault) }),
      )
      said.push((await hear(provider)).events)
    }
    expect(JSON.stringify(said)).not.toContain(canary.text)
    expect(JSON.stringify(said)).toContain('***')
  })
})

test('words for the operator are one short line, without keys, pictures or control characters', () => {
  expect(wordsOf('{"error":{"message":"no\\u0000 way\\n\\nhere"}}')).toBe('no way here')
  expect(wordsOf('{"error":"plain"}')).toBe('plain')
  expect(wordsOf('<html><title>502</title>')).toBe('an HTML page')
  expect(wordsOf('')).toBeNull()
  expect(wordsOf(`bad image ${'QUJD'.repeat(400)}`)).toBe('bad image ***')
  expect(wordsOf('Authorization: Bearer abcdef123456 refused')).toBe('Authorization: *** refused')
  expect(wordsOf('wrong key sk-proj-abc123def456')).toBe('wrong key ***')
  expect(wordsOf('word '.repeat(500))!.length).toBeLessThanOrEqual(300)
})

describe("addresses of a machine's metadata service are never asked", () => {
  const spellings = [
    'http://169.254.169.254/v1',
    'http://169.254.169.254.:80/v1',
    'http://2852039166/v1',
    'http://0xa9fea9fe/v1',
    'http://0251.0376.0251.0376/v1',
    'http://0xa9.254.0251.0xfe/v1',
    'http://169.16689662/v1',
    'http://[::ffff:169.254.169.254]/v1',
    'http://[::ffff:a9fe:a9fe]/v1',
    'http://[0:0:0:0:0:ffff:a9fe:a9fe]/v1',
    'http://[64:ff9b::169.254.169.254]/v1',
    'http://[2002:a9fe:a9fe::]/v1',
    'http://[::169.254.169.254]/v1',
    'http://[fe80::1]/v1',
    'http://[febf::1]/v1',
    'http://[fd00:ec2::254]/v1',
    'http://１６９。２５４。１６９。２５４/v1',
    'http://169。254。169。254/v1',
    'http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/v1',
    'http://user@169.254.169.254/v1',
    'http://example.org@169.254.169.254/v1',
    'http://user:word@127.0.0.1/v1',
    'http://metadata.google.internal/v1',
    'http://METADATA.google.internal./v1',
    'http://metadata/v1',
    'http://instance-data/v1',
    'http://100.100.100.200/v1',
    'http://192.0.0.192/v1',
    'http://169.254.0.1/v1',
    'http://169.254.255.255/v1',
    'ftp://example.org/v1',
    'file:///etc/passwd',
    'gopher://127.0.0.1/v1',
  ]
  test.each(spellings)('%s', async (baseUrl) => {
    expect(() => refuseDeniedHost(new URL(baseUrl))).toThrow()
    const result = await hear(
      providerFor({ id: 'm', kind: 'openai-compatible', model: 'm', baseUrl, retries: 0 }, testDeps()),
    )
    expect(outcomeOf(result)).toBe('unreachable (unreachable)')
    expect(result.receipt.totalMs).toBeLessThan(5_000)
  })

  test('a name is checked by the address it leads to, at the moment of connecting', async () => {
    const resolved = await new Promise<string>((resolve) =>
      safeLookup('localhost', { all: true }, (error, found) => resolve(error ? error.message : JSON.stringify(found))),
    )
    const plain = await new Promise<string>((resolve) =>
      lookup('localhost', { all: true }, (_, found) => resolve(JSON.stringify(found))),
    )
    expect(resolved).toBe(plain)
    const denied = await new Promise<string>((resolve) =>
      safeLookup('169.254.169.254', {}, (error) => resolve(error?.message ?? 'allowed')),
    )
    expect(denied).toBe('this address is not allowed')
  })

  test('loopback, private networks and ordinary hosts may be asked', () => {
    for (const address of [
      '127.0.0.1',
      '::1',
      '10.0.0.5',
      '192.168.1.9',
      '100.64.0.1',
      '8.8.8.8',
      '2001:db8::1',
      'fd12::1',
    ])
      expect(isDeniedAddress(address)).toBe(false)
    for (const url of ['http://127.0.0.1:8000/v1', 'https://api.example.org/v1', 'http://[::1]:30000/v1'])
      expect(() => refuseDeniedHost(new URL(url))).not.toThrow()
  })
})

describe('thinking between tags', () => {
  const split = (pieces: string[]) => {
    const splitter = thinkSplitter()
    const parts = [...pieces.map(splitter.push), splitter.end()]
    return {
      text: parts.map(({ text }) => text).join(''),
      thinking: parts.reduce((sum, { thinking }) => sum + thinking, 0),
    }
  }

  test('is counted and never shown, wherever the tags are cut', () => {
    const whole = 'Well.<think>Is it a cat? <b></think>A cat.<think></think> Yes < no <thin> x'
    const expected = { text: 'Well.A cat. Yes < no <thin> x', thinking: 'Is it a cat? <b>'.length }
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), whole.length]
        expect(split(at.slice(1).map((end, i) => whole.slice(at[i], end)))).toEqual(expected)
      }),
    )
  })

  test('thinking that never ends shows nothing', () => {
    expect(split(['<think>for ', 'ever'])).toEqual({ text: '', thinking: 8 })
  })

  test('text that only looks like the beginning of a tag is shown in the end', () => {
    expect(split(['a <thi'])).toEqual({ text: 'a <thi', thinking: 0 })
  })
})

describe('the fake provider', () => {
  test('says its words and remembers what it was asked', async () => {
    const fake = fakeProvider(['A', ' cat'])
    const request = aRequest()
    const heard = await hear(fake, request)
    expect([heard.text, outcomeOf(heard)]).toEqual(['A cat', 'complete'])
    expect(fake.asked).toEqual([request])
  })

  test('dies, or is interrupted, when told', async () => {
    expect(outcomeOf(await hear(fakeProvider(['A'], { dies: 'timed_out' })))).toBe('timed_out (fake)')
    const aborted = await hear(fakeProvider(['A'], { pauseMs: 10_000 }), aRequest({ signal: AbortSignal.timeout(5) }))
    expect(outcomeOf(aborted)).toBe('interrupted (fake)')
  })
})
