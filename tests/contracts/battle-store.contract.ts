import { describe, expect, test } from 'vitest'
import { isRevealed, latestTurn } from '../../src/battles/battle.ts'
import {
  aBallot,
  aBattle,
  aContestant,
  aDraw,
  aFailedAnswer,
  aFinishedAnswer,
  aModel,
  anEnd,
  anImage,
  aPrompt,
  aReadyBattle,
  aReceipt,
  aStoppedAnswer,
  hourMs,
  introduce,
  later,
  minuteMs,
  noon,
  promptKey,
} from '../characters.ts'
import { type Open, openedBy } from './stores.ts'

export function battleStoreContract(engine: string, open: Open) {
  describe(`battles in ${engine}`, () => {
    const opened = openedBy(open)
    const set = async () => {
      const { stores } = opened()
      await introduce(stores)
      return stores
    }

    test('a started battle waits with both sides to be written', async () => {
      const { battles } = await set()
      expect(await battles.start(aBattle({ flags: ['identity_probe'] }))).toBe('battle-1')
      const writing = { state: 'writing', text: '', chips: [], marks: [] }
      expect(await battles.find('battle-1')).toEqual({
        id: 'battle-1',
        voterId: 'voter-1',
        state: 'queued',
        voidReason: null,
        mode: 'anonymous',
        pacing: 'paced',
        turns: [
          {
            number: 1,
            prompt: aPrompt(),
            answers: { a: writing, b: writing },
            flags: ['identity_probe'],
            readyAt: null,
          },
        ],
        tries: 0,
        stoppedByVoter: false,
        replacedSide: null,
        consent: { version: 'consent-1', publish: true },
        startedAt: noon,
        readyAt: null,
        revealedAt: null,
      })
      expect(await battles.find('battle-2')).toBeUndefined()
      expect(await battles.backstage('battle-2')).toBeUndefined()
    })

    test('sending a form twenty times at once starts one battle', async () => {
      const { battles } = await set()
      const ids = await Promise.all(
        Array.from({ length: 20 }, (_, i) => battles.start(aBattle({ id: `battle-${i}`, formKey: 'one form' }))),
      )
      expect(new Set(ids).size).toBe(1)
      expect(await battles.startedSince('voter-1', noon)).toBe(1)
      expect(await battles.ofForm('voter-1', 'one form')).toBe(ids[0])
      expect(await battles.ofForm('voter-2', 'one form')).toBeUndefined()
      expect(await battles.ofForm('voter-1', 'another form')).toBeUndefined()
    })

    test('a battle that names an unknown picture is not half written', async () => {
      const { battles, images } = await set()
      const prompt = aPrompt({ images: [{ ...anImage('nowhere'), mediaType: 'image/jpeg' }] })
      await expect(battles.start(aBattle({ prompt }))).rejects.toThrow()
      expect(await battles.find('battle-1')).toBeUndefined()
      await images.keep(anImage('nowhere'), null)
      expect(await battles.start(aBattle({ prompt }))).toBe('battle-1')
    })

    test('pictures keep their order', async () => {
      const { battles, images } = await set()
      const pictures = ['z', 'a', 'm'].map((name) => anImage(name))
      for (const picture of pictures) await images.keep(picture, null)
      const prompt = aPrompt({ images: pictures })
      await battles.start(aBattle({ prompt }))
      const found = await battles.find('battle-1')
      expect(found?.turns[0]?.prompt.images.map(({ sha256 }) => sha256)).toEqual(pictures.map(({ sha256 }) => sha256))
    })

    test('backstage knows who was drawn, how, and what they wrote', async () => {
      const { battles } = await set()
      await aReadyBattle({ battles })
      expect(await battles.backstage('battle-1')).toEqual({
        contestants: { a: aContestant('ant'), b: aContestant('bee') },
        draw: aDraw(),
        raw: [{ a: 'Three.', b: 'There are four bicycles.' }],
      })
      await battles.start(aBattle({ id: 'battle-2' }))
      expect((await battles.backstage('battle-2'))?.raw).toEqual([{ a: null, b: null }])
    })

    test('saved answers come back as they were, and no field before the reveal tells who answers', async () => {
      const { battles } = await set()
      const chips = [{ kind: 'chip' as const, marks: [0], label: 'bike', state: 'drawn' as const }]
      const marks = [{ kind: 'point' as const, x: 0.25, y: 0.5, label: 'bike' }]
      const a = aFinishedAnswer('Here \u{e000}1\u{e001}', { chips, marks, namedItself: true, finish: 'cut' } as never)
      await battles.start(aBattle())
      await battles.move('battle-1', { type: 'slots_free' }, noon)
      const end = { ...anEnd({ a, b: aStoppedAnswer('Thr'), stoppedByVoter: true }), flags: ['truncated' as const] }
      expect(await battles.finish('battle-1', 1, end)).toBe('saved')
      const found = (await battles.find('battle-1'))!
      const turn = latestTurn(found)
      expect(found).toMatchObject({ state: 'ready', stoppedByVoter: true, readyAt: later(minuteMs) })
      expect(turn).toMatchObject({ flags: ['truncated'], readyAt: later(minuteMs) })
      expect(turn.answers.a).toEqual({ state: 'finished', finish: 'cut', text: 'Here \u{e000}1\u{e001}', chips, marks })
      expect(turn.answers.b).toEqual({ state: 'stopped', text: 'Thr', chips: [], marks: [] })
      expect(isRevealed(found)).toBe(false)
      const sent = JSON.stringify(found)
      for (const word of ['ant', 'bee', 'maker', 'policy-1', 'req-1', '1800'])
        expect(sent.replaceAll('constant', '')).not.toContain(`"${word}`)
    })

    test('after the reveal a battle names the models in the version that answered', async () => {
      const { battles, votes, models } = await set()
      await aReadyBattle({ battles })
      await models.register([aModel('ant', { version: 'ant-v2', settings: { temperature: 0 } })], later(1))
      await votes.reveal('battle-1', later(hourMs))
      const found = (await battles.find('battle-1'))!
      if (!isRevealed(found)) throw new Error('not revealed')
      expect(found.revealedAt).toEqual(later(hourMs))
      expect(found.contestants.a).toEqual(aModel('ant'))
      expect(found.contestants.b).toEqual(aModel('bee', { state: 'retired' }))
      expect(found.receipts).toEqual([{ a: aReceipt(), b: aReceipt() }])
    })

    test('a failed side is asked again while the good answer stays, and its failure is counted for ever', async () => {
      const { battles, leaderboards } = await set()
      await aReadyBattle({ battles }, {}, { a: aFailedAnswer() })
      const failed = (await battles.find('battle-1'))!
      expect(failed).toMatchObject({ state: 'void', voidReason: 'side_failed', readyAt: null })
      expect(latestTurn(failed).answers.a).toMatchObject({ state: 'failed', reason: 'unreachable', ref: '7F3K' })

      expect(await battles.move('battle-1', { type: 'retry' }, later(2))).toBe('moved')
      const again = (await battles.find('battle-1'))!
      expect(again).toMatchObject({ state: 'queued', voidReason: null, tries: 1 })
      expect(latestTurn(again).answers.a.state).toBe('writing')
      expect(latestTurn(again).answers.b).toMatchObject({ state: 'finished', text: 'There are four bicycles.' })

      await battles.move('battle-1', { type: 'slots_free' }, later(3))
      await battles.finish('battle-1', 1, anEnd({ b: 'kept' }))
      const ready = (await battles.find('battle-1'))!
      expect(ready.state).toBe('ready')
      expect(latestTurn(ready).answers.b).toMatchObject({ state: 'finished', text: 'There are four bicycles.' })
      expect(Object.fromEntries(await battles.failures())).toEqual({
        ant: { answers: 2, failed: 1 },
        bee: { answers: 1, failed: 0 },
      })
      expect((await leaderboards.failureRates(noon)).size).toBe(0)
      expect(Object.fromEntries(await leaderboards.failureRates(later(hourMs)))).toEqual({ ant: 0.5, bee: 0 })
    })

    test('receipts of a day are told with the length of each answer', async () => {
      const { battles } = await set()
      await aReadyBattle({ battles })
      const told = await battles.receiptsSince(noon)
      expect(told.map(({ modelId }) => modelId).sort()).toEqual(['ant', 'bee'])
      expect(told.every(({ usage, characters }) => usage !== undefined && characters > 0)).toBe(true)
      expect(await battles.receiptsSince(later(2 * 24 * hourMs))).toEqual([])
    })

    test('which sampling policy was used here is known from the versions that took part, not from those that did not', async () => {
      const { battles, models } = await set()
      const asked = (id: string, settings: Record<string, unknown>) => ({
        ...aModel(id),
        version: `${id}-v2`,
        settings,
      })
      const sampling = { maxTokens: 1024 }
      await models.register([asked('ant', { sampling }), asked('bee', { sampling, sampling_policy: 'vendor' })], noon)
      expect([await battles.hasSampled('arena'), await battles.hasSampled('vendor')]).toEqual([false, false])
      const draw = aDraw({ a: { modelId: 'bee', version: 'bee-v2' }, b: aContestant('cat') })
      await battles.start(aBattle({ draw }))
      expect([await battles.hasSampled('arena'), await battles.hasSampled('vendor')]).toEqual([false, true])
    })

    test('another model takes the place of a failed side only', async () => {
      const { battles } = await set()
      await aReadyBattle({ battles }, {}, { a: aFailedAnswer() })
      const cat = aContestant('cat')
      const move = (side: 'a' | 'b') =>
        battles.move('battle-1', { type: 'replace' }, later(2), { side, contestant: cat })
      expect(await move('b')).toBe('conflict')
      expect(await battles.find('battle-1')).toMatchObject({ state: 'void', replacedSide: null })
      expect(await move('a')).toBe('moved')
      expect(await battles.find('battle-1')).toMatchObject({ state: 'queued', replacedSide: 'a', tries: 0 })
      const backstage = await battles.backstage('battle-1')
      expect(backstage?.contestants).toEqual({ a: cat, b: aContestant('bee') })
      await battles.move('battle-1', { type: 'slots_free' }, later(3))
      await battles.finish('battle-1', 1, anEnd({ b: 'kept' }))
      expect(Object.fromEntries(await battles.failures())).toEqual({
        ant: { answers: 1, failed: 1 },
        bee: { answers: 1, failed: 0 },
        cat: { answers: 1, failed: 0 },
      })
    })

    test('answers are saved once, for the newest turn, while they are being written', async () => {
      const { battles } = await set()
      await battles.start(aBattle())
      expect(await battles.finish('battle-1', 1, anEnd())).toBe('conflict')
      await battles.move('battle-1', { type: 'slots_free' }, noon)
      expect(await battles.finish('battle-1', 2, anEnd())).toBe('conflict')
      expect(await battles.finish('battle-9', 1, anEnd())).toBe('conflict')
      const ends = await Promise.all(
        Array.from({ length: 5 }, (_, i) => battles.finish('battle-1', 1, anEnd({ a: aFinishedAnswer(`${i}`) }))),
      )
      expect(ends.filter((end) => end === 'saved')).toHaveLength(1)
      expect((await battles.find('battle-1'))?.turns[0]?.answers.a.text).toBe(String(ends.indexOf('saved')))
    })

    test('a follow-up is the next turn, and twenty at once are one', async () => {
      const { battles } = await set()
      await aReadyBattle({ battles })
      const prompt = aPrompt({ text: 'And trams?', images: [] })
      const turn = { prompt, promptSha256: promptKey(prompt), flags: [], at: later(hourMs) }
      const asked = await Promise.all(Array.from({ length: 20 }, () => battles.ask('battle-1', turn)))
      expect(asked.filter((result) => result === 'asked')).toHaveLength(1)
      const found = (await battles.find('battle-1'))!
      expect(found).toMatchObject({ state: 'queued', readyAt: null, mode: 'anonymous' })
      expect(found.turns.map(({ number, prompt }) => [number, prompt.text])).toEqual([
        [1, 'How many bicycles are there?'],
        [2, 'And trams?'],
      ])
      expect(await battles.promptKey('battle-1', 2)).toBe(promptKey(prompt))
      await battles.move('battle-1', { type: 'slots_free' }, later(hourMs))
      expect(await battles.finish('battle-1', 1, anEnd())).toBe('conflict')
      expect(await battles.finish('battle-1', 2, anEnd({ at: later(2 * hourMs) }))).toBe('saved')
      expect(await battles.find('battle-1')).toMatchObject({ state: 'ready', readyAt: later(2 * hourMs) })
    })

    test('a follow-up after the reveal runs in the open and ends revealed', async () => {
      const { battles, votes } = await set()
      await aReadyBattle({ battles })
      await votes.reveal('battle-1', later(1))
      const prompt = aPrompt({ text: 'Why?', images: [] })
      await battles.ask('battle-1', { prompt, promptSha256: promptKey(prompt), flags: [], at: later(2) })
      const running = (await battles.find('battle-1'))!
      expect(running).toMatchObject({ state: 'queued', mode: 'revealed' })
      expect(isRevealed(running)).toBe(true)
      await battles.move('battle-1', { type: 'slots_free' }, later(3))
      await battles.finish('battle-1', 2, anEnd())
      expect(await battles.find('battle-1')).toMatchObject({ state: 'revealed', revealedAt: later(1) })
      // It was drawn anonymously, so it still counts for pairing.
      expect((await battles.exposure()).battles.get('ant')).toBe(1)
    })

    test('what was running when the program ended is interrupted, can be asked again, and is no failure of a model', async () => {
      const { battles } = await set()
      await battles.start(aBattle({ id: 'queued' }))
      await battles.start(aBattle({ id: 'writing' }))
      await battles.move('writing', { type: 'slots_free' }, noon)
      await aReadyBattle({ battles }, { id: 'ready' })
      expect(await battles.interruptRunning(later(5))).toBe(2)
      expect(await battles.interruptRunning(later(6))).toBe(0)
      for (const id of ['queued', 'writing']) {
        const found = (await battles.find(id))!
        expect(found).toMatchObject({ state: 'void', voidReason: 'interrupted' })
        expect(latestTurn(found).answers.a).toMatchObject({ state: 'failed', reason: 'interrupted' })
      }
      expect((await battles.find('ready'))?.state).toBe('ready')
      expect((await battles.failures()).get('ant')).toEqual({ answers: 1, failed: 0 })
      expect(await battles.move('writing', { type: 'retry' }, later(7))).toBe('moved')
      expect((await battles.find('writing'))?.turns[0]?.answers.b.state).toBe('writing')
    })

    test('answers that our own stop cut off make the battle interrupted', async () => {
      const { battles } = await set()
      await aReadyBattle({ battles }, {}, { a: aFailedAnswer({ reason: 'interrupted' }) })
      expect(await battles.find('battle-1')).toMatchObject({ state: 'void', voidReason: 'interrupted' })
      expect((await battles.failures()).has('ant')).toBe(false)
    })

    test('a battle left in line has nothing that still seems to be written', async () => {
      const { battles } = await set()
      for (const type of ['cancel', 'queue_timeout', 'skip'] as const) {
        await battles.start(aBattle({ id: type }))
        expect(await battles.move(type, { type }, later(1))).toBe('moved')
        expect((await battles.find(type))?.turns[0]?.answers.a.state).toBe('stopped')
      }
      expect((await battles.failures()).size).toBe(0)
    })

    test('a battle nobody voted on expires, one with a vote does not', async () => {
      const { battles, votes } = await set()
      await aReadyBattle({ battles }, { id: 'old' }, { at: later(-1) })
      await aReadyBattle({ battles }, { id: 'new' }, { at: noon })
      await aReadyBattle({ battles }, { id: 'voted' }, { at: later(-1) })
      await votes.cast(aBallot({ battleId: 'voted' }))
      expect(await battles.expire(noon, later(1))).toBe(1)
      expect(await battles.find('old')).toMatchObject({ state: 'void', voidReason: 'expired' })
      expect((await battles.find('new'))?.state).toBe('ready')
      expect((await battles.find('voted'))?.state).toBe('voted')
    })

    test('a voter has their running battle and their battles, newest first', async () => {
      const { battles } = await set()
      for (const [i, id] of ['one', 'two', 'three'].entries())
        await aReadyBattle({ battles }, { id, startedAt: later(i * hourMs) })
      expect(await battles.runningOf('voter-1')).toBeUndefined()
      await battles.start(aBattle({ id: 'four', startedAt: later(3 * hourMs) }))
      await battles.start(aBattle({ id: 'theirs', voterId: 'voter-2' }))
      expect(await battles.runningOf('voter-1')).toBe('four')
      const ids = async (page: Parameters<typeof battles.ofVoter>[1]) =>
        (await battles.ofVoter('voter-1', page)).map(({ id }) => id)
      expect(await ids({ limit: 2 })).toEqual(['four', 'three'])
      expect(await ids({ limit: 9, before: { startedAt: later(2 * hourMs), id: 'three' } })).toEqual(['two', 'one'])
      await aReadyBattle({ battles }, { id: 'two again', startedAt: later(hourMs) })
      expect(await ids({ limit: 1, before: { startedAt: later(hourMs), id: 'two again' } })).toEqual(['two'])
      await battles.move('two', { type: 'erase' }, later(9 * hourMs))
      expect(await ids({ limit: 9, before: { startedAt: later(hourMs), id: 'two again' } })).toEqual(['one'])
      expect(await battles.startedSince('voter-1', later(hourMs))).toBe(4)
    })

    test('pairs are counted without regard to the sides, named battles not at all', async () => {
      const { battles } = await set()
      const start = (id: string, a: string, b: string, mode: 'anonymous' | 'named' = 'anonymous') =>
        battles.start(aBattle({ id, mode, draw: aDraw({ a: aContestant(a), b: aContestant(b) }) }))
      await start('1', 'ant', 'bee')
      await start('2', 'bee', 'ant')
      await start('3', 'cat', 'ant')
      await start('4', 'cat', 'bee', 'named')
      const { battles: each, pairs } = await battles.exposure()
      expect(Object.fromEntries(each)).toEqual({ ant: 3, bee: 2, cat: 1 })
      expect(pairs).toEqual([
        { a: 'ant', b: 'bee', battles: 2 },
        { a: 'ant', b: 'cat', battles: 1 },
      ])
    })

    test('an erased battle has lost its words and pictures, its vote counts on without its note', async () => {
      const { battles, votes, leaderboards } = await set()
      await aReadyBattle({ battles })
      await votes.cast(aBallot({ note: 'my street' }))
      await votes.freeze(later(100 * hourMs), later(1))
      expect(await battles.move('battle-1', { type: 'erase' }, later(hourMs))).toBe('moved')
      const found = (await battles.find('battle-1'))!
      expect(found.state).toBe('erased')
      expect(JSON.stringify([found, await battles.backstage('battle-1')])).not.toMatch(/bicycles|Three/)
      expect(latestTurn(found).prompt).toMatchObject({ text: '', images: [] })
      expect(await votes.find('battle-1')).toMatchObject({ outcome: 'a', note: null })
      expect(await leaderboards.ballots({ after: null, limit: 9 })).toHaveLength(1)
      expect((await votes.cast(aBallot({ outcome: 'b', seenRevision: 1 }))).result).toBe('frozen')
      expect(await battles.move('battle-1', { type: 'erase' }, later(hourMs))).toBe('conflict')
    })
  })
}
