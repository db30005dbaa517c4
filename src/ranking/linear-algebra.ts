/** Dense linear algebra for small symmetric systems: row-major `Float64Array(n * n)`, no pivoting, no library. */

/** Thrown by nothing here: a matrix that is not positive definite is an answer (`null`), not a fault. */
export type Factor = { size: number; lower: Float64Array }

/**
 * Cholesky factor of a symmetric positive definite matrix. Only the lower triangle of `matrix` is read.
 * Returns null when a pivot is not above `relative` times its diagonal entry, which is how a caller learns that
 * the matrix is singular or indefinite. `into` is overwritten when given, so a solver can factor without allocating.
 * Cost n^3/6 multiply-adds. Source: Golub and Van Loan, Matrix Computations, 4.2.
 */
export function cholesky(
  matrix: Float64Array,
  size: number,
  into: Float64Array = new Float64Array(size * size),
  relative = 0,
): Factor | null {
  // Rows go in pairs and meet finished columns in pairs: four products from four loads, where a plain dot product
  // has one from two, and loads are what this loop waits for.
  for (let row = 0; row < size; row += 2) {
    const top = row * size
    const bottom = row + 1 < size ? top + size : top
    for (let column = 0; column < row; column += 2) {
      const left = column * size
      const right = left + size
      let a = matrix[top + column]!
      let b = matrix[top + column + 1]!
      let c = matrix[bottom + column]!
      let d = matrix[bottom + column + 1]!
      for (let k = 0; k < column; k++) {
        const t = into[top + k]!
        const u = into[bottom + k]!
        const l = into[left + k]!
        const r = into[right + k]!
        a -= t * l
        b -= t * r
        c -= u * l
        d -= u * r
      }
      const first = 1 / into[left + column]!
      const cross = into[right + column]!
      const second = 1 / into[right + column + 1]!
      a *= first
      c *= first
      into[top + column] = a
      into[top + column + 1] = (b - a * cross) * second
      into[bottom + column] = c
      into[bottom + column + 1] = (d - c * cross) * second
    }
    for (let own = row; own < Math.min(row + 2, size); own++) {
      const at = own * size
      if (own > row) into[at + row] = (matrix[at + row]! - dot(into, at, into, top, row)) / into[top + row]!
      const diagonal = matrix[at + own]!
      const pivot = diagonal - dot(into, at, into, at, own)
      if (!(pivot > relative * diagonal && pivot > 0)) return null
      into[at + own] = Math.sqrt(pivot)
    }
  }
  return { size, lower: into }
}

/** Solves `A x = right` for the factored A, in place when `into` is `right`. Cost n^2 multiply-adds. */
export function solve(
  { size, lower }: Factor,
  right: Float64Array,
  into: Float64Array = new Float64Array(size),
): Float64Array {
  for (let row = 0; row < size; row++) {
    into[row] = (right[row]! - dot(lower, row * size, into, 0, row)) / lower[row * size + row]!
  }
  // Backwards by columns of L': each finished value is subtracted from those above it, along one row of L.
  for (let row = size - 1; row >= 0; row--) {
    const rowAt = row * size
    const value = into[row]! / lower[rowAt + row]!
    into[row] = value
    for (let above = 0; above < row; above++) into[above] = into[above]! - value * lower[rowAt + above]!
  }
  return into
}

/** Inverse of the factored matrix, both triangles filled and exactly symmetric. Cost about n^3/3 multiply-adds. */
export function inverse({ size, lower }: Factor): Float64Array {
  // `rows` holds the inverse of L transposed, so that each of its rows is one column of the inverse of L.
  const rows = new Float64Array(size * size)
  for (let column = 0; column < size; column++) {
    const at = column * size
    rows[at + column] = 1 / lower[at + column]!
    for (let row = column + 1; row < size; row++) {
      const rowAt = row * size
      rows[at + row] = -dot(lower, rowAt + column, rows, at + column, row - column) / lower[rowAt + row]!
    }
  }
  const result = new Float64Array(size * size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const value = dot(rows, row * size + row, rows, column * size + row, size - row)
      result[row * size + column] = value
      result[column * size + row] = value
    }
  }
  return result
}

/** `left * middle * left` for symmetric matrices, exactly symmetric. Cost 1.5 n^3 multiply-adds. */
export function sandwiched(left: Float64Array, middle: Float64Array, size: number): Float64Array {
  const half = new Float64Array(size * size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      half[row * size + column] = dot(left, row * size, middle, column * size, size)
    }
  }
  const result = new Float64Array(size * size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      const value = dot(half, row * size, left, column * size, size)
      result[row * size + column] = value
      result[column * size + row] = value
    }
  }
  return result
}

/**
 * Eigenvalues and orthonormal eigenvectors of a symmetric matrix: `vectors[k * n + i]` is entry i of the k-th.
 * Cyclic Jacobi rotations until what is off the diagonal is lost in rounding; unordered. Cost about 10 n^3: meant
 * for the rare cases that need it. Source: Golub and Van Loan 8.5.
 */
export function eigen(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const work = Float64Array.from(matrix)
  const vectors = new Float64Array(size * size)
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1
  let total = 0
  for (const entry of work) total += entry * entry
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) off += work[i * size + j]! ** 2
    if (off <= 1e-30 * total) break
    for (let p = 0; p < size - 1; p++) for (let q = p + 1; q < size; q++) rotate(work, vectors, size, p, q)
  }
  return { values: Float64Array.from({ length: size }, (_, i) => work[i * size + i]!), vectors }
}

function rotate(work: Float64Array, vectors: Float64Array, size: number, p: number, q: number) {
  const off = work[p * size + q]!
  if (off === 0) return
  const gap = (work[q * size + q]! - work[p * size + p]!) / (2 * off)
  const tangent = (gap >= 0 ? 1 : -1) / (Math.abs(gap) + Math.sqrt(gap * gap + 1))
  const cosine = 1 / Math.sqrt(tangent * tangent + 1)
  const sine = tangent * cosine
  const app = work[p * size + p]! - tangent * off
  const aqq = work[q * size + q]! + tangent * off
  // Rows are turned in one contiguous pass and mirrored: the matrix stays exactly symmetric.
  for (let k = 0; k < size; k++) {
    const wp = work[p * size + k]!
    const wq = work[q * size + k]!
    work[p * size + k] = work[k * size + p] = cosine * wp - sine * wq
    work[q * size + k] = work[k * size + q] = sine * wp + cosine * wq
    const vp = vectors[p * size + k]!
    const vq = vectors[q * size + k]!
    vectors[p * size + k] = cosine * vp - sine * vq
    vectors[q * size + k] = sine * vp + cosine * vq
  }
  work[p * size + p] = app
  work[q * size + q] = aqq
  work[p * size + q] = work[q * size + p] = 0
}

/** Dot product of two stretches. Four running sums let the processor overlap the additions; their order is fixed. */
export function dot(x: Float64Array, xAt: number, y: Float64Array, yAt: number, length: number): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let k = 0
  for (; k + 3 < length; k += 4) {
    s0 += x[xAt + k]! * y[yAt + k]!
    s1 += x[xAt + k + 1]! * y[yAt + k + 1]!
    s2 += x[xAt + k + 2]! * y[yAt + k + 2]!
    s3 += x[xAt + k + 3]! * y[yAt + k + 3]!
  }
  for (; k < length; k++) s0 += x[xAt + k]! * y[yAt + k]!
  return s0 + s1 + (s2 + s3)
}
