import { describe, expect, test } from 'vitest'
import { fakeProvider } from '../../src/providers/fake.ts'
import { anArena, aPicture, type BattleTwin } from '../arena.ts'
import { aModel } from '../characters.ts'

type Told = { error: { code: string; message: string; ref: string } }
const told = async (response: Response) => ({ status: response.status, ...((await response.json()) as Told).error })
const file = (bytes: Uint8Array<ArrayBuffer> | string, name = 'x.jpg') =>
  new File([bytes], name, { type: 'image/jpeg' })

describe('bad input gets a sentence and the right status, and nothing is started', () => {
  const cases: [string, () => Promise<Record<string, string | Blob>>, number, string, RegExp][] = [
    ['no image', async () => ({ prompt: 'What?' }), 422, 'invalid', /Choose an image/],
    ['text in a .jpg', async () => ({ image: file('hello'), prompt: 'What?' }), 415, 'unsupported', /not an image/],
    [
      'an SVG',
      async () => ({ image: file('<svg xmlns="http://www.w3.org/2000/svg"/>'), prompt: 'What?' }),
      415,
      'unsupported',
      /not an image/,
    ],
    [
      'a HEIC photo',
      async () => ({
        image: file(Uint8Array.from([0, 0, 0, 24, ...Buffer.from('ftypheic'), 0, 0, 0, 0, ...Buffer.from('mif1heic')])),
        prompt: 'What?',
      }),
      415,
      'unsupported',
      /HEIC.*JPEG/,
    ],
    ['an empty question', async () => ({ image: await aPicture(), prompt: '   ' }), 422, 'invalid', /Write a question/],
    [
      'a question without end',
      async () => ({ image: await aPicture(), prompt: 'a'.repeat(9000) }),
      422,
      'invalid',
      /too long/,
    ],
    ['an unknown prompt', async () => ({ prompt_id: 'nowhere' }), 422, 'invalid', /no such prompt/],
    [
      "somebody else's image",
      async () => ({ image_id: 'ab'.repeat(32), prompt: 'What?' }),
      404,
      'not_found',
      /no such image/i,
    ],
    [
      '40 MB',
      async () => ({ image: file(new Uint8Array(40 * 1024 * 1024)), prompt: 'What?' }),
      413,
      'too_large',
      /40 MB.*15 MB/,
    ],
  ]
  test.each(cases)('%s', async (_, fields, status, code, sentence) => {
    await using place = await anArena()
    const refused = await told(await place.visitor().post('/battles', await fields()))
    expect(refused).toMatchObject({ status, code })
    expect(refused.message).toMatch(sentence)
    expect(refused.ref).toMatch(/^[A-Z0-9]{4,}$/)
    expect(place.arena.runner.running()).toBe(0)
  })

  test('the page keeps the question and the image when only one of them is wrong', async () => {
    await using place = await anArena()
    const response = await place
      .visitor()
      .post('/battles', { image: await aPicture(), prompt: ' ' }, { Accept: 'text/html' })
    const page = await response.text()
    expect(response.status).toBe(422)
    expect(page).toMatch(/name="image_id" value="[0-9a-f]{64}"/)
    expect(page).toContain('Write a question')
    const again = await place
      .visitor()
      .post('/battles', { image: file('no'), prompt: 'My long question' }, { Accept: 'text/html' })
    expect(await again.text()).toContain('My long question')
  })
})

describe('votes', () => {
  test('an unknown outcome is refused and can never become a tie', async () => {
    await using place = await anArena()
    const voter = place.visitor()
    const { id } = await voter.battle()
    for (const outcome of ['A', 'left', '', 'tie ', '0.5'])
      expect(await told(await voter.post(`/b/${id}/vote`, { outcome }))).toMatchObject({ status: 422, code: 'invalid' })
    expect((await voter.json<BattleTwin>(`/b/${id}.json`)).vote).toBeNull()
  })

  test("somebody else's battle is not there, in the same words as one that never was", async () => {
    await using place = await anArena()
    const owner = place.visitor()
    const { id } = await owner.battle()
    const stranger = place.visitor()
    await stranger.battle()
    const foreign = await told(await stranger.post(`/b/${id}/vote`, { outcome: 'a' }))
    const absent = await told(await stranger.post(`/b/${'0'.repeat(26)}/vote`, { outcome: 'a' }))
    expect(foreign).toMatchObject({ status: 404, message: absent.message })
    for (const path of [`/b/${id}`, `/b/${id}.json`, `/b/${id}/stream`])
      expect((await stranger.get(path)).status).toBe(404)
    const image = (await owner.json<BattleTwin>(`/b/${id}.json`)).turns[0]!.images[0]!.url
    expect((await owner.get(image)).status).toBe(200)
    const json = { Accept: 'application/json' }
    const hidden = await told(await stranger.get(image, json))
    const never = await told(await stranger.get(`/images/${'0'.repeat(64)}`, json))
    expect(hidden).toMatchObject({ status: 404, code: never.code, message: never.message })
  })

  test('of two first votes at once with different outcomes one is kept and one refused', async () => {
    await using place = await anArena()
    const voter = place.visitor()
    const { id } = await voter.battle()
    const statuses = await Promise.all(
      ['a', 'b'].map(async (outcome) => (await voter.post(`/b/${id}/vote`, { outcome, seen_revision: '' })).status),
    )
    expect(statuses.sort()).toEqual([200, 409])
  })

  test('a vote sent again with its key is the same vote; with another outcome it is refused', async () => {
    await using place = await anArena()
    const voter = place.visitor()
    const { id } = await voter.battle()
    const vote = (outcome: string) => voter.post(`/b/${id}/vote`, { outcome, key: 'tap-1', seen_revision: '' })
    expect((await vote('a')).status).toBe(200)
    expect((await vote('a')).status).toBe(200)
    expect((await vote('b')).status).toBe(409)
    expect((await voter.json<BattleTwin>(`/b/${id}.json`)).vote).toMatchObject({ outcome: 'a', revision: 1 })
  })
})

describe('one failing side', () => {
  const arena = () =>
    anArena({
      contestants: [
        { model: aModel('ant'), provider: fakeProvider(['A good answer.']) },
        { model: aModel('bee'), provider: fakeProvider(['Half an'], { dies: 'broken' }) },
      ],
    })

  test('keeps the good answer, closes the vote, and does not say why', async () => {
    await using place = await arena()
    const voter = place.visitor()
    const twin = await voter.battle()
    const [good, bad] =
      twin.turns[0]!.a.state === 'failed' ? [twin.turns[0]!.b, twin.turns[0]!.a] : [twin.turns[0]!.a, twin.turns[0]!.b]
    expect(twin.state).toBe('void')
    expect(good).toMatchObject({ state: 'finished', text: 'A good answer.' })
    expect(bad.state).toBe('failed')
    const page = await (await voter.get(`/b/${twin.id}`)).text()
    expect(page).not.toMatch(/name="outcome"/)
    expect(page).toContain('A good answer.')
    expect(page + JSON.stringify(twin)).not.toMatch(/broken|bee|ant-v1/)
    expect((await voter.post(`/b/${twin.id}/vote`, { outcome: 'a' })).status).toBe(409)
  })

  test('retry asks only the broken side; when it answers the vote opens and counts', async () => {
    let isWell = false
    const moody = fakeProvider(['Better now.'])
    const broken = fakeProvider(['x'], { dies: 'unreachable' })
    const steady = fakeProvider(['A good answer.'])
    await using place = await anArena({
      contestants: [
        { model: aModel('ant'), provider: steady },
        { model: aModel('bee'), provider: { answer: (request) => (isWell ? moody : broken).answer(request) } },
      ],
    })
    const voter = place.visitor()
    const { id } = await voter.battle()
    isWell = true
    expect((await voter.post(`/b/${id}/retry`)).status).toBe(200)
    expect((await voter.whenOver(id)).state).toBe('ready')
    expect(steady.asked).toHaveLength(1)
    await voter.post(`/b/${id}/vote`, { outcome: 'a' })
    const revealed = (await (await voter.post(`/b/${id}/reveal`)).json()) as BattleTwin
    expect(revealed.counts).toEqual({ counted: true, reason: null })
  })

  test('two retries, then no more; another model may answer, and such a vote never counts', async () => {
    await using place = await anArena({
      contestants: [
        { model: aModel('ant'), provider: fakeProvider(['A good answer.']) },
        { model: aModel('bee', { weight: 1000 }), provider: fakeProvider([], { dies: 'unreachable' }) },
        { model: aModel('cat', { weight: 0.0001 }), provider: fakeProvider(['I stepped in.']) },
      ],
    })
    const voter = place.visitor()
    const { id } = await voter.battle()
    for (let i = 0; i < 2; i++) {
      expect((await voter.post(`/b/${id}/retry`)).status).toBe(200)
      await voter.whenOver(id)
    }
    expect(await told(await voter.post(`/b/${id}/retry`))).toMatchObject({ status: 409 })
    expect((await voter.post(`/b/${id}/replace`)).status).toBe(200)
    expect((await voter.whenOver(id)).state).toBe('ready')
    await voter.post(`/b/${id}/vote`, { outcome: 'b' })
    const revealed = (await (await voter.post(`/b/${id}/reveal`)).json()) as BattleTwin
    expect(revealed.counts).toEqual({ counted: false, reason: 'replaced_side' })
  })
})

test('with no two models to answer, a battle is refused with a hint to wait', async () => {
  await using place = await anArena({ contestants: [{ model: aModel('ant'), provider: fakeProvider(['x']) }] })
  const response = await place.visitor().post('/battles', { image: await aPicture(), prompt: 'What?' })
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
})

test('one battle at a time for each voter', async () => {
  await using place = await anArena({
    contestants: ['ant', 'bee'].map((id) => ({
      model: aModel(id),
      provider: fakeProvider(['slow'], { pauseMs: 60_000 }),
    })),
  })
  const voter = place.visitor()
  const first = await voter.post('/battles', { image: await aPicture(), prompt: 'What?' })
  const { id } = (await first.json()) as { id: string }
  expect((await voter.post('/battles', { image: await aPicture(), prompt: 'And?' })).status).toBe(429)
  expect((await voter.post(`/b/${id}/skip`)).status).toBe(200)
  expect((await voter.post('/battles', { image: await aPicture(), prompt: 'And?' })).status).toBe(201)
})
