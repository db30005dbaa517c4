import { fitBradleyTerry, type Rated } from './bradley-terry.ts'
import { type Comparisons, countComparisons, type Halves } from './comparison.ts'
import type { Separation } from './components.ts'
import { guardedSquare, leverageMax, raiseToFloor } from './guard.ts'
import { type Covariance, votesByVoter } from './intervals.ts'
import { cholesky, dot, type Factor, sandwiched, solve } from './linear-algebra.ts'
import { largest, sigmoid } from './maximise.ts'
import { centreGroup, fillGroups, type Groups, inverseWithout } from './null-directions.ts'

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
  if (!features.every(Number.isFinite)) throw new RangeError('a covariate is not a finite number')
  const plain = fitBradleyTerry(countComparisons(c), o)
  const penalised = o.penalty === 'fastchat'
  const design = designOf(c, features, columns, plain, penalised)
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
  const state = columnStates(design, at)
  const kept = state.flatMap((own, f) => (own === 'fitted' ? [f] : []))
  const reduced = keepColumns(design, kept)
  const point = Float64Array.from([...at.subarray(0, rated.length), ...kept.map(() => 0)])
  const { steps, converged, gradientMax, diverged } = climb(reduced, point)
  const none = {
    v: new Float64Array(point.length ** 2).fill(Number.NaN),
    voters: 0,
    guarded: new Uint8Array(rated.length),
  }
  const { v, voters, guarded } = o.covariance === 'none' ? none : jointCovariance(c, reduced, point, o)

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
  return { delta, se, z, points: (400 / Math.LN10) * delta, leftWins: sigmoid(delta), alarm: Math.abs(z) > 4 }
}

type Design = {
  rated: Uint16Array
  groups: Groups
  /** Positions among the rated of both sides, score, weight and columns of the votes fitted; `vote` is their number. */
  i: Uint16Array
  j: Uint16Array
  score: Float64Array
  weight: Float64Array
  z: Float64Array
  columns: number
  vote: Uint32Array
  /** Ridge added to the information of a strength and of a coefficient. */
  ridge: [number, number]
}

function designOf(
  c: Comparisons,
  features: Float64Array,
  columns: number,
  plain: ReturnType<typeof fitBradleyTerry>,
  penalised: boolean,
): Design {
  const rated = penalised
    ? Uint16Array.from({ length: c.models }, (_, i) => i)
    : Uint16Array.from(plain.blocks.flatMap((block) => [...block])).sort()
  const position = new Int32Array(c.models).fill(-1)
  rated.forEach((model, r) => {
    position[model] = r
  })
  const uses = [true, true, plain.halves.ties === 'half', plain.halves.bothBad === 'half']
  const isIn = (n: number) =>
    uses[c.outcome[n]!]! &&
    position[c.a[n]!]! >= 0 &&
    position[c.b[n]!]! >= 0 &&
    (penalised || plain.piece[c.a[n]!] === plain.piece[c.b[n]!])
  let votes = 0
  for (let n = 0; n < c.a.length; n++) if (isIn(n)) votes += 1
  const design: Design = {
    rated,
    groups: penalised
      ? []
      : plain.blocks.filter(({ length }) => length > 0).map((block) => block.map((model) => position[model]!)),
    i: new Uint16Array(votes),
    j: new Uint16Array(votes),
    score: new Float64Array(votes),
    weight: new Float64Array(votes),
    z: votes === c.a.length ? features : new Float64Array(votes * columns),
    columns,
    vote: new Uint32Array(votes),
    ridge: penalised ? [0.5 / Math.LN10 ** 2, 0.5] : [0, 0],
  }
  let at = 0
  for (let n = 0; n < c.a.length; n++) {
    if (!isIn(n)) continue
    design.i[at] = position[c.a[n]!]!
    design.j[at] = position[c.b[n]!]!
    design.score[at] = c.outcome[n] === 0 ? 1 : c.outcome[n] === 1 ? 0 : 0.5
    design.weight[at] = c.weight ? c.weight[n]! : 1
    design.vote[at] = n
    if (design.z !== features) design.z.set(features.subarray(n * columns, (n + 1) * columns), at * columns)
    at += 1
  }
  return design
}

function keepColumns(design: Design, kept: number[]): Design {
  if (kept.length === design.columns) return design
  const z = new Float64Array(design.i.length * kept.length)
  for (let n = 0; n < design.i.length; n++) {
    for (let f = 0; f < kept.length; f++) z[n * kept.length + f] = design.z[n * design.columns + kept[f]!]!
  }
  return { ...design, z, columns: kept.length }
}

/** Which columns carry something of their own, by the pivots of the information at the plain fit. */
function columnStates(design: Design, at: Float64Array): ColumnState[] {
  const { rated, groups, columns } = design
  const unknowns = rated.length + columns
  const { h } = derivatives(design, at)
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

function climb(design: Design, point: Float64Array) {
  const { groups, rated, columns } = design
  const unknowns = point.length
  const trial = new Float64Array(unknowns)
  const votes = design.weight.reduce((sum, weight) => sum + weight, 0)
  let before = Number.POSITIVE_INFINITY
  let steps = 0
  for (; steps < 50; steps++) {
    const { g, h } = derivatives(design, point)
    fillGroups(h, unknowns, groups)
    const factor = cholesky(h, unknowns)
    if (!factor) break
    const step = solve(factor, g)
    const longest = largest(step)
    let fraction = longest > 3 ? 3 / longest : 1
    const now = longest > 0.05 ? likelihood(design, point) : Number.NEGATIVE_INFINITY
    for (; fraction > 1e-9; fraction /= 2) {
      for (let r = 0; r < unknowns; r++) trial[r] = point[r]! + fraction * step[r]!
      if (now === Number.NEGATIVE_INFINITY || likelihood(design, trial) >= now) break
    }
    point.set(trial)
    for (const group of groups) centreGroup(point, group)
    if (columns > 0 && largest(point.subarray(rated.length)) > 10) break
    // The error after a full step is of the order of its square: below 1e-8 the next step is lost in rounding.
    if (longest < 1e-8 || (longest < 1e-6 && longest > before / 2)) break
    before = longest
  }
  const gradientMax = largest(gradientOnly(design, point))
  const diverged = columns > 0 && largest(point.subarray(rated.length)) > 10
  return { steps: steps + 1, gradientMax, converged: gradientMax <= 1e-9 * Math.max(1, votes), diverged }
}

const oddsOf = ({ i, j, z, columns }: Design, point: Float64Array, strengths: number, n: number) => {
  let d = point[i[n]!]! - point[j[n]!]!
  for (let f = 0; f < columns; f++) d += point[strengths + f]! * z[n * columns + f]!
  return d
}

/** log(sigma(d)^y sigma(-d)^(1-y)) = y d - log(1 + e^d), written so that neither end overflows. */
function likelihood(design: Design, point: Float64Array): number {
  const { score, weight, rated, ridge } = design
  let total = 0
  for (let n = 0; n < score.length; n++) {
    const d = oddsOf(design, point, rated.length, n)
    total += weight[n]! * (score[n]! * d - (d > 0 ? d + Math.log1p(Math.exp(-d)) : Math.log1p(Math.exp(d))))
  }
  for (let r = 0; r < point.length; r++) total -= (ridge[r < rated.length ? 0 : 1]! / 2) * point[r]! ** 2
  return total
}

function gradientOnly(design: Design, point: Float64Array): Float64Array {
  const { i, j, score, weight, z, columns, rated, ridge } = design
  const strengths = rated.length
  const g = point.map((value, r) => -ridge[r < strengths ? 0 : 1]! * value)
  for (let n = 0; n < i.length; n++) {
    const pull = weight[n]! * (score[n]! - sigmoid(oddsOf(design, point, strengths, n)))
    g[i[n]!] = g[i[n]!]! + pull
    g[j[n]!] = g[j[n]!]! - pull
    for (let f = 0; f < columns; f++) g[strengths + f] = g[strengths + f]! + pull * z[n * columns + f]!
  }
  return g
}

/** Gradient and information (lower triangle) in one pass over the votes. */
function derivatives(design: Design, point: Float64Array) {
  const { i, score, weight, rated, ridge } = design
  const unknowns = point.length
  const g = point.map((value, r) => -ridge[r < rated.length ? 0 : 1]! * value)
  const h = new Float64Array(unknowns * unknowns)
  const pulls = new Float64Array(i.length)
  const curves = new Float64Array(i.length)
  for (let n = 0; n < i.length; n++) {
    const p = 1 / (1 + Math.exp(-oddsOf(design, point, rated.length, n)))
    pulls[n] = weight[n]! * (score[n]! - p)
    curves[n] = weight[n]! * p * (1 - p)
  }
  addVotes(design, curves, h, unknowns)
  addPulls(design, pulls, g)
  for (let r = 0; r < unknowns; r++) h[r * unknowns + r] = h[r * unknowns + r]! + ridge[r < rated.length ? 0 : 1]!
  return { g, h }
}

function addPulls({ i, j, z, columns, rated }: Design, pulls: Float64Array, g: Float64Array) {
  const strengths = rated.length
  for (let n = 0; n < i.length; n++) {
    const pull = pulls[n]!
    g[i[n]!] = g[i[n]!]! + pull
    g[j[n]!] = g[j[n]!]! - pull
    for (let f = 0; f < columns; f++) g[strengths + f] = g[strengths + f]! + pull * z[n * columns + f]!
  }
}

/** Adds sum over votes of amount * x x' to the lower triangle, x = (e_i - e_j, z). */
function addVotes({ i, j, z, columns, rated }: Design, amounts: Float64Array, h: Float64Array, unknowns: number) {
  const strengths = rated.length
  for (let n = 0; n < i.length; n++) {
    const amount = amounts[n]!
    const own = i[n]!
    const other = j[n]!
    h[own * unknowns + own] = h[own * unknowns + own]! + amount
    h[other * unknowns + other] = h[other * unknowns + other]! + amount
    const pair = own > other ? own * unknowns + other : other * unknowns + own
    h[pair] = h[pair]! - amount
    for (let f = 0; f < columns; f++) {
      const row = (strengths + f) * unknowns
      const scaled = amount * z[n * columns + f]!
      h[row + own] = h[row + own]! + scaled
      h[row + other] = h[row + other]! - scaled
      for (let e = 0; e <= f; e++) h[row + strengths + e] = h[row + strengths + e]! + scaled * z[n * columns + e]!
    }
  }
}

function jointCovariance(
  c: Comparisons,
  design: Design,
  point: Float64Array,
  { covariance = 'sandwich', guard = true }: StyleOptions,
) {
  const { groups, weight, rated } = design
  const unknowns = point.length
  const guarded = new Uint8Array(rated.length)
  const { h } = derivatives(design, point)
  const mean = weight.reduce((sum, own) => sum + own, 0) / Math.max(1, weight.length)
  const bread = inverseWithout(h, unknowns, groups)
  if (covariance === 'fisher') return { v: bread, voters: 0, guarded }
  const { squares, excess } = residualSquares(design, point, bread, guard, guarded)
  const meat = new Float64Array(unknowns * unknowns)
  let voters = 0
  if (covariance === 'clustered') {
    voters = addClusters(c, design, point, meat)
    for (let cell = 0; cell < meat.length; cell++) meat[cell] = meat[cell]! * (voters > 1 ? voters / (voters - 1) : 1)
    addVotes(design, excess, meat, unknowns)
  } else addVotes(design, squares, meat, unknowns)
  for (let r = 0; r < unknowns; r++) for (let s = 0; s < r; s++) meat[s * unknowns + r] = meat[r * unknowns + s]!
  if (guard) {
    // The floor compares with the Fisher error at weights of mean 1: scaling the meat by 1/mean does that.
    for (let cell = 0; cell < meat.length; cell++) meat[cell] = meat[cell]! / mean
    raiseToFloor(meat, h, unknowns, groups, guarded)
    for (let cell = 0; cell < meat.length; cell++) meat[cell] = meat[cell]! * mean
  }
  return { v: sandwiched(bread, meat, unknowns), voters, guarded }
}

/** Per vote w^2 r^2, guarded where leverage is high, and how much the guard added. */
function residualSquares(
  design: Design,
  point: Float64Array,
  bread: Float64Array,
  guard: boolean,
  guarded: Uint8Array,
) {
  const { i, j, score, weight, z, columns, rated } = design
  const unknowns = point.length
  const strengths = rated.length
  const squares = new Float64Array(i.length)
  const excess = new Float64Array(i.length)
  for (let n = 0; n < i.length; n++) {
    const p = sigmoid(oddsOf(design, point, strengths, n))
    const residual = score[n]! - p
    const plain = weight[n]! ** 2 * residual ** 2
    squares[n] = plain
    if (!guard) continue
    const own = i[n]!
    const other = j[n]!
    let spread = bread[own * unknowns + own]! + bread[other * unknowns + other]! - 2 * bread[own * unknowns + other]!
    for (let f = 0; f < columns; f++) {
      const row = (strengths + f) * unknowns
      let along = 2 * (bread[row + own]! - bread[row + other]!)
      for (let e = 0; e < columns; e++) along += bread[row + strengths + e]! * z[n * columns + e]!
      spread += z[n * columns + f]! * along
    }
    const leverage = weight[n]! * p * (1 - p) * spread
    if (leverage <= leverageMax) continue
    squares[n] = weight[n]! ** 2 * guardedSquare(residual, leverage, p * (1 - p))
    excess[n] = squares[n]! - plain
    guarded[own] = guarded[other] = 1
  }
  return { squares, excess }
}

/** Adds the outer product of each voter's summed score to the lower triangle; returns the number of voters. */
function addClusters(c: Comparisons, design: Design, point: Float64Array, meat: Float64Array): number {
  const { i, j, score, weight, z, columns, rated, vote } = design
  const unknowns = point.length
  const strengths = rated.length
  const voterOf = c.voter ? Uint32Array.from(vote, (n) => c.voter![n]!) : undefined
  const order = votesByVoter({
    models: c.models,
    a: i,
    b: j,
    outcome: new Uint8Array(i.length),
    ...(voterOf && { voter: voterOf }),
  })
  const pull = new Float64Array(unknowns)
  const touched = new Set<number>()
  for (let g = 0; g + 1 < order.starts.length; g++) {
    for (let at = order.starts[g]!; at < order.starts[g + 1]!; at++) {
      const n = order.rows[at]!
      const amount = weight[n]! * (score[n]! - sigmoid(oddsOf(design, point, strengths, n)))
      pull[i[n]!] = pull[i[n]!]! + amount
      pull[j[n]!] = pull[j[n]!]! - amount
      touched.add(i[n]!).add(j[n]!)
      for (let f = 0; f < columns; f++) pull[strengths + f] = pull[strengths + f]! + amount * z[n * columns + f]!
    }
    const at = [...touched].sort((r, s) => r - s)
    for (let f = 0; f < columns; f++) at.push(strengths + f)
    for (let r = 0; r < at.length; r++) {
      for (let s = 0; s <= r; s++) {
        const cell = at[r]! * unknowns + at[s]!
        meat[cell] = meat[cell]! + pull[at[r]!]! * pull[at[s]!]!
      }
    }
    for (const r of at) pull[r] = 0
    touched.clear()
  }
  return order.starts.length - 1
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
