import { describe, expect, test } from 'vitest'
import { bootstrap, notFiniteShareMax } from '../../src/ranking/bootstrap.ts'
import { fitBradleyTerry } from '../../src/ranking/bradley-terry.ts'
import { countComparisons, winFractions } from '../../src/ranking/comparison.ts'
import { type LeaderboardOptions, leaderboardOf } from '../../src/ranking/rate.ts'
import { type Ballot, simulated, toComparisons } from './characters.ts'
import { comparisonsIn, type GoldenCase, goldenCase, largestError, type Numbers } from './golden.ts'

function boardOf(name: string, options: Partial<LeaderboardOptions> = {}) {
  const { models, comparisons } = comparisonsIn(goldenCase(name))
  return leaderboardOf(comparisons, { names: models, ...options })
}
const rowOf = (board: ReturnType<typeof boardOf>, model: string) => board.models.find((row) => row.model === model)!

describe('trap 1: no finite maximum is never a bare number', () => {
  test.each([
    ['single-vote', 'A', 'undefeated'],
    ['single-vote', 'B', 'winless'],
    ['always-wins', 'king', 'undefeated'],
    ['always-loses', 'fool', 'winless'],
  ])('%s: %s is %s', (name, model, status) => {
    expect(rowOf(boardOf(name), model)).toMatchObject({
      status,
      provisional: true,
      prior: 'ghost-0.5',
      se_kind: 'ghost',
    })
  })

  test('the others are rated by their own votes, and nobody is pushed down by a prior', () => {
    const board = boardOf('always-wins')
    const rated = board.models.filter(({ model }) => model !== 'king')
    expect(rated.every(({ status, prior }) => status === 'finite' && prior === null)).toBe(true)
    expect(rated.reduce((sum, { rating }) => sum + rating! / rated.length, 0)).toBeCloseTo(1000, 5)
    expect(Math.min(...rated.map(({ rank }) => rank!))).toBe(1)
  })

  test('not even a prior that is sure of its model: it has rank 1 and takes no rank from the rated', () => {
    const { ballots } = simulated({ models: 4, votes: 200, seed: 6 })
    const wins = Array.from({ length: 240 }, (_, n): Ballot => ({ a: 4, b: n % 4, outcome: 0 }))
    const board = leaderboardOf(toComparisons(5, [...ballots, ...wins]), { names: ['a', 'b', 'c', 'd', 'king'] })
    const king = rowOf(board, 'king')
    const rated = board.models.filter(({ model }) => model !== 'king')
    expect(king.low!).toBeGreaterThan(Math.max(...rated.map(({ high }) => high!)))
    expect(king).toMatchObject({ rank: 1, provisional: true })
    expect(Math.min(...rated.map(({ rank }) => rank!))).toBe(1)
  })

  test.each(['always-wins-no-ties', 'always-wins', 'always-loses', 'single-vote'])(
    'what other engines print for %s is not reproduced',
    (name) => {
      const { what_each_code_returns_silently: silent } = goldenCase(name).expected['no_finite_mle'] as unknown as {
        what_each_code_returns_silently: Record<string, Numbers | string>
      }
      const board = boardOf(name)
      for (const [code, numbers] of Object.entries(silent)) {
        if (typeof numbers === 'string' || code.endsWith(' se')) continue
        for (const { model, rating, status } of board.models)
          if (status !== 'finite' && numbers[model] !== undefined)
            expect(Math.abs(rating! - numbers[model])).toBeGreaterThan(10)
      }
    },
  )
})

describe('trap 2: pieces are never compared', () => {
  test('disconnected: two tables, each with mean 1000 and ranks of its own', () => {
    const board = boardOf('disconnected')
    const { components } = goldenCase('disconnected').expected['per_component'] as unknown as { components: Numbers[] }
    expect(board.connected).toBe(false)
    expect(board.pieces.map(({ models }) => models)).toEqual(components.map((own) => Object.keys(own)))
    for (const own of components) {
      const names = Object.keys(own)
      expect(
        largestError(
          names,
          names.map((model) => rowOf(board, model).rating!),
          own,
        ),
      ).toBeLessThan(1e-6)
    }
    expect(board.models.filter(({ piece }) => piece === 1).every(({ status }) => status === 'other_piece')).toBe(true)
    for (const row of board.models) expect(row.rank_high!).toBeLessThanOrEqual(row.piece === 0 ? 4 : 3)
  })

  test('wins in one direction only between two groups: the smaller is one_way', () => {
    const cycle = (from: number, size: number): Ballot[] =>
      Array.from({ length: size }, (_, i) => ({ a: from + i, b: from + ((i + 1) % size), outcome: 0 }))
    const fit = fitBradleyTerry(
      countComparisons(toComparisons(7, [...cycle(0, 4), ...cycle(4, 3), { a: 4, b: 0, outcome: 0 }])),
    )
    expect(fit.pieces).toBe(1)
    expect(fit.status).toEqual([...new Array(4).fill('finite'), ...new Array(3).fill('one_way')])
    expect(fit.theta[5]).toBeNaN()
  })

  test('a model without a vote breaks nothing and is named', () => {
    const { models, comparisons } = comparisonsIn(goldenCase('mixed-8'))
    const board = leaderboardOf({ ...comparisons, models: 9 }, { names: [...models, 'new'] })
    expect(board.connected).toBe(true)
    expect(board.without_votes).toEqual(['new'])
    expect(board.models).toEqual(boardOf('mixed-8').models)
  })
})

test('trap 4: a result that has not converged says so', () => {
  // Odds of 10^250 along a chain of six models lie beyond anything fifty steps can reach.
  const chain = [0, 1, 2, 3, 4].flatMap((i) => [
    { a: i, b: i + 1, outcome: 0 },
    { a: i + 1, b: i, outcome: 0 },
  ])
  const weight = Float64Array.from(chain, (_, n) => (n % 2 === 0 ? 1e250 : 1))
  const lost = leaderboardOf({ ...toComparisons(6, chain), weight }, { names: ['a', 'b', 'c', 'd', 'e', 'f'] })
  expect(lost.converged).toBe(false)
  expect(lost.flags).toContain('not_converged')
  expect(boardOf('tie-bridge')).toMatchObject({ converged: true })
  expect(boardOf('tie-bridge').flags).not.toContain('not_converged')
})

test('trap 5: exactly fitted votes are flagged, not certain', () => {
  for (const name of ['all-ties', 'single-tie', 'tie-bridge']) {
    const board = boardOf(name)
    expect(board.models.every(({ se }) => se! > 20)).toBe(true)
    expect(board.models.some(({ se_guarded }) => se_guarded)).toBe(true)
  }
  const rows = boardOf('mixed-8').models
  expect(rows.some(({ se_guarded }) => se_guarded)).toBe(false)
})

test('trap 11: a cell is wins over decisive votes, undefined only without any', () => {
  const one = goldenCase('weighted-5')
  const { models, comparisons } = comparisonsIn(one)
  const cells = winFractions(countComparisons(comparisons))
  const seen = one.expected['pairwise_win_fraction_no_ties']!['row_beats_col'] as unknown as Record<
    string,
    Record<string, number | null>
  >
  let compared = 0
  for (const [row, columns] of Object.entries(seen)) {
    for (const [column, value] of Object.entries(columns)) {
      const own = cells[models.indexOf(row) * models.length + models.indexOf(column)]!
      if (value === null) continue
      compared += 1
      expect(Math.abs(own - value)).toBeLessThan(1e-8)
    }
  }
  expect(compared).toBeGreaterThan(10)
  // Undefined there, though m02 has decisive votes against three models.
  expect(cells[models.indexOf('m02') * models.length + models.indexOf('m03')]).toBeCloseTo(1 / 3, 12)
})

describe('trap 14: errors say what they are relative to', () => {
  test('an anchor keeps still, widens the others, and changes no difference', () => {
    const plain = boardOf('mixed-8')
    const anchoredBoard = boardOf('mixed-8', { anchor: { model: 'm02', rating: 1200 } })
    expect(plain.se_kind).toBe('sandwich_mean0')
    expect(anchoredBoard.se_kind).toBe('sandwich_anchored')
    expect(rowOf(anchoredBoard, 'm02')).toMatchObject({ rating: 1200, low: 1200, high: 1200, se: 0 })
    const shift = rowOf(anchoredBoard, 'm00').rating! - rowOf(plain, 'm00').rating!
    for (const { model, rating } of plain.models)
      expect(rowOf(anchoredBoard, model).rating!).toBeCloseTo(rating! + shift, 5)
  })

  test('an anchor without a finite rating is refused by name, not followed', () => {
    const board = boardOf('always-wins', { anchor: { model: 'king', rating: 1200 } })
    expect(board.anchor).toEqual({ model: 'king', rating: 1200, applied: false })
    expect(board.flags).toContain('anchor_not_finite')
    expect(board.models).toEqual(boardOf('always-wins').models)
  })
})

test('trap 15: an anchored series does not move when a model joins elsewhere', () => {
  const { ballots } = simulated({ models: 6, votes: 600, seed: 4 })
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const joined: Ballot[] = [
    ...ballots,
    { a: 6, b: 7, outcome: 0 },
    { a: 7, b: 6, outcome: 0 },
    { a: 6, b: 0, outcome: 0 },
  ]
  // g and h meet each other and once beat a: they are one_way, and the old models keep every digit.
  const anchor = { model: 'a', rating: 1000 }
  const before = leaderboardOf(toComparisons(6, ballots), { names: names.slice(0, 6), anchor })
  const after = leaderboardOf(toComparisons(8, joined), { names, anchor })
  for (const { model, rating } of before.models) expect(rowOf(after, model).rating).toBe(rating)
})

test('trap 17 and 20: separated resamples are counted, and beyond one in a hundred the sandwich is shown', () => {
  const { comparisons, ballots } = simulated({ models: 5, votes: 30, seed: 8 })
  const counts = countComparisons(comparisons)
  const fit = fitBradleyTerry(counts)
  const drawn = bootstrap(counts, fit, { samples: 400, seed: 1 })
  expect(drawn.notFinite).toBeGreaterThan(400 * notFiniteShareMax)
  expect(drawn.notFinite).toBeLessThan(400)
  const names = ['a', 'b', 'c', 'd', 'e']
  const board = leaderboardOf(toComparisons(5, ballots), { names, ci: 'bootstrap', samples: 400 })
  expect(board.not_finite).toBe(drawn.notFinite)
  expect(board.flags).toContain('bootstrap_not_finite')
  expect(board.models[0]!.se_kind).toBe('sandwich_mean0')
  // A tie model leaves out the same resamples, here where ties are many enough never to be missing.
  const { ballots: even } = simulated({ models: 5, votes: 30, seed: 5, ties: 0.35 })
  const options = { names, ci: 'bootstrap', samples: 300 } as const
  const [halves, tied] = (['bradley-terry', 'davidson'] as const).map((method) =>
    leaderboardOf(toComparisons(5, even), { ...options, method }),
  )
  expect(tied!.not_finite!).toBeGreaterThan(3)
  expect(tied!.not_finite! / 300).toBeCloseTo(halves!.not_finite! / 300, 1)
  expect(tied!.models[0]!.se_kind).toBe('fisher_mean0')
})

test('trap 18: voters who vote again are clusters unless told otherwise', () => {
  const own = boardOf('clustered-5')
  expect(own.se_kind).toBe('clustered_mean0')
  expect(own.pieces[0]).toMatchObject({ voters: 30, few_voters: false })
  const plain = boardOf('clustered-5', { cluster: 'none' })
  expect(plain.se_kind).toBe('sandwich_mean0')
  expect(rowOf(own, 'm0').se!).toBeGreaterThan(1.2 * rowOf(plain, 'm0').se!)
})

describe('trap 21: what is not a vote is refused, never read as a tie', () => {
  const good = { models: 2, a: Uint16Array.of(0, 0), b: Uint16Array.of(1, 1), outcome: Uint8Array.of(0, 1) }
  test.each([
    ['an unknown outcome, with its number', { ...good, outcome: Uint8Array.of(0, 4) }, /vote 1: outcome 4/],
    ['a model meeting itself', { ...good, b: Uint16Array.of(1, 0) }, /vote 1/],
    ['a model out of range', { ...good, a: Uint16Array.of(0, 2) }, /vote 1/],
    ['unequal lengths', { ...good, a: Uint16Array.of(0) }, /votes/],
    ['a weight of zero', { ...good, weight: Float64Array.of(1, 0) }, /vote 1: weight 0/],
    ['a weight that is not a number', { ...good, weight: Float64Array.of(Number.NaN, 1) }, /vote 0: weight NaN/],
  ])('%s', (_, comparisons, message) => {
    expect(() => countComparisons(comparisons)).toThrow(message)
    expect(() => countComparisons(comparisons)).toThrow(RangeError)
  })
})

describe('the board itself', () => {
  test('has every field of the contract and rounds to six decimals', () => {
    const board = boardOf('mixed-8')
    expect(board).toMatchObject({
      method: 'bradley-terry',
      scale: 400,
      base: 10,
      votes: 400,
      skipped: 0,
      connected: true,
      style: null,
    })
    for (const row of board.models) {
      for (const key of [
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
        'win_rate',
      ] as const)
        expect(row[key], key).toEqual(expect.any(Number))
      for (const value of [row.rating, row.low, row.high, row.se]) expect(String(value)).toMatch(/^\d+(\.\d{1,6})?$/)
    }
    expect(board.models.map(({ rank }) => rank)).toEqual(
      board.models.map(({ rank }) => rank!).toSorted((x, y) => x - y),
    )
    const expected = goldenCase('mixed-8').expected['rank_ub_from_sandwich_95']!['ranks'] as unknown as Numbers
    expect(Object.fromEntries(board.models.map(({ model, rank }) => [model, rank]))).toEqual(expected)
    expect(JSON.parse(JSON.stringify(board))).toEqual(board)
  })

  test('few votes make a model provisional without taking its say', () => {
    const board = boardOf('mixed-8', { provisionalBelow: 90 })
    const plain = boardOf('mixed-8')
    expect(board.models.some(({ provisional, prior }) => provisional && prior === null)).toBe(true)
    expect(board.models.map(({ rank }) => rank)).toEqual(plain.models.map(({ rank }) => rank))
  })

  test('dropping ties or both-bad votes fits the rest', () => {
    const dropped = boardOf('mixed-8', { ties: 'drop', bothBad: 'drop' })
    const one = goldenCase('mixed-8')
    const decisive: GoldenCase = { ...one, votes: one.votes.filter(({ winner }) => winner.startsWith('model')) }
    const { models, comparisons } = comparisonsIn(decisive)
    const alone = leaderboardOf(comparisons, { names: models })
    for (const { model, rating, low } of alone.models) expect(rowOf(dropped, model)).toMatchObject({ rating, low })
    expect(dropped).toMatchObject({ ties: 'drop', both_bad: 'drop', votes: 400 })
  })

  test('style control shows adjusted beside plain, coefficients, and votes without style', () => {
    const one = goldenCase('style-6')
    const { models, comparisons } = comparisonsIn(one)
    const features = ['tok', 'head', 'list', 'bold']
    const side = (letter: string) =>
      Float64Array.from(one.votes.flatMap((vote) => features.map((own) => Number(vote[`${own}_${letter}`]))))
    const style = { features, a: side('a'), b: side('b') }
    const board = leaderboardOf(comparisons, { names: models, style })
    const block = one.expected['style_mle']!
    expect(
      largestError(
        models,
        models.map((model) => rowOf(board, model).rating!),
        block['ratings'] as Numbers,
      ),
    ).toBeLessThan(2e-6)
    const plain = one.expected['bt_without_style']!['ratings'] as Numbers
    expect(
      largestError(
        models,
        models.map((model) => rowOf(board, model).plain_rating!),
        plain,
      ),
    ).toBeLessThan(2e-6)
    expect(board.style).toMatchObject({ estimable: true, votes_without_style: 0 })
    expect(board.style!.coefficients.map(({ feature }) => feature)).toEqual(features)
    for (const { change, rating, plain_rating } of board.models) expect(change).toBeCloseTo(rating! - plain_rating!, 5)
    const known = new Uint8Array(comparisons.a.length).fill(1)
    known.fill(0, 0, 100)
    const partial = leaderboardOf(comparisons, { names: models, style: { ...style, known } })
    expect(partial.style!.votes_without_style).toBe(100)
    const drawn = leaderboardOf(comparisons, { names: models, style, ci: 'bootstrap', samples: 60 })
    expect(drawn.se_kind).toBe('bootstrap_mean0')
    for (const { model, se } of drawn.models) expect(se! / rowOf(board, model).se!).toBeCloseTo(1, 0.4)
  })

  test.each(['davidson', 'rao-kupper'] as const)('%s without ties has no numbers and says why', (method) => {
    const board = boardOf('two-models-7-3', { method })
    expect(board.tie_parameter).toMatchObject({ status: 'no_ties', value: null })
    expect(board.models.every(({ rating, rank }) => rating === null && rank === null)).toBe(true)
  })

  test('names out of order are a mistake of the caller', () => {
    const { models, comparisons } = comparisonsIn(goldenCase('mixed-8'))
    expect(() => leaderboardOf(comparisons, { names: models.toReversed() })).toThrow(RangeError)
    expect(() => leaderboardOf(comparisons, { names: models.slice(1) })).toThrow(RangeError)
  })

  test('nothing at all is an empty board', () => {
    const board = leaderboardOf(toComparisons(0, []), { names: [] })
    expect(board).toMatchObject({ votes: 0, connected: true, converged: true, models: [], pieces: [] })
  })
})
