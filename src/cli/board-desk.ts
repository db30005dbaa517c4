import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Log } from '../core/events.ts'
import { boardKey } from '../leaderboards/board-view.ts'
import { boardCategories } from '../leaderboards/category.ts'
import { type BoardView, type Leaderboard, wholeBoard } from '../leaderboards/leaderboard.ts'
import type { LeaderboardStore } from '../leaderboards/leaderboard-store.ts'
import type { PairGains } from '../leaderboards/pair-gains.ts'
import { type RatedBoard, rater as raterOf } from '../leaderboards/rater.ts'
import type { RatingOptions } from '../leaderboards/refresh-leaderboard.ts'
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
type Rating = RatedBoard & { ms: number; gains: PairGains | null }
type Rater = AsyncDisposable & { rate(view: BoardView, voterId: string | null): Promise<Rating> }

const mainViews: BoardView[] = [
  wholeBoard,
  { ...wholeBoard, style: true },
  ...boardCategories.filter((category) => category !== 'all').map((category) => ({ ...wholeBoard, category })),
]
const viewsKeptMax = 200
/** A view that takes long to rate waits this many times as long for its next turn, so that rating never fills a core. */
const restShare = 20
const keepShare = 10_000
const restMaxMs = 10_000
/** No change has this number: a board with errors of some seconds ago is rated again even if no vote comes. */
const unsettled = -1
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
  const restsUntil = new Map<string, number>()
  const keepsFrom = new Map<string, number>()
  let gains: PairGains | null = null

  /** A delayed board moves by whole hours, and each hour's is a view of its own. */
  const delayed = (view: BoardView): BoardView => {
    if (delayMs === 0) return view
    const hour = new Date(Math.floor((now().getTime() - delayMs) / anHourMs) * anHourMs)
    return { ...view, until: view.until !== null && view.until < hour ? view.until : hour }
  }

  /** The disk's copy is for restarts and for how ratings moved: it may be behind by a multiple of what writing it takes. */
  const keep = async (board: Leaderboard, key: string, change: number) => {
    const started = performance.now()
    if (started < (keepsFrom.get(key) ?? 0)) return
    await leaderboards.keep(board, key, change)
    const ended = performance.now()
    keepsFrom.delete(key)
    keepsFrom.set(key, ended + keepShare * (ended - started))
    if (keepsFrom.size > viewsKeptMax) keepsFrom.delete(keepsFrom.keys().next().value!)
  }

  const isResting = (key: string) => performance.now() < (restsUntil.get(key) ?? 0)

  const rateAgain = (view: BoardView, voterId: string | null) => {
    const key = boardKey(view, voterId)
    const known = working.get(key)
    if (known) return known
    const work = rater
      .rate(view, voterId)
      .then(async ({ board, change, isExact, ms, gains: found }) => {
        restsUntil.delete(key)
        restsUntil.set(key, performance.now() + Math.min(restShare * ms, restMaxMs))
        if (restsUntil.size > viewsKeptMax) restsUntil.delete(restsUntil.keys().next().value!)
        // A board that did not converge is not published; the one before stays.
        if (!board.converged && kept.has(key)) return kept.get(key)!
        kept.delete(key)
        kept.set(key, { board, change: isExact ? change : unsettled })
        if (kept.size > viewsKeptMax) kept.delete(kept.keys().next().value!)
        if (view.voters !== 'mine' && isExact) await keep(board, key, change)
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
      if (isUpdating && !isResting(key))
        rateAgain(view, voterId).catch((error: unknown) =>
          log({
            event: 'job_failed',
            job: 'refresh-leaderboard',
            error: error instanceof Error ? error.message : String(error),
          }),
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
        if (lacksGains || (present?.change !== change && !isResting(boardKey(view)))) await rateAgain(view, null)
      }
    },
    gains: () => gains,
    [Symbol.asyncDispose]: () => rater[Symbol.asyncDispose](),
  }
}

function raterHere(leaderboards: LeaderboardStore, options: RatingOptions, now: () => Date): Rater {
  const boards = raterOf(leaderboards, options, {
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    now,
    elapsed: () => performance.now(),
  })
  return {
    async rate(view, voterId) {
      const rated = await boards.rate(view, voterId)
      return { ...rated, ms: 0, gains: gainsFor(rated.board) }
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
