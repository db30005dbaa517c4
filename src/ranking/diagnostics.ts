import type { Fit } from './bradley-terry.ts'
import { type Counts, cellOf, winsOf } from './comparison.ts'
import type { Covariance } from './intervals.ts'
import { sigmoid } from './maximise.ts'

export type CalibrationBin = { from: number; to: number; votes: number; predicted: number; observed: number }
export type PairResidual = { i: number; j: number; votes: number; expected: number; observed: number; residual: number }

export type Diagnostics = {
  /** Twice the log-likelihood lost against one free probability per pair, and the pairs less the free ratings. */
  deviance: number
  degreesOfFreedom: number
  /** Ten bins of the predicted score of side a. `predicted` and `observed` are NaN where no vote fell. */
  calibration: CalibrationBin[]
  /** The largest by size: (W_ij - n p)/sqrt(n p q), half wins counted as halves. */
  residuals: PairResidual[]
  /** Sum of the variances of the ratings: one number for how well the pairs were chosen. */
  trace: number
}

/** How well the fit describes the votes inside its finite blocks, weights included. `fisher` is V = H^+. O(models^2). */
export function diagnose(n: Counts, f: Fit, fisher: Covariance, largest = 5): Diagnostics {
  const wins = winsOf(n, f.halves)
  const residuals: PairResidual[] = []
  let deviance = 0
  let pairs = 0
  let trace = 0
  for (const block of f.blocks) {
    for (const i of block) {
      trace += fisher.v[i * n.models + i]!
      for (const j of block) {
        const won = wins[i * n.models + j]!
        const lost = wins[j * n.models + i]!
        const votes = won + lost
        if (j <= i || votes === 0) continue
        const p = sigmoid(f.theta[i]! - f.theta[j]!)
        const expected = votes * p
        pairs += 1
        deviance += 2 * (entropyTerm(won, expected) + entropyTerm(lost, votes - expected))
        residuals.push({
          i,
          j,
          votes,
          expected,
          observed: won,
          residual: (won - expected) / Math.sqrt(expected * (1 - p)),
        })
      }
    }
  }
  const rated = f.blocks.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0)
  residuals.sort((x, y) => Math.abs(y.residual) - Math.abs(x.residual) || x.i - y.i || x.j - y.j)
  return {
    deviance,
    degreesOfFreedom: pairs - rated,
    calibration: calibrationOf(n, f),
    residuals: residuals.slice(0, largest),
    trace,
  }
}

const entropyTerm = (observed: number, expected: number) =>
  observed > 0 ? observed * Math.log(observed / expected) : 0

function calibrationOf(n: Counts, f: Fit): CalibrationBin[] {
  const sums = Array.from({ length: 10 }, () => ({ votes: 0, predicted: 0, observed: 0 }))
  const score = [1, 0, f.halves.ties === 'half' ? 0.5 : Number.NaN, f.halves.bothBad === 'half' ? 0.5 : Number.NaN]
  for (const block of f.blocks) {
    for (const a of block) {
      for (const b of block) {
        const p = sigmoid(f.theta[a]! - f.theta[b]!)
        const sum = sums[Math.min(9, Math.floor(10 * p))]!
        for (let outcome = 0; outcome < 4; outcome++) {
          const weight = n.weight[cellOf(n.models, a, b, outcome)]!
          if (weight === 0 || Number.isNaN(score[outcome]!)) continue
          sum.votes += weight
          sum.predicted += weight * p
          sum.observed += weight * score[outcome]!
        }
      }
    }
  }
  return sums.map(({ votes, predicted, observed }, at) => ({
    from: at / 10,
    to: (at + 1) / 10,
    votes,
    predicted: predicted / votes,
    observed: observed / votes,
  }))
}
