import type { Context, Hono } from 'hono'
import { document } from '../../views/layout.tsx'
import { ModelPage, type ModelView } from '../../views/model.tsx'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import { battleOpenMs } from '../core/limits.ts'
import type { BoardCategory } from '../leaderboards/category.ts'
import { boardCategories } from '../leaderboards/category.ts'
import { wholeBoard } from '../leaderboards/leaderboard.ts'
import { demandBoard } from './access.ts'
import type { Env } from './env.ts'
import type { Pages } from './pages.tsx'

const shownCategories = boardCategories.filter((category) => category !== 'all')

export function mountModels(app: Hono<Env>, arena: Arena, pages: Pages) {
  app.get('/models/:id{.+\\.json}', async (c) =>
    c.json(twinOf(await viewOf(c, arena, c.req.param('id').slice(0, -'.json'.length)))),
  )
  app.get('/models/:id', async (c) => {
    const view = await viewOf(c, arena, c.req.param('id'))
    if (c.get('wantsJson')) return c.json(twinOf(view))
    return c.html(document(<ModelPage frame={pages.frame(c, 'leaderboard')} {...view} />))
  })
}

async function viewOf(c: Context<Env>, arena: Arena, id: string): Promise<ModelView> {
  demandBoard(c, arena)
  const model = await arena.models.find(id)
  if (!model) throw new Refusal('not_found', 'no_such_model')
  const openSince = new Date(arena.now().getTime() - battleOpenMs)
  const [{ board }, facts, speeds, versions, models] = await Promise.all([
    arena.boards.of(wholeBoard, null),
    arena.leaderboards.modelFacts(id, openSince),
    arena.figures().then(({ speeds }) => speeds),
    arena.models.versions(id),
    arena.models.all(),
  ])
  const names = new Map(models.map(({ id, name }) => [id, name]))
  return {
    model,
    row: board.rows.find((row) => row.model === id) ?? null,
    byCategory: await byCategory(arena, id),
    headToHead: board.pairs.flatMap((pair) => {
      if (pair.a !== id && pair.b !== id) return []
      const isFirst = pair.a === id
      const opponent = isFirst ? pair.b : pair.a
      return {
        opponent: { id: opponent, name: names.get(opponent) ?? opponent },
        wins: isFirst ? pair.winsA : pair.winsB,
        losses: isFirst ? pair.winsB : pair.winsA,
        ties: pair.ties,
        bothBad: pair.bothBad,
      }
    }),
    reasons: facts.reasons,
    behaviour:
      facts.answers === 0
        ? null
        : {
            answers: facts.answers,
            failed: facts.failed,
            medianCharacters: facts.medianCharacters,
            medianFirstTextMs: speeds.get(id)?.firstTextMs ?? null,
            failures: facts.failures,
          },
    versions,
  }
}

/** Boards of single categories that were computed already; a model page starts no computation. */
async function byCategory(arena: Arena, id: string): Promise<ModelView['byCategory']> {
  const rows = await Promise.all(
    shownCategories.map(async (category) => {
      const board = await arena.boards.known({ ...wholeBoard, category })
      const row = board?.rows.find((one) => one.model === id)
      return row && row.rating !== null ? [{ category: category as BoardCategory, row }] : []
    }),
  )
  return rows.flat()
}

const twinOf = (view: ModelView) => ({
  id: view.model.id,
  name: view.model.name,
  card: view.model.card,
  baseline: view.model.isBaseline,
  replay: view.model.isReplay,
  state: view.model.state,
  settings: view.model.settings,
  version: view.model.version,
  rating: view.row,
  by_category: view.byCategory,
  head_to_head: view.headToHead,
  reasons: view.reasons,
  behaviour: view.behaviour,
  versions: view.versions,
})
