import type { ModelId, VoteId } from '../core/ids.ts'
import type { FailureReason } from '../models/provider.ts'
import type { Exclusion, ReasonKey } from '../votes/vote.ts'
import type { BoardRow, BoardView, Leaderboard, RankedBallot } from './leaderboard.ts'

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
  /** The last board of each day of a view, oldest first: at most this many days, evenly chosen. */
  history(view: BoardView, days: number): Promise<PastBoard[]>
  /** What the newest counted votes, this many, hold against the models that lost them. */
  lossReasons(votesMax: number): Promise<LossReasons[]>
  /** Share of asked answers that failed, for models that were asked. */
  failureRates(openSince: Date): Promise<Map<ModelId, number>>
  /** Languages of voted questions, and how many counted votes there are since a moment. */
  summary(since: Date): Promise<{ languages: string[]; votesSince: number }>
  /** Medians over each model's newest answers; null where its service told nothing. */
  speeds(openSince: Date): Promise<Map<ModelId, { firstTextMs: number | null; tokensPerSecond: number | null }>>
  /**
   * What a model's page says beside its ratings. Battles whose names may still be hidden (not revealed, started since `openSince`) are left out:
   * a counter that moved with them would tell who is being judged.
   */
  modelFacts(model: ModelId, openSince: Date): Promise<ModelFacts>
  /** Votes kept but not counted, by reason. */
  excluded(): Promise<{ reason: Exclusion; votes: number }[]>
}

export type PastBoard = { at: Date; rows: Pick<BoardRow, 'model' | 'rating' | 'low' | 'high' | 'provisional'>[] }

/** Of the votes this model lost with a reason: how many named each. */
export type LossReasons = { model: ModelId; losses: number; reasons: { key: ReasonKey; count: number }[] }

export type ModelFacts = {
  answers: number
  failed: number
  failures: { reason: FailureReason; count: number }[]
  medianCharacters: number | null
  /** What decided votes about this model: its reasons, most frequent first. */
  reasons: { key: ReasonKey; count: number }[]
}
