import { outcomes } from '../battles/battle.ts'
import type { ModelId, VoteId } from '../core/ids.ts'
import { compareCodePoints, type Outcome, pairTally } from '../ranking/comparison.ts'
import { ballotColumns, type Columns, markupColumns } from './ballot-columns.ts'
import { boardKey } from './board-view.ts'
import { boardCategories, isInCategory } from './category.ts'
import type { BoardView, RankedBallot } from './leaderboard.ts'
import type { LeaderboardStore } from './leaderboard-store.ts'
import { type LiveView, type LiveVote, liveView } from './live-view.ts'

const pageRows = 5_000
const changesPerRead = 2_000
/** A longer stream of changes is cheaper to count afresh than to follow. */
const changesFollowedMax = 500
const liveViewsMax = 24

/** Counted votes as columns: a million of them is a few dozen megabytes, and a view of them one pass. */
export type BallotTable = {
  /** Brings the table up to date: everything the first time, afterwards only votes that changed. Gives the newest change it holds. */
  refresh(): Promise<number>
  /** The ballots of a view, in the order of their votes' ids, models numbered by id in code-point order. */
  select(view: BoardView, voterId: string | null): Selection
  /** Languages of all counted votes, and how many there are since a moment. */
  summary(since: Date): { languages: string[]; votesSince: number }
  /** The same view kept current from change to change: one pass the first time, afterwards nothing in the number of votes. */
  live(view: BoardView): LiveView
}

export type Selection = {
  models: ModelId[]
  votes: number
  a: Uint16Array
  b: Uint16Array
  outcome: Uint8Array
  voter: Uint32Array
  markup: Float64Array
  /** Of exactly these votes. */
  fingerprint: string
}

type Watched = { view: BoardView; live: LiveView; placeOf: Int32Array }

export function ballotTable(
  store: Pick<LeaderboardStore, 'ballots' | 'ballotsOf' | 'changedSince' | 'lastChange'>,
): BallotTable {
  const rows = new Map<VoteId, number>()
  const models = numbering()
  const voters = numbering()
  const languages = numbering()
  const columns = ballotColumns()
  const watched = new Map<string, Watched>()
  let change: number | null = null
  let order = new Uint32Array()
  let added: [VoteId, number][] = []
  let canonical: Uint32Array | null = null

  const put = (ballot: RankedBallot) => {
    const known = rows.get(ballot.voteId)
    const row = known ?? columns.add()
    if (known === undefined) {
      rows.set(ballot.voteId, row)
      added.push([ballot.voteId, row])
    }
    tell(row, 'remove')
    columns.a[row] = models.of(ballot.modelA)
    columns.b[row] = models.of(ballot.modelB)
    columns.outcome[row] = outcomes.indexOf(ballot.outcome)
    columns.voter[row] = voters.of(ballot.voterId)
    columns.kind[row] = ballot.voterKind === 'annotator' ? 1 : 0
    columns.isLibrary[row] = ballot.isFromLibrary ? 1 : 0
    columns.isLater[row] = ballot.turns > 1 ? 1 : 0
    columns.language[row] = languages.of(ballot.language)
    columns.castAt[row] = ballot.castAt.getTime()
    for (let k = 0; k < 4; k++) {
      columns.markup[row * markupColumns + k] = ballot.markupA[k]!
      columns.markup[row * markupColumns + 4 + k] = ballot.markupB[k]!
    }
    columns.slices[row] = slicesOf(ballot)
    const { voteId, modelA, modelB, outcome, voterId } = ballot
    const print = printOf(`${voteId} ${modelA} ${modelB} ${outcome} ${voterId} ${ballot.markupA} ${ballot.markupB}`)
    columns.print[row] = print[0]
    columns.print2[row] = print[1]
    columns.isIn[row] = 1
    tell(row, 'add')
  }
  const takeOut = (row: number) => {
    tell(row, 'remove')
    columns.isIn[row] = 0
  }

  const voteAt = voteReader(columns, voters.names)
  /** Views that are kept current hear of every row before and after it changes. */
  const tell = (row: number, what: 'add' | 'remove') => {
    canonical = null
    for (const [key, { view, live, placeOf }] of watched) {
      if (columns.isIn[row] !== 1 || !isWanted(view)(row)) continue
      const [a = -1, b = -1] = [placeOf[columns.a[row]!], placeOf[columns.b[row]!]]
      // A view whose models change is made again when it is asked for.
      if (a < 0 || b < 0) watched.delete(key)
      else {
        live[what](voteAt(row, a, b))
        if (what === 'remove' && !(hasVotes(live, a) && hasVotes(live, b))) watched.delete(key)
      }
    }
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
    for (let followed = 0; ; ) {
      const changes = await store.changedSince(seen, changesPerRead)
      if (changes.length === 0) return seen
      followed += changes.length
      if (followed > changesFollowedMax) watched.clear()
      const ids = [...new Set(changes.map(({ voteId }) => voteId))]
      const counted = await store.ballotsOf(ids)
      const stillIn = new Set(counted.map(({ voteId }) => voteId))
      for (const id of ids) {
        const row = rows.get(id)
        if (row !== undefined && !stillIn.has(id)) takeOut(row)
      }
      counted.forEach(put)
      seen = changes.at(-1)!.change
    }
  }

  const isWanted = (view: BoardView, voterId: string | null = null) => {
    const mine = view.voters === 'mine' ? voters.known(voterId ?? '') : undefined
    const language = view.language === null ? undefined : languages.known(view.language)
    const since = view.since?.getTime() ?? Number.NEGATIVE_INFINITY
    const until = view.until?.getTime() ?? Number.POSITIVE_INFINITY
    const slice = 1 << boardCategories.indexOf(view.category)
    return (row: number) =>
      columns.isIn[row] === 1 &&
      (columns.slices[row]! & slice) !== 0 &&
      (view.language === null || columns.language[row] === language) &&
      (view.voters === 'all' ||
        (view.voters === 'mine'
          ? columns.voter[row] === mine
          : columns.kind[row] === (view.voters === 'annotators' ? 1 : 0))) &&
      (view.turns === 'any' || columns.isLater[row] === (view.turns === 'several' ? 1 : 0)) &&
      !(view.withoutLibrary && columns.isLibrary[row] === 1) &&
      columns.castAt[row]! >= since &&
      columns.castAt[row]! < until
  }

  /** Rows by vote id; new ones are merged in, so that a vote more does not sort a million again. */
  const inIdOrder = (): Uint32Array => {
    if (added.length === 0) return order
    const fresh = added.sort(([x], [y]) => (x < y ? -1 : 1))
    added = []
    if (order.length === 0) {
      order = Uint32Array.from(fresh, ([, row]) => row)
      return order
    }
    const ids = [...rows.keys()]
    const merged = new Uint32Array(order.length + fresh.length)
    let [from, at] = [0, 0]
    for (const [id, row] of fresh) {
      let [low, high] = [from, order.length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (ids[order[middle]!]! < id) low = middle + 1
        else high = middle
      }
      merged.set(order.subarray(from, low), at)
      at += low - from
      from = low
      merged[at++] = row
    }
    merged.set(order.subarray(from), at)
    order = merged
    return order
  }

  const fill = (view: BoardView): Watched => {
    const isIn = isWanted(view)
    canonical ??= canonicalOrder(columns, models.names, voters.names)
    const wanted = canonical.filter(isIn)
    const [names, placeOf] = namesOf(wanted, columns, models.names)
    const live = liveView(names)
    for (const row of wanted) live.append(voteAt(row, placeOf[columns.a[row]!]!, placeOf[columns.b[row]!]!))
    return { view, live, placeOf }
  }

  return {
    async refresh() {
      change = change === null ? await readAll() : await readChanges(change)
      return change
    },
    select(view, voterId) {
      const wanted = inIdOrder().filter(isWanted(view, voterId))
      const [names, placeOf] = namesOf(wanted, columns, models.names)
      return gather(wanted, columns, names, placeOf)
    },
    summary(since) {
      const from = since.getTime()
      const isSpoken = new Uint8Array(languages.names.length)
      let votesSince = 0
      for (let row = 0; row < columns.length(); row++) {
        if (columns.isIn[row] !== 1) continue
        isSpoken[columns.language[row]!] = 1
        if (columns.castAt[row]! >= from) votesSince += 1
      }
      return { languages: languages.names.filter((_, i) => isSpoken[i] === 1).sort(), votesSince }
    },
    live(view) {
      const key = boardKey(view)
      const kept = watched.get(key) ?? fill(view)
      watched.delete(key)
      watched.set(key, kept)
      if (watched.size > liveViewsMax) watched.delete(watched.keys().next().value!)
      return kept.live
    },
  }
}

function hasVotes({ models, counts }: LiveView, i: number): boolean {
  return models.some((_, j) => {
    const { wins, losses, ties, bothBad } = pairTally(counts, i, j)
    return wins + losses + ties + bothBad > 0
  })
}

/** One object for all: a view copies what it is told. */
function voteReader(columns: Columns, voters: readonly string[]) {
  const orders: number[] = []
  const orderOf = (voter: number) => {
    orders[voter] ??= printOf(voters[voter]!)[0]
    return orders[voter]
  }
  const vote: LiveVote = { a: 0, b: 0, outcome: 0, voter: 0, order: 0, print: 0, print2: 0, longer: 0 }
  return (row: number, a: number, b: number): LiveVote => {
    vote.a = a
    vote.b = b
    vote.outcome = columns.outcome[row] as Outcome
    vote.voter = columns.voter[row]!
    vote.order = orderOf(vote.voter)
    vote.print = columns.print[row]!
    vote.print2 = columns.print2[row]!
    vote.longer = longerSide(columns.markup, row)
    return vote
  }
}

/** 0 or 1 for the side with more characters, -1 where both are alike. */
export function longerSide(markup: Float64Array, row: number): number {
  const a = markup[row * markupColumns]!
  const b = markup[row * markupColumns + markupColumns / 2]!
  return a === b ? -1 : a > b ? 0 : 1
}

/** Rows as live views sort them: by voter, model a, model b, outcome, each by name and not by when it was first met. Passes of counting. */
function canonicalOrder(columns: Columns, models: readonly ModelId[], voters: readonly string[]): Uint32Array {
  const modelPlace = placesBy(models, (x, y) => compareCodePoints(models[x]!, models[y]!))
  const orders = voters.map((voter) => printOf(voter)[0])
  const voterPlace = placesBy(voters, (x, y) => orders[x]! - orders[y]! || x - y)
  let order: Uint32Array | null = null
  const pass = (keys: number, keyOf: (row: number) => number) => {
    const next = new Uint32Array(keys + 1)
    const count = columns.length()
    for (let row = 0; row < count; row++) next[keyOf(row) + 1]!++
    for (let key = 0; key < keys; key++) next[key + 1]! += next[key]!
    const sorted = new Uint32Array(count)
    for (let at = 0; at < count; at++) {
      const row = order ? order[at]! : at
      sorted[next[keyOf(row)]!++] = row
    }
    order = sorted
  }
  pass(4, (row) => columns.outcome[row]!)
  pass(models.length, (row) => modelPlace[columns.b[row]!]!)
  pass(models.length, (row) => modelPlace[columns.a[row]!]!)
  pass(voters.length, (row) => voterPlace[columns.voter[row]!]!)
  return order!
}

function placesBy(names: readonly string[], compare: (x: number, y: number) => number): Uint32Array {
  const places = new Uint32Array(names.length)
  for (const [place, index] of Uint32Array.from(names.keys()).sort(compare).entries()) places[index] = place
  return places
}

/** The models these rows are about, sorted, and for each known model its place among them (-1: none). */
function namesOf(wanted: Uint32Array, columns: Columns, names: readonly string[]): [ModelId[], Int32Array] {
  const isPresent = new Uint8Array(names.length)
  for (const row of wanted) {
    isPresent[columns.a[row]!] = 1
    isPresent[columns.b[row]!] = 1
  }
  const present = [...names.keys()]
    .filter((index) => isPresent[index] === 1)
    .sort((x, y) => compareCodePoints(names[x]!, names[y]!))
  const placeOf = new Int32Array(names.length).fill(-1)
  for (const [place, index] of present.entries()) placeOf[index] = place
  return [present.map((index) => names[index]!), placeOf]
}

function gather(wanted: Uint32Array, columns: Columns, models: ModelId[], placeOf: Int32Array): Selection {
  const n = wanted.length
  const print = new Uint32Array(2)
  const selection = {
    models,
    votes: n,
    a: new Uint16Array(n),
    b: new Uint16Array(n),
    outcome: new Uint8Array(n),
    voter: new Uint32Array(n),
    markup: new Float64Array(n * markupColumns),
  }
  for (let i = 0; i < n; i++) {
    const row = wanted[i]!
    selection.a[i] = placeOf[columns.a[row]!]!
    selection.b[i] = placeOf[columns.b[row]!]!
    selection.outcome[i] = columns.outcome[row]!
    selection.voter[i] = columns.voter[row]!
    print[0] = print[0]! + columns.print[row]!
    print[1] = print[1]! + columns.print2[row]!
    for (let k = 0; k < markupColumns; k++)
      selection.markup[i * markupColumns + k] = columns.markup[row * markupColumns + k]!
  }
  return { ...selection, fingerprint: Array.from(print, (word) => word.toString(16).padStart(8, '0')).join('') }
}

const slicesOf = (ballot: RankedBallot) =>
  boardCategories.reduce((bits, category, i) => (isInCategory(ballot, category) ? bits | (1 << i) : bits), 0)

/** Two 32-bit words of a text (FNV-1a and its like, each finished as MurmurHash3 does): sums of them tell sets of votes apart. */
function printOf(text: string): [number, number] {
  let one = 0x811c9dc5
  let two = 0x2f0b4c47
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    one = Math.imul(one ^ unit, 0x01000193)
    two = Math.imul(two + unit, 0x5bd1e995)
    two ^= two >>> 15
  }
  return [finished(one), finished(two)]
}

function finished(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

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
