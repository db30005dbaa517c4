/** The votes of one block of models, pair by pair: what every Bradley-Terry solver step runs over. */

/** Pairs that met, `i < j` as positions in the block, in row-major order. */
export type PairTable = {
  size: number
  i: Uint16Array
  j: Uint16Array
  /** Weighted wins of i over j, and of j over i. */
  wins: Float64Array
  losses: Float64Array
}

/** The same pairs seen from each model: entries `start[r]` to `start[r + 1]` are its opponents and the pair met in. */
export type Rows = { start: Uint32Array; opponent: Uint16Array; pair: Uint32Array }

/** Pairs with votes among `members` (ascending) of W. O(size^2). */
export function pairTable(wins: Float64Array, models: number, members: Uint16Array): PairTable {
  const size = members.length
  const most = (size * (size - 1)) / 2
  const i = new Uint16Array(most)
  const j = new Uint16Array(most)
  const won = new Float64Array(most)
  const lost = new Float64Array(most)
  let pairs = 0
  for (let p = 0; p < size; p++) {
    const own = members[p]!
    for (let q = p + 1; q < size; q++) {
      const other = members[q]!
      const ahead = wins[own * models + other]!
      const behind = wins[other * models + own]!
      if (!(ahead + behind > 0)) continue
      i[pairs] = p
      j[pairs] = q
      won[pairs] = ahead
      lost[pairs] = behind
      pairs += 1
    }
  }
  const used = <T extends Uint16Array | Float64Array>(column: T) => column.subarray(0, pairs) as T
  return { size, i: used(i), j: used(j), wins: used(won), losses: used(lost) }
}

export function rowsOf({ size, i, j }: PairTable): Rows {
  const start = new Uint32Array(size + 1)
  for (let k = 0; k < i.length; k++) {
    start[i[k]! + 1] = start[i[k]! + 1]! + 1
    start[j[k]! + 1] = start[j[k]! + 1]! + 1
  }
  for (let r = 0; r < size; r++) start[r + 1] = start[r + 1]! + start[r]!
  const filled = start.slice()
  const opponent = new Uint16Array(2 * i.length)
  const pair = new Uint32Array(2 * i.length)
  for (let k = 0; k < i.length; k++) {
    const own = filled[i[k]!]!++
    const other = filled[j[k]!]!++
    opponent[own] = j[k]!
    opponent[other] = i[k]!
    pair[own] = pair[other] = k
  }
  return { start, opponent, pair }
}

/**
 * Whether every model can be reached from the first along wins, and the first from every model. Two searches that
 * end as soon as all are reached, so on dense votes this costs little more than one row.
 */
export function isStronglyConnected(table: PairTable, rows: Rows): boolean {
  return reachesAll(table, rows, table.wins, table.losses) && reachesAll(table, rows, table.losses, table.wins)
}

function reachesAll({ size }: PairTable, { start, opponent, pair }: Rows, ahead: Float64Array, back: Float64Array) {
  const seen = new Uint8Array(size)
  const queue = new Uint16Array(size)
  seen[0] = 1
  let reached = 1
  for (let at = 0; at < reached && reached < size; at++) {
    const from = queue[at]!
    for (let e = start[from]!; e < start[from + 1]!; e++) {
      const to = opponent[e]!
      if (seen[to] === 1) continue
      if (!((to > from ? ahead : back)[pair[e]!]! > 0)) continue
      seen[to] = 1
      queue[reached++] = to
    }
  }
  return reached === size
}
