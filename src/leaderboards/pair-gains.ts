import type { ModelId } from '../core/ids.ts'
import { fitWithGhost } from '../ranking/bradley-terry.ts'
import { cellOf, outcomeCode } from '../ranking/comparison.ts'
import { pairGains } from '../ranking/pair-gain.ts'
import type { Leaderboard } from './leaderboard.ts'

/** What one more vote on each pair is expected to teach: plain numbers for pairing, made with each refresh of the board. */
export type PairGains = {
  /** In code-point order; `gains` is models * models over them, symmetric. */
  models: ModelId[]
  gains: Float64Array
  /** For a pair nobody knows enough of yet. */
  unknown: number
}

/**
 * Reduction of the total variance of the ratings by one more vote on each pair (RANKING.md 7), from the board's own pair counts. A pair with a model
 * under `fewVotes` votes, like one the board does not hold, gets the mean of the best tenth of the others. The errors come from the fit with the
 * ghost prior, which also covers models that nothing connects. O(models^3).
 */
export function pairGainsOf({ pairs }: Pick<Leaderboard, 'pairs'>, fewVotes: number): PairGains {
  const models = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))].sort()
  const size = models.length
  const at = new Map(models.map((model, i) => [model, i]))
  const votes = new Float64Array(size * size * 4)
  const met = new Float64Array(size)
  for (const { a, b, winsA, winsB, ties, bothBad } of pairs) {
    const [i, j] = [at.get(a)!, at.get(b)!]
    votes[cellOf(size, i, j, outcomeCode.a)]! += winsA
    votes[cellOf(size, i, j, outcomeCode.b)]! += winsB
    votes[cellOf(size, i, j, outcomeCode.tie)]! += ties
    votes[cellOf(size, i, j, outcomeCode.both_bad)]! += bothBad
    for (const side of [i, j]) met[side]! += winsA + winsB + ties + bothBad
  }
  if (size === 0) return { models, gains: new Float64Array(0), unknown: 1 }
  const { theta, v } = fitWithGhost({ models: size, votes, weight: votes, weightSquared: votes })
  const gains = pairGains(theta, v)
  const isKnown = (i: number, j: number) =>
    met[i]! >= fewVotes && met[j]! >= fewVotes && Number.isFinite(gains[i * size + j])
  const known: number[] = []
  for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) if (isKnown(i, j)) known.push(gains[i * size + j]!)
  const unknown = meanOfBestTenth(known)
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) if (i !== j && !isKnown(i, j)) gains[i * size + j] = unknown
  return { models, gains, unknown }
}

/** The numbers by name, as pairing asks for them. */
export function gainBetween({ models, gains, unknown }: PairGains): (a: ModelId, b: ModelId) => number {
  const at = new Map(models.map((model, i) => [model, i]))
  return (a, b) => {
    const [i, j] = [at.get(a), at.get(b)]
    return i === undefined || j === undefined ? unknown : gains[i * models.length + j]!
  }
}

function meanOfBestTenth(gains: number[]): number {
  if (gains.length === 0) return 1
  const best = gains.toSorted((x, y) => y - x).slice(0, Math.ceil(gains.length / 10))
  return best.reduce((sum, gain) => sum + gain, 0) / best.length
}
