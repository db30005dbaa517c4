import { type Spread, summarise } from './bootstrap.ts'
import type { Comparisons, Halves } from './comparison.ts'
import { type Random, seeded } from './random.ts'

export type EloOptions = Halves & { k?: number; start?: number }

/**
 * Online Elo ratings in the order given (time, then id): E = 1/(1 + 10^((R_b - R_a)/400)), R += K(y - E).
 * A view for comparison with older boards: the result depends on the order of votes. Weights are not used.
 * Default K 4, start 1000. O(votes). Source: Elo 1978, as arenas use it.
 */
export function elo(
  c: Comparisons,
  { k = 4, start = 1000, ties = 'half', bothBad = 'half' }: EloOptions = {},
): Float64Array {
  const rating = new Float64Array(c.models).fill(start)
  const rows = new Uint32Array(c.a.length)
  for (let n = 0; n < rows.length; n++) rows[n] = n
  play(c, rows, rating, k, ties === 'half', bothBad === 'half')
  return rating
}

/** Percentile intervals over votes resampled with replacement, which also shuffles their order. O(samples * votes). */
export function eloIntervals(
  c: Comparisons,
  o: EloOptions & { samples: number; seed: number; confidence?: number },
): Spread {
  const { k = 4, start = 1000, ties = 'half', bothBad = 'half', samples, seed, confidence = 0.95 } = o
  const { models } = c
  const drawn = Array.from({ length: models }, () => new Float64Array(samples))
  const rating = new Float64Array(models)
  const rows = new Uint32Array(c.a.length)
  for (let sample = 0; sample < samples; sample++) {
    resample(seeded(seed, sample), rows)
    rating.fill(start)
    play(c, rows, rating, k, ties === 'half', bothBad === 'half')
    for (let i = 0; i < models; i++) drawn[i]![sample] = rating[i]!
  }
  return summarise(drawn, confidence)
}

function resample(random: Random, rows: Uint32Array) {
  for (let n = 0; n < rows.length; n++) rows[n] = Math.floor(random() * rows.length)
}

function play(c: Comparisons, rows: Uint32Array, rating: Float64Array, k: number, ties: boolean, bothBad: boolean) {
  const { a, b, outcome } = c
  const perPoint = Math.LN10 / 400
  for (let at = 0; at < rows.length; at++) {
    const n = rows[at]!
    const y = outcome[n]!
    if ((y === 2 && !ties) || (y === 3 && !bothBad)) continue
    const i = a[n]!
    const j = b[n]!
    const expected = 1 / (1 + Math.exp((rating[j]! - rating[i]!) * perPoint))
    const change = k * ((y === 0 ? 1 : y === 1 ? 0 : 0.5) - expected)
    rating[i] = rating[i]! + change
    rating[j] = rating[j]! - change
  }
}
