import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExportRow } from '../../src/exports/export-store.ts'
import { isRanked } from '../../src/exports/record.ts'
import { exportStore } from '../../src/storage/sql/export-store.ts'
import { type SqliteStorage, sqliteReader } from '../../src/storage/sqlite/storage.ts'
import { aBallot, aBattle, aFinishedAnswer, aPrompt, hourMs, later, promptKey } from '../characters.ts'
import { folders } from './helpers.ts'
import { aRealArena } from './real-arena.ts'
import { idOf } from './rows.ts'

const data = folders()()
let storage: SqliteStorage
beforeAll(async () => {
  storage = await aRealArena(data, { votes: 250 })
})
afterAll(() => storage.close())

async function rows(): Promise<ExportRow[]> {
  const reader = sqliteReader(join(data, 'sightline.db'))
  try {
    const all: ExportRow[] = []
    await exportStore(reader.engine).read(async (held) => {
      for await (const row of held.rows()) all.push(row)
    })
    return all
  } finally {
    await reader.close()
  }
}

test('every vote comes once, by id in byte order, whole, over several pages', async () => {
  const all = await rows()
  expect(all).toHaveLength(250)
  const ids = all.map(({ vote }) => vote.id)
  expect(ids).toEqual([...ids].sort())
  const row = all.find(({ vote }) => vote.id === idOf('real vote 7'))!
  expect(row).toMatchObject({
    vote: { turn: 1, outcome: 'tie', status: 'counted', castAt: later(7 * 60_000 + 9000) },
    voter: { id: 'voter-0', kind: 'anon' },
    battle: {
      id: idOf('real battle 7'),
      mode: 'anonymous',
      isDemo: false,
      isErased: false,
      turnsTotal: 1,
      leftSide: 'a',
    },
    models: { a: { id: 'dog', version: 'dog-v1', exportOutputs: true } },
    turns: [
      {
        text: 'Question 7: what is in this picture, and where?',
        images: [{ mediaType: 'image/png', width: 24 }],
        answers: {
          a: {
            raw: 'Answer a to question 7: **a thing**.',
            tokensOut: 40,
            params: { temperature: 0.7, maxTokens: 1024 },
          },
        },
      },
    ],
  })
})

test('one reading sees one instant, however long it takes', async () => {
  const reader = sqliteReader(join(data, 'sightline.db'))
  await exportStore(reader.engine).read(async (held) => {
    const iterator = held.rows()[Symbol.asyncIterator]()
    await iterator.next()
    await storage.votes.withdraw(idOf('real battle 11'), later(hourMs))
    const found = await held.rowsOf([idOf('real vote 11')])
    expect(found.get(idOf('real vote 11'))!.vote.status).toBe('counted')
  })
  await reader.close()
  expect((await rows()).find(({ vote }) => vote.id === idOf('real vote 11'))!.vote.status).toBe('withdrawn')
})

test('of a battle with two counted turns the newest is ranked, and knows the one before', async () => {
  const battleId = idOf('two turns')
  const first = aPrompt({ text: 'First question of two?', images: [] })
  await storage.battles.start(aBattle({ id: battleId, voterId: 'voter-3', prompt: first }))
  await storage.battles.move(battleId, { type: 'slots_free' }, later(hourMs))
  const end = (turn: number) => ({
    answers: { a: aFinishedAnswer(`a ${turn}`), b: aFinishedAnswer(`b ${turn}`) },
    flags: [],
    stoppedByVoter: false,
    at: later(2 * hourMs),
  })
  await storage.battles.finish(battleId, 1, end(1))
  await storage.votes.cast(aBallot({ id: idOf('two 1'), battleId, voterId: 'voter-3', turn: 1 }))
  const second = aPrompt({ text: 'And the second?', images: [] })
  await storage.battles.ask(battleId, {
    prompt: second,
    promptSha256: promptKey(second),
    flags: [],
    at: later(3 * hourMs),
  })
  await storage.battles.move(battleId, { type: 'slots_free' }, later(3 * hourMs))
  await storage.battles.finish(battleId, 2, end(2))
  await storage.votes.cast(aBallot({ id: idOf('two 2'), battleId, voterId: 'voter-3', turn: 2, outcome: 'b' }))
  await storage.votes.reveal(battleId, later(4 * hourMs))
  const [one, two] = ['two 1', 'two 2'].map((name) => idOf(name))
  const all = await rows()
  const earlier = all.find(({ vote }) => vote.id === one)!
  const newest = all.find(({ vote }) => vote.id === two)!
  expect([isRanked(earlier), isRanked(newest)]).toEqual([false, true])
  expect([earlier.turns.length, newest.turns.length]).toEqual([1, 2])
  expect(newest.battle.votes.map(({ id }) => id)).toEqual([one, two])
})

test('the votes file ranks like the live board', async () => {
  const { ballotTable } = await import('../../src/leaderboards/ballot-table.ts')
  const { boardOf } = await import('../../src/exports/board.ts')
  const table = ballotTable(storage.leaderboards)
  await table.refresh()
  const { wholeBoard } = await import('../../src/leaderboards/leaderboard.ts')
  const live = table.select(wholeBoard, null)
  const { leaderboardOf } = await import('../../src/ranking/rate.ts')
  const { models, a, b, outcome, voter } = live
  const expected = leaderboardOf({ models: models.length, a, b, outcome, voter }, { names: models })
  const ranked = (await rows()).filter(isRanked)
  const made = boardOf(
    ranked.map((row) => ({
      modelA: row.models.a.id,
      modelB: row.models.b.id,
      outcome: row.vote.outcome,
      voter: row.voter.id,
    })),
  )
  expect(made.votes).toBe(250)
  expect(made.models).toEqual(expected.models)
})
