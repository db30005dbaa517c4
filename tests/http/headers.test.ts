import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeProvider } from '../../src/providers/fake.ts'
import { anArena, aPicture, type BattleTwin, type TestArena, type Visitor } from '../arena.ts'
import { aModel } from '../characters.ts'

let place: TestArena
let folder: string
let voter: Visitor
let ready: string
let revealed: string
let broken: string
let image: string
let shared: string

beforeAll(async () => {
  // A real file: the export's counts are made by a program of its own.
  folder = await mkdtemp(join(tmpdir(), 'sightline-headers-'))
  place = await anArena({
    database: join(folder, 'sightline.db'),
    contestants: [
      { model: aModel('ant'), provider: fakeProvider(['It is ', 'a cat.']) },
      { model: aModel('bee'), provider: fakeProvider(['Surely ', 'a dog.']) },
      { model: aModel('wasp', { weight: 1e-9 }), provider: fakeProvider(['Half'], { dies: 'broken' }) },
    ],
    flags: { data: folder, 'prompts.seed': 'true', 'limits.battles_per_hour': '1000' },
  })
  voter = place.visitor()
  revealed = (await voter.battle('A first question?')).id
  await voter.post(`/b/${revealed}/vote`, { outcome: 'a' })
  await voter.post(`/b/${revealed}/reveal`)
  await voter.post(`/b/${revealed}/share`)
  const mine = await voter.json<{ history: { share: { url: string } | null }[] }>('/me.json')
  shared = mine.history[0]!.share!.url
  const twin = await voter.battle('What is this?')
  ready = twin.id
  image = twin.turns[0]!.images[0]!.url
  broken = 'b'.repeat(26)
}, 60_000)
afterAll(async () => {
  await place?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const html = { Accept: 'text/html' }
const json = { Accept: 'application/json' }
const fragment = { Accept: 'text/html', 'HX-Request': 'true' }

type Case = { route: string; path: () => string; headers?: Record<string, string>; status?: number }
/** Every way in by GET, with what it answers to. */
const cases: Case[] = [
  { route: '/', path: () => '/', headers: html },
  { route: '/', path: () => '/?prompt=random', headers: html },
  { route: '/', path: () => '/', headers: json },
  { route: '/index.json', path: () => '/index.json' },
  { route: '/b/:id{[a-z0-9]+}', path: () => `/b/${ready}`, headers: html },
  { route: '/b/:id{[a-z0-9]+}', path: () => `/b/${ready}`, headers: fragment },
  { route: '/b/:id{[a-z0-9]+}', path: () => `/b/${ready}`, headers: json },
  { route: '/b/:id{[a-z0-9]+}', path: () => `/b/${revealed}`, headers: html },
  { route: '/b/:id{[a-z0-9]+}', path: () => `/b/${broken}`, headers: html, status: 404 },
  { route: '/b/:id{[a-z0-9]+}', path: () => `/b/${broken}`, headers: fragment, status: 404 },
  { route: '/b/:file{[a-z0-9]+\\.json}', path: () => `/b/${ready}.json` },
  { route: '/b/:file{[a-z0-9]+\\.json}', path: () => `/b/${broken}.json`, status: 404 },
  { route: '/b/:id{[a-z0-9]+}/stream', path: () => `/b/${ready}/stream` },
  { route: '/b/:id{[a-z0-9]+}/stream', path: () => `/b/${broken}/stream`, status: 404 },
  { route: '/images/:sha256', path: () => image },
  { route: '/images/:sha256', path: () => `/images/${'0'.repeat(64)}`, status: 404 },
  { route: '/leaderboard', path: () => '/leaderboard', headers: html },
  { route: '/leaderboard.json', path: () => '/leaderboard.json' },
  { route: '/leaderboard.csv', path: () => '/leaderboard.csv' },
  { route: '/models/:id', path: () => '/models/ant', headers: html },
  { route: '/models/:id', path: () => '/models/nobody', headers: html, status: 404 },
  { route: '/models/:id{.+\\.json}', path: () => '/models/ant.json' },
  { route: '/method', path: () => '/method', headers: html },
  { route: '/method.json', path: () => '/method.json' },
  { route: '/prompts', path: () => '/prompts', headers: html },
  { route: '/prompts.json', path: () => '/prompts.json' },
  { route: '/prompts.csv', path: () => '/prompts.csv' },
  { route: '/prompts/:set', path: () => '/prompts/seed', headers: html },
  { route: '/me', path: () => '/me', headers: html },
  { route: '/me.json', path: () => '/me.json' },
  { route: '/me.csv', path: () => '/me.csv' },
  { route: '/me/download', path: () => '/me/download' },
  { route: '/data', path: () => '/data', headers: html },
  { route: '/data.json', path: () => '/data.json' },
  { route: '/data/:archive{[0-9a-f]{16}\\.tar}', path: () => `/data/${'0'.repeat(16)}.tar`, status: 404 },
  { route: '/data/:id{[0-9a-f]{16}}/:path{.+}', path: () => `/data/${'0'.repeat(16)}/README.md`, status: 404 },
  { route: '/s/:slug{[a-z0-9]+}', path: () => '/s/nowhere', headers: html, status: 404 },
  { route: '/s/:slug{[a-z0-9]+}', path: () => shared, headers: html },
  { route: '/s/:file{[a-z0-9]+\\.json}', path: () => `${shared}.json` },
  { route: '/s/:file{[a-z0-9]+\\.png}', path: () => '/s/nowhere.png', status: 404 },
  { route: '/static/icons/favicon.svg', path: () => '/static/icons/favicon.svg', status: 302 },
  { route: '/compare', path: () => '/compare', headers: html },
  { route: '/compare.json', path: () => '/compare.json' },
  { route: '/healthz', path: () => '/healthz' },
  { route: '/readyz', path: () => '/readyz' },
  { route: '/favicon.ico', path: () => '/favicon.ico', status: 302 },
  { route: '/assets/:file', path: () => '/assets/nothing.js', status: 404 },
  { route: 'none', path: () => '/no/such/page', headers: html, status: 404 },
  { route: 'none', path: () => '/no/such/page', headers: json, status: 404 },
]

const patternsOf = (method: string) => [
  ...new Set(place.app.routes.filter((route) => route.method === method).map((route) => route.path)),
]

test('every GET route of the program is looked at here', () => {
  const known = new Set(cases.map(({ route }) => route))
  expect(patternsOf('GET').filter((path) => !known.has(path))).toEqual([])
})

describe('headers of every answer', () => {
  test.each(cases.map((one) => [one.route, JSON.stringify(one.headers ?? {}), one] as const))(
    '%s %s',
    async (_, __, one) => {
      const path = one.path()
      const response = await voter.get(path, one.headers)
      expect(response.status).toBe(one.status ?? 200)
      const body = await response.text()
      expect(safe(response)).toEqual([])
      const type = response.headers.get('content-type') ?? ''
      if (type.includes('text/html')) {
        const nonce = nonceOf(response)
        for (const [, used] of body.matchAll(/nonce="([^"]*)"/g)) expect(used).toBe(nonce)
        expect(body.includes('<script')).toBe(body.includes('<script src="/assets/'))
        expect(nonceOf(await voter.get(path, one.headers))).not.toBe(nonce)
        expect(formsWithoutToken(body)).toEqual([])
        expect(body).not.toMatch(/\son[a-z]+=|javascript:|\sstyle="|hx-on|js:/)
      }
      if (one.route !== '/images/:sha256' || one.status === 404)
        expect(response.headers.get('cache-control')).toMatch(/no-store/)
    },
  )

  test('assets and pictures are kept by browsers, and only they', async () => {
    const page = await (await voter.get('/', html)).text()
    for (const [, path] of page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      const asset = await voter.get(path!)
      expect(asset.status).toBe(200)
      expect(safe(asset)).toEqual([])
      expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    }
    const picture = await voter.get(image)
    expect(picture.headers.get('cache-control')).toMatch(/^private/)
    expect(picture.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    expect(picture.headers.get('content-type')).toMatch(/^image\/(jpeg|png)$/)
    // Somebody else gets the common 404, in the same words as for a picture that never was.
    const foreign = await place.visitor().get(image)
    const absent = await place.visitor().get(`/images/${'0'.repeat(64)}`)
    const told = async (response: Response) =>
      `${response.status} ${(await response.text()).replaceAll(/nonce="[^"]*"|[A-Z2-9]{6}|\/images\/[0-9a-f]+|value="[^"]*"/g, '')}`
    expect(await told(foreign)).toBe(await told(absent))
  })

  test('every file a page asks for is there', async () => {
    const paths = new Set<string>()
    for (const path of ['/', `/b/${ready}`, '/leaderboard', '/me', '/data', '/method', '/prompts'])
      for (const [, asked] of (await (await voter.get(path, html)).text()).matchAll(
        /<(?:link|script|img)[^>]*(?:src|href)="([^"]+)"/g,
      ))
        paths.add(asked!)
    expect(paths.size).toBeGreaterThan(3)
    for (const path of paths) {
      const first = await voter.get(path)
      const last = first.status === 302 ? await voter.get(first.headers.get('location')!) : first
      expect(`${path} ${last.status}`).toBe(`${path} 200`)
    }
  })

  test('answers to actions are as safe as pages', async () => {
    for (const headers of [html, fragment, json]) {
      for (const action of ['vote', 'retry', 'nothing']) {
        const response = await voter.post(`/b/${ready}/${action}`, { outcome: 'sideways' }, headers)
        expect(response.status).toBeGreaterThanOrEqual(400)
        expect(safe(response)).toEqual([])
        expect(response.headers.get('cache-control')).toMatch(/no-store/)
        expect(formsWithoutToken(await response.text())).toEqual([])
      }
    }
  })

  test('forms inside the event stream carry the token too', async () => {
    const stream = await (await voter.get(`/b/${ready}/stream`)).text()
    const message = stream.replaceAll(/^data: ?/gm, '')
    expect(message).toContain('name="outcome"')
    expect(formsWithoutToken(message)).toEqual([])
    // What is streamed gets no nonce, so nothing in it may need one.
    expect(message).not.toMatch(/nonce|hx-(get|post|put|delete|patch|on)\b|<script/)
  })
})

describe('cookies', () => {
  test('a look sets none; the first upload sets one that scripts and other sites cannot use', async () => {
    const visitor = place.visitor()
    for (const path of ['/', '/leaderboard', '/me', '/method'])
      expect((await visitor.get(path, html)).headers.getSetCookie()).toEqual([])
    const upload = await visitor.post('/images', { image: await aPicture() })
    const [cookie, ...more] = upload.headers.getSetCookie()
    expect(more).toEqual([])
    expect(cookie).toMatch(/^sid=/)
    expect(cookie).toMatch(/; HttpOnly/)
    expect(cookie).toMatch(/; SameSite=Lax/)
    expect(cookie).toMatch(/; Path=\//)
    expect(cookie).toMatch(/; Max-Age=15552000/)
    expect(cookie).not.toMatch(/Domain/i)
  })

  test('on https it is a __Host- cookie, and browsers are told to stay there', async () => {
    await using secure = await anArena({ flags: { 'site.url': 'https://arena.example' } })
    const upload = await secure.visitor().post('/images', { image: await aPicture() })
    expect(upload.headers.getSetCookie()[0]).toMatch(/^__Host-sid=.*; Secure/)
    expect(upload.headers.getSetCookie()[0]).toMatch(/; Path=\//)
    expect(upload.headers.get('strict-transport-security')).toMatch(/max-age=\d{7,}/)
    const theme = await secure.visitor().post('/preferences', { theme: 'dark' })
    expect(theme.headers.getSetCookie()[0]).toMatch(/Secure/)
  })

  test('a cookie somebody wrote themselves is nobody', async () => {
    const [key, id, signature] = voter.cookie.replace('sid=', '').split('.')
    for (const forged of [
      `${key}.${id}.${signature!.slice(0, -2)}AA`,
      `${key}.${'a'.repeat(26)}.${signature}`,
      `${id}`,
      `2.${id}.${signature}`,
    ]) {
      const stranger = place.visitor()
      stranger.cookie = `sid=${forged}`
      expect((await stranger.get(`/b/${ready}.json`)).status).toBe(404)
    }
  })
})

describe('nobody else can act for a voter', () => {
  const own = 'http://localhost'
  const asked = (pattern: string) => pattern.replace(/:id(\{[^}]*\})?/, ready).replace(/:[a-z]+(\{[^}]*\})?/g, 'x')

  const token = async () => /name="csrf" value="([^"]+)"/.exec(await (await voter.get('/', html)).text())![1]!

  /** As the browser sends a plain form. */
  const form = (path: string, fields: Record<string, string>, headers: Record<string, string>) =>
    voter.request(path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { ...html, ...headers },
    })

  const everyPost = () => patternsOf('POST').map(asked)
  const facts = async () =>
    JSON.stringify([
      place.arena.runner.running(),
      await voter.json(`/b/${ready}.json`),
      await voter.json(`/b/${revealed}.json`),
      await voter.json('/me.json'),
      await voter.json('/leaderboard.json'),
    ]).replaceAll(/"(ref|updated_at)":"[^"]*"/g, '')

  test('a form on another site is refused at every route that changes something, even with the right token', async () => {
    const csrf = await token()
    const before = await facts()
    const fields = { csrf, outcome: 'a', confirm: '1', prompt: 'x', theme: 'dark', reason: 'other' }
    expect(everyPost().length).toBeGreaterThan(12)
    for (const path of everyPost())
      for (const headers of [
        { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
        { Origin: 'https://evil.example' },
        { 'Sec-Fetch-Site': 'cross-site' },
        { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' },
        { Origin: 'http://localhost.evil.example', 'Sec-Fetch-Site': 'cross-site' },
        { Origin: 'http://localhost:8081', 'Sec-Fetch-Site': 'same-site' },
      ] as Record<string, string>[]) {
        const response = await form(path, fields, headers)
        expect(`${path} ${JSON.stringify(headers)} ${response.status}`).toBe(`${path} ${JSON.stringify(headers)} 403`)
        expect(response.headers.getSetCookie()).toEqual([])
      }
    expect(await facts()).toBe(before)
  })

  test.each(['application/json', 'text/plain', '', 'multipart/form-data; boundary=x'])(
    'nor as %j from another site',
    async (type) => {
      const before = await facts()
      for (const path of everyPost()) {
        const response = await voter.request(path, {
          method: 'POST',
          body: new TextEncoder().encode('{"outcome":"a","confirm":"1","theme":"dark"}'),
          headers: {
            ...json,
            Origin: 'https://evil.example',
            'Sec-Fetch-Site': 'cross-site',
            ...(type ? { 'Content-Type': type } : {}),
          },
        })
        expect(`${path} ${response.status}`).toBe(`${path} 403`)
      }
      expect(await facts()).toBe(before)
    },
  )

  test('a browser without the token of this voter is refused everywhere', async () => {
    const before = await facts()
    const stranger = place.visitor()
    await stranger.post('/images', { image: await aPicture() })
    const foreign = /name="csrf" value="([^"]+)"/.exec(await (await stranger.get('/', html)).text())![1]!
    for (const path of everyPost())
      for (const csrf of [undefined, '', 'guess', foreign]) {
        const fields = { outcome: 'a', confirm: '1', theme: 'dark', ...(csrf === undefined ? {} : { csrf }) }
        const response = await form(path, fields, { Origin: own, 'Sec-Fetch-Site': 'same-origin' })
        expect(`${path} ${csrf} ${response.status}`).toBe(`${path} ${csrf} 403`)
      }
    expect(await facts()).toBe(before)
  })

  test('with it the same form is taken', async () => {
    const csrf = await token()
    const { cookie } = voter
    const taken = await form('/preferences', { csrf, theme: 'dark' }, { Origin: own, 'Sec-Fetch-Site': 'same-origin' })
    expect(taken.status).toBe(303)
    voter.cookie = cookie
  })

  test('GET and HEAD change nothing, wherever they are sent', async () => {
    const before = await facts()
    for (const path of everyPost()) {
      for (const query of ['', '?outcome=a&confirm=1&theme=dark&reason=other'])
        for (const method of ['GET', 'HEAD']) {
          const response = await voter.request(path + query, { method })
          await response.arrayBuffer()
          expect(response.headers.getSetCookie()).toEqual([])
        }
    }
    for (const { path, headers } of cases) await (await voter.get(path(), headers)).arrayBuffer()
    expect(await facts()).toBe(before)
    expect((await voter.json<BattleTwin>(`/b/${ready}.json`)).state).toBe('ready')
  })
})

/** What is missing of the headers that every answer has. */
function safe({ headers }: Response): string[] {
  const wrong: string[] = []
  const is = (name: string, value: string | RegExp) => {
    const got = headers.get(name) ?? '(none)'
    if (typeof value === 'string' ? got !== value : !value.test(got)) wrong.push(`${name}: ${got}`)
  }
  is('x-content-type-options', 'nosniff')
  is('referrer-policy', /^(no-referrer|same-origin)$/)
  is('cross-origin-opener-policy', 'same-origin')
  is('cross-origin-resource-policy', 'same-origin')
  is('permissions-policy', /geolocation=\(\)/)
  is('content-security-policy', /^default-src 'none'; (sandbox$|script-src 'nonce-[\w-]{20,}'; )/)
  for (const name of ['etag', 'last-modified', 'server', 'x-powered-by', 'access-control-allow-origin'])
    if (headers.has(name)) wrong.push(`${name}: ${headers.get(name)}`)
  const policy = headers.get('content-security-policy') ?? ''
  if (/unsafe|strict-dynamic|\*|https?:/.test(policy)) wrong.push(`policy too wide: ${policy}`)
  if (!policy.includes('sandbox'))
    for (const part of [
      "style-src 'self'",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      'trusted-types htmx',
    ])
      if (!policy.includes(part)) wrong.push(`policy lacks ${part}`)
  return wrong
}

const nonceOf = ({ headers }: Response) => /'nonce-([\w-]+)'/.exec(headers.get('content-security-policy') ?? '')?.[1]

/** Every form that is posted, without the hidden field of this voter. */
function formsWithoutToken(page: string): string[] {
  return [...page.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)]
    .filter(([, attributes = '']) => /method="post"|hx-post=/.test(attributes))
    .filter(([, , content = '']) => !/<input type="hidden" name="csrf" value="[\w-]{40,}"/.test(content))
    .map(([form]) => form.slice(0, 200))
}
