import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { LogEvent } from '../../src/core/events.ts'
import { main } from '../../src/main.ts'
import { fakeProvider } from '../../src/providers/fake.ts'
import { aConfig, aPicture, type Contestants } from '../arena.ts'
import { aModel } from '../characters.ts'

/** The whole program on a port of its own, as `sightline serve` starts it. */
export type Site = AsyncDisposable & { url: string; events: LogEvent[] }

export async function aSite(contestants: Contestants | null, flags: Record<string, string> = {}): Promise<Site> {
  const data = await mkdtemp(join(tmpdir(), 'sightline-site-'))
  const events: LogEvent[] = []
  const config = aConfig({
    data,
    'server.port': '0',
    'battles.pacing': 'paced',
    'limits.battles_per_hour': '10000',
    ...flags,
  })
  const running = await main(config, { log: (event) => events.push(event), ...(contestants ? { contestants } : {}) })
  return {
    url: running.url,
    events,
    async [Symbol.asyncDispose]() {
      await running.stop({ graceMs: 0 })
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** Two who say `paragraphs` paragraphs of twelve words, one word every `pauseMs`. */
export const twoSpeakers = ({ paragraphs = 5, pauseMs = 25 } = {}): Contestants =>
  ['ant', 'bee'].map((id) => ({
    model: aModel(id),
    provider: fakeProvider(
      Array.from({ length: paragraphs * 12 }, (_, i) =>
        i % 12 === 11 ? 'end.\n\n' : `${id === 'ant' ? 'one' : 'two'}${i} `,
      ),
      { pauseMs },
    ),
  }))

/** Somebody's window, and everything in it that went wrong. */
export type Window = AsyncDisposable & { context: BrowserContext; page: Page; wrong: string[] }

export const sizes = {
  desktop: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
} satisfies Record<string, BrowserContextOptions>

export async function aWindow(
  browser: Browser,
  site: Pick<Site, 'url'>,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const context = await browser.newContext({ baseURL: site.url, locale: 'en', ...sizes.desktop, ...options })
  context.setDefaultTimeout(45_000)
  const wrong: string[] = []
  if (options.javaScriptEnabled !== false) await context.addInitScript({ content: watching })
  context.on('page', (page) => {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') wrong.push(`${message.type()}: ${message.text()}`)
    })
    page.on('pageerror', (error) => wrong.push(`page error: ${error.message}`))
  })
  const page = await context.newPage()
  return { context, page, wrong, [Symbol.asyncDispose]: () => context.close() }
}

/** What the page's own script saw: read with `seen(page)`. */
export type Seen = { opened: number; messages: number; shift: number; said: string[]; selected: string }
export const seen = (page: Page) => page.evaluate('seen') as Promise<Seen>

const watching = `
  window.seen = { opened: 0, messages: 0, shift: 0, said: [] }
  document.addEventListener('htmx:sse:after:connection', () => seen.opened++)
  document.addEventListener('htmx:sse:after:message', () => seen.messages++)
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
    console.error('securitypolicyviolation', violatedDirective, blockedURI, sample))
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value
  }).observe({ type: 'layout-shift', buffered: true })
  addEventListener('DOMContentLoaded', () => {
    const line = document.querySelector('#status')
    if (!line) return
    const look = () => {
      const text = line.textContent.trim()
      if (text !== '' && text !== seen.said.at(-1)) seen.said.push(text)
    }
    look()
    new MutationObserver(look).observe(line, { childList: true, characterData: true, subtree: true })
  })
`

/** Starts a battle as a program would, with this window's cookie; gives its path. */
export async function aBattle({ context }: Window, question = 'What is this?'): Promise<string> {
  const picture = await aPicture()
  const response = await context.request.post('/battles', {
    headers: { Accept: 'application/json' },
    multipart: {
      prompt: question,
      image: { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(await picture.arrayBuffer()) },
    },
  })
  if (response.status() !== 201) throw new Error(`POST /battles: ${response.status()} ${await response.text()}`)
  return ((await response.json()) as { url: string }).url
}

export const stateIs = (page: Page, state: string) =>
  page.locator(`#battle[data-state=${state}]`).waitFor({ state: 'attached' })
export const dockIs = (page: Page, dock: string) =>
  page.locator(`#dock[data-dock=${dock}]`).waitFor({ state: 'attached' })
