import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { boardTwin } from '../../src/http/board-twin.ts'
import type { Leaderboard } from '../../src/ranking/rate.ts'
import { anArena } from '../arena.ts'
import { seedVotes } from '../bench/seed-votes.ts'
import { inside } from '../cli/sightline.ts'
import { folders } from '../exports/helpers.ts'
import { naiveRatings, type PlainVote, rowsOfCsv } from './naive.ts'

const folder = folders()
type Twin = ReturnType<typeof boardTwin>
/** The arena's own contestants, whom nobody judged, are on the page too. */
const withVotes = (twin: Twin): Twin => ({ ...twin, models: twin.models.filter(({ votes }) => votes > 0) })
let csv = ''
let rows: Record<string, string>[] = []
let page: Twin
let styled: Twin

beforeAll(async () => {
  const data = folder()
  await seedVotes(join(data, 'sightline.db'), { votes: 900, models: 7, voters: 60, isMixed: true })
  const out = folder()
  const made = await inside(['export', 'votes', '--out', out, '--data', data])
  if (made.code !== 0) throw new Error(made.err)
  csv = join(out, 'votes', 'votes.csv')
  rows = rowsOfCsv(readFileSync(csv, 'utf8'))
  await using open = await anArena({ database: join(data, 'sightline.db') })
  page = withVotes(await open.visitor().json<Twin>('/leaderboard.json'))
  styled = withVotes(await open.visitor().json<Twin>('/leaderboard.json?style=1'))
})

test('the ratings of the page are those a slow, obvious Bradley-Terry finds in the exported votes', () => {
  const counted = rows.filter(({ counted }) => counted === 'true')
  expect(counted).toHaveLength(page.votes)
  expect(counted.length).toBeLessThan(rows.length)
  const naive = naiveRatings(counted as PlainVote[])
  expect(page.models).toHaveLength(7)
  for (const { model, rating } of page.models) expect(Math.abs(rating! - naive.get(model)!), model).toBeLessThan(1e-6)
})

test('sightline rank on the exported votes is the page to the last digit', async () => {
  const ended = await inside(['rank', '--in', csv, '--json'])
  if (ended.code !== 0) throw new Error(ended.err)
  const ranked = JSON.parse(ended.out) as Leaderboard
  expect(inCommon(ranked)).toEqual(inCommon(page))
  expect({ votes: ranked.votes, errors: ranked.se_kind, flags: ranked.flags }).toEqual({
    votes: page.votes,
    errors: page.se_kind,
    flags: page.flags,
  })
})

test('with style too: what a feature is worth, and the ratings without it', async () => {
  const ended = await inside(['rank', '--in', csv, '--style', '--json'])
  if (ended.code !== 0) throw new Error(ended.err)
  const ranked = JSON.parse(ended.out) as Leaderboard
  expect(ranked.style?.estimable).toBe(true)
  expect(inCommon(ranked)).toEqual(inCommon(styled))
  expect(ranked.style!.coefficients.map(({ points_per_sd, se }) => ({ points_per_sd, se }))).toEqual(
    styled.style!.coefficients.map(({ pointsPerSd, se }) => ({ points_per_sd: pointsPerSd, se })),
  )
})

const shared = [
  'model',
  'rating',
  'low',
  'high',
  'rank',
  'rank_low',
  'rank_high',
  'votes',
  'wins',
  'losses',
  'ties',
  'both_bad',
  'win_rate',
  'status',
  'piece',
] as const
const inCommon = ({ models }: Pick<Twin, 'models'> | Pick<Leaderboard, 'models'>) =>
  models.map((row) => Object.fromEntries(shared.map((name) => [name, row[name]])))
