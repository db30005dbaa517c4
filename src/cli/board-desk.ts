import { extname } from 'node:path'
import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { Log } from '../core/events.ts'
import { ballotTable } from '../leaderboards/ballot-table.ts'
import { boardKey } from '../leaderboards/board-view.ts'
import { boardCategories } from '../leaderboards/category.ts'
import { type BoardView, type Leaderboard, wholeBoard } from '../leaderboards/leaderboard.ts'
import type { LeaderboardStore } from '../leaderboards/leaderboard-store.ts'
import type { PairGains } from '../leaderboards/pair-gains.ts'
import { type RatingOptions, rateView } from '../leaderboards/refresh-leaderboard.ts'
import { inMemory } from '../storage/sqlite/open.ts'
import { gainsFor } from './board-gains.ts'
import type { BoardQuestion, BoardReply } from './job-boards.ts'

/** Where pages get their board from. Ratings are computed at the job's own pace, off the main thread, never by a request. */
export type BoardDesk = AsyncDisposable & {
  /** The newest board of a view; `isUpdating` while newer votes are being counted. A view nobody asked for before is waited for. */
  of(view: BoardView, voterId: string | null): Promise<{ board: Leaderboard; isUpdating: boolean }>
  /** The newest board of a view that was rated before; nothing is computed. */
  known(view: BoardView): Promise<Leaderboard | undefined>
  /** Brings the main views up to date if a vote changed since. */
  refresh(): Promise<void>
  /** What one more vote on each pair would teach, as of the newest whole board; null until one was rated by this process. */
  gains(): PairGains | null
}

type Rated = { board: Leaderboard; change: number }
type Rating = Rated & { ms: number; gains: PairGains | null }
type Rater = AsyncDisposable & { rate(view: BoardView, voterId: string | null): Promise<Rating> }

const mainViews: BoardView[] = [
  wholeBoard,
  { ...wholeBoard, style: true },
  ...boardCategories.filter((category) => category !== 'all').map((category) => ({ ...wholeBoard, category })),
]
const viewsKeptMax = 200
const anHourMs = 60 * 60 * 1000

export function boardDesk({
  leaderboards,
  database,
  options,
  delayMs = 0,
  log,
  now,
}: {
  leaderboards: LeaderboardStore
  /** Path of the file, or `:memory:` in tests, where no other thread can read it. */
  database: string
  options: RatingOptions
  /** On public sites votes appear this late, so that nobody can steer by watching the board (TRUST.md B8). */
  delayMs?: number
  log: Log
  now(): Date
}): BoardDesk {
  const rater = database === inMemory ? raterHere(leaderboards, options, now) : raterThread(database, options)
  const kept = new Map<string, Rated>()
  const working = new Map<string, Promise<Rated>>()
  let gains: PairGains | null = null

  /** A delayed board moves by whole hours, and each hour's is a view of its own. */
  const delayed = (view: BoardView): BoardView => {
    if (delayMs === 0) return view
    const hour = new Date(Math.floor((now().getTime() - delayMs) / anHourMs) * anHourMs)
    return { ...view, until: view.until !== null && view.until < hour ? view.until : hour }
  }

  const rateAgain = (view: BoardView, voterId: string | null) => {
    const key = boardKey(view, voterId)
    const known = working.get(key)
    if (known) return known
    const work = rater
      .rate(view, voterId)
      .then(async ({ board, change, ms, gains: found }) => {
        // A board that did not converge is not published; the one before stays.
        if (!board.converged && kept.has(key)) return kept.get(key)!
        kept.delete(key)
        kept.set(key, { board, change })
        if (kept.size > viewsKeptMax) kept.delete(kept.keys().next().value!)
        if (view.voters !== 'mine') await leaderboards.keep(board, key, change)
        if (found && key === boardKey(delayed(wholeBoard))) gains = found
        if (key === boardKey(delayed(wholeBoard)))
          log({ event: 'leaderboard_refreshed', votes: board.votes, models: board.rows.length, ms: Math.round(ms) })
        return { board, change }
      })
      .finally(() => working.delete(key))
    working.set(key, work)
    return work
  }

  return {
    async of(asked, voterId) {
      const view = delayed(asked)
      const key = boardKey(view, voterId)
      const present = kept.get(key) ?? (view.voters === 'mine' ? undefined : await leaderboards.latest(key))
      if (!present) return { board: (await rateAgain(view, voterId)).board, isUpdating: false }
      kept.set(key, present)
      const isUpdating = (await leaderboards.lastChange()) !== present.change
      if (isUpdating)
        rateAgain(view, voterId).catch((error: unknown) =>
          log({ event: 'job_failed', job: 'refresh-leaderboard', error: error instanceof Error ? error.message : String(error) }),
        )
      return { board: present.board, isUpdating }
    },
    async known(view) {
      const key = boardKey(delayed(view))
      return (kept.get(key) ?? (await leaderboards.latest(key)))?.board
    },
    async refresh() {
      const change = await leaderboards.lastChange()
      for (const view of mainViews.map(delayed)) {
        const present = kept.get(boardKey(view)) ?? (await leaderboards.latest(boardKey(view)))
        const lacksGains = gains === null && boardKey(view) === boardKey(delayed(wholeBoard))
        if (present?.change !== change || lacksGains) await rateAgain(view, null)
      }
    },
    gains: () => gains,
    [Symbol.asyncDispose]: () => rater[Symbol.asyncDispose](),
  }
}

function raterHere(leaderboards: LeaderboardStore, options: RatingOptions, now: () => Date): Rater {
  const table = ballotTable(leaderboards)
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  return {
    async rate(view, voterId) {
      const change = await table.refresh()
      const board = rateView(table.select(view, voterId), view, options, { sha256, now })
      return { board, change, ms: 0, gains: gainsFor(board) }
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** One worker thread, started with the first question and replaced when it dies. */
function raterThread(database: string, options: RatingOptions): Rater {
  let worker: Worker | null = null
  let nextId = 1
  const waiting = new Map<number, { resolve(reply: Rating): void; reject(error: Error): void }>()

  const start = () => {
    const fresh = new Worker(new URL(`./job-boards${extname(import.meta.url)}`, import.meta.url), {
      workerData: { database, options },
    })
    fresh.on('message', (reply: BoardReply) => {
      const asked = waiting.get(reply.id)
      waiting.delete(reply.id)
      if ('error' in reply) asked?.reject(new Error(reply.error))
      else asked?.resolve(reply)
    })
    const lost = (why: string) => {
      if (worker === fresh) worker = null
      for (const { reject } of waiting.values()) reject(new Error(`the leaderboard worker ${why}`))
      waiting.clear()
    }
    fresh.on('error', (error) => lost(`failed: ${error.message}`))
    fresh.on('exit', (code) => lost(`ended with ${code}`))
    fresh.unref()
    return fresh
  }

  return {
    rate(view, voterId) {
      worker ??= start()
      const id = nextId++
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        worker!.postMessage({ id, view, voterId } satisfies BoardQuestion)
      })
    },
    async [Symbol.asyncDispose]() {
      await worker?.terminate()
    },
  }
}
