import { dot } from './linear-algebra.ts'
import { sigmoid } from './maximise.ts'

/**
 * How much one more vote on each pair is worth: the reduction of the total variance of the ratings,
 * v |Vx|^2 / (1 + v x'Vx) with v = p(1-p) (Sherman-Morrison). With `top` (models in order of rating) only the
 * variance of the contrasts between neighbours in that list counts. `v` is a covariance in natural logs (fisher, or
 * a ghost fit's, which covers every model); a pair with an unknown entry gets NaN. Returns models * models,
 * symmetric, diagonal 0. O(models^3) once.
 */
export function pairGains(theta: Float64Array, v: Float64Array, top?: readonly number[]): Float64Array {
  const models = theta.length
  if (v.length !== models ** 2) throw new RangeError(`a covariance of ${v.length} for ${models} models`)
  const gains = new Float64Array(models * models)
  const squared = top ? null : productWithItself(v, models)
  const contrasts = top ? top.slice(1).map((below, at) => [top[at]!, below] as const) : []
  for (let i = 0; i < models; i++) {
    for (let j = i + 1; j < models; j++) {
      const p = sigmoid(theta[i]! - theta[j]!)
      const curve = p * (1 - p)
      const spread = v[i * models + i]! + v[j * models + j]! - 2 * v[i * models + j]!
      const along = (m: number) => v[m * models + i]! - v[m * models + j]!
      const length = squared
        ? squared[i * models + i]! + squared[j * models + j]! - 2 * squared[i * models + j]!
        : contrasts.reduce((sum, [above, below]) => sum + (along(above) - along(below)) ** 2, 0)
      gains[i * models + j] = gains[j * models + i] = (curve * length) / (1 + curve * spread)
    }
  }
  return gains
}

/** Arena paper's weight of a pair met n times: sqrt(s/n) - sqrt(s/(n+1)), s = p(1-p). Source: arXiv 2403.04132, eq. 9. */
export function countGain(p: number, n: number): number {
  const s = p * (1 - p)
  return Math.sqrt(s / n) - Math.sqrt(s / (n + 1))
}

export type PairPolicy = {
  /** Share of draws spread evenly over all eligible pairs, so that weights stay below pairs/exploration. */
  exploration?: number
  /** Votes per model; below `fewVotes` its pairs get the mean gain of the best tenth of pairs. */
  votes?: ArrayLike<number>
  fewVotes?: number
  /** 0 for a model that is down or retired. */
  eligible?: Uint8Array
}

/**
 * Probability of drawing each pair: (1 - eps) gain/sum + eps/pairs over eligible pairs. models * models, symmetric;
 * the entries with i < j sum to 1, or are all 0 with fewer than two eligible models. Pairs of unknown gain count as
 * new. O(models^2 log models).
 */
export function pairProbabilities(
  gains: Float64Array,
  { exploration = 0.2, votes, fewVotes = 30, eligible }: PairPolicy = {},
): Float64Array {
  const models = Math.sqrt(gains.length)
  if (!(exploration >= 0 && exploration <= 1)) throw new RangeError(`exploration share ${exploration}`)
  const isNew = (i: number) => votes !== undefined && votes[i]! < fewVotes
  const pairs: { i: number; j: number; gain: number }[] = []
  for (let i = 0; i < models; i++) {
    for (let j = i + 1; j < models; j++) {
      if (eligible && (eligible[i] === 0 || eligible[j] === 0)) continue
      const known = !isNew(i) && !isNew(j) && Number.isFinite(gains[i * models + j]!)
      pairs.push({ i, j, gain: known ? gains[i * models + j]! : Number.NaN })
    }
  }
  const fresh = meanOfTopTenth(pairs.map(({ gain }) => gain).filter(Number.isFinite))
  const gainOf = ({ gain }: { gain: number }) => (Number.isFinite(gain) ? gain : fresh)
  const total = pairs.reduce((sum, pair) => sum + gainOf(pair), 0)
  const probabilities = new Float64Array(gains.length)
  for (const pair of pairs) {
    const greedy = total > 0 ? gainOf(pair) / total : 1 / pairs.length
    const p = (1 - exploration) * greedy + exploration / pairs.length
    probabilities[pair.i * models + pair.j] = probabilities[pair.j * models + pair.i] = p
  }
  return probabilities
}

function meanOfTopTenth(gains: number[]): number {
  if (gains.length === 0) return 1
  const best = gains.toSorted((x, y) => y - x).slice(0, Math.max(1, Math.ceil(gains.length / 10)))
  return best.reduce((sum, gain) => sum + gain / best.length, 0)
}

function productWithItself(v: Float64Array, size: number): Float64Array {
  const squared = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) squared[i * size + j] = squared[j * size + i] = dot(v, i * size, v, j * size, size)
  }
  return squared
}
