import type { ModelId } from '../core/ids.ts'
import { leaderboardOf, type LeaderboardRow } from '../ranking/rate.ts'
import { markupColumns, type Selection } from './ballot-table.ts'
import { boardKey } from './board-view.ts'
import { type BoardMethod, type BoardRow, type BoardView, type Leaderboard, styleFeatures } from './leaderboard.ts'

/** Changes when the same votes would give other numbers. */
export const engineVersion = 'sightline-ranking-1'

export type RatingOptions = { method: BoardMethod; provisionalBelow: number }

/** Rates the ballots of one view. The same function, on the same votes, is behind `sightline rank` and `sightline verify`. */
export function rateView(
  selection: Selection,
  view: BoardView,
  { method, provisionalBelow }: RatingOptions,
  { sha256, now }: { sha256(text: string): string; now(): Date },
): Leaderboard {
  const { models, a, b, outcome, voter, markup, votes } = selection
  const board = leaderboardOf(
    { models: models.length, a, b, outcome, voter },
    {
      names: models,
      method,
      provisionalBelow,
      ...(view.style ? { style: { features: styleFeatures, ...sidesOf(markup, votes) } } : {}),
    },
  )
  return {
    snapshot: sha256(
      [engineVersion, method, boardKey(view), provisionalBelow, models.join(), a.join(), b.join(), outcome.join(), voter.join()].join('\n'),
    ).slice(0, 16),
    view,
    method,
    seKind: board.se_kind,
    confidence: board.confidence,
    votes,
    connected: board.connected,
    pieces: board.pieces.map((piece) => piece.models),
    converged: board.converged,
    flags: board.flags,
    rows: board.models.map(toRow),
    pairs: pairsOf(selection),
    style: board.style && {
      estimable: board.style.estimable,
      reason: board.style.reason,
      coefficients: board.style.coefficients.map(({ feature, coefficient, se, points_per_sd }) => ({
        feature,
        coefficient,
        se,
        pointsPerSd: points_per_sd,
      })),
    },
    left: shareOf(outcome, () => 0),
    longer: shareOf(outcome, (i) => longerSide(markup, i)),
    updatedAt: now(),
  }
}

const toRow = (row: LeaderboardRow): BoardRow => ({
  model: row.model,
  rating: row.rating,
  low: row.low,
  high: row.high,
  rank: row.rank,
  rankLow: row.rank_low,
  rankHigh: row.rank_high,
  votes: row.votes,
  wins: row.wins,
  losses: row.losses,
  ties: row.ties,
  bothBad: row.both_bad,
  winRate: row.win_rate,
  status: row.status,
  provisional: row.provisional,
  prior: row.prior,
  piece: row.piece,
  plainRating: row.plain_rating ?? null,
  plainRank: row.plain_rank ?? null,
})

function sidesOf(markup: Float64Array, votes: number) {
  const features = styleFeatures.length
  const a = new Float64Array(votes * features)
  const b = new Float64Array(votes * features)
  for (let i = 0; i < votes; i++)
    for (let f = 0; f < features; f++) {
      a[i * features + f] = markup[i * markupColumns + f]!
      b[i * features + f] = markup[i * markupColumns + features + f]!
    }
  return { a, b }
}

/** 0 or 1 for the side with more characters, -1 where both are alike. */
function longerSide(markup: Float64Array, i: number) {
  const a = markup[i * markupColumns]!
  const b = markup[i * markupColumns + styleFeatures.length]!
  return a === b ? -1 : a > b ? 0 : 1
}

function shareOf(outcome: Uint8Array, sideOf: (i: number) => number) {
  let wins = 0
  let decisive = 0
  outcome.forEach((winner, i) => {
    const side = sideOf(i)
    if (winner > 1 || side < 0) return
    decisive++
    if (winner === side) wins++
  })
  return { wins, decisive }
}

function pairsOf({ models, a, b, outcome }: Selection): Leaderboard['pairs'] {
  const pairs = new Map<number, { a: ModelId; b: ModelId; winsA: number; winsB: number; ties: number; bothBad: number }>()
  for (let i = 0; i < a.length; i++) {
    const isOrdered = a[i]! < b[i]!
    const [low, high] = isOrdered ? [a[i]!, b[i]!] : [b[i]!, a[i]!]
    const key = low * models.length + high
    const pair = pairs.get(key) ?? { a: models[low]!, b: models[high]!, winsA: 0, winsB: 0, ties: 0, bothBad: 0 }
    pairs.set(key, pair)
    if (outcome[i] === 2) pair.ties++
    else if (outcome[i] === 3) pair.bothBad++
    else if ((outcome[i] === 0) === isOrdered) pair.winsA++
    else pair.winsB++
  }
  return [...pairs.entries()].sort(([x], [y]) => x - y).map(([, pair]) => pair)
}
