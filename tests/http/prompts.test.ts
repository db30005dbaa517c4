import { expect, test } from 'vitest'
import { acceptImage } from '../../src/images/accept-image.ts'
import { anArena, aPicture, type BattleTwin, type TestArena } from '../arena.ts'
import { aSetPrompt } from '../characters.ts'

/** A set with two pictures and three questions. */
async function withStreets(place: TestArena) {
  const pictures = await Promise.all(
    [1, 2].map(async () =>
      acceptImage(
        { bytes: new Uint8Array(await (await aPicture()).arrayBuffer()), uploadedBy: null, isPublic: true },
        place.arena,
      ),
    ),
  )
  const prompts = [
    { id: 'sign', text: { en: 'What does the sign say?', zh: '路牌上写着什么？' }, image: pictures[0]! },
    { id: 'cars', text: { en: 'How many cars, <b>exactly</b>?' }, image: pictures[0]! },
    { id: 'sky', text: { en: '=SUM(1)' }, image: pictures[1]! },
  ].map(({ image, ...some }) => aSetPrompt({ ...some, image: image.sha256, width: image.width, height: image.height }))
  await place.arena.prompts.keepSet({ id: 'street', title: { en: 'Streets', zh: '街道' }, license: 'CC0-1.0', prompts })
  return prompts
}

test('the library names its sets with pictures, size and licence, to a visitor without a cookie', async () => {
  await using place = await anArena()
  const visitor = place.visitor()
  expect(await (await visitor.get('/prompts')).text()).toContain('There are no prompt sets here.')
  const prompts = await withStreets(place)
  const page = await (await visitor.get('/prompts')).text()
  for (const words of [
    'Streets',
    '3 questions',
    'CC0-1.0',
    '/prompts/street',
    `/images/${prompts[0]!.image}`,
    `/images/${prompts[2]!.image}`,
  ])
    expect(page).toContain(words)
  expect(page).not.toContain('done by you')
  expect(await visitor.json('/prompts.json')).toEqual({
    sets: [{ id: 'street', url: '/prompts/street', title: 'Streets', license: 'CC0-1.0', size: 3, done: null }],
  })
  expect(await (await visitor.get('/prompts.csv')).text()).toBe(
    'set,title,license,size,done\nstreet,Streets,CC0-1.0,3,\n',
  )
  expect(visitor.cookie).toBe('')
  const chinese = await visitor.get('/prompts/street', { 'Accept-Language': 'zh-CN' })
  expect(await chinese.text()).toContain('路牌上写着什么？')
})

test('a set is its pictures with their questions; each opens the composer filled with it', async () => {
  await using place = await anArena()
  const [sign] = await withStreets(place)
  const visitor = place.visitor()
  const page = await (await visitor.get('/prompts/street')).text()
  expect(page).toContain('href="/?prompt=sign"')
  expect(page).toContain('How many cars, &lt;b&gt;exactly&lt;/b&gt;?')
  expect(page.match(/<li class="card prompt-card">/g)).toHaveLength(2)
  const composer = await (await visitor.get('/?prompt=sign')).text()
  expect(composer).toContain('What does the sign say?')
  expect(composer).toContain(`name="image_id" value="${sign!.image}"`)
  // A cell that a spreadsheet would run is text.
  expect(await (await visitor.get('/prompts/street.csv')).text()).toContain(`'=SUM(1)`)
})

test('what I voted on is marked done, what I only asked is not, and the next one is the first that is left', async () => {
  await using place = await anArena()
  await withStreets(place)
  const voter = place.visitor()
  const ask = async (promptId: string) => {
    const { id } = (await (await voter.post('/battles', { prompt_id: promptId })).json()) as { id: string }
    await voter.whenOver(id)
    return id
  }
  const voted = await ask('sign')
  await voter.post(`/b/${voted}/vote`, { outcome: 'tie' })
  await ask('cars')
  const set = await voter.json<{ done: number; prompts: { id: string; done: boolean }[] }>('/prompts/street.json')
  expect(set.done).toBe(1)
  expect(set.prompts.map(({ done }) => done)).toEqual([true, false, false])
  expect(await (await voter.get('/prompts')).text()).toContain('1 of 3 done by you')
  const page = await (await voter.get('/prompts/street')).text()
  expect(/class="button button-primary" href="([^"]+)"/.exec(page)![1]).toBe('/?prompt=cars')
  await voter.post(`/b/${voted}/withdraw`)
  expect((await voter.json<{ done: number }>('/prompts/street.json')).done).toBe(0)
  expect((await voter.json<BattleTwin>(`/b/${voted}.json`)).turns[0]!.prompt).toBe('What does the sign say?')
})

test('a set that is not there is not found', async () => {
  await using place = await anArena()
  const response = await place.visitor().get('/prompts/nowhere')
  expect([response.status, (await response.text()).includes('There is no such prompt set.')]).toEqual([404, true])
})
