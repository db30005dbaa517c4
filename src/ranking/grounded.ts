import { type Counts, cellOf, winsOf } from './comparison.ts'
import { separation } from './components.ts'
import { cholesky, eigen, inverse, solve } from './linear-algebra.ts'
import { largest } from './maximise.ts'
import { normal, seeded } from './random.ts'
import { fitRaoKupper } from './rao-kupper.ts'

export type GroundedFit = {
  fitted: 'fitted' | 'no_ties' | 'no_both_bad' | 'no_finite_models'
  /** Absolute quality per model, natural log; 0 is as good as "bad". NaN for models without a finite rating. */
  beta: Float64Array
  se: Float64Array
  eta: number
  converged: boolean
  steps: number
  gradientMax: number
  logLikelihood: number
  aic: number
  bic: number
}

/** A threshold of exactly 1 would leave no room for ties; the shift keeps it above. */
const thresholdShift = 1.000001

/**
 * Grounded Rao-Kupper: the one model here that reads "both bad" as evidence of absolute quality. With pi = e^beta
 * and t = e^eta + 1.000001: P(a) = pi_a/(pi_a + t pi_b + 1), P(b) alike, P(both bad) = 1/(1 + pi_a + pi_b), P(tie)
 * the rest. Not shift invariant and not concave: Newton with absolute eigenvalues from the Rao-Kupper fit and from
 * three seeded starts around it, the best kept. Needs a tie and a both-bad vote. Over the finite models of the
 * largest piece. O(models^3) per step. Source: formula of P2L (Frick et al. 2025); shown as absolute quality,
 * never mixed into the rating.
 */
export function fitGrounded(n: Counts, { seed = 1 }: { seed?: number } = {}): GroundedFit {
  const apart = separation(winsOf(n), n.models)
  const rated = apart.blocks[0] ?? new Uint16Array()
  const votes = votesOf(n, rated)
  const result: GroundedFit = {
    fitted:
      rated.length < 2
        ? 'no_finite_models'
        : votes.totals[2] === 0
          ? 'no_ties'
          : votes.totals[3] === 0
            ? 'no_both_bad'
            : 'fitted',
    beta: new Float64Array(n.models).fill(Number.NaN),
    se: new Float64Array(n.models).fill(Number.NaN),
    eta: Number.NaN,
    converged: false,
    steps: 0,
    gradientMax: Number.NaN,
    logLikelihood: Number.NaN,
    aic: Number.NaN,
    bic: Number.NaN,
  }
  if (result.fitted !== 'fitted') return result

  let best: { at: Float64Array; logLikelihood: number; steps: number } | null = null
  for (const start of startsFor(n, rated, votes, seed)) {
    const steps = climb(votes, start)
    const logLikelihood = likelihood(votes, start)
    if (!best || logLikelihood > best.logLikelihood) best = { at: start, logLikelihood, steps }
  }
  const { at, logLikelihood, steps } = best!
  const { g, h } = derivatives(votes, at)
  const factor = cholesky(h, at.length)
  const v = factor ? inverse(factor) : null
  rated.forEach((model, r) => {
    result.beta[model] = at[r]!
    result.se[model] = v ? Math.sqrt(v[r * at.length + r]!) : Number.NaN
  })
  const total = votes.totals.reduce((sum, count) => sum + count, 0)
  const gradientMax = largest(g)
  return {
    ...result,
    eta: at[rated.length]!,
    converged: gradientMax <= 1e-9 * Math.max(1, total),
    steps,
    gradientMax,
    logLikelihood,
    aic: 2 * at.length - 2 * logLikelihood,
    bic: at.length * Math.log(total) - 2 * logLikelihood,
  }
}

type Votes = { i: Uint16Array; j: Uint16Array; count: Float64Array; totals: number[]; unknowns: number }

/** Weighted votes per pair: i won, j won, tie, both bad. */
function votesOf(n: Counts, rated: Uint16Array): Votes {
  const i: number[] = []
  const j: number[] = []
  const count: number[] = []
  const totals = [0, 0, 0, 0]
  for (let r = 0; r < rated.length; r++) {
    for (let s = r + 1; s < rated.length; s++) {
      const own = [0, 1, 2, 3].map((outcome) => {
        const mirrored = outcome < 2 ? 1 - outcome : outcome
        const weights = n.weight[cellOf(n.models, rated[r]!, rated[s]!, outcome)]!
        return weights + n.weight[cellOf(n.models, rated[s]!, rated[r]!, mirrored)]!
      })
      if (own.every((weight) => weight === 0)) continue
      i.push(r)
      j.push(s)
      count.push(...own)
      own.forEach((weight, outcome) => {
        totals[outcome] = totals[outcome]! + weight
      })
    }
  }
  return {
    i: Uint16Array.from(i),
    j: Uint16Array.from(j),
    count: Float64Array.from(count),
    totals,
    unknowns: rated.length + 1,
  }
}

function startsFor(n: Counts, rated: Uint16Array, { totals, unknowns }: Votes, seed: number): Float64Array[] {
  const { theta, eta } = fitRaoKupper(n)
  const share = totals[3]! / totals.reduce((sum, count) => sum + count, 0)
  // Between equals of quality s the share of both-bad votes is 1/(1 + 2 e^s).
  const shift = Math.log((1 - share) / (2 * share))
  const first = new Float64Array(unknowns)
  rated.forEach((model, r) => {
    first[r] = (Number.isFinite(theta[model]!) ? theta[model]! : 0) + shift
  })
  first[unknowns - 1] = Number.isFinite(eta) ? Math.log(Math.max(1e-3, Math.expm1(eta))) : 0
  const random = seeded(seed, 0)
  const scattered = [0, 1, 2].map(() => first.map((value) => value + 0.7 * normal(random)))
  return [first, ...scattered]
}

function climb(votes: Votes, at: Float64Array): number {
  const { unknowns } = votes
  const trial = new Float64Array(unknowns)
  let before = Number.POSITIVE_INFINITY
  for (let steps = 1; steps <= 100; steps++) {
    const { g, h } = derivatives(votes, at)
    const factor = cholesky(h, unknowns)
    const step = factor ? solve(factor, g) : alongAbsoluteCurvature(h, g, unknowns)
    const longest = largest(step)
    const now = likelihood(votes, at)
    for (let fraction = longest > 2 ? 2 / longest : 1; fraction > 1e-9; fraction /= 2) {
      for (let r = 0; r < unknowns; r++) trial[r] = at[r]! + fraction * step[r]!
      if (longest < 1e-6 || likelihood(votes, trial) >= now) break
    }
    at.set(trial)
    if (longest < 1e-12 || (longest < 1e-9 && longest > before / 2)) return steps
    before = longest
  }
  return 100
}

/** A Newton step for an indefinite Hessian: every curvature counts by its size, so the step ascends. */
function alongAbsoluteCurvature(h: Float64Array, g: Float64Array, size: number): Float64Array {
  const full = h.slice()
  for (let r = 0; r < size; r++) for (let c = 0; c < r; c++) full[c * size + r] = full[r * size + c]!
  const { values, vectors } = eigen(full, size)
  const least = 1e-8 * largest(values)
  const step = new Float64Array(size)
  for (let k = 0; k < size; k++) {
    let along = 0
    for (let r = 0; r < size; r++) along += vectors[k * size + r]! * g[r]!
    along /= Math.max(Math.abs(values[k]!), least)
    for (let r = 0; r < size; r++) step[r] = step[r]! + along * vectors[k * size + r]!
  }
  return step
}

function likelihood({ i, j, count, unknowns }: Votes, at: Float64Array): number {
  let total = 0
  for (let k = 0; k < i.length; k++) {
    const p = chances(at[i[k]!]!, at[j[k]!]!, at[unknowns - 1]!)
    for (let outcome = 0; outcome < 4; outcome++) {
      if (count[4 * k + outcome]! > 0) total += count[4 * k + outcome]! * Math.log(p[outcome]!)
    }
  }
  return Number.isNaN(total) ? Number.NEGATIVE_INFINITY : total
}

function chances(betaA: number, betaB: number, eta: number): [number, number, number, number] {
  const a = Math.exp(betaA)
  const b = Math.exp(betaB)
  const t = Math.exp(eta) + thresholdShift
  const wonA = a / (a + t * b + 1)
  const wonB = b / (b + t * a + 1)
  const bad = 1 / (1 + a + b)
  return [wonA, wonB, 1 - wonA - wonB - bad, bad]
}

/** Gradient of the log likelihood and its negative Hessian (lower triangle); eta is the last unknown. */
function derivatives({ i, j, count, unknowns }: Votes, at: Float64Array) {
  const g = new Float64Array(unknowns)
  const h = new Float64Array(unknowns * unknowns)
  const eta = at[unknowns - 1]!
  for (let k = 0; k < i.length; k++) {
    const where = [i[k]!, j[k]!, unknowns - 1]
    const { gradients, hessians } = logDerivatives(at[i[k]!]!, at[j[k]!]!, eta)
    for (let outcome = 0; outcome < 4; outcome++) {
      const weight = count[4 * k + outcome]!
      if (weight === 0) continue
      for (let r = 0; r < 3; r++) {
        g[where[r]!] = g[where[r]!]! + weight * gradients[outcome]![r]!
        for (let s = 0; s < 3; s++) {
          if (where[s]! > where[r]!) continue
          const cell = where[r]! * unknowns + where[s]!
          h[cell] = h[cell]! - weight * hessians[outcome]![3 * r + s]!
        }
      }
    }
  }
  return { g, h }
}

/**
 * Gradients and Hessians of the four log probabilities in (beta_a, beta_b, eta). Three outcomes are one term over a
 * sum of exponentials, so P' = P(e - m) and P'' = P((e - m)(e - m)' - M + m m') with m, M the weighted means of
 * exponents; the tie is one minus the three, so its derivatives are minus their sums.
 */
function logDerivatives(betaA: number, betaB: number, eta: number) {
  const a = Math.exp(betaA)
  const b = Math.exp(betaB)
  const e = Math.exp(eta)
  const t = e + thresholdShift
  const p = chances(betaA, betaB, eta)
  const parts = [
    {
      e: [1, 0, 0],
      whole: a + t * b + 1,
      first: [a, t * b, e * b],
      second: [a, 0, 0, 0, t * b, e * b, 0, e * b, e * b],
    },
    {
      e: [0, 1, 0],
      whole: b + t * a + 1,
      first: [t * a, b, e * a],
      second: [t * a, 0, e * a, 0, b, 0, e * a, 0, e * a],
    },
    { e: [0, 0, 0], whole: 1 + a + b, first: [a, b, 0], second: [a, 0, 0, 0, b, 0, 0, 0, 0] },
  ]
  const gradients: number[][] = []
  const hessians: number[][] = []
  const tieFirst = [0, 0, 0]
  const tieSecond = new Array<number>(9).fill(0)
  parts.forEach((part, at) => {
    const outcome = at === 2 ? 3 : at
    const mean = part.first.map((value) => value / part.whole)
    const first = part.e.map((value, r) => value - mean[r]!)
    const second = part.second.map((value, cell) => mean[Math.floor(cell / 3)]! * mean[cell % 3]! - value / part.whole)
    gradients[outcome] = first
    hessians[outcome] = second
    for (let r = 0; r < 3; r++) tieFirst[r] = tieFirst[r]! - p[outcome]! * first[r]!
    for (let cell = 0; cell < 9; cell++) {
      const product = first[Math.floor(cell / 3)]! * first[cell % 3]!
      tieSecond[cell] = tieSecond[cell]! - p[outcome]! * (product + second[cell]!)
    }
  })
  gradients[2] = tieFirst.map((value) => value / p[2])
  hessians[2] = tieSecond.map(
    (value, cell) => value / p[2] - gradients[2]![Math.floor(cell / 3)]! * gradients[2]![cell % 3]!,
  )
  return { gradients, hessians }
}
