import type { Rated } from './bradley-terry.ts'
import { twoSidedP } from './distributions.ts'
import { type Covariance, seOfDifference } from './intervals.ts'
import { cholesky, dot } from './linear-algebra.ts'
import { normal, seeded } from './random.ts'

export type Ranks = { low: Uint16Array; high: Uint16Array }

/**
 * Ranks that the intervals leave open, for models of one piece. `low` = 1 + models whose low is above my high
 * (strictly: touching intervals push nobody down); `high` = models in the list minus those whose high is below my
 * low. `counts[m] = 0` keeps m from pushing others; it still gets ranks of its own. The headline rank is `low`.
 * NaN bounds neither push nor are pushed. O(models^2). Source: rank (UB) of Chiang et al., arXiv 2403.04132.
 */
export function ranks(low: Float64Array, high: Float64Array, counts?: Uint8Array): Ranks {
  if (low.length !== high.length || (counts && counts.length !== low.length)) throw new RangeError('unequal lengths')
  const models = low.length
  const result = { low: new Uint16Array(models), high: new Uint16Array(models) }
  for (let m = 0; m < models; m++) {
    let above = 0
    let below = 0
    let others = 0
    for (let other = 0; other < models; other++) {
      if (other === m || (counts && counts[other] === 0)) continue
      others += 1
      if (low[other]! > high[m]!) above += 1
      if (high[other]! < low[m]!) below += 1
    }
    result.low[m] = 1 + above
    result.high[m] = others + 1 - below
  }
  return result
}

export type PairTest = { i: number; j: number; difference: number; se: number; z: number; p: number; pHolm: number }

/**
 * Wald tests of theta_i = theta_j for every pair of finite models of one piece, i < j; two-sided p, and p adjusted
 * by Holm over all pairs listed. Natural-log units. Judge differences by these, never by overlap of intervals.
 * O(models^2 log models). Source: Holm 1979.
 */
export function pairwiseTests(f: Rated, covariance: Covariance): PairTest[] {
  const tests: PairTest[] = []
  for (const block of f.blocks) {
    block.forEach((i, r) => {
      for (const j of block.subarray(r + 1)) {
        const difference = f.theta[i]! - f.theta[j]!
        const se = seOfDifference(covariance, i, j)
        const z = difference / se
        tests.push({ i, j, difference, se, z, p: twoSidedP(z), pHolm: 1 })
      }
    })
  }
  const ordered = tests.toSorted((x, y) => x.p - y.p)
  let largest = 0
  ordered.forEach((test, at) => {
    largest = Math.max(largest, Math.min(1, (ordered.length - at) * test.p))
    test.pHolm = largest
  })
  return tests
}

/** Samples of the ratings' error: `draws[d * size + r]` for model r of the block, up to a constant common to a draw. */
export type Draws = { block: Uint16Array; samples: number; draws: Float64Array }

/**
 * Seeded draws of e ~ N(0, V) for one piece. The constant added to V so that it can be factored moves all models of
 * a draw together: only differences within a draw mean anything. O(models^3 + samples * models^2).
 */
export function drawErrors(
  f: Rated,
  covariance: Covariance,
  { piece = 0, samples = 4000, seed = 1 }: { piece?: number; samples?: number; seed?: number } = {},
): Draws {
  const block = f.blocks[piece] ?? new Uint16Array()
  const size = block.length
  const own = new Float64Array(size * size)
  let trace = 0
  for (let r = 0; r < size; r++) {
    for (let s = 0; s < size; s++) own[r * size + s] = covariance.v[block[r]! * covariance.models + block[s]!]!
    trace += own[r * size + r]!
  }
  const lifted = own.map((value) => value + trace / size ** 2)
  let factor = cholesky(lifted, size)
  for (let extra = 1e-12; !factor && extra < 1e-3; extra *= 10) {
    for (let r = 0; r < size; r++) lifted[r * size + r] = lifted[r * size + r]! + extra * trace
    factor = cholesky(lifted, size)
  }
  const draws = new Float64Array(samples * size)
  if (!factor) return { block, samples: 0, draws }
  const random = seeded(seed, 0)
  const z = new Float64Array(size)
  for (let d = 0; d < samples; d++) {
    for (let r = 0; r < size; r++) z[r] = normal(random)
    for (let r = 0; r < size; r++) draws[d * size + r] = dot(factor.lower, r * size, z, 0, r + 1)
  }
  return { block, samples, draws }
}

export type RankSets = { models: Uint16Array; low: Uint16Array; high: Uint16Array; critical: number }

/**
 * Simultaneous rank sets of one piece: with the given confidence all true ranks lie in their sets at once.
 * The critical value is the quantile of the largest |e_i - e_j| / se_ij over the draws. O(samples * models^2).
 * Source: Mogstad, Romano, Shaikh and Wilhelm, Review of Economic Studies 91 (2024).
 */
export function rankSets(f: Rated, covariance: Covariance, sample: Draws, confidence = 0.95): RankSets {
  const { block, samples, draws } = sample
  const size = block.length
  const precision = new Float64Array(size * size)
  for (let r = 0; r < size; r++)
    for (let s = r + 1; s < size; s++) precision[r * size + s] = 1 / seOfDifference(covariance, block[r]!, block[s]!)
  const largest = new Float64Array(samples)
  for (let d = 0; d < samples; d++) {
    let most = 0
    for (let r = 0; r < size; r++) {
      const own = draws[d * size + r]!
      for (let s = r + 1; s < size; s++) {
        const apart = Math.abs(own - draws[d * size + s]!) * precision[r * size + s]!
        if (apart > most) most = apart
      }
    }
    largest[d] = most
  }
  const critical = samples > 0 ? quantile(largest.sort(), confidence) : Number.NaN
  const low = new Uint16Array(size).fill(1)
  const high = new Uint16Array(size).fill(size)
  for (let r = 0; r < size; r++) {
    for (let s = 0; s < size; s++) {
      if (r === s) continue
      const reach = critical * seOfDifference(covariance, block[r]!, block[s]!)
      const ahead = f.theta[block[s]!]! - f.theta[block[r]!]!
      if (ahead > reach) low[r]!++
      if (-ahead > reach) high[r]!--
    }
  }
  return { models: block, low, high, critical }
}

export type Probabilities = {
  models: Uint16Array
  best: Float64Array
  /** Probability of being among the first `top`. */
  amongTop: Float64Array
  /** size * size: probability that the row's model is above the column's. */
  above: Float64Array
}

/** Shares of draws, added to the ratings, in which a model is first, among the first `top`, or above another. */
export function probabilities(f: Rated, { block, samples, draws }: Draws, top = 3): Probabilities {
  const size = block.length
  const best = new Float64Array(size)
  const amongTop = new Float64Array(size)
  const above = new Float64Array(size * size)
  const strength = new Float64Array(size)
  for (let d = 0; d < samples; d++) {
    for (let r = 0; r < size; r++) strength[r] = f.theta[block[r]!]! + draws[d * size + r]!
    for (let r = 0; r < size; r++) {
      let ahead = 0
      for (let s = 0; s < size; s++) {
        if (strength[s]! > strength[r]!) ahead += 1
        else if (s !== r) above[r * size + s] = above[r * size + s]! + 1 / samples
      }
      if (ahead === 0) best[r] = best[r]! + 1 / samples
      if (ahead < top) amongTop[r] = amongTop[r]! + 1 / samples
    }
  }
  return { models: block, best, amongTop, above }
}

/** Type-7 quantile of ascending values: linear between order statistics. NaN for none. */
export function quantile(ascending: Float64Array, p: number): number {
  if (ascending.length === 0) return Number.NaN
  const at = (ascending.length - 1) * p
  const below = Math.floor(at)
  const next = ascending[Math.min(below + 1, ascending.length - 1)]!
  return ascending[below]! + (at - below) * (next - ascending[below]!)
}
