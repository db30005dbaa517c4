import type { Rated } from './bradley-terry.ts'
import { type Counts, type Halves, pairTally, winsOf } from './comparison.ts'
import { type Separation, separation } from './components.ts'
import type { Covariance } from './intervals.ts'
import { cholesky, solve } from './linear-algebra.ts'
import { largest, maximise } from './maximise.ts'
import { centreGroup, fillGroups, inverseWithout } from './null-directions.ts'
import { pairTable } from './pair-table.ts'

/**
 * A model of three outcomes that depends on the difference d of two strengths and one tie parameter x.
 * `cell` writes log probability, score (d, x) and information (dd, dx, xx) of one vote: 0 won, 1 lost, 2 tie.
 */
export type TieKernel = {
  cell(outcome: 0 | 1 | 2, d: number, x: number, into: Float64Array): void
  /** A starting x for a share of ties strictly between 0 and 1. */
  start(tieShare: number): number
  isValid(x: number): boolean
}

export type TieFitStatus = 'fitted' | 'no_ties' | 'no_decisive_votes' | 'no_finite_models'

export type TieFit = Rated &
  Pick<Separation, 'pieces' | 'status' | 'within'> & {
    fitted: TieFitStatus
    /** The tie parameter in the kernel's own terms; NaN unless fitted. */
    x: number
    seX: number
    converged: boolean
    steps: number
    gradientMax: number
    logLikelihood: number
    aic: number
    bic: number
    /** Inverse observed information, mean 0 per piece. */
    covariance: Covariance
    halves: Required<Halves>
  }

type Cells = { i: Uint16Array; j: Uint16Array; count: Float64Array }
type Problem = { cells: Cells; groups: Uint16Array[]; size: number; ghost: number }

/**
 * Joint maximum of strengths and tie parameter over the finite models of all pieces (they share the parameter), by
 * Newton with step halving from the half-win fit. With a ghost every model is in, pieces or not.
 * `ties` and `bothBad` set to 'drop' leave those votes out; otherwise both are ties. O(models^3) per step.
 */
export function fitTieModel(
  n: Counts,
  kernel: TieKernel,
  { ghost = 0, ...o }: Halves & { ghost?: number } = {},
): TieFit {
  const { models } = n
  const halves = { ties: o.ties ?? 'half', bothBad: o.bothBad ?? 'half' } as const
  const wins = winsOf(n, halves)
  const apart = separation(wins, models)
  const everyone = Uint16Array.from({ length: models }, (_, i) => i)
  const blocks = ghost > 0 ? [everyone] : apart.blocks
  const rated = Uint16Array.from(blocks.flatMap((block) => [...block])).sort()
  const position = new Int32Array(models).fill(-1)
  rated.forEach((model, r) => {
    position[model] = r
  })
  const groups = blocks.filter(({ length }) => length > 0).map((block) => block.map((model) => position[model]!))
  const cells = cellsOf(n, halves, rated, ghost > 0 ? new Uint16Array(models) : apart.piece)
  const problem = { cells, groups: ghost > 0 ? [] : groups, size: rated.length, ghost }
  const unknowns = rated.length + 1
  const fit: TieFit = {
    ...apart,
    theta: new Float64Array(models).fill(Number.NaN),
    fitted: statusOf(problem),
    x: Number.NaN,
    seX: Number.NaN,
    converged: false,
    steps: 0,
    gradientMax: Number.NaN,
    logLikelihood: Number.NaN,
    aic: Number.NaN,
    bic: Number.NaN,
    covariance: emptyCovariance(models),
    halves,
  }
  if (fit.fitted !== 'fitted') return fit

  const at = new Float64Array(unknowns)
  for (const block of blocks) {
    if (block.length === 0) continue
    const { theta } = maximise(pairTable(wins, models, block), { ghost })
    block.forEach((model, r) => {
      at[position[model]!] = theta[r]!
    })
  }
  at[rated.length] = kernel.start(tieShare(problem))
  const { steps, gradientMax } = climb(problem, kernel, at)
  const votes = cells.count.reduce((sum, count) => sum + count, 0)
  const { v, seX } = informationInverse(problem, kernel, at)
  const free = rated.length - problem.groups.length + 1
  const logLikelihood = likelihood(problem, kernel, at)
  rated.forEach((model, r) => {
    fit.theta[model] = at[r]!
    for (let s = 0; s < rated.length; s++) {
      const together = ghost > 0 || apart.piece[model] === apart.piece[rated[s]!]
      if (together) fit.covariance.v[model * models + rated[s]!] = v[r * unknowns + s]!
    }
    fit.covariance.se[model] = Math.sqrt(Math.max(0, v[r * unknowns + r]!))
  })
  return {
    ...fit,
    x: at[rated.length]!,
    seX,
    converged: gradientMax <= 1e-9 * Math.max(1, votes),
    steps,
    gradientMax,
    logLikelihood,
    aic: 2 * free - 2 * logLikelihood,
    bic: free * Math.log(votes) - 2 * logLikelihood,
  }
}

function cellsOf(n: Counts, halves: Required<Halves>, rated: Uint16Array, piece: Uint16Array): Cells {
  const weighted = { ...n, votes: n.weight }
  const i: number[] = []
  const j: number[] = []
  const count: number[] = []
  for (let r = 0; r < rated.length; r++) {
    for (let s = r + 1; s < rated.length; s++) {
      if (piece[rated[r]!] !== piece[rated[s]!]) continue
      const { wins, losses, ties, bothBad } = pairTally(weighted, rated[r]!, rated[s]!)
      const even = (halves.ties === 'half' ? ties : 0) + (halves.bothBad === 'half' ? bothBad : 0)
      if (wins + losses + even === 0) continue
      i.push(r)
      j.push(s)
      count.push(wins, losses, even)
    }
  }
  return { i: Uint16Array.from(i), j: Uint16Array.from(j), count: Float64Array.from(count) }
}

/** The ghost's votes are decisive ones. */
function tieShare({ cells: { count }, ghost, size }: Problem): number {
  let ties = 0
  let all = 2 * ghost * size
  for (let at = 0; at < count.length; at++) {
    all += count[at]!
    if (at % 3 === 2) ties += count[at]!
  }
  return ties / all
}

function statusOf(problem: Problem): TieFitStatus {
  if (problem.cells.i.length === 0) return 'no_finite_models'
  const share = tieShare(problem)
  return share === 0 ? 'no_ties' : share === 1 ? 'no_decisive_votes' : 'fitted'
}

function likelihood(problem: Problem, kernel: TieKernel, at: Float64Array): number {
  const { cells, size, ghost } = problem
  const x = at[size]!
  if (!kernel.isValid(x)) return Number.NEGATIVE_INFINITY
  const out = new Float64Array(6)
  let total = 0
  eachCell(cells, at, (outcome, d, count) => {
    kernel.cell(outcome, d, x, out)
    total += count * out[0]!
  })
  for (let r = 0; ghost > 0 && r < size; r++) {
    for (const outcome of [0, 1] as const) {
      kernel.cell(outcome, at[r]!, x, out)
      total += ghost * out[0]!
    }
  }
  return total
}

function eachCell(
  { i, j, count }: Cells,
  at: Float64Array,
  visit: (outcome: 0 | 1 | 2, d: number, count: number, i: number, j: number) => void,
) {
  for (let k = 0; k < i.length; k++) {
    const d = at[i[k]!]! - at[j[k]!]!
    if (count[3 * k]! > 0) visit(0, d, count[3 * k]!, i[k]!, j[k]!)
    if (count[3 * k + 1]! > 0) visit(1, d, count[3 * k + 1]!, i[k]!, j[k]!)
    if (count[3 * k + 2]! > 0) visit(2, d, count[3 * k + 2]!, i[k]!, j[k]!)
  }
}

/** Gradient and information (lower triangle) at a point; the tie parameter is the last row. */
function derivatives(problem: Problem, kernel: TieKernel, at: Float64Array) {
  const { cells, size, ghost } = problem
  const unknowns = size + 1
  const x = at[size]!
  const g = new Float64Array(unknowns)
  const h = new Float64Array(unknowns * unknowns)
  const out = new Float64Array(6)
  const add = (row: number, column: number, amount: number) => {
    h[row * unknowns + column] = h[row * unknowns + column]! + amount
  }
  eachCell(cells, at, (outcome, d, count, i, j) => {
    kernel.cell(outcome, d, x, out)
    g[i] = g[i]! + count * out[1]!
    g[j] = g[j]! - count * out[1]!
    g[size] = g[size]! + count * out[2]!
    add(i, i, count * out[3]!)
    add(j, j, count * out[3]!)
    add(Math.max(i, j), Math.min(i, j), -count * out[3]!)
    add(size, i, count * out[4]!)
    add(size, j, -count * out[4]!)
    add(size, size, count * out[5]!)
  })
  for (let r = 0; ghost > 0 && r < size; r++) {
    for (const outcome of [0, 1] as const) {
      kernel.cell(outcome, at[r]!, x, out)
      g[r] = g[r]! + ghost * out[1]!
      g[size] = g[size]! + ghost * out[2]!
      add(r, r, ghost * out[3]!)
      add(size, r, ghost * out[4]!)
      add(size, size, ghost * out[5]!)
    }
  }
  return { g, h }
}

function climb(problem: Problem, kernel: TieKernel, at: Float64Array) {
  const { groups } = problem
  const unknowns = at.length
  const trial = new Float64Array(unknowns)
  let gradientMax = Number.POSITIVE_INFINITY
  let before = Number.POSITIVE_INFINITY
  let steps = 0
  for (; steps < 50; steps++) {
    const { g, h } = derivatives(problem, kernel, at)
    gradientMax = largest(g)
    fillGroups(h, unknowns, groups)
    const factor = cholesky(h, unknowns)
    if (!factor) break
    const step = solve(factor, g)
    const longest = largest(step)
    const cap = longest > 3 ? 3 / longest : 1
    const now = likelihood(problem, kernel, at)
    // Close to the maximum, rounding in the likelihood says nothing any more: the full step is taken.
    for (let fraction = cap; fraction > 1e-9; fraction /= 2) {
      for (let r = 0; r < unknowns; r++) trial[r] = at[r]! + fraction * step[r]!
      if (likelihood(problem, kernel, trial) >= now || (longest < 1e-6 && kernel.isValid(trial[unknowns - 1]!))) break
    }
    at.set(trial)
    for (const group of groups) centreGroup(at, group)
    if (longest < 1e-12 || (longest < 1e-9 && longest > before / 2)) break
    before = longest
  }
  gradientMax = largest(derivatives(problem, kernel, at).g)
  return { steps, gradientMax }
}

function informationInverse(problem: Problem, kernel: TieKernel, at: Float64Array) {
  const unknowns = at.length
  const { h } = derivatives(problem, kernel, at)
  const v = inverseWithout(h, unknowns, problem.groups)
  return { v, seX: Math.sqrt(v[v.length - 1]!) }
}

const emptyCovariance = (models: number): Covariance => ({
  kind: 'fisher',
  anchor: null,
  models,
  v: new Float64Array(models * models).fill(Number.NaN),
  se: new Float64Array(models).fill(Number.NaN),
  guarded: new Uint8Array(models),
  clusters: [],
})
