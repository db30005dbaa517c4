import type { ModelId, VoteId } from '../core/ids.ts'
import type { Leaderboard, RankedBallot } from './leaderboard.ts'

export type LeaderboardStore = {
  /** Counted votes, one per battle (its newest counted turn), by vote id in byte order; pages of at most `limit`. */
  ballots(page: { after: VoteId | null; limit: number }): Promise<RankedBallot[]>
  /** Those of these votes that are counted now and the one of their battle; the others are out. */
  ballotsOf(ids: VoteId[]): Promise<RankedBallot[]>
  /** Votes touched by changes after this one, oldest change first, every vote of a touched battle included. */
  changedSince(change: number, limit: number): Promise<{ change: number; voteId: VoteId }[]>
  /** Number of the newest change to any counted vote; it grows with every vote, change, withdrawal. 0 when there is none. */
  lastChange(): Promise<number>
  keep(board: Leaderboard, key: string, change: number): Promise<void>
  /** The newest board kept under this key. */
  latest(key: string): Promise<{ board: Leaderboard; change: number } | undefined>
  /** Share of asked answers that failed, for models that were asked. */
  failureRates(): Promise<Map<ModelId, number>>
}
