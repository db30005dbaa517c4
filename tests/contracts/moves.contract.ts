import { describe, expect, test } from 'vitest'
import { type BattleEvent, isRevealed, next } from '../../src/battles/battle.ts'
import type { Stores } from '../../src/storage/sqlite/storage.ts'
import {
  aBallot,
  aBattle,
  aContestant,
  aFailedAnswer,
  anEnd,
  aPrompt,
  aReadyBattle,
  introduce,
  later,
  noon,
  promptKey,
} from '../characters.ts'
import { type Open, openedBy } from './stores.ts'

/** Every state a battle can be in, and the way there. */
const waysTo: Record<string, (stores: Stores, id: string) => Promise<unknown>> = {
  queued: ({ battles }, id) => battles.start(aBattle({ id })),
  writing: async ({ battles }, id) => {
    await battles.start(aBattle({ id }))
    await battles.move(id, { type: 'slots_free' }, noon)
  },
  ready: (stores, id) => aReadyBattle(stores, { id }),
  voted: async (stores, id) => {
    await aReadyBattle(stores, { id })
    await stores.votes.cast(aBallot({ id: `vote of ${id}`, battleId: id }))
  },
  revealed: async (stores, id) => {
    await aReadyBattle(stores, { id })
    await stores.votes.reveal(id, later(1))
  },
  'void(queue_timeout)': async ({ battles }, id) => {
    await battles.start(aBattle({ id }))
    await battles.move(id, { type: 'queue_timeout' }, noon)
  },
  'void(cancelled)': async ({ battles }, id) => {
    await battles.start(aBattle({ id }))
    await battles.move(id, { type: 'cancel' }, noon)
  },
  'void(side_failed)': (stores, id) => aReadyBattle(stores, { id }, { a: aFailedAnswer() }),
  'void(interrupted)': async ({ battles }, id) => {
    await battles.start(aBattle({ id }))
    await battles.move(id, { type: 'interrupted' }, noon)
  },
  'void(expired)': async (stores, id) => {
    await aReadyBattle(stores, { id })
    await stores.battles.move(id, { type: 'expire' }, noon)
  },
  'void(skipped)': async (stores, id) => {
    await aReadyBattle(stores, { id })
    await stores.battles.move(id, { type: 'skip' }, noon)
  },
  'queued, names shown': askedInTheOpen,
  'writing, names shown': async (stores, id) => {
    await askedInTheOpen(stores, id)
    await stores.battles.move(id, { type: 'slots_free' }, noon)
  },
  'void(side_failed), names shown': async (stores, id) => {
    await askedInTheOpen(stores, id)
    await stores.battles.move(id, { type: 'slots_free' }, noon)
    await stores.battles.finish(id, 2, anEnd({ a: aFailedAnswer() }))
  },
  'void(interrupted), names shown': async (stores, id) => {
    await askedInTheOpen(stores, id)
    await stores.battles.move(id, { type: 'interrupted' }, noon)
  },
  erased: async (stores, id) => {
    await aReadyBattle(stores, { id })
    await stores.battles.move(id, { type: 'erase' }, noon)
  },
}

async function askedInTheOpen(stores: Stores, id: string) {
  await aReadyBattle(stores, { id })
  await stores.votes.reveal(id, later(1))
  const prompt = aPrompt({ text: 'Why?', images: [] })
  await stores.battles.ask(id, { prompt, promptSha256: promptKey(prompt), flags: [], at: later(2) })
}

const events: BattleEvent['type'][] = [
  'slots_free',
  'queue_timeout',
  'cancel',
  'both_ended',
  'side_failed',
  'interrupted',
  'retry',
  'replace',
  'vote',
  'ask',
  'expire',
  'skip',
  'reveal',
  'erase',
]

/** Each event through the method that carries it; true if the battle moved. */
async function happens(
  type: BattleEvent['type'],
  { battles, votes }: Stores,
  id: string,
  turn: number,
): Promise<boolean> {
  switch (type) {
    case 'vote':
      return /^(cast|changed)$/.test(
        (await votes.cast(aBallot({ id: `new vote of ${id}`, battleId: id, turn, outcome: 'b', seenRevision: 1 })))
          .result,
      )
    case 'reveal':
      return (await votes.reveal(id, later(9))) === 'revealed'
    case 'ask': {
      const asked = { prompt: aPrompt(), promptSha256: promptKey(aPrompt()), flags: [], at: later(9) }
      return (await battles.ask(id, asked)) === 'asked'
    }
    case 'both_ended':
      return (await battles.finish(id, turn, anEnd())) === 'saved'
    case 'side_failed':
      return (await battles.finish(id, turn, anEnd({ b: aFailedAnswer() }))) === 'saved'
    case 'replace':
      return (await battles.move(id, { type }, later(9), { side: 'a', contestant: aContestant('cat') })) === 'moved'
    default:
      return (await battles.move(id, { type }, later(9))) === 'moved'
  }
}

export function movesContract(engine: string, open: Open) {
  describe(`moves of battles in ${engine}`, () => {
    const opened = openedBy(open)

    test('every event in every state does what the table says, and what it does not say writes nothing', async () => {
      const { stores } = opened()
      await introduce(stores)
      await Promise.all(
        Object.entries(waysTo).flatMap(([state, goTo]) =>
          events.map(async (type) => {
            const id = `${state} + ${type}`
            await goTo(stores, id)
            const before = (await stores.battles.find(id))!
            expect(before.voidReason ? `void(${before.voidReason})` : before.state, id).toBe(state.split(',')[0])
            expect(isRevealed(before) && before.state !== 'revealed', id).toBe(state.endsWith('names shown'))
            const backstage = await stores.battles.backstage(id)
            const votes = await stores.votes.ofBattle(id)

            const to = next({ ...before, isRevealed: isRevealed(before) }, { type })
            expect(await happens(type, stores, id, before.turns.length), id).toBe(to !== null)

            const after = (await stores.battles.find(id))!
            expect([after.state, after.voidReason], id).toEqual(
              to ? [to.to, to.voidReason] : [before.state, before.voidReason],
            )
            if (to) return
            expect(after, id).toEqual(before)
            expect(await stores.battles.backstage(id), id).toEqual(backstage)
            expect(await stores.votes.ofBattle(id), id).toEqual(votes)
          }),
        ),
      )
    })

    test('a battle that is not there does not move', async () => {
      const { stores } = opened()
      for (const type of events) expect(await happens(type, stores, 'nowhere', 1), type).toBe(false)
    })

    test('of one hundred equal moves at once one moves', async () => {
      const { stores } = opened()
      await introduce(stores)
      await stores.battles.start(aBattle())
      const moved = await Promise.all(
        Array.from({ length: 100 }, () => stores.battles.move('battle-1', { type: 'slots_free' }, noon)),
      )
      expect(moved.filter((result) => result === 'moved')).toHaveLength(1)
    })
  })
}
