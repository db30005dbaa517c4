import type { BoardView } from './leaderboard.ts'

/**
 * The same view has the same key, whoever asks and in whatever order its parameters came. The end of the time comes last, so that all states of one
 * view begin alike.
 */
export const boardKey = (view: BoardView, voterId: string | null = null) =>
  [
    view.category,
    view.style ? 'style' : 'plain',
    view.language ?? '*',
    [
      view.voters === 'mine' ? `mine:${voterId ?? ''}` : view.voters,
      ...(view.turns === 'any' ? [] : [view.turns]),
      ...(view.withoutLibrary ? ['own'] : []),
    ].join('+'),
    view.since?.toISOString() ?? '',
    view.until?.toISOString() ?? '',
  ].join('|')
