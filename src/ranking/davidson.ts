import type { Counts, Halves } from './comparison.ts'
import { fitTieModel, type TieFit, type TieKernel } from './tie-model.ts'

export type DavidsonFit = TieFit & { nu: number }

/**
 * Davidson's ties: with u = e^{d/2} and D = u + 1/u + nu, P(a) = u/D, P(b) = 1/(uD), P(tie) = nu/D. Ties and
 * both-bad votes are both ties. `x` is ln nu; theta natural log, mean 0 per piece. Log-concave, so the maximum is
 * the maximum; needs a tie and a decisive vote, else `fitted` says which is missing.
 * `ghost` 0.5 adds for every model one comparison, half won, against a ghost at 0, whose denominator has nu too.
 * O(models^3) per step, 4 to 8 steps. Source: Davidson, JASA 65 (1970).
 */
export function fitDavidson(n: Counts, o: Halves & { ghost?: number } = {}): DavidsonFit {
  const fit = fitTieModel(n, kernel, o)
  return { ...fit, nu: Math.exp(fit.x) }
}

const kernel: TieKernel = {
  cell(outcome, d, x, into) {
    // Scaled by the largest of the three terms so that no exponential overflows.
    const top = Math.max(Math.abs(d) / 2, x)
    const a = Math.exp(d / 2 - top)
    const b = Math.exp(-d / 2 - top)
    const t = Math.exp(x - top)
    const whole = a + b + t
    const tie = t / whole
    const expected = (a + t / 2) / whole
    const term = outcome === 0 ? d / 2 : outcome === 1 ? -d / 2 : x
    into[0] = term - top - Math.log(whole)
    into[1] = (outcome === 0 ? 1 : outcome === 1 ? 0 : 0.5) - expected
    into[2] = (outcome === 2 ? 1 : 0) - tie
    into[3] = a / whole + tie / 4 - expected ** 2
    into[4] = tie * (0.5 - expected)
    into[5] = tie * (1 - tie)
  },
  start: (tieShare) => Math.log((2 * tieShare) / (1 - tieShare)),
  isValid: Number.isFinite,
}
