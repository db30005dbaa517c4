import type { Context } from 'hono'
import { Refusal } from '../core/errors.ts'
import { boardCategories } from '../leaderboards/category.ts'
import { type BoardView, wholeBoard } from '../leaderboards/leaderboard.ts'
import type { Env } from './env.ts'

/** A view of the board from its query; an unknown word is refused, never taken for "all". */
export function boardViewFrom(c: Context<Env>): BoardView {
  const query = (name: string) => c.req.query(name)?.trim() || undefined
  const category = boardCategories.find((one) => one === (query('category') ?? 'all'))
  const voters = (['all', 'public', 'annotators', 'mine'] as const).find((one) => one === (query('voters') ?? 'all'))
  const turns = (['any', 'one', 'several'] as const).find((one) => one === (query('turns') ?? 'any'))
  const language = query('language') ?? null
  if (!category || !voters || !turns || (language !== null && !/^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$/.test(language)))
    throw new Refusal('invalid', 'unknown_filter')
  return {
    ...wholeBoard,
    category,
    voters,
    language,
    style: query('style') === '1',
    turns,
    withoutLibrary: query('library') === '0',
    since: day(query('since')),
    until: day(query('until')),
  }
}

/** A date is midnight UTC; a full time is itself. */
function day(text: string | undefined): Date | null {
  if (text === undefined) return null
  const date = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  if (Number.isNaN(date.getTime())) throw new Refusal('invalid', 'unknown_filter')
  return date
}

/** The query that gives this view again. */
export function boardQuery(view: BoardView): string {
  const query = new URLSearchParams()
  if (view.category !== 'all') query.set('category', view.category)
  if (view.style) query.set('style', '1')
  if (view.language) query.set('language', view.language)
  if (view.voters !== 'all') query.set('voters', view.voters)
  if (view.turns !== 'any') query.set('turns', view.turns)
  if (view.withoutLibrary) query.set('library', '0')
  if (view.since) query.set('since', view.since.toISOString().replace(/T00:00:00\.000Z$/, ''))
  if (view.until) query.set('until', view.until.toISOString().replace(/T00:00:00\.000Z$/, ''))
  return query.toString()
}
