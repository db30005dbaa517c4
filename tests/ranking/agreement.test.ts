import { describe, expect, test } from 'vitest'
import {
  cohenKappa,
  common,
  kendallTauB,
  krippendorffAlpha,
  spearman,
  spearmanInterval,
  unitInterval,
} from '../../src/ranking/agreement.ts'

const p = [1, 2, 2, 4, 5, 5, 5, 8, 9, 10]
const q = [2, 1, 4, 3, 7, 5, 6, 6, 10, 8]

describe('rank correlation', () => {
  test('with ties as SciPy 1.17 gives it', () => {
    expect(spearman(p, q)).toBeCloseTo(0.9013032569427505, 13)
    expect(kendallTauB(p, q)).toBeCloseTo(0.7534105749568178, 13)
  })

  test('is 1 for the same order, -1 for the reverse, null for a constant', () => {
    for (const correlation of [spearman, kendallTauB]) {
      expect(correlation([1, 2, 3, 4], [10, 20, 30, 99])).toBeCloseTo(1, 15)
      expect(correlation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 15)
      expect(correlation([1, 2, 3], [7, 7, 7])).toBeNull()
      expect(correlation([], [])).toBeNull()
    }
  })

  test('intervals need five values and a correlation short of one', () => {
    expect(spearmanInterval(0.5, 4)).toBeNull()
    expect(spearmanInterval(1, 20)).toBeNull()
    const [low, high] = spearmanInterval(0.5, 20)!
    expect(low).toBeLessThan(0.5)
    expect(high).toBeGreaterThan(0.5)
  })

  test('only models on both boards count', () => {
    const ours = new Map([
      ['a', 3],
      ['b', 2],
      ['c', 1],
    ])
    const theirs = new Map([
      ['c', 10],
      ['a', 30],
      ['z', 5],
    ])
    expect(common(ours, theirs)).toEqual({ names: ['a', 'c'], x: [3, 1], y: [30, 10] })
  })
})

describe("Krippendorff's alpha", () => {
  // The worked example of Krippendorff, Computing Krippendorff's alpha-reliability (2011): four observers, twelve units.
  const units = [
    [1, 1, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [5, 5, 5],
    [1, 1],
    [3],
  ]
  test.each([
    ['nominal', 0.743421052631579],
    ['ordinal', 0.8153875037548814],
    ['interval', 0.8491071428571428],
  ] as const)('%s', (level, expected) => {
    expect(krippendorffAlpha(units, level)).toBeCloseTo(expected, 12)
  })

  test('is null when nothing varies', () => {
    expect(
      krippendorffAlpha(
        [
          [1, 1],
          [1, 1],
        ],
        'nominal',
      ),
    ).toBeNull()
    expect(krippendorffAlpha([[1], [2]], 'nominal')).toBeNull()
  })
})

describe("Cohen's kappa", () => {
  const x = [0, 1, 2, 2, 1, 0, 0, 1, 2, 1, 0, 2, 1, 1, 0]
  const y = [0, 1, 2, 1, 1, 0, 1, 1, 2, 2, 0, 2, 0, 1, 0]
  test.each([
    ['none', 0.5945945945945946],
    ['linear', 0.6808510638297872],
    ['quadratic', 0.7761194029850746],
  ] as const)('%s weights, as scikit-learn 1.9.1 gives it', (weights, expected) => {
    expect(cohenKappa(x, y, 3, weights)!.kappa).toBeCloseTo(expected, 13)
  })

  test('its error follows the formula, and full chance agreement is null', () => {
    const { se, observed, expected } = cohenKappa(x, y, 3)!
    expect(se).toBeCloseTo(Math.sqrt((observed * (1 - observed)) / (15 * (1 - expected) ** 2)), 14)
    expect(cohenKappa([1, 1], [1, 1], 2)).toBeNull()
  })
})

test('a bootstrap interval over units is seeded and holds the statistic', () => {
  const units = p.map((value, n) => [value, q[n]!] as const)
  const statistic = (drawn: (readonly [number, number])[]) =>
    spearman(
      drawn.map(([x]) => x),
      drawn.map(([, y]) => y),
    )
  const once = unitInterval(units, statistic, { samples: 300, seed: 3 })
  expect(unitInterval(units, statistic, { samples: 300, seed: 3 })).toEqual(once)
  expect(once.low).toBeLessThan(0.9013)
  expect(once.high).toBeGreaterThanOrEqual(0.9013)
})
