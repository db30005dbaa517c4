import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { weighPairs } from '../../src/battles/pairing.ts'
import type { Provider } from '../../src/models/provider.ts'
import { fakeProvider } from '../../src/providers/fake.ts'
import { replayProvider } from '../../src/providers/replay.ts'
import { anArena, aPicture, type Contestants } from '../arena.ts'
import { aModel } from '../characters.ts'

const speaker = (id: string, more: Partial<ReturnType<typeof aModel>> = {}) => ({
  model: { ...aModel(id), ...more },
  provider: fakeProvider([`${id} speaks.`]),
})
const prompt = { text: 'What is this?', images: [], promptId: null }

describe('who is drawn', () => {
  test('once a board is rated, pairs are weighed by what a vote would teach, and the stored probability is the realised one', async () => {
    await using site = await anArena({ contestants: ['ant', 'bee', 'cow'].map((id) => speaker(id)) })
    const { arena } = site
    expect((await arena.pool(prompt)).gains).toBeUndefined()
    for (let i = 0; i < 4; i++) {
      const visitor = site.visitor()
      const { id } = await visitor.battle()
      await visitor.post(`/b/${id}/vote`, { outcome: 'a' })
      await visitor.post(`/b/${id}/reveal`)
    }
    await arena.boards.refresh()
    const { candidates, policy, gains } = await arena.pool(prompt)
    expect(gains?.('ant', 'bee')).toBeGreaterThan(0)
    const expected = weighPairs(candidates, policy, gains)
    const { id } = await site.visitor().battle()
    const { draw } = (await arena.battles.backstage(id))!
    const drawn = [draw.a.modelId, draw.b.modelId].sort()
    const pair = expected.find(({ a, b }) => [a.modelId, b.modelId].sort().join() === drawn.join())
    expect(draw.pairProbability).toBeCloseTo(pair!.probability, 12)
    expect(draw.policyHash).toBe(arena.policyHash)
    expect(draw.eligible.toSorted()).toEqual(['ant', 'bee', 'cow'])
  })

  test('after a restart pairing learns from the stored votes, through the worker, without a new vote', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sightline-gains-'))
    const database = join(folder, 'sightline.db')
    {
      await using site = await anArena({ database })
      const visitor = site.visitor()
      const { id } = await visitor.battle()
      await visitor.post(`/b/${id}/vote`, { outcome: 'a' })
      await visitor.post(`/b/${id}/reveal`)
      await site.arena.boards.refresh()
      expect(site.arena.boards.gains()?.models).toEqual(['ant', 'bee'])
    }
    await using site = await anArena({ database })
    expect(site.arena.boards.gains()).toBeNull()
    await site.arena.boards.refresh()
    expect(site.arena.boards.gains()?.models).toEqual(['ant', 'bee'])
    expect((await site.arena.pool(prompt)).gains?.('ant', 'bee')).toBeGreaterThan(0)
    await rm(folder, { recursive: true })
  })

  test('a model that takes fewer pictures than a battle may hold, one without weight and one that rests are not drawn', async () => {
    await using site = await anArena({
      contestants: [
        speaker('ant'),
        speaker('bee'),
        speaker('few', { imagesMax: 2 }),
        speaker('off', { weight: 0 }),
        speaker('ill'),
      ],
    })
    site.arena.health.failed('ill', { atOnce: true })
    for (let i = 0; i < 5; i++) {
      const { id } = await site.visitor().battle()
      const { draw } = (await site.arena.battles.backstage(id))!
      expect(draw.eligible.toSorted()).toEqual(['ant', 'bee'])
    }
  })

  test('stored answers take part only in questions they hold, found by the file that was uploaded or by the item of a set', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sightline-replay-'))
    const picture = await aPicture()
    const sha256 = createHash('sha256')
      .update(new Uint8Array(await picture.arrayBuffer()))
      .digest('hex')
    const file = join(folder, 'answers.jsonl')
    await writeFile(
      file,
      [
        { item: null, image_sha256: sha256, prompt: 'What is this?', answer: 'An answer made before.' },
        { item: 'item-7', image_sha256: null, prompt: '', answer: 'For the item.' },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    )
    const replay = {
      model: { ...aModel('old'), isReplay: true, kind: 'replay' as const },
      provider: replayProvider({ id: 'old', kind: 'replay', file, speed: 'instant' }, { now: () => new Date() }),
    }
    await using site = await anArena({ contestants: [speaker('ant'), replay] as Contestants })
    const visitor = site.visitor()
    const response = await visitor.post('/battles', { image: picture, prompt: ' What is this? ' })
    expect(response.status).toBe(201)
    const twin = await visitor.whenOver(((await response.json()) as { id: string }).id)
    expect([twin.turns[0]!.a.text, twin.turns[0]!.b.text].sort()).toEqual(['An answer made before.', 'ant speaks.'])
    expect((await site.visitor().post('/battles', { image: picture, prompt: 'Something else?' })).status).toBe(503)
    const held = await site.arena.pool({ text: 'x', images: [], promptId: 'item-7' })
    expect(held.candidates.map(({ modelId }) => modelId).sort()).toEqual(['ant', 'old'])
    await rm(folder, { recursive: true })
  })

  test('providers that hold something are closed with the arena', async () => {
    let closed = 0
    const holding: Provider & AsyncDisposable = {
      ...fakeProvider(['here']),
      async [Symbol.asyncDispose]() {
        closed++
      },
    }
    {
      await using site = await anArena({ contestants: [speaker('ant'), { model: aModel('bee'), provider: holding }] })
      await site.visitor().battle()
      expect(closed).toBe(0)
    }
    expect(closed).toBe(1)
  })
})

describe("the day's budget", () => {
  const priced = (id: string): Contestants[number] => ({
    model: { ...aModel(id), card: { price: { input: 10, output: 100, currency: 'USD' } } },
    provider: fakeProvider([id.repeat(1_000)]),
  })

  test('once it is spent no model is asked, in words; open battles are voted on, and the next day begins anew', async () => {
    let time = Date.parse('2026-03-01T20:00:00Z')
    await using site = await anArena({
      contestants: [priced('ant'), priced('bee')],
      flags: { 'limits.spend_per_day': '0.3' },
      now: () => new Date((time += 10)),
    })
    const visitor = site.visitor()
    const { id } = await visitor.battle()
    // Two answers, each about 1,500 tokens in and 1,000 out: 2 x (0.015 + 0.1).
    expect(site.arena.spending.today()).toBeCloseTo(0.23, 2)
    const second = await visitor.battle()
    expect(site.arena.spending.today()).toBeCloseTo(0.46, 2)
    const refused = await visitor.post('/battles', { image: await aPicture(), prompt: 'And this?' })
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3 * 3600)
    expect(((await refused.json()) as { error: { message: string } }).error.message).toMatch(/budget/)
    expect((await visitor.post(`/b/${id}/turns`, { prompt: 'More?' })).status).toBe(503)
    expect((await visitor.post(`/b/${second.id}/vote`, { outcome: 'a' })).status).toBe(200)
    const form = await visitor.post('/battles', { image: await aPicture(), prompt: 'And?' }, { Accept: 'text/html' })
    expect(await form.text()).toMatch(/the next can start in \d+:\d\d/)
    time += 5 * 60 * 60 * 1000
    expect((await visitor.post('/battles', { image: await aPicture(), prompt: 'And this?' })).status).toBe(201)
  })

  test('what was spent today is known after a restart', async () => {
    const { arena, ...site } = await anArena({
      contestants: [priced('ant'), priced('bee')],
      flags: { 'limits.spend_per_day': '5' },
    })
    await site.visitor().battle()
    const kept = await arena.battles.receiptsSince(new Date(Date.now() - 60_000))
    expect(kept.map(({ modelId, characters }) => [modelId, characters]).sort()).toEqual([
      ['ant', 3_000],
      ['bee', 3_000],
    ])
    await site[Symbol.asyncDispose]()
  })
})
