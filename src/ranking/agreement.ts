import { seeded } from './random.ts'
import { quantile } from './ranks.ts'

/** Pearson correlation of mid-ranks; null for fewer than two values or a constant side. O(n log n). */
export function spearman(x: readonly number[], y: readonly number[]): number | null {
  checkPaired(x, y)
  const [p, q] = [midRanks(x), midRanks(y)]
  const mean = (x.length + 1) / 2
  let [together, own, other] = [0, 0, 0]
  for (let n = 0; n < x.length; n++) {
    together += (p[n]! - mean) * (q[n]! - mean)
    own += (p[n]! - mean) ** 2
    other += (q[n]! - mean) ** 2
  }
  return own > 0 && other > 0 ? together / Math.sqrt(own * other) : null
}

/** Approximate interval of a Spearman correlation, by Fisher's z; null below five values or at |rho| = 1. */
export function spearmanInterval(rho: number, n: number, z = 1.959963984540054): [number, number] | null {
  if (n < 5 || Math.abs(rho) >= 1 - 1e-12) return null
  const reach = z * Math.sqrt((1 + rho ** 2 / 2) / (n - 3))
  return [Math.tanh(Math.atanh(rho) - reach), Math.tanh(Math.atanh(rho) + reach)]
}

/** Kendall's tau-b by counting the exchanges of a merge sort; null for a constant side. O(n log n). Source: Knight 1966. */
export function kendallTauB(x: readonly number[], y: readonly number[]): number | null {
  checkPaired(x, y)
  const order = Array.from(x.keys()).sort((m, n) => x[m]! - x[n]! || y[m]! - y[n]!)
  const all = (x.length * (x.length - 1)) / 2
  const tiedX = tiedPairs(order.map((n) => [x[n]!]))
  const tiedBoth = tiedPairs(order.map((n) => [x[n]!, y[n]!]))
  const sequence = order.map((n) => y[n]!)
  const exchanges = sortCounting(sequence)
  const tiedY = tiedPairs(sequence.map((value) => [value]))
  const scale = Math.sqrt((all - tiedX) * (all - tiedY))
  return scale > 0 ? (all - tiedX - tiedY + tiedBoth - 2 * exchanges) / scale : null
}

export type Level = 'nominal' | 'ordinal' | 'interval'

/**
 * Krippendorff's alpha of `units`, each the values its raters gave (any number of raters, one value each). Units with
 * fewer than two are left out. Null when nothing varies. Ordinal takes the values' numeric order.
 * O(values + categories^2). Source: Krippendorff, Content Analysis, 3rd ed., 11.3.
 */
export function krippendorffAlpha(units: readonly (readonly number[])[], level: Level): number | null {
  const values = [...new Set(units.flat())].sort((c, k) => c - k)
  const indexOf = new Map(values.map((value, at) => [value, at]))
  const size = values.length
  const pairs = new Float64Array(size * size)
  for (const unit of units) {
    if (unit.length < 2) continue
    const counts = new Float64Array(size)
    for (const value of unit) counts[indexOf.get(value)!]!++
    for (let c = 0; c < size; c++) {
      for (let k = 0; k < size; k++) {
        const ordered = counts[c]! * (counts[k]! - Number(c === k))
        pairs[c * size + k] = pairs[c * size + k]! + ordered / (unit.length - 1)
      }
    }
  }
  const margin = values.map((_, c) => pairs.subarray(c * size, (c + 1) * size).reduce((sum, count) => sum + count, 0))
  const total = margin.reduce((sum, count) => sum + count, 0)
  const distance = squaredDistance(level, values, margin)
  let [observed, expected] = [0, 0]
  for (let c = 0; c < size; c++) {
    for (let k = 0; k < size; k++) {
      observed += (pairs[c * size + k]! * distance(c, k)) / total
      expected += (margin[c]! * margin[k]! * distance(c, k)) / (total * (total - 1))
    }
  }
  return expected > 0 ? 1 - observed / expected : null
}

export type Kappa = { kappa: number; se: number; observed: number; expected: number }

/**
 * Cohen's kappa of two raters' categories 0 to k - 1, weighted by distance if asked; the standard error is the simple
 * one of the unweighted kappa and NaN otherwise. Null when chance agreement is complete. Sources: Cohen 1960, 1968.
 */
export function cohenKappa(
  x: readonly number[],
  y: readonly number[],
  categories: number,
  weights: 'none' | 'linear' | 'quadratic' = 'none',
): Kappa | null {
  checkPaired(x, y)
  const n = x.length
  const table = new Float64Array(categories * categories)
  for (let at = 0; at < n; at++) {
    if (!(x[at]! < categories && y[at]! < categories))
      throw new RangeError(`category ${x[at]} or ${y[at]} of ${categories}`)
    table[x[at]! * categories + y[at]!]!++
  }
  const rows = Array.from({ length: categories }, (_, i) =>
    table.subarray(i * categories, (i + 1) * categories).reduce((s, c) => s + c, 0),
  )
  const columns = rows.map((_, j) => rows.reduce((sum, _row, i) => sum + table[i * categories + j]!, 0))
  const cost = (i: number, j: number) => {
    if (weights === 'none') return Number(i !== j)
    const apart = Math.abs(i - j) / Math.max(1, categories - 1)
    return weights === 'linear' ? apart : apart ** 2
  }
  let [seen, chance] = [0, 0]
  for (let i = 0; i < categories; i++) {
    for (let j = 0; j < categories; j++) {
      seen += (cost(i, j) * table[i * categories + j]!) / n
      chance += (cost(i, j) * rows[i]! * columns[j]!) / n ** 2
    }
  }
  if (!(chance > 0)) return null
  const [observed, expected] = [1 - seen, 1 - chance]
  const se = weights === 'none' ? Math.sqrt((observed * (1 - observed)) / (n * (1 - expected) ** 2)) : Number.NaN
  return { kappa: 1 - seen / chance, se, observed, expected }
}

/** Percentile interval of a statistic over units redrawn with replacement; draws where it is null are left out. */
export function unitInterval<Unit>(
  units: readonly Unit[],
  statistic: (units: Unit[]) => number | null,
  { samples = 1000, seed = 1, confidence = 0.95 }: { samples?: number; seed?: number; confidence?: number } = {},
): { low: number; high: number; undefinedDraws: number } {
  const drawn: number[] = []
  for (let sample = 0; sample < samples; sample++) {
    const random = seeded(seed, sample)
    const value = statistic(units.map(() => units[Math.floor(random() * units.length)]!))
    if (value !== null) drawn.push(value)
  }
  const ascending = Float64Array.from(drawn).sort()
  return {
    low: quantile(ascending, (1 - confidence) / 2),
    high: quantile(ascending, (1 + confidence) / 2),
    undefinedDraws: samples - drawn.length,
  }
}

/** Values of two boards for the names both have, in the first's order. */
export function common(x: ReadonlyMap<string, number>, y: ReadonlyMap<string, number>) {
  const names = [...x.keys()].filter((name) => y.has(name))
  return { names, x: names.map((name) => x.get(name)!), y: names.map((name) => y.get(name)!) }
}

function checkPaired(x: readonly number[], y: readonly number[]) {
  if (x.length !== y.length) throw new RangeError(`${x.length} values against ${y.length}`)
  if ([...x, ...y].some(Number.isNaN)) throw new RangeError('a value is not a number')
}

function midRanks(values: readonly number[]): number[] {
  const order = Array.from(values.keys()).sort((m, n) => values[m]! - values[n]!)
  const ranks = new Array<number>(values.length)
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1
    for (let at = from; at < to; at++) ranks[order[at]!] = (from + 1 + to) / 2
  }
  return ranks
}

/** Pairs of equal neighbours' groups in a sorted list. */
function tiedPairs(sorted: readonly (readonly number[])[]): number {
  let pairs = 0
  let run = 1
  for (let at = 1; at <= sorted.length; at++) {
    const same = at < sorted.length && sorted[at]!.every((value, k) => value === sorted[at - 1]![k])
    if (same) run += 1
    else {
      pairs += (run * (run - 1)) / 2
      run = 1
    }
  }
  return pairs
}

/** Sorts in place and returns how many pairs stood the wrong way round. */
function sortCounting(values: number[]): number {
  let exchanges = 0
  for (let width = 1; width < values.length; width *= 2) {
    for (let from = 0; from + width < values.length; from += 2 * width) {
      const left = values.slice(from, from + width)
      const right = values.slice(from + width, from + 2 * width)
      let [l, r] = [0, 0]
      for (let at = from; at < from + left.length + right.length; at++) {
        if (r >= right.length || (l < left.length && left[l]! <= right[r]!)) values[at] = left[l++]!
        else {
          values[at] = right[r++]!
          exchanges += left.length - l
        }
      }
    }
  }
  return exchanges
}

function squaredDistance(level: Level, values: number[], margin: number[]): (c: number, k: number) => number {
  if (level === 'nominal') return (c, k) => Number(c !== k)
  if (level === 'interval') return (c, k) => (values[c]! - values[k]!) ** 2
  const upTo = [0]
  for (const count of margin) upTo.push(upTo[upTo.length - 1]! + count)
  return (c, k) => {
    const [from, to] = [Math.min(c, k), Math.max(c, k)]
    return (upTo[to + 1]! - upTo[from]! - (margin[from]! + margin[to]!) / 2) ** 2
  }
}
