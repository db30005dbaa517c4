import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Candidate,
  defaultPolicy,
  drawPair,
  drawReplacement,
  eligibleFrom,
  namedPair,
  weighPairs,
} from '../../src/battles/pairing.ts'

const candidate = (modelId: string, more: Partial<Candidate> = {}): Candidate => ({
  modelId,
  version: 'v1',
  weight: 1,
  battles: 1000,
  isBaseline: false,
  ...more,
})
const four = ['a', 'b', 'c', 'd'].map((id) => candidate(id))

/** A small seeded generator (mulberry32): the draws of this test are the same on every machine. */
function seeded(seed: number) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

describe('pairs', () => {
  test('the probabilities of all pairs sum to one, whatever the weights', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ weight: fc.integer({ min: 1, max: 9 }), battles: fc.integer({ min: 0, max: 300 }) }), {
          minLength: 2,
          maxLength: 12,
        }),
        (models) => {
          const pairs = weighPairs(
            models.map((model, i) => candidate(`m${i}`, model)),
            defaultPolicy,
            (a, b) => a.length + b.length,
          )
          expect(pairs.reduce((sum, pair) => sum + pair.probability, 0)).toBeCloseTo(1, 9)
        },
      ),
    )
  })

  test('over 100,000 draws the pairs follow their stored probability, sides are fair and independent of the model', () => {
    const models = [candidate('a', { weight: 3 }), candidate('b', { battles: 10 }), candidate('c'), candidate('d')]
    const random = seeded(7)
    const draws = 100_000
    const seen = new Map<string, number>()
    const onSideA = new Map<string, number>()
    const played = new Map<string, number>()
    for (let i = 0; i < draws; i++) {
      const draw = drawPair(models, defaultPolicy, 'hash', random)!
      const key = [draw.a.modelId, draw.b.modelId].sort().join()
      seen.set(key, (seen.get(key) ?? 0) + 1)
      onSideA.set(draw.a.modelId, (onSideA.get(draw.a.modelId) ?? 0) + 1)
      for (const side of [draw.a, draw.b]) played.set(side.modelId, (played.get(side.modelId) ?? 0) + 1)
    }
    const pairs = weighPairs(models, defaultPolicy)
    const chiSquare = pairs.reduce((sum, { a, b, probability }) => {
      const expected = probability * draws
      return sum + ((seen.get([a.modelId, b.modelId].sort().join()) ?? 0) - expected) ** 2 / expected
    }, 0)
    expect(chiSquare).toBeLessThan(20.5) // 5 degrees of freedom, p = 0.001
    const sideChiSquare = models.reduce((sum, { modelId }) => {
      const half = played.get(modelId)! / 2
      return sum + (2 * (onSideA.get(modelId)! - half) ** 2) / half
    }, 0)
    expect(sideChiSquare).toBeLessThan(18.5) // 4 degrees of freedom, p = 0.001
  })

  test('with gains, too, 100,000 draws follow the stored probability, and sides stay fair', () => {
    const models = [
      candidate('a', { weight: 2 }),
      candidate('b', { battles: 3 }),
      candidate('c'),
      candidate('d'),
      candidate('e'),
    ]
    const gains = (a: string, b: string) => ((a.charCodeAt(0) * 7 + b.charCodeAt(0) * 13) % 11) / 10 + 0.01
    const random = seeded(11)
    const draws = 100_000
    const seen = new Map<string, number>()
    let alphabetical = 0
    for (let i = 0; i < draws; i++) {
      const draw = drawPair(models, defaultPolicy, 'hash', random, gains)!
      const ids = [draw.a.modelId, draw.b.modelId]
      if (ids[0]! < ids[1]!) alphabetical++
      const key = ids.sort().join()
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
    const pairs = weighPairs(models, defaultPolicy, gains)
    expect(new Set(pairs.map(({ probability }) => probability.toFixed(6))).size).toBeGreaterThan(5)
    const chiSquare = pairs.reduce((sum, { a, b, probability }) => {
      const expected = probability * draws
      return sum + ((seen.get([a.modelId, b.modelId].sort().join()) ?? 0) - expected) ** 2 / expected
    }, 0)
    expect(chiSquare).toBeLessThan(27.9) // 9 degrees of freedom, p = 0.001
    expect(Math.abs(alphabetical / draws - 0.5)).toBeLessThan(0.005)
  })

  test('every draw keeps its probability and the eligible set, for inverse-propensity weights', () => {
    const draw = drawPair(four, defaultPolicy, 'hash', seeded(1))!
    expect(draw.pairProbability).toBeCloseTo(1 / 6, 12)
    expect(draw.eligible).toEqual(['a', 'b', 'c', 'd'])
    expect(draw.policyHash).toBe('hash')
  })

  test('no pair becomes impossible, however little there is to learn from it', () => {
    const pairs = weighPairs(four, defaultPolicy, (a, b) => (a === 'a' && b === 'b' ? 1e9 : 0))
    for (const pair of pairs) expect(pair.probability).toBeGreaterThanOrEqual(defaultPolicy.exploration / 6 - 1e-12)
  })

  test('baselines step aside once two real models can answer, unless the operator pairs them', () => {
    const mixed = [...four.slice(0, 2), candidate('reader', { isBaseline: true })]
    expect(eligibleFrom(mixed, defaultPolicy).map((one) => one.modelId)).toEqual(['a', 'b'])
    expect(eligibleFrom(mixed, { ...defaultPolicy, pairBaselines: true })).toHaveLength(3)
    expect(eligibleFrom(mixed.slice(1), defaultPolicy)).toHaveLength(2)
  })

  test('one model alone makes no battle, and weight 0 keeps a model out', () => {
    expect(drawPair(four.slice(0, 1), defaultPolicy, 'hash', seeded(1))).toBeUndefined()
    expect(drawPair([four[0]!, candidate('z', { weight: 0 })], defaultPolicy, 'hash', seeded(1))).toBeUndefined()
  })

  test('a replacement is never one of the two that were drawn', () => {
    const random = seeded(3)
    for (let i = 0; i < 200; i++)
      expect(['c', 'd']).toContain(drawReplacement(four, defaultPolicy, ['a', 'b'], random)?.modelId)
    expect(drawReplacement(four.slice(0, 2), defaultPolicy, ['a', 'b'], random)).toBeUndefined()
  })
})

describe('a pair chosen by name', () => {
  test('stands as it was asked for, whatever weights say, and leaves nothing to chance', () => {
    const asleep = candidate('z', { weight: 0 })
    expect(namedPair({ a: 'z', b: 'a' }, [...four, asleep], 'hash')).toEqual({
      a: { modelId: 'z', version: 'v1' },
      b: { modelId: 'a', version: 'v1' },
      pairProbability: 1,
      eligible: ['z', 'a'],
      policyHash: 'hash',
    })
  })

  test('needs two, both able to answer now', () => {
    expect(namedPair({ a: 'a', b: 'a' }, four, 'hash')).toBeUndefined()
    expect(namedPair({ a: 'a', b: 'gone' }, four, 'hash')).toBeUndefined()
  })
})
