import { type Fit, pointsPerLog, type Rated } from './bradley-terry.ts'
import { type Comparisons, type Counts, countComparisons, type Halves, winsOf } from './comparison.ts'
import { normalQuantile, studentQuantile } from './distributions.ts'
import { guardedSquare, leverageMax, raiseToFloor } from './guard.ts'
import { sandwiched } from './linear-algebra.ts'
import { information, sigmoid } from './maximise.ts'
import { inverseWithout } from './null-directions.ts'
import { type PairTable, pairTable } from './pair-table.ts'
import { type VoterOrder, votesByVoter } from './voters.ts'

/** Below this many voters a normal quantile is too short. */
const votersForNormal = 30

export type Covariance = {
  kind: 'fisher' | 'sandwich' | 'clustered'
  /** null: relative to the mean of the piece. Otherwise relative to this model, whose own variance is 0. */
  anchor: number | null
  models: number
  /** models * models, natural-log units; NaN for models that are not finite and across pieces. */
  v: Float64Array
  /** Square roots of the diagonal, natural-log units. */
  se: Float64Array
  /** 1 where a vote with high leverage, or the floor under every contrast, raised what the residuals said. */
  guarded: Uint8Array
  /** Voters per piece, when clustered. */
  clusters: number[]
}

/** Model-based covariance H^+, mean 0 per piece. Only meaningful for weights of 1. O(models^3). */
export function fisher(n: Counts, f: Fit): Covariance {
  return perBlock('fisher', f, (block) => {
    const { hPlus } = geometry(winsOf(n, f.halves), n.models, f, block, 1)
    return { v: hPlus, guarded: new Uint8Array(block.length) }
  })
}

/**
 * Sandwich covariance H^+ B H^+ (HC0), mean 0 per piece: robust to ties counted as halves and to weights.
 * `guard` (default true) keeps it honest where votes are fitted exactly: with leverage h > 1/8 the squared residual
 * becomes max(min((y-p)^2/(1-h)^2, 1), p(1-p)), and no contrast falls under a quarter of its Fisher error.
 * Data whose largest leverage is at most 1/8 and whose votes scatter keep HC0 exactly. O(models^3).
 * Sources: White 1980; HC3 of MacKinnon and White 1985; the guard is ours (docs/METHOD.md).
 */
export function sandwich(n: Counts, f: Fit, { guard = true }: { guard?: boolean } = {}): Covariance {
  const wins = winsOf(n, f.halves)
  return perBlock('sandwich', f, (block) => {
    const mean = meanWeightInside(n, f.halves, block)
    const shape = geometry(wins, n.models, f, block, mean)
    const size = block.length
    const meat = new Float64Array(size * size)
    const guarded = new Uint8Array(size)
    const cells = new Float64Array(9)
    for (let k = 0; k < shape.table.i.length; k++) {
      const i = shape.table.i[k]!
      const j = shape.table.j[k]!
      pairCells(n, f.halves, block[i]!, block[j]!, cells)
      let pull = 0
      for (let y = 0; y < 3; y++) {
        const [count, weight, squares] = [cells[3 * y]!, cells[3 * y + 1]!, cells[3 * y + 2]!]
        if (count === 0) continue
        const residual = residualOf(shape, k, y)
        const h = (weight / count / mean) * shape.p[k]! * shape.q[k]! * shape.spread[k]!
        const high = guard && h > leverageMax
        pull += (squares / mean ** 2) * (high ? guardedSquare(residual, h, shape.p[k]! * shape.q[k]!) : residual ** 2)
        if (high) guarded[i] = guarded[j] = 1
      }
      addContrast(meat, size, i, j, pull)
    }
    if (guard) raiseToFloor(meat, shape.h, size, [shape.everyone], guarded)
    return { v: sandwiched(shape.hPlus, meat, size), guarded }
  })
}

/**
 * Sandwich covariance with one cluster a voter: votes of one person are not independent. `adjust` (default true)
 * multiplies by K/(K-1) for K voters; a vote without a voter is a cluster of its own. Guard as in `sandwich`.
 * O(votes + sum over voters of (models touched)^2 + models^3). Sources: Liang and Zeger 1986; the factor as in R
 * sandwich::vcovCL for a glm.
 */
export function clustered(
  c: Comparisons,
  f: Fit,
  { guard = true, adjust = true }: { guard?: boolean; adjust?: boolean } = {},
): Covariance {
  const n = countComparisons(c)
  const wins = winsOf(n, f.halves)
  const order = votesByVoter(c)
  const clusters: number[] = []
  const covariance = perBlock('clustered', f, (block, piece) => {
    const mean = meanWeightInside(n, f.halves, block)
    const shape = geometry(wins, n.models, f, block, mean)
    const size = block.length
    const { meat, excess, guarded, voters } = clusterMeat(c, f, block, shape, order, mean, guard)
    clusters[piece] = voters
    const factor = adjust && voters > 1 ? voters / (voters - 1) : 1
    for (let at = 0; at < meat.length; at++) meat[at] = meat[at]! * factor + excess[at]!
    if (guard) raiseToFloor(meat, shape.h, size, [shape.everyone], guarded)
    return { v: sandwiched(shape.hPlus, meat, size), guarded }
  })
  return { ...covariance, clusters }
}

/**
 * The same uncertainty seen from model `anchor`: covariance of theta_i - theta_anchor. Every standard error changes,
 * the anchor's is 0; contrasts between two others do not. Other pieces are left as they are. O(models^2).
 */
export function anchored(covariance: Covariance, f: Rated, anchor: number): Covariance {
  const { models, v } = covariance
  const moved = v.slice()
  const block = f.blocks[f.piece[anchor]!]
  if (!block?.includes(anchor)) throw new RangeError(`model ${anchor} has no finite rating to anchor on`)
  for (const i of block) {
    for (const j of block) {
      moved[i * models + j] =
        v[i * models + j]! - v[i * models + anchor]! - v[anchor * models + j]! + v[anchor * models + anchor]!
    }
  }
  return { ...covariance, anchor, v: moved, se: deviations(moved, models) }
}

export type Intervals = { rating: Float64Array; low: Float64Array; high: Float64Array; se: Float64Array }

/**
 * Ratings and intervals in points (1000 is the mean of each piece; an anchored covariance gives the anchor's own
 * 1000). With fewer than 30 voters in a piece the quantile is Student's with K-1 degrees of freedom.
 */
export function intervals(
  f: Rated,
  covariance: Covariance,
  { confidence = 0.95 }: { confidence?: number } = {},
): Intervals {
  const { models, anchor } = covariance
  const result = {
    rating: new Float64Array(models),
    low: new Float64Array(models),
    high: new Float64Array(models),
    se: new Float64Array(models),
  }
  for (let i = 0; i < models; i++) {
    const shift = anchor !== null && f.piece[i] === f.piece[anchor] ? f.theta[anchor]! : 0
    result.rating[i] = 1000 + pointsPerLog * (f.theta[i]! - shift)
    result.se[i] = pointsPerLog * covariance.se[i]!
    const reach = quantileFor(covariance, f.piece[i]!, confidence) * result.se[i]!
    result.low[i] = result.rating[i]! - reach
    result.high[i] = result.rating[i]! + reach
  }
  return result
}

export const fewVoters = ({ kind, clusters }: Covariance, piece: number) =>
  kind === 'clustered' && (clusters[piece] ?? 0) < votersForNormal

function quantileFor(covariance: Covariance, piece: number, confidence: number): number {
  const p = (1 + confidence) / 2
  if (!fewVoters(covariance, piece)) return normalQuantile(p)
  return studentQuantile(p, Math.max(1, covariance.clusters[piece]! - 1))
}

/** sqrt(v_ii + v_jj - 2 v_ij): standard error of a difference, natural log; NaN across pieces. */
export function seOfDifference({ models, v }: Covariance, i: number, j: number): number {
  return Math.sqrt(Math.max(0, v[i * models + i]! + v[j * models + j]! - 2 * v[i * models + j]!))
}

function perBlock(
  kind: Covariance['kind'],
  f: Fit,
  blockCovariance: (block: Uint16Array, piece: number) => { v: Float64Array; guarded: Uint8Array },
): Covariance {
  const models = f.theta.length
  const v = new Float64Array(models * models).fill(Number.NaN)
  const guarded = new Uint8Array(models)
  f.blocks.forEach((block, piece) => {
    if (block.length === 0) return
    const own = blockCovariance(block, piece)
    for (let r = 0; r < block.length; r++) {
      guarded[block[r]!] = own.guarded[r]!
      for (let s = 0; s < block.length; s++) v[block[r]! * models + block[s]!] = own.v[r * block.length + s]!
    }
  })
  return { kind, anchor: null, models, v, se: deviations(v, models), guarded, clusters: [] }
}

function deviations(v: Float64Array, models: number): Float64Array {
  return Float64Array.from({ length: models }, (_, i) => Math.sqrt(Math.max(0, v[i * models + i]!)))
}

type Shape = {
  table: PairTable
  p: Float64Array
  q: Float64Array
  /** x' H^+ x of each pair. */
  spread: Float64Array
  /** Information and its pseudo-inverse, weights scaled to mean 1. */
  h: Float64Array
  hPlus: Float64Array
  everyone: Uint16Array
}

function geometry(wins: Float64Array, models: number, f: Fit, block: Uint16Array, meanWeight: number): Shape {
  const table = pairTable(wins, models, block)
  for (let k = 0; k < table.i.length; k++) {
    table.wins[k] = table.wins[k]! / meanWeight
    table.losses[k] = table.losses[k]! / meanWeight
  }
  const { size } = table
  const p = new Float64Array(table.i.length)
  const q = new Float64Array(table.i.length)
  for (let k = 0; k < p.length; k++) {
    const d = f.theta[block[table.i[k]!]!]! - f.theta[block[table.j[k]!]!]!
    p[k] = sigmoid(d)
    q[k] = sigmoid(-d)
  }
  const h = new Float64Array(size * size)
  information(table, p, q, h)
  const everyone = Uint16Array.from({ length: size }, (_, r) => r)
  const hPlus = inverseWithout(h, size, [everyone])
  const spread = new Float64Array(p.length)
  for (let k = 0; k < p.length; k++) {
    const i = table.i[k]!
    const j = table.j[k]!
    spread[k] = hPlus[i * size + i]! + hPlus[j * size + j]! - 2 * hPlus[i * size + j]!
  }
  return { table, p, q, spread, h, hPlus, everyone }
}

const residualOf = ({ p, q }: Shape, k: number, y: number) => (y === 0 ? q[k]! : y === 1 ? -p[k]! : (q[k]! - p[k]!) / 2)

/** Votes, weights and squared weights of a pair by result: i won, j won, half. */
function pairCells(n: Counts, halves: Required<Halves>, i: number, j: number, into: Float64Array) {
  const ij = (i * n.models + j) * 4
  const ji = (j * n.models + i) * 4
  const tie = Number(halves.ties === 'half')
  const bad = Number(halves.bothBad === 'half')
  const columns = [n.votes, n.weight, n.weightSquared]
  for (let at = 0; at < 3; at++) {
    const column = columns[at]!
    into[at] = column[ij]! + column[ji + 1]!
    into[3 + at] = column[ij + 1]! + column[ji]!
    into[6 + at] = tie * (column[ij + 2]! + column[ji + 2]!) + bad * (column[ij + 3]! + column[ji + 3]!)
  }
}

function meanWeightInside(n: Counts, halves: Required<Halves>, block: Uint16Array): number {
  const cells = new Float64Array(9)
  let votes = 0
  let weight = 0
  for (let r = 0; r < block.length; r++) {
    for (let s = r + 1; s < block.length; s++) {
      pairCells(n, halves, block[r]!, block[s]!, cells)
      votes += cells[0]! + cells[3]! + cells[6]!
      weight += cells[1]! + cells[4]! + cells[7]!
    }
  }
  return votes > 0 ? weight / votes : 1
}

function addContrast(matrix: Float64Array, size: number, i: number, j: number, amount: number) {
  matrix[i * size + i] = matrix[i * size + i]! + amount
  matrix[j * size + j] = matrix[j * size + j]! + amount
  matrix[i * size + j] = matrix[i * size + j]! - amount
  matrix[j * size + i] = matrix[j * size + i]! - amount
}

const scoreOf = [1, 0, 0.5, 0.5] as const

function clusterMeat(
  c: Comparisons,
  f: Fit,
  block: Uint16Array,
  { hPlus }: Shape,
  { rows, starts }: VoterOrder,
  mean: number,
  guard: boolean,
) {
  const size = block.length
  const meat = new Float64Array(size * size)
  const excess = new Float64Array(size * size)
  const guarded = new Uint8Array(size)
  const position = new Int32Array(f.theta.length).fill(-1)
  block.forEach((model, r) => {
    position[model] = r
  })
  const counts = [true, true, f.halves.ties === 'half', f.halves.bothBad === 'half']
  const pull = new Float64Array(size)
  const touched = new Uint16Array(size)
  const isTouched = new Uint8Array(size)
  let voters = 0
  for (let g = 0; g + 1 < starts.length; g++) {
    let touches = 0
    for (let at = starts[g]!; at < starts[g + 1]!; at++) {
      const n = rows[at]!
      const i = position[c.a[n]!]!
      const j = position[c.b[n]!]!
      const outcome = c.outcome[n]!
      if (i < 0 || j < 0 || !counts[outcome]) continue
      const p = sigmoid(f.theta[c.a[n]!]! - f.theta[c.b[n]!]!)
      const w = c.weight ? c.weight[n]! / mean : 1
      const residual = scoreOf[outcome]! - p
      const variance = p * (1 - p)
      const h = w * variance * (hPlus[i * size + i]! + hPlus[j * size + j]! - 2 * hPlus[i * size + j]!)
      if (guard && h > leverageMax) {
        addContrast(excess, size, i, j, w * w * (guardedSquare(residual, h, variance) - residual ** 2))
        guarded[i] = guarded[j] = 1
      }
      for (const r of [i, j]) {
        if (isTouched[r] === 0) {
          isTouched[r] = 1
          touched[touches++] = r
        }
      }
      pull[i] = pull[i]! + w * residual
      pull[j] = pull[j]! - w * residual
    }
    if (touches > 0) voters += 1
    for (let x = 0; x < touches; x++) {
      const row = touched[x]! * size
      const own = pull[touched[x]!]!
      for (let y = 0; y < touches; y++) meat[row + touched[y]!] = meat[row + touched[y]!]! + own * pull[touched[y]!]!
    }
    for (let x = 0; x < touches; x++) {
      pull[touched[x]!] = 0
      isTouched[touched[x]!] = 0
    }
  }
  return { meat, excess, guarded, voters }
}
