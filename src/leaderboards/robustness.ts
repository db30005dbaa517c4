import type { ModelId } from '../core/ids.ts'
import { fitBradleyTerry, pointsPerLog } from '../ranking/bradley-terry.ts'
import { type Comparisons, countComparisons } from '../ranking/comparison.ts'
import { normalQuantile } from '../ranking/distributions.ts'
import { votesToFlip } from '../ranking/drop-k.ts'
import { sigmoid } from '../ranking/maximise.ts'
import { hasRepeatedVoters } from '../ranking/rate.ts'
import { fitStyle } from '../ranking/style-control.ts'
import type { Robustness } from './leaderboard.ts'

/**
 * What the order of a board rests on: how few votes decide its first place, what standing left is worth, and how few people voted. Side a stands
 * left. Several passes over the votes and a sort: made with snapshots, not with every vote.
 */
export function robustnessOf(c: Comparisons, models: readonly ModelId[]): Robustness {
  return { votes: c.a.length, first: firstPlace(c, models), position: position(c), voters: concentration(c) }
}

function firstPlace(c: Comparisons, models: readonly ModelId[]): Robustness['first'] {
  const fit = fitBradleyTerry(countComparisons(c))
  const [above, below] = [...(fit.blocks[0] ?? [])].sort((x, y) => fit.theta[y]! - fit.theta[x]!)
  if (above === undefined || below === undefined) return null
  const { votes, status } = votesToFlip(c, fit, above, below)
  return { model: models[above]!, next: models[below]!, votes, status }
}

const confidence = 0.95

/** One constant column beside the strengths: the left side's advantage, as a home ground's. */
function position(c: Comparisons): Robustness['position'] {
  const { voter } = c
  const covariance = voter && hasRepeatedVoters({ voter }) ? 'clustered' : 'sandwich'
  const fit = fitStyle(c, new Float64Array(c.a.length).fill(1), { covariance })
  const [gamma = Number.NaN, se = Number.NaN] = [fit.gamma[0], fit.gammaSe[0]]
  if (!fit.estimable || !fit.converged || fit.column[0] !== 'fitted' || !(se > 0)) return null
  const points = pointsPerLog * gamma
  const reach = normalQuantile((1 + confidence) / 2) * pointsPerLog * se
  return {
    points: round(points),
    se: round(pointsPerLog * se),
    low: round(points - reach),
    high: round(points + reach),
    z: round(gamma / se),
    winsLeft: round(sigmoid(gamma)),
  }
}

function concentration({ voter }: Comparisons): Robustness['voters'] {
  if (!voter || voter.length === 0) return null
  const votes = new Map<number, number>()
  for (const own of voter) votes.set(own, (votes.get(own) ?? 0) + 1)
  const counts = [...votes.values()].sort((x, y) => y - x)
  const sum = (some: readonly number[]) => some.reduce((total, count) => total + count, 0)
  return {
    voters: counts.length,
    topShare: round(counts[0]! / voter.length),
    topTenShare: round(sum(counts.slice(0, 10)) / voter.length),
    effective: round(voter.length ** 2 / sum(counts.map((count) => count ** 2))),
  }
}

/** Six decimals, as all published numbers. */
const round = (value: number) => Math.round(value * 1e6) / 1e6 + 0
