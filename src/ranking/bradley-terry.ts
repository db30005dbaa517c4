import { type Counts, type Halves, winsOf } from './comparison.ts'
import { type Separation, type Status, separation } from './components.ts'
import { cholesky, inverse } from './linear-algebra.ts'
import { ghostCurvature, information, maximise, sigmoid } from './maximise.ts'
import { pairTable } from './pair-table.ts'

/** Rating points per unit of natural-log strength: 400 points are odds of ten to one. */
export const pointsPerLog = 400 / Math.LN10

export type Fit = {
  /** Natural-log strengths, mean 0 over the finite models of each piece; NaN for models without a finite maximum. */
  theta: Float64Array
  status: Status[]
  /** The status inside the model's own piece; differs from `status` only outside the largest piece. */
  within: Status[]
  piece: Uint16Array
  pieces: number
  /** Per piece, ascending: the models that are finite there. */
  blocks: Uint16Array[]
  converged: boolean
  /** Newton steps plus sweeps, all pieces together. */
  steps: number
  gradientMax: number
  /** Natural log, of the votes inside the finite blocks. */
  logLikelihood: number
  /** Which votes were read as half wins: later steps must count the same way. */
  halves: Required<Halves>
}

/** What later steps need of any fit: its numbers and where they can be compared. */
export type Rated = Pick<Fit, 'theta' | 'piece' | 'blocks'>

/**
 * Bradley-Terry ratings by maximum likelihood, exact: within 1e-9 of the gradient's zero, independent of the order
 * of votes and of sides, bit by bit. Ties and both-bad votes are half a win each way, or dropped.
 * A finite maximum exists only inside a strong component of the graph of wins, so each piece of the graph is rated
 * on its main component and every other model carries a status and NaN instead of a number.
 * `start` is a warm start per model (natural log); NaN entries are ignored; it is never written.
 * O(models^2) per step and O(models^3) for one or two factorings; nothing in the number of votes.
 * Sources: Bradley and Terry 1952; Ford 1957; Newman, JMLR 24:238 (2023).
 */
export function fitBradleyTerry(n: Counts, o: Halves & { start?: Float64Array } = {}): Fit {
  const { models } = n
  const halves = { ties: o.ties ?? 'half', bothBad: o.bothBad ?? 'half' } as const
  const wins = winsOf(n, halves)
  const apart: Separation = separation(wins, models)
  const fit: Fit = {
    ...apart,
    theta: new Float64Array(models).fill(Number.NaN),
    converged: true,
    steps: 0,
    gradientMax: 0,
    logLikelihood: 0,
    halves,
  }
  for (const block of apart.blocks) {
    if (block.length === 0) continue
    const start = o.start && Float64Array.from(block, (i) => (Number.isFinite(o.start![i]!) ? o.start![i]! : 0))
    const maximum = maximise(pairTable(wins, models, block), { start })
    block.forEach((i, r) => {
      fit.theta[i] = maximum.theta[r]!
    })
    fit.converged &&= maximum.converged
    fit.steps += maximum.steps + maximum.sweeps
    fit.gradientMax = Math.max(fit.gradientMax, maximum.gradientMax)
    fit.logLikelihood += maximum.logLikelihood
  }
  return fit
}

export type GhostFit = {
  /** Natural log, relative to the ghost at 0; finite for every model. */
  theta: Float64Array
  /** Inverse of the penalised information, models * models: variances of theta relative to the ghost. */
  v: Float64Array
  converged: boolean
  logLikelihood: number
}

/**
 * Ratings under the ghost prior: every model also has `strength` pseudo-wins and as many pseudo-losses against a
 * ghost fixed at 0. Always finite, also across pieces, and it fades as votes come. Numbers of models without a
 * finite maximum are shown from here, named as provisional.
 * Source: the npseudo idea of Turner et al., PlackettLuce (Computational Statistics 2020).
 */
export function fitWithGhost(n: Counts, o: Halves & { strength?: number; start?: Float64Array } = {}): GhostFit {
  const { models } = n
  const ghost = o.strength ?? 0.5
  if (!(ghost > 0)) throw new RangeError(`ghost strength ${ghost} is not positive`)
  const everyone = Uint16Array.from({ length: models }, (_, i) => i)
  const table = pairTable(winsOf(n, o), models, everyone)
  const { theta, converged, logLikelihood } = maximise(table, { ghost, start: o.start })
  const p = new Float64Array(table.i.length)
  const q = new Float64Array(table.i.length)
  for (let k = 0; k < p.length; k++) {
    p[k] = sigmoid(theta[table.i[k]!]! - theta[table.j[k]!]!)
    q[k] = sigmoid(theta[table.j[k]!]! - theta[table.i[k]!]!)
  }
  const h = new Float64Array(models * models)
  information(table, p, q, h)
  for (let i = 0; i < models; i++) h[i * models + i] = h[i * models + i]! + ghostCurvature(theta[i]!, ghost)
  const factor = cholesky(h, models)
  return {
    theta,
    v: factor ? inverse(factor) : new Float64Array(models * models).fill(Number.NaN),
    converged: converged && factor !== null,
    logLikelihood,
  }
}
