import { describe, expect, test } from 'vitest'
import { bootstrap, bootstrapVoters } from '../../src/ranking/bootstrap.ts'
import { fitBradleyTerry } from '../../src/ranking/bradley-terry.ts'
import { countComparisons } from '../../src/ranking/comparison.ts'
import { normalCdf, normalQuantile, studentCdf, studentQuantile } from '../../src/ranking/distributions.ts'
import { clustered, fisher, intervals, sandwich, seOfDifference } from '../../src/ranking/intervals.ts'
import { comparisonsIn, goldenCase, largestError, type Numbers } from './golden.ts'

function fitted(name: string) {
  const { models, comparisons } = comparisonsIn(goldenCase(name))
  const counts = countComparisons(comparisons)
  return { models, comparisons, counts, fit: fitBradleyTerry(counts), expected: goldenCase(name).expected }
}

describe('standard errors clustered by voter', () => {
  const { models, comparisons, counts, fit, expected } = fitted('clustered-5')
  const blocks = [
    ['fisher_mean0', fisher(counts, fit)],
    ['hc0_mean0', sandwich(counts, fit, { guard: false })],
    ['cluster_by_judge_no_adjust_mean0', clustered(comparisons, fit, { guard: false, adjust: false })],
    ['cluster_by_judge_default_mean0', clustered(comparisons, fit, { guard: false })],
  ] as const
  test.each(blocks)('%s as R gives it', (block, covariance) => {
    const { se } = intervals(fit, covariance)
    expect(largestError(models, se, expected['se']![block] as Numbers)).toBeLessThan(1e-5)
  })

  test('thirty voters are counted, and fewer than thirty take Student quantiles', () => {
    const all = clustered(comparisons, fit)
    expect(all.clusters).toEqual([30])
    const few = { ...all, clusters: [29] }
    const [normal, student] = [all, few].map((covariance) => intervals(fit, covariance))
    const widen = studentQuantile(0.975, 28) / normalQuantile(0.975)
    expect((student!.high[0]! - student!.low[0]!) / (normal!.high[0]! - normal!.low[0]!)).toBeCloseTo(widen, 12)
  })

  test('redrawing whole voters gives the clustered errors', () => {
    const drawn = bootstrapVoters(comparisons, counts, fit, { samples: 2000, seed: 1 })
    const reference = expected['se']!['judge_bootstrap_mean0'] as Numbers
    for (const [name, se] of Object.entries(reference)) expect(drawn.se[models.indexOf(name)]! / se).toBeCloseTo(1, 0.9)
  })
})

describe('the leverage guard', () => {
  test.each(['all-ties', 'single-tie', 'tie-bridge'])('%s keeps errors near the Fisher ones', (name) => {
    const { counts, comparisons, fit } = fitted(name)
    const model = fisher(counts, fit)
    for (const covariance of [sandwich(counts, fit), clustered(comparisons, fit, { adjust: false })]) {
      covariance.se.forEach((se, i) => {
        expect(se / model.se[i]!, `model ${i}`).toBeGreaterThan(0.9)
      })
      expect(covariance.guarded.some((flag) => flag === 1)).toBe(true)
    }
  })

  test('leaves data without leverage exactly as HC0 has it', () => {
    const { counts, fit } = fitted('mixed-8')
    expect(sandwich(counts, fit).v).toEqual(sandwich(counts, fit, { guard: false }).v)
  })

  test('a thousand unanimous ties still leave a quarter of the Fisher error', () => {
    const { comparisons } = fitted('all-ties')
    const copies = 60
    const repeat = <T extends Uint8Array | Uint16Array>(column: T, into: T) =>
      into.map((_, n) => column[n % column.length]!) as T
    const many = {
      models: comparisons.models,
      a: repeat(comparisons.a, new Uint16Array(comparisons.a.length * copies)),
      b: repeat(comparisons.b, new Uint16Array(comparisons.b.length * copies)),
      outcome: repeat(comparisons.outcome, new Uint8Array(comparisons.a.length * copies)),
    }
    const counts = countComparisons(many)
    const fit = fitBradleyTerry(counts)
    const model = fisher(counts, fit)
    const guarded = sandwich(counts, fit)
    for (let i = 0; i < many.models; i++) {
      for (let j = 0; j < i; j++)
        expect(seOfDifference(guarded, i, j) / seOfDifference(model, i, j)).toBeCloseTo(0.25, 9)
    }
  })
})

describe('bootstrap', () => {
  const { models, counts, fit, expected } = fitted('mixed-8')
  test('agrees with an independent bootstrap of the same votes', () => {
    const drawn = bootstrap(counts, fit, { samples: 4000, seed: 1 })
    const { se, q025, q975 } = expected['bootstrap_reference'] as unknown as Record<string, Numbers>
    expect(drawn.notFinite).toBe(0)
    models.forEach((name, i) => {
      const width = q975![name]! - q025![name]!
      expect(Math.abs(drawn.se[i]! / se![name]! - 1), name).toBeLessThan(0.04)
      expect(Math.abs(drawn.low[i]! - q025![name]!) / width, name).toBeLessThan(0.06)
      expect(Math.abs(drawn.high[i]! - q975![name]!) / width, name).toBeLessThan(0.06)
    })
  })

  test('is the same for the same seed, another for another, and changes nothing it is given', () => {
    const before = fit.theta.slice()
    const once = bootstrap(counts, fit, { samples: 50, seed: 7 })
    expect(bootstrap(counts, fit, { samples: 50, seed: 7 })).toEqual(once)
    expect(bootstrap(counts, fit, { samples: 50, seed: 8 })).not.toEqual(once)
    expect(fit.theta).toEqual(before)
  })

  test('an anchored bootstrap keeps the anchor still', () => {
    const { low, high } = bootstrap(counts, fit, { samples: 50, seed: 1, anchor: 2 })
    expect([low[2], high[2]]).toEqual([1000, 1000])
  })
})

test('quantiles and distributions match published tables', () => {
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14)
  expect(normalQuantile(0.5)).toBe(0)
  expect(normalCdf(-1.2815515655446004)).toBeCloseTo(0.1, 14)
  expect(normalCdf(5)).toBeCloseTo(0.9999997133484281, 15)
  expect(studentQuantile(0.975, 1)).toBeCloseTo(12.706204736174698, 9)
  expect(studentQuantile(0.975, 2)).toBeCloseTo(4.302652729749464, 10)
  expect(studentQuantile(0.975, 10)).toBeCloseTo(2.2281388519862744, 11)
  expect(studentQuantile(0.975, 29)).toBeCloseTo(2.045229642132703, 11)
  expect(studentCdf(0, 5)).toBe(0.5)
})
