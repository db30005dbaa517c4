import { cholesky, inverse } from './linear-algebra.ts'

/**
 * Ratings are only known up to a constant in each piece, so information matrices have one null direction per group
 * of strengths. Here it is filled before factoring and taken out again after.
 */
export type Groups = readonly ArrayLike<number>[]

/**
 * Adds `level/size` to every entry of each group's lower triangle, level = mean of its diagonal, and returns the
 * levels: the constant direction gets that eigenvalue, all others keep theirs, at any scale of weights.
 */
export function fillGroups(matrix: Float64Array, unknowns: number, groups: Groups): number[] {
  return groups.map((group) => {
    let level = 0
    for (let r = 0; r < group.length; r++) level += matrix[group[r]! * unknowns + group[r]!]! / group.length
    if (!(level > 0)) level = 1
    for (let r = 0; r < group.length; r++) {
      for (let s = 0; s <= r; s++) {
        const cell = Math.max(group[r]!, group[s]!) * unknowns + Math.min(group[r]!, group[s]!)
        matrix[cell] = matrix[cell]! + level / group.length
      }
    }
    return level
  })
}

/** Pseudo-inverse of a matrix, given by its lower triangle and kept, in the space without the groups' constants. */
export function inverseWithout(matrix: Float64Array, unknowns: number, groups: Groups): Float64Array {
  const filled = matrix.slice()
  const levels = fillGroups(filled, unknowns, groups)
  const factor = cholesky(filled, unknowns)
  if (!factor) return new Float64Array(unknowns * unknowns).fill(Number.NaN)
  const result = inverse(factor)
  groups.forEach((group, at) => {
    const added = 1 / (levels[at]! * group.length)
    for (let r = 0; r < group.length; r++) {
      for (let s = 0; s < group.length; s++) {
        const cell = group[r]! * unknowns + group[s]!
        result[cell] = result[cell]! - added
      }
    }
  })
  return result
}

export function centreGroup(values: Float64Array, group: ArrayLike<number>) {
  let mean = 0
  for (let r = 0; r < group.length; r++) mean += values[group[r]!]! / group.length
  for (let r = 0; r < group.length; r++) values[group[r]!] = values[group[r]!]! - mean
}
