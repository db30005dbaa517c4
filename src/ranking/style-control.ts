import { fitBradleyTerry, pointsPerLog, type Rated } from './bradley-terry.ts'
import { type Comparisons, countComparisons, type Halves } from './comparison.ts'
import type { Separation } from './components.ts'
import { climb, type Design, derivatives, designOf, keepColumns, likelihood } from './design.ts'
import type { Covariance } from './intervals.ts'
import { type JointCovariance, jointCovariance } from './joint-covariance.ts'
import { cholesky, dot, type Factor } from './linear-algebra.ts'
import { sigmoid } from './maximise.ts'
import { fillGroups } from './null-directions.ts'

export type Standardised = { z: Float64Array; mean: Float64Array; sd: Float64Array }

/**
 * Style columns from raw counts of both sides (votes * features, row-major): q = (f_a - f_b)/(f_a + f_b + 1), then
 * z = (q - mean)/sd over these votes, population sd. A column without variance becomes zeros. O(votes * features).
 */
export function standardise(a: Float64Array, b: Float64Array, features: number): Standardised {
  if (a.length !== b.length || a.length % features !== 0) throw new RangeError(`${a.length} and ${b.length} values`)
  const votes = a.length / features
  const z = new Float64Array(a.length)
  const mean = new Float64Array(features)
  const sd = new Float64Array(features)
  for (let at = 0; at < a.length; at++) z[at] = (a[at]! - b[at]!) / (a[at]! + b[at]! + 1)
  for (let f = 0; f < features; f++) {
    let sum = 0
    for (let at = f; at < z.length; at += features) sum += z[at]!
    mean[f] = sum / votes
    let squares = 0
    for (let at = f; at < z.length; at += features) squares += (z[at]! - mean[f]!) ** 2
    const spread = Math.sqrt(squares / votes)
    sd[f] = spread > 1e-12 ? spread : 0
    for (let at = f; at < z.length; at += features) z[at] = sd[f]! > 0 ? (z[at]! - mean[f]!) / sd[f]! : 0
  }
  return { z, mean, sd }
}

export type StyleOptions = Halves & {
  /** 'fastchat' adds 0.25 (|theta/ln 10|^2 + |gamma|^2) to the loss: only to reproduce that board. */
  penalty?: 'none' | 'fastchat'
  /** 'clustered' needs voters in the comparisons. */
  covariance?: 'sandwich' | 'clustered' | 'fisher' | 'none'
  guard?: boolean
}

export type ColumnState = 'fitted' | 'constant' | 'collinear'

export type StyleFit = Rated &
  Pick<Separation, 'pieces' | 'status' | 'within'> & {
    /** Natural log-odds per unit of the column: 0 for a constant column, NaN for a collinear one. */
    gamma: Float64Array
    gammaSe: Float64Array
    column: ColumnState[]
    /** False: no adjusted ratings, `reason` says why. */
    estimable: boolean
    reason: 'no_finite_models' | 'diverged' | 'did_not_converge' | null
    converged: boolean
    steps: number
    gradientMax: number
    logLikelihood: number
    /** Of the strengths alone, as in intervals.ts. */
    covariance: Covariance
    halves: Required<Halves>
  }

/**
 * Bradley-Terry with covariates: P(a) = sigma(theta_a - theta_b + gamma'z), exact and without a penalty by default.
 * `features` holds votes * F columns, row-major: style differences from `standardise`, or any per-side column.
 * Columns that are constant zero or collinear (pivot below 1e-10 of the diagonal) are left out and named. Newton from
 * the plain fit; covariance on the joint vector, guarded as in intervals.ts. O(votes * F^2) per step, about six.
 * Weights and voters of the comparisons count. Throws RangeError when lengths disagree or a value is not finite.
 */
export function fitStyle(c: Comparisons, features: Float64Array, o: StyleOptions = {}): StyleFit {
  const columns = c.a.length > 0 ? features.length / c.a.length : 0
  if (!Number.isInteger(columns)) throw new RangeError(`${features.length} values for ${c.a.length} votes`)
  const plain = fitBradleyTerry(countComparisons(c), o)
  const penalised = o.penalty === 'fastchat'
  const design = designOf(c, features, columns, plain, penalised)
  if (!design.reach.every(Number.isFinite)) throw new RangeError('a covariate is not a finite number')
  const { rated, groups } = design
  const result: StyleFit = {
    ...plain,
    theta: new Float64Array(c.models).fill(Number.NaN),
    gamma: new Float64Array(columns),
    gammaSe: new Float64Array(columns),
    column: new Array<ColumnState>(columns).fill('constant'),
    estimable: false,
    reason: 'no_finite_models',
    converged: false,
    steps: 0,
    gradientMax: Number.NaN,
    logLikelihood: Number.NaN,
    covariance: blankCovariance(o.covariance, c.models),
  }
  if (rated.length === 0) return result

  const at = new Float64Array(rated.length + columns)
  rated.forEach((model, r) => {
    at[r] = Number.isFinite(plain.theta[model]!) ? plain.theta[model]! : 0
  })
  const first = derivatives(design, at)
  const state = columnStates(design, first.h)
  const kept = state.flatMap((own, f) => (own === 'fitted' ? [f] : []))
  const reduced = keepColumns(design, kept)
  const point = Float64Array.from([...at.subarray(0, rated.length), ...kept.map(() => 0)])
  const { steps, converged, gradientMax, diverged, information } = climb(
    reduced,
    point,
    reduced === design ? first : null,
  )
  const { covariance: kind = 'sandwich', guard = true } = o
  const { v, voters, guarded }: JointCovariance =
    kind === 'none'
      ? { v: new Float64Array(point.length ** 2).fill(Number.NaN), voters: 0, guarded: new Uint8Array(rated.length) }
      : jointCovariance(c, reduced, point, information, { covariance: kind, guard })

  const unknowns = point.length
  result.gamma = Float64Array.from(state, (own) => (own === 'collinear' ? Number.NaN : 0))
  result.gammaSe = result.gamma.slice()
  kept.forEach((f, r) => {
    const row = rated.length + r
    result.gamma[f] = point[row]!
    result.gammaSe[f] = Math.sqrt(Math.max(0, v[row * unknowns + row]!))
  })
  const { covariance } = result
  rated.forEach((model, r) => {
    result.theta[model] = point[r]!
    for (let s = 0; s < rated.length; s++) {
      if (penalised || plain.piece[model] === plain.piece[rated[s]!])
        covariance.v[model * c.models + rated[s]!] = v[r * unknowns + s]!
    }
    covariance.se[model] = Math.sqrt(Math.max(0, v[r * unknowns + r]!))
    covariance.guarded[model] = guarded[r]!
  })
  covariance.clusters = groups.map(() => voters)
  return {
    ...result,
    column: state,
    estimable: converged && !diverged,
    reason: diverged ? 'diverged' : converged ? null : 'did_not_converge',
    converged,
    steps,
    gradientMax,
    logLikelihood: likelihood(reduced, point),
  }
}

export type PositionBias = { delta: number; se: number; z: number; points: number; leftWins: number; alarm: boolean }

/**
 * The advantage of being shown left: a constant column, +1 where side a was left (`leftIsA`, all if not given). delta
 * in natural log, `points` = C delta, `leftWins` the chance that left wins between equals; alarm beyond |z| = 4.
 * Null when no finite fit exists. The rating leaves it out while sides are drawn by a fair coin.
 */
export function positionBias(c: Comparisons, leftIsA?: Uint8Array, o: StyleOptions = {}): PositionBias | null {
  const column = Float64Array.from({ length: c.a.length }, (_, n) => (leftIsA && leftIsA[n] === 0 ? -1 : 1))
  const fit = fitStyle(c, column, o)
  if (!fit.estimable || fit.column[0] !== 'fitted') return null
  const delta = fit.gamma[0]!
  const se = fit.gammaSe[0]!
  const z = delta / se
  return { delta, se, z, points: pointsPerLog * delta, leftWins: sigmoid(delta), alarm: Math.abs(z) > 4 }
}

/** Which columns carry something of their own, by the pivots of the information at the plain fit. */
function columnStates({ rated, groups, columns }: Design, information: Float64Array): ColumnState[] {
  const unknowns = rated.length + columns
  const h = information.slice()
  fillGroups(h, unknowns, groups)
  const strengths = new Float64Array(rated.length ** 2)
  for (let r = 0; r < rated.length; r++)
    strengths.set(h.subarray(r * unknowns, r * unknowns + rated.length), r * rated.length)
  const factor = cholesky(strengths, rated.length)
  const lower: Float64Array[] = []
  const pivots: number[] = []
  return Array.from({ length: columns }, (_, f): ColumnState => {
    const row = (rated.length + f) * unknowns
    const diagonal = h[row + rated.length + f]!
    if (!(diagonal > 1e-12) || !factor) return 'constant'
    // One row of the Cholesky factor: first against the strengths, then against the columns kept so far.
    const own = forward(factor, h.subarray(row, row + rated.length))
    const rest = pivots.map(() => 0)
    const all = new Float64Array(rated.length + pivots.length)
    all.set(own)
    for (let k = 0; k < rest.length; k++) {
      const entry = h[row + rated.length + pivots[k]!]! - dot(all, 0, lower[k]!, 0, rated.length + k)
      all[rated.length + k] = entry / lower[k]![rated.length + k]!
    }
    const pivot = diagonal - dot(all, 0, all, 0, all.length)
    if (pivot < 1e-10 * diagonal) return 'collinear'
    lower.push(Float64Array.from([...all, Math.sqrt(pivot)]))
    pivots.push(f)
    return 'fitted'
  })
}

function forward({ size, lower }: Factor, right: Float64Array): Float64Array {
  const into = new Float64Array(size)
  for (let r = 0; r < size; r++) into[r] = (right[r]! - dot(lower, r * size, into, 0, r)) / lower[r * size + r]!
  return into
}

const blankCovariance = (kind: StyleOptions['covariance'] = 'sandwich', models: number): Covariance => ({
  kind: kind === 'none' ? 'fisher' : kind,
  anchor: null,
  models,
  v: new Float64Array(models * models).fill(Number.NaN),
  se: new Float64Array(models).fill(Number.NaN),
  guarded: new Uint8Array(models),
  clusters: [],
})
