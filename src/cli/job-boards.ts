import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { ballotTable } from '../leaderboards/ballot-table.ts'
import type { BoardView, Leaderboard } from '../leaderboards/leaderboard.ts'
import type { PairGains } from '../leaderboards/pair-gains.ts'
import { type RatingOptions, rateView } from '../leaderboards/refresh-leaderboard.ts'
import { sqliteReader } from '../storage/sqlite/storage.ts'
import { gainsFor } from './board-gains.ts'

// The worker thread of the leaderboards: it keeps the counted votes as columns and rates the views it is asked for.

export type BoardQuestion = { id: number; view: BoardView; voterId: string | null }
export type BoardReply =
  | { id: number; board: Leaderboard; change: number; ms: number; gains: PairGains | null }
  | { id: number; error: string }

const { database, options } = workerData as { database: string; options: RatingOptions }
const storage = sqliteReader(database)
const table = ballotTable(storage.leaderboards)
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

let last: Promise<unknown> = Promise.resolve()

parentPort!.on('message', (question: BoardQuestion) => {
  last = last.then(() => answer(question))
})

async function answer({ id, view, voterId }: BoardQuestion) {
  try {
    const started = performance.now()
    const change = await table.refresh()
    const board = rateView(table.select(view, voterId), view, options, { sha256, now: () => new Date() })
    const gains = gainsFor(board)
    parentPort!.postMessage({ id, board, change, ms: performance.now() - started, gains } satisfies BoardReply)
  } catch (error) {
    const reply: BoardReply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    parentPort!.postMessage(reply)
  }
}
