import { cholesky, eigen, sandwiched } from './linear-algebra.ts'
import { centreGroup, fillGroups, type Groups, inverseWithout } from './null-directions.ts'

/** A vote with more leverage than this is fitted too closely for its residual to tell its variance. */
export const leverageMax = 1 / 8
/** No contrast gets less than this share of its model-based variance: a quarter of the standard error. */
const fisherShareMin = 1 / 16

/** HC3 for a vote of high leverage, but never under the model's own variance nor over the largest possible square. */
export function guardedSquare(residual: number, leverage: number, variance: number): number {
  const square = residual ** 2
  const left = 1 - leverage
  const inflated = left < 1e-12 ? Number(square > 0) : Math.min(square / left ** 2, 1)
  return Math.max(inflated, variance)
}

/**
 * Raises the meat of a sandwich, in place, so that no contrast has less than `fisherShareMin` of its Fisher variance;
 * marks in `guarded` whose own variance rose. `h` is the information (lower triangle, weights of mean 1). One Cholesky
 * tells that nothing needs raising, the usual case; otherwise eigenvalues relative to H are lifted to the floor.
 */
export function raiseToFloor(meat: Float64Array, h: Float64Array, size: number, groups: Groups, guarded: Uint8Array) {
  const margin = new Float64Array(size * size)
  for (let r = 0; r < size; r++) {
    for (let c = 0; c <= r; c++) margin[r * size + c] = meat[r * size + c]! - fisherShareMin * h[r * size + c]!
  }
  fillGroups(margin, size, groups)
  if (cholesky(margin, size)) return
  const filled = h.slice()
  fillGroups(filled, size, groups)
  const factor = cholesky(filled, size)
  if (!factor) return
  const hPlus = inverseWithout(h, size, groups)
  const before = sandwiched(hPlus, meat, size)
  const { values, vectors } = eigen(inLowerBasis(factor.lower, meat, size), size)
  for (let k = 0; k < size; k++) {
    const lift = fisherShareMin - values[k]!
    if (lift <= 0) continue
    const direction = new Float64Array(size)
    for (let r = 0; r < size; r++) {
      for (let c = 0; c <= r; c++) direction[r] = direction[r]! + factor.lower[r * size + c]! * vectors[k * size + c]!
    }
    // The constant directions are no contrasts: their share is taken out before adding.
    for (const group of groups) centreGroup(direction, group)
    for (let r = 0; r < size; r++) {
      for (let c = 0; c < size; c++) meat[r * size + c] = meat[r * size + c]! + lift * direction[r]! * direction[c]!
    }
  }
  const after = sandwiched(hPlus, meat, size)
  for (let r = 0; r < guarded.length; r++) {
    if (after[r * size + r]! > 1.001 * before[r * size + r]!) guarded[r] = 1
  }
}

/** L^-1 A L^-T for lower triangular L and symmetric A: solve, transpose, solve. */
function inLowerBasis(lower: Float64Array, matrix: Float64Array, size: number): Float64Array {
  const result = matrix.slice()
  for (let pass = 0; pass < 2; pass++) {
    for (let column = 0; column < size; column++) {
      for (let r = 0; r < size; r++) {
        let rest = result[r * size + column]!
        for (let c = 0; c < r; c++) rest -= lower[r * size + c]! * result[c * size + column]!
        result[r * size + column] = rest / lower[r * size + r]!
      }
    }
    for (let r = 0; r < size; r++) {
      for (let c = 0; c < r; c++) {
        const above = result[c * size + r]!
        result[c * size + r] = result[r * size + c]!
        result[r * size + c] = above
      }
    }
  }
  return result
}
