import { expect, test } from 'vitest'
import { anArena, aPicture, type BattleTwin, twoModels } from '../arena.ts'

test('picture, two answers, vote, change, names: a whole battle over plain HTTP', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const started = await voter.post('/battles', { image: await aPicture(), prompt: 'What is this?' })
  expect(started.status).toBe(201)
  const { id, url } = (await started.json()) as { id: string; url: string }
  expect(url).toBe(`/b/${id}`)

  const ready = await voter.whenOver(id)
  expect(ready).toMatchObject({ state: 'ready', mode: 'anonymous', vote: null, models: null, counts: null })
  expect([ready.turns[0]!.a.text, ready.turns[0]!.b.text].sort()).toEqual(['It is a cat.', 'Surely a dog.'])

  const voted = (await (await voter.post(`/b/${id}/vote`, { outcome: 'a' })).json()) as BattleTwin
  expect(voted).toMatchObject({ state: 'voted', vote: { outcome: 'a', revision: 1 }, models: null })
  const changed = (await (await voter.post(`/b/${id}/vote`, { outcome: 'b' })).json()) as BattleTwin
  expect(changed.vote).toMatchObject({ outcome: 'b', revision: 2 })

  const revealed = (await (await voter.post(`/b/${id}/reveal`)).json()) as BattleTwin
  expect(revealed.state).toBe('revealed')
  expect([revealed.models!.a.id, revealed.models!.b.id].sort()).toEqual(['ant', 'bee'])
  expect(revealed.counts).toEqual({ counted: true, reason: null })

  const flip = await voter.post(`/b/${id}/vote`, { outcome: 'a' })
  expect(flip.status).toBe(409)
  expect(await flip.json()).toMatchObject({ error: { code: 'conflict', outcome: 'b' } })
  expect((await voter.post(`/b/${id}/withdraw`)).status).toBe(200)
  expect((await voter.json<BattleTwin>(`/b/${id}.json`)).counts).toEqual({ counted: false, reason: 'withdrawn' })
})

test('the vote reaches the leaderboard by the job, and a withdrawn one leaves it', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const { id } = await voter.battle()
  await voter.post(`/b/${id}/vote`, { outcome: 'a' })
  await voter.post(`/b/${id}/reveal`)
  await place.arena.boards.refresh()
  const votes = async () => (await voter.json<{ votes: number }>('/leaderboard.json')).votes
  expect(await votes()).toBe(1)
  await voter.post(`/b/${id}/withdraw`)
  await place.arena.boards.refresh()
  expect(await votes()).toBe(0)
})

test('early, late and returning readers end with the same page, and each model is asked once', async () => {
  const contestants = twoModels()
  await using place = await anArena({ contestants, flags: { 'battles.pacing': 'paced' } })
  const voter = place.visitor()
  const { id } = (await (await voter.post('/battles', { image: await aPicture(), prompt: 'Hm?' })).json()) as {
    id: string
  }
  const streams = await Promise.all([1, 2].map(async () => (await voter.get(`/b/${id}/stream`)).text()))
  const late = await (await voter.get(`/b/${id}/stream`)).text()
  for (const stream of [...streams, late]) {
    expect(stream).toContain('event: done')
    expect(stream).toContain('It is a cat.')
    expect(stream).toContain('Surely a dog.')
  }
  const page = await (await voter.get(`/b/${id}`)).text()
  expect(page).toContain('It is a cat.')
  for (const { provider } of contestants) expect((provider as unknown as { asked: unknown[] }).asked).toHaveLength(1)
})

test('sending the form twice starts one battle', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  await voter.battle()
  const fields = { image: await aPicture(), prompt: 'Again?', form_key: 'same-form' }
  const ids = await Promise.all(
    [1, 2, 3].map(async () => ((await (await voter.post('/battles', fields)).json()) as { id: string }).id),
  )
  expect(new Set(ids).size).toBe(1)
  await voter.whenOver(ids[0]!)
})

test('a follow-up asks both, each with its own earlier answer, and the vote covers the newest turn', async () => {
  const contestants = twoModels()
  await using place = await anArena({ contestants })
  const voter = place.visitor()
  const { id } = await voter.battle('What is this?')
  expect((await voter.post(`/b/${id}/turns`, { prompt: 'Are you sure?' })).status).toBe(200)
  const twin = await voter.whenOver(id)
  expect(twin.turns).toHaveLength(2)
  for (const { provider } of contestants) {
    const { asked } = provider as unknown as {
      asked: { turns: { question: string; answer: string | null; images: unknown[] }[] }[]
    }
    expect(asked[1]!.turns.map(({ question }) => question)).toEqual(['What is this?', 'Are you sure?'])
    expect(asked[1]!.turns[0]!.answer).toMatch(/cat|dog/)
    expect(asked[1]!.turns[0]!.images).toHaveLength(1)
    expect(asked[1]!.turns[1]!.answer).toBeNull()
  }
  const voted = (await (await voter.post(`/b/${id}/vote`, { outcome: 'tie' })).json()) as BattleTwin
  expect(voted.vote).toMatchObject({ turn: 2 })
})

test('both models get the same bytes, and these are the bytes the page shows', async () => {
  const contestants = twoModels()
  await using place = await anArena({ contestants })
  const voter = place.visitor()
  const { turns } = await voter.battle()
  const shown = new Uint8Array(await (await voter.get(turns[0]!.images[0]!.url)).arrayBuffer())
  for (const { provider } of contestants) {
    const { asked } = provider as unknown as { asked: { turns: { images: { bytes: Uint8Array }[] }[] }[] }
    expect(Buffer.compare(asked[0]!.turns[0]!.images[0]!.bytes, shown)).toBe(0)
  }
})
