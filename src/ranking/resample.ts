import { type BootstrapOptions, type Spread, summarise } from './bootstrap.ts'
import type { Rated } from './bradley-terry.ts'
import type { Comparisons } from './comparison.ts'
import { seeded } from './random.ts'
import { votesByVoter } from './voters.ts'

export type Resampled = Spread & { notFinite: number }

/**
 * The bootstrap for any method: votes (or whole voters, where `byVoter`) are redrawn with replacement and handed to
 * `refit` as vote numbers, repeats included. `refit` answers natural-log strengths; a resample that leaves out or
 * separates a model which is finite in `rated`, or that `refit` gives null for, is counted and not used.
 * Slower than `bootstrap`, which works on counts. Rating points; anchor as there. O(samples * (votes + refit)).
 */
export function resampleVotes(
  c: Comparisons,
  rated: Rated,
  byVoter: boolean,
  o: BootstrapOptions & { pointsPerLog: number },
  refit: (rows: Uint32Array) => Rated | null,
): Resampled {
  const { models } = c
  const order = byVoter ? votesByVoter(c) : null
  const drawn = Array.from({ length: models }, () => new Float64Array(o.samples))
  let used = 0
  for (let sample = 0; sample < o.samples; sample++) {
    const random = seeded(o.seed, sample)
    const fit = refit(order ? drawVoters(order.rows, order.starts, random) : drawVotes(c.a.length, random))
    if (!fit || !isAsFinite(rated, fit)) continue
    for (const block of rated.blocks) {
      const at = block.includes(o.anchor ?? -1) ? o.anchor! : -1
      let shift = at >= 0 ? fit.theta[at]! : 0
      if (at < 0) for (const i of block) shift += fit.theta[i]! / block.length
      for (const i of block) drawn[i]![used] = 1000 + o.pointsPerLog * (fit.theta[i]! - shift)
    }
    used += 1
  }
  const finite = new Set(rated.blocks.flatMap((block) => [...block]))
  const values = drawn.map((own, i) => own.subarray(0, finite.has(i) ? used : 0))
  return { ...summarise(values, o.confidence ?? 0.95), notFinite: o.samples - used }
}

function isAsFinite(rated: Rated, fit: Rated): boolean {
  return rated.blocks.every((block) => {
    const piece = block.length > 0 ? fit.piece[block[0]!] : 0
    return block.every((i) => Number.isFinite(fit.theta[i]!) && fit.piece[i] === piece)
  })
}

function drawVotes(votes: number, random: () => number): Uint32Array {
  const rows = new Uint32Array(votes)
  for (let n = 0; n < votes; n++) rows[n] = Math.floor(random() * votes)
  return rows.sort()
}

function drawVoters(rows: Uint32Array, starts: Uint32Array, random: () => number): Uint32Array {
  const voters = starts.length - 1
  const times = new Uint32Array(voters)
  for (let v = 0; v < voters; v++) times[Math.floor(random() * voters)]!++
  let length = 0
  for (let v = 0; v < voters; v++) length += times[v]! * (starts[v + 1]! - starts[v]!)
  const drawn = new Uint32Array(length)
  let at = 0
  for (let v = 0; v < voters; v++) {
    for (let time = 0; time < times[v]!; time++) {
      drawn.set(rows.subarray(starts[v]!, starts[v + 1]!), at)
      at += starts[v + 1]! - starts[v]!
    }
  }
  return drawn
}
