import { pointsPerLog } from './bradley-terry.ts'
import { averageWinRates, type Counts, compareCodePoints, type ModelTally } from './comparison.ts'
import type { Status } from './components.ts'
import { normalQuantile } from './distributions.ts'
import { anchored, fewVoters, intervals } from './intervals.ts'
import { ranks } from './ranks.ts'
import { anchorIn, type Rating, round, type SeKind, type Settings, seKind } from './rating-methods.ts'

export type LeaderboardRow = {
  model: string
  rating: number | null
  low: number | null
  high: number | null
  se: number | null
  se_kind: SeKind
  se_guarded: boolean
  rank: number | null
  rank_low: number | null
  rank_high: number | null
  votes: number
  wins: number
  losses: number
  ties: number
  both_bad: number
  /** Mean share of wins against each opponent met, ties half. */
  win_rate: number | null
  status: Status
  /** Status inside the model's own piece. */
  status_in_piece: Status
  piece: number
  provisional: boolean
  /** The named prior a rating without a finite maximum comes from. */
  prior: 'ghost-0.5' | 'elo-start-1000' | null
  /** With style control: the rating and rank without it. */
  plain_rating?: number | null
  plain_rank?: number | null
  change?: number | null
}

export type Piece = { piece: number; models: string[]; votes: number; voters: number | null; few_voters: boolean }

type Entry = Pick<LeaderboardRow, 'rating' | 'low' | 'high' | 'se' | 'se_kind' | 'se_guarded' | 'prior'>
type Ranked = Entry & Pick<LeaderboardRow, 'rank' | 'rank_low' | 'rank_high'>
export type Table = { entries: Ranked[]; anchorApplied: boolean }

const nothing: Entry = {
  rating: null,
  low: null,
  high: null,
  se: null,
  se_kind: 'none',
  se_guarded: false,
  prior: null,
}

/** Published numbers per model: anchored, with the prior's where the votes give none, rounded, then ranked. */
export function tableOf(rating: Rating, settings: Settings): Table {
  const anchor = anchorIn(rating.rated, settings)
  const shiftOf = (i: number) =>
    anchor !== null && rating.apart.piece[i] === rating.apart.piece[anchor]
      ? settings.anchorRating - rating.points[anchor]!
      : 0
  const finite = finiteEntries(rating, settings, anchor, shiftOf)
  const ghosts = ghostEntries(rating, settings, shiftOf)
  return {
    entries: withRanks(
      rating,
      finite.map((entry, i) => entry ?? ghosts[i] ?? nothing),
    ),
    anchorApplied: anchor !== null,
  }
}

function finiteEntries(
  { apart, rated, points, covariance, spread, source }: Rating,
  settings: Settings,
  anchor: number | null,
  shiftOf: (i: number) => number,
): (Entry | null)[] {
  const own = covariance && (anchor === null ? covariance : anchored(covariance, rated, anchor))
  const normal = own && intervals(rated, own, settings)
  const anchorMoved = settings.anchorRating - 1000
  return Array.from(points, (value, i) => {
    if (!Number.isFinite(value)) return null
    const isAnchored = anchor !== null && rated.piece[i] === rated.piece[anchor]
    const fromStart = settings.method === 'elo' && apart.within[i] !== 'finite'
    const prior = fromStart ? ('elo-start-1000' as const) : null
    const entry: Entry = { ...nothing, rating: round(value + shiftOf(i)), prior }
    if (spread && spread.flagged[i] === 0) {
      // Resamples of likelihood fits are drawn relative to the anchor's 1000; Elo's are not.
      const moved = !isAnchored ? 0 : settings.method === 'elo' ? shiftOf(i) : anchorMoved
      const [low, high] = [spread.low[i]! + moved, spread.high[i]! + moved]
      return {
        ...entry,
        low: round(low),
        high: round(high),
        se: round(spread.se[i]!),
        se_kind: source === 'elo_resampled' || source === 'none' ? source : seKind(source, isAnchored),
      }
    }
    if (!own || !normal || !Number.isFinite(normal.se[i]!)) return entry
    const moved = isAnchored ? anchorMoved : 0
    return {
      ...entry,
      low: round(normal.low[i]! + moved),
      high: round(normal.high[i]! + moved),
      se: round(normal.se[i]!),
      se_kind: seKind(own.kind, isAnchored),
      se_guarded: own.guarded[i] === 1,
    }
  })
}

/** Ratings of models without a finite maximum, on the scale of their piece: its rated models keep their mean. */
function ghostEntries(
  { ghost, rated, apart }: Rating,
  settings: Settings,
  shiftOf: (i: number) => number,
): (Entry | null)[] {
  const z = normalQuantile((1 + settings.confidence) / 2)
  const models = apart.piece.length
  return apart.within.map((own, i) => {
    if (!ghost || own === 'finite' || own === 'no_votes') return null
    const piece = apart.piece[i]!
    const block = rated.blocks[piece]!
    const peers = block.length > 0 ? [...block] : [...apart.piece.keys()].filter((j) => apart.piece[j] === piece)
    const mean = peers.reduce((sum, j) => sum + ghost.theta[j]! / peers.length, 0)
    const value = 1000 + pointsPerLog * (ghost.theta[i]! - mean) + shiftOf(i)
    const se = pointsPerLog * Math.sqrt(ghost.v[i * models + i]!)
    const entry: Entry = { ...nothing, rating: round(value), prior: 'ghost-0.5' }
    if (settings.ci === 'none') return entry
    return { ...entry, low: round(value - z * se), high: round(value + z * se), se: round(se), se_kind: 'ghost' }
  })
}

/** Ranks within each piece from the rounded intervals; models on a prior are ranked but push nobody down. */
function withRanks({ apart }: Rating, entries: Entry[]): Ranked[] {
  const ranked: Ranked[] = entries.map((entry) => ({ ...entry, rank: null, rank_low: null, rank_high: null }))
  for (let piece = 0; piece < apart.pieces; piece++) {
    const members = [...apart.piece.keys()].filter((i) => apart.piece[i] === piece && entries[i]!.rating !== null)
    const bound = (key: 'low' | 'high') => Float64Array.from(members, (i) => entries[i]![key] ?? entries[i]!.rating!)
    const { low, high } = ranks(
      bound('low'),
      bound('high'),
      Uint8Array.from(members, (i) => Number(entries[i]!.prior === null)),
    )
    members.forEach((i, m) => {
      ranked[i] = { ...ranked[i]!, rank: low[m]!, rank_low: low[m]!, rank_high: high[m]! }
    })
  }
  return ranked
}

export function rowsOf(
  counts: Counts,
  tallies: ModelTally[],
  { apart }: Rating,
  { entries }: Table,
  plain: Table | null,
  { names, provisionalBelow = 0 }: { names: readonly string[]; provisionalBelow?: number },
): LeaderboardRow[] {
  const rates = averageWinRates(counts)
  const rows = tallies.map(({ votes, wins, losses, ties, bothBad }, i): LeaderboardRow => {
    const entry = entries[i]!
    return {
      model: names[i]!,
      ...entry,
      votes,
      wins,
      losses,
      ties: ties + bothBad,
      both_bad: bothBad,
      win_rate: votes > 0 ? round(rates[i]!) : null,
      status: apart.status[i]!,
      status_in_piece: apart.within[i]!,
      piece: apart.piece[i]!,
      provisional: entry.prior !== null || votes < provisionalBelow,
      ...(plain && changeFrom(plain.entries[i]!, entry)),
    }
  })
  return rows.filter(({ votes }) => votes > 0).sort(inOrder)
}

function changeFrom(plain: Ranked, adjusted: Ranked) {
  const both = plain.rating !== null && adjusted.rating !== null
  return {
    plain_rating: plain.rating,
    plain_rank: plain.rank,
    change: both ? round(adjusted.rating! - plain.rating!) : null,
  }
}

const inOrder = (x: LeaderboardRow, y: LeaderboardRow) =>
  x.piece - y.piece ||
  (x.rank ?? Number.POSITIVE_INFINITY) - (y.rank ?? Number.POSITIVE_INFINITY) ||
  (y.rating ?? 0) - (x.rating ?? 0) ||
  compareCodePoints(x.model, y.model)

/** Each piece by name: its models, votes, and voters where errors are clustered. */
export function piecesOf(tallies: ModelTally[], { apart, covariance }: Rating, names: readonly string[]): Piece[] {
  return Array.from({ length: apart.pieces }, (_, piece) => {
    const members = [...apart.piece.keys()].filter((i) => apart.piece[i] === piece)
    return {
      piece,
      models: members.map((i) => names[i]!),
      votes: members.reduce((sum, i) => sum + tallies[i]!.votes, 0) / 2,
      voters: covariance?.kind === 'clustered' ? (covariance.clusters[piece] ?? 0) : null,
      few_voters: covariance ? fewVoters(covariance, piece) : false,
    }
  })
}
