import { type Fit, fitBradleyTerry } from './bradley-terry.ts'
import { type Comparisons, type Counts, cellOf, countComparisons, noVoter } from './comparison.ts'
import { fisher } from './intervals.ts'
import { sigmoid } from './maximise.ts'
import { votesByVoter } from './voters.ts'

export type Flip = {
  above: number
  below: number
  /** Votes whose removal reverses the two; null when none was found within the share. */
  votes: number | null
  /** 'no_maximum': dropping them leaves the two without finite ratings. */
  status: 'flipped' | 'not_within_share' | 'no_maximum'
  /** Vote numbers, most influential first; as many as were tried last. */
  dropped: Uint32Array
}

/**
 * How few votes decide that `above` is rated over `below`: votes are ordered by their one-step influence on the
 * difference, (c'H^+ x) w (y-p)/(1-h); the k largest are dropped and the rest refitted exactly, for the smallest k
 * that reverses the two. An upper bound on the true minimum. The search ends at `shareMax` of the votes; k is found
 * by doubling and halving, since every vote dropped speaks for `above`. O(votes log votes + log k fits).
 * Sources: Pregibon 1981; Huang et al., arXiv 2508.11847.
 */
export function votesToFlip(
  c: Comparisons,
  f: Fit,
  above: number,
  below: number,
  { shareMax = 0.05 }: { shareMax?: number } = {},
): Flip {
  const counts = countComparisons(c)
  const order = byInfluence(c, f, influences(c, counts, f, above, below))
  const most = Math.min(order.length, Math.floor(shareMax * c.a.length))
  const result = (k: number, status: Flip['status']): Flip => ({
    above,
    below,
    votes: status === 'flipped' ? k : null,
    status,
    dropped: order.slice(0, k),
  })
  let [kept, reversed] = [0, 0]
  for (let k = 1; reversed === 0; k = Math.min(2 * k, most)) {
    if (most === 0) return result(0, 'not_within_share')
    const outcome = without(c, counts, f, order.subarray(0, k), above, below)
    if (outcome === 'kept') kept = k
    else reversed = k
    if (reversed === 0 && k === most) return result(k, 'not_within_share')
  }
  while (reversed - kept > 1) {
    const k = (kept + reversed) >> 1
    if (without(c, counts, f, order.subarray(0, k), above, below) === 'kept') kept = k
    else reversed = k
  }
  const last = without(c, counts, f, order.subarray(0, reversed), above, below)
  return result(reversed, last === 'reversed' ? 'flipped' : 'no_maximum')
}

/** `votesToFlip` for each neighbouring pair among the first `top` of the largest piece, from the top. */
export function votesToFlipTop(c: Comparisons, f: Fit, { top = 5, shareMax = 0.05 } = {}): Flip[] {
  const ordered = [...(f.blocks[0] ?? [])].sort((x, y) => f.theta[y]! - f.theta[x]!).slice(0, top)
  return ordered.slice(1).map((below, at) => votesToFlip(c, f, ordered[at]!, below, { shareMax }))
}

export type VoterInfluence = {
  voter: number
  votes: number
  /** The model whose rating moves most without this voter, and by how much, natural log. */
  model: number
  oneStep: number
  /** By a full refit; NaN when the model has no finite rating without this voter. */
  exact: number
}

/**
 * What the ratings owe to single voters: one-step change -H^+ S of leaving each voter out, and for the `exact`
 * largest a full refit. Largest first. O(votes + voters * models^2).
 */
export function leaveVoterOut(c: Comparisons, f: Fit, { exact = 10 }: { exact?: number } = {}): VoterInfluence[] {
  const counts = countComparisons(c)
  const { v } = fisher(counts, f)
  const { rows, starts } = votesByVoter(c)
  const found: (VoterInfluence & { rows: Uint32Array })[] = []
  const score = new Float64Array(c.models)
  for (let g = 0; g + 1 < starts.length; g++) {
    const own = rows.subarray(starts[g]!, starts[g + 1]!)
    const voter = c.voter ? c.voter[own[0]!]! : noVoter
    if (voter === noVoter) continue
    score.fill(0)
    for (const n of own) addScore(c, f, n, score)
    const { model, change } = largestChange(f, v, score)
    if (model >= 0) found.push({ voter, votes: own.length, model, oneStep: change, exact: Number.NaN, rows: own })
  }
  found.sort((x, y) => Math.abs(y.oneStep) - Math.abs(x.oneStep) || x.voter - y.voter)
  return found.slice(0, exact).map(({ rows: own, ...influence }) => {
    const again = fitBradleyTerry(minus(c, counts, own), { ...f.halves, start: f.theta })
    return { ...influence, exact: again.theta[influence.model]! - f.theta[influence.model]! }
  })
}

const scoreOf = [1, 0, 0.5, 0.5] as const

const uses = ({ halves }: Fit, outcome: number) =>
  outcome < 2 || (outcome === 2 ? halves.ties === 'half' : halves.bothBad === 'half')

function addScore(c: Comparisons, f: Fit, n: number, score: Float64Array) {
  const i = c.a[n]!
  const j = c.b[n]!
  const p = sigmoid(f.theta[i]! - f.theta[j]!)
  if (Number.isNaN(p) || f.piece[i] !== f.piece[j] || !uses(f, c.outcome[n]!)) return
  const pull = (c.weight ? c.weight[n]! : 1) * (scoreOf[c.outcome[n] as 0 | 1 | 2 | 3] - p)
  score[i] = score[i]! + pull
  score[j] = score[j]! - pull
}

function largestChange(f: Fit, v: Float64Array, score: Float64Array) {
  const models = score.length
  let model = -1
  let change = 0
  for (const block of f.blocks) {
    for (const i of block) {
      let moved = 0
      for (const j of block) if (score[j] !== 0) moved -= v[i * models + j]! * score[j]!
      if (Math.abs(moved) > Math.abs(change)) {
        model = i
        change = moved
      }
    }
  }
  return { model, change }
}

/** Per vote, by how much dropping it lowers theta_above - theta_below in one step; NaN for votes outside the block. */
function influences(c: Comparisons, counts: Counts, f: Fit, above: number, below: number): Float64Array {
  const { models } = c
  const { v } = fisher(counts, f)
  const pull = (m: number) => v[above * models + m]! - v[below * models + m]!
  return Float64Array.from({ length: c.a.length }, (_, n) => {
    const i = c.a[n]!
    const j = c.b[n]!
    if (!uses(f, c.outcome[n]!)) return Number.NaN
    const p = sigmoid(f.theta[i]! - f.theta[j]!)
    const w = c.weight ? c.weight[n]! : 1
    const leverage = w * p * (1 - p) * (v[i * models + i]! + v[j * models + j]! - 2 * v[i * models + j]!)
    const residual = scoreOf[c.outcome[n] as 0 | 1 | 2 | 3] - p
    return ((pull(i) - pull(j)) * w * residual) / Math.max(1e-12, 1 - leverage)
  })
}

function byInfluence(c: Comparisons, f: Fit, influence: Float64Array): Uint32Array {
  const helpful: number[] = []
  for (let n = 0; n < c.a.length; n++) if (influence[n]! > 0 && f.piece[c.a[n]!] === f.piece[c.b[n]!]) helpful.push(n)
  return Uint32Array.from(helpful.sort((m, n) => influence[n]! - influence[m]! || m - n))
}

function without(c: Comparisons, counts: Counts, f: Fit, rows: Uint32Array, above: number, below: number) {
  const again = fitBradleyTerry(minus(c, counts, rows), { ...f.halves, start: f.theta })
  const gap = again.piece[above] === again.piece[below] ? again.theta[above]! - again.theta[below]! : Number.NaN
  return Number.isNaN(gap) ? 'no_maximum' : gap < 0 ? 'reversed' : 'kept'
}

function minus(c: Comparisons, counts: Counts, rows: Uint32Array): Counts {
  const votes = counts.votes.slice()
  const weight = counts.weight.slice()
  const weightSquared = counts.weightSquared.slice()
  for (const n of rows) {
    const cell = cellOf(c.models, c.a[n]!, c.b[n]!, c.outcome[n]!)
    const w = c.weight ? c.weight[n]! : 1
    votes[cell] = votes[cell]! - 1
    // An emptied cell is exactly empty: a remainder of rounding would count as a link between models.
    weight[cell] = votes[cell] === 0 ? 0 : weight[cell]! - w
    weightSquared[cell] = votes[cell] === 0 ? 0 : weightSquared[cell]! - w * w
  }
  return { models: c.models, votes, weight, weightSquared }
}
