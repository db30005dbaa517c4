import { outcomes } from '../battles/battle.ts'
import type { ModelId, VoteId } from '../core/ids.ts'
import { boardCategories, isInCategory } from './category.ts'
import type { BoardView, RankedBallot } from './leaderboard.ts'
import type { LeaderboardStore } from './leaderboard-store.ts'

const pageRows = 5_000
const changesPerRead = 2_000
/** characters, headers, lists, bold of side a, then of side b. */
export const markupColumns = 8

/** Counted votes as columns: a million of them is a few dozen megabytes, and a view of them one pass. */
export type BallotTable = {
  /** Brings the table up to date: everything the first time, afterwards only votes that changed. Gives the newest change it holds. */
  refresh(): Promise<number>
  /** The ballots of a view, in the order of their votes' ids, models numbered by id in code-point order. */
  select(view: BoardView, voterId: string | null): Selection
}

export type Selection = {
  models: ModelId[]
  votes: number
  a: Uint16Array
  b: Uint16Array
  outcome: Uint8Array
  voter: Uint32Array
  markup: Float64Array
  pairProbability: Float64Array
}

export function ballotTable(store: Pick<LeaderboardStore, 'ballots' | 'ballotsOf' | 'changedSince' | 'lastChange'>): BallotTable {
  const rows = new Map<VoteId, number>()
  const models = numbering()
  const voters = numbering()
  const languages = numbering()
  const columns = growing()
  let change: number | null = null
  let order: Uint32Array | null = null

  const put = (ballot: RankedBallot) => {
    const known = rows.get(ballot.voteId)
    const row = known ?? columns.add()
    if (known === undefined) {
      rows.set(ballot.voteId, row)
      order = null
    }
    columns.a[row] = models.of(ballot.modelA)
    columns.b[row] = models.of(ballot.modelB)
    columns.outcome[row] = outcomes.indexOf(ballot.outcome)
    columns.voter[row] = voters.of(ballot.voterId)
    columns.kind[row] = ballot.voterKind === 'annotator' ? 1 : 0
    columns.language[row] = languages.of(ballot.language)
    columns.castAt[row] = ballot.castAt.getTime()
    columns.pairProbability[row] = ballot.pairProbability
    columns.markup.set([...ballot.markupA, ...ballot.markupB], row * markupColumns)
    columns.slices[row] = slicesOf(ballot)
    columns.isIn[row] = 1
  }

  async function readAll() {
    const seen = await store.lastChange()
    for (let after: VoteId | null = null; ; ) {
      const page: RankedBallot[] = await store.ballots({ after, limit: pageRows })
      page.forEach(put)
      if (page.length < pageRows) break
      after = page.at(-1)!.voteId
    }
    return seen
  }

  async function readChanges(since: number) {
    let seen = since
    for (;;) {
      const changes = await store.changedSince(seen, changesPerRead)
      if (changes.length === 0) return seen
      const ids = [...new Set(changes.map(({ voteId }) => voteId))]
      const counted = await store.ballotsOf(ids)
      const stillIn = new Set(counted.map(({ voteId }) => voteId))
      for (const id of ids) {
        const row = rows.get(id)
        if (row !== undefined && !stillIn.has(id)) columns.isIn[row] = 0
      }
      counted.forEach(put)
      seen = changes.at(-1)!.change
    }
  }

  return {
    async refresh() {
      change = change === null ? await readAll() : await readChanges(change)
      return change
    },
    select(view, voterId) {
      const mine = view.voters === 'mine' ? voters.known(voterId ?? '') : undefined
      const language = view.language === null ? undefined : languages.known(view.language)
      const since = view.since?.getTime() ?? Number.NEGATIVE_INFINITY
      const until = view.until?.getTime() ?? Number.POSITIVE_INFINITY
      const slice = 1 << boardCategories.indexOf(view.category)
      const isWanted = (row: number) =>
        columns.isIn[row] === 1 &&
        (columns.slices[row]! & slice) !== 0 &&
        (view.language === null || columns.language[row] === language) &&
        (view.voters === 'all' ||
          (view.voters === 'mine' ? columns.voter[row] === mine : columns.kind[row] === (view.voters === 'annotators' ? 1 : 0))) &&
        columns.castAt[row]! >= since &&
        columns.castAt[row]! < until

      order ??= Uint32Array.from([...rows].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, row]) => row))
      const wanted = order.filter(isWanted)
      return gather(wanted, columns, models.names)
    },
  }
}

function gather(wanted: Uint32Array, columns: ReturnType<typeof growing>, names: readonly string[]): Selection {
  const seen = new Set<number>()
  for (const row of wanted) seen.add(columns.a[row]!).add(columns.b[row]!)
  const present = [...seen].map((index) => names[index]!).sort()
  const renumbered = new Uint16Array(names.length)
  present.forEach((name, index) => {
    renumbered[names.indexOf(name)] = index
  })
  const n = wanted.length
  const selection: Selection = {
    models: present,
    votes: n,
    a: new Uint16Array(n),
    b: new Uint16Array(n),
    outcome: new Uint8Array(n),
    voter: new Uint32Array(n),
    markup: new Float64Array(n * markupColumns),
    pairProbability: new Float64Array(n),
  }
  for (let i = 0; i < n; i++) {
    const row = wanted[i]!
    selection.a[i] = renumbered[columns.a[row]!]!
    selection.b[i] = renumbered[columns.b[row]!]!
    selection.outcome[i] = columns.outcome[row]!
    selection.voter[i] = columns.voter[row]!
    selection.pairProbability[i] = columns.pairProbability[row]!
    for (let k = 0; k < markupColumns; k++) selection.markup[i * markupColumns + k] = columns.markup[row * markupColumns + k]!
  }
  return selection
}

const slicesOf = (ballot: RankedBallot) =>
  boardCategories.reduce((bits, category, i) => (isInCategory(ballot, category) ? bits | (1 << i) : bits), 0)

function numbering() {
  const indices = new Map<string, number>()
  const names: string[] = []
  return {
    names,
    known: (name: string) => indices.get(name),
    of(name: string) {
      const known = indices.get(name)
      if (known !== undefined) return known
      indices.set(name, names.length)
      return names.push(name) - 1
    },
  }
}

function growing() {
  let capacity = 1024
  let length = 0
  const columns = {
    a: new Uint16Array(capacity),
    b: new Uint16Array(capacity),
    outcome: new Uint8Array(capacity),
    voter: new Uint32Array(capacity),
    kind: new Uint8Array(capacity),
    language: new Uint16Array(capacity),
    castAt: new Float64Array(capacity),
    pairProbability: new Float64Array(capacity),
    markup: new Float64Array(capacity * markupColumns),
    slices: new Uint32Array(capacity),
    isIn: new Uint8Array(capacity),
    add() {
      if (length === capacity) {
        capacity *= 2
        const grown = <T extends { set(from: ArrayLike<number>): void }>(fresh: T, old: ArrayLike<number>) => {
          fresh.set(old)
          return fresh
        }
        columns.a = grown(new Uint16Array(capacity), columns.a)
        columns.b = grown(new Uint16Array(capacity), columns.b)
        columns.outcome = grown(new Uint8Array(capacity), columns.outcome)
        columns.voter = grown(new Uint32Array(capacity), columns.voter)
        columns.kind = grown(new Uint8Array(capacity), columns.kind)
        columns.language = grown(new Uint16Array(capacity), columns.language)
        columns.castAt = grown(new Float64Array(capacity), columns.castAt)
        columns.pairProbability = grown(new Float64Array(capacity), columns.pairProbability)
        columns.markup = grown(new Float64Array(capacity * markupColumns), columns.markup)
        columns.slices = grown(new Uint32Array(capacity), columns.slices)
        columns.isIn = grown(new Uint8Array(capacity), columns.isIn)
      }
      return length++
    },
  }
  return columns
}

