import { cholesky, type Factor, solve } from './linear-algebra.ts'
import { type PairTable, type Rows, rowsOf } from './pair-table.ts'

/** Above this many models the O(models^3) factor is not worth its time: sweeps run to the end. */
const newtonModelsMax = 1500
/** With steps below this, no pair's difference moves by ln 2, so curvature at most doubles and every step ascends. */
const surelyAscends = Math.LN2 / 2
/** exp of anything beyond this would overflow in a ratio of strengths. */
const strengthLogMax = 300

export type Maximum = {
  /** Natural-log strengths, mean 0 (with a ghost: relative to the ghost at 0). */
  theta: Float64Array
  converged: boolean
  sweeps: number
  steps: number
  /** Largest absolute gradient entry at theta, in votes. */
  gradientMax: number
  logLikelihood: number
}

export type Tuning = {
  start?: Float64Array | undefined
  /** Pseudo-wins, and as many pseudo-losses, of each model against a ghost fixed at 0. */
  ghost?: number
}

/**
 * The exact Bradley-Terry maximum over one strongly connected block (or any block when there is a ghost).
 * Newman's sweeps come close in a few passes, Newton finishes: sweeps alone crawl when groups hang on few votes.
 * `start` is read, never written. Sources: Newman, JMLR 24:238 (2023); Newton-Raphson on the graph Laplacian.
 * `converged` is the test that the gradient is below 1e-9 of the votes, whatever path led there, and that steps had
 * stopped mattering: a gradient alone is small anywhere far out on a flat slope.
 */
export function maximise(table: PairTable, { start, ghost = 0 }: Tuning = {}): Maximum {
  const { size } = table
  const theta = start ? start.slice() : new Float64Array(size)
  if (!start?.every(Number.isFinite)) theta.fill(0)
  if (ghost === 0) centre(theta)
  const large = size > newtonModelsMax
  // A warm start is close already: Newton, which checks its own steps, needs no help to get there.
  const sweeps =
    start && !large ? 0 : sweep(table, rowsOf(table), theta, ghost, large ? 1e-12 : 1e-3, large ? 200_000 : 30)
  const work = workspace(size, table.i.length)
  const { steps, settled } = large ? { steps: 0, settled: true } : newton(table, theta, ghost, work)
  gradient(table, theta, ghost, work)
  const gradientMax = largest(work.gradient)
  const votes = sum(table.wins) + sum(table.losses)
  return {
    theta,
    converged: settled && gradientMax <= 1e-9 * Math.max(1, votes),
    sweeps,
    steps,
    gradientMax,
    logLikelihood: logLikelihood(table, theta, ghost),
  }
}

/** Newman's fixed-point sweeps, Gauss-Seidel over rows, until no log strength moves by `tolerance`. Returns passes. */
export function sweep(
  { size, wins, losses }: PairTable,
  { start, opponent, pair }: Rows,
  theta: Float64Array,
  ghost: number,
  tolerance: number,
  limit: number,
): number {
  const strength = theta.map(Math.exp)
  let passes = 0
  let moved = Infinity
  while (moved >= tolerance && passes < limit && largest(theta) < strengthLogMax) {
    moved = 0
    for (let r = 0; r < size; r++) {
      const own = strength[r]!
      let numerator = ghost / (own + 1)
      let denominator = numerator
      for (let e = start[r]!; e < start[r + 1]!; e++) {
        const other = opponent[e]!
        const k = pair[e]!
        const share = 1 / (own + strength[other]!)
        numerator += (other > r ? wins[k]! : losses[k]!) * strength[other]! * share
        denominator += (other > r ? losses[k]! : wins[k]!) * share
      }
      strength[r] = numerator / denominator
    }
    for (let r = 0; r < size; r++) strength[r] = Math.log(strength[r]!)
    if (ghost === 0) centre(strength)
    for (let r = 0; r < size; r++) {
      moved = Math.max(moved, Math.abs(strength[r]! - theta[r]!))
      theta[r] = strength[r]!
      strength[r] = Math.exp(theta[r]!)
    }
    passes += 1
  }
  return passes
}

type Workspace = {
  /** Per pair: the model's probability that i beats j, and that j beats i (not one minus it: both keep precision). */
  p: Float64Array
  q: Float64Array
  gradient: Float64Array
  step: Float64Array
  trial: Float64Array
  strength: Float64Array
  hessian: Float64Array
  lower: Float64Array
}

const workspace = (size: number, pairs: number): Workspace => ({
  p: new Float64Array(pairs),
  q: new Float64Array(pairs),
  gradient: new Float64Array(size),
  step: new Float64Array(size),
  trial: new Float64Array(size),
  strength: new Float64Array(size),
  hessian: new Float64Array(size <= newtonModelsMax ? size * size : 0),
  lower: new Float64Array(size <= newtonModelsMax ? size * size : 0),
})

/**
 * Refits of one block whose votes change while its pairs do not, as in a bootstrap: each starts from `theta` with the
 * curvature found there. Call it after writing to `table.wins` and `table.losses`; the result is overwritten by the
 * next call. Null when no step led to a maximum; strong connection is the caller's to check.
 */
export function refitter(table: PairTable, theta: Float64Array, tolerance = 1e-8): () => Float64Array | null {
  const work = workspace(table.size, table.i.length)
  const rows = rowsOf(table)
  const large = table.size > newtonModelsMax
  gradient(table, theta, 0, work)
  const first = large ? null : factored(table, 0, theta, work)
  const lower = first?.lower.slice()
  const refitted = new Float64Array(table.size)
  return () => {
    refitted.set(theta)
    if (large) return sweep(table, rows, refitted, 0, tolerance, 10_000) < 10_000 ? refitted : null
    const factor = lower ? { size: table.size, lower } : null
    return newton(table, refitted, 0, work, { factor, tolerance }).settled ? refitted : null
  }
}

/**
 * Newton steps in place until they stop mattering; a factor is kept while steps with it still shrink tenfold, since
 * near the maximum the old curvature serves as well and factoring is the dear part. Not settled: fifty steps were not enough, or the curvature could not be factored.
 */
function newton(
  table: PairTable,
  theta: Float64Array,
  ghost: number,
  work: Workspace,
  { factor: given = null, tolerance = 1e-12 }: { factor?: Factor | null; tolerance?: number } = {},
): { steps: number; settled: boolean } {
  const { step } = work
  let factor = given
  let before = Infinity
  let stalled = 0
  for (let steps = 1; steps <= 50; steps++) {
    gradient(table, theta, ghost, work)
    const fresh: boolean = factor === null
    factor ??= factored(table, ghost, theta, work)
    if (!factor) return { steps, settled: false }
    solve(factor, work.gradient, step)
    let size = largest(step)
    if (size > 3) {
      for (let r = 0; r < step.length; r++) step[r] = step[r]! * (3 / size)
      size = 3
    }
    advance(table, theta, ghost, work, size)
    if (size < tolerance) return { steps, settled: true }
    stalled = fresh && size < 1e-7 && size > before / 2 ? stalled + 1 : 0
    // Rounding in the gradient can hold the step above 1e-12 when one direction is weakly known.
    if (stalled === 2) return { steps, settled: true }
    if (size > before / 10 || size > 0.01) factor = null
    before = size
  }
  return { steps: 50, settled: false }
}

function advance(table: PairTable, theta: Float64Array, ghost: number, work: Workspace, size: number) {
  const { step, trial } = work
  let fraction = 1
  if (size > surelyAscends) {
    const now = logLikelihood(table, theta, ghost)
    for (; fraction > 1e-6; fraction /= 2) {
      for (let r = 0; r < trial.length; r++) trial[r] = theta[r]! + fraction * step[r]!
      if (logLikelihood(table, trial, ghost) >= now) break
    }
  }
  for (let r = 0; r < theta.length; r++) theta[r] = theta[r]! + fraction * step[r]!
  if (ghost === 0) centre(theta)
}

/** Fills the pair probabilities and the gradient of the log likelihood. */
function gradient({ i, j, wins, losses }: PairTable, theta: Float64Array, ghost: number, work: Workspace) {
  const { gradient: g, p, q, strength } = work
  const safe = largest(theta) >= strengthLogMax
  for (let r = 0; r < g.length; r++) {
    strength[r] = Math.exp(theta[r]!)
    g[r] = ghost === 0 ? 0 : ghost * (1 - 2 * sigmoid(theta[r]!))
  }
  for (let k = 0; k < i.length; k++) {
    const own = i[k]!
    const other = j[k]!
    if (safe) {
      p[k] = sigmoid(theta[own]! - theta[other]!)
      q[k] = sigmoid(theta[other]! - theta[own]!)
    } else {
      const share = 1 / (strength[own]! + strength[other]!)
      p[k] = strength[own]! * share
      q[k] = strength[other]! * share
    }
    const pull = wins[k]! * q[k]! - losses[k]! * p[k]!
    g[own] = g[own]! + pull
    g[other] = g[other]! - pull
  }
}

/** Cholesky factor of the information, with the constant direction filled in so that it can be inverted. */
function factored(table: PairTable, ghost: number, theta: Float64Array, work: Workspace): Factor | null {
  const { size } = table
  information(table, work.p, work.q, work.hessian)
  if (ghost === 0) fillConstant(work.hessian, size)
  else
    for (let r = 0; r < size; r++)
      work.hessian[r * size + r] = work.hessian[r * size + r]! + ghostCurvature(theta[r]!, ghost)
  return cholesky(work.hessian, size, work.lower)
}

export const ghostCurvature = (theta: number, ghost: number) => 2 * ghost * sigmoid(theta) * sigmoid(-theta)

/** Lower triangle and diagonal of the negative Hessian at the pair probabilities p, q: a weighted graph Laplacian. */
export function information(
  { size, i, j, wins, losses }: PairTable,
  p: Float64Array,
  q: Float64Array,
  into: Float64Array,
) {
  into.fill(0)
  for (let k = 0; k < i.length; k++) {
    const own = i[k]!
    const other = j[k]!
    const v = (wins[k]! + losses[k]!) * p[k]! * q[k]!
    into[other * size + own] = -v
    into[own * size + own] = into[own * size + own]! + v
    into[other * size + other] = into[other * size + other]! + v
  }
}

/** As fillGroups of null-directions.ts for one group of everything, without index arrays: this one runs per vote. */
function fillConstant(matrix: Float64Array, size: number) {
  let level = 0
  for (let r = 0; r < size; r++) level += matrix[r * size + r]! / size
  if (level === 0) level = 1
  for (let r = 0; r < size; r++) {
    for (let c = 0; c <= r; c++) matrix[r * size + c] = matrix[r * size + c]! + level / size
  }
}

export function logLikelihood({ i, j, wins, losses }: PairTable, theta: Float64Array, ghost = 0): number {
  let total = 0
  for (let k = 0; k < i.length; k++) {
    const d = theta[i[k]!]! - theta[j[k]!]!
    // The less likely result costs |d| more than the likely one: one exponential serves both.
    const rare = d > 0 ? losses[k]! : wins[k]!
    total -= (wins[k]! + losses[k]!) * Math.log1p(Math.exp(-Math.abs(d))) + rare * Math.abs(d)
  }
  if (ghost > 0) for (const own of theta) total += ghost * (logSigmoid(own) + logSigmoid(-own))
  return total
}

export function sigmoid(x: number): number {
  const small = Math.exp(-Math.abs(x))
  return (x >= 0 ? 1 : small) / (1 + small)
}

export const logSigmoid = (x: number) => (x >= 0 ? -Math.log1p(Math.exp(-x)) : x - Math.log1p(Math.exp(x)))

export function centre(theta: Float64Array) {
  const mean = sum(theta) / theta.length
  for (let r = 0; r < theta.length; r++) theta[r] = theta[r]! - mean
}

export function largest(values: Float64Array): number {
  let most = 0
  for (let r = 0; r < values.length; r++) {
    const size = Math.abs(values[r]!)
    if (!(size <= most)) most = size
  }
  return most
}

export function sum(values: Float64Array): number {
  let total = 0
  for (let r = 0; r < values.length; r++) total += values[r]!
  return total
}
