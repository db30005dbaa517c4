import type { Comparisons } from './comparison.ts'
import { addVote, type Design, oddsOf } from './design.ts'
import { guardedSquare, leverageMax, raiseToFloor } from './guard.ts'
import { sandwiched } from './linear-algebra.ts'
import { sigmoid } from './maximise.ts'
import { inverseWithout } from './null-directions.ts'
import { votesByVoter } from './voters.ts'

export type JointCovariance = { v: Float64Array; voters: number; guarded: Uint8Array }

/**
 * Covariance of strengths and coefficients together, at the maximum: the inverse information, or the sandwich of it
 * around squared residuals, by vote or by voter (times K/(K-1)), guarded as in intervals.ts.
 */
export function jointCovariance(
  c: Comparisons,
  design: Design,
  point: Float64Array,
  information: Float64Array,
  { covariance, guard }: { covariance: 'sandwich' | 'clustered' | 'fisher'; guard: boolean },
): JointCovariance {
  const { groups, weight, rated } = design
  const unknowns = point.length
  const guarded = new Uint8Array(rated.length)
  const bread = inverseWithout(information, unknowns, groups)
  if (covariance === 'fisher') return { v: bread, voters: 0, guarded }
  const meat = new Float64Array(unknowns * unknowns)
  let voters = 0
  if (covariance === 'clustered') {
    voters = addClusters(c, design, point, meat)
    for (let cell = 0; cell < meat.length; cell++) meat[cell] = meat[cell]! * (voters > 1 ? voters / (voters - 1) : 1)
  }
  if (guard || covariance === 'sandwich')
    addSquares(design, point, bread, meat, guarded, { guard, excessOnly: covariance === 'clustered' })
  for (let r = 0; r < unknowns; r++) for (let s = 0; s < r; s++) meat[s * unknowns + r] = meat[r * unknowns + s]!
  if (guard) {
    // The floor compares with the Fisher error at weights of mean 1: scaling the meat by 1/mean does that.
    const mean = weight.reduce((sum, own) => sum + own, 0) / Math.max(1, weight.length)
    for (let cell = 0; cell < meat.length; cell++) meat[cell] = meat[cell]! / mean
    raiseToFloor(meat, information, unknowns, groups, guarded)
    for (let cell = 0; cell < meat.length; cell++) meat[cell] = meat[cell]! * mean
  }
  return { v: sandwiched(bread, meat, unknowns), voters, guarded }
}

/** Adds w^2 r^2 x x' of every vote to the lower triangle, or only what the guard adds to it. */
function addSquares(
  design: Design,
  point: Float64Array,
  bread: Float64Array,
  meat: Float64Array,
  guarded: Uint8Array,
  { guard, excessOnly }: { guard: boolean; excessOnly: boolean },
) {
  const { i, j, score, weight, rated } = design
  for (let n = 0; n < i.length; n++) {
    const p = sigmoid(oddsOf(design, point, rated.length, n))
    const residual = score[n]! - p
    const square = weight[n]! ** 2 * residual ** 2
    const leverage = guard ? weight[n]! * p * (1 - p) * spreadOf(design, bread, point.length, n) : 0
    const isHigh = leverage > leverageMax
    if (isHigh) guarded[i[n]!] = guarded[j[n]!] = 1
    const shown = isHigh ? weight[n]! ** 2 * guardedSquare(residual, leverage, p * (1 - p)) : square
    const amount = excessOnly ? shown - square : shown
    if (amount !== 0) addVote(design, n, amount, meat, point.length)
  }
}

/** x' H^+ x of vote n. */
function spreadOf({ i, j, z, columns, rated }: Design, bread: Float64Array, unknowns: number, n: number): number {
  const strengths = rated.length
  const own = i[n]!
  const other = j[n]!
  let spread = bread[own * unknowns + own]! + bread[other * unknowns + other]! - 2 * bread[own * unknowns + other]!
  for (let f = 0; f < columns; f++) {
    const row = (strengths + f) * unknowns
    let along = 2 * (bread[row + own]! - bread[row + other]!)
    for (let e = 0; e < columns; e++) along += bread[row + strengths + e]! * z[n * columns + e]!
    spread += z[n * columns + f]! * along
  }
  return spread
}

/** Adds the outer product of each voter's summed score to the lower triangle; returns the number of voters. */
function addClusters(c: Comparisons, design: Design, point: Float64Array, meat: Float64Array): number {
  const { i, j, score, weight, z, columns, rated, vote } = design
  const unknowns = point.length
  const strengths = rated.length
  const voterOf = c.voter ? Uint32Array.from(vote, (n) => c.voter![n]!) : undefined
  const order = votesByVoter({ a: i, ...(voterOf && { voter: voterOf }) })
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
