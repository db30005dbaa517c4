import type { Hono } from 'hono'
import { document } from '../../views/layout.tsx'
import { renderAnswer } from '../../views/markdown.ts'
import { MethodPage, type MethodView } from '../../views/method.tsx'
import type { Arena } from '../arena.ts'
import type { Env } from './env.ts'
import type { Pages } from './pages.tsx'

export function mountMethod(app: Hono<Env>, arena: Arena, pages: Pages) {
  const viewOf = async (language: Parameters<Pages['say']>[0]): Promise<MethodView> => {
    const { policy, policyHash, config, consent } = arena
    const text = consent.text
    return {
      excluded: await arena.leaderboards.excluded(),
      policy: { hash: policyHash, weights: Object.entries(policy).map(([name, value]) => [name, String(value)]) },
      retainDays: config.privacy.retainDays,
      terms: {
        version: consent.version,
        // The operator's text goes through the same walls as a model's.
        html: text === null ? '' : renderAnswer({ text, chips: [], marks: [] }, { side: 'a', say: pages.say(language), isRevealed: true }),
      },
    }
  }
  app.get('/method', async (c) => {
    const view = await viewOf(c.get('language'))
    if (c.get('wantsJson')) return c.json(twin(view))
    return c.html(document(<MethodPage frame={pages.frame(c, 'method')} {...view} />))
  })
  app.get('/method.json', async (c) => c.json(twin(await viewOf(c.get('language')))))
}

const twin = ({ excluded, policy, retainDays, terms }: MethodView) => ({
  excluded,
  policy: policy && { hash: policy.hash, ...Object.fromEntries(policy.weights) },
  retain_days: retainDays,
  terms: { version: terms.version },
})
