import { type Counts, type Halves, winsOf } from './comparison.ts'
import { cholesky, inverse, solve } from './linear-algebra.ts'
import { information, largest, logLikelihood, sigmoid } from './maximise.ts'
import { type PairTable, pairTable } from './pair-table.ts'

export type RidgeFit = {
  /** Natural log; sums to 0 by itself. Finite for every model, also without votes. */
  theta: Float64Array
  /** Information with the ridge on its diagonal, and its inverse: models * models. */
  information: Float64Array
  v: Float64Array
  converged: boolean
}

/**
 * Ratings that minimise -log likelihood + lambda/2 |theta|^2: a reference that exists for any votes, for judging new
 * votes against. Never a published rating: unlike the ghost it pulls all models towards one another by a fixed force.
 * Newton from zero with step halving, concave; O(models^3) per step. Throws RangeError unless lambda > 0.
 * choix's `alpha` is lambda / 2.
 */
export function fitWithRidge(n: Counts, lambda: number, o: Halves = {}): RidgeFit {
  if (!(lambda > 0)) throw new RangeError(`ridge ${lambda} is not positive`)
  const { models } = n
  const everyone = Uint16Array.from({ length: models }, (_, i) => i)
  const table = pairTable(winsOf(n, o), models, everyone)
  let theta = new Float64Array(models)
  let settled = false
  for (let steps = 0; steps < 100 && !settled; steps++) {
    const { gradient, h } = derivatives(table, theta, lambda)
    const factor = cholesky(h, models)
    if (!factor) break
    const step = solve(factor, gradient)
    const longest = largest(step)
    const now = objective(table, theta, lambda)
    let moved = theta
    for (let fraction = 1; fraction > 1e-9; fraction /= 2) {
      moved = theta.map((value, i) => value + fraction * step[i]!)
      // Near the maximum rounding in the objective says nothing any more.
      if (longest < 1e-6 || objective(table, moved, lambda) >= now) break
    }
    theta = moved
    settled = longest < 1e-11
  }
  const { h } = derivatives(table, theta, lambda)
  for (let i = 0; i < models; i++) for (let j = 0; j < i; j++) h[j * models + i] = h[i * models + j]!
  const factor = cholesky(h, models)
  const v = factor ? inverse(factor) : new Float64Array(models * models).fill(Number.NaN)
  return { theta, information: h, v, converged: settled && factor !== null }
}

const objective = (table: PairTable, theta: Float64Array, lambda: number) =>
  logLikelihood(table, theta) - (lambda / 2) * theta.reduce((sum, value) => sum + value ** 2, 0)

function derivatives(table: PairTable, theta: Float64Array, lambda: number) {
  const { size, i, j, wins, losses } = table
  const gradient = theta.map((value) => -lambda * value)
  const p = new Float64Array(i.length)
  const q = new Float64Array(i.length)
  for (let k = 0; k < i.length; k++) {
    const d = theta[i[k]!]! - theta[j[k]!]!
    p[k] = sigmoid(d)
    q[k] = sigmoid(-d)
    const pull = wins[k]! * q[k]! - losses[k]! * p[k]!
    gradient[i[k]!] = gradient[i[k]!]! + pull
    gradient[j[k]!] = gradient[j[k]!]! - pull
  }
  const h = new Float64Array(size * size)
  information(table, p, q, h)
  for (let r = 0; r < size; r++) h[r * size + r] = h[r * size + r]! + lambda
  return { gradient, h }
}
