import type { Context, Hono } from 'hono'
import { document } from '../../views/layout.tsx'
import { benchmarkTitle } from '../../views/leaderboard.tsx'
import { renderAnswer } from '../../views/markdown.ts'
import { type LiveMethod, MethodPage, type MethodView } from '../../views/method.tsx'
import type { Arena } from '../arena.ts'
import { benchmarkAgreement } from '../leaderboards/benchmark-agreement.ts'
import { type Leaderboard, wholeBoard } from '../leaderboards/leaderboard.ts'
import type { Model } from '../models/model.ts'
import { maySeeBoard } from './access.ts'
import { robustnessTwin } from './board-twin.ts'
import type { Env } from './env.ts'
import type { Pages } from './pages.tsx'

export function mountMethod(app: Hono<Env>, arena: Arena, pages: Pages) {
  const viewOf = async (c: Context<Env>): Promise<MethodView> => {
    const language = c.get('language')
    const { policy, policyHash, config, consent } = arena
    const text = consent.text
    return {
      live: maySeeBoard(c, arena) ? await liveOf(arena) : null,
      excluded: await arena.leaderboards.excluded(),
      policy: { hash: policyHash, weights: Object.entries(policy).map(([name, value]) => [name, String(value)]) },
      retainDays: config.privacy.retainDays,
      terms: {
        version: consent.version,
        // The operator's text goes through the same walls as a model's.
        html:
          text === null
            ? ''
            : renderAnswer({ text, chips: [], marks: [] }, { side: 'a', say: pages.say(language), isRevealed: true }),
      },
    }
  }
  app.get('/method', async (c) => {
    const view = await viewOf(c)
    if (c.get('wantsJson')) return c.json(twin(view))
    return c.html(document(<MethodPage frame={pages.frame(c, 'method')} {...view} />))
  })
  app.get('/method.json', async (c) => c.json(twin(await viewOf(c))))
}

/** Numbers of boards that were rated before: this page starts no computation. */
async function liveOf(arena: Arena): Promise<LiveMethod | null> {
  const [board, styled, models] = await Promise.all([
    arena.boards.known(wholeBoard),
    arena.boards.known({ ...wholeBoard, style: true }),
    arena.models.all(),
  ])
  if (!board || board.votes === 0) return null
  return {
    board,
    styled: styled ?? null,
    names: new Map(models.map(({ id, name }) => [id, name])),
    agreement: agreementsOf(board, models),
  }
}

function agreementsOf(board: Leaderboard, models: Model[]): LiveMethod['agreement'] {
  const byId = new Map(models.map((model) => [model.id, model]))
  const names = [...new Set(models.flatMap(({ card }) => Object.keys(card.benchmarks ?? {})))].sort()
  return names.map((name) => ({
    title: benchmarkTitle(name),
    found: benchmarkAgreement(
      board.rows.map(({ model, rating, provisional }) => {
        const known = byId.get(model)
        const benchmark = known?.card.benchmarks?.[name]
        return {
          rating,
          provisional,
          isBaseline: known?.isBaseline ?? false,
          score: benchmark && !benchmark.setting ? benchmark.value : null,
        }
      }),
    ),
  }))
}

const twin = ({ live, excluded, policy, retainDays, terms }: MethodView) => ({
  live: live
    ? {
        snapshot: live.board.snapshot,
        votes: live.board.votes,
        se_kind: live.board.seKind,
        robustness: robustnessTwin(live.board),
        style: live.styled?.style ?? null,
        agreement: live.agreement.map(({ title, found }) => ({ benchmark: title, ...found })),
      }
    : null,
  excluded,
  policy: policy && { hash: policy.hash, ...Object.fromEntries(policy.weights) },
  retain_days: retainDays,
  terms: { version: terms.version },
})
