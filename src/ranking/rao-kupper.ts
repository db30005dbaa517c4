import type { Counts, Halves } from './comparison.ts'
import { logSigmoid, sigmoid } from './maximise.ts'
import { fitTieModel, type TieFit, type TieKernel } from './tie-model.ts'

export type RaoKupperFit = TieFit & { eta: number }

/**
 * Rao and Kupper's threshold: P(a) = sigma(d - eta), P(b) = sigma(-d - eta), the rest is a tie, eta > 0. Ties and
 * both-bad votes are both ties. `x` is eta; theta natural log, mean 0 per piece. Needs a tie and a decisive vote,
 * else `fitted` says which is missing. O(models^3) per step, 4 to 8 steps. Source: Rao and Kupper, JASA 62 (1967).
 */
export function fitRaoKupper(n: Counts, o: Halves & { ghost?: number } = {}): RaoKupperFit {
  const fit = fitTieModel(n, kernel, o)
  return { ...fit, eta: fit.x }
}

const kernel: TieKernel = {
  cell(outcome, d, eta, into) {
    const alpha = sigmoid(d - eta)
    const beta = sigmoid(-d - eta)
    const curveA = alpha * sigmoid(eta - d)
    const curveB = beta * sigmoid(eta + d)
    const grown = Math.expm1(2 * eta)
    into[3] = (outcome === 1 ? 0 : curveA) + (outcome === 0 ? 0 : curveB)
    into[4] = (outcome === 0 ? 0 : curveB) - (outcome === 1 ? 0 : curveA)
    into[5] = into[3]!
    if (outcome === 0) {
      into[0] = logSigmoid(d - eta)
      into[1] = sigmoid(eta - d)
      into[2] = -sigmoid(eta - d)
    } else if (outcome === 1) {
      into[0] = logSigmoid(-d - eta)
      into[1] = -sigmoid(eta + d)
      into[2] = -sigmoid(eta + d)
    } else {
      into[0] = logSigmoid(d - eta) + logSigmoid(-d - eta) + Math.log(grown)
      into[1] = sigmoid(eta - d) - sigmoid(eta + d)
      into[2] = -sigmoid(eta - d) - sigmoid(eta + d) + (2 * (grown + 1)) / grown
      into[5] = into[5]! + (4 * (grown + 1)) / grown ** 2
    }
  },
  // Between equals the share of ties is tanh(eta / 2).
  start: (tieShare) => 2 * Math.atanh(tieShare),
  isValid: (eta) => eta > 0 && eta < 300,
}
