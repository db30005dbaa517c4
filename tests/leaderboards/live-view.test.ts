import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ballotTable } from '../../src/leaderboards/ballot-table.ts'
import { type BoardView, type RankedBallot, wholeBoard } from '../../src/leaderboards/leaderboard.ts'
import type { LeaderboardStore } from '../../src/leaderboards/leaderboard-store.ts'
import { rater } from '../../src/leaderboards/rater.ts'
import { type KnownErrors, rateLive, rateView } from '../../src/leaderboards/refresh-leaderboard.ts'
import { fitBradleyTerry } from '../../src/ranking/bradley-terry.ts'
import { clustered } from '../../src/ranking/intervals.ts'
import { aRankedBallot, later, minuteMs, noon, sha256 } from '../characters.ts'

type Store = Pick<LeaderboardStore, 'ballots' | 'ballotsOf' | 'changedSince' | 'lastChange'>

/** Counted votes and their changes, as the database tells them. */
function aStore() {
  const ballots = new Map<string, RankedBallot>()
  const changes: string[] = []
  const store: Store = {
    ballots: async ({ after, limit }) =>
      [...ballots.values()]
        .sort((x, y) => (x.voteId < y.voteId ? -1 : 1))
        .filter(({ voteId }) => after === null || voteId > after)
        .slice(0, limit),
    ballotsOf: async (ids) => ids.flatMap((id) => ballots.get(id) ?? []),
    changedSince: async (change, limit) =>
      changes.map((voteId, i) => ({ change: i + 1, voteId })).slice(change, change + limit),
    lastChange: async () => changes.length,
  }
  return {
    store,
    put(ballot: RankedBallot) {
      ballots.set(ballot.voteId, ballot)
      changes.push(ballot.voteId)
    },
    remove(voteId: string) {
      if (ballots.delete(voteId)) changes.push(voteId)
    },
  }
}

const models = ['ant', 'bee', 'cat', 'dog', 'eel', '中文']
const ballotOf = (id: number, a: number, step: number, winner: number, voter: number): RankedBallot =>
  aRankedBallot({
    voteId: `vote-${(id * 7919) % 997}`,
    modelA: models[a]!,
    modelB: models[(a + step) % models.length]!,
    outcome: (['a', 'b', 'tie', 'both_bad'] as const)[winner]!,
    voterId: `voter-${voter}`,
    categories: id % 2 === 0 ? ['ocr'] : ['counting'],
    castAt: later(id * minuteMs),
    markupA: [100 + id, 0, id % 3, 0],
    markupB: [130, 1, 0, 0],
  })
const start = Array.from({ length: 120 }, (_, n) => ballotOf(n, n % 5, 1 + (n % 4), n % 4, n % 9)).filter(
  ({ modelA, modelB }) => modelA !== modelB,
)

const options = { method: 'bradley-terry', provisionalBelow: 30 } as const
const tools = { sha256, now: () => noon }
const views: BoardView[] = [
  wholeBoard,
  { ...wholeBoard, category: 'ocr' },
  { ...wholeBoard, until: later(80 * minuteMs) },
]

describe('a board that is kept current', () => {
  test('after any votes, changes and withdrawals it is the board counted afresh, bit by bit', async () => {
    const step = fc.record({
      id: fc.nat(220),
      a: fc.nat(5),
      step: fc.integer({ min: 1, max: 5 }),
      winner: fc.nat(3),
      voter: fc.nat(14),
      isOut: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 6 }), async (rounds) => {
        const { store, put, remove } = aStore()
        start.forEach(put)
        const followed = ballotTable(store)
        await followed.refresh()
        for (const view of views) followed.live(view)
        for (const round of rounds) {
          for (const { id, a, step, winner, voter, isOut } of round) {
            const ballot = ballotOf(id, a, step, winner, voter)
            if (isOut) remove(ballot.voteId)
            else put(ballot)
          }
          await followed.refresh()
          const fresh = ballotTable(store)
          await fresh.refresh()
          for (const view of views) {
            const [live, again] = [followed.live(view), fresh.live(view)]
            expect(live.counts).toEqual(again.counts)
            const [fit, fitAgain] = [fitBradleyTerry(live.counts), fitBradleyTerry(again.counts)]
            expect(fit.theta).toEqual(fitAgain.theta)
            expect(clustered(live.comparisons(), fit).v).toEqual(clustered(again.comparisons(), fitAgain).v)
            const board = rateLive(live, view, options, tools, null).board
            expect(board).toEqual(rateLive(again, view, options, tools, null).board)
            // The same as from the votes in the order of their ids, to all published digits.
            expect(board).toEqual(rateView(fresh.select(view, null), view, options, tools))
          }
        }
      }),
      { seed: 3, numRuns: 40 },
    )
  })

  test('other votes are another snapshot, the same votes the same one', async () => {
    const { store, put, remove } = aStore()
    start.forEach(put)
    const table = ballotTable(store)
    const snapshot = async () => {
      await table.refresh()
      return rateLive(table.live(wholeBoard), wholeBoard, options, tools, null).board.snapshot
    }
    const first = await snapshot()
    const more = ballotOf(500, 1, 2, 0, 3)
    put(more)
    const second = await snapshot()
    expect(second).not.toBe(first)
    put({ ...more, outcome: 'b' })
    expect(await snapshot()).not.toBe(second)
    remove(more.voteId)
    expect(await snapshot()).toBe(first)
  })

  test('with errors of a moment ago ratings are of all votes, the board says so, and its snapshot is its own', async () => {
    const { store, put } = aStore()
    start.forEach(put)
    const table = ballotTable(store)
    await table.refresh()
    const { errors } = rateLive(table.live(wholeBoard), wholeBoard, options, tools, null)
    put(ballotOf(501, 0, 2, 0, 3))
    await table.refresh()
    const exact = rateLive(table.live(wholeBoard), wholeBoard, options, tools, null)
    const quick = rateLive(table.live(wholeBoard), wholeBoard, options, tools, errors)
    expect(quick.isExact).toBe(false)
    expect(quick.board.flags).toContain('errors_catching_up')
    const ratings = ({ rows }: typeof quick.board) => new Map(rows.map(({ model, rating }) => [model, rating]))
    expect(ratings(quick.board)).toEqual(ratings(exact.board))
    expect(quick.board.rows).not.toEqual(exact.board.rows)
    expect(quick.board.snapshot).not.toBe(exact.board.snapshot)
    const settled = { ...exact.errors } satisfies KnownErrors
    expect(rateLive(table.live(wholeBoard), wholeBoard, options, tools, settled)).toEqual({ ...exact, errors: settled })
  })

  test('a rater for which every pass takes long makes errors every five seconds and robustness every ten minutes', async () => {
    const { store, put } = aStore()
    start.forEach(put)
    let time = 0
    const boards = rater(store, options, { ...tools, elapsed: () => (time += 100) })
    const rated = async (wait: number) => {
      time += wait
      put(ballotOf(600 + Math.floor(time / 1000), 0, 1, time % 2, 2))
      return boards.rate(wholeBoard, null)
    }
    const first = await rated(0)
    expect(first.isExact).toBe(true)
    expect(first.board.robustness?.votes).toBe(first.board.votes)
    const second = await rated(1000)
    expect(second).toMatchObject({
      isExact: false,
      board: { votes: first.board.votes + 1, robustness: { votes: first.board.votes } },
    })
    const third = await rated(5000)
    expect(third.isExact).toBe(true)
    expect(third.board.robustness?.votes).toBe(first.board.votes)
    const last = await rated(600_000)
    expect(last.board.robustness?.votes).toBe(last.board.votes)
  })
})
