import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { boardKey } from '../../src/leaderboards/board-view.ts'
import { wholeBoard } from '../../src/leaderboards/leaderboard.ts'
import { type SqliteStorage, sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { aBallot, aLeaderboard, aPrompt, aReadyBattle, hourMs, introduce, later, noon } from '../characters.ts'

let storage: SqliteStorage
beforeEach(async () => {
  storage = await sqliteStorage(':memory:')
  await introduce(storage)
})
afterEach(() => storage.close())

const dayMs = 24 * hourMs
const row = (model: string, rating: number) => ({
  ...aLeaderboard().rows[0]!,
  model,
  rating,
  low: rating - 5,
  high: rating + 5,
})
const keep = (day: number, rating: number, view = wholeBoard, hours = 0) => {
  const board = aLeaderboard({
    view,
    snapshot: `${day} ${hours} ${rating}`,
    rows: [row('ant', rating)],
    updatedAt: later(day * dayMs + hours * hourMs),
  })
  return storage.leaderboards.keep(board, boardKey(view), day * 24 + hours)
}
const ratings = async (days: number, view = wholeBoard) =>
  (await storage.leaderboards.history(view, days)).map(({ at, rows }) => [
    (at.getTime() - noon.getTime()) / dayMs,
    rows[0]!.rating,
  ])

describe('how ratings moved', () => {
  test('the last board of each day, oldest first, of this view alone', async () => {
    await keep(0, 1000)
    await keep(1, 1005)
    await keep(1, 1010, wholeBoard, 3)
    await keep(1, 900, { ...wholeBoard, category: 'ocr' })
    await keep(1, 901, { ...wholeBoard, withoutLibrary: true })
    expect(await ratings(30)).toEqual([
      [0, 1000],
      [1.125, 1010],
    ])
    expect(await ratings(30, { ...wholeBoard, category: 'ocr' })).toEqual([[1, 900]])
  })

  test('boards that end an hour or a day back belong to their day; a look far back that somebody asked for does not', async () => {
    await keep(0, 1000, { ...wholeBoard, until: later(-dayMs) })
    await keep(1, 1007, { ...wholeBoard, until: later(0) })
    await keep(2, 1009, { ...wholeBoard, until: later(-300 * dayMs) })
    expect(await ratings(30)).toEqual([
      [0, 1000],
      [1, 1007],
    ])
  })

  test('of many days some, evenly, with the first and the last', async () => {
    for (let day = 0; day < 11; day++) await keep(day, 1000 + day)
    expect((await ratings(3)).map(([day]) => day)).toEqual([0, 5, 10])
  })
})

describe('what votes say beside their winner', () => {
  test('a question from a prompt set is known, also where only an earlier one of the battle was', async () => {
    await aReadyBattle(storage, { id: 'own' })
    await storage.votes.cast(aBallot({ id: 'own', battleId: 'own' }))
    await aReadyBattle(storage, { id: 'set', prompt: aPrompt({ promptId: 'street-1', inputMethod: 'chosen' }) })
    await storage.votes.cast(aBallot({ id: 'set', battleId: 'set' }))
    await storage.votes.freeze(later(100 * hourMs), later(hourMs))
    const ballots = await storage.leaderboards.ballots({ after: null, limit: 10 })
    expect(Object.fromEntries(ballots.map(({ voteId, isFromLibrary }) => [voteId, isFromLibrary]))).toEqual({
      own: false,
      set: true,
    })
  })

  test('reasons count against the model that lost, once a vote, and only in votes that count', async () => {
    const votes = [
      {
        outcome: 'a',
        reasons: [
          { side: 'b', key: 'made_up' },
          { side: 'b', key: 'too_long' },
          { side: 'a', key: 'clearer' },
        ],
      },
      {
        outcome: 'a',
        reasons: [
          { side: 'b', key: 'made_up' },
          { side: 'a', key: 'refused' },
        ],
      },
      { outcome: 'both_bad', reasons: [{ side: 'a', key: 'miscounted' }] },
      { outcome: 'tie', reasons: [{ side: 'a', key: 'refused' }] },
      { outcome: 'b', reasons: [] },
      { outcome: 'a', reasons: [{ side: 'b', key: 'refused' }], exclusion: 'truncated' },
    ] as const
    for (const [n, { reasons, ...vote }] of votes.entries()) {
      await aReadyBattle(storage, { id: `${n}` })
      await storage.votes.cast(
        aBallot({ id: `${n}`, battleId: `${n}`, reasons: [...reasons], castAt: later(n), ...vote }),
      )
    }
    await storage.votes.freeze(later(100 * hourMs), later(hourMs))
    expect(await storage.leaderboards.lossReasons(100)).toEqual([
      { model: 'ant', losses: 1, reasons: [{ key: 'miscounted', count: 1 }] },
      {
        model: 'bee',
        losses: 2,
        reasons: [
          { key: 'made_up', count: 2 },
          { key: 'too_long', count: 1 },
        ],
      },
    ])
    // The newest three of the counted ones: no reason, a tie, both bad.
    expect(await storage.leaderboards.lossReasons(3)).toEqual([
      { model: 'ant', losses: 1, reasons: [{ key: 'miscounted', count: 1 }] },
    ])
  })
})
