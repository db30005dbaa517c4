import type { Fit } from './bradley-terry.ts'
import type { Comparisons } from './comparison.ts'
import { cholesky, solve } from './linear-algebra.ts'
import { largest, sigmoid } from './maximise.ts'
import { centreGroup, fillGroups, type Groups } from './null-directions.ts'

/** The votes of a fit with covariates, ready to be passed over: strengths first, then one coefficient a column. */
export type Design = {
  rated: Uint16Array
  groups: Groups
  /** Positions among the rated of both sides, score, weight and columns of the votes fitted; `vote` is their number. */
  i: Uint16Array
  j: Uint16Array
  score: Float64Array
  weight: Float64Array
  z: Float64Array
  columns: number
  /** Largest size of each column. */
  reach: Float64Array
  vote: Uint32Array
  /** Ridge added to the information of a strength and of a coefficient. */
  ridge: [number, number]
}

/** The votes inside the finite blocks of a plain fit; with a penalty everything is finite and all votes are in. */
export function designOf(
  c: Comparisons,
  features: Float64Array,
  columns: number,
  plain: Fit,
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
    reach: new Float64Array(columns),
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
  for (let f = 0; f < columns; f++) {
    let most = 0
    for (let cell = f; cell < design.z.length; cell += columns) most = Math.max(most, Math.abs(design.z[cell]!))
    design.reach[f] = most
  }
  return design
}

export function keepColumns(design: Design, kept: number[]): Design {
  if (kept.length === design.columns) return design
  const z = new Float64Array(design.i.length * kept.length)
  for (let n = 0; n < design.i.length; n++) {
    for (let f = 0; f < kept.length; f++) z[n * kept.length + f] = design.z[n * design.columns + kept[f]!]!
  }
  return { ...design, z, columns: kept.length, reach: Float64Array.from(kept, (f) => design.reach[f]!) }
}

export type Ascent = {
  steps: number
  gradientMax: number
  converged: boolean
  diverged: boolean
  information: Float64Array
}

/**
 * Newton with step halving from `point`, in place, until the error is lost in rounding. A coefficient beyond 10 means
 * that a column decides the votes: it has diverged. `information` is that at the end (lower triangle).
 * `first` are the derivatives at the start, where the caller has them.
 */
export function climb(design: Design, point: Float64Array, first: Derivatives | null = null): Ascent {
  const { groups, rated, columns } = design
  const unknowns = point.length
  const trial = new Float64Array(unknowns)
  const votes = design.weight.reduce((sum, weight) => sum + weight, 0)
  let before = Number.POSITIVE_INFINITY
  let steps = 0
  while (steps < 50) {
    steps += 1
    const { g, h } = steps === 1 && first ? first : derivatives(design, point)
    fillGroups(h, unknowns, groups)
    const factor = cholesky(h, unknowns)
    if (!factor) break
    const step = solve(factor, g)
    const longest = largest(step)
    let fraction = longest > 3 ? 3 / longest : 1
    const now = surelyAscends(design, step) ? Number.NEGATIVE_INFINITY : likelihood(design, point)
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
  const { g, h } = derivatives(design, point)
  const gradientMax = largest(g)
  const diverged = columns > 0 && largest(point.subarray(rated.length)) > 10
  return { steps, gradientMax, converged: gradientMax <= 1e-9 * Math.max(1, votes), diverged, information: h }
}

/** No vote's log-odds move by ln 2: curvature at most doubles, so a full Newton step cannot descend. */
function surelyAscends({ rated, columns, reach }: Design, step: Float64Array): boolean {
  let moved = 2 * largest(step.subarray(0, rated.length))
  for (let f = 0; f < columns; f++) moved += Math.abs(step[rated.length + f]!) * reach[f]!
  return moved < Math.LN2
}

/** Log-odds of vote n. */
export function oddsOf({ i, j, z, columns }: Design, point: Float64Array, strengths: number, n: number): number {
  let d = point[i[n]!]! - point[j[n]!]!
  for (let f = 0; f < columns; f++) d += point[strengths + f]! * z[n * columns + f]!
  return d
}

/** log(sigma(d)^y sigma(-d)^(1-y)) = y d - log(1 + e^d), written so that neither end overflows. */
export function likelihood(design: Design, point: Float64Array): number {
  const { score, weight, rated, ridge } = design
  let total = 0
  for (let n = 0; n < score.length; n++) {
    const d = oddsOf(design, point, rated.length, n)
    total += weight[n]! * (score[n]! * d - (d > 0 ? d + Math.log1p(Math.exp(-d)) : Math.log1p(Math.exp(d))))
  }
  for (let r = 0; r < point.length; r++) total -= (ridge[r < rated.length ? 0 : 1]! / 2) * point[r]! ** 2
  return total
}

export type Derivatives = { g: Float64Array; h: Float64Array }

/** Gradient and information (lower triangle) in one pass over the votes. */
export function derivatives(design: Design, point: Float64Array): Derivatives {
  const { i, j, score, weight, z, columns, rated, ridge } = design
  const strengths = rated.length
  const unknowns = point.length
  const ridgeOf = (r: number) => ridge[r < strengths ? 0 : 1]!
  const g = point.map((value, r) => -ridgeOf(r) * value)
  const h = new Float64Array(unknowns * unknowns)
  for (let n = 0; n < i.length; n++) {
    const p = sigmoid(oddsOf(design, point, strengths, n))
    const pull = weight[n]! * (score[n]! - p)
    g[i[n]!] = g[i[n]!]! + pull
    g[j[n]!] = g[j[n]!]! - pull
    for (let f = 0; f < columns; f++) g[strengths + f] = g[strengths + f]! + pull * z[n * columns + f]!
    addVote(design, n, weight[n]! * p * (1 - p), h, unknowns)
  }
  for (let r = 0; r < unknowns; r++) h[r * unknowns + r] = h[r * unknowns + r]! + ridgeOf(r)
  return { g, h }
}

/** Adds amount * x x' of vote n to the lower triangle, x = (e_i - e_j, z). */
export function addVote(
  { i, j, z, columns, rated }: Design,
  n: number,
  amount: number,
  h: Float64Array,
  unknowns: number,
) {
  const strengths = rated.length
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
