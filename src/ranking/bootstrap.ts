import { type Fit, pointsPerLog } from './bradley-terry.ts'
import { type Comparisons, type Counts, cellOf, winsOf } from './comparison.ts'
import { refitter } from './maximise.ts'
import { isStronglyConnected, type PairTable, pairTable, rowsOf } from './pair-table.ts'
import { multinomial, type Random, seeded } from './random.ts'
import { quantile } from './ranks.ts'
import { type VoterOrder, votesByVoter } from './voters.ts'

/** Above this share of resamples without a finite maximum, percentiles no longer describe the votes. */
export const notFiniteShareMax = 0.01

export type BootstrapOptions = {
  samples: number
  seed: number
  confidence?: number
  /** Ratings relative to this model's 1000 in its piece, instead of to the mean. */
  anchor?: number | null
}

export type Bootstrap = {
  /** Rating points, mean of the piece (or the anchor) at 1000; NaN for models that are not finite. */
  low: Float64Array
  high: Float64Array
  median: Float64Array
  se: Float64Array
  /** Resamples without a finite maximum, left out: of the largest piece, and of each. */
  notFinite: number
  notFiniteOf: number[]
}

/**
 * Percentile bootstrap over votes: the counts of each block are redrawn from a multinomial, each draw refitted
 * exactly, resamples without a finite maximum left out and counted. Weights ride along as the mean of their cell.
 * Replicate r depends on (seed, r) alone. O(samples * (cells + models^2)) and a factoring now and then.
 * Source: Efron 1979; cells instead of votes are exact for counts.
 */
export function bootstrap(n: Counts, f: Fit, o: BootstrapOptions): Bootstrap {
  return overBlocks(n, f, o, (block, table) => {
    const { votes, meanWeight } = pairCategories(n, f, block, table)
    const redraw = redrawer(votes)
    return (random) => {
      const drawn = redraw(random)
      for (let k = 0; k < table.i.length; k++) {
        const half = (drawn[3 * k + 2]! * meanWeight[3 * k + 2]!) / 2
        table.wins[k] = drawn[3 * k]! * meanWeight[3 * k]! + half
        table.losses[k] = drawn[3 * k + 1]! * meanWeight[3 * k + 1]! + half
      }
    }
  })
}

/** Redraws counts with their total kept: vote by vote where votes are few, cell by cell where they are many. */
function redrawer(votes: Float64Array): (random: Random) => Float64Array {
  const total = votes.reduce((sum, count) => sum + count, 0)
  const drawn = new Float64Array(votes.length)
  if (total > 4 * votes.length) {
    return (random) => {
      multinomial(random, total, votes, drawn)
      return drawn
    }
  }
  const cellOfVote = new Uint32Array(total)
  let at = 0
  for (let cell = 0; cell < votes.length; cell++) {
    cellOfVote.fill(cell, at, at + votes[cell]!)
    at += votes[cell]!
  }
  return (random) => {
    drawn.fill(0)
    for (let vote = 0; vote < total; vote++) drawn[cellOfVote[Math.floor(random() * total)]!]!++
    return drawn
  }
}

/** The same over voters: whole voters are redrawn with all their votes. O(samples * votes) more. */
export function bootstrapVoters(c: Comparisons, n: Counts, f: Fit, o: BootstrapOptions): Bootstrap {
  const order = votesByVoter(c)
  return overBlocks(n, f, o, (block, table) => {
    const { starts, pair, score, weight } = votesInBlock(c, f, block, table, order)
    const voters = starts.length - 1
    const times = new Uint32Array(voters)
    return (random) => {
      times.fill(0)
      for (let v = 0; v < voters; v++) times[Math.floor(random() * voters)]!++
      table.wins.fill(0)
      table.losses.fill(0)
      for (let v = 0; v < voters; v++) {
        if (times[v] === 0) continue
        for (let at = starts[v]!; at < starts[v + 1]!; at++) {
          const k = pair[at]!
          const w = weight[at]! * times[v]!
          table.wins[k] = table.wins[k]! + w * score[at]!
          table.losses[k] = table.losses[k]! + w * (1 - score[at]!)
        }
      }
    }
  })
}

function overBlocks(
  n: Counts,
  f: Fit,
  o: BootstrapOptions,
  drawerFor: (block: Uint16Array, table: PairTable) => (random: Random) => void,
): Bootstrap {
  const { models } = n
  const wins = winsOf(n, f.halves)
  const nothing = () => new Float64Array(models).fill(Number.NaN)
  const result: Bootstrap = {
    low: nothing(),
    high: nothing(),
    median: nothing(),
    se: nothing(),
    notFinite: 0,
    notFiniteOf: [],
  }
  f.blocks.forEach((block, piece) => {
    if (block.length === 0) return
    const table = pairTable(wins, models, block)
    const rows = rowsOf(table)
    const refit = refitter(
      table,
      Float64Array.from(block, (i) => f.theta[i]!),
    )
    const redraw = drawerFor(block, table)
    const at = block.indexOf(o.anchor ?? -1)
    const drawn = Array.from(block, () => new Float64Array(o.samples))
    let finite = 0
    for (let sample = 0; sample < o.samples; sample++) {
      redraw(seeded(o.seed, sample * Math.max(1, f.pieces) + piece))
      const theta = isStronglyConnected(table, rows) ? refit() : null
      if (!theta) continue
      const shift = at < 0 ? 0 : theta[at]!
      for (let r = 0; r < block.length; r++) drawn[r]![finite] = 1000 + pointsPerLog * (theta[r]! - shift)
      finite += 1
    }
    result.notFiniteOf[piece] = o.samples - finite
    const spread = summarise(
      drawn.map((values) => values.subarray(0, finite)),
      o.confidence ?? 0.95,
    )
    block.forEach((i, r) => {
      result.low[i] = spread.low[r]!
      result.high[i] = spread.high[r]!
      result.median[i] = spread.median[r]!
      result.se[i] = spread.se[r]!
    })
  })
  result.notFinite = result.notFiniteOf[0] ?? 0
  return result
}

export type Spread = { low: Float64Array; high: Float64Array; median: Float64Array; se: Float64Array }

/** Percentiles (type 7), median and standard deviation of each model's draws; sorts the draws in place. */
export function summarise(drawn: Float64Array[], confidence: number): Spread {
  const each = (value: (ascending: Float64Array) => number) => Float64Array.from(drawn, value)
  for (const values of drawn) values.sort()
  return {
    low: each((values) => quantile(values, (1 - confidence) / 2)),
    high: each((values) => quantile(values, (1 + confidence) / 2)),
    median: each((values) => quantile(values, 0.5)),
    se: each(deviation),
  }
}

function deviation(values: Float64Array): number {
  let mean = 0
  for (const value of values) mean += value / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : Number.NaN
}

/** Votes and mean weights of each pair of the table by result: i won, j won, half. */
function pairCategories({ models, votes, weight }: Counts, { halves }: Fit, block: Uint16Array, { i, j }: PairTable) {
  const counts = new Float64Array(3 * i.length)
  const meanWeight = new Float64Array(3 * i.length)
  const uses = [halves.ties === 'half', halves.bothBad === 'half']
  for (let k = 0; k < i.length; k++) {
    for (let outcome = 0; outcome < 4; outcome++) {
      if (outcome >= 2 && !uses[outcome - 2]) continue
      const own = cellOf(models, block[i[k]!]!, block[j[k]!]!, outcome)
      const other = cellOf(models, block[j[k]!]!, block[i[k]!]!, outcome)
      const mirrored = outcome === 0 ? 1 : outcome === 1 ? 0 : 2
      add(3 * k + Math.min(outcome, 2), own)
      add(3 * k + mirrored, other)
    }
  }
  for (let at = 0; at < counts.length; at++) if (counts[at]! > 0) meanWeight[at] = meanWeight[at]! / counts[at]!
  return { votes: counts, meanWeight }

  function add(at: number, cell: number) {
    counts[at] = counts[at]! + votes[cell]!
    meanWeight[at] = meanWeight[at]! + weight[cell]!
  }
}

/** Votes inside the block grouped by voter: the pair, the score of its first model, the weight. */
function votesInBlock(c: Comparisons, f: Fit, block: Uint16Array, table: PairTable, { rows, starts }: VoterOrder) {
  const position = new Int32Array(c.models).fill(-1)
  block.forEach((model, r) => {
    position[model] = r
  })
  const pairAt = new Int32Array(block.length ** 2)
  for (let k = 0; k < table.i.length; k++) pairAt[table.i[k]! * block.length + table.j[k]!] = k
  const uses = [true, true, f.halves.ties === 'half', f.halves.bothBad === 'half']
  const pair: number[] = []
  const score: number[] = []
  const weight: number[] = []
  const ends = [0]
  for (let g = 0; g + 1 < starts.length; g++) {
    for (let at = starts[g]!; at < starts[g + 1]!; at++) {
      const n = rows[at]!
      const i = position[c.a[n]!]!
      const j = position[c.b[n]!]!
      const outcome = c.outcome[n]!
      if (i < 0 || j < 0 || !uses[outcome]) continue
      pair.push(pairAt[Math.min(i, j) * block.length + Math.max(i, j)]!)
      score.push(outcome >= 2 ? 0.5 : Number((outcome === 0) === i < j))
      weight.push(c.weight ? c.weight[n]! : 1)
    }
    if (pair.length > ends[ends.length - 1]!) ends.push(pair.length)
  }
  return {
    starts: Uint32Array.from(ends),
    pair: Uint32Array.from(pair),
    score: Float64Array.from(score),
    weight: Float64Array.from(weight),
  }
}
