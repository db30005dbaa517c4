import type { Comparisons } from './comparison.ts'
import { noVoter } from './comparison.ts'

export type WeightReport = { min: number; max: number; effective: number }

/** Smallest and largest weight, and the number of equal votes that would know as much: (sum w)^2 / sum w^2. */
export function effectiveSize(weight: Float64Array): WeightReport {
  let sum = 0
  let squares = 0
  let min = Number.POSITIVE_INFINITY
  let max = 0
  for (const w of weight) {
    sum += w
    squares += w * w
    min = Math.min(min, w)
    max = Math.max(max, w)
  }
  return { min, max, effective: squares > 0 ? sum ** 2 / squares : 0 }
}

/** Factors multiplied vote by vote and divided by their mean, so that weights say shares and not sizes. */
export function combineWeights(...factors: readonly Float64Array[]): Float64Array {
  const votes = factors[0]?.length ?? 0
  if (factors.some(({ length }) => length !== votes)) throw new RangeError('factors of unequal lengths')
  const product = new Float64Array(votes).fill(1)
  for (const factor of factors) for (let n = 0; n < votes; n++) product[n] = product[n]! * factor[n]!
  let mean = 0
  for (const w of product) mean += w / votes
  return product.map((w) => w / mean)
}

/**
 * Inverse propensity weights: 1 / (probability with which the pair was drawn, logged with the battle), capped at
 * the 99th percentile. The target is a uniform choice of pairs. Throws RangeError outside (0, 1].
 * Source: Chiang et al., arXiv 2403.04132, eq. 7.
 */
export function propensityWeights(pairProbability: Float64Array): Float64Array {
  const wrong = pairProbability.find((p) => !(p > 0 && p <= 1))
  if (wrong !== undefined) throw new RangeError(`pair probability ${wrong} is not in (0, 1]`)
  const weight = pairProbability.map((p) => 1 / p)
  const ascending = weight.toSorted()
  const cap = ascending[Math.max(0, Math.ceil(0.99 * ascending.length) - 1)] ?? 1
  return weight.map((w) => Math.min(w, cap))
}

/** "Count weights" where no probability was logged: 1 / max(votes of the pair, floor). Source: arena-rank 0.1.1. */
export function countWeights({ models, a, b }: Comparisons, floor = 50): Float64Array {
  const met = new Float64Array(models * models)
  const pairOf = (n: number) => Math.min(a[n]!, b[n]!) * models + Math.max(a[n]!, b[n]!)
  for (let n = 0; n < a.length; n++) met[pairOf(n)]!++
  return Float64Array.from({ length: a.length }, (_, n) => 1 / Math.max(met[pairOf(n)]!, floor))
}

/** 2^(-age / half-life), both in the same unit. Throws RangeError for a half-life that is not positive. */
export function timeWeights(age: Float64Array, halfLife: number): Float64Array {
  if (!(halfLife > 0)) throw new RangeError(`half-life ${halfLife}`)
  return age.map((own) => 2 ** (-own / halfLife))
}

/** min(1, cap / votes of the voter): nobody counts for more than `cap` votes. Votes without a voter keep weight 1. */
export function capPerVoter(voter: Uint32Array, cap: number): Float64Array {
  if (!(cap > 0)) throw new RangeError(`cap ${cap}`)
  const votes = new Map<number, number>()
  for (const own of voter) votes.set(own, (votes.get(own) ?? 0) + 1)
  return Float64Array.from(voter, (own) => (own === noVoter ? 1 : Math.min(1, cap / votes.get(own)!)))
}
