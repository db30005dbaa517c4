import sharp from 'sharp'
import { expect, test } from 'vitest'
import { anArena, aPicture, type BattleTwin, type Visitor } from '../arena.ts'

async function aRevealedBattle(voter: Visitor, question = 'What is this?') {
  const { id } = await voter.battle(question)
  await voter.post(`/b/${id}/vote`, { outcome: 'a', note: 'between us' })
  await voter.post(`/b/${id}/reveal`)
  return voter.json<BattleTwin>(`/b/${id}.json`)
}
async function shared(voter: Visitor, id: string, fields: Record<string, string> = { with_image: '1' }) {
  const response = await voter.post(`/b/${id}/share`, fields)
  expect(response.status).toBe(200)
  const { url } = (await response.json()) as { url: string }
  return new URL(url).pathname
}

test('a battle is shared only after its names were shown, and only by its voter', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const { id } = await voter.battle()
  const early = await voter.post(`/b/${id}/share`)
  expect([early.status, ((await early.json()) as { error: { key: string } }).error.key]).toEqual([
    409,
    'share_not_revealed',
  ])
  await voter.post(`/b/${id}/vote`, { outcome: 'a' })
  expect((await voter.post(`/b/${id}/share`)).status).toBe(409)
  await voter.post(`/b/${id}/reveal`)
  const other = place.visitor()
  await other.battle()
  expect((await other.post(`/b/${id}/share`)).status).toBe(404)
  expect(await shared(voter, id)).toMatch(/^\/s\/[a-z0-9]{26}$/)
})

test('anybody with the link sees picture, question, answers, and after a guess names and vote; the note stays private', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const battle = await aRevealedBattle(voter)
  const link = await shared(voter, battle.id)
  const visitor = place.visitor()
  const image = battle.turns[0]!.images[0]!.url

  const blind = await (await visitor.get(link)).text()
  for (const words of ['What is this?', 'It is a cat.', 'Surely a dog.', image, 'Guess first'])
    expect(blind).toContain(words)
  expect(blind).not.toMatch(/Model (ant|bee)|maker\/|They chose/)
  expect(blind).toContain('<meta name="robots" content="noindex"/>')

  const guessed = await (await visitor.get(`${link}?guess=b`)).text()
  for (const words of ['Model ant', 'Model bee', 'You chose B. They chose A.']) expect(guessed).toContain(words)
  expect(await (await visitor.get(`${link}?guess=a`)).text()).toContain('You chose A. So did they.')
  const skipped = await (await visitor.get(`${link}?show=1`)).text()
  expect(skipped).toContain('They chose A.')
  for (const page of [blind, guessed, skipped]) {
    expect(page).not.toContain('between us')
    expect(page).not.toContain(battle.id)
  }
  expect((await visitor.get(image)).status).toBe(200)
  // A guess is no vote and makes nobody a voter.
  expect(visitor.cookie).toBe('')
  expect(await place.arena.votes.ofBattle(battle.id)).toHaveLength(1)
})

test('the twin says what the page says', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const battle = await aRevealedBattle(voter)
  await voter.post(`/b/${battle.id}/withdraw`)
  const link = await shared(voter, battle.id)
  const twin = await place.visitor().json<Record<string, unknown>>(`${link}.json`)
  expect(twin).toMatchObject({ url: link, with_image: true, models: battle.models, vote: null, turns: battle.turns })
  expect(JSON.stringify(twin)).not.toMatch(new RegExp(`${battle.id}|between us`))
})

test('without the image the link shows none and opens none; it can be added and hidden again under the same link', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const battle = await aRevealedBattle(voter)
  const image = battle.turns[0]!.images[0]!.url
  const link = await shared(voter, battle.id, {})
  const visitor = place.visitor()
  const page = await (await visitor.get(link)).text()
  expect(page).toContain('The image is not part of this link.')
  expect(page).not.toContain(image)
  expect(JSON.stringify(await visitor.json(`${link}.json`))).not.toContain(image)
  expect((await visitor.get(image)).status).toBe(404)
  expect(await shared(voter, battle.id, { with_image: '1' })).toBe(link)
  expect((await visitor.get(image)).status).toBe(200)
  expect(await shared(voter, battle.id, {})).toBe(link)
  expect((await visitor.get(image)).status).toBe(404)
})

test('a removed link is gone on every form, with a sentence, and so is the picture; a new link is another one', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const battle = await aRevealedBattle(voter)
  const link = await shared(voter, battle.id)
  const visitor = place.visitor()
  expect((await visitor.get(`${link}.png`)).status).toBe(200)
  await voter.post(`/b/${battle.id}/share`, { remove: '1' })
  const page = await visitor.get(link)
  expect([page.status, (await page.text()).includes('This link was removed by the person who made it.')]).toEqual([
    410,
    true,
  ])
  for (const form of ['.json', '.png']) expect((await visitor.get(link + form)).status, form).toBe(410)
  expect((await visitor.get(battle.turns[0]!.images[0]!.url)).status).toBe(404)
  const again = await shared(voter, battle.id)
  expect(again).not.toBe(link)
  expect((await visitor.get(link)).status).toBe(410)
})

test('what is asked after the link was made is not part of it, and neither is its picture', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const battle = await aRevealedBattle(voter)
  const link = await shared(voter, battle.id)
  await voter.post(`/b/${battle.id}/turns`, { prompt: 'And my passport?', image: await aPicture() })
  const later = (await voter.whenOver(battle.id)).turns[1]!.images[0]!.url
  const visitor = place.visitor()
  for (const path of [`${link}?show=1`, `${link}.json`]) {
    const shown = await (await visitor.get(path)).text()
    expect(shown, path).toContain('What is this?')
    expect(shown, path).not.toMatch(new RegExp(`passport|${later}`))
  }
  expect((await visitor.get(later)).status).toBe(404)
  expect((await voter.get(later)).status).toBe(200)
  // Made anew, the link covers what is there now.
  await voter.post(`/b/${battle.id}/share`, { remove: '1' })
  const again = await shared(voter, battle.id)
  expect(await (await visitor.get(again)).text()).toContain('And my passport?')
  expect((await visitor.get(later)).status).toBe(200)
})

test('a link that never was is not found, whatever it looks like', async () => {
  await using place = await anArena()
  for (const path of ['/s/00000000000000000000000000', '/s/abc', '/s/abc.png', '/s/abc.json'])
    expect((await place.visitor().get(path)).status, path).toBe(404)
})

test('deleting the battle, or everything, removes the link too', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const one = await aRevealedBattle(voter)
  const two = await aRevealedBattle(voter, 'And this?')
  const [linkOne, linkTwo] = [await shared(voter, one.id), await shared(voter, two.id)]
  await voter.post(`/me/battles/${one.id}/delete`)
  expect((await place.visitor().get(linkOne)).status).toBe(410)
  expect((await place.visitor().get(linkTwo)).status).toBe(200)
  await voter.post('/me/deletion', { confirm: '1' })
  expect((await place.visitor().get(linkTwo)).status).toBe(410)
})

test('other sites are told title and picture under the public address, and the picture is one of theirs in size', async () => {
  await using place = await anArena({ flags: { 'site.url': 'https://arena.example.org' } })
  const voter = place.visitor()
  const battle = await aRevealedBattle(voter, 'Is "this" <b>a cat</b>?')
  const link = await shared(voter, battle.id)
  const page = await (await place.visitor().get(link)).text()
  expect(page).toContain('property="og:title" content="Is &quot;this&quot; &lt;b&gt;a cat&lt;/b&gt;?"')
  expect(page).toContain(`property="og:image" content="https://arena.example.org${link}.png"`)
  const response = await place.visitor().get(`${link}.png`)
  expect(response.headers.get('content-type')).toBe('image/png')
  const { width, height, format } = await sharp(Buffer.from(await response.arrayBuffer())).metadata()
  expect({ width, height, format }).toEqual({ width: 1200, height: 630, format: 'png' })
})

test('the preview shows the picture only where the link does', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const battle = await aRevealedBattle(voter)
  const link = await shared(voter, battle.id)
  const colourOf = async (image: Buffer, area?: { left: number; top: number; width: number; height: number }) => {
    const cut = area ? await sharp(image).extract(area).png().toBuffer() : image
    return (await sharp(cut).stats()).channels.map(({ mean }) => mean)
  }
  const bytesOf = async (path: string) => Buffer.from(await (await voter.get(path)).arrayBuffer())
  const whereThePictureIs = { left: 200, top: 290, width: 40, height: 30 }
  const isNear = (one: number[], other: number[]) =>
    one.length === 3 && one.every((value, i) => Math.abs(value - other[i]!) < 3)
  const picture = await colourOf(await bytesOf(battle.turns[0]!.images[0]!.url))
  expect(isNear(await colourOf(await bytesOf(`${link}.png`), whereThePictureIs), picture)).toBe(true)
  await shared(voter, battle.id, {})
  const paper = [250, 250, 248]
  expect(isNear(await colourOf(await bytesOf(`${link}.png`), whereThePictureIs), paper)).toBe(true)
  expect(isNear(picture, paper)).toBe(false)
})
