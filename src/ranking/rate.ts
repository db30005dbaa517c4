import { type LeaderboardRow, type Piece, piecesOf, rowsOf, tableOf } from './board-rows.ts'
import {
  type Comparisons,
  type Counts,
  compareCodePoints,
  countComparisons,
  type Halves,
  noVoter,
  talliesOf,
} from './comparison.ts'
import type { Covariance } from './intervals.ts'
import {
  type Flag,
  type Method,
  rateBy,
  rateWithStyle,
  round,
  type SeKind,
  type Settings,
  type StyleInput,
  type StyleReport,
  type TieParameter,
} from './rating-methods.ts'
import { effectiveSize } from './weights.ts'

export type { LeaderboardRow } from './board-rows.ts'

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
  /** Counts of exactly these comparisons, where they are kept up to date: then nothing is counted again. */
  counts?: Counts
  /** For Bradley-Terry with sandwich errors: those of the same votes, or of a moment ago. */
  covariance?: Covariance
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
  pieces: Piece[]
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
  const counts = o.counts ?? countComparisons(c)
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
    covariance: o.covariance,
  }
}

/** At least two voters with more than one vote each: then votes are not independent, and errors say so. */
export function hasRepeatedVoters({ voter }: Pick<Comparisons, 'voter'>): boolean {
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

function weightsOf(weight: Float64Array) {
  const { min, max, effective } = effectiveSize(weight)
  return { min: round(min), max: round(max), effective: round(effective) }
}

function checkNames({ models }: Comparisons, names: readonly string[]) {
  if (names.length !== models) throw new RangeError(`${names.length} names for ${models} models`)
  const wrong = names.findIndex((name, i) => i > 0 && compareCodePoints(names[i - 1]!, name) >= 0)
  if (wrong > 0) throw new RangeError(`names are not in code-point order at ${names[wrong]}`)
}
