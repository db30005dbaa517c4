import { defaultPolicy } from '../battles/pairing.ts'
import { boardKey } from '../leaderboards/board-view.ts'
import { type Leaderboard, wholeBoard } from '../leaderboards/leaderboard.ts'
import { type PairGains, pairGainsOf } from '../leaderboards/pair-gains.ts'

/** Pairing learns from the whole board only: a slice of it says little about who should meet. Public sites learn as late as their board is shown. */
export const gainsFor = (board: Leaderboard): PairGains | null =>
  boardKey({ ...board.view, until: null }) === boardKey(wholeBoard) ? pairGainsOf(board, defaultPolicy.fewVotes) : null
