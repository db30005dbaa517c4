import { type Leaderboard, wholeBoard } from '../../leaderboards/leaderboard.ts'

/** JSON has no dates, and an older board has fewer filters. */
export function toLeaderboard(kept: unknown): Leaderboard {
  const board = kept as Leaderboard & { updatedAt: string; view: { since: string | null; until: string | null } }
  return {
    ...board,
    view: { ...wholeBoard, ...board.view, since: toDate(board.view.since), until: toDate(board.view.until) },
    updatedAt: new Date(board.updatedAt),
  }
}

const toDate = (text: string | null) => (text === null ? null : new Date(text))
