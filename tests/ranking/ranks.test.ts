import { describe, expect, test } from 'vitest'
import { fitBradleyTerry } from '../../src/ranking/bradley-terry.ts'
import { countComparisons, pairTally } from '../../src/ranking/comparison.ts'
import { diagnose } from '../../src/ranking/diagnostics.ts'
import { fisher, sandwich, seOfDifference } from '../../src/ranking/intervals.ts'
import { drawErrors, pairwiseTests, probabilities, quantile, rankSets, ranks } from '../../src/ranking/ranks.ts'
import { comparisonsIn, goldenCase } from './golden.ts'

const { comparisons } = comparisonsIn(goldenCase('mixed-8'))
const counts = countComparisons(comparisons)
const fit = fitBradleyTerry(counts)
const covariance = sandwich(counts, fit)

describe('ranks from intervals', () => {
  test('are those of FastChat: touching intervals push nobody down', () => {
    const { input, expected } = goldenCase('rank-ub')
    const low = Float64Array.from(input, ({ lower }) => Number(lower))
    const high = Float64Array.from(input, ({ upper }) => Number(upper))
    const result = ranks(low, high)
    expect(Object.fromEntries(input.map(({ model }, m) => [model, result.low[m]]))).toEqual(expected['ranks'])
    for (let m = 0; m < low.length; m++) expect(result.high[m]!).toBeGreaterThanOrEqual(result.low[m]!)
  })

  test('a model that does not count has a rank and gives none', () => {
    const low = Float64Array.of(30, 20, 10)
    const high = Float64Array.of(31, 21, 11)
    const result = ranks(low, high, Uint8Array.of(0, 1, 1))
    expect([...result.low]).toEqual([1, 1, 2])
    expect([...result.high]).toEqual([1, 1, 2])
  })
})

describe('comparing models', () => {
  test('z is the difference over its own error, and Holm never lowers a p', () => {
    const tests = pairwiseTests(fit, covariance)
    expect(tests.length).toBe(28)
    for (const { i, j, z, p, pHolm } of tests) {
      expect(z).toBeCloseTo((fit.theta[i]! - fit.theta[j]!) / seOfDifference(covariance, i, j), 12)
      expect(pHolm).toBeGreaterThanOrEqual(p)
      expect(pHolm).toBeLessThanOrEqual(1)
    }
    const ordered = tests.toSorted((x, y) => x.p - y.p)
    expect(ordered[0]!.pHolm).toBeCloseTo(Math.min(1, 28 * ordered[0]!.p), 12)
  })

  test('draws have the covariance they are drawn from', () => {
    const { draws, samples, block } = drawErrors(fit, covariance, { samples: 20_000 })
    for (const [r, s] of [
      [0, 1],
      [3, 6],
    ] as const) {
      let squares = 0
      for (let d = 0; d < samples; d++)
        squares += (draws[d * block.length + r]! - draws[d * block.length + s]!) ** 2 / samples
      expect(Math.sqrt(squares) / seOfDifference(covariance, block[r]!, block[s]!)).toBeCloseTo(1, 1.5)
    }
  })

  test('simultaneous rank sets hold the rank of the ratings and are no narrower than single tests', () => {
    const sample = drawErrors(fit, covariance)
    const sets = rankSets(fit, covariance, sample)
    expect(sets.critical).toBeGreaterThan(1.96)
    const order = [...sets.models].sort((x, y) => fit.theta[y]! - fit.theta[x]!)
    sets.models.forEach((model, r) => {
      expect(sets.low[r]!).toBeLessThanOrEqual(order.indexOf(model) + 1)
      expect(sets.high[r]!).toBeGreaterThanOrEqual(order.indexOf(model) + 1)
    })
  })

  test('probabilities of being best sum to one, and of being above to one per pair', () => {
    const found = probabilities(fit, drawErrors(fit, covariance), 3)
    const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
    expect(sum(found.best)).toBeCloseTo(1, 9)
    expect(sum(found.amongTop)).toBeCloseTo(3, 9)
    for (let r = 0; r < 8; r++)
      for (let s = 0; s < r; s++) expect(found.above[r * 8 + s]! + found.above[s * 8 + r]!).toBeCloseTo(1, 9)
    expect(found.best[3]).toBeGreaterThan(0.8)
  })
})

describe('diagnostics', () => {
  const found = diagnose(counts, fit, fisher(counts, fit))
  test('calibration bins hold every vote once', () => {
    expect(found.calibration.reduce((sum, { votes }) => sum + votes, 0)).toBe(400)
    const filled = found.calibration.filter(({ votes }) => votes > 0)
    for (const { predicted, from, to } of filled) {
      expect(predicted).toBeGreaterThanOrEqual(from)
      expect(predicted).toBeLessThanOrEqual(to)
    }
  })

  test('the deviance of a saturated fit is zero and residuals are sorted', () => {
    const { comparisons: two } = comparisonsIn(goldenCase('two-models-7-3'))
    const n = countComparisons(two)
    const f = fitBradleyTerry(n)
    const saturated = diagnose(n, f, fisher(n, f))
    expect(saturated.deviance).toBeCloseTo(0, 9)
    expect(saturated.degreesOfFreedom).toBe(0)
    let saturatedLog = 0
    for (let i = 0; i < 8; i++) {
      for (let j = 0; j < 8; j++) {
        const { wins, losses, ties, bothBad } = pairTally(counts, i, j)
        const half = (ties + bothBad) / 2
        if (wins + half > 0) saturatedLog += (wins + half) * Math.log((wins + half) / (wins + losses + 2 * half))
      }
    }
    expect(found.deviance).toBeCloseTo(2 * (saturatedLog - fit.logLikelihood), 8)
    const sizes = found.residuals.map(({ residual }) => Math.abs(residual))
    expect(sizes).toEqual(sizes.toSorted((x, y) => y - x))
    expect(found.degreesOfFreedom).toBeGreaterThan(0)
  })
})

test('type-7 quantiles', () => {
  const values = Float64Array.of(1, 2, 3, 4)
  expect([quantile(values, 0), quantile(values, 0.25), quantile(values, 0.5), quantile(values, 1)]).toEqual([
    1, 1.75, 2.5, 4,
  ])
  expect(quantile(new Float64Array(), 0.5)).toBeNaN()
})
