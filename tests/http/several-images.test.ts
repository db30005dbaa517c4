import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { imageKey } from '../../src/images/image.ts'
import { anArena, aPicture, type TestArena } from '../arena.ts'
import { startWireServer, type WireRequest, type WireServer } from '../providers/wire-server.ts'

const paths: Record<string, string> = { google: '/v1beta', mistral: '/mistral/v1', ollama: '' }
let server: WireServer
let folder: string
beforeAll(async () => {
  server = await startWireServer({ answers: { '*': { words: ['An', ' answer.'] } } })
  folder = await mkdtemp(join(tmpdir(), 'sightline-several-'))
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  server.requests.length = 0
})

async function siteOf(entries: { id: string; kind: string; more?: string }[]): Promise<TestArena> {
  const file = join(folder, `${entries.map(({ id }) => id).join('-')}.yaml`)
  const lines = entries.map(
    ({ id, kind, more = '' }) =>
      `  - { id: ${id}, kind: ${kind}, model: ${id}, base_url: '${server.url}${paths[kind] ?? '/v1'}'${more} }`,
  )
  await writeFile(file, `models:\n${lines.join('\n')}\n`)
  return anArena({ contestants: null, flags: { config: file } })
}

type Post = { prompt: string; images: File[] }
async function send(visitor: ReturnType<TestArena['visitor']>, path: string, { prompt, images }: Post) {
  const body = new FormData()
  body.set('prompt', prompt)
  for (const image of images) body.append('image', image)
  return visitor.request(path, { method: 'POST', body, headers: { Accept: 'application/json' } })
}

/** Three questions: two pictures, then one more, then none. */
async function threeTurns(site: TestArena) {
  const visitor = site.visitor()
  const [red, green, blue] = [
    await aPicture({ colour: 'red', width: 300, height: 200 }),
    await aPicture({ colour: 'green', width: 200, height: 300 }),
    await aPicture({ colour: 'blue', width: 240, height: 240 }),
  ]
  const started = await send(visitor, '/battles', { prompt: 'First?', images: [red, green] })
  expect(started.status).toBe(201)
  const { id } = (await started.json()) as { id: string }
  await visitor.whenOver(id)
  expect((await send(visitor, `/b/${id}/turns`, { prompt: 'Second?', images: [blue] })).status).toBe(200)
  await visitor.whenOver(id)
  expect((await send(visitor, `/b/${id}/turns`, { prompt: 'Third?', images: [] })).status).toBe(200)
  return { visitor, id, twin: await visitor.whenOver(id) }
}

/** Every picture in a request, in the order of the text, as base64. */
const picturesIn = ({ body }: WireRequest): string[] =>
  [
    ...JSON.stringify(body).matchAll(
      /(?:base64,|"data":"|"images":\[")([A-Za-z0-9+/=]{200,})((?:","[A-Za-z0-9+/=]{200,})*)/g,
    ),
  ].flatMap(([, first, others]) => [first!, ...others!.split('","').filter((one) => one !== '')])

describe('several pictures and several questions', () => {
  test.each([
    ['openai-compatible', 'anthropic'],
    ['google', 'ollama'],
    ['mistral', 'openai-responses'],
    ['openai', 'anthropic'],
  ])('%s and %s receive the stored pictures, byte for byte and in order, over three turns', async (one, other) => {
    await using site = await siteOf([
      { id: 'crow', kind: one },
      { id: 'wren', kind: other },
    ])
    const { twin } = await threeTurns(site)
    const stored = await Promise.all(
      twin.turns
        .flatMap(({ images }) => images.map(({ url }) => url.split('/').at(-1)!))
        .map(async (sha256) => {
          const image = (await site.arena.images.find(sha256))!
          return Buffer.from((await site.arena.blobs.get(imageKey(image)))!).toString('base64')
        }),
    )
    expect(stored).toHaveLength(3)
    const byModel = Map.groupBy(server.requests, ({ body, path }) =>
      (JSON.stringify(body) + path).includes('crow') ? 'crow' : 'wren',
    )
    for (const model of ['crow', 'wren'] as const) {
      const asked = byModel.get(model)!
      expect(asked).toHaveLength(3)
      expect(asked.map(picturesIn)).toEqual([stored.slice(0, 2), stored, stored])
      // Each hears all questions so far and its own answers.
      const last = JSON.stringify(asked[2]!.body)
      for (const text of ['First?', 'Second?', 'Third?']) expect(last.split(text)).toHaveLength(2)
      expect(last.split('An answer.')).toHaveLength(3)
      expect(last.indexOf('First?')).toBeLessThan(last.indexOf('Second?'))
    }
  })

  test('a mark that names a picture is drawn on it; one that names none, on the newest of its question', async () => {
    server.answers['crow'] = { words: ['<points coords="1 1 250 250 ', '2 750 250;2 1 500 ', '900">dots</points>'] }
    server.answers['wren'] = { words: ['[{"bbox_2d": [0, 0, ', '100, 100], "label": "corner"}]'] }
    await using site = await siteOf([
      { id: 'crow', kind: 'openai-compatible', more: ', grounding: molmo2' },
      { id: 'wren', kind: 'anthropic', more: ', grounding: pixels' },
    ])
    const { visitor, id, twin } = await threeTurns(site)
    const page = await (await visitor.get(`/b/${id}`, { Accept: 'text/html' })).text()
    const on = (picture: number) => {
      const part = page.split(`data-image="${picture}"`)[1]!.split('</svg>')[0]!
      return [...part.matchAll(/data-side="(\w)" data-turn="(\d)" data-mark="(\d)"/g)].map(
        ([, side, turn, mark]) => `${side}${turn}.${mark}`,
      )
    }
    const ant = twin.turns[0]!.a.text.includes('dots') || twin.turns[0]!.a.marks.length === 3 ? 'a' : 'b'
    const bee = ant === 'a' ? 'b' : 'a'
    const turns = [1, 2, 3]
    expect(on(1).sort()).toEqual(turns.flatMap((turn) => [`${ant}${turn}.1`, `${ant}${turn}.2`]).sort())
    // The first question's newest picture is the second; later ones are about the third.
    expect(on(2).sort()).toEqual([`${bee}1.1`, ...turns.map((turn) => `${ant}${turn}.3`)].sort())
    expect(on(3).sort()).toEqual([`${bee}2.1`, `${bee}3.1`])
    const box = (turn: number) => (twin.turns[turn]![bee].marks as { x2: number; y2: number }[])[0]!
    // Pixels of the newest picture as sent: 200 x 300, then 240 x 240.
    expect(box(0).x2).toBeCloseTo(100 / 200, 6)
    expect(box(0).y2).toBeCloseTo(100 / 300, 6)
    expect(box(2).x2).toBeCloseTo(100 / 240, 6)
    server.answers['crow'] = server.answers['wren'] = { words: ['An', ' answer.'] }
  })
})
