import { describe, expect, test } from 'vitest'
import { fitBradleyTerry, fitWithGhost } from '../../src/ranking/bradley-terry.ts'
import { cellOf, countComparisons, type Outcome, pick } from '../../src/ranking/comparison.ts'
import { leaveVoterOut, votesToFlip, votesToFlipTop } from '../../src/ranking/drop-k.ts'
import { fisher } from '../../src/ranking/intervals.ts'
import { liveCounts } from '../../src/ranking/live-counts.ts'
import { countGain, pairGains, pairProbabilities } from '../../src/ranking/pair-gain.ts'
import {
  capPerVoter,
  combineWeights,
  countWeights,
  effectiveSize,
  propensityWeights,
  timeWeights,
} from '../../src/ranking/weights.ts'
import { comparisonsIn, goldenCase, goldenCases, largestError, type Numbers } from './golden.ts'

function fitted(name: string) {
  const { models, comparisons } = comparisonsIn(goldenCase(name))
  const counts = countComparisons(comparisons)
  return { models, comparisons, counts, fit: fitBradleyTerry(counts) }
}

describe('which pair to ask next', () => {
  test('the arena paper’s weights, from its formula', () => {
    const { input, expected } = goldenCase('active-sampling-eq9')
    const gains = input.map(({ p, n }) => countGain(Number(p), Number(n)))
    const total = gains.reduce((sum, gain) => sum + gain, 0)
    const probabilities = expected['probabilities'] as unknown as number[]
    for (const [at, gain] of gains.entries()) expect(Math.abs(gain / total - probabilities[at]!)).toBeLessThan(1e-8)
  })

  test('the gain of a pair is what one more vote takes off the total variance', () => {
    const { counts, fit } = fitted('mixed-8')
    const { models } = counts
    const before = fisher(counts, fit)
    const gains = pairGains(fit.theta, before.v)
    const trace = (v: Float64Array) =>
      Array.from({ length: models }, (_, i) => v[i * models + i]!).reduce((s, x) => s + x, 0)
    for (const [i, j] of [
      [0, 1],
      [2, 6],
      [3, 4],
    ] as const) {
      // Half a win and half a loss add information and nothing else.
      const more = { ...counts, weight: counts.weight.slice() }
      more.weight[cellOf(models, i, j, 0)]! += 0.5
      more.weight[cellOf(models, i, j, 1)]! += 0.5
      const after = fisher(more, fit)
      expect(trace(before.v) - trace(after.v)).toBeCloseTo(gains[i * models + j]!, 9)
    }
  })

  test('probabilities sum to one, keep the floor, leave out what is down and favour the new', () => {
    const { counts, fit } = fitted('always-wins')
    const { models } = counts
    const ghost = fitWithGhost(counts)
    const gains = pairGains(ghost.theta, ghost.v)
    const eligible = new Uint8Array(models).fill(1)
    eligible[2] = 0
    const p = pairProbabilities(gains, { eligible, votes: [5, 80, 56, 37, 24, 21, 27], fewVotes: 10 })
    const upper = p.filter((_, cell) => Math.floor(cell / models) < cell % models)
    expect(upper.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12)
    expect(p[2 * models]).toBe(0)
    const pairs = (6 * 5) / 2
    const drawn = upper.filter((value) => value > 0)
    expect(drawn.length).toBe(pairs)
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0.2 / pairs)
    const fresh = p[0 * models + 1]!
    expect(fresh).toBeGreaterThan(1 / pairs)
    expect(fit.status[0]).toBe('undefeated')
  })
})

describe('how few votes decide', () => {
  test.each(['mixed-8', 'real-evalica-food'])('%s', (name) => {
    const { models, comparisons, fit } = fitted(name)
    const block = goldenCase(name).expected['robustness_amip']!
    const [top, next] = [models.indexOf(String(block['top'])), models.indexOf(String(block['runner_up']))]
    const flip = votesToFlip(comparisons, fit, top, next, { shareMax: 0.2 })
    expect(flip.votes).toBe(block['votes_to_flip'])
    const kept = Uint32Array.from(comparisons.a.keys().filter((n) => !flip.dropped.includes(n)))
    const again = fitBradleyTerry(countComparisons(pick(comparisons, kept)))
    expect(again.theta[next]!).toBeGreaterThan(again.theta[top]!)
  })

  test('the exhaustive minimum of real-evalica-food is not beaten, only matched', () => {
    const { comparisons, fit, models } = fitted('real-evalica-food')
    const { k } = goldenCase('real-evalica-food').expected['robustness_brute_force']!['result'] as unknown as {
      k: number
    }
    const [flip] = votesToFlipTop(comparisons, fit, { top: 2, shareMax: 0.2 })
    expect(models[flip!.above]).toBe('Tacos')
    expect(flip!.votes).toBeGreaterThanOrEqual(k)
  })

  test('beyond the share it says so', () => {
    const { comparisons, fit } = fitted('two-models-7-3')
    expect(votesToFlip(comparisons, fit, 0, 1, { shareMax: 0.1 }).status).toBe('not_within_share')
  })

  test('leaving out the bad judges moves ratings most', () => {
    const one = goldenCase('anomalous-users')
    const { comparisons } = comparisonsIn(one)
    const fit = fitBradleyTerry(countComparisons(comparisons))
    const found = leaveVoterOut(comparisons, fit)
    const nameOf = (voter: number) => String(one.votes[comparisons.voter!.indexOf(voter)]!['judge'])
    expect(found.length).toBe(10)
    expect(found.slice(0, 4).map(({ voter }) => nameOf(voter))).toEqual(
      expect.arrayContaining(['contrarian0', 'contrarian1']),
    )
    for (const { oneStep, exact } of found) expect(exact / oneStep).toBeCloseTo(1, 0.7)
  })
})

describe('live counts', () => {
  test('refuse what was never counted, and report a wrong rebuild', () => {
    const live = liveCounts(3)
    live.add(0, 1, 2)
    expect(() => live.remove(0, 1, 0)).toThrow(RangeError)
    expect(() => live.add(1, 1, 0)).toThrow(RangeError)
    expect(() => live.add(0, 3, 0)).toThrow(RangeError)
    const truth = { models: 3, a: Uint16Array.of(0), b: Uint16Array.of(1), outcome: Uint8Array.of(3) }
    expect(live.rebuild(truth)).toBe(2)
    expect(live.rebuild(truth)).toBe(0)
    expect(live.counts).toEqual(countComparisons(truth))
  })

  test('a new model joins by a rebuild', () => {
    const live = liveCounts(2)
    live.add(0, 1, 0)
    const more = { models: 3, a: Uint16Array.of(0), b: Uint16Array.of(1), outcome: Uint8Array.of(0) }
    expect(live.rebuild(more)).toBe(0)
    live.add(2, 0, 1 as Outcome)
    expect(live.counts.votes[cellOf(3, 2, 0, 1)]).toBe(1)
  })
})

describe('weights', () => {
  test('propensities are inverted and capped at the 99th percentile', () => {
    const p = Float64Array.from({ length: 200 }, (_, n) => (n === 0 ? 1e-6 : 0.1))
    const w = propensityWeights(p)
    expect(Math.max(...w)).toBeCloseTo(10, 12)
    expect(() => propensityWeights(Float64Array.of(0))).toThrow(RangeError)
  })

  test('count weights are those of the golden case, up to scale', () => {
    const { comparisons } = comparisonsIn(goldenCase('uneven-12-ipw'))
    const own = countWeights(comparisons)
    for (const [n, w] of own.entries())
      expect(w / comparisons.weight![n]!).toBeCloseTo(own[0]! / comparisons.weight![0]!, 9)
  })

  test('age halves, caps divide, products have mean 1', () => {
    expect([...timeWeights(Float64Array.of(0, 30, 60), 30)]).toEqual([1, 0.5, 0.25])
    expect([...capPerVoter(Uint32Array.of(1, 1, 1, 1, 2, 0xffffffff, 0xffffffff), 2)]).toEqual([
      0.5, 0.5, 0.5, 0.5, 1, 1, 1,
    ])
    const all = combineWeights(Float64Array.of(1, 3), Float64Array.of(2, 2))
    expect([...all]).toEqual([0.5, 1.5])
    expect(effectiveSize(all)).toEqual({ min: 0.5, max: 1.5, effective: 1.6 })
  })

  test('every golden case with weights says how many equal votes it is worth', () => {
    const weighted = goldenCases.filter(({ votes }) => votes?.[0]?.['weight'] !== undefined)
    expect(weighted.length).toBe(2)
    for (const one of weighted) {
      const { comparisons } = comparisonsIn(one)
      const { effective } = effectiveSize(comparisons.weight!)
      expect(effective).toBeLessThan(comparisons.a.length)
      expect(effective).toBeGreaterThan(comparisons.a.length / 20)
    }
  })
})

test('largestError notices a missing value', () => {
  expect(largestError(['a'], [], { a: 1 } as Numbers)).toBeNaN()
})
