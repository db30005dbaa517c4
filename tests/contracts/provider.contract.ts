import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { failureReasons } from '../../src/models/provider.ts'
import { type ModelEntry, providerFor } from '../../src/providers/provider-for.ts'
import { faultCodes } from '../../src/providers/upstream-error.ts'
import { aRequest, commandModel, type Heard, hear, outcomeOf, testDeps } from '../providers/asking.ts'
import { type Scenario, scenarios, startWireServer, type WireServer } from '../providers/wire-server.ts'

// Whatever a service does, one of our events says so, the text so far is kept, and nothing of it is thrown at the caller.
// The run also writes docs/faults.md: what each service can do, and what becomes of it.

export const contractKinds = [
  'openai',
  'openai-responses',
  'openai-compatible',
  'anthropic',
  'google',
  'mistral',
  'ollama',
  'command',
] as const
export type ContractKind = (typeof contractKinds)[number]
export type ContractScenario = Scenario | 'crash'

const key = 'sk-contract-4f7a9c2e8b1d'
const basePaths: Record<Exclude<ContractKind, 'command'>, string> = {
  openai: '/v1',
  'openai-responses': '/v1',
  'openai-compatible': '/v1',
  anthropic: '/v1',
  google: '/v1beta',
  mistral: '/mistral/v1',
  ollama: '',
}

/** What must come of it everywhere, unless `exceptions` says otherwise for a kind; with the sentence of docs/faults.md. */
const promises: Record<ContractScenario, { does: string; becomes: string }> = {
  ok: { does: 'answers', becomes: 'complete' },
  length: { does: 'stops at the token limit', becomes: 'cut' },
  'length-empty': { does: 'spends all tokens on thinking', becomes: 'broken (empty_after_reasoning)' },
  filter: { does: 'filters an answer that has text', becomes: 'declined' },
  refusal: { does: 'declines in words', becomes: 'declined' },
  'refusal-empty': { does: 'filters without a word', becomes: 'refused (content_filter)' },
  'prompt-block': { does: 'blocks the question', becomes: 'refused (content_filter)' },
  thinking: { does: 'thinks in its own channel first', becomes: 'complete' },
  'think-tags': { does: 'thinks between `<think>` tags in the text', becomes: 'complete' },
  'error-mid': { does: 'sends an error object after some text', becomes: 'broken (error_in_stream)' },
  'error-choice': { does: 'ends with `error` inside the choice', becomes: 'broken (error_in_stream)' },
  'error-old': { does: 'sends an old-style error object', becomes: 'broken (malformed_stream)' },
  'error-after-end': { does: 'sends an error after the end', becomes: 'complete' },
  'double-end': { does: 'ends twice', becomes: 'complete' },
  reset: { does: 'resets the connection after some text', becomes: 'broken (reset)' },
  'reset-early': { does: 'resets the connection at once', becomes: 'unreachable (unreachable)' },
  eof: { does: 'closes without an end marker', becomes: 'broken (no_end)' },
  garbage: { does: 'sends a line that is no JSON', becomes: 'broken (malformed_stream)' },
  'bad-utf8': { does: 'sends bytes that are no UTF-8', becomes: 'broken (bad_utf8)' },
  keepalive: { does: 'sends keepalives and CRLF', becomes: 'complete' },
  'keepalive-only': { does: 'sends nothing but keepalives', becomes: 'timed_out (first_token_timeout)' },
  drip: { does: 'sends one byte at a time, for ever', becomes: 'timed_out (first_token_timeout)' },
  hang: { does: 'never answers', becomes: 'timed_out (first_token_timeout)' },
  stall: { does: 'stops in the middle and stays silent', becomes: 'timed_out (idle_timeout)' },
  endless: { does: 'never ends', becomes: 'timed_out (total_timeout)' },
  '400': { does: '400 bad request', becomes: 'broken (bad_request)' },
  '401': { does: '401 wrong key', becomes: 'broken (auth)' },
  '402': { does: '402 no credit', becomes: 'broken (quota)' },
  '403': { does: '403 forbidden', becomes: 'broken (auth)' },
  '404': { does: '404 no such model', becomes: 'broken (not_found)' },
  '413': { does: '413 too large', becomes: 'broken (image_rejected)' },
  '422-image': { does: '422 takes no images', becomes: 'broken (image_rejected)' },
  '429': { does: '429, twice', becomes: 'rate_limited (rate_limit)' },
  '429-once': { does: '429 once, then answers', becomes: 'complete' },
  '429-long': { does: '429 with a long retry-after', becomes: 'rate_limited (rate_limit)' },
  '429-quota': { does: '429 out of quota', becomes: 'rate_limited (quota)' },
  '500': { does: '500, twice', becomes: 'unreachable (server_error)' },
  '502-html': { does: '502 with an HTML page', becomes: 'unreachable (server_error)' },
  '200-html': { does: '200 with an HTML page', becomes: 'broken (no_end)' },
  '529': { does: '529 overloaded, twice', becomes: 'unreachable (overloaded)' },
  redirect: { does: 'redirects to another host', becomes: 'broken (redirected)' },
  'split-utf8': { does: 'cuts characters between packets', becomes: 'complete' },
  empty: { does: 'ends without any text', becomes: 'broken (empty)' },
  'long-line': { does: 'sends a line of 300 KB', becomes: 'broken (line_too_long)' },
  huge: { does: 'sends more than 8 MB', becomes: 'broken (response_too_large)' },
  'gzip-bomb': { does: 'sends a gzip bomb', becomes: 'broken (response_too_large)' },
  crash: { does: 'exits with an error (programs)', becomes: 'broken (command_failed)' },
}

/** The usage these answers carry tells that tokens went into thinking. */
const spentOnThinking = { empty: 'broken (empty_after_reasoning)' }
const exceptions: Record<ContractKind, Partial<Record<ContractScenario, string>>> = {
  // Their adapters know that a `server_error` is a 500.
  openai: { ...spentOnThinking, 'error-mid': 'unreachable (server_error)' },
  'openai-responses': {
    ...spentOnThinking,
    'error-mid': 'unreachable (server_error)',
    'error-choice': 'unreachable (server_error)',
    'error-old': 'unreachable (server_error)',
  },
  'openai-compatible': spentOnThinking,
  // Its error events name their status: overloaded.
  anthropic: {
    'error-mid': 'unreachable (overloaded)',
    'error-choice': 'unreachable (overloaded)',
    'error-old': 'unreachable (overloaded)',
  },
  google: {
    ...spentOnThinking,
    'error-mid': 'unreachable (overloaded)',
    'error-choice': 'unreachable (overloaded)',
    'error-old': 'unreachable (overloaded)',
  },
  // No word for a filter: `error` is all it says.
  mistral: { filter: 'broken (error_in_stream)', 'error-mid': 'broken (malformed_stream)', refusal: 'complete' },
  ollama: { refusal: 'complete', 'error-old': 'broken (error_in_stream)', '200-html': 'broken (malformed_stream)' },
  command: {},
}
/** What a protocol has no way to do. */
const impossible: Record<ContractKind, ContractScenario[]> = {
  openai: ['prompt-block', 'crash'],
  'openai-responses': ['prompt-block', 'crash'],
  'openai-compatible': ['prompt-block', 'crash'],
  anthropic: ['prompt-block', 'crash'],
  google: ['crash'],
  mistral: ['refusal-empty', 'prompt-block', 'crash'],
  ollama: ['filter', 'refusal-empty', 'prompt-block', 'crash'],
  command: (Object.keys(promises) as ContractScenario[]).filter(
    (scenario) =>
      ![
        'ok',
        'length',
        'refusal',
        'refusal-empty',
        'think-tags',
        'error-mid',
        'error-after-end',
        'double-end',
        'eof',
        'garbage',
        'empty',
        'long-line',
        'split-utf8',
        'stall',
        'hang',
        'crash',
      ].includes(scenario),
  ),
}
const inOrder: ContractScenario[] = [...scenarios, 'crash']
const cases = inOrder.flatMap((scenario) =>
  contractKinds.flatMap((kind) => (impossible[kind].includes(scenario) ? [] : [{ kind, scenario }])),
)
const keepsFirstWord: ContractScenario[] = [
  'error-mid',
  'error-choice',
  'error-old',
  'reset',
  'eof',
  'garbage',
  'stall',
]
const asksTwice: ContractScenario[] = ['429', '429-once', '500', '529', '502-html']

export function providerContract() {
  let server: WireServer
  const heard = new Map<string, Heard>()
  const resultOf = (kind: ContractKind, scenario: ContractScenario) => heard.get(`${kind} ${scenario}`)!

  beforeAll(async () => {
    server = await startWireServer({ retryAfter: { once: '0', long: '60' } })
    for (const kind of contractKinds)
      await Promise.all(
        cases
          .filter((one) => one.kind === kind)
          .map(async ({ scenario }) => {
            const provider = providerFor(entryFor(kind, scenario, server), testDeps())
            heard.set(`${kind} ${scenario}`, await hear(provider, aRequest()))
            await provider[Symbol.asyncDispose]?.()
          }),
      )
  }, 120_000)
  afterAll(() => server.close())

  describe.each(contractKinds)('%s', (kind) => {
    test.each(cases.filter((one) => one.kind === kind))('$scenario', ({ scenario }) => {
      const result = resultOf(kind, scenario)
      expect(outcomeOf(result)).toBe(exceptions[kind][scenario] ?? promises[scenario].becomes)
      expect(result.events.filter(({ type }) => type === 'finished' || type === 'failed')).toHaveLength(1)
      if (keepsFirstWord.includes(scenario)) expect(result.text).toMatch(/^A/)
      if (scenario === 'ok' || scenario === 'keepalive') expect(result.text).toBe('A cat sits here.')
      if (scenario === 'think-tags') expect(result).toMatchObject({ text: 'A cat sits here.', thinking: 13 })
      if (scenario === 'split-utf8') expect(result.text).toBe('猫在垫子上 🐈 naïve')
      expect(result.receipt.attempts).toBe(asksTwice.includes(scenario) ? 2 : 1)
    })

    test('failures are told in our own words, and nothing holds the key', () => {
      const results = cases.filter((one) => one.kind === kind).map(({ scenario }) => resultOf(kind, scenario))
      for (const { last, events } of results) {
        if (last.type === 'failed') {
          expect(faultCodes).toContain(last.detail)
          expect(failureReasons).toContain(last.reason)
        }
        expect(JSON.stringify(events)).not.toContain(key)
      }
    })
  })

  test('every scenario of the server is promised something', () => {
    expect(Object.keys(promises).sort()).toEqual([...scenarios, 'crash'].sort())
  })

  test('docs/faults.md is what this run found', () => {
    const path = fileURLToPath(new URL('../../docs/faults.md', import.meta.url))
    const found = faultsPage((kind, scenario) => {
      const result = heard.get(`${kind} ${scenario}`)
      return result === undefined ? null : outcomeOf(result)
    })
    if (process.env['UPDATE'] === '1') writeFileSync(path, found)
    expect(readFileSync(path, 'utf8')).toBe(found)
  })
}

function entryFor(kind: ContractKind, scenario: ContractScenario, server: WireServer): ModelEntry {
  const isSlow = ['keepalive-only', 'drip', 'hang'].includes(scenario)
  const timeouts = {
    totalMs: scenario === 'endless' ? 400 : 30_000,
    firstTokenMs: isSlow ? 400 : 20_000,
    idleMs: scenario === 'stall' ? 300 : 20_000,
  }
  if (kind === 'command')
    return { id: 'm', kind, command: [process.execPath, commandModel, scenario], timeouts, lifetime: 'battle' }
  return {
    id: 'm',
    kind,
    model: `asked-${kind}`,
    baseUrl: `${server.url}${basePaths[kind]}`,
    secret: () => key,
    headers: { 'x-scenario': scenario },
    timeouts,
    // A broken connection is tried again after a second; nothing is learned from waiting for it here.
    retries: scenario === 'reset-early' ? 0 : 1,
  }
}

function faultsPage(outcome: (kind: ContractKind, scenario: ContractScenario) => string | null): string {
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`
  const said = (text: string | null) => {
    if (text === null) return '–'
    const [, reason, detail] = /^(\w+) \((\w+)\)$/.exec(text) ?? []
    return reason === undefined ? text : `**${reason}** ${detail}`
  }
  return `${[
    '# Faults: what a service can do, and what becomes of it',
    '',
    'Written by the provider contract test from a real run against a server that misbehaves on request; a test fails when this',
    'page and the program differ (`UPDATE=1 npx vitest run --config tests/vitest.config.ts tests/providers` writes it again).',
    '',
    'Plain words are finished answers that may be voted on: `complete`, `cut` at the limit, `declined` with text. Bold is the reason of',
    'a failure as the battle keeps it, then our own code for the operator. "–": the protocol cannot do this.',
    'Text that came before a failure is kept. Only failures before the first text are tried again.',
    '',
    row(['the service', ...contractKinds]),
    row(['---', ...contractKinds.map(() => '---')]),
    ...inOrder.map((scenario) =>
      row([promises[scenario].does, ...contractKinds.map((kind) => said(outcome(kind, scenario)))]),
    ),
  ].join('\n')}\n`
}
