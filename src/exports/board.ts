import type { Outcome } from '../battles/battle.ts'
import { type Comparisons, compareCodePoints, outcomeCode } from '../ranking/comparison.ts'
import { type Leaderboard, leaderboardOf } from '../ranking/rate.ts'

export type RankedVote = { modelA: string; modelB: string; outcome: Outcome }

/**
 * The board of a dataset's counted votes, with the documented defaults (Bradley-Terry, ties half, sandwich intervals, no weights, no voter
 * clusters: not every dataset names its voters). Export and `verify` both call this, so the two agree to the last digit or the data differ.
 */
export function boardOf(votes: readonly RankedVote[]): Leaderboard {
  const names = [...new Set(votes.flatMap(({ modelA, modelB }) => [modelA, modelB]))].sort(compareCodePoints)
  const index = new Map(names.map((name, i) => [name, i]))
  const comparisons: Comparisons = {
    models: names.length,
    a: Uint16Array.from(votes, ({ modelA }) => index.get(modelA)!),
    b: Uint16Array.from(votes, ({ modelB }) => index.get(modelB)!),
    outcome: Uint8Array.from(votes, ({ outcome }) => outcomeCode[outcome]),
  }
  return leaderboardOf(comparisons, { names })
}

export const boardJson = (board: Leaderboard): string => `${JSON.stringify(board, null, 1)}\n`
