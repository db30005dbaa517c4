import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { getCookie } from 'hono/cookie'
import { type Theme, themes } from '../../views/frame.ts'
import { isLanguage, type Language, languages } from '../../views/strings/strings.ts'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import { clientAddress, isLoopback, networkKey, trustedProxies } from './address.ts'
import { loadAssets } from './assets.ts'
import { mountBattles } from './battles.tsx'
import { mountCompare } from './compare.tsx'
import { mountComposer } from './composer.tsx'
import { mountData } from './data.tsx'
import type { Env } from './env.ts'
import { refuse } from './errors.tsx'
import { mountHealth } from './health.ts'
import { mountImages } from './images.ts'
import { mountLeaderboard } from './leaderboard.tsx'
import { mountMethod } from './method.tsx'
import { mountMetrics } from './metrics.ts'
import { mountModels } from './models.tsx'
import { pageMaker } from './pages.tsx'
import { mountPreferences } from './preferences.ts'
import { mountPrompts } from './prompts.tsx'
import { security } from './security.ts'
import { isBrowser, session } from './session.ts'
import { mountShares } from './shares.tsx'
import { mountSpeech } from './speech.ts'
import { mountVoters } from './voters.tsx'

/** The whole HTTP side: one visible list of middleware, the routes, one handler for everything that goes wrong. */
export function createApp(arena: Arena): Hono<Env> {
  const app = new Hono<Env>({ strict: false })
  const { assets, mount } = loadAssets()
  const pages = pageMaker(arena, assets)
  const proxies = trustedProxies(arena.config.server.trustedProxies)
  const origins = arena.config.site.url ? [new URL(arena.config.site.url).origin] : []

  app.onError((error, c) => refuse(error, c, arena, pages))
  app.notFound((c) => refuse(new Refusal('not_found', 'no_such_page'), c, arena, pages))

  app.use(async (c, next) => {
    const started = performance.now()
    c.set('requestId', requestId())
    await next()
    const ms = Math.round(performance.now() - started)
    arena.log({
      event: 'request',
      id: c.get('requestId'),
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms,
    })
  })
  app.use(security({ isSecure: arena.isSecure }))
  app.use(compress({ contentTypeFilter: /^(?:text\/(?:html|csv)|application\/json)/ }))
  mount(app)
  mountHealth(app, arena)
  mountMetrics(app, arena)
  app.use(async (c, next) => {
    const address = clientAddress(peerOf(c), c.req.header('x-forwarded-for'), proxies)
    c.set('address', address)
    // A proxy on this machine that nobody told us about makes every visitor look local.
    c.set('isLocal', isLoopback(address) && (!c.req.header('x-forwarded-for') || address !== peerOf(c)))
    c.set('network', networkKey(address, arena.secret, arena.now().toISOString().slice(0, 10)))
    c.set('language', languageFor(c, arena.config.site.languages.filter(isLanguage)))
    c.set('theme', themeOf(getCookie(c, 'theme')))
    c.set('isFragment', c.req.header('hx-request') === 'true')
    c.set('wantsJson', c.req.path.endsWith('.json') || wantsJson(c.req.header('accept')))
    await next()
  })
  // Behind a proxy that ends TLS our own request URL says http, so the public address is believed as well. What sends neither header is no browser.
  app.use((c, next) => {
    if (isBrowser(c) && c.req.method !== 'GET' && c.req.method !== 'HEAD' && !isFromHere(c, origins))
      throw new Refusal('forbidden', 'origin_foreign')
    return next()
  })
  app.use(session({ ...arena }))

  mountPreferences(app, arena)
  mountImages(app, arena)
  mountSpeech(app, arena)
  mountComposer(app, arena, pages)
  mountBattles(app, arena, pages)
  mountVoters(app, arena, pages)
  mountPrompts(app, arena, pages)
  mountShares(app, arena, pages)
  mountCompare(app, arena, pages)
  mountLeaderboard(app, arena, pages)
  mountModels(app, arena, pages)
  mountMethod(app, arena, pages)
  mountData(app, arena, pages)
  return app
}

/** Whatever the type of its body: not only forms can be sent from another site's page. */
const isFromHere = (c: Context<Env>, origins: string[]) => {
  const origin = c.req.header('origin')
  return (
    c.req.header('sec-fetch-site') === 'same-origin' ||
    origin === new URL(c.req.url).origin ||
    (origin !== undefined && origins.includes(origin))
  )
}

/** The reference that a person can read out and the operator can find in the log. */
const requestId = () => [...randomBytes(6)].map((byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte % 32]).join('')

function peerOf(c: Context<Env>): string | undefined {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined
  return env?.incoming?.socket?.remoteAddress
}

/** Cookie first, then what the browser asks for, then the site's first language. */
function languageFor(c: Context<Env>, offered: Language[]): Language {
  const all = offered.length > 0 ? offered : languages
  const chosen = getCookie(c, 'lang')
  if (chosen && isLanguage(chosen) && all.includes(chosen)) return chosen
  for (const wish of (c.req.header('accept-language') ?? '').split(',')) {
    const tag = wish.split(';')[0]!.trim().toLowerCase().split('-')[0]!
    if (isLanguage(tag) && all.includes(tag)) return tag
  }
  return all[0]!
}

const themeOf = (text: string | undefined): Theme =>
  (themes as readonly string[]).includes(text ?? '') ? (text as Theme) : 'system'

/** JSON only where it was asked for before HTML: browsers send both. */
const wantsJson = (accept = '') => accept.includes('application/json') && !accept.includes('text/html')
