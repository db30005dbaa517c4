import { spearman, spearmanInterval } from '../ranking/agreement.ts'

/** Fewer common models than this say nothing. */
export const agreementModelsMin = 5

export type Scored = {
  rating: number | null
  provisional: boolean
  isBaseline: boolean
  /** null: none, or one from another setting than its column's. */
  score: number | null
}

export type Agreement = {
  /** Models that have both and are neither provisional nor baselines. */
  n: number
  /** Models that could have a score. */
  of: number
  rho: number | null
  interval: [low: number, high: number] | null
}

/** Spearman's rho between ratings and the scores of one benchmark, with its 95 % interval; null rho below five models or without variation. */
export function benchmarkAgreement(models: readonly Scored[]): Agreement {
  const eligible = models.filter(
    ({ rating, provisional, isBaseline }) => rating !== null && !provisional && !isBaseline,
  )
  const both = eligible.filter(({ score }) => score !== null)
  const result = { n: both.length, of: eligible.length }
  if (both.length < agreementModelsMin) return { ...result, rho: null, interval: null }
  const rho = spearman(
    both.map(({ rating }) => rating!),
    both.map(({ score }) => score!),
  )
  return { ...result, rho, interval: rho === null ? null : spearmanInterval(rho, both.length) }
}
