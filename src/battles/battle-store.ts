import type { BattleId, ModelId, VoterId } from '../core/ids.ts'
import type { Contestant } from '../models/model.ts'
import type { Receipt } from '../models/provider.ts'
import type { Prompt } from '../prompts/prompt.ts'
import type { Battle, BattleEvent, Draw, EndedAnswer, Mode, Pacing, Side, TurnFlag } from './battle.ts'

export type NewBattle = {
  id: BattleId
  voterId: VoterId
  /** The form's own key: sending the form twice starts one battle. */
  formKey: string
  mode: Mode
  pacing: Pacing
  prompt: Prompt
  promptSha256: string
  flags: TurnFlag[]
  draw: Draw
  consent: { version: string; publish: boolean }
  startedAt: Date
}

/** What only the job, the operator and later folders may read. */
export type Backstage = {
  contestants: Record<Side, Contestant>
  draw: Draw
  /** Raw answers of each turn, oldest first; null while there is none. */
  raw: { a: string | null; b: string | null }[]
}

export type BattleStore = {
  /** Writes battle, first turn and draw in one commit, in state `queued`; a named one with its names shown from the first moment. With a known form key nothing is written and the first battle's id returned. */
  start(battle: NewBattle): Promise<BattleId>
  /** The battle as its voter may see it: `RevealedBattle` only once it was revealed, whatever its state is since. */
  find(id: BattleId): Promise<Battle | undefined>
  backstage(id: BattleId): Promise<Backstage | undefined>
  /**
   * Applies `next(state, event)` to the row as it is now, in one immediate transaction. 'conflict' if the table has no such line; nothing is written then.
   * 'retry' adds one try and sets failed sides back to writing; 'replace' also needs `replacement`.
   */
  move(
    id: BattleId,
    event: Exclude<
      BattleEvent,
      { type: 'vote' } | { type: 'reveal' } | { type: 'both_ended' } | { type: 'side_failed' } | { type: 'ask' }
    >,
    at: Date,
    replacement?: { side: Side; contestant: Contestant },
  ): Promise<'moved' | 'conflict'>
  /** Writes the ended answers of the turn ('kept' ones stay as they are) and moves `writing` to `ready` (or `void`, if a side failed), in one commit. */
  finish(
    id: BattleId,
    turn: number,
    ended: { answers: Record<Side, EndedAnswer | 'kept'>; flags: TurnFlag[]; stoppedByVoter: boolean; at: Date },
  ): Promise<'saved' | 'conflict'>
  /** The next turn of a battle, its contestants unchanged; after a reveal the battle's mode becomes `revealed`. */
  ask(
    id: BattleId,
    turn: { prompt: Prompt; promptSha256: string; flags: TurnFlag[]; at: Date },
  ): Promise<'asked' | 'conflict'>
  /** At start and at the end of a stop: whatever was still queued or writing becomes `void(interrupted)`. */
  interruptRunning(at: Date): Promise<number>
  /** `ready` battles nobody voted on since `before` become `void(expired)`. */
  expire(before: Date, at: Date): Promise<number>
  /** The battle that this voter's form started, if it did. */
  ofForm(voterId: VoterId, formKey: string): Promise<BattleId | undefined>
  /** The running battle of this voter, if there is one. */
  runningOf(voterId: VoterId): Promise<BattleId | undefined>
  /** Newest first, erased ones left out. `before` is the last battle of the page before: ids order those of one moment. */
  ofVoter(
    voterId: VoterId,
    page: { limit: number; before?: Pick<Battle, 'id' | 'startedAt'> | undefined },
  ): Promise<Battle[]>
  /** The key of a turn's question (`promptSha256`): repeats of one question count once. */
  promptKey(id: BattleId, turn: number): Promise<string>
  startedSince(voterId: VoterId, since: Date): Promise<number>
  /** For pairing: how often each model took part, and each unordered pair met, in anonymous battles. */
  exposure(): Promise<{ battles: Map<ModelId, number>; pairs: { a: ModelId; b: ModelId; battles: number }[] }>
  /** Whether models were asked here under this sampling policy, by the settings of the versions that took part; readers with fixed rules have none. */
  hasSampled(policy: 'arena' | 'vendor'): Promise<boolean>
  /** Receipts of the answers that ended since, for the day's budget after a restart. */
  receiptsSince(since: Date): Promise<{ modelId: ModelId; usage: Receipt['usage'] | undefined; characters: number }[]>
  /** Answers asked and failed of each model. */
  failures(): Promise<Map<ModelId, { answers: number; failed: number }>>
}
