import { describe, expect, test } from 'vitest'
import { pointsPerLog } from '../../src/ranking/bradley-terry.ts'
import { countComparisons } from '../../src/ranking/comparison.ts'
import { fitDavidson } from '../../src/ranking/davidson.ts'
import { fitGrounded } from '../../src/ranking/grounded.ts'
import { fitRaoKupper } from '../../src/ranking/rao-kupper.ts'
import { casesWith, comparisonsIn, goldenCase, largestError, type Numbers } from './golden.ts'

const points = (theta: Float64Array) => theta.map((value) => 1000 + pointsPerLog * value)

describe('Davidson', () => {
  test.each(casesWith('davidson'))('%s', (_, one) => {
    const { models, comparisons } = comparisonsIn(one)
    const fit = fitDavidson(countComparisons(comparisons))
    const { davidson } = one.expected
    expect(fit.converged).toBe(true)
    expect(largestError(models, points(fit.theta), davidson!['ratings'] as Numbers)).toBeLessThan(1e-5)
    expect(Math.abs(fit.nu - (davidson!['nu'] as number))).toBeLessThan(1e-7)
    const se = fit.covariance.se.map((value) => value * pointsPerLog)
    expect(largestError(models, se, davidson!['se_mean0'] as Numbers)).toBeLessThan(1e-4)
  })

  test.each(casesWith('davidson_ghost_prior_0.5'))('with a ghost: %s', (_, one) => {
    const { models, comparisons } = comparisonsIn(one)
    const fit = fitDavidson(countComparisons(comparisons), { ghost: 0.5 })
    const block = one.expected['davidson_ghost_prior_0.5']!
    const mean = fit.theta.reduce((sum, value) => sum + value / models.length, 0)
    expect(fit.converged).toBe(true)
    expect(
      largestError(models, points(fit.theta.map((value) => value - mean)), block['ratings'] as Numbers),
    ).toBeLessThan(1e-5)
    expect(Math.abs(fit.nu - (block['nu'] as number))).toBeLessThan(1e-7)
  })
})

test.each(casesWith('rao_kupper'))('Rao-Kupper: %s', (_, one) => {
  const { models, comparisons } = comparisonsIn(one)
  const fit = fitRaoKupper(countComparisons(comparisons))
  const block = one.expected['rao_kupper']!
  expect(fit.converged).toBe(true)
  expect(largestError(models, points(fit.theta), block['ratings'] as Numbers)).toBeLessThan(1e-5)
  expect(Math.abs(fit.eta - (block['eta'] as number))).toBeLessThan(1e-7)
  expect(Math.abs(-fit.logLikelihood - (block['nll'] as number))).toBeLessThan(1e-6)
})

test.each(casesWith('grounded_rao_kupper'))('grounded Rao-Kupper: %s', (_, one) => {
  const { models, comparisons } = comparisonsIn(one)
  const fit = fitGrounded(countComparisons(comparisons))
  const block = one.expected['grounded_rao_kupper']!
  expect(fit.converged).toBe(true)
  expect(largestError(models, fit.beta, block['beta'] as Numbers)).toBeLessThan(1e-5)
  expect(Math.abs(fit.eta - (block['eta'] as number))).toBeLessThan(1e-7)
  expect(Math.abs(-fit.logLikelihood - (block['nll'] as number))).toBeLessThan(1e-6)
})

test('a tie model without the votes it needs says which are missing', () => {
  const fits = (name: string) => {
    const counts = countComparisons(comparisonsIn(goldenCase(name)).comparisons)
    return [fitDavidson(counts).fitted, fitRaoKupper(counts).fitted, fitGrounded(counts).fitted]
  }
  expect(fits('single-tie')).toEqual(['no_decisive_votes', 'no_decisive_votes', 'no_both_bad'])
  expect(fits('two-models-7-3')).toEqual(['no_ties', 'no_ties', 'no_ties'])
  expect(fits('single-vote')).toEqual(['no_finite_models', 'no_finite_models', 'no_finite_models'])
})

describe('errors of the tie models are those of the likelihood itself', () => {
  // Two models: theta = (d/2, -d/2), so the error of each rating is half that of d. The Hessian in (d, x) is taken
  // numerically from the probabilities as they are written in the papers.
  const counts = countComparisons(comparisonsIn(goldenCase('two-models-with-ties')).comparisons)
  const [won, lost, tied] = [4, 2, 4]
  const sigma = (x: number) => 1 / (1 + Math.exp(-x))
  const likelihoods = {
    davidson: (d: number, mu: number) => {
      const [u, v, nu] = [Math.exp(d / 2), Math.exp(-d / 2), Math.exp(mu)]
      return won * Math.log(u) + lost * Math.log(v) + tied * Math.log(nu) - (won + lost + tied) * Math.log(u + v + nu)
    },
    raoKupper: (d: number, eta: number) => {
      const [a, b] = [sigma(d - eta), sigma(-d - eta)]
      return won * Math.log(a) + lost * Math.log(b) + tied * Math.log(1 - a - b)
    },
  }
  test.each([
    ['davidson', fitDavidson(counts)],
    ['raoKupper', fitRaoKupper(counts)],
  ] as const)('%s', (name, fit) => {
    const l = likelihoods[name]
    const [d, x, h] = [fit.theta[0]! - fit.theta[1]!, fit.x, 1e-4]
    const at = (i: number, j: number) => l(d + i * h, x + j * h)
    const dd = -(at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / h ** 2
    const xx = -(at(0, 1) - 2 * at(0, 0) + at(0, -1)) / h ** 2
    const dx = -(at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h ** 2)
    const determinant = dd * xx - dx ** 2
    expect(fit.covariance.se[0]!).toBeCloseTo(Math.sqrt(xx / determinant) / 2, 5)
    expect(fit.seX).toBeCloseTo(Math.sqrt(dd / determinant), 5)
    expect(fit.logLikelihood).toBeCloseTo(at(0, 0), 10)
  })
})
