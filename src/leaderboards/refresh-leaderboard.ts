import type { ModelId } from '../core/ids.ts'
import { fitBradleyTerry } from '../ranking/bradley-terry.ts'
import { type Covariance, clustered, sandwich } from '../ranking/intervals.ts'
import { hasRepeatedVoters, type LeaderboardRow, leaderboardOf, type Leaderboard as Rated } from '../ranking/rate.ts'
import { markupColumns } from './ballot-columns.ts'
import { longerSide, type Selection } from './ballot-table.ts'
import { boardKey } from './board-view.ts'
import { type BoardMethod, type BoardRow, type BoardView, type Leaderboard, styleFeatures } from './leaderboard.ts'
import type { LiveView } from './live-view.ts'

/** Changes when the same votes would give other numbers. */
export const engineVersion = 'sightline-ranking-2'

export type RatingOptions = { method: BoardMethod; provisionalBelow: number }
export type RatingTools = { sha256(text: string): string; now(): Date }

/** Rates the ballots of one view. The same function, on the same votes, is behind `sightline rank` and `sightline verify`. */
export function rateView(
  selection: Selection,
  view: BoardView,
  options: RatingOptions,
  tools: RatingTools,
): Leaderboard {
  const { models, a, b, outcome, voter, markup, votes } = selection
  const board = leaderboardOf(
    { models: models.length, a, b, outcome, voter },
    {
      names: models,
      ...options,
      ...(view.style ? { style: { features: styleFeatures, ...sidesOf(markup, votes) } } : {}),
    },
  )
  return toLeaderboard(board, view, options, tools, {
    fingerprint: selection.fingerprint,
    votes,
    pairs: pairsOf(selection),
    left: shareOf(outcome, () => 0),
    longer: shareOf(outcome, (i) => longerSide(markup, i)),
  })
}

/** Errors of a live view, with the votes they were computed from. */
export type KnownErrors = { covariance: Covariance; fingerprint: string; blocks: string }

/**
 * Rates a live view: ratings always of all its votes, from the counts, at a cost that knows nothing of the number of votes. Errors clustered by
 * voter are a pass over the votes: `known` ones are used again while the same models can be rated, and then the board says so by the flag
 * `errors_catching_up`. Without `known` the board is to the last bit what counting afresh gives.
 */
export function rateLive(
  live: LiveView,
  view: BoardView,
  options: RatingOptions,
  tools: RatingTools,
  known: KnownErrors | null,
): { board: Leaderboard; errors: KnownErrors; isExact: boolean } {
  const comparisons = live.comparisons()
  const fingerprint = live.fingerprint()
  const fit = fitBradleyTerry(live.counts)
  const blocks = fit.blocks.map((block) => block.join()).join('|')
  const isByVoter = hasRepeatedVoters(comparisons)
  const usable = isByVoter && known?.blocks === blocks && known.covariance.models === live.models.length ? known : null
  const covariance = usable?.covariance ?? (isByVoter ? clustered(comparisons, fit) : sandwich(live.counts, fit))
  const isExact = usable === null || usable.fingerprint === fingerprint
  const board = leaderboardOf(comparisons, { names: live.models, ...options, counts: live.counts, covariance })
  const made = toLeaderboard(board, view, options, tools, {
    fingerprint: isExact ? fingerprint : `${fingerprint} ${usable.fingerprint}`,
    votes: live.votes(),
    pairs: live.pairs(),
    left: live.left(),
    longer: live.longer(),
  })
  if (!isExact) made.flags.push('errors_catching_up')
  return { board: made, errors: usable ?? { covariance, fingerprint, blocks }, isExact }
}

function toLeaderboard(
  board: Rated,
  view: BoardView,
  { method, provisionalBelow }: RatingOptions,
  { sha256, now }: RatingTools,
  { fingerprint, ...counted }: { fingerprint: string } & Pick<Leaderboard, 'votes' | 'pairs' | 'left' | 'longer'>,
): Leaderboard {
  return {
    snapshot: sha256([engineVersion, method, boardKey(view), provisionalBelow, fingerprint].join('\n')).slice(0, 16),
    view,
    method,
    seKind: board.se_kind,
    confidence: board.confidence,
    connected: board.connected,
    pieces: board.pieces.map((piece) => piece.models),
    converged: board.converged,
    flags: [...board.flags],
    rows: board.models.map(toRow),
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
    ...counted,
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
  const pairs = new Map<
    number,
    { a: ModelId; b: ModelId; winsA: number; winsB: number; ties: number; bothBad: number }
  >()
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
