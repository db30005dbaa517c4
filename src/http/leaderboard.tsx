import type { Context, Hono } from 'hono'
import { document } from '../../views/layout.tsx'
import {
  type BoardColumns,
  type BoardSort,
  boardColumns,
  boardSorts,
  isOfFilter,
  LeaderboardPage,
  type LeaderboardView,
  type ModelFilter,
  openParts,
} from '../../views/leaderboard.tsx'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import { type BoardRow, type BoardView, type Leaderboard, wholeBoard } from '../leaderboards/leaderboard.ts'
import type { Model } from '../models/model.ts'
import { demandBoard } from './access.ts'
import { boardQuery, boardViewFrom } from './board-query.ts'
import { boardCsv, boardTwin, type KnownRow, knownRows } from './board-twin.ts'
import type { Env } from './env.ts'
import type { Pages } from './pages.tsx'

/** Past days on the chart, and votes that reasons for losses are taken from: what one page may ask of the database. */
const historyDaysMax = 30
const lossVotesMax = 3000

/** A personal board needs this many own votes. */
const mineVotesMin = 30

export function mountLeaderboard(app: Hono<Env>, arena: Arena, pages: Pages) {
  app.get('/leaderboard', async (c) => {
    const asked = await boardFor(c, arena)
    if (c.get('wantsJson')) return c.json(boardTwin(asked.board, asked.rows))
    return c.html(
      document(<LeaderboardPage frame={pages.frame(c, 'leaderboard')} {...(await viewOf(c, arena, asked))} />),
    )
  })
  app.get('/leaderboard.json', async (c) => {
    const { board, rows } = await boardFor(c, arena)
    return c.json(boardTwin(board, rows))
  })
  app.get('/leaderboard.csv', async (c) => {
    const { board, rows, view } = await boardFor(c, arena)
    c.header('Content-Type', 'text/csv; charset=utf-8')
    c.header('Content-Disposition', `attachment; filename="leaderboard-${board.snapshot}.csv"`)
    c.header('Link', `</leaderboard?${boardQuery(view)}>; rel="canonical"`)
    return c.body(boardCsv(board, rows))
  })
}

type Asked = { view: BoardView; filter: ModelFilter; board: Leaderboard; rows: KnownRow[]; isUpdating: boolean }

/** The board of the query, with what is known of its models. */
export async function boardFor(c: Context<Env>, arena: Arena): Promise<Asked> {
  demandBoard(c, arena)
  const view = boardViewFrom(c)
  const { board, isUpdating } = await arena.boards.of(view, c.get('voterId'))
  const [models, failures] = await Promise.all([
    arena.models.all(),
    arena.figures().then(({ failureRates }) => failureRates),
  ])
  const whole = withUnranked(board, models)
  const filter = modelFilter(c)
  const rows = knownRows(whole, models, failures).filter(
    ({ known }) => known === undefined || isOfFilter(known, filter),
  )
  return { view, filter, board: whole, rows, isUpdating }
}

/** A model that can be drawn and has no votes yet is on the board too, without a number. */
function withUnranked(board: Leaderboard, models: Model[]): Leaderboard {
  const ranked = new Set(board.rows.map((row) => row.model))
  const missing = models.filter((model) => model.state === 'active' && !ranked.has(model.id))
  return { ...board, rows: [...board.rows, ...missing.map((model) => noVotes(model.id))] }
}

const noVotes = (model: string): BoardRow => ({
  model,
  rating: null,
  low: null,
  high: null,
  rank: null,
  rankLow: null,
  rankHigh: null,
  votes: 0,
  wins: 0,
  losses: 0,
  ties: 0,
  bothBad: 0,
  winRate: null,
  status: 'no_votes',
  provisional: true,
  prior: null,
  piece: 0,
  plainRating: null,
  plainRank: null,
})

async function viewOf(
  c: Context<Env>,
  arena: Arena,
  { view, filter, board, rows, isUpdating }: Asked,
): Promise<LeaderboardView> {
  const now = arena.now()
  const [speeds, summary, history, losses, models] = await Promise.all([
    arena.figures().then(({ speeds }) => speeds),
    board.summary ?? summaryOf(arena, now),
    view.voters === 'mine' || view.until !== null ? [] : arena.leaderboards.history(view, historyDaysMax),
    arena.leaderboards.lossReasons(lossVotesMax),
    arena.models.all(),
  ])
  const byId = new Map(rows.map((row) => [row.model, row]))
  const mine = view.voters === 'mine' ? board.votes : mineVotesMin
  const site = arena.config.site.url ?? new URL(c.req.url).origin
  const query = boardQuery(view)
  return {
    view,
    board: board.votes > 0 ? board : null,
    models: new Map(
      models.map((model) => [
        model.id,
        {
          model,
          failureRate: byId.get(model.id)?.failureRate ?? null,
          firstTextMs: speeds.get(model.id)?.firstTextMs ?? null,
          tokensPerSecond: speeds.get(model.id)?.tokensPerSecond ?? null,
        },
      ]),
    ),
    filter,
    history,
    losses,
    everyone: view.voters === 'mine' ? await everyoneIn(arena, view) : null,
    showsBaselines: chosen(c, 'baselines') ?? !hidesBaselines(arena),
    // A young arena has no other models: hiding them would leave an empty page.
    showsProvisional: chosen(c, 'provisional') ?? board.rows.filter((row) => !row.provisional).length < 2,
    columns: word(c, 'columns', boardColumns) as BoardColumns,
    sort: word(c, 'sort', boardSorts) as BoardSort,
    isUpdating,
    provisionalBelow: arena.config.ranking.provisionalBelow,
    votesThisMonth: view.since || view.until ? null : summary.votesThisMonth,
    mineNeeds: mine < mineVotesMin ? mineVotesMin - mine : null,
    languages: summary.languages,
    permalink: `${site}/leaderboard${query ? `?${query}` : ''}`,
    now,
  }
}

/** Ratings by all voters in the same view, where such a board was made; one's own board waits for no other. */
async function everyoneIn({ boards }: Pick<Arena, 'boards'>, view: BoardView) {
  const board =
    (await boards.known({ ...view, voters: 'all' })) ?? (await boards.known({ ...wholeBoard, category: view.category }))
  return board
    ? new Map(board.rows.flatMap(({ model, rating }) => (rating === null ? [] : [[model, rating] as const])))
    : null
}

/** For a board of an older version, which does not say. */
async function summaryOf({ leaderboards }: Pick<Arena, 'leaderboards'>, now: Date) {
  const monthStart = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1))
  const { languages, votesSince } = await leaderboards.summary(monthStart)
  return { languages, votesThisMonth: votesSince }
}

/** `auto`: the built-in readers leave the board once two real models are there. */
export function hidesBaselines(arena: Pick<Arena, 'config' | 'contestants'>): boolean {
  const { hideBaselines } = arena.config.ranking
  if (hideBaselines !== 'auto') return hideBaselines
  return arena.contestants.filter((model) => !model.isBaseline && model.state === 'active').length >= 2
}

function chosen(c: Context<Env>, name: string): boolean | undefined {
  const value = c.req.query(name)
  return value === '1' ? true : value === '0' ? false : undefined
}

function modelFilter(c: Context<Env>): ModelFilter {
  const open = (c.req.queries('open') ?? []).flatMap((text) => text.split(',')).filter((text) => text !== '')
  const parts = openParts.filter((part) => open.includes(part))
  if (open.some((text) => !(openParts as readonly string[]).includes(text)))
    throw new Refusal('invalid', 'unknown_filter')
  return { open: parts, license: c.req.query('license')?.trim() || null }
}

function word(c: Context<Env>, name: string, allowed: readonly string[]): string {
  const value = c.req.query(name)
  if (value === undefined || value === '') return allowed[0]!
  if (!allowed.includes(value)) throw new Refusal('invalid', 'unknown_filter')
  return value
}
