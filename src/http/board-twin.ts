import type { ModelId } from '../core/ids.ts'
import type { Leaderboard } from '../leaderboards/leaderboard.ts'
import type { Model } from '../models/model.ts'
import { csv } from './csv.ts'

/** A row of the board with what is known of its model. */
export type KnownRow = Leaderboard['rows'][number] & { known: Model | undefined; failureRate: number | null }

/** The object of CONTRACT.md 6, plus what the page knows. */
export function boardTwin(board: Leaderboard, rows: KnownRow[]) {
  return {
    method: board.method,
    scale: 400,
    base: 10,
    votes: board.votes,
    skipped: 0,
    connected: board.connected,
    ...(board.connected ? {} : { pieces: board.pieces }),
    category: board.view.category,
    updated_at: board.updatedAt.toISOString(),
    snapshot: board.snapshot,
    se_kind: board.seKind,
    confidence: board.confidence,
    flags: board.flags,
    models: rows.map((row) => ({
      model: row.model,
      name: row.known?.name ?? row.model,
      organization: row.known?.card.organization ?? null,
      license: row.known?.card.license ?? null,
      openness: row.known?.card.openness ?? null,
      rating: row.rating,
      low: row.low,
      high: row.high,
      rank: row.rank,
      rank_low: row.rankLow,
      rank_high: row.rankHigh,
      votes: row.votes,
      wins: row.wins,
      losses: row.losses,
      ties: row.ties,
      both_bad: row.bothBad,
      win_rate: row.winRate,
      status: row.status,
      prior: row.prior,
      piece: row.piece,
      failure_rate: row.failureRate,
      provisional: row.provisional,
      baseline: row.known?.isBaseline ?? false,
      ...(board.view.style ? { plain_rating: row.plainRating, plain_rank: row.plainRank } : {}),
    })),
    style: board.style,
    robustness: robustnessTwin(board),
  }
}

/** What the order rests on: see `/method`. */
export function robustnessTwin({ robustness, left, longer }: Leaderboard) {
  const { votes, first, position, voters } = robustness ?? { votes: 0, first: null, position: null, voters: null }
  return {
    votes,
    first_place: first && { model: first.model, next: first.next, votes_to_flip: first.votes, status: first.status },
    position: position && {
      points: position.points,
      se: position.se,
      low: position.low,
      high: position.high,
      z: position.z,
      left_wins_between_equals: position.winsLeft,
    },
    voters: voters && {
      voters: voters.voters,
      top_share: voters.topShare,
      top_ten_share: voters.topTenShare,
      effective: voters.effective,
    },
    left_preferred: left,
    longer_preferred: longer,
  }
}

const columns = [
  'model',
  'name',
  'organization',
  'license',
  'rating',
  'low',
  'high',
  'rank',
  'rank_low',
  'rank_high',
  'votes',
  'wins',
  'losses',
  'ties',
  'both_bad',
  'win_rate',
  'status',
  'provisional',
  'baseline',
  'failure_rate',
  'snapshot',
] as const

export function boardCsv(board: Leaderboard, rows: KnownRow[]): string {
  const { models, snapshot } = boardTwin(board, rows)
  return csv(
    columns,
    models.map((model) => columns.map((column) => (column === 'snapshot' ? snapshot : model[column]))),
  )
}

/** Best first: by rank, then rating; models without a number last, by id. */
export function knownRows(board: Leaderboard, models: Model[], failures: Map<ModelId, number>): KnownRow[] {
  const byId = new Map(models.map((model) => [model.id, model]))
  return board.rows
    .map((row) => ({ ...row, known: byId.get(row.model), failureRate: failures.get(row.model) ?? null }))
    .sort(
      (x, y) =>
        x.piece - y.piece ||
        (x.rank ?? Number.POSITIVE_INFINITY) - (y.rank ?? Number.POSITIVE_INFINITY) ||
        (y.rating ?? Number.NEGATIVE_INFINITY) - (x.rating ?? Number.NEGATIVE_INFINITY) ||
        (x.model < y.model ? -1 : 1),
    )
}
