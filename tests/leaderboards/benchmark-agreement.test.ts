import { expect, test } from 'vitest'
import { benchmarkAgreement, type Scored } from '../../src/leaderboards/benchmark-agreement.ts'

const scored = (pairs: [rating: number | null, score: number | null][], some: Partial<Scored> = {}): Scored[] =>
  pairs.map(([rating, score]) => ({ rating, score, provisional: false, isBaseline: false, ...some }))

test('by hand: one pair of five exchanged is rho 0.9, with the interval of Fisher’s z', () => {
  const found = benchmarkAgreement(
    scored([
      [1, 10],
      [2, 20],
      [3, 40],
      [4, 30],
      [5, 50],
    ]),
  )
  // 1 - 6 * (1 + 1) / (5 * 24)
  expect(found.rho).toBeCloseTo(0.9, 12)
  // atanh 0.9 = 1.472219, reach 1.96 * sqrt(1.405 / 2) = 1.642761
  expect(found.interval![0]).toBeCloseTo(Math.tanh(1.4722194895832204 - 1.6427531), 4)
  expect(found.interval![1]).toBeCloseTo(Math.tanh(1.4722194895832204 + 1.6427531), 4)
  expect(found).toMatchObject({ n: 5, of: 5 })
})

test('by hand: equal scores share their mean rank', () => {
  // Ranks 1 2 3 4 5 against 1 2.5 2.5 4 5: Pearson of them is 9.5 / sqrt(10 * 9.5).
  const found = benchmarkAgreement(
    scored([
      [1, 10],
      [2, 20],
      [3, 20],
      [4, 30],
      [5, 50],
    ]),
  )
  expect(found.rho).toBeCloseTo(9.5 / Math.sqrt(95), 12)
})

test('perfect order has no interval, four models have no rho, equal scores neither', () => {
  expect(
    benchmarkAgreement(
      scored([
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
        [5, 5],
      ]),
    ),
  ).toEqual({ n: 5, of: 5, rho: 1, interval: null })
  expect(
    benchmarkAgreement(
      scored([
        [5, 1],
        [4, 2],
        [3, 3],
        [2, 4],
        [1, 5],
      ]),
    ).rho,
  ).toBe(-1)
  expect(
    benchmarkAgreement(
      scored([
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
      ]),
    ),
  ).toEqual({ n: 4, of: 4, rho: null, interval: null })
  expect(
    benchmarkAgreement(
      scored([
        [1, 7],
        [2, 7],
        [3, 7],
        [4, 7],
        [5, 7],
      ]),
    ).rho,
  ).toBe(null)
})

test('scores of another setting, provisional models, baselines and models without a rating are left out', () => {
  const base = scored([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 5],
  ])
  const found = benchmarkAgreement([
    ...base,
    ...scored([[9, null]]),
    ...scored([[0, 99]], { provisional: true }),
    ...scored([[0, 99]], { isBaseline: true }),
    ...scored([[null, 99]]),
  ])
  expect(found).toEqual({ n: 5, of: 6, rho: 1, interval: null })
})
