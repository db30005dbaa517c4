// The frame of every page. Ids and hooks that scripts and tests may rely on:
// #main            the content; also the skip link's target
// #notice          where refusals of htmx requests are put (views/errors.tsx ErrorNotice)
// #status          the one role=status line; stream messages and app.js write plain text into it
// #offline         bar with `hidden`; app.js shows it while `navigator.onLine` is false
// #keys            <dialog> with the shortcuts; opened by [data-keys-open]; #keys-on is the checkbox that switches them off
// [data-theme-next] button of the theme form, value = the theme it switches to; app.js may set <html data-theme> at once
// POST /preferences fields: csrf, back, and one of theme=system|light|dark, lang=en|zh
import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import { type Frame, type PageName, type Theme, themes } from './frame.ts'
import { Csrf } from './parts/form.tsx'
import { Icon, type IconName, Logo } from './parts/icon.tsx'
import { languageNames } from './strings/strings.ts'

export const document = (page: Child) => html`<!doctype html>${page}`

export type PageProps = Frame & {
  title: string
  /** A word for <main>'s class: how wide and how it is laid out. */
  layout?: 'column' | 'wide' | 'battle' | undefined
  /** Not for search engines. */
  isPrivate?: boolean | undefined
  /** More of the head: what other sites are told. */
  head?: Child
  /** Without scripts the page asks again after this many seconds. */
  refreshSeconds?: number | undefined
  children?: Child
}

export const Page = ({ children, head, ...page }: PageProps) => {
  const { title, lang, theme, nonce, say, site, assets, status, hasSpeech, layout = 'column' } = page
  return (
    <html lang={lang === 'zh' ? 'zh-Hans' : lang} data-theme={theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content" />
        <title>{title === site.name ? title : `${title} · ${site.name}`}</title>
        <meta name="color-scheme" content={theme === 'system' ? 'light dark' : theme} />
        <meta name="htmx-config" content='{"extensions":"sse,hx-csp","includeIndicatorCSS":false,"history":false}' />
        {page.isPrivate ? <meta name="robots" content="noindex" /> : null}
        {head ?? null}
        <link rel="icon" href="/static/icons/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href={assets.css} />
        <script src={assets.js} defer nonce={nonce} />
        {page.refreshSeconds ? (
          <noscript>
            <meta http-equiv="refresh" content={String(page.refreshSeconds)} />
          </noscript>
        ) : null}
      </head>
      <body data-speech={hasSpeech ? '/speech' : undefined}>
        <a class="skip" href="#main">
          {say('site.skip_to_content')}
        </a>
        <Header {...page} />
        <p id="offline" class="bar" hidden>
          {say('offline')}
        </p>
        <main id="main" class={`page page-${layout}`} tabindex={-1}>
          <div id="notice" />
          {children}
        </main>
        <p id="status" class="visually-hidden" role="status">
          {status ?? ''}
        </p>
        <Footer {...page} />
        <KeyboardHelp {...page} />
      </body>
    </html>
  )
}

const places: { name: PageName; href: string }[] = [
  { name: 'battle', href: '/' },
  { name: 'prompts', href: '/prompts' },
  { name: 'leaderboard', href: '/leaderboard' },
  { name: 'me', href: '/me' },
  { name: 'data', href: '/data' },
]

const Header = (page: Frame) => {
  const { say, site, current, today } = page
  return (
    <header class="top">
      <a class="brand" href="/" aria-label={site.name}>
        <Logo />
        <span class="brand-name">{site.name}</span>
      </a>
      <nav class="nav" aria-label={say('site.menu')}>
        <ul>
          {places.map(({ name, href }) => (
            <li>
              <a href={href} {...(name === current ? { 'aria-current': 'page' } : {})}>
                {say(`nav.${name}`)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="top-tools">
        {today ? <span class="today">{say('site.today', today)}</span> : null}
        <Preferences {...page} />
      </div>
    </header>
  )
}

const themeIcons: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' }

const Preferences = (page: Frame) => {
  const { say, theme, site, lang, path } = page
  const nextTheme = themes[(themes.indexOf(theme) + 1) % themes.length]!
  return (
    <form class="preferences" method="post" action="/preferences">
      <Csrf hands={page} />
      <input type="hidden" name="back" value={path} />
      {site.languages
        .filter((language) => language !== lang)
        .map((language) => (
          <button
            class="tool"
            type="submit"
            name="lang"
            value={language}
            lang={language === 'zh' ? 'zh-Hans' : language}
          >
            {languageNames[language]}
          </button>
        ))}
      <button
        class="tool tool-icon"
        type="submit"
        name="theme"
        value={nextTheme}
        data-theme-next={nextTheme}
        aria-label={say(`site.theme.${theme}`)}
        title={say(`site.theme.${theme}`)}
      >
        <Icon name={themeIcons[theme]} />
      </button>
    </form>
  )
}

const Footer = ({ say }: Frame) => (
  <footer class="foot">
    <p>{say('site.footer')}</p>
    <p class="foot-links">
      <a href="/method">{say('nav.method')}</a>
      <button class="linklike only-scripts only-hover" type="button" data-keys-open>
        {say('site.keys')} <kbd>?</kbd>
      </button>
    </p>
  </footer>
)

const KeyboardHelp = ({ say }: Frame) => (
  <dialog id="keys" class="sheet" aria-labelledby="keys-title">
    <div class="sheet-head">
      <h2 id="keys-title">{say('keys.title')}</h2>
      <form method="dialog">
        <button class="tool tool-icon" type="submit" aria-label={say('site.close')}>
          <Icon name="close" />
        </button>
      </form>
    </div>
    <dl class="keys">
      {(
        [
          ['?', 'keys.help'],
          ['g b', 'keys.battle'],
          ['g l', 'keys.leaderboard'],
          ['g m', 'keys.me'],
          ['/', 'keys.question'],
          ['1 2 3 4', 'keys.vote'],
          ['Enter', 'keys.reveal'],
          ['n', 'keys.next'],
          ['i', 'keys.viewer'],
          ['Esc', 'keys.close'],
        ] as const
      ).map(([keys, key]) => (
        <div>
          <dt>
            {keys.split(' ').map((one) => (
              <kbd>{one}</kbd>
            ))}
          </dt>
          <dd>{say(key)}</dd>
        </div>
      ))}
    </dl>
    <label class="check">
      <input type="checkbox" id="keys-on" checked /> {say('keys.switch')}
    </label>
    <p class="hint">{say('keys.note')}</p>
  </dialog>
)
