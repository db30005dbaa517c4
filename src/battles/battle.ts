import type { BattleId, ModelId, VoterId } from '../core/ids.ts'
import type { Mark } from '../models/grounding.ts'
import type { Contestant, Model } from '../models/model.ts'
import type { FailureReason, Finish, Receipt } from '../models/provider.ts'
import type { Prompt } from '../prompts/prompt.ts'

export const sides = ['a', 'b'] as const
export type Side = (typeof sides)[number]
export const outcomes = ['a', 'b', 'tie', 'both_bad'] as const
export type Outcome = (typeof outcomes)[number]

export const otherSide = (side: Side): Side => (side === 'a' ? 'b' : 'a')

export const battleStates = ['queued', 'writing', 'ready', 'voted', 'revealed', 'void', 'erased'] as const
export type BattleState = (typeof battleStates)[number]
export const voidReasons = ['queue_timeout', 'cancelled', 'side_failed', 'interrupted', 'expired', 'skipped'] as const
export type VoidReason = (typeof voidReasons)[number]

export const modes = ['anonymous', 'revealed', 'named', 'ablation'] as const
export type Mode = (typeof modes)[number]
export const pacings = ['paced', 'together', 'live'] as const
export type Pacing = (typeof pacings)[number]

/** A number in the text that stands for one or more marks on the picture. */
export type Chip = { marks: number[]; label: string | null; state: 'drawn' | 'outside' | 'unplaced' }

/** An answer as it may be shown: raw pointing syntax is already chips (`U+E000 n U+E001` in the text) and marks. */
export type Said = { text: string; chips: Chip[]; marks: Mark[] }
export type Answer = Said &
  (
    | { state: 'writing' | 'stopped' }
    | { state: 'finished'; finish: Finish }
    | { state: 'failed'; reason: FailureReason; ref: string }
  )
export type Answers = Record<Side, Answer>

export const nothingSaid: Said = { text: '', chips: [], marks: [] }

/** An answer that will not change any more, with what the operator and the exports keep of it. */
export type EndedAnswer = Exclude<Answer, { state: 'writing' }> & {
  /** Untouched, raw pointing syntax included. */
  raw: string
  detail: string | null
  receipt: Receipt | null
  /** It said who made it. */
  namedItself: boolean
  markup: Markup
}

/** What style control looks at, counted once when the answer ends (RANKING.md 5.1). */
export type Markup = { characters: number; headers: number; lists: number; bold: number }

/** Facts about one exchange that decide whether a vote on it counts. */
export const turnFlags = ['identity_probe', 'leaked_identity', 'truncated', 'identical'] as const
export type TurnFlag = (typeof turnFlags)[number]

export type Turn = { number: number; prompt: Prompt; answers: Answers; flags: TurnFlag[]; readyAt: Date | null }

/** A battle before its names are shown: no field can tell who answers. */
export type BlindBattle = {
  id: BattleId
  voterId: VoterId
  state: BattleState
  voidReason: VoidReason | null
  mode: Mode
  pacing: Pacing
  turns: Turn[]
  /** How often a failed side was asked again. */
  tries: number
  stoppedByVoter: boolean
  replacedSide: Side | null
  consent: { version: string; publish: boolean }
  startedAt: Date
  readyAt: Date | null
  revealedAt: null
}
/** Its names were shown; later turns run in the open, so its state may be any. */
export type RevealedBattle = Omit<BlindBattle, 'revealedAt'> & {
  contestants: Record<Side, Model>
  receipts: { a: Receipt | null; b: Receipt | null }[]
  revealedAt: Date
}
export type Battle = BlindBattle | RevealedBattle

export const isRevealed = (battle: Battle): battle is RevealedBattle => battle.revealedAt !== null
export const latestTurn = (battle: Battle): Turn => battle.turns.at(-1)!
export const isReadyForVote = (battle: Battle) =>
  !isRevealed(battle) && (battle.state === 'ready' || battle.state === 'voted')
export const isRunning = (battle: Pick<Battle, 'state'>) => battle.state === 'queued' || battle.state === 'writing'
export const failedSides = (turn: Turn): Side[] => sides.filter((side) => turn.answers[side].state === 'failed')
export const mayRetry = (battle: Battle, triesMax: number) =>
  battle.state === 'void' &&
  (battle.voidReason === 'side_failed' || battle.voidReason === 'interrupted') &&
  battle.tries < triesMax

/** What can happen to a battle (TRUST.md F1). */
export type BattleEvent =
  | { type: 'slots_free' }
  | { type: 'queue_timeout' }
  | { type: 'cancel' }
  | { type: 'both_ended' }
  | { type: 'side_failed' }
  | { type: 'interrupted' }
  | { type: 'retry' }
  | { type: 'replace' }
  | { type: 'vote' }
  | { type: 'ask' }
  | { type: 'expire' }
  | { type: 'skip' }
  | { type: 'reveal' }
  | { type: 'erase' }

export type BattleMove = { to: BattleState; voidReason: VoidReason | null }

/** The one table of what may follow what; null is a conflict, and nothing is written. Storage moves only from the state it was asked about. */
export function next(
  { state, voidReason, isRevealed }: { state: BattleState; voidReason: VoidReason | null; isRevealed: boolean },
  event: BattleEvent,
): BattleMove | null {
  const to = (state: BattleState, voidReason: VoidReason | null = null): BattleMove => ({ to: state, voidReason })
  const isIn = (...states: BattleState[]) => states.includes(state)
  switch (event.type) {
    case 'slots_free':
      return isIn('queued') ? to('writing') : null
    case 'queue_timeout':
      return isIn('queued') ? to('void', 'queue_timeout') : null
    case 'cancel':
      return isIn('queued') ? to('void', 'cancelled') : null
    case 'both_ended':
      return isIn('writing') ? to(isRevealed ? 'revealed' : 'ready') : null
    case 'side_failed':
      return isIn('writing') ? to('void', 'side_failed') : null
    case 'interrupted':
      return isIn('queued', 'writing') ? to('void', 'interrupted') : null
    case 'retry':
      return isIn('void') && !isRevealed && (voidReason === 'side_failed' || voidReason === 'interrupted')
        ? to('queued')
        : null
    case 'replace':
      return isIn('void') && !isRevealed && voidReason === 'side_failed' ? to('queued') : null
    case 'vote':
      return isIn('ready', 'voted') && !isRevealed ? to('voted') : null
    case 'ask':
      return isIn('ready', 'voted', 'revealed') ? to('queued') : null
    case 'expire':
      return isIn('ready') && !isRevealed ? to('void', 'expired') : null
    case 'skip':
      return isIn('ready', 'queued', 'writing') || (isIn('void') && voidReason !== 'skipped')
        ? to('void', 'skipped')
        : null
    case 'reveal':
      return isIn('ready', 'voted', 'void') && !isRevealed ? to('revealed') : null
    case 'erase':
      return isIn('erased') ? null : to('erased')
  }
}

/** Who was drawn, how likely that was, from what: enough to weigh the vote later (Chiang et al. 2024, eq. 7). */
export type Draw = {
  a: Contestant
  b: Contestant
  pairProbability: number
  /** Ids of all models that could have been drawn. */
  eligible: ModelId[]
  policyHash: string
}
