import { type Bootstrap, bootstrap, bootstrapVoters, notFiniteShareMax, type Spread } from './bootstrap.ts'
import { type Fit, fitBradleyTerry, fitWithGhost, pointsPerLog, type Rated } from './bradley-terry.ts'
import { type Comparisons, type Counts, countComparisons, type Halves, pick, winsOf } from './comparison.ts'
import { type Separation, separation } from './components.ts'
import { fitDavidson } from './davidson.ts'
import { twoSidedP } from './distributions.ts'
import { elo, eloIntervals } from './elo.ts'
import { type Covariance, clustered, fewVoters, sandwich } from './intervals.ts'
import { fitRaoKupper } from './rao-kupper.ts'
import { resampleVotes } from './resample.ts'
import { fitStyle, type StyleFit, standardise } from './style-control.ts'
import type { TieFit } from './tie-model.ts'

export type Method = 'bradley-terry' | 'elo' | 'davidson' | 'rao-kupper'

export type StyleInput = {
  features: readonly string[]
  /** votes * features, row-major: raw counts of each side. */
  a: Float64Array
  b: Float64Array
  /** 0 for a vote whose style is not known: it stays in the plain ratings and out of the adjusted ones. */
  known?: Uint8Array
}

type ErrorSource = 'fisher' | 'sandwich' | 'clustered' | 'bootstrap' | 'voter_bootstrap'
export type SeKind = 'none' | `${ErrorSource}_${'mean0' | 'anchored'}` | 'elo_resampled' | 'ghost'

export type Flag = 'few_voters' | 'bootstrap_not_finite' | 'style_not_estimable' | 'anchor_not_finite' | 'not_converged'

export type TieParameter = { name: 'nu' | 'eta'; value: number | null; se: number | null; status: TieFit['fitted'] }

export type StyleReport = {
  estimable: boolean
  reason: StyleFit['reason']
  votes_without_style: number
  coefficients: {
    feature: string
    coefficient: number | null
    se: number | null
    p: number | null
    points_per_sd: number | null
    mean: number
    sd: number
    state: 'fitted' | 'constant' | 'collinear'
  }[]
}

/** Six decimals, as published and hashed. */
export const round = (value: number) => Math.round(value * 1e6) / 1e6 + 0

export type Settings = Required<Halves> & {
  method: Method
  ci: 'sandwich' | 'bootstrap' | 'none'
  samples: number
  seed: number
  confidence: number
  byVoter: boolean
  k: number
  anchorAsked: boolean
  anchorModel: number
  anchorRating: number
  /** A warm start for the fit, natural log. */
  warm: Float64Array | undefined
  /** Errors that were computed before, for the Bradley-Terry fit. */
  covariance: Covariance | undefined
}

/** Ratings before ranking. `spread` is in points, absolute; `covariance` in natural logs. */
export type Rating = {
  apart: Separation
  /** Points, NaN where there is no number; mean 1000 per piece. */
  points: Float64Array
  rated: Rated
  covariance: Covariance | null
  spread: (Spread & { flagged: Uint8Array }) | null
  ghost: { theta: Float64Array; v: Float64Array } | null
  /** Where the shown errors come from; `seKind` is that of the largest piece. */
  source: ErrorSource | 'elo_resampled' | 'none'
  seKind: SeKind
  notFinite: number | null
  converged: boolean
  logLikelihood: number | null
  tieParameter: TieParameter | null
  flags: Flag[]
}

/** Ratings by the method asked for, with their errors, statuses and prior, before anchoring and ranking. */
export function rateBy(c: Comparisons, counts: Counts, settings: Settings): Rating {
  if (settings.method === 'elo') return rateByElo(c, counts, settings)
  if (settings.method === 'bradley-terry') return rateByBradleyTerry(c, counts, settings)
  return rateByTieModel(c, counts, settings)
}

function rateByBradleyTerry(c: Comparisons, counts: Counts, settings: Settings): Rating {
  const fit = fitBradleyTerry(counts, { ...settings, ...(settings.warm && { start: settings.warm }) })
  const covariance =
    settings.ci === 'none'
      ? null
      : (settings.covariance ?? (settings.byVoter ? clustered(c, fit) : sandwich(counts, fit)))
  const drawn = settings.ci === 'bootstrap' ? bootstrapOf(c, counts, fit, settings) : null
  return {
    ...base(fit, fit, settings),
    covariance,
    spread: drawn && { ...drawn, flagged: tooFewFinite(fit, drawn.notFiniteOf, settings) },
    ghost: needsGhost(fit) ? fitWithGhost(counts, settings) : null,
    notFinite: drawn ? drawn.notFinite : null,
    converged: fit.converged,
    logLikelihood: fit.logLikelihood,
    flags: flagsFor(fit, covariance, drawn?.notFiniteOf ?? [], settings),
  }
}

function bootstrapOf(c: Comparisons, counts: Counts, fit: Fit, settings: Settings): Bootstrap {
  const options = { ...settings, anchor: anchorIn(fit, settings) }
  return settings.byVoter ? bootstrapVoters(c, counts, fit, options) : bootstrap(counts, fit, options)
}

function rateByTieModel(c: Comparisons, counts: Counts, settings: Settings): Rating {
  const fitOf = (n: Counts, ghost = 0): TieFit =>
    settings.method === 'davidson' ? fitDavidson(n, { ...settings, ghost }) : fitRaoKupper(n, { ...settings, ghost })
  const fit = fitOf(counts)
  const isFitted = fit.fitted === 'fitted'
  const drawn =
    settings.ci === 'bootstrap' && isFitted
      ? resampleVotes(
          c,
          fit,
          settings.byVoter,
          { ...settings, anchor: anchorIn(fit, settings), pointsPerLog },
          (rows) => {
            const again = fitOf(countComparisons(pick(c, rows)))
            return again.fitted === 'fitted' && again.converged ? again : null
          },
        )
      : null
  const ghost = needsGhost(fit) ? fitOf(counts, 0.5) : null
  const isDavidson = settings.method === 'davidson'
  const value = isDavidson ? Math.exp(fit.x) : fit.x
  const notFiniteOf = drawn ? fit.blocks.map(() => drawn.notFinite) : []
  return {
    ...base(fit, fit, settings),
    covariance: settings.ci === 'none' ? null : fit.covariance,
    spread: drawn && { ...drawn, flagged: tooFewFinite(fit, notFiniteOf, settings) },
    ghost: ghost?.fitted === 'fitted' ? { theta: ghost.theta, v: ghost.covariance.v } : null,
    ...sourced(
      settings.ci === 'sandwich' || !drawn ? (settings.ci === 'none' ? 'none' : 'fisher') : sourceOf(settings),
      fit,
      settings,
    ),
    notFinite: drawn ? drawn.notFinite : null,
    converged: fit.converged || !isFitted,
    logLikelihood: isFitted ? fit.logLikelihood : null,
    tieParameter: {
      name: isDavidson ? 'nu' : 'eta',
      value: isFitted ? round(value) : null,
      // nu = e^x: its error by the delta rule.
      se: isFitted ? round(isDavidson ? value * fit.seX : fit.seX) : null,
      status: fit.fitted,
    },
    flags: flagsFor(fit, null, notFiniteOf, settings),
  }
}

/** Elo has no likelihood and no status of its own; pieces still may not be compared. */
function rateByElo(c: Comparisons, counts: Counts, settings: Settings): Rating {
  const apart = separation(winsOf(counts, settings), counts.models)
  const points = elo(c, settings)
  const drawn = settings.ci === 'none' ? null : eloIntervals(c, settings)
  const blocks = Array.from({ length: apart.pieces }, (_, piece) =>
    Uint16Array.from(apart.piece.keys().filter((i) => apart.piece[i] === piece)),
  )
  const rated = { theta: points.map((value) => (value - 1000) / pointsPerLog), piece: apart.piece, blocks }
  return {
    ...base(rated, { ...apart, blocks }, settings),
    points,
    spread: drawn && { ...drawn, flagged: new Uint8Array(counts.models) },
    source: drawn ? 'elo_resampled' : 'none',
    seKind: drawn ? 'elo_resampled' : 'none',
    notFinite: drawn ? 0 : null,
  }
}

/** Ratings adjusted for style, over the votes whose style is known; `rated` is null where none can be had. */
export function rateWithStyle(
  c: Comparisons,
  style: StyleInput,
  settings: Settings,
): { report: StyleReport; rated: Rating | null } {
  const { features, known } = style
  const rows = Uint32Array.from(c.a.keys().filter((n) => !known || known[n] === 1))
  const votes = pick(c, rows)
  const sides = [style.a, style.b].map((side) => chosenRows(side, rows, features.length, c.a.length)) as [
    Float64Array,
    Float64Array,
  ]
  const { z, mean, sd } = standardise(...sides, features.length)
  const covariance = settings.byVoter && votes.voter ? 'clustered' : 'sandwich'
  const fit = fitStyle(votes, z, { ...settings, covariance })
  const report: StyleReport = {
    estimable: fit.estimable,
    reason: fit.reason,
    votes_without_style: c.a.length - rows.length,
    coefficients: features.map((feature, f) => ({
      feature,
      ...coefficientOf(fit, f),
      mean: round(mean[f]!),
      sd: round(sd[f]!),
    })),
  }
  if (!fit.estimable) return { report, rated: null }
  const options = { ...settings, anchor: anchorIn(fit, settings), pointsPerLog }
  const drawn =
    settings.ci === 'bootstrap'
      ? resampleVotes(votes, fit, settings.byVoter, options, (again) => {
          const own = sides.map((side) => chosenRows(side, again, features.length, votes.a.length)) as typeof sides
          const refit = fitStyle(pick(votes, again), standardise(...own, features.length).z, {
            ...settings,
            covariance: 'none',
          })
          return refit.estimable ? refit : null
        })
      : null
  const notFiniteOf = drawn ? fit.blocks.map(() => drawn.notFinite) : []
  const rated: Rating = {
    ...base(fit, fit, settings),
    covariance: settings.ci === 'none' ? null : fit.covariance,
    spread: drawn && { ...drawn, flagged: tooFewFinite(fit, notFiniteOf, settings) },
    ghost: needsGhost(fit) ? fitWithGhost(countComparisons(votes), settings) : null,
    notFinite: drawn ? drawn.notFinite : null,
    converged: fit.converged,
    logLikelihood: fit.logLikelihood,
    flags: flagsFor(fit, fit.covariance, notFiniteOf, settings),
  }
  return { report, rated }
}

function coefficientOf(fit: StyleFit, f: number) {
  const [gamma, se] = [fit.gamma[f]!, fit.gammaSe[f]!]
  const state = fit.column[f]!
  const fitted = state === 'fitted' && fit.estimable
  return {
    coefficient: fitted ? round(gamma) : state === 'constant' ? 0 : null,
    se: fitted ? round(se) : null,
    p: fitted ? round(twoSidedP(gamma / se)) : null,
    points_per_sd: fitted ? round(pointsPerLog * gamma) : state === 'constant' ? 0 : null,
    state,
  }
}

function chosenRows(side: Float64Array, rows: Uint32Array, columns: number, votes: number): Float64Array {
  if (side.length !== votes * columns) throw new RangeError(`${side.length} style values for ${votes} votes`)
  const chosen = new Float64Array(rows.length * columns)
  for (let n = 0; n < rows.length; n++)
    for (let f = 0; f < columns; f++) chosen[n * columns + f] = side[rows[n]! * columns + f]!
  return chosen
}

const base = (rated: Rated, apart: Separation, settings: Settings): Rating => ({
  apart,
  rated,
  points: rated.theta.map((theta) => 1000 + pointsPerLog * theta),
  covariance: null,
  spread: null,
  ghost: null,
  ...sourced(sourceOf(settings), rated, settings),
  notFinite: null,
  converged: true,
  logLikelihood: null,
  tieParameter: null,
  flags: [],
})

const sourceOf = ({ ci, byVoter }: Settings): ErrorSource | 'none' =>
  ci === 'none'
    ? 'none'
    : ci === 'bootstrap'
      ? byVoter
        ? 'voter_bootstrap'
        : 'bootstrap'
      : byVoter
        ? 'clustered'
        : 'sandwich'

function sourced(source: ErrorSource | 'none', rated: Rated, settings: Settings): Pick<Rating, 'source' | 'seKind'> {
  return { source, seKind: source === 'none' ? 'none' : seKind(source, anchorIn(rated, settings) !== null) }
}

export const seKind = (source: ErrorSource, isAnchored: boolean): SeKind =>
  `${source}_${isAnchored ? 'anchored' : 'mean0'}`

/** The anchor's index when it has a finite rating to anchor on. */
export function anchorIn({ blocks, piece }: Rated, { anchorModel }: Settings): number | null {
  return anchorModel >= 0 && blocks[piece[anchorModel]!]?.includes(anchorModel) ? anchorModel : null
}

const needsGhost = ({ within }: Separation) => within.some((own) => own !== 'finite' && own !== 'no_votes')

/** Per model 1 where too many resamples of its piece had no finite maximum for percentiles to mean anything. */
function tooFewFinite({ piece }: Rated, notFiniteOf: number[], { samples }: Settings): Uint8Array {
  return Uint8Array.from(piece, (own) => Number((notFiniteOf[own] ?? 0) > notFiniteShareMax * samples))
}

function flagsFor(
  { blocks }: Rated,
  covariance: Covariance | null,
  notFiniteOf: number[],
  { samples }: Settings,
): Flag[] {
  const flags: Flag[] = []
  if (covariance && blocks.some((block, piece) => block.length > 0 && fewVoters(covariance, piece)))
    flags.push('few_voters')
  if (notFiniteOf.some((count) => count > notFiniteShareMax * samples)) flags.push('bootstrap_not_finite')
  return flags
}
