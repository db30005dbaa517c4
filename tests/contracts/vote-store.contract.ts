import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/battles/battle.ts'
import type { VoteReason } from '../../src/votes/vote.ts'
import {
  aBallot,
  aBattle,
  anEnd,
  anImage,
  aPrompt,
  aReadyBattle,
  hourMs,
  introduce,
  later,
  minuteMs,
  noon,
  promptKey,
} from '../characters.ts'
import { collected, type Open, openedBy } from './stores.ts'

export function voteStoreContract(engine: string, open: Open) {
  describe(`votes in ${engine}`, () => {
    const opened = openedBy(open)
    const set = async () => {
      const { stores } = opened()
      await introduce(stores)
      return stores
    }
    const ready = async () => {
      const stores = await set()
      await aReadyBattle(stores)
      return stores
    }
    const everyVote = { castBefore: later(1000 * hourMs) }
    const reason = (key: VoteReason['key'], side: VoteReason['side'] = 'a'): VoteReason => ({ side, key })

    test('of twenty votes at once exactly one row remains', async () => {
      const { votes, battles } = await ready()
      const cast = await Promise.all(Array.from({ length: 20 }, (_, i) => votes.cast(aBallot({ id: `vote-${i}` }))))
      expect(cast.filter(({ result }) => result === 'cast')).toHaveLength(1)
      expect(cast.filter(({ result }) => result === 'same')).toHaveLength(19)
      expect(new Set(cast.map(({ vote }) => vote?.id)).size).toBe(1)
      expect(await collected(votes.all(everyVote))).toHaveLength(1)
      expect((await battles.find('battle-1'))?.state).toBe('voted')
    })

    test('of two first ballots at once with different outcomes one is kept, and the other is told which', async () => {
      const { votes } = await ready()
      const [first, second] = await Promise.all([
        votes.cast(aBallot({ id: 'vote-1', outcome: 'a' })),
        votes.cast(aBallot({ id: 'vote-2', outcome: 'b' })),
      ])
      expect([first.result, second.result].sort()).toEqual(['cast', 'stale'])
      expect(first.vote).toEqual(second.vote)
      expect(await collected(votes.all(everyVote))).toEqual([first.vote])
    })

    test('a vote comes back as it was cast', async () => {
      const { votes } = await ready()
      const reasons = [reason('clearer'), reason('made_up', 'b')]
      const { result, vote } = await votes.cast(
        aBallot({ outcome: 'both_bad', exclusion: 'truncated', reasons, note: 'Neither.', dwellMs: null }),
      )
      expect(result).toBe('cast')
      expect(vote).toEqual({
        id: 'vote-1',
        battleId: 'battle-1',
        turn: 1,
        voterId: 'voter-1',
        outcome: 'both_bad',
        reasons,
        note: 'Neither.',
        revision: 1,
        status: 'open',
        exclusion: 'truncated',
        dwellMs: null,
        castAt: later(2 * minuteMs),
      })
      expect(await votes.find('battle-1')).toEqual(vote)
      expect(await votes.find('battle-1', 1)).toEqual(vote)
      expect(await votes.find('battle-1', 2)).toBeUndefined()
      expect(await votes.ofBattle('battle-1')).toEqual([vote])
    })

    test('a vote can be changed until the names are shown, never after', async () => {
      const { votes } = await ready()
      await votes.cast(aBallot({ outcome: 'a' }))
      const changed = await votes.cast(aBallot({ id: 'vote-2', outcome: 'tie', seenRevision: 1, dwellMs: 20_000 }))
      expect(changed).toMatchObject({
        result: 'changed',
        vote: { id: 'vote-1', outcome: 'tie', revision: 2, dwellMs: 20_000, castAt: later(2 * minuteMs) },
      })
      expect(await votes.reveal('battle-1', later(hourMs))).toBe('revealed')
      const late = await votes.cast(aBallot({ id: 'vote-3', outcome: 'b', seenRevision: 2 }))
      expect(late).toMatchObject({ result: 'frozen', vote: { outcome: 'tie', revision: 2, status: 'counted' } })
      expect(await votes.find('battle-1')).toMatchObject({ outcome: 'tie', revision: 2 })
    })

    test('a reveal and twenty changes at once leave the vote that the reveal froze', async () => {
      const { votes } = await ready()
      await votes.cast(aBallot({ outcome: 'a' }))
      const changes = Array.from({ length: 20 }, (_, i) =>
        votes.cast(aBallot({ id: `vote-${i + 2}`, outcome: 'b', seenRevision: 1, note: `${i}` })),
      )
      const revealed = votes.reveal('battle-1', later(hourMs))
      const lateOne = votes.cast(aBallot({ id: 'vote-99', outcome: 'tie', seenRevision: 2 }))
      const results = (await Promise.all(changes)).map(({ result }) => result)
      expect(await revealed).toBe('revealed')
      expect((await lateOne).result).toBe('frozen')
      expect(results.filter((result) => result === 'changed')).toHaveLength(1)
      expect(await votes.find('battle-1')).toMatchObject({ outcome: 'b', revision: 2, status: 'counted' })
    })

    test('who saw an older revision changes nothing, whatever they send', async () => {
      const { votes } = await ready()
      await votes.cast(aBallot({ outcome: 'a' }))
      await votes.cast(aBallot({ outcome: 'b', seenRevision: 1 }))
      for (const seenRevision of [1, 3, null])
        expect(await votes.cast(aBallot({ outcome: 'tie', seenRevision }))).toMatchObject({
          result: 'stale',
          vote: { outcome: 'b', revision: 2 },
        })
    })

    test('what is left out of a change stays, and an equal ballot is no change', async () => {
      const { votes } = await ready()
      const reasons = [reason('clearer'), reason('more_accurate')]
      await votes.cast(aBallot({ reasons, note: 'Sharp.' }))
      expect((await votes.cast(aBallot({ reasons: reasons.toReversed() }))).result).toBe('same')
      expect((await votes.cast(aBallot({ note: 'Sharp.', seenRevision: 7 }))).result).toBe('same')
      expect(await votes.cast(aBallot({ outcome: 'b', seenRevision: 1 }))).toMatchObject({
        result: 'changed',
        vote: { outcome: 'b', reasons, note: 'Sharp.', revision: 2 },
      })
      expect(await votes.cast(aBallot({ outcome: 'b', reasons: [], note: null, seenRevision: 2 }))).toMatchObject({
        result: 'changed',
        vote: { outcome: 'b', reasons: [], note: null, revision: 3 },
      })
    })

    test('choosing a reason later is not reading longer', async () => {
      const { votes } = await ready()
      await votes.cast(aBallot({ dwellMs: 9000 }))
      const { vote } = await votes.cast(aBallot({ dwellMs: 60_000, reasons: [reason('clearer')], seenRevision: 1 }))
      expect(vote).toMatchObject({ revision: 2, dwellMs: 9000 })
    })

    test('a retried request is the same vote, even after it was changed or the names were shown', async () => {
      const { votes } = await ready()
      const tap = aBallot({ outcome: 'a', idempotencyKey: 'tap-1', reasons: [reason('clearer')] })
      expect((await votes.cast(tap)).result).toBe('cast')
      expect(await votes.cast({ ...tap, id: 'vote-2' })).toMatchObject({ result: 'same', vote: { id: 'vote-1' } })
      await votes.cast(aBallot({ outcome: 'b', idempotencyKey: 'tap-2', seenRevision: 1 }))
      expect(await votes.cast(tap)).toMatchObject({ result: 'same', vote: { outcome: 'b', revision: 2 } })
      await votes.reveal('battle-1', later(hourMs))
      expect(await votes.cast(tap)).toMatchObject({ result: 'same', vote: { outcome: 'b', status: 'counted' } })
    })

    test('a key with other words is refused, and so is a key of another vote', async () => {
      const stores = await ready()
      const { votes } = stores
      await aReadyBattle(stores, { id: 'battle-2' })
      await votes.cast(aBallot({ outcome: 'a', idempotencyKey: 'tap-1' }))
      const again = (some: object) =>
        votes.cast(aBallot({ id: 'vote-2', idempotencyKey: 'tap-1', seenRevision: 1, ...some }))
      expect(await again({ outcome: 'b' })).toMatchObject({ result: 'duplicate_key', vote: { outcome: 'a' } })
      expect(await again({ note: 'Other.' })).toMatchObject({ result: 'duplicate_key' })
      expect(await again({ battleId: 'battle-2' })).toEqual({ result: 'duplicate_key', vote: undefined })
      expect(await votes.find('battle-2')).toBeUndefined()
      expect(await votes.find('battle-1')).toMatchObject({ outcome: 'a', revision: 1, note: null })
    })

    test('nobody votes in the battle of another, and nobody is told what was voted there', async () => {
      const { votes } = await ready()
      await votes.cast(aBallot())
      const foreign = await votes.cast(aBallot({ id: 'vote-2', voterId: 'voter-2', outcome: 'b', seenRevision: 1 }))
      expect(foreign).toEqual({ result: 'frozen', vote: undefined })
      expect(await votes.find('battle-1')).toMatchObject({ voterId: 'voter-1', outcome: 'a' })
    })

    test('a battle that is not ready cannot be voted on', async () => {
      const { votes, battles } = await set()
      const cast = async (some: object = {}) => (await votes.cast(aBallot(some))).result
      expect(await cast()).toBe('frozen')
      await battles.start(aBattle())
      expect(await cast()).toBe('frozen')
      await battles.move('battle-1', { type: 'slots_free' }, noon)
      expect(await cast()).toBe('frozen')
      await battles.move('battle-1', { type: 'skip' }, noon)
      expect(await cast()).toBe('frozen')
      await aReadyBattle({ battles }, { id: 'battle-2' })
      expect(await cast({ battleId: 'battle-2', turn: 2 })).toBe('frozen')
      expect(await cast({ battleId: 'battle-2' })).toBe('cast')
      await aReadyBattle({ battles }, { id: 'battle-3' })
      await votes.reveal('battle-3', later(1))
      expect(await votes.cast(aBallot({ battleId: 'battle-3' }))).toEqual({ result: 'frozen', vote: undefined })
    })

    test('a reveal freezes the vote, and a vote that does not count keeps its reason', async () => {
      const stores = await ready()
      const { votes, battles } = stores
      await aReadyBattle(stores, { id: 'battle-2' })
      await votes.cast(aBallot({ id: 'vote-1' }))
      await votes.cast(aBallot({ id: 'vote-2', battleId: 'battle-2', exclusion: 'identity_probe' }))
      expect(await votes.reveal('battle-1', later(1))).toBe('revealed')
      expect(await votes.reveal('battle-2', later(1))).toBe('revealed')
      expect(await votes.reveal('battle-1', later(2))).toBe('already_revealed')
      expect(await votes.find('battle-1')).toMatchObject({ status: 'counted', exclusion: null })
      expect(await votes.find('battle-2')).toMatchObject({ status: 'uncounted', exclusion: 'identity_probe' })
      expect(await battles.find('battle-1')).toMatchObject({ state: 'revealed', revealedAt: later(1) })
    })

    test('a reveal waits for the answers, needs no vote, and happens once', async () => {
      const { votes, battles } = await set()
      expect(await votes.reveal('battle-1', later(1))).toBe('conflict')
      await battles.start(aBattle())
      expect(await votes.reveal('battle-1', later(1))).toBe('conflict')
      expect((await battles.find('battle-1'))?.revealedAt).toBeNull()
      await battles.move('battle-1', { type: 'cancel' }, later(2))
      const revealed = await Promise.all([3, 4, 5].map((ms) => votes.reveal('battle-1', later(ms))))
      expect(revealed.toSorted()).toEqual(['already_revealed', 'already_revealed', 'revealed'])
    })

    test('a withdrawn vote leaves everything but its row', async () => {
      const { votes, leaderboards } = await ready()
      expect(await votes.withdraw('battle-1', later(1))).toBe('no_vote')
      await votes.cast(aBallot())
      await votes.reveal('battle-1', later(hourMs))
      const before = await leaderboards.lastChange()
      expect(await votes.withdraw('battle-1', later(2 * hourMs))).toBe('withdrawn')
      expect(await votes.withdraw('battle-1', later(3 * hourMs))).toBe('withdrawn')
      expect(await votes.find('battle-1')).toMatchObject({ status: 'withdrawn', outcome: 'a' })
      expect(await leaderboards.ballots({ after: null, limit: 9 })).toEqual([])
      expect(await leaderboards.lastChange()).toBe(before + 1)
      expect(await collected(votes.all(everyVote))).toHaveLength(1)
    })

    test('a withdrawn vote cannot be cast again', async () => {
      const { votes } = await ready()
      await votes.cast(aBallot())
      await votes.withdraw('battle-1', later(1))
      expect((await votes.cast(aBallot({ id: 'vote-2', outcome: 'b', seenRevision: 1 }))).result).toBe('frozen')
    })

    test('old open votes are frozen without showing names', async () => {
      const stores = await ready()
      const { votes, battles } = stores
      for (const id of ['battle-2', 'battle-3']) await aReadyBattle(stores, { id })
      await votes.cast(aBallot({ id: 'vote-1', castAt: later(-2) }))
      await votes.cast(aBallot({ id: 'vote-2', battleId: 'battle-2', castAt: later(-1), exclusion: 'truncated' }))
      await votes.cast(aBallot({ id: 'vote-3', battleId: 'battle-3', castAt: noon }))
      expect(await votes.freeze(noon, later(1))).toBe(2)
      expect(await votes.freeze(noon, later(1))).toBe(0)
      expect((await votes.find('battle-1'))?.status).toBe('counted')
      expect((await votes.find('battle-2'))?.status).toBe('uncounted')
      expect((await votes.find('battle-3'))?.status).toBe('open')
      expect((await battles.find('battle-1'))?.revealedAt).toBeNull()
      expect((await votes.cast(aBallot({ outcome: 'b', seenRevision: 1 }))).result).toBe('frozen')
      expect(await votes.reveal('battle-1', later(2))).toBe('revealed')
    })

    test('each turn has its own vote', async () => {
      const { votes, battles } = await ready()
      await votes.cast(aBallot({ id: 'vote-1' }))
      const prompt = aPrompt({ text: 'And trams?', images: [] })
      await battles.ask('battle-1', { prompt, promptSha256: promptKey(prompt), flags: [], at: later(1) })
      expect((await votes.cast(aBallot({ id: 'vote-2', turn: 2 }))).result).toBe('frozen')
      await battles.move('battle-1', { type: 'slots_free' }, later(2))
      await battles.finish('battle-1', 2, anEnd())
      expect((await votes.cast(aBallot({ id: 'vote-2', turn: 2, outcome: 'b' }))).result).toBe('cast')
      expect((await votes.ofBattle('battle-1')).map(({ turn, outcome }) => [turn, outcome])).toEqual([
        [1, 'a'],
        [2, 'b'],
      ])
      expect((await votes.find('battle-1'))?.id).toBe('vote-2')
    })

    test('votes are read in byte order, page after page, from where one stopped', async () => {
      const stores = await set()
      const ids = Array.from({ length: 1203 }, (_, i) => `${'aBzA09_'[i % 7]}${String(i).padStart(4, '0')}`)
      await Promise.all(
        ids.map(async (id, i) => {
          await aReadyBattle(stores, { id: `battle of ${id}` })
          await stores.votes.cast(aBallot({ id, battleId: `battle of ${id}`, castAt: later(i) }))
        }),
      )
      const inBytes = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const read = async (range: { after?: string; castBefore: Date }) =>
        (await collected(stores.votes.all(range))).map(({ id }) => id)
      expect(await read(everyVote)).toEqual(inBytes)
      expect(await read({ ...everyVote, after: inBytes[700]! })).toEqual(inBytes.slice(701))
      expect(new Set(await read({ castBefore: later(600) }))).toEqual(new Set(ids.slice(0, 600)))
    })

    test('standing counts the counted votes of others of their battles, since then', async () => {
      const stores = await set()
      const { votes } = stores
      const cast = async (id: string, some: { castAt?: Date; exclusion?: 'truncated'; outcome?: Outcome } = {}) => {
        await aReadyBattle(stores, { id })
        await votes.cast(aBallot({ id: `vote of ${id}`, battleId: id, castAt: noon, ...some }))
      }
      await cast('early', { castAt: later(-1) })
      await cast('counted')
      await cast('uncounted', { exclusion: 'truncated' })
      await cast('withdrawn')
      await votes.withdraw('withdrawn', later(1))
      await cast('mine')
      const standing = (voterId = 'voter-1') => votes.standing(voterId, noon, promptKey(aPrompt()), 'mine')
      expect(await standing()).toEqual({ countedToday: 1, hasCountedSamePrompt: true })
      expect(await standing('voter-2')).toEqual({ countedToday: 0, hasCountedSamePrompt: false })
    })

    test('the same words about another picture are another question', async () => {
      const stores = await set()
      await stores.images.keep(anImage('a tram'), null)
      await aReadyBattle(stores, { id: 'bicycle' })
      await aReadyBattle(stores, { id: 'tram', prompt: aPrompt({ images: [anImage('a tram')] }) })
      await aReadyBattle(stores, { id: 'tram again', prompt: aPrompt({ images: [anImage('a tram')] }) })
      await stores.votes.cast(aBallot({ battleId: 'tram' }))
      const isRepeat = async (id: string, prompt = aPrompt()) =>
        (await stores.votes.standing('voter-1', later(hourMs), promptKey(prompt), id)).hasCountedSamePrompt
      expect(await isRepeat('bicycle')).toBe(false)
      expect(await isRepeat('tram again')).toBe(true)
      expect(await isRepeat('tram again', aPrompt({ text: 'Where?' }))).toBe(false)
    })
  })
}
