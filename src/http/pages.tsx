import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { Frame, Hands, PageName } from '../../views/frame.ts'
import { document, Page, type PageProps } from '../../views/layout.tsx'
import { isLanguage, type Language, languages, type Say, sayIn } from '../../views/strings/strings.ts'
import type { Arena } from '../arena.ts'
import type { Assets } from './assets.ts'
import type { Env } from './env.ts'
import { csrfToken } from './session.ts'

/** Makes whole pages for whoever asks: their language, theme, token and nonce. */
export type Pages = {
  frame(c: Context<Env>, current: PageName | null): Frame
  /** What a fragment with forms needs. */
  hands(c: Context<Env>): Hands
  say(language: Language): Say
  send(
    c: Context<Env>,
    page: Pick<PageProps, 'title' | 'layout' | 'isPrivate' | 'refreshSeconds' | 'status'> & {
      current: PageName | null
    },
    content: Child,
    status?: 200 | 201 | 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503,
  ): Response | Promise<Response>
}

export function pageMaker(arena: Arena, assets: Assets): Pages {
  const offered = arena.config.site.languages.filter(isLanguage)
  const sayings = new Map(
    languages.map((language) => [language, sayIn(language, arena.config.site.strings[language] ?? {})]),
  )
  const hands = (c: Context<Env>): Hands => ({
    say: sayings.get(c.get('language') ?? 'en')!,
    csrf: csrfToken(c.get('voterId') ?? null, arena.secret),
    nonce: c.get('nonce'),
  })
  const frame = (c: Context<Env>, current: PageName | null): Frame => ({
    ...hands(c),
    nonce: c.get('nonce'),
    lang: c.get('language') ?? 'en',
    theme: c.get('theme') ?? 'system',
    current,
    path: pathOf(c),
    site: { name: arena.config.site.name, languages: offered.length > 0 ? offered : languages },
    hasSpeech: arena.transcriber !== null,
    assets,
  })
  return {
    frame,
    hands,
    say: (language) => sayings.get(language)!,
    send: (c, { current, ...page }, content, status = 200) =>
      c.html(
        document(
          <Page {...frame(c, current)} {...page}>
            {content}
          </Page>,
        ),
        status,
      ),
  }
}

/** Path and query; the forms of a page answered to a POST lead back to what can be asked for with GET. */
function pathOf(c: Context<Env>) {
  if (c.req.method !== 'GET') return '/'
  const { pathname, search } = new URL(c.req.url)
  return pathname + search
}
