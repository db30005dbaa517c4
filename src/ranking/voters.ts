import { type Comparisons, noVoter } from './comparison.ts'

/** Vote numbers grouped by voter, votes without a voter last, each its own group. */
export type VoterOrder = { rows: Uint32Array; starts: Uint32Array }

export function votesByVoter({ a, voter }: Pick<Comparisons, 'a' | 'voter'>): VoterOrder {
  const votes = a.length
  const number = new Uint32Array(votes)
  const seen = new Map<number, number>()
  let groups = 0
  for (let n = 0; n < votes; n++) {
    const own = voter ? voter[n]! : noVoter
    if (own === noVoter) {
      number[n] = groups++
      continue
    }
    let group = seen.get(own)
    if (group === undefined) {
      group = groups++
      seen.set(own, group)
    }
    number[n] = group
  }
  const starts = new Uint32Array(groups + 1)
  for (let n = 0; n < votes; n++) starts[number[n]! + 1]!++
  for (let g = 0; g < groups; g++) starts[g + 1] = starts[g + 1]! + starts[g]!
  const rows = new Uint32Array(votes)
  const next = starts.slice()
  for (let n = 0; n < votes; n++) rows[next[number[n]!]!++] = n
  return { rows, starts }
}
