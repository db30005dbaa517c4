import { describe, expect, test } from 'vitest'
import { wholeBoard } from '../../src/leaderboards/leaderboard.ts'
import {
  aBallot,
  aFinishedAnswer,
  aLeaderboard,
  anEnd,
  aPrompt,
  aRankedBallot,
  aReadyBattle,
  hourMs,
  introduce,
  later,
  noon,
  promptKey,
} from '../characters.ts'
import { type Open, openedBy } from './stores.ts'

export function leaderboardStoreContract(engine: string, open: Open) {
  describe(`leaderboards in ${engine}`, () => {
    const opened = openedBy(open)
    const set = async () => {
      const { stores } = opened()
      await introduce(stores)
      return stores
    }
    const all = { after: null, limit: 100 }
    const freeze = (stores: Awaited<ReturnType<typeof set>>) => stores.votes.freeze(later(100 * hourMs), later(hourMs))
    const ask = async (
      stores: Awaited<ReturnType<typeof set>>,
      id: string,
      a = 'Because.',
      finish: 'complete' | 'declined' = 'complete',
    ) => {
      const prompt = aPrompt({ text: 'Why?', images: [], language: 'fr', categories: ['knowledge'] })
      await stores.battles.ask(id, { prompt, promptSha256: promptKey(prompt), flags: [], at: later(1) })
      await stores.battles.move(id, { type: 'slots_free' }, later(2))
      await stores.battles.finish(id, 2, anEnd({ a: aFinishedAnswer(a, { finish } as never) }))
    }

    test('ranking sees a counted vote with everything a board may be sliced by', async () => {
      const stores = await set()
      await aReadyBattle(stores)
      await stores.votes.cast(aBallot({ outcome: 'tie' }))
      await freeze(stores)
      expect(await stores.leaderboards.ballots(all)).toEqual([aRankedBallot({ outcome: 'tie' })])
    })

    test('only frozen votes are ranked: a board that moved with an open one would tell whom it judges', async () => {
      const stores = await set()
      for (const id of ['1', '2', '3', '4']) await aReadyBattle(stores, { id })
      await stores.votes.cast(aBallot({ id: 'open', battleId: '1' }))
      await stores.votes.cast(aBallot({ id: 'frozen', battleId: '2' }))
      await stores.votes.reveal('2', later(hourMs))
      await stores.votes.cast(aBallot({ id: 'uncounted', battleId: '3', exclusion: 'repeat_prompt' }))
      await stores.votes.cast(aBallot({ id: 'withdrawn', battleId: '4' }))
      await stores.votes.withdraw('4', later(hourMs))
      expect((await stores.leaderboards.ballots(all)).map(({ voteId }) => voteId)).toEqual(['frozen'])
    })

    test('a battle is one ballot, its newest counted turn, with all that was said up to there', async () => {
      const stores = await set()
      const { votes, leaderboards } = stores
      const a = aFinishedAnswer('One.', { markup: { characters: 100, headers: 2, lists: 3, bold: 4 } } as never)
      await aReadyBattle(stores, {}, { a })
      await votes.cast(aBallot({ id: 'first' }))
      await ask(stores, 'battle-1', 'I will not.', 'declined')
      await freeze(stores)
      expect((await leaderboards.ballots(all))[0]).toMatchObject({ voteId: 'first', turns: 1, hasRefusal: false })
      await votes.cast(aBallot({ id: 'second', turn: 2, outcome: 'b' }))
      await freeze(stores)
      const ballots = await leaderboards.ballots(all)
      expect(ballots).toHaveLength(1)
      expect(ballots[0]).toMatchObject({
        voteId: 'second',
        turns: 2,
        hasRefusal: true,
        language: 'fr',
        categories: ['knowledge'],
        markupA: [100 + 'I will not.'.length, 2, 3, 4],
        markupB: [2 * 'There are four bicycles.'.length, 0, 0, 0],
      })
      expect(await leaderboards.ballotsOf(['first', 'second'])).toEqual(ballots)
      expect(await leaderboards.ballotsOf(['first'])).toEqual([])
    })

    test('when the newest turn does not count, the one before stands for the battle', async () => {
      const stores = await set()
      await aReadyBattle(stores)
      await stores.votes.cast(aBallot({ id: 'first' }))
      await ask(stores, 'battle-1')
      await stores.votes.cast(aBallot({ id: 'second', turn: 2, exclusion: 'truncated' }))
      await freeze(stores)
      expect((await stores.leaderboards.ballots(all)).map(({ voteId }) => voteId)).toEqual(['first'])
    })

    test('ballots come by id in byte order, in pages', async () => {
      const stores = await set()
      const ids = ['a', 'Z', 'B', '_', 'b', '0', 'A']
      for (const id of ids) {
        await aReadyBattle(stores, { id })
        await stores.votes.cast(aBallot({ id, battleId: id }))
      }
      await freeze(stores)
      const read: string[] = []
      for (let after: string | null = null; ; after = read.at(-1)!) {
        const page = await stores.leaderboards.ballots({ after, limit: 3 })
        expect(page.length).toBeLessThanOrEqual(3)
        read.push(...page.map(({ voteId }) => voteId))
        if (page.length < 3) break
      }
      expect(read).toEqual(['0', 'A', 'B', 'Z', '_', 'a', 'b'])
      expect((await stores.leaderboards.ballotsOf(['b', 'A', 'b', 'none'])).map(({ voteId }) => voteId)).toEqual([
        'A',
        'b',
      ])
    })

    test('the newest change grows when a vote is frozen or withdrawn, and with nothing else', async () => {
      const stores = await set()
      const { votes, leaderboards } = stores
      const changes = [await leaderboards.lastChange()]
      const then = async (step: Promise<unknown>) => {
        await step
        changes.push(await leaderboards.lastChange())
      }
      await aReadyBattle(stores)
      await aReadyBattle(stores, { id: 'battle-2' })
      await then(votes.cast(aBallot()))
      await then(votes.cast(aBallot()))
      await then(votes.cast(aBallot({ seenRevision: 1, note: 'Only words.' })))
      await then(votes.cast(aBallot({ seenRevision: 2, outcome: 'b' })))
      await then(votes.cast(aBallot({ id: 'vote-2', battleId: 'battle-2', exclusion: 'truncated' })))
      await then(votes.reveal('battle-1', later(hourMs)))
      await then(votes.withdraw('battle-1', later(2 * hourMs)))
      await then(votes.withdraw('battle-2', later(2 * hourMs)))
      expect(changes).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 2])
    })

    test('what changed is told oldest first, with every vote of the battle', async () => {
      const stores = await set()
      const { votes, leaderboards } = stores
      await aReadyBattle(stores)
      await aReadyBattle(stores, { id: 'battle-2' })
      await votes.cast(aBallot({ id: 'z' }))
      await freeze(stores)
      await ask(stores, 'battle-1')
      await votes.cast(aBallot({ id: 'y', turn: 2 }))
      await freeze(stores)
      await votes.cast(aBallot({ id: 'x', battleId: 'battle-2' }))
      await freeze(stores)
      expect(await leaderboards.changedSince(1, 10)).toEqual([
        { change: 2, voteId: 'y' },
        { change: 2, voteId: 'z' },
        { change: 3, voteId: 'x' },
      ])
      expect((await leaderboards.changedSince(0, 1)).map(({ change }) => change)).toEqual([1, 1])
      expect(await leaderboards.changedSince(3, 10)).toEqual([])
    })

    test('who goes on to another battle leaves the vote before as it is, and it counts from then on', async () => {
      const stores = await set()
      await aReadyBattle(stores)
      await aReadyBattle(stores, { id: 'battle-2' })
      await stores.votes.cast(aBallot({ id: 'before' }))
      await stores.votes.cast(aBallot({ id: 'now', battleId: 'battle-2' }))
      expect(await stores.votes.freezeOf('voter-1', 'battle-2', later(hourMs))).toBe(1)
      expect((await stores.leaderboards.ballots(all)).map(({ voteId }) => voteId)).toEqual(['before'])
      expect((await stores.votes.cast(aBallot({ id: 'again', outcome: 'b', seenRevision: 1 }))).result).toBe('frozen')
    })

    test('a board comes back with its dates; the newest one stands, and a slower refresh does not replace it', async () => {
      const { leaderboards } = await set()
      expect(await leaderboards.latest('all')).toBeUndefined()
      const view = { ...wholeBoard, since: noon, until: later(hourMs) }
      const board = aLeaderboard({ view, votes: 3, pieces: [['ant', 'bee']] })
      await leaderboards.keep(board, 'all', 3)
      expect(await leaderboards.latest('all')).toEqual({ board, change: 3 })
      await leaderboards.keep({ ...board, votes: 2 }, 'all', 2)
      expect((await leaderboards.latest('all'))?.board.votes).toBe(3)
      await leaderboards.keep({ ...board, votes: 9, updatedAt: later(30 * hourMs) }, 'all', 9)
      expect(await leaderboards.latest('all')).toMatchObject({ board: { votes: 9 }, change: 9 })
      expect(await leaderboards.latest('ocr')).toBeUndefined()
    })
  })
}
