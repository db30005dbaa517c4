import type { BoardView } from './leaderboard.ts'

/** The same view has the same key, whoever asks and in whatever order its parameters came. */
export const boardKey = (view: BoardView, voterId: string | null = null) =>
  [
    view.category,
    view.style ? 'style' : 'plain',
    view.language ?? '*',
    view.voters === 'mine' ? `mine:${voterId ?? ''}` : view.voters,
    view.since?.toISOString() ?? '',
    view.until?.toISOString() ?? '',
  ].join('|')
