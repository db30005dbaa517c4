import type { BattleId, ModelId, PromptId, VoteId, VoterId } from '../core/ids.ts'
import type { Vote, VoteReason } from './vote.ts'

export type Ballot = Pick<
  Vote,
  'id' | 'battleId' | 'turn' | 'voterId' | 'outcome' | 'exclusion' | 'dwellMs' | 'castAt'
> & {
  reasons?: VoteReason[] | undefined
  note?: string | null | undefined
  /** Sent again with a retried request; null when the sender has none. */
  idempotencyKey: string | null
  /** The revision the voter saw; null when they saw none or did not say. */
  seenRevision: number | null
}
export type CastResult = 'cast' | 'changed' | 'same' | 'stale' | 'frozen' | 'duplicate_key'

export type VoteStore = {
  /**
   * Keeps this as the one vote of its battle and turn, durably, before resolving; the battle becomes `voted` in the same commit.
   * Until the reveal another outcome (or reasons, or note) is a new revision; 'stale' if the voter saw another one or none; 'same' if nothing differs;
   * after the reveal, or when the battle cannot be voted on, nothing changes: 'frozen'. A known idempotency key with the same words is 'same', with other words or of another vote 'duplicate_key'.
   * Reasons and note that are undefined stay as they were. The battle's row decides, never an earlier read.
   */
  cast(ballot: Ballot): Promise<{ result: CastResult; vote: Vote | undefined }>
  /** The vote of a turn, or of the newest turn that has one. */
  find(id: BattleId, turn?: number): Promise<Vote | undefined>
  ofBattle(id: BattleId): Promise<Vote[]>
  /** Freezes the battle's votes (`counted`, or `uncounted` with its reason) and marks it revealed, with or without a vote; afterwards there is none to cast. */
  reveal(id: BattleId, at: Date): Promise<'revealed' | 'already_revealed' | 'conflict'>
  /** Takes the battle's votes out of everything computed later; the rows stay. */
  withdraw(id: BattleId, at: Date): Promise<'withdrawn' | 'no_vote'>
  /**
   * Counted votes of a voter since a moment, and whether any counted one, whenever, was on this prompt and the pictures that `except` shows with it.
   * Other battles only.
   */
  standing(
    voterId: VoterId,
    since: Date,
    promptSha256: string,
    except: BattleId,
  ): Promise<{ countedToday: number; hasCountedSamePrompt: boolean }>
  /** All of them, by id. */
  idsOf(voterId: VoterId): Promise<VoteId[]>
  /** What `/me` says of a voter: battles that are not erased, votes that are not withdrawn, counted ones among them. */
  tally(voterId: VoterId): Promise<{ battles: number; votes: number; counted: number }>
  /**
   * For each of these models: how often this voter chose it, in how many of the battles with it that they voted on without names and whose names they have
   * seen since. A battle whose names are hidden never enters: the numbers would tell who is in it.
   */
  preferences(voterId: VoterId, models: ModelId[]): Promise<Map<ModelId, { of: number; total: number }>>
  /** Prompts of sets this voter has voted on. */
  promptsVotedOn(voterId: VoterId): Promise<PromptId[]>
  /** The voter moved on: their open votes in other battles stay as they are, names not shown. */
  freezeOf(voterId: VoterId, except: BattleId, at: Date): Promise<number>
  /** Votes open since before this are frozen as if revealed, names not shown. */
  freeze(castBefore: Date, at: Date): Promise<number>
  /** By id, in byte order, withdrawn ones included. */
  all(range: { after?: VoteId; castBefore: Date }): AsyncIterable<Vote>
}
