import { and, asc, eq, gte, lt } from 'drizzle-orm'
import { boardKey } from '../../leaderboards/board-view.ts'
import type { BoardView, Leaderboard } from '../../leaderboards/leaderboard.ts'
import type { PastBoard } from '../../leaderboards/leaderboard-store.ts'
import type { Database } from './engine.ts'
import { toLeaderboard } from './kept-board.ts'
import type { Schema } from './schema.ts'

const dayMs = 24 * 60 * 60 * 1000
/** Past boards do not change: each is read once. */
const readMax = 2000

/** Boards of a view as it was at the end of days, oldest first: all days, or as many of them as asked for, evenly, with the first and the last. */
export function boardHistory({ leaderboards }: Schema) {
  const known = new Map<string, PastBoard | null>()

  const read = async (db: Database, { key, day, snapshot }: { key: string; day: number; snapshot: string }) => {
    const name = `${key} ${day} ${snapshot}`
    const present = known.get(name)
    if (present !== undefined) return present
    const [row] = await db
      .select({ board: leaderboards.board })
      .from(leaderboards)
      .where(and(eq(leaderboards.key, key), eq(leaderboards.day, day)))
    const board = row && toLeaderboard(row.board)
    const past = board && isOfItsDay(board) ? pastOf(board) : null
    known.set(name, past)
    if (known.size > readMax) known.delete(known.keys().next().value!)
    return past
  }

  return async (db: Database, view: BoardView, days: number): Promise<PastBoard[]> => {
    const key = boardKey({ ...view, until: null })
    const rows = await db
      .select({ key: leaderboards.key, day: leaderboards.day, snapshot: leaderboards.snapshot })
      .from(leaderboards)
      // A public site's boards end an hour back: their keys begin alike.
      .where(and(gte(leaderboards.key, key), lt(leaderboards.key, `${key}~`)))
      .orderBy(asc(leaderboards.updatedAt))
    const newest = new Map(rows.map((row) => [row.day, row]))
    const boards: PastBoard[] = []
    for (const row of evenly([...newest.values()], days)) {
      const past = await read(db, row)
      if (past) boards.push(past)
    }
    return boards
  }
}

const pastOf = ({ updatedAt, rows }: Leaderboard): PastBoard => ({
  at: updatedAt,
  rows: rows.map(({ model, rating, low, high, provisional }) => ({ model, rating, low, high, provisional })),
})

/** Not a look back that somebody asked for. */
const isOfItsDay = ({ view, updatedAt }: Leaderboard) =>
  view.until === null || updatedAt.getTime() - view.until.getTime() < 2 * dayMs

function evenly<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!)
}
