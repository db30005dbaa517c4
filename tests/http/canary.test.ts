import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LogEvent } from '../../src/core/events.ts'
import type { Model, ModelKind } from '../../src/models/model.ts'
import type { Provider } from '../../src/models/provider.ts'
import { type ModelEntry, providerFor } from '../../src/providers/provider-for.ts'
import { anArena, aPicture, type BattleTwin, type TestArena, type Visitor } from '../arena.ts'
import { aModel } from '../characters.ts'
import { testDeps } from '../providers/asking.ts'
import { type Scenario, scenarios, startWireServer, type WireServer } from '../providers/wire-server.ts'

// Eight models, every field of them a word that occurs nowhere else, asked through the real protocols of servers that put such words (and a number)
// into every field of theirs and fail in every way they can. Until the reveal not one of these words may reach a browser (TRUST.md A, P0).

const battles = Number(process.env['SIGHTLINE_CANARY_BATTLES'] ?? 200)
const visitors = 8

const kinds = [
  'openai',
  'openai-responses',
  'openai-compatible',
  'anthropic',
  'google',
  'mistral',
  'ollama',
  'openai-compatible',
] as const
const paths: Partial<Record<ModelKind, string>> = { google: '/v1beta', mistral: '/mistral/v1', ollama: '' }

const mark = 'zq9xcanary'
const canary = (n: number, field: string) => `${mark}${n}${field}`
const tokensOf = (n: number) => 7_610_553 + n * 11_117

/** Said by no page of ours: how services name an end, and what they call themselves. */
const upstreamWords = [
  'end_turn',
  'max_tokens',
  'content_filter',
  'insufficient_quota',
  'overloaded_error',
  'openrouter',
  'RESOURCE_EXHAUSTED',
  'MAX_TOKENS',
  '502 Bad Gateway',
  'Please sign in',
  'credit balance',
  'API key',
  'current quota',
  'rate limit',
]

const hidden = detector([
  mark,
  Buffer.from(mark).toString('hex'),
  ...[0, 1, 2].map((shift) =>
    Buffer.from(`${'-'.repeat(shift)}${mark}`)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  ),
  ...kinds.map((_, n) => String(tokensOf(n))),
  ...upstreamWords,
])

type Received = { what: string; bytes: string }

let servers: WireServer[]
let place: TestArena
let aside = 0
const faults: string[] = []
const played = new Map<string, number>()

beforeAll(async () => {
  servers = await Promise.all(
    kinds.map((_, n) =>
      startWireServer({
        canary: { text: canary(n, 'upstream'), number: tokensOf(n) },
        answers: { '*': { words: ['It shows', ' a bicycle', ` with ${n + 20} spokes.`] } },
      }),
    ),
  )
  place = await anArena({
    contestants: kinds.map((kind, n) => aCanary(kind, n)),
    flags: { 'limits.battles_per_hour': '100000' },
    now: () => new Date(Date.now() + aside),
  })
}, 60_000)
afterAll(async () => {
  await place?.[Symbol.asyncDispose]()
  await Promise.all((servers ?? []).map((server) => server.close()))
})

test('the detector finds a planted word in every channel, however it is written', () => {
  const word = canary(3, 'name')
  const plain = 'HTTP 200\ncontent-type: text/html\n\n<p>It shows a bicycle at a wall.</p>'
  expect(hidden(plain)).toEqual([])
  const planted = [
    plain.replace('text/html', `text/html; x=${word}`),
    `set-cookie: last=${word}`,
    plain.replace('bicycle', word.toUpperCase()),
    `data: <i title="${word}">\n\n`,
    `{"usage":${tokensOf(5)}}`,
    `finish: end_turn`,
    Buffer.from(`pixels${word}pixels`).toString('latin1'),
    ...[0, 1, 2].map((shift) => Buffer.from(`${'x'.repeat(shift)}${word}`).toString('base64')),
    Buffer.from(word).toString('hex'),
  ]
  for (const leak of planted) expect(hidden(leak), leak).not.toEqual([])
})

test(`nothing of ${battles} battles names a model before the reveal; after it exactly the two names are there`, async () => {
  const seen: Received[] = []
  const open: { voter: Visitor; id: string }[] = []
  // One that is over, so that there is a board to move and its language is among the filters.
  await aVoteOf(await aReadyBattle('b'), 'reveal')
  await place.arena.boards.refresh()
  const before = await publicPages()
  const changes = new Set<string>()
  let started = 0
  let isOver = false
  // Whoever looks at the public pages meanwhile learns nothing from them: they stay, to the byte, what they were.
  const polling = (async () => {
    while (!isOver) {
      const now = await publicPages()
      for (const path of Object.keys(before))
        if (now[path] !== before[path]) changes.add(`${path}: ${difference(before[path]!, now[path]!)}`)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  })()

  await Promise.all(
    Array.from({ length: visitors }, async () => {
      const voter = place.visitor()
      while (started < battles) {
        const number = started++
        const id = await aWatchedBattle(voter, number, seen)
        if (id) open.push({ voter, id })
      }
    }),
  )
  isOver = true
  await polling
  expect([...changes]).toEqual([])
  await Promise.all(open.map(({ voter, id }, n) => aWatchedVote(voter, id, n, seen)))

  expect(seen.length).toBeGreaterThan(battles * 8)
  const leaks = seen.flatMap(({ what, bytes }) => hidden(bytes).map((found) => `${what}: ${found}`))
  expect(leaks).toEqual([])
  expect(open.length).toBeGreaterThan(battles / 4)
  expect([...played.keys()].sort()).toEqual([...scenarios].sort())

  // The same detector, on what may be told now.
  for (const { voter, id } of open.slice(0, 40)) {
    const page = await (await voter.post(`/b/${id}/reveal`, {}, { Accept: 'text/html', 'HX-Request': 'true' })).text()
    const twin = await voter.json<BattleTwin>(`/b/${id}.json`)
    const names = [twin.models!.a.name, twin.models!.b.name]
    expect(new Set([...page.matchAll(new RegExp(`${mark}\\d+name`, 'g'))].map(([name]) => name))).toEqual(
      new Set(names),
    )
    expect(page).not.toMatch(new RegExp(`${mark}\\d+(key|header|path|alias|setting|template)`))
    expect(JSON.stringify(twin)).not.toMatch(new RegExp(`${mark}\\d+(key|header|path|alias|setting|template|upstream)`))
    expect(hidden(page)).toContain(mark)
  }
}, 240_000)

test('a vote that can still be changed moves nothing that its voter could look at', async () => {
  // One that is over, so that its language is among the filters and there is a board to move.
  await aVoteOf(await aReadyBattle('b'), 'reveal')
  const voter = await aReadyBattle('a')
  await place.arena.boards.refresh()
  const before = await publicPages()
  await aVoteOf(voter)
  await place.arena.boards.refresh()
  const now = await publicPages()
  expect(
    Object.keys(before).flatMap((path) =>
      now[path] === before[path] ? [] : [`${path}: ${difference(before[path]!, now[path]!)}`],
    ),
  ).toEqual([])
  // And when it cannot be changed any more it does, so the board was not simply standing still.
  await voter.visitor.post(`/b/${voter.id}/reveal`)
  await place.arena.boards.refresh()
  expect((await publicPages())['/leaderboard.json']).not.toBe(before['/leaderboard.json'])
})

type Ready = { visitor: Visitor; id: string; outcome: 'a' | 'b' }

/** Faults make most battles unfit for a vote; somebody comes by one that is not. */
async function aReadyBattle(outcome: Ready['outcome']): Promise<Ready> {
  for (let tries = 0; tries < 30; tries++) {
    const visitor = place.visitor()
    aside += 3 * 60 * 60 * 1000
    const { id, state, turns } = await visitor.battle(`And this, ${outcome} ${tries}?`)
    if (state === 'ready' && turns[0]!.a.text !== turns[0]!.b.text) return { visitor, id, outcome }
  }
  throw new Error('no battle of thirty was ready')
}

async function aVoteOf({ visitor, id, outcome }: Ready, then?: 'reveal') {
  expect((await visitor.post(`/b/${id}/vote`, { outcome })).status).toBe(200)
  if (then) expect((await visitor.post(`/b/${id}/${then}`)).status).toBe(200)
}

test('the log holds no key and no picture, and is where the services’ own words are', () => {
  const log = [...place.events.map((event: LogEvent) => JSON.stringify(event)), ...faults].join('\n')
  expect(log).not.toMatch(new RegExp(`${mark}\\d+key`))
  expect(log).not.toMatch(/[A-Za-z0-9+/]{160,}/)
  expect(log).not.toContain('data:image')
  expect(log).toMatch(new RegExp(`${mark}\\d+upstream`))
  expect(place.events.some(({ event }) => event === 'side_failed')).toBe(true)
})

/** Everything one browser gets of one battle, up to the open ballot; the id when there is one. */
async function aWatchedBattle(voter: Visitor, number: number, seen: Received[]): Promise<string | null> {
  const hear = recorder(number, seen)
  const asks = number % 2 === 0 ? html : { Accept: 'application/json' }
  await hear('composer', await voter.get('/', html))

  const fields = { image: await aPicture(), prompt: `What is this, number ${number}?` }
  let started = await hear('start', await voter.post('/battles', fields, asks))
  for (let tries = 0; started.status === 503 && tries < 20; tries++) {
    // Too many have failed too often and are resting: some hours later they are asked again.
    aside += 3 * 60 * 60 * 1000
    started = await hear('start again', await voter.post('/battles', { ...fields, image: await aPicture() }, asks))
  }
  const url = number % 2 === 0 ? started.headers.get('location') : (JSON.parse(started.text) as { url?: string }).url
  if (!url) throw new Error(`battle ${number}: ${started.status} ${started.text.slice(0, 300)}`)
  const id = url.slice('/b/'.length)

  const early = voter.get(`${url}/stream`).then((response) => hear('stream', response))
  await hear('page', await voter.get(url, html))
  await hear('fragment', await voter.get(url, fragment))
  await hear('twin', await voter.get(`${url}.json`))
  if (number % 10 === 3) await hear('stop', await voter.post(`${url}/stop`, {}, fragment))
  await early
  let twin = await look('over', voter, url, hear)
  await hear('image', await voter.get(twin.turns[0]!.images[0]!.url))
  await hear('early reveal of another', await voter.post(`/b/${'a'.repeat(26)}/reveal`, {}, fragment))
  if (twin.state === 'void' && number % 3 === 0) {
    await hear('retry', await voter.post(`${url}/retry`, {}, fragment))
    twin = await look('retried', voter, url, hear)
  }
  if (twin.state === 'void' && number % 3 === 1) {
    await hear('replace', await voter.post(`${url}/replace`, {}, fragment))
    twin = await look('replaced', voter, url, hear)
  }
  await hear('mine', await voter.get('/me', html))
  return twin.state === 'ready' ? id : null
}

async function aWatchedVote(voter: Visitor, id: string, number: number, seen: Received[]) {
  const hear = recorder(number, seen)
  const url = `/b/${id}`
  const vote = await hear('vote', await voter.post(`${url}/vote`, { outcome: 'a' }, fragment))
  // Both said the same words: only a tie is offered.
  if (vote.status === 409 || vote.status === 422)
    return void (await hear('tie', await voter.post(`${url}/vote`, { outcome: 'tie' }, fragment)))
  await hear('change', await voter.get(`${url}?change=1`, fragment))
  await hear('changed', await voter.post(`${url}/vote`, { outcome: 'b' }, { Accept: 'application/json' }))
  await hear(
    'reasons',
    await voter.post(`${url}/vote`, { outcome: 'b', reasons: 'b:more_accurate', note: 'well' }, fragment),
  )
  await hear('refused', await voter.post(`${url}/vote`, { outcome: 'left' }, html))
  const { state } = await look('voted', voter, url, hear)
  expect(state).toBe('voted')
  await hear('mine, voted', await voter.get('/me', html))
}

const html = { Accept: 'text/html' }
const fragment = { Accept: 'text/html', 'HX-Request': 'true' }
type Hear = ReturnType<typeof recorder>

/** Keeps all there is of an answer: status line, headers, cookies, bytes. */
function recorder(number: number, seen: Received[]) {
  return async (what: string, response: Response) => {
    const bytes = Buffer.from(await response.arrayBuffer()).toString('latin1')
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
    seen.push({ what: `${number} ${what}`, bytes: `${response.status} ${response.statusText}\n${headers}\n\n${bytes}` })
    return { status: response.status, headers: response.headers, text: bytes }
  }
}

async function look(when: string, voter: Visitor, url: string, hear: Hear) {
  await hear(`${when} stream`, await voter.get(`${url}/stream`))
  await hear(`${when} page`, await voter.get(url, html))
  await hear(`${when} fragment`, await voter.get(url, fragment))
  const { text } = await hear(`${when} twin`, await voter.get(`${url}.json`, { Accept: 'application/json' }))
  return JSON.parse(text) as BattleTwin
}

/** What anybody may look at, without what is new in every answer: the nonce, and how long ago the board was made. */
async function publicPages() {
  const paths = [
    '/leaderboard',
    '/leaderboard.json',
    '/leaderboard.csv',
    ...kinds.flatMap((_, n) => [`/models/${canary(n, 'id')}`, `/models/${canary(n, 'id')}.json`]),
    '/method',
    '/prompts',
    '/data',
    '/metrics',
    '/healthz',
  ]
  const pages: Record<string, string> = {}
  for (const path of paths) {
    const response = await place.visitor().get(path, path.includes('.') ? {} : { Accept: 'text/html' })
    const text = (await response.text()).replaceAll(/nonce="[^"]*"|>Updated [^<]*</g, '')
    pages[path] = `${response.status} ${text.replaceAll(/[A-Z2-9]{6}(?=<)/g, 'REF')}`
  }
  return pages
}

function difference(before: string, now: string) {
  let at = 0
  while (before[at] === now[at]) at++
  return `…${before.slice(Math.max(0, at - 60), at + 60)}… became …${now.slice(Math.max(0, at - 60), at + 60)}…`
}

/** The model and its real provider; each question meets the next scenario, half of them none. */
function aCanary(kind: (typeof kinds)[number], n: number): { model: Model; provider: Provider } {
  const entry = {
    id: canary(n, 'id'),
    kind,
    model: canary(n, 'model'),
    baseUrl: `${servers[n]!.url}/${canary(n, 'path')}${paths[kind] ?? '/v1'}`,
    secret: () => canary(n, 'key'),
    timeouts: { totalMs: 1_500, firstTokenMs: 500, idleMs: 400 },
    retries: 1,
  }
  const deps = testDeps({ onFault: (fault) => faults.push(JSON.stringify(fault)) })
  let asked = n * 5
  return {
    model: aModel(entry.id, {
      kind,
      name: canary(n, 'name'),
      model: entry.model,
      version: canary(n, 'version'),
      aliases: [canary(n, 'alias')],
      settings: { base: canary(n, 'setting') },
      concurrency: 4,
      card: {
        organization: canary(n, 'organization'),
        license: canary(n, 'license'),
        size: canary(n, 'size'),
        released: canary(n, 'released'),
        servedBy: canary(n, 'servedby'),
        url: `https://${canary(n, 'url')}.example`,
        openness: { weights: canary(n, 'weights'), data: canary(n, 'data') },
        price: { input: tokensOf(n), output: tokensOf(n), currency: canary(n, 'currency') },
        benchmarks: { [canary(n, 'benchmark')]: { value: 1, source: canary(n, 'source') } },
      },
    }),
    provider: {
      answer(request) {
        const scenario: Scenario = asked % 2 === 0 ? 'ok' : scenarios[((asked - 1) / 2) % scenarios.length]!
        asked++
        played.set(scenario, (played.get(scenario) ?? 0) + 1)
        const headers = { 'x-scenario': scenario, 'x-team': canary(n, 'header') }
        return providerFor({ ...entry, headers } as ModelEntry, deps).answer(request)
      },
    },
  }
}

function detector(words: string[]): (text: string) => string[] {
  const any = new RegExp(words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'gi')
  const known = new Map(words.map((word) => [word.toLowerCase(), word]))
  return (text) => [...new Set([...text.matchAll(any)].map(([found]) => known.get(found.toLowerCase()) ?? found))]
}
