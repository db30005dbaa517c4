import { type BallotTable, ballotTable } from './ballot-table.ts'
import { boardKey } from './board-view.ts'
import { type BoardView, type Leaderboard, type Robustness, wholeBoard } from './leaderboard.ts'
import type { LeaderboardStore } from './leaderboard-store.ts'
import { type KnownErrors, type RatingOptions, type RatingTools, rateLive, rateView } from './refresh-leaderboard.ts'
import { robustnessOf } from './robustness.ts'

export type RatedBoard = {
  board: Leaderboard
  /** The newest change in it. */
  change: number
  /** False while its errors are those of some seconds ago. */
  isExact: boolean
}

export type Rater = { rate(view: BoardView, voterId: string | null): Promise<RatedBoard> }

/** Passes over all votes that take no longer than this are made with every refresh. */
const quickMs = 20
const errorsEveryMs = 5_000
const robustnessEveryMs = 10 * 60_000
const viewsKnownMax = 64

/**
 * Rates views of the counted votes. The main views are followed vote by vote; what is a pass over all votes is made at most every few seconds
 * (errors) or minutes (robustness), unless there are so few votes that nobody notices.
 */
export function rater(
  store: Pick<LeaderboardStore, 'ballots' | 'ballotsOf' | 'changedSince' | 'lastChange'>,
  options: RatingOptions,
  tools: RatingTools & { elapsed(): number },
): Rater {
  const table = ballotTable(store)
  const errors = kept<KnownErrors>(tools.elapsed, errorsEveryMs)
  const robustness = kept<Robustness>(tools.elapsed, robustnessEveryMs)
  const summary = kept<NonNullable<Leaderboard['summary']>>(tools.elapsed, errorsEveryMs)

  const rateMain = (view: BoardView, key: string) => {
    const started = tools.elapsed()
    const known = errors.fresh(key)
    const rated = rateLive(table.live(view), view, options, tools, known)
    if (rated.errors !== known) errors.keep(key, rated.errors, started)
    return rated
  }
  const addRobustness = (
    board: Leaderboard,
    view: BoardView,
    key: string,
    table: BallotTable,
    voterId: string | null,
  ) => {
    const known = robustness.fresh(key)
    if (known) board.robustness = known
    else {
      const started = tools.elapsed()
      const { models, comparisons } = comparisonsOf(view, table, voterId)
      board.robustness = robustnessOf(comparisons, models)
      robustness.keep(key, board.robustness, started)
    }
  }
  const summaryOf = () => {
    const known = summary.fresh('')
    if (known) return known
    const [started, now] = [tools.elapsed(), tools.now()]
    const monthStart = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1))
    const { languages, votesSince } = table.summary(monthStart)
    const found = { languages, votesThisMonth: votesSince }
    summary.keep('', found, started)
    return found
  }
  const isMain = (view: BoardView) =>
    options.method === 'bradley-terry' && boardKey({ ...view, category: 'all', until: null }) === boardKey(wholeBoard)

  const comparisonsOf = (view: BoardView, table: BallotTable, voterId: string | null) => {
    if (isMain(view)) {
      const live = table.live(view)
      return { models: live.models, comparisons: live.comparisons() }
    }
    const { models, a, b, outcome, voter } = table.select(view, voterId)
    return { models, comparisons: { models: models.length, a, b, outcome, voter } }
  }

  return {
    async rate(view, voterId) {
      const change = await table.refresh()
      const key = boardKey(view, voterId)
      const { board, isExact } = isMain(view)
        ? rateMain(view, key)
        : { board: rateView(table.select(view, voterId), view, options, tools), isExact: true }
      board.summary = summaryOf()
      addRobustness(board, view, key, table, voterId)
      return { board, change, isExact }
    },
  }
}

/** Results by view that stay good for a while, unless making them is quick. */
function kept<T>(elapsed: () => number, everyMs: number) {
  const results = new Map<string, { result: T; at: number }>()
  return {
    fresh(key: string): T | null {
      const known = results.get(key)
      return known && elapsed() - known.at < everyMs ? known.result : null
    },
    keep(key: string, result: T, started: number) {
      results.delete(key)
      if (elapsed() - started > quickMs) results.set(key, { result, at: elapsed() })
      if (results.size > viewsKnownMax) results.delete(results.keys().next().value!)
    },
  }
}
