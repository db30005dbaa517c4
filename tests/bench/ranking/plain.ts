import { pointsPerLog } from '../../../src/ranking/bradley-terry.ts'
import type { Comparisons } from '../../../src/ranking/comparison.ts'

/**
 * A second, plain implementation to compare with: Newton over single votes, no counts, no shared code with the
 * engine. Slow and obvious, so that its ratings are an independent check and its time a floor for "just do it".
 */
export function plainRatings({ models, a, b, outcome }: Comparisons): number[] {
  let theta = new Array<number>(models).fill(0)
  for (let step = 0; step < 60; step++) {
    const gradient = new Array<number>(models).fill(0)
    const hessian = Array.from({ length: models }, () => new Array<number>(models).fill(1 / models))
    for (let n = 0; n < a.length; n++) {
      const [i, j] = [a[n]!, b[n]!]
      const p = 1 / (1 + Math.exp(theta[j]! - theta[i]!))
      const pull = (outcome[n] === 0 ? 1 : outcome[n] === 1 ? 0 : 0.5) - p
      gradient[i]! += pull
      gradient[j]! -= pull
      const v = p * (1 - p)
      hessian[i]![i]! += v
      hessian[j]![j]! += v
      hessian[i]![j]! -= v
      hessian[j]![i]! -= v
    }
    const move = gaussianElimination(hessian, gradient)
    theta = theta.map((value, i) => value + move[i]!)
    if (Math.max(...move.map(Math.abs)) < 1e-11) break
  }
  const mean = theta.reduce((sum, value) => sum + value / models, 0)
  return theta.map((value) => 1000 + pointsPerLog * (value - mean))
}

/** The bootstrap as first written everywhere: redraw votes, fit all of them again. */
export function plainBootstrap(c: Comparisons, samples: number, random: () => number) {
  for (let sample = 0; sample < samples; sample++) {
    const rows = Uint32Array.from({ length: c.a.length }, () => Math.floor(random() * c.a.length))
    plainRatings({
      models: c.models,
      a: Uint16Array.from(rows, (n) => c.a[n]!),
      b: Uint16Array.from(rows, (n) => c.b[n]!),
      outcome: Uint8Array.from(rows, (n) => c.outcome[n]!),
    })
  }
}

function gaussianElimination(matrix: number[][], right: number[]): number[] {
  const size = right.length
  const x = right.slice()
  for (let k = 0; k < size; k++) {
    for (let row = k + 1; row < size; row++) {
      const factor = matrix[row]![k]! / matrix[k]![k]!
      for (let column = k; column < size; column++) matrix[row]![column]! -= factor * matrix[k]![column]!
      x[row]! -= factor * x[k]!
    }
  }
  for (let k = size - 1; k >= 0; k--) {
    for (let column = k + 1; column < size; column++) x[k]! -= matrix[k]![column]! * x[column]!
    x[k]! /= matrix[k]![k]!
  }
  return x
}
