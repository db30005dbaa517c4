import type { Outcome } from '../../battles/battle.ts'
import { isCounted, type Vote } from '../../votes/vote.ts'
import type { Database } from './engine.ts'
import type { Schema } from './schema.ts'

export type VoteRow = Schema['votes']['$inferSelect']

export const toVote = (row: VoteRow): Vote => ({
  id: row.id,
  battleId: row.battleId,
  turn: row.turn,
  voterId: row.voterId,
  outcome: row.outcome,
  reasons: row.reasons,
  note: row.note,
  revision: row.revision,
  status: row.status,
  exclusion: row.exclusion,
  dwellMs: row.dwellMs,
  castAt: row.castAt,
})

/** What ranking sees of a vote: its outcome, or nothing. */
export const countedOutcome = (vote: Pick<Vote, 'status' | 'exclusion' | 'outcome'>): Outcome | null =>
  isCounted(vote) ? vote.outcome : null

/** One line in the same commit whenever the counted votes are not what they were, so that boards know when they are old. */
export async function noteChange(
  db: Database,
  { voteChanges }: Schema,
  { voteId, was, is, at }: { voteId: string; was: Outcome | null; is: Outcome | null; at: Date },
): Promise<void> {
  if (was === is) return
  await db.insert(voteChanges).values({ voteId, wasCounted: was, isCounted: is, at })
}
