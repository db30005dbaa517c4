import type { Outcome } from '../battles/battle.ts'
import { type Comparisons, compareCodePoints, noVoter, outcomeCode } from '../ranking/comparison.ts'
import { type Leaderboard, leaderboardOf } from '../ranking/rate.ts'

/** `voter` is any name that is the same for the same voter; null where the dataset names nobody. */
export type RankedVote = { modelA: string; modelB: string; outcome: Outcome; voter: string | null }

/**
 * The board of a dataset's counted votes, given by vote id, with the documented defaults: Bradley-Terry, ties half, sandwich intervals,
 * clustered by voter where voters are named, as on the live board. Voters are numbered as they appear, so that pseudonyms and ids give the
 * same sums. Export and `verify` both call this, so the two agree to the last digit or the data differ.
 */
export function boardOf(votes: readonly RankedVote[]): Leaderboard {
  const names = [...new Set(votes.flatMap(({ modelA, modelB }) => [modelA, modelB]))].sort(compareCodePoints)
  const index = new Map(names.map((name, i) => [name, i]))
  const voters = new Map<string, number>()
  const numberOf = (voter: string) => {
    const known = voters.get(voter) ?? voters.size
    voters.set(voter, known)
    return known
  }
  const comparisons: Comparisons = {
    models: names.length,
    a: Uint16Array.from(votes, ({ modelA }) => index.get(modelA)!),
    b: Uint16Array.from(votes, ({ modelB }) => index.get(modelB)!),
    outcome: Uint8Array.from(votes, ({ outcome }) => outcomeCode[outcome]),
    voter: Uint32Array.from(votes, ({ voter }) => (voter === null ? noVoter : numberOf(voter))),
  }
  return leaderboardOf(comparisons, { names })
}

export const boardJson = (board: Leaderboard): string => `${JSON.stringify(board, null, 1)}\n`
