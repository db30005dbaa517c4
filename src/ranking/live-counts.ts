import { type Comparisons, type Counts, cellOf, countComparisons, type Outcome } from './comparison.ts'

export type LiveCounts = {
  /** Always current; pass it to `fitBradleyTerry`. Not to be written by others. */
  readonly counts: Counts
  add(a: number, b: number, outcome: Outcome): void
  /** A withdrawn vote, or the old half of a changed one. Throws RangeError when no such vote was counted. */
  remove(a: number, b: number, outcome: Outcome): void
  /** Counts again from all votes, and says in how many cells the running counts were wrong: 0 unless a fault. */
  rebuild(c: Comparisons): number
}

/**
 * Counts kept up to date vote by vote, O(1) each. Votes weigh 1: whole numbers add and subtract exactly, so any
 * sequence of votes, changes and withdrawals leaves the same bits as counting afresh.
 */
export function liveCounts(models: number): LiveCounts {
  let counts = countComparisons({ models, a: new Uint16Array(), b: new Uint16Array(), outcome: new Uint8Array() })
  const move = (a: number, b: number, outcome: Outcome, by: 1 | -1) => {
    if (!(a < counts.models && b < counts.models && a >= 0 && b >= 0 && a !== b && outcome >= 0 && outcome <= 3))
      throw new RangeError(`no vote between models ${a} and ${b} can have outcome ${outcome}`)
    const cell = cellOf(counts.models, a, b, outcome)
    if (counts.votes[cell]! + by < 0) throw new RangeError(`no vote between ${a} and ${b} with outcome ${outcome}`)
    for (const column of [counts.votes, counts.weight, counts.weightSquared]) column[cell] = column[cell]! + by
  }
  return {
    get counts() {
      return counts
    },
    add: (a, b, outcome) => move(a, b, outcome, 1),
    remove: (a, b, outcome) => move(a, b, outcome, -1),
    rebuild(c) {
      if (c.weight) throw new RangeError('live counts hold votes of weight 1 only')
      const fresh = countComparisons(c)
      const sameModels = fresh.models === counts.models
      const wrong = sameModels
        ? fresh.votes.reduce((sum, votes, cell) => sum + Number(votes !== counts.votes[cell]), 0)
        : 0
      counts = fresh
      return wrong
    },
  }
}
