import { pointsPerLog } from './bradley-terry.ts'
import {
  averageWinRates,
  type Comparisons,
  type Counts,
  compareCodePoints,
  countComparisons,
  type Halves,
  type ModelTally,
  noVoter,
  talliesOf,
} from './comparison.ts'
import type { Status } from './components.ts'
import { normalQuantile } from './distributions.ts'
import { anchored, fewVoters, intervals } from './intervals.ts'
import { ranks } from './ranks.ts'
import {
  anchorIn,
  type Flag,
  type Method,
  type Rating,
  rateBy,
  rateWithStyle,
  round,
  type SeKind,
  type Settings,
  type StyleInput,
  type StyleReport,
  seKind,
  type TieParameter,
} from './rating-methods.ts'
import { effectiveSize } from './weights.ts'

export type LeaderboardOptions = Halves & {
  /** Model names in code-point order: index i of the comparisons is names[i]. */
  names: readonly string[]
  method?: Method
  ci?: 'sandwich' | 'bootstrap' | 'none'
  samples?: number
  seed?: number
  confidence?: number
  /** 'auto': by voter when at least two voters cast more than one vote each. */
  cluster?: 'auto' | 'none'
  /** Shift so that this model has this rating, in its piece; errors are then relative to it. */
  anchor?: { model: string; rating: number } | undefined
  style?: StyleInput | undefined
  /** Elo's K. */
  k?: number
  /** Models with fewer votes are flagged provisional; they keep their ratings and their say in ranks. */
  provisionalBelow?: number
  /** Rows the reader refused; passed through. */
  skipped?: number
  /** A warm start, natural log per model. */
  start?: Float64Array
}

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

export type Leaderboard = {
  method: Method
  scale: 400
  base: 10
  votes: number
  skipped: number
  connected: boolean
  models: LeaderboardRow[]
  style: StyleReport | null
  ties: 'half' | 'drop'
  both_bad: 'half' | 'drop'
  ci: 'sandwich' | 'bootstrap' | 'none'
  se_kind: SeKind
  confidence: number
  samples: number | null
  seed: number | null
  not_finite: number | null
  converged: boolean
  anchor: { model: string; rating: number; applied: boolean } | null
  pieces: { piece: number; models: string[]; votes: number; voters: number | null; few_voters: boolean }[]
  without_votes: string[]
  weights: { min: number; max: number; effective: number } | null
  tie_parameter: TieParameter | null
  k: number | null
  log_likelihood: number | null
  flags: Flag[]
}

/**
 * The leaderboard of a set of comparisons: the one function behind the live board, `sightline rank` and
 * `sightline verify`, so that all three print the same digits. Published numbers are rounded to 6 decimals and ranks
 * are computed from the rounded intervals. Comparisons come in (time, id) order; only Elo depends on it.
 * Data problems are statuses and flags; RangeError only for impossible input (unsorted names, unequal lengths).
 * A board with `converged: false` must not be published.
 */
export function leaderboardOf(c: Comparisons, o: LeaderboardOptions): Leaderboard {
  checkNames(c, o.names)
  const settings = settingsOf(c, o)
  const counts = countComparisons(c)
  const tallies = talliesOf(counts)
  const plain = rateBy(c, counts, settings)
  const style = o.style ? rateWithStyle(c, o.style, settings) : null
  const shown = style?.rated ?? plain
  const plainTable = style?.rated ? tableOf(plain, settings) : null
  const table = tableOf(shown, settings)
  const flags = new Set(shown.flags)
  if (style && !style.rated) flags.add('style_not_estimable')
  if (settings.anchorAsked && !table.anchorApplied) flags.add('anchor_not_finite')
  if (!shown.converged) flags.add('not_converged')
  return {
    method: settings.method,
    scale: 400,
    base: 10,
    votes: c.a.length,
    skipped: o.skipped ?? 0,
    connected: shown.apart.pieces <= 1,
    models: rowsOf(counts, tallies, shown, table, plainTable, o),
    style: style?.report ?? null,
    ties: settings.ties,
    both_bad: settings.bothBad,
    ci: settings.ci,
    se_kind: shown.seKind,
    confidence: settings.confidence,
    samples: shown.notFinite === null ? null : settings.samples,
    seed: shown.notFinite === null ? null : settings.seed,
    not_finite: shown.notFinite,
    converged: shown.converged,
    anchor: o.anchor ? { ...o.anchor, applied: table.anchorApplied } : null,
    pieces: piecesOf(tallies, shown, o.names),
    without_votes: o.names.filter((_, i) => tallies[i]!.votes === 0),
    weights: c.weight ? weightsOf(c.weight) : null,
    tie_parameter: plain.tieParameter,
    k: settings.method === 'elo' ? settings.k : null,
    log_likelihood: shown.logLikelihood === null ? null : round(shown.logLikelihood),
    flags: [...flags],
  }
}

function settingsOf(c: Comparisons, o: LeaderboardOptions): Settings {
  const anchorModel = o.anchor ? o.names.indexOf(o.anchor.model) : -1
  return {
    method: o.method ?? 'bradley-terry',
    ties: o.ties ?? 'half',
    bothBad: o.bothBad ?? 'half',
    ci: o.ci ?? 'sandwich',
    samples: o.samples ?? 1000,
    seed: o.seed ?? 1,
    confidence: o.confidence ?? 0.95,
    byVoter: (o.cluster ?? 'auto') === 'auto' && hasRepeatedVoters(c),
    k: o.k ?? 4,
    anchorAsked: o.anchor !== undefined,
    anchorModel,
    anchorRating: o.anchor?.rating ?? 1000,
    warm: o.start,
  }
}

/** At least two voters with more than one vote each: then votes are not independent, and errors say so. */
function hasRepeatedVoters({ voter }: Comparisons): boolean {
  const seen = new Set<number>()
  const repeated = new Set<number>()
  for (const own of voter ?? []) {
    if (own === noVoter) continue
    if (seen.has(own)) repeated.add(own)
    if (repeated.size === 2) return true
    seen.add(own)
  }
  return false
}

type Entry = Pick<LeaderboardRow, 'rating' | 'low' | 'high' | 'se' | 'se_kind' | 'se_guarded' | 'prior'>
type Ranked = Entry & Pick<LeaderboardRow, 'rank' | 'rank_low' | 'rank_high'>
type Table = { entries: Ranked[]; anchorApplied: boolean }

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
function tableOf(rating: Rating, settings: Settings): Table {
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

function rowsOf(
  counts: Counts,
  tallies: ModelTally[],
  { apart }: Rating,
  { entries }: Table,
  plain: Table | null,
  { names, provisionalBelow = 0 }: LeaderboardOptions,
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

function piecesOf(
  tallies: ModelTally[],
  { apart, covariance }: Rating,
  names: readonly string[],
): Leaderboard['pieces'] {
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

function weightsOf(weight: Float64Array) {
  const { min, max, effective } = effectiveSize(weight)
  return { min: round(min), max: round(max), effective: round(effective) }
}

function checkNames({ models }: Comparisons, names: readonly string[]) {
  if (names.length !== models) throw new RangeError(`${names.length} names for ${models} models`)
  const wrong = names.findIndex((name, i) => i > 0 && compareCodePoints(names[i - 1]!, name) >= 0)
  if (wrong > 0) throw new RangeError(`names are not in code-point order at ${names[wrong]}`)
}
