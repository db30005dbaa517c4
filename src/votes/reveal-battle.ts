import type { RevealedBattle } from '../battles/battle.ts'
import { isRevealed } from '../battles/battle.ts'
import type { BattleStore } from '../battles/battle-store.ts'
import { Refusal } from '../core/errors.ts'
import type { Log } from '../core/events.ts'
import type { BattleId, VoterId } from '../core/ids.ts'
import type { VoteStore } from './vote-store.ts'

/** Freezes the votes, then lets the names out: a name never leaves before that commit. Revealing twice is the same as once. */
export async function revealBattle(
  { battleId, voterId }: { battleId: BattleId; voterId: VoterId },
  { battles, votes, now, log }: { battles: BattleStore; votes: VoteStore; now(): Date; log: Log },
): Promise<RevealedBattle> {
  const battle = await battles.find(battleId)
  if (battle?.voterId !== voterId) throw new Refusal('not_found', 'no_such_battle')
  if (battle.state === 'queued' || battle.state === 'writing') throw new Refusal('conflict', 'answers_unfinished')
  const kept = await votes.reveal(battleId, now())
  if (kept === 'conflict') throw new Refusal('conflict', 'battle_closed')
  const revealed = await battles.find(battleId)
  if (!revealed || !isRevealed(revealed)) throw new Error(`battle ${battleId} was revealed and is not`)
  if (kept === 'revealed') log({ event: 'battle_revealed', battle: battleId })
  return revealed
}
