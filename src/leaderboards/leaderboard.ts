import type { Outcome } from '../battles/battle.ts'
import type { ModelId, VoteId, VoterId } from '../core/ids.ts'
import type { VoterKind } from '../voters/voter.ts'
import type { BoardCategory } from './category.ts'

/** One vote as ranking sees it, with everything a board may be sliced or weighted by. */
export type RankedBallot = {
  voteId: VoteId
  modelA: ModelId
  modelB: ModelId
  outcome: Outcome
  voterId: VoterId
  voterKind: VoterKind
  categories: string[]
  language: string
  turns: number
  hasRefusal: boolean
  /** The picture or a question came from a prompt set, not from the voter. */
  isFromLibrary: boolean
  castAt: Date
  pairProbability: number
  /** characters, headers, lists, bold of all answers of the side up to the voted turn. */
  markupA: [number, number, number, number]
  markupB: [number, number, number, number]
}

/** A view of the board: every field is a query parameter of `/leaderboard`. */
export type BoardView = {
  category: BoardCategory
  style: boolean
  language: string | null
  voters: 'all' | 'public' | 'annotators' | 'mine'
  /** Whether the vote was about the first question, or a later one. */
  turns: 'any' | 'one' | 'several'
  withoutLibrary: boolean
  since: Date | null
  until: Date | null
}
export const wholeBoard: BoardView = {
  category: 'all',
  style: false,
  language: null,
  voters: 'all',
  turns: 'any',
  withoutLibrary: false,
  since: null,
  until: null,
}

export type BoardRow = {
  model: ModelId
  /** null: no votes, or nothing that a number could rest on. */
  rating: number | null
  low: number | null
  high: number | null
  rank: number | null
  rankLow: number | null
  rankHigh: number | null
  votes: number
  wins: number
  losses: number
  ties: number
  bothBad: number
  winRate: number | null
  status: 'finite' | 'undefeated' | 'winless' | 'one_way' | 'other_piece' | 'no_votes'
  /** Rests on the documented ghost prior, or on fewer votes than `ranking.provisional_below`. */
  provisional: boolean
  /** The prior's name when the number rests on one. */
  prior: string | null
  piece: number
  /** With style control: rating and rank without it. */
  plainRating: number | null
  plainRank: number | null
}

export type BoardMethod = 'bradley-terry' | 'elo' | 'davidson' | 'rao-kupper'

/** One dated board. Everything that made it is part of it, so that a cited view can be rebuilt. */
export type Leaderboard = {
  /** Hash of the counted votes, the view, the options and the engine: the same votes give the same snapshot id. */
  snapshot: string
  view: BoardView
  method: BoardMethod
  /** How the intervals were made, and against what. */
  seKind: string
  confidence: number
  votes: number
  connected: boolean
  pieces: ModelId[][]
  converged: boolean
  flags: string[]
  rows: BoardRow[]
  /** Each unordered pair that met, the smaller id first: for the pair charts. `bothBad` is not in `ties`. */
  pairs: { a: ModelId; b: ModelId; winsA: number; winsB: number; ties: number; bothBad: number }[]
  style: {
    estimable: boolean
    reason: string | null
    coefficients: { feature: string; coefficient: number | null; se: number | null; pointsPerSd: number | null }[]
  } | null
  /** Votes for the answer shown left, out of the decisive ones. */
  left: { wins: number; decisive: number }
  /** Votes for the longer answer, out of the decisive ones with two lengths. */
  longer: { wins: number; decisive: number }
  updatedAt: Date
  /** What the order of the board rests on; made with snapshots, so it may speak of a few votes less. */
  robustness?: Robustness | undefined
  /** Of all counted votes, whatever the view. */
  summary?: { languages: string[]; votesThisMonth: number } | undefined
}

export type Robustness = {
  /** Of this many votes. */
  votes: number
  /** Votes whose removal puts the second model first; null votes: none within a twentieth. Null where there are no two rated models. */
  first: {
    model: ModelId
    next: ModelId
    votes: number | null
    status: 'flipped' | 'not_within_share' | 'no_maximum'
  } | null
  /** What standing left is worth in rating points, fitted beside the ratings; null where it cannot be fitted. */
  position: { points: number; se: number; low: number; high: number; z: number; winsLeft: number } | null
  /** How the votes spread over people; `effective` is the number of equally busy voters with the same sum of squares. */
  voters: { voters: number; topShare: number; topTenShare: number; effective: number } | null
}

export const styleFeatures = ['length', 'headers', 'lists', 'bold'] as const
