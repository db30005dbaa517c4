import type { ModelId } from '../core/ids.ts'
import { type Comparisons, type Outcome, pairTally } from '../ranking/comparison.ts'
import { type LiveCounts, liveCounts } from '../ranking/live-counts.ts'
import type { Leaderboard } from './leaderboard.ts'

/** A vote as a view keeps it. `order` and `print` depend on the vote and its voter alone, never on when it came. */
export type LiveVote = {
  a: number
  b: number
  outcome: Outcome
  voter: number
  /** Sorts voters. */
  order: number
  /** Two words of the vote's fingerprint. */
  print: number
  print2: number
  /** 0 or 1 for the side with more characters, -1 where both are alike. */
  longer: number
}

/** What a board needs of a view, kept current vote by vote. Whatever the order of changes, the bits are those of a view counted afresh. */
export type LiveView = {
  readonly models: readonly ModelId[]
  readonly counts: LiveCounts['counts']
  /** Sorted by voter, then pair, then outcome, so that sums over voters do not depend on the order of votes. Valid until the next change. */
  comparisons(): Comparisons
  add(vote: LiveVote): void
  /** The same for a vote that comes after all that are there: how a view is filled. */
  append(vote: LiveVote): void
  remove(vote: LiveVote): void
  votes(): number
  /** Of exactly these votes. */
  fingerprint(): string
  pairs(): Leaderboard['pairs']
  left(): Leaderboard['left']
  longer(): Leaderboard['longer']
}

/** `models` in code-point order; votes name them by their place in it. */
export function liveView(models: readonly ModelId[]): LiveView {
  const counted = liveCounts(models.length)
  const sorted = sortedVotes()
  // Sums of words wrap around, so that a vote can be taken out again.
  const print = new Uint32Array(2)
  const left = { wins: 0, decisive: 0 }
  const longer = { wins: 0, decisive: 0 }

  const tally = (vote: LiveVote, by: 1 | -1) => {
    if (by === 1) counted.add(vote.a, vote.b, vote.outcome)
    else counted.remove(vote.a, vote.b, vote.outcome)
    print[0] = print[0]! + by * vote.print
    print[1] = print[1]! + by * vote.print2
    if (vote.outcome > 1) return
    left.decisive += by
    if (vote.outcome === 0) left.wins += by
    if (vote.longer < 0) return
    longer.decisive += by
    if (vote.outcome === vote.longer) longer.wins += by
  }

  return {
    models,
    get counts() {
      return counted.counts
    },
    comparisons: () => ({ models: models.length, ...sorted.columns() }),
    add(vote) {
      sorted.insert(vote)
      tally(vote, 1)
    },
    append(vote) {
      sorted.append(vote)
      tally(vote, 1)
    },
    remove(vote) {
      sorted.remove(vote)
      tally(vote, -1)
    },
    votes: sorted.length,
    fingerprint: () => Array.from(print, (word) => word.toString(16).padStart(8, '0')).join(''),
    pairs: () => pairsOf(models, counted.counts),
    left: () => ({ ...left }),
    longer: () => ({ ...longer }),
  }
}

function pairsOf(models: readonly ModelId[], counts: LiveCounts['counts']): Leaderboard['pairs'] {
  const pairs: Leaderboard['pairs'] = []
  for (let i = 0; i < models.length; i++)
    for (let j = i + 1; j < models.length; j++) {
      const { wins, losses, ties, bothBad } = pairTally(counts, i, j)
      if (wins + losses + ties + bothBad === 0) continue
      pairs.push({ a: models[i]!, b: models[j]!, winsA: wins, winsB: losses, ties, bothBad })
    }
  return pairs
}

/** Columns that stay sorted. One vote more or less moves what lies behind it, which is a copy of memory and no work on votes. */
function sortedVotes() {
  let count = 0
  let room = 1024
  const fresh = () => ({
    a: new Uint16Array(room),
    b: new Uint16Array(room),
    outcome: new Uint8Array(room),
    voter: new Uint32Array(room),
    order: new Float64Array(room),
  })
  let columns = fresh()
  const set = (at: number, vote: LiveVote) => {
    columns.a[at] = vote.a
    columns.b[at] = vote.b
    columns.outcome[at] = vote.outcome
    columns.voter[at] = vote.voter
    columns.order[at] = vote.order
  }

  /** The first place whose vote does not come before this one. */
  const placeOf = (vote: LiveVote): number => {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(middle, vote)) low = middle + 1
      else high = middle
    }
    return low
  }
  const isBefore = (at: number, vote: LiveVote): boolean =>
    (columns.order[at]! - vote.order ||
      columns.voter[at]! - vote.voter ||
      columns.a[at]! - vote.a ||
      columns.b[at]! - vote.b ||
      columns.outcome[at]! - vote.outcome) < 0
  const grow = () => {
    room = Math.ceil(room * 1.25)
    const larger = fresh()
    for (const name of ['a', 'b', 'outcome', 'voter', 'order'] as const) larger[name].set(columns[name])
    columns = larger
  }

  return {
    length: () => count,
    columns: () => ({
      a: columns.a.subarray(0, count),
      b: columns.b.subarray(0, count),
      outcome: columns.outcome.subarray(0, count),
      voter: columns.voter.subarray(0, count),
    }),
    append(vote: LiveVote) {
      if (count === room) grow()
      set(count, vote)
      count += 1
    },
    insert(vote: LiveVote) {
      if (count === room) grow()
      const at = placeOf(vote)
      for (const column of Object.values(columns)) column.copyWithin(at + 1, at, count)
      set(at, vote)
      count += 1
    },
    remove(vote: LiveVote) {
      const at = placeOf(vote)
      for (const column of Object.values(columns)) column.copyWithin(at, at + 1, count)
      count -= 1
    },
  }
}
