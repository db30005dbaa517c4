import type { Context, Hono } from 'hono'
import { document } from '../../views/layout.tsx'
import { type PromptSetCard, PromptSetPage, PromptSetsPage } from '../../views/prompts.tsx'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import type { PromptId } from '../core/ids.ts'
import { localised, type SetPrompt } from '../prompts/prompt.ts'
import { csv } from './csv.ts'
import type { Env } from './env.ts'
import type { Pages } from './pages.tsx'

const coverPictures = 4

export function mountPrompts(app: Hono<Env>, arena: Arena, pages: Pages) {
  app.get('/prompts', async (c) => {
    const sets = await cards(c, arena)
    if (c.get('wantsJson')) return c.json(setsTwin(sets, c.get('language')))
    return c.html(document(<PromptSetsPage frame={pages.frame(c, 'prompts')} sets={sets} />))
  })
  app.get('/prompts.json', async (c) => c.json(setsTwin(await cards(c, arena), c.get('language'))))
  app.get('/prompts.csv', async (c) => {
    const { sets } = setsTwin(await cards(c, arena), c.get('language'))
    return sendCsv(
      c,
      'prompts',
      ['set', 'title', 'license', 'size', 'done'],
      sets.map((one) => [one.id, one.title, one.license, one.size, one.done]),
    )
  })

  app.get('/prompts/:set', async (c) => {
    const asked = c.req.param('set')
    const [, id = asked, form] = /^(.+)\.(json|csv)$/.exec(asked) ?? []
    const set = await setOf(id, c, arena)
    const language = c.get('language')
    if (form === 'csv')
      return sendCsv(
        c,
        id,
        ['id', 'image', 'prompt', 'language', 'tags', 'needs_image', 'reference', 'license', 'done'],
        set.prompts.flatMap((prompt) =>
          (['en', 'zh'] as const).flatMap((one) =>
            prompt.text[one] === undefined
              ? []
              : [
                  [
                    prompt.id,
                    `/images/${prompt.image}`,
                    prompt.text[one],
                    one,
                    prompt.tags.join(' '),
                    prompt.needsImage,
                    prompt.reference?.[one],
                    set.license,
                    set.done.has(prompt.id),
                  ],
                ],
          ),
        ),
      )
    if (form === 'json' || c.get('wantsJson'))
      return c.json({
        ...setTwin(set, language),
        prompts: set.prompts.map((prompt) => ({
          id: prompt.id,
          url: promptPath(prompt.id),
          prompt: localised(prompt.text, language),
          image: { url: `/images/${prompt.image}`, width: prompt.width, height: prompt.height },
          tags: prompt.tags,
          needs_image: prompt.needsImage,
          done: set.done.has(prompt.id),
        })),
      })
    return c.html(document(<PromptSetPage frame={pages.frame(c, 'prompts')} {...set} />))
  })
}

const promptPath = (id: PromptId) => `/?prompt=${encodeURIComponent(id)}`

function sendCsv(c: Context<Env>, name: string, columns: string[], rows: Parameters<typeof csv>[1]) {
  c.header('Content-Type', 'text/csv; charset=utf-8')
  c.header('Content-Disposition', `attachment; filename="${name.replace(/[^A-Za-z0-9._-]/g, '-')}.csv"`)
  return c.body(csv(columns, rows))
}

async function cards(c: Context<Env>, arena: Arena): Promise<PromptSetCard[]> {
  const done = await doneBy(c, arena)
  const sets = await arena.prompts.sets()
  return Promise.all(
    sets
      .filter(({ size }) => size > 0)
      .map(async (set) => {
        const prompts = await arena.prompts.inSet(set.id)
        return {
          ...set,
          done: c.get('voterId') ? prompts.filter(({ id }) => done.has(id)).length : null,
          cover: coverOf(prompts),
        }
      }),
  )
}

/** Different pictures, spread over the set. */
function coverOf(prompts: SetPrompt[]): SetPrompt[] {
  const pictures = [...new Map(prompts.map((prompt) => [prompt.image, prompt])).values()]
  const step = Math.max(1, Math.floor(pictures.length / coverPictures))
  return pictures.filter((_, i) => i % step === 0).slice(0, coverPictures)
}

async function setOf(id: string, c: Context<Env>, arena: Arena) {
  const set = (await arena.prompts.sets()).find((one) => one.id === id)
  if (!set) throw new Refusal('not_found', 'no_such_set')
  const [prompts, done] = await Promise.all([arena.prompts.inSet(id), doneBy(c, arena)])
  return { ...set, prompts, done }
}

async function doneBy(c: Context<Env>, arena: Arena): Promise<ReadonlySet<PromptId>> {
  const voterId = c.get('voterId')
  return new Set(voterId ? await arena.votes.promptsVotedOn(voterId) : [])
}

const setsTwin = (sets: PromptSetCard[], language: string) => ({
  sets: sets.map((set) => ({
    id: set.id,
    url: `/prompts/${encodeURIComponent(set.id)}`,
    title: localised(set.title, language),
    license: set.license,
    size: set.size,
    done: set.done,
  })),
})

const setTwin = (set: Awaited<ReturnType<typeof setOf>>, language: string) => ({
  id: set.id,
  title: localised(set.title, language),
  license: set.license,
  size: set.prompts.length,
  done: set.prompts.filter(({ id }) => set.done.has(id)).length,
})
