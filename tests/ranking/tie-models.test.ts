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
