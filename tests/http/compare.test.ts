import { expect, test } from 'vitest'
import { fakeProvider } from '../../src/providers/fake.ts'
import { anArena, aPicture, type BattleTwin, twoModels, type Visitor } from '../arena.ts'
import { aModel } from '../characters.ts'

const three = () => twoModels({ ant: ['It is a cat.'], bee: ['Surely a dog.'], cow: ['Grass.'] })

async function compared(voter: Visitor, a: string, b: string) {
  const response = await voter.post('/compare', { image: await aPicture(), prompt: 'What is this?', a, b })
  expect(response.status).toBe(201)
  const { id } = (await response.json()) as { id: string }
  return voter.whenOver(id)
}

test('the two that were chosen answer on the sides they were chosen for, with their names shown from the first moment', async () => {
  await using place = await anArena({ contestants: three() })
  const voter = place.visitor()
  const started = await voter.post('/compare', { image: await aPicture(), prompt: 'What is this?', a: 'cow', b: 'ant' })
  const { id } = (await started.json()) as { id: string }
  expect((await voter.json<BattleTwin>(`/b/${id}.json`)).models).toMatchObject({ a: { id: 'cow' }, b: { id: 'ant' } })
  const battle = await voter.whenOver(id)
  expect(battle).toMatchObject({
    mode: 'named',
    state: 'revealed',
    turns: [{ a: { text: 'Grass.' }, b: { text: 'It is a cat.' } }],
  })
  const page = await (await voter.get(`/b/${id}`)).text()
  expect(page).toContain('Names are visible, so votes here never count.')
  expect(page).toContain('Model cow')
  expect(page).not.toContain('You did not vote.')
  expect(page).toContain('href="/compare?a=cow&amp;b=ant"')
})

test('a named battle takes no vote, enters no board, and does not count as having met', async () => {
  await using place = await anArena({ contestants: three() })
  const voter = place.visitor()
  const { id } = await compared(voter, 'ant', 'bee')
  expect((await voter.post(`/b/${id}/vote`, { outcome: 'a' })).status).toBe(409)
  expect(await place.arena.votes.ofBattle(id)).toEqual([])
  await place.arena.boards.refresh()
  expect((await voter.json<{ votes: number }>('/leaderboard.json')).votes).toBe(0)
  expect((await place.arena.battles.exposure()).pairs).toEqual([])
  // A follow-up does not turn it into something else.
  expect((await voter.post(`/b/${id}/turns`, { prompt: 'Sure?' })).status).toBe(200)
  expect(await voter.whenOver(id)).toMatchObject({ mode: 'named', state: 'revealed' })
})

test('the page offers every model, remembers pairs, and keeps what was typed when something is refused', async () => {
  await using place = await anArena({ contestants: three() })
  const voter = place.visitor()
  await compared(voter, 'ant', 'bee')
  await compared(voter, 'cow', 'bee')
  await compared(voter, 'ant', 'bee')
  const choice = await voter.json<{ models: { id: string }[]; recent: unknown[] }>('/compare.json?a=cow')
  expect(choice).toMatchObject({
    a: 'cow',
    b: null,
    recent: [
      { a: 'ant', b: 'bee' },
      { a: 'cow', b: 'bee' },
    ],
  })
  expect(choice.models.map(({ id }) => id)).toEqual(['ant', 'bee', 'cow'])
  const page = await (await voter.get('/compare?a=bee&b=ant')).text()
  expect(page).toMatch(/<select name="a"[^>]*>.*?<option value="bee" selected/s)
  expect(page).toMatch(/<select name="b"[^>]*>.*?<option value="ant" selected/s)

  const refused = await voter.post(
    '/compare',
    { image: await aPicture(), prompt: 'Keep me', a: 'ant', b: 'ant' },
    { Accept: 'text/html' },
  )
  expect(refused.status).toBe(422)
  const again = await refused.text()
  for (const words of ['Choose two different models.', 'Keep me', 'action="/compare"', 'name="image_id"'])
    expect(again).toContain(words)
  expect(
    (await voter.post('/compare', { image: await aPicture(), prompt: 'Who?', a: 'ant', b: 'nobody' })).status,
  ).toBe(422)
})

test('what a battle asked can be asked again', async () => {
  await using place = await anArena({ contestants: three() })
  const voter = place.visitor()
  const battle = await compared(voter, 'ant', 'bee')
  const page = await (await voter.get(`/compare?a=bee&b=ant&from=${battle.id}`)).text()
  expect(page).toContain('What is this?')
  expect(page).toContain(`value="${battle.turns[0]!.images[0]!.url.slice('/images/'.length)}"`)
  expect(await (await place.visitor().get(`/?from=${battle.id}`)).text()).not.toContain('What is this?')
})

test('a model that fails is shown as failed, by name, and nothing waits', async () => {
  const failing = { model: aModel('cow'), provider: fakeProvider(['Moo'], { dies: 'broken' }) }
  await using place = await anArena({ contestants: [...twoModels(), failing] })
  const voter = place.visitor()
  const battle = await compared(voter, 'ant', 'cow')
  expect(battle.turns[0]!.b.state).toBe('failed')
  const page = await (await voter.get(`/b/${battle.id}`)).text()
  expect(page).toContain('Model cow')
  expect(page).toContain('Compare again')
})

test('where anyone may vote there is no such page, and no link to it', async () => {
  await using place = await anArena()
  expect(await (await place.visitor().get('/')).text()).toContain('href="/compare"')
  place.arena.config.access.vote = 'anyone'
  for (const path of ['/compare', '/compare.json']) expect((await place.visitor().get(path)).status, path).toBe(404)
  expect((await place.visitor().post('/compare', { a: 'ant', b: 'bee', prompt: 'x' })).status).toBe(404)
  expect(await (await place.visitor().get('/')).text()).not.toContain('href="/compare"')
})
