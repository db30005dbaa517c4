import { describe, expect, test } from 'vitest'
import type { AnswerEvent, Provider } from '../../src/models/provider.ts'
import { fakeProvider } from '../../src/providers/fake.ts'
import { anArena, aPicture } from '../arena.ts'
import { aModel } from '../characters.ts'

const started = async (place: Awaited<ReturnType<typeof anArena>>) => {
  const voter = place.visitor()
  const response = await voter.post('/battles', { image: await aPicture(), prompt: 'What?' })
  return { voter, id: ((await response.json()) as { id: string }).id }
}

/** Speaks when told to. */
function puppet() {
  const lines: AnswerEvent[] = []
  let wake = () => {}
  const provider: Provider = {
    async *answer({ signal }) {
      signal.addEventListener('abort', () => wake())
      for (;;) {
        const line = lines.shift()
        if (line) {
          yield line
          if (line.type === 'finished' || line.type === 'failed') return
        } else if (signal.aborted) {
          return yield { type: 'failed', reason: 'interrupted', detail: 'aborted', receipt }
        } else await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  }
  const say = (line: AnswerEvent) => {
    lines.push(line)
    wake()
  }
  return {
    provider,
    text: (text: string) => say({ type: 'text', text }),
    finish: () => say({ type: 'finished', finish: 'complete', receipt }),
  }
}
const receipt = {
  effective: {},
  warnings: [],
  rawFinish: 'stop',
  servedModel: null,
  usage: {},
  attempts: 1,
  firstTextMs: 1,
  totalMs: 2,
  requestId: null,
}

describe('readers follow state', () => {
  test('a reader who leaves does not stop the battle', async () => {
    const [ant, bee] = [puppet(), puppet()]
    await using place = await anArena({
      contestants: [
        { model: aModel('ant'), provider: ant.provider },
        { model: aModel('bee'), provider: bee.provider },
      ],
      flags: { 'battles.pacing': 'live' },
    })
    const { voter, id } = await started(place)
    const stream = await voter.get(`/b/${id}/stream`)
    const reader = stream.body!.getReader()
    await reader.read()
    await reader.cancel()
    for (const one of [ant, bee]) {
      one.text('Something to say.')
      one.finish()
    }
    const twin = await voter.whenOver(id)
    expect(twin.state).toBe('ready')
    expect(twin.turns[0]!.a.text).toBe('Something to say.')
  })

  test('while a fast side runs ahead, nobody sees more of it than of the slow one', async () => {
    const [ant, bee] = [puppet(), puppet()]
    await using place = await anArena({
      contestants: [
        { model: aModel('ant'), provider: ant.provider },
        { model: aModel('bee'), provider: bee.provider },
      ],
      flags: { 'battles.pacing': 'paced', 'battles.start_wait_s': '120' },
    })
    const { voter, id } = await started(place)
    ant.text('x'.repeat(2000))
    bee.text('y'.repeat(100))
    for await (const shown of place.arena.feed.follow(id, AbortSignal.timeout(10_000))) {
      expect(shown.a.text.length).toBe(shown.b.text.length)
      if (shown.a.text.length >= 100) break
    }
    ant.finish()
    bee.text('y'.repeat(50))
    bee.finish()
    const twin = await voter.whenOver(id)
    expect([twin.turns[0]!.a.text.length, twin.turns[0]!.b.text.length].sort((a, b) => a - b)).toEqual([150, 2000])
  })
})

test('Stop both keeps what was said, opens the vote, and such a vote does not count', async () => {
  const [ant, bee] = [puppet(), puppet()]
  await using place = await anArena({
    contestants: [
      { model: aModel('ant'), provider: ant.provider },
      { model: aModel('bee'), provider: bee.provider },
    ],
    flags: { 'battles.pacing': 'live' },
  })
  const { voter, id } = await started(place)
  ant.text('So far')
  bee.text('I think')
  for await (const shown of place.arena.feed.follow(id, AbortSignal.timeout(10_000)))
    if (shown.a.text && shown.b.text) break
  const twin = (await (await voter.post(`/b/${id}/stop`)).json()) as Awaited<ReturnType<typeof voter.whenOver>>
  expect(twin.state).toBe('ready')
  expect([twin.turns[0]!.a.state, twin.turns[0]!.b.state]).toEqual(['stopped', 'stopped'])
  await voter.post(`/b/${id}/vote`, { outcome: 'tie' })
  const revealed = (await (await voter.post(`/b/${id}/reveal`)).json()) as typeof twin
  expect(revealed.counts).toEqual({ counted: false, reason: 'stopped_by_voter' })
})

test('an answer without end is cut at the limit, equally for all, and the model is told to stop', async () => {
  let wasStopped = false
  const endless: Provider = {
    async *answer({ signal }) {
      try {
        for (let i = 0; !signal.aborted && i < 100_000; i++) yield { type: 'text', text: 'and on '.repeat(100) }
      } finally {
        wasStopped = true
      }
      yield { type: 'finished', finish: 'complete', receipt }
    },
  }
  await using place = await anArena({
    contestants: [
      { model: aModel('ant'), provider: endless },
      { model: aModel('bee'), provider: fakeProvider(['Short.']) },
    ],
  })
  const voter = place.visitor()
  const twin = await voter.battle()
  const long = [twin.turns[0]!.a, twin.turns[0]!.b].find(({ text }) => text.length > 100)!
  expect(long.text.length).toBeLessThanOrEqual(16_384)
  expect(wasStopped).toBe(true)
  await voter.post(`/b/${twin.id}/vote`, { outcome: 'a' })
  const revealed = (await (await voter.post(`/b/${twin.id}/reveal`)).json()) as typeof twin
  expect(revealed.counts).toEqual({ counted: false, reason: 'truncated' })
})

test('an answer that names its maker: voted on as usual, told after the reveal that it does not count', async () => {
  await using place = await anArena({
    contestants: [
      { model: aModel('ant'), provider: fakeProvider(['I am GPT-4o, and this is a cat.']) },
      { model: aModel('bee'), provider: fakeProvider(['A cat.']) },
    ],
  })
  const voter = place.visitor()
  const { id } = await voter.battle()
  const voted = await voter.post(`/b/${id}/vote`, { outcome: 'b' })
  expect(JSON.stringify(await voted.json())).not.toContain('leaked')
  const revealed = (await (await voter.post(`/b/${id}/reveal`)).json()) as { counts: unknown }
  expect(revealed.counts).toEqual({ counted: false, reason: 'leaked_identity' })
})

test('the same answer twice: only a tie can be voted', async () => {
  await using place = await anArena({
    contestants: ['ant', 'bee'].map((id) => ({ model: aModel(id), provider: fakeProvider(['A cat.']) })),
  })
  const voter = place.visitor()
  const { id } = await voter.battle()
  expect((await voter.post(`/b/${id}/vote`, { outcome: 'a' })).status).toBe(422)
  expect((await voter.post(`/b/${id}/vote`, { outcome: 'tie' })).status).toBe(200)
})

test('at most as many answers at once as a model allows; the others wait their turn and none is lost', async () => {
  let running = 0
  let most = 0
  const counting: Provider = {
    async *answer() {
      running++
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 20))
      yield { type: 'text', text: `answer ${running} ${Math.floor(most)}` }
      running--
      yield { type: 'finished', finish: 'complete', receipt }
    },
  }
  await using place = await anArena({
    contestants: [
      { model: aModel('ant', { concurrency: 2 }), provider: counting },
      { model: aModel('bee', { concurrency: 50 }), provider: fakeProvider(['A cat.']) },
    ],
  })
  const twins = await Promise.all(Array.from({ length: 8 }, () => place.visitor().battle()))
  expect(twins.every(({ state }) => state === 'ready')).toBe(true)
  expect(most).toBe(2)
})

test('a stop of the arena interrupts what is written; after a restart it can be asked again', async () => {
  const [ant, bee] = [puppet(), puppet()]
  await using place = await anArena({
    contestants: [
      { model: aModel('ant'), provider: ant.provider },
      { model: aModel('bee'), provider: bee.provider },
    ],
    flags: { 'battles.pacing': 'live' },
  })
  const { voter, id } = await started(place)
  ant.text('So far')
  await place.arena.stop(0)
  expect((await voter.json<{ state: string }>(`/b/${id}.json`)).state).toBe('void')
  const refused = await voter.post('/battles', { image: await aPicture(), prompt: 'What?' })
  expect(refused.status).toBe(503)
})
