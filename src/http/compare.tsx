import type { Context, Hono } from 'hono'
import { type CompareChoice, ComparePage } from '../../views/compare.tsx'
import { document } from '../../views/layout.tsx'
import type { Arena } from '../arena.ts'
import { isRevealed } from '../battles/battle.ts'
import { Refusal } from '../core/errors.ts'
import type { ModelId } from '../core/ids.ts'
import { demandVoting, mayCompare } from './access.ts'
import { composerView, draftFrom, submitted } from './composer.tsx'
import type { Env } from './env.ts'
import type { Form } from './forms.ts'
import type { Pages } from './pages.tsx'

/** How far back pairs are remembered, and how many are offered. */
const recentBattles = 60
const recentPairs = 5

export function mountCompare(app: Hono<Env>, arena: Arena, pages: Pages) {
  app.use('/compare', async (c, next) => {
    demandEnabled(c, arena)
    await next()
  })
  app.get('/compare', async (c) => {
    const choice = await choiceOf(c, arena, { a: c.req.query('a'), b: c.req.query('b') })
    if (c.get('wantsJson')) return c.json(choice)
    const view = await composerView(c, arena, await draftFrom(c, arena))
    return c.html(document(<ComparePage frame={pages.frame(c, 'battle')} {...view} choice={choice} />))
  })
  app.get('/compare.json', async (c) => {
    demandEnabled(c, arena)
    return c.json(await choiceOf(c, arena, { a: c.req.query('a'), b: c.req.query('b') }))
  })
  app.post('/compare', async (c) => {
    const sides = (form: Form) => ({ a: form.text('a'), b: form.text('b') })
    // The page of a refusal needs the recent pairs before anything is known of the form.
    const known = await choiceOf(c, arena, { a: undefined, b: undefined })
    return submitted(c, arena, pages, {
      pairOf: (form) => pairFrom(sides(form), arena),
      page: (view, form) => {
        const { a, b } = sides(form)
        return (
          <ComparePage frame={pages.frame(c, 'battle')} {...view} choice={{ ...known, a: a ?? null, b: b ?? null }} />
        )
      },
    })
  })
}

function demandEnabled(c: Context<Env>, arena: Arena) {
  if (!mayCompare(arena)) throw new Refusal('not_found', 'no_such_page')
  demandVoting(c, arena)
}

function pairFrom(
  { a, b }: { a: string | undefined; b: string | undefined },
  arena: Arena,
): { a: ModelId; b: ModelId } {
  const isKnown = (id: string | undefined) =>
    arena.contestants.some((model) => model.id === id && model.state === 'active')
  if (!a || !b || !isKnown(a) || !isKnown(b)) throw new Refusal('invalid', 'no_such_model')
  if (a === b) throw new Refusal('invalid', 'same_model')
  return { a, b }
}

async function choiceOf(
  c: Context<Env>,
  arena: Arena,
  asked: { a: string | undefined; b: string | undefined },
): Promise<CompareChoice> {
  const models = arena.contestants
    .filter(({ state }) => state === 'active')
    .map(({ id, name, isBaseline }) => ({ id, name, baseline: isBaseline, answering: arena.health.isWell(id) }))
  const known = (id: string | undefined) => (models.some((model) => model.id === id) ? (id ?? null) : null)
  return {
    models,
    a: known(asked.a),
    b: known(asked.b),
    recent: await recentOf(c, arena, new Set(models.map(({ id }) => id))),
  }
}

async function recentOf(c: Context<Env>, arena: Arena, offered: ReadonlySet<ModelId>) {
  const voterId = c.get('voterId')
  const battles = voterId ? await arena.battles.ofVoter(voterId, { limit: recentBattles }) : []
  const pairs = battles.flatMap((battle) =>
    battle.mode === 'named' && isRevealed(battle) ? [{ a: battle.contestants.a.id, b: battle.contestants.b.id }] : [],
  )
  return [...new Map(pairs.map((pair) => [`${pair.a}\0${pair.b}`, pair])).values()]
    .filter(({ a, b }) => offered.has(a) && offered.has(b))
    .slice(0, recentPairs)
}
