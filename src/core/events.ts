import type { RefusalKey } from './errors.ts'
import type { BattleId, ModelId, VoteId } from './ids.ts'

/** What the log may say. Ids and counts only: no question, answer, image, name of a voter, or key ever enters it. */
export type LogEvent =
  | { event: 'arena_started'; url: string; models: number }
  | { event: 'arena_stopping'; running: number }
  | { event: 'battle_started'; battle: BattleId }
  | { event: 'battle_ready'; battle: BattleId; turn: number }
  | {
      event: 'side_failed'
      battle: BattleId
      turn: number
      model: ModelId
      reason: string
      detail: string
      ref: string
      attempts: number
    }
  | { event: 'upstream_fault'; model: ModelId; fault: string }
  | { event: 'speech_failed'; reason: string; detail: string }
  | { event: 'image_reported'; image: string; battle: BattleId; reason: string }
  | { event: 'model_paused'; model: ModelId; until: string; failures: number }
  | {
      event: 'screen_found'
      battle: BattleId
      door: string
      action: string
      outcome: string
      categories: string
      images: string
    }
  | { event: 'vote_cast'; vote: VoteId; battle: BattleId; change: string }
  | { event: 'battle_revealed'; battle: BattleId }
  | { event: 'leaderboard_refreshed'; votes: number; models: number; ms: number }
  | { event: 'job_failed'; job: string; error: string }
  | { event: 'request_refused'; id: string; path: string; key: RefusalKey; status: number }
  | { event: 'fault'; id: string; path: string; error: string; stack?: string | undefined }
  | { event: 'request'; id: string; method: string; path: string; status: number; ms: number }
  | { event: 'warning'; message: string }

export type Log = (event: LogEvent) => void
