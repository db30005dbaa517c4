/** What ranking eats: comparisons as index arrays, and the counts that hold all a fit needs of them. */

/** 0 side a won, 1 side b won, 2 tie, 3 both bad. */
export type Outcome = 0 | 1 | 2 | 3
export const outcomeCode = { a: 0, b: 1, tie: 2, both_bad: 3 } as const

/** In `voter`: this vote belongs to nobody we can name, and is a cluster of its own. */
export const noVoter = 0xffffffff

/** One entry a vote. Models are numbered by name in code-point order. */
export type Comparisons = {
  models: number
  a: Uint16Array
  b: Uint16Array
  outcome: Uint8Array
  weight?: Float64Array
  voter?: Uint32Array
}

/** Per ordered pair and outcome, at `cellOf(models, a, b, outcome)`: votes, sum of weights, sum of squared weights. */
export type Counts = { models: number; votes: Float64Array; weight: Float64Array; weightSquared: Float64Array }

/** What happens to ties and both-bad votes: half a win for each side, or left out. */
export type Halves = { ties?: 'half' | 'drop'; bothBad?: 'half' | 'drop' }

export const cellOf = (models: number, a: number, b: number, outcome: number) => (a * models + b) * 4 + outcome

/**
 * Counts of all comparisons: the sufficient statistics of every model in this folder that has no covariates.
 * Unweighted sums are exact, so they do not depend on the order of votes; weighted sums run in the order given and
 * are compensated (Neumaier 1974). One pass, O(votes + models^2).
 * Throws RangeError for unequal lengths, an index out of range, a model meeting itself, an unknown outcome, or a
 * weight that is not a finite positive number.
 */
export function countComparisons(c: Comparisons): Counts {
  checkLengths(c)
  const { models, a, b, outcome, weight } = c
  const cells = models * models * 4
  const votes = new Float64Array(cells)
  for (let n = 0; n < a.length; n++) {
    const i = a[n]!
    const j = b[n]!
    const y = outcome[n]!
    if (i >= models || j >= models || i === j || y > 3) refuseVote(c, n)
    const cell = (i * models + j) * 4 + y
    votes[cell] = votes[cell]! + 1
  }
  if (!weight) return { models, votes, weight: votes.slice(), weightSquared: votes.slice() }
  const sum = new Float64Array(cells)
  const lost = new Float64Array(cells)
  const squares = new Float64Array(cells)
  const squaresLost = new Float64Array(cells)
  for (let n = 0; n < a.length; n++) {
    const w = weight[n]!
    if (!(w > 0 && w < Infinity)) throw new RangeError(`vote ${n}: weight ${w} is not a finite positive number`)
    const cell = (a[n]! * models + b[n]!) * 4 + outcome[n]!
    addTo(sum, lost, cell, w)
    addTo(squares, squaresLost, cell, w * w)
  }
  for (let cell = 0; cell < cells; cell++) {
    sum[cell] = sum[cell]! + lost[cell]!
    squares[cell] = squares[cell]! + squaresLost[cell]!
  }
  return { models, votes, weight: sum, weightSquared: squares }
}

/**
 * W[i * models + j]: weighted wins of i over j, ties counting half for each side unless dropped. O(models^2).
 * The two seats of a pair are summed before halving, so swapping sides changes no bit.
 */
export function winsOf(n: Counts, { ties = 'half', bothBad = 'half' }: Halves = {}): Float64Array {
  const { models, weight } = n
  const wins = new Float64Array(models * models)
  for (let i = 0; i < models; i++) {
    for (let j = i + 1; j < models; j++) {
      const ij = (i * models + j) * 4
      const ji = (j * models + i) * 4
      const tied = ties === 'half' ? weight[ij + 2]! + weight[ji + 2]! : 0
      const bad = bothBad === 'half' ? weight[ij + 3]! + weight[ji + 3]! : 0
      wins[i * models + j] = weight[ij]! + weight[ji + 1]! + (tied + bad) / 2
      wins[j * models + i] = weight[ji]! + weight[ij + 1]! + (tied + bad) / 2
    }
  }
  return wins
}

export type ModelTally = { votes: number; wins: number; losses: number; ties: number; bothBad: number }

/** Votes, wins, losses, ties and both-bad votes of each model, unweighted. O(models^2). */
export function talliesOf({ models, votes }: Counts): ModelTally[] {
  return Array.from({ length: models }, (_, i) => {
    const tally = { votes: 0, wins: 0, losses: 0, ties: 0, bothBad: 0 }
    for (let j = 0; j < models; j++) {
      const ij = (i * models + j) * 4
      const ji = (j * models + i) * 4
      tally.wins += votes[ij]! + votes[ji + 1]!
      tally.losses += votes[ij + 1]! + votes[ji]!
      tally.ties += votes[ij + 2]! + votes[ji + 2]!
      tally.bothBad += votes[ij + 3]! + votes[ji + 3]!
    }
    tally.votes = tally.wins + tally.losses + tally.ties + tally.bothBad
    return tally
  })
}

/** Wins of i over j, j over i, ties and both-bad votes between two models, whichever side they were on. */
export function pairTally({ models, votes }: Counts, i: number, j: number) {
  const ij = (i * models + j) * 4
  const ji = (j * models + i) * 4
  return {
    wins: votes[ij]! + votes[ji + 1]!,
    losses: votes[ij + 1]! + votes[ji]!,
    ties: votes[ij + 2]! + votes[ji + 2]!,
    bothBad: votes[ij + 3]! + votes[ji + 3]!,
  }
}

/** wins / (wins + losses) for every ordered pair, row beats column; NaN only where neither ever won. O(models^2). */
export function winFractions(n: Counts): Float64Array {
  const { models } = n
  const fractions = new Float64Array(models * models).fill(Number.NaN)
  for (let i = 0; i < models; i++) {
    for (let j = 0; j < models; j++) {
      const { wins, losses } = pairTally(n, i, j)
      if (i !== j && wins + losses > 0) fractions[i * models + j] = wins / (wins + losses)
    }
  }
  return fractions
}

/** Mean over the opponents a model met of its share of wins against each, ties counting half; NaN without any. */
export function averageWinRates(n: Counts): Float64Array {
  const wins = winsOf({ ...n, weight: n.votes })
  const { models } = n
  return Float64Array.from({ length: models }, (_, i) => {
    let sum = 0
    let met = 0
    for (let j = 0; j < models; j++) {
      const both = wins[i * models + j]! + wins[j * models + i]!
      if (both > 0) {
        sum += wins[i * models + j]! / both
        met += 1
      }
    }
    return sum / met
  })
}

/** Unicode code-point order, which is also UTF-8 byte order; JavaScript's own order differs beyond U+FFFF. */
export function compareCodePoints(x: string, y: string): number {
  const length = Math.min(x.length, y.length)
  for (let at = 0; at < length; at++) {
    const left = x.charCodeAt(at)
    const right = y.charCodeAt(at)
    if (left === right) continue
    // Surrogates stand for code points above all others, but U+E000 to U+FFFF come after them as UTF-16 units.
    const leftHigh = left >= 0xd800 && left <= 0xdfff
    const rightHigh = right >= 0xd800 && right <= 0xdfff
    return leftHigh === rightHigh ? left - right : leftHigh ? 1 : -1
  }
  return x.length - y.length
}

export type NamedVote = {
  modelA: string
  modelB: string
  outcome: keyof typeof outcomeCode
  weight?: number | undefined
  voter?: string | null | undefined
}

/** Votes by name turned into index arrays; `models` lists the names met, in code-point order. Rows keep their order. */
export function comparisonsOf(votes: readonly NamedVote[]): { models: string[]; comparisons: Comparisons } {
  const models = [...new Set(votes.flatMap(({ modelA, modelB }) => [modelA, modelB]))].sort(compareCodePoints)
  const indexOf = new Map(models.map((name, index) => [name, index]))
  const voters = new Map<string, number>()
  const comparisons: Comparisons = {
    models: models.length,
    a: Uint16Array.from(votes, ({ modelA }) => indexOf.get(modelA)!),
    b: Uint16Array.from(votes, ({ modelB }) => indexOf.get(modelB)!),
    outcome: Uint8Array.from(votes, ({ outcome }) => outcomeCode[outcome]),
  }
  if (votes.some(({ weight }) => weight !== undefined))
    comparisons.weight = Float64Array.from(votes, ({ weight = 1 }) => weight)
  if (votes.some(({ voter }) => voter != null))
    comparisons.voter = Uint32Array.from(votes, ({ voter }) => {
      if (voter == null) return noVoter
      if (!voters.has(voter)) voters.set(voter, voters.size)
      return voters.get(voter)!
    })
  return { models, comparisons }
}

/** The chosen votes, in the order chosen. */
export function pick(c: Comparisons, rows: ArrayLike<number>): Comparisons {
  const from = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(source: T, into: T): T => {
    for (let n = 0; n < rows.length; n++) into[n] = source[rows[n]!]!
    return into
  }
  return {
    models: c.models,
    a: from(c.a, new Uint16Array(rows.length)),
    b: from(c.b, new Uint16Array(rows.length)),
    outcome: from(c.outcome, new Uint8Array(rows.length)),
    ...(c.weight && { weight: from(c.weight, new Float64Array(rows.length)) }),
    ...(c.voter && { voter: from(c.voter, new Uint32Array(rows.length)) }),
  }
}

function addTo(sum: Float64Array, lost: Float64Array, at: number, value: number) {
  const before = sum[at]!
  const after = before + value
  lost[at] = lost[at]! + (before >= value ? before - after + value : value - after + before)
  sum[at] = after
}

function checkLengths({ models, a, b, outcome, weight, voter }: Comparisons) {
  if (!Number.isInteger(models) || models < 0 || models > 65_535) throw new RangeError(`${models} models`)
  const lengths = [a, b, outcome, weight, voter].filter((column) => column !== undefined).map(({ length }) => length)
  if (lengths.some((length) => length !== a.length)) throw new RangeError(`columns of ${lengths.join(', ')} votes`)
}

function refuseVote({ models, a, b, outcome }: Comparisons, n: number): never {
  if (outcome[n]! > 3) throw new RangeError(`vote ${n}: outcome ${outcome[n]} is not 0, 1, 2 or 3`)
  throw new RangeError(`vote ${n}: models ${a[n]} and ${b[n]} are not two different models below ${models}`)
}
