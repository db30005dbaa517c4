import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { boardTwin } from '../../src/http/board-twin.ts'
import { anArena, type TestArena } from '../arena.ts'
import { seedVotes } from '../bench/seed-votes.ts'
import { rowsOfCsv } from '../leaderboards/naive.ts'

type Twin = ReturnType<typeof boardTwin>
const folder = mkdtempSync(join(tmpdir(), 'sightline-filters-'))
let open: TestArena

beforeAll(async () => {
  await seedVotes(join(folder, 'sightline.db'), { votes: 700, models: 5, voters: 40, isMixed: true })
  open = await anArena({ database: join(folder, 'sightline.db') })
})
afterAll(async () => {
  await open[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const twin = (query: string) => open.visitor().json<Twin>(`/leaderboard.json${query}`)

test('votes on the first question and on later ones are two boards that make up the whole', async () => {
  const [all, one, several] = await Promise.all(['', '?turns=one', '?turns=several'].map(twin))
  expect(one!.votes).toBeGreaterThan(0)
  expect(several!.votes).toBeGreaterThan(0)
  expect(one!.votes + several!.votes).toBe(all!.votes)
  expect(new Set([all, one, several].map((board) => board!.snapshot)).size).toBe(3)
})

test('without library prompts nothing changes where there are none', async () => {
  const [all, own] = await Promise.all(['', '?library=0'].map(twin))
  expect(own!.models).toEqual(all!.models)
})

test('licence and openness choose models in the page, its JSON and its CSV; the ratings stay those of all', async () => {
  const all = await twin('')
  expect(await twin('?license=Apache-2.0')).toMatchObject({ models: all.models })
  expect((await twin('?license=Nobody')).models).toEqual([])
  expect((await twin('?open=weights')).models).toEqual([])
  const csv = rowsOfCsv(await (await open.visitor().get('/leaderboard.csv?license=Apache-2.0')).text())
  expect(csv.map(({ model, rating }) => [model, rating])).toEqual(
    all.models.map(({ model, rating }) => [model, rating === null ? '' : String(rating)]),
  )
})

test('rank intervals are those of the definition, from the intervals that are published', async () => {
  const ranked = (await twin('')).models.filter(({ rating }) => rating !== null)
  expect(ranked).toHaveLength(5)
  for (const { low, high, rank, rank_low, rank_high } of ranked) {
    const above = ranked.filter((other) => other.low! > high!).length
    const below = ranked.filter((other) => other.high! < low!).length
    expect({ rank, rank_low, rank_high }).toEqual({
      rank: 1 + above,
      rank_low: 1 + above,
      rank_high: ranked.length - below,
    })
  }
  expect(new Set(ranked.map(({ rank }) => rank)).size).toBeGreaterThan(1)
})

test('the address of a filtered view gives that view again', async () => {
  const response = await open.visitor().get('/leaderboard.csv?category=counting&turns=one&style=1&language=en')
  const address = response.headers.get('Link')!.match(/<\/leaderboard\?([^>]*)>/)![1]!
  expect(new URLSearchParams(address).toString()).toBe('category=counting&style=1&language=en&turns=one')
  expect(await (await open.visitor().get(`/leaderboard.csv?${address}`)).text()).toBe(await response.text())
})

test('a filter that nobody knows is refused, never taken for none', async () => {
  for (const query of ['?turns=two', '?open=everything', '?voters=robots'])
    expect((await open.visitor().get(`/leaderboard${query}`)).status, query).toBe(422)
})

test('the JSON says what the order rests on, and so does the method page once the board was made', async () => {
  const { robustness, votes } = await twin('')
  expect(robustness).toMatchObject({
    votes,
    first_place: { model: expect.any(String), next: expect.any(String) },
    position: { points: expect.any(Number), z: expect.any(Number) },
    voters: { voters: expect.any(Number), effective: expect.any(Number) },
  })
  expect(robustness.voters!.effective).toBeLessThanOrEqual(robustness.voters!.voters)
  const live = (await open.visitor().json<{ live: { votes: number; robustness: unknown } }>('/method.json')).live
  expect(live).toMatchObject({ votes, robustness })
  const page = await (await open.visitor().get('/leaderboard')).text()
  expect(page).toContain('id="robustness"')
  expect(page).toContain('href="/method#flip"')
  const method = await (await open.visitor().get('/method')).text()
  expect(method).toContain('id="live"')
  expect(method).toContain('<math')
})
