import { isReadyForVote, latestTurn, type Outcome } from '../battles/battle.ts'
import type { BattleStore } from '../battles/battle-store.ts'
import { Refusal } from '../core/errors.ts'
import type { Log } from '../core/events.ts'
import type { BattleId, VoteId, VoterId } from '../core/ids.ts'
import { noteCharactersMax, reasonsMax } from '../core/limits.ts'
import { type VoteReason, whyNotCounted } from './vote.ts'
import type { VoteStore } from './vote-store.ts'

export type Choice = {
  battleId: BattleId
  voterId: VoterId
  outcome: Outcome
  turn?: number | undefined
  reasons?: VoteReason[] | undefined
  note?: string | null | undefined
  idempotencyKey: string | null
  seenRevision: number | null
}

/**
 * Keeps the vote before answering. Until the names are shown it may be changed; the same tap sent again is harmless. Whether it counts is decided here,
 * by rules that do not know which models were drawn.
 */
export async function castVote(
  choice: Choice,
  context: {
    battles: BattleStore
    votes: VoteStore
    countedPerDayMax: number | null
    promptKeyOf(battleId: BattleId, turn: number): Promise<string>
    now(): Date
    newId(): VoteId
    log: Log
  },
) {
  const battle = await context.battles.find(choice.battleId)
  if (battle?.voterId !== choice.voterId) throw new Refusal('not_found', 'no_such_battle')
  const turn = latestTurn(battle)
  if (!isReadyForVote(battle)) throw await notVotable(choice.battleId, context)
  if (choice.turn !== undefined && choice.turn !== turn.number) throw new Refusal('conflict', 'vote_stale')
  if (turn.flags.includes('identical') && (choice.outcome === 'a' || choice.outcome === 'b'))
    throw new Refusal('invalid', 'unknown_outcome')

  const castAt = context.now()
  const dayBefore = new Date(castAt.getTime() - 24 * 60 * 60 * 1000)
  const promptKey = await context.promptKeyOf(battle.id, turn.number)
  const standing = await context.votes.standing(choice.voterId, dayBefore, promptKey, battle.id)
  const { result, vote } = await context.votes.cast({
    id: context.newId(),
    battleId: battle.id,
    turn: turn.number,
    voterId: choice.voterId,
    outcome: choice.outcome,
    exclusion: whyNotCounted(battle, turn, { ...standing, countedPerDayMax: context.countedPerDayMax }),
    dwellMs: turn.readyAt && Math.max(0, castAt.getTime() - turn.readyAt.getTime()),
    castAt,
    reasons: choice.reasons?.slice(0, reasonsMax),
    note:
      choice.note === undefined
        ? undefined
        : (choice.note ?? '').trim().slice(0, noteCharactersMax).toWellFormed() || null,
    idempotencyKey: choice.idempotencyKey,
    seenRevision: choice.seenRevision,
  })
  if (result === 'stale') throw new Refusal('conflict', 'vote_stale', { params: storedOutcome(vote) })
  if (result === 'frozen') throw new Refusal('conflict', 'vote_frozen', { params: storedOutcome(vote) })
  if (result === 'duplicate_key') throw new Refusal('conflict', 'vote_duplicate_key', { params: storedOutcome(vote) })
  if (vote) context.log({ event: 'vote_cast', vote: vote.id, battle: battle.id, change: result })
  return { battle, vote: vote!, result }
}

async function notVotable(id: BattleId, { battles, votes }: { battles: BattleStore; votes: VoteStore }) {
  const battle = await battles.find(id)
  const stored = storedOutcome(await votes.find(id))
  if (battle?.revealedAt) return new Refusal('conflict', 'vote_frozen', { params: stored })
  if (battle?.state === 'queued' || battle?.state === 'writing') return new Refusal('conflict', 'answers_unfinished')
  return new Refusal('conflict', 'battle_closed', { params: stored })
}

const storedOutcome = (vote: { outcome: Outcome } | undefined): Record<string, string> =>
  vote ? { outcome: vote.outcome } : {}
