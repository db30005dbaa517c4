import type { BlindBattle, Outcome, Side, Turn } from '../battles/battle.ts'
import type { BattleId, VoteId, VoterId } from '../core/ids.ts'

/** What decided a vote, as (side, key). Keys stay when an operator rewords the chips. */
export const reasonKeys = [
  'read_image_better',
  'more_accurate',
  'answered_question',
  'pointed_correctly',
  'clearer',
  'right_length',
  'made_up',
  'missed_visible',
  'misread_text',
  'miscounted',
  'refused',
  'too_long',
] as const
export type ReasonKey = (typeof reasonKeys)[number]
export const goodReasons: readonly ReasonKey[] = reasonKeys.slice(0, 6)
export const badReasons: readonly ReasonKey[] = reasonKeys.slice(6)
export type VoteReason = { side: Side; key: ReasonKey }

/** Why a stored vote is not part of the ranking (TRUST.md F2). */
export const exclusions = [
  'leaked_identity',
  'identity_probe',
  'truncated',
  'stopped_by_voter',
  'named_mode',
  'replaced_side',
  'over_daily_limit',
  'repeat_prompt',
  'duplicate_excess',
  'operator_excluded',
] as const
export type Exclusion = (typeof exclusions)[number]

export const voteStatuses = ['open', 'counted', 'held', 'uncounted', 'quarantined', 'withdrawn'] as const
export type VoteStatus = (typeof voteStatuses)[number]

export type Vote = {
  id: VoteId
  battleId: BattleId
  turn: number
  voterId: VoterId
  outcome: Outcome
  reasons: VoteReason[]
  note: string | null
  /** 1, then one more for each change before the reveal. */
  revision: number
  status: VoteStatus
  /** Known from the first tap on, told after the reveal. */
  exclusion: Exclusion | null
  /** From both answers ready to the tap. Stored, never a filter. */
  dwellMs: number | null
  castAt: Date
}

/**
 * Part of boards and exports. An open vote is not yet: its voter may still change it, and a board that moved with it would tell them whom they judged
 * before the names are shown. It is frozen by the reveal, by the voter's next battle, or after a day.
 */
export const isCounted = (vote: Pick<Vote, 'status' | 'exclusion'>) =>
  vote.status === 'counted' && vote.exclusion === null

/** The first reason that keeps a vote on this turn out of the ranking, or null. Judged alike for every pair. */
export function whyNotCounted(
  battle: Pick<BlindBattle, 'mode' | 'replacedSide' | 'stoppedByVoter'>,
  turn: Turn,
  voter: { countedToday: number; countedPerDayMax: number | null; hasCountedSamePrompt: boolean },
): Exclusion | null {
  if (battle.mode !== 'anonymous') return 'named_mode'
  if (turn.flags.includes('leaked_identity')) return 'leaked_identity'
  if (turn.flags.includes('identity_probe')) return 'identity_probe'
  if (battle.replacedSide) return 'replaced_side'
  if (battle.stoppedByVoter) return 'stopped_by_voter'
  if (turn.flags.includes('truncated')) return 'truncated'
  if (voter.hasCountedSamePrompt) return 'repeat_prompt'
  if (voter.countedPerDayMax !== null && voter.countedToday >= voter.countedPerDayMax) return 'over_daily_limit'
  return null
}
