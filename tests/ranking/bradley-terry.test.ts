import { describe, expect, test } from 'vitest'
import { fitBradleyTerry, fitWithGhost, pointsPerLog } from '../../src/ranking/bradley-terry.ts'
import { averageWinRates, countComparisons, pairTally } from '../../src/ranking/comparison.ts'
import { elo } from '../../src/ranking/elo.ts'
import { anchored, fisher, intervals, sandwich } from '../../src/ranking/intervals.ts'
import { ranks } from '../../src/ranking/ranks.ts'
import { fitWithRidge } from '../../src/ranking/ridge.ts'
import { casesWith, comparisonsIn, goldenCase, goldenCases, largestError, type Numbers } from './golden.ts'

const points = (theta: Float64Array) => theta.map((value) => 1000 + pointsPerLog * value)

describe('ratings are the exact maximum', () => {
  test.each(casesWith('bt'))('%s', (_, one) => {
    const { models, comparisons } = comparisonsIn(one)
    const fit = fitBradleyTerry(countComparisons(comparisons))
    const { bt } = one.expected
    expect(fit.converged).toBe(true)
    expect(fit.pieces).toBe(1)
    expect(new Set(fit.status)).toEqual(new Set(['finite']))
    expect(largestError(models, points(fit.theta), bt!['ratings'] as Numbers)).toBeLessThan(1e-6)
    if (!bt!['anchored_first_model_1000']) return
    const first = models.indexOf(one.models[0]!)
    const fromFirst = fit.theta.map((value) => 1000 + pointsPerLog * (value - fit.theta[first]!))
    expect(largestError(models, fromFirst, bt!['anchored_first_model_1000'] as Numbers)).toBeLessThan(1e-6)
    expect(Math.abs(fit.logLikelihood - (bt!['log_likelihood'] as number))).toBeLessThan(1e-6)
  })

  test.each(['style-6', 'style-zero-variance-feature'])('%s, style left out', (name) => {
    const one = goldenCase(name)
    const { models, comparisons } = comparisonsIn(one)
    const { theta } = fitBradleyTerry(countComparisons(comparisons))
    expect(largestError(models, points(theta), one.expected['bt_without_style']!['ratings'] as Numbers)).toBeLessThan(
      1e-6,
    )
  })

  test('two models: the difference is the log odds', () => {
    for (const name of ['two-models-7-3', 'two-models-with-ties']) {
      const one = goldenCase(name)
      const { theta } = fitBradleyTerry(countComparisons(comparisonsIn(one).comparisons))
      const gap = one.expected['closed_form']!['A_minus_B'] as number
      expect(Math.abs(pointsPerLog * (theta[0]! - theta[1]!) - gap)).toBeLessThan(1e-6)
    }
  })

  test('published strengths of the Wikipedia example and of choix', () => {
    const wikipedia = goldenCase('wikipedia-4')
    const { models, comparisons } = comparisonsIn(wikipedia)
    const { theta } = fitBradleyTerry(countComparisons(comparisons))
    const published = wikipedia.expected['published']!['power_geomean1'] as Numbers
    for (const [name, power] of Object.entries(published))
      expect(Math.exp(theta[models.indexOf(name)]!) / power).toBeCloseTo(1, 2.9)
    const cycle = goldenCase('choix-cycle-plus-one')
    const fit = fitBradleyTerry(countComparisons(comparisonsIn(cycle).comparisons))
    const choix = cycle.expected['choix_ml_est']!['theta'] as unknown as number[]
    for (const [i, value] of Object.values(choix).entries()) expect(Math.abs(fit.theta[i]! - value)).toBeLessThan(1e-8)
  })

  test('a weak bridge of one tie does not stop the solver early', () => {
    const { comparisons } = comparisonsIn(goldenCase('tie-bridge'))
    const fit = fitBradleyTerry(countComparisons(comparisons))
    expect(fit.converged).toBe(true)
    expect(fit.gradientMax).toBeLessThan(1e-7)
  })
})

describe('standard errors', () => {
  const kinds = [
    ['fisher_mean0', fisher, false],
    ['sandwich_mean0', sandwich, false],
    ['fisher_anchored_on_first_model', fisher, true],
    ['sandwich_anchored_on_first_model', sandwich, true],
  ] as const
  test.each(casesWith('se').filter(([, one]) => 'sandwich_mean0' in one.expected['se']!))(
    '%s, before the guard',
    (_, one) => {
      const { models, comparisons } = comparisonsIn(one)
      const counts = countComparisons(comparisons)
      const fit = fitBradleyTerry(counts)
      for (const [block, covariance, isAnchored] of kinds) {
        const plain = covariance(counts, fit, { guard: false })
        const { se } = intervals(fit, isAnchored ? anchored(plain, fit, models.indexOf(one.models[0]!)) : plain)
        const reference = Object.entries(one.expected['se']![block] as Numbers)
        for (const [name, value] of reference) {
          const own = se[models.indexOf(name)]!
          // tie-bridge: the only vote between two models is fitted exactly, so the variance is exactly 0. R's figure
          // there, 1.0354e-5, is the square root of its rounding error.
          if (own === 0 && value < 2e-5) continue
          expect(Math.abs(own - value), `${block} of ${name}`).toBeLessThan(1e-5)
        }
      }
    },
  )

  test.each(casesWith('se_weighted'))('%s, weighted', (_, one) => {
    const { models, comparisons } = comparisonsIn(one)
    const counts = countComparisons(comparisons)
    const fit = fitBradleyTerry(counts)
    const { se } = intervals(fit, sandwich(counts, fit, { guard: false }))
    expect(largestError(models, se, one.expected['se_weighted']!['sandwich_mean0'] as Numbers)).toBeLessThan(1e-5)
  })

  test.each(casesWith('rank_ub_from_sandwich_95'))('ranks of %s from those intervals', (_, one) => {
    const { models, comparisons } = comparisonsIn(one)
    const counts = countComparisons(comparisons)
    const fit = fitBradleyTerry(counts)
    const { low, high } = intervals(fit, sandwich(counts, fit, { guard: false }))
    expect(Object.fromEntries(models.map((name, i) => [name, ranks(low, high).low[i]]))).toEqual(
      one.expected['rank_ub_from_sandwich_95']!['ranks'],
    )
  })
})

describe('the ghost prior', () => {
  test.each(casesWith('ghost_prior_0.5'))('%s', (_, one) => {
    const { models, comparisons } = comparisonsIn(one)
    const fit = fitWithGhost(countComparisons(comparisons))
    const block = one.expected['ghost_prior_0.5']!
    expect(fit.converged).toBe(true)
    expect(largestError(models, fit.theta, block['uncentred_theta'] as Numbers) * pointsPerLog).toBeLessThan(1e-5)
    const mean = fit.theta.reduce((sum, value) => sum + value, 0) / models.length
    const centred = fit.theta.map((value) => 1000 + pointsPerLog * (value - mean))
    expect(largestError(models, centred, block['ratings'] as Numbers)).toBeLessThan(1e-5)
  })
})

describe('the ridge', () => {
  test.each([0.01, 0.5])('lambda %d on every golden case without a finite maximum', (lambda) => {
    const cases = casesWith(`l2_map_lambda_${lambda}`)
    expect(cases.length).toBeGreaterThan(3)
    for (const [name, one] of cases) {
      const { models, comparisons } = comparisonsIn(one)
      const fit = fitWithRidge(countComparisons(comparisons), lambda)
      expect(fit.converged, name).toBe(true)
      expect(
        largestError(models, points(fit.theta), one.expected[`l2_map_lambda_${lambda}`]!['ratings'] as Numbers),
        name,
      ).toBeLessThan(1e-5)
    }
  })
})

describe('counts', () => {
  test.each(casesWith('pair_counts'))('%s', (_, one) => {
    const { models, comparisons } = comparisonsIn(one)
    const counts = countComparisons(comparisons)
    expect(comparisons.a.length).toBe(one.n_votes ?? one.votes.length)
    const expected = one.expected['pair_counts']!['counts'] as unknown as Record<string, Record<string, Numbers>>
    for (const [name, row] of Object.entries(expected)) {
      for (const [other, cell] of Object.entries(row)) {
        const { wins, losses, ties, bothBad } = pairTally(counts, models.indexOf(name), models.indexOf(other))
        expect({ wins, losses, ties, both_bad: bothBad }, `${name} and ${other}`).toEqual(cell)
      }
    }
  })

  test.each(casesWith('average_win_rate_ties_half'))('average win rate of %s', (_, one) => {
    const { models, comparisons } = comparisonsIn(one)
    const rates = averageWinRates(countComparisons(comparisons))
    const expected = one.expected['average_win_rate_ties_half']!['values'] as Numbers
    expect(largestError(models, rates, expected)).toBeLessThan(1e-8)
  })
})

describe('online Elo', () => {
  test.each([4, 32])('with K = %i on every golden case', (k) => {
    const block = `elo_online_k${k}`
    const having = goldenCases.filter(({ expected }) => block in expected)
    expect(having.length).toBeGreaterThan(15)
    for (const one of having) {
      const { models, comparisons } = comparisonsIn(one)
      expect(
        largestError(models, elo(comparisons, { k }), one.expected[block]!['ratings'] as Numbers),
        one.name,
      ).toBeLessThan(1e-8)
    }
  })
})
