import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import type { BoardView } from '../leaderboards/leaderboard.ts'
import type { PairGains } from '../leaderboards/pair-gains.ts'
import { type RatedBoard, rater } from '../leaderboards/rater.ts'
import type { RatingOptions } from '../leaderboards/refresh-leaderboard.ts'
import { sqliteReader } from '../storage/sqlite/storage.ts'
import { gainsFor } from './board-gains.ts'

// The worker thread of the leaderboards: it keeps the counted votes as columns and rates the views it is asked for.

export type BoardQuestion = { id: number; view: BoardView; voterId: string | null }
export type BoardReply =
  | (RatedBoard & { id: number; ms: number; gains: PairGains | null })
  | { id: number; error: string }

const { database, options } = workerData as { database: string; options: RatingOptions }
const storage = sqliteReader(database)
const boards = rater(storage.leaderboards, options, {
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  now: () => new Date(),
  elapsed: () => performance.now(),
})

let last: Promise<unknown> = Promise.resolve()

parentPort!.on('message', (question: BoardQuestion) => {
  last = last.then(() => answer(question))
})

async function answer({ id, view, voterId }: BoardQuestion) {
  try {
    const started = performance.now()
    const rated = await boards.rate(view, voterId)
    const gains = gainsFor(rated.board)
    parentPort!.postMessage({ id, ...rated, ms: performance.now() - started, gains } satisfies BoardReply)
  } catch (error) {
    const reply: BoardReply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    parentPort!.postMessage(reply)
  }
}
