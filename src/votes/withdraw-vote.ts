import type { BattleStore } from '../battles/battle-store.ts'
import { Refusal } from '../core/errors.ts'
import type { BattleId, VoterId } from '../core/ids.ts'
import type { VoteStore } from './vote-store.ts'

/** Takes the vote back, also after the names were shown. It is never flipped: seeing the names would have decided it. */
export async function withdrawVote(
  { battleId, voterId }: { battleId: BattleId; voterId: VoterId },
  { battles, votes, now }: { battles: BattleStore; votes: VoteStore; now(): Date },
) {
  const battle = await battles.find(battleId)
  if (battle?.voterId !== voterId) throw new Refusal('not_found', 'no_such_battle')
  if ((await votes.withdraw(battleId, now())) === 'no_vote') throw new Refusal('conflict', 'no_vote')
  return battle
}
