import { describe, expect, test } from 'vitest'
import { fitBradleyTerry, pointsPerLog } from '../../src/ranking/bradley-terry.ts'
import { type Comparisons, countComparisons } from '../../src/ranking/comparison.ts'
import { clustered, sandwich } from '../../src/ranking/intervals.ts'
import { fitStyle, positionBias, standardise } from '../../src/ranking/style-control.ts'
import { comparisonsIn, type GoldenCase, goldenCase, largestError, type Numbers } from './golden.ts'

const features = ['tok', 'head', 'list', 'bold']
const points = (theta: Float64Array) => theta.map((value) => 1000 + pointsPerLog * value)
const inPoints = (se: Float64Array) => se.map((value) => pointsPerLog * value)

const sideOf = ({ votes }: GoldenCase, side: 'a' | 'b') =>
  Float64Array.from(votes.flatMap((vote) => features.map((feature) => Number(vote[`${feature}_${side}`]))))

const columnsOf = (one: GoldenCase) => standardise(sideOf(one, 'a'), sideOf(one, 'b'), features.length)

describe.each(['style-6', 'style-zero-variance-feature'])('%s', (name) => {
  const one = goldenCase(name)
  const { models, comparisons } = comparisonsIn(one)
  const { z } = columnsOf(one)

  test('ratings, coefficients and their errors are the exact maximum', () => {
    const block = one.expected['style_mle']!
    for (const kind of ['sandwich', 'fisher'] as const) {
      const fit = fitStyle(comparisons, z, { covariance: kind, guard: false })
      expect(fit.estimable).toBe(true)
      expect(largestError(models, points(fit.theta), block['ratings'] as Numbers)).toBeLessThan(1e-6)
      expect(largestError(features, fit.gamma, block['coefs'] as Numbers)).toBeLessThan(1e-8)
      expect(largestError(features, inPoints(fit.gamma), block['elo_per_sd'] as Numbers)).toBeLessThan(1e-6)
      expect(largestError(features, fit.gammaSe, block[`coef_se_${kind}`] as Numbers)).toBeLessThan(1e-7)
      const se = inPoints(fit.covariance.se)
      expect(largestError(models, se, block[`rating_se_${kind}_mean0`] as Numbers)).toBeLessThan(1e-5)
    }
  })

  test("FastChat's penalised objective, for comparison only", () => {
    const block = one.expected['style_fastchat_objective_exact']!
    const fit = fitStyle(comparisons, z, { penalty: 'fastchat' })
    expect(largestError(models, points(fit.theta), block['ratings'] as Numbers)).toBeLessThan(1e-6)
    expect(largestError(features, fit.gamma, block['coefs'] as Numbers)).toBeLessThan(1e-8)
  })
})

describe('columns', () => {
  const one = goldenCase('style-6')
  const { comparisons } = comparisonsIn(one)
  const { z } = columnsOf(one)

  test('a constant one is left out with coefficient 0', () => {
    const flat = goldenCase('style-zero-variance-feature')
    const { z: columns, sd } = columnsOf(flat)
    const fit = fitStyle(comparisonsIn(flat).comparisons, columns)
    expect(sd[1]).toBe(0)
    expect(fit.column).toEqual(['fitted', 'constant', 'fitted', 'fitted'])
    expect([fit.gamma[1], fit.gammaSe[1]]).toEqual([0, 0])
  })

  test('a collinear one is left out and named, and changes no rating', () => {
    const doubled = Float64Array.from({ length: comparisons.a.length * 5 }, (_, at) => {
      const vote = Math.floor(at / 5)
      const column = at % 5
      return column < 4 ? z[vote * 4 + column]! : 2 * z[vote * 4]! - z[vote * 4 + 3]!
    })
    const fit = fitStyle(comparisons, doubled)
    expect(fit.column).toEqual(['fitted', 'fitted', 'fitted', 'fitted', 'collinear'])
    expect(fit.gamma[4]).toBeNaN()
    expect(fit.theta).toEqual(fitStyle(comparisons, z).theta)
  })

  test('a column that decides every vote gives no adjusted board, with the reason', () => {
    const { outcome } = comparisons
    const telling = Float64Array.from(outcome, (y) => (y === 0 ? 1 : y === 1 ? -1 : 0))
    const decisive = { ...comparisons, outcome: outcome.map((y) => (y > 1 ? 0 : y)) }
    const fit = fitStyle(
      decisive,
      telling.map((value, n) => value || (decisive.outcome[n] === 0 ? 1 : -1)),
    )
    expect(fit.estimable).toBe(false)
    expect(fit.reason).toBe('diverged')
  })

  test('no columns at all give the plain ratings, sandwich and clustered errors', () => {
    const { comparisons: judged } = comparisonsIn(goldenCase('clustered-5'))
    const counts = countComparisons(judged)
    const plain = fitBradleyTerry(counts)
    const expected = { sandwich: sandwich(counts, plain), clustered: clustered(judged, plain) }
    for (const covariance of ['sandwich', 'clustered'] as const) {
      const fit = fitStyle(judged, new Float64Array(0), { covariance })
      fit.theta.forEach((value, i) => {
        expect(value).toBeCloseTo(plain.theta[i]!, 10)
        expect(fit.covariance.se[i]!).toBeCloseTo(expected[covariance].se[i]!, 9)
      })
    }
    const { comparisons: weighted } = comparisonsIn(goldenCase('weighted-5'))
    const n = countComparisons(weighted)
    const own = sandwich(n, fitBradleyTerry(n), { guard: false })
    const joint = fitStyle(weighted, new Float64Array(0), { guard: false })
    for (const [i, se] of joint.covariance.se.entries()) expect(se).toBeCloseTo(own.se[i]!, 9)
  })
})

describe('position bias', () => {
  const one = goldenCase('position-bias')
  const { models, comparisons } = comparisonsIn(one)
  const block = one.expected['position']!

  test('the left-side term, its error and the ratings beside it', () => {
    const column = new Float64Array(comparisons.a.length).fill(1)
    const fit = fitStyle(comparisons, column, { guard: false })
    expect(largestError(models, points(fit.theta), block['ratings'] as Numbers)).toBeLessThan(1e-6)
    expect(
      largestError(models, inPoints(fit.covariance.se), block['rating_se_sandwich_mean0'] as Numbers),
    ).toBeLessThan(1e-5)
    const bias = positionBias(comparisons, undefined, { guard: false })!
    expect(Math.abs(bias.delta - Number(block['left_coef']))).toBeLessThan(1e-8)
    expect(Math.abs(bias.se - Number(block['left_coef_se_sandwich']))).toBeLessThan(1e-5)
    expect(Math.abs(bias.points - Number(block['left_in_elo']))).toBeLessThan(1e-6)
    expect(bias.alarm).toBe(true)
    expect(bias.leftWins).toBeCloseTo(0.5704, 4)
    const without = fitBradleyTerry(countComparisons(comparisons))
    expect(
      largestError(models, points(without.theta), one.expected['without_position']!['ratings'] as Numbers),
    ).toBeLessThan(1e-6)
  })

  test('follows the side shown left, not the letter', () => {
    const swapped: Comparisons = {
      ...comparisons,
      a: comparisons.b,
      b: comparisons.a,
      outcome: comparisons.outcome.map((y) => (y < 2 ? 1 - y : y)),
    }
    const bias = positionBias(swapped, new Uint8Array(swapped.a.length), { guard: false })!
    expect(Math.abs(bias.delta - Number(block['left_coef']))).toBeLessThan(1e-8)
  })
})
