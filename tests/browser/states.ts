import type { Browser, BrowserContextOptions } from 'playwright-core'
import { fakeProvider } from '../../src/providers/fake.ts'
import { aModel } from '../characters.ts'
import { aBattle, aSite, aWindow, type Site, type Window } from './site.ts'

const markdown = [
  'There are **three** bicycles at the wall, ',
  'and one more behind the tree.\n\n',
  '| Colour | Count |\n|---|---|\n| red | 2 |\n| green | 1 |\n\n',
  'Their mean is $\\frac{3}{2}$.\n\n',
  '```python\nprint("three")\n```\n\n',
  '- near the door\n- [a link](https://example.org/)\n',
]

/** A page, and the voter whose cookie opens it. */
export type Shown = { path: string; cookie: string }
export type States = AsyncDisposable & { site: Site; pages: Record<string, Shown> }

/** A site where everything there is to see can be looked at. Two voters, because a battle begun makes the votes before it final. */
export async function everyState(browser: Browser): Promise<States> {
  let isSlow = false
  let isBroken = false
  const says = (words: string[]) => ({
    answer: (request: Parameters<ReturnType<typeof fakeProvider>['answer']>[0]) =>
      fakeProvider(
        isSlow ? Array.from({ length: 50_000 }, (_, i) => (i % 12 === 11 ? 'end.\n\n' : `word${i} `)) : words,
        isSlow ? { pauseMs: 1_500 } : {},
      ).answer(request),
  })
  const failing = fakeProvider(['Half'], { dies: 'broken' })
  const site = await aSite(
    [
      { model: aModel('ant', { name: 'Ant Vision 7B' }), provider: says(markdown) },
      {
        model: aModel('bee', { name: 'Bee 2' }),
        provider: {
          answer: (request) => (isBroken ? failing : says(['Two bicycles.', ' No more than that.'])).answer(request),
        },
      },
    ],
    { 'prompts.seed': 'true' },
  )
  const visitor = await aWindow(browser, site)
  const other = await aWindow(browser, site)
  const { context } = visitor
  const act = async (path: string, action: string, form: Record<string, string> = {}) => {
    const response = await context.request.post(`${path}/${action}`, { form, headers: { Accept: 'application/json' } })
    if (!response.ok()) throw new Error(`${path}/${action}: ${response.status()} ${await response.text()}`)
  }
  const over = async () => {
    const path = await aBattle(visitor, 'How many bicycles are there?')
    await (await context.request.get(`${path}/stream`)).text()
    return path
  }
  const ready = await over()
  const final = await over()
  await act(final, 'vote', { outcome: 'a' })
  const revealed = await over()
  await act(revealed, 'vote', { outcome: 'b', reasons: 'b:more_accurate', note: 'It counts.' })
  await act(revealed, 'reveal')
  const shared = (await shareOf(visitor, revealed, act)) ?? {}
  isBroken = true
  const failed = await over()
  isBroken = false
  const voted = await over()
  await act(voted, 'vote', { outcome: 'tie' })
  isSlow = true
  const streaming = await aBattle(other, 'What is going on?')
  const [mine, theirs] = [await cookieOf(visitor), await cookieOf(other)]
  const paths = {
    composer: '/',
    'composer with a seed': '/?prompt=random',
    ready,
    voted,
    changing: `${voted}?change=1`,
    'voted for good': final,
    revealed,
    'one side failed': failed,
    ...shared,
    compare: '/compare',
    leaderboard: '/leaderboard',
    model: '/models/ant',
    method: '/method',
    prompts: '/prompts',
    'prompt set': '/prompts/seed',
    data: '/data',
    me: '/me',
    'not found': '/no/such/page',
    "somebody else's battle": `/b/${'b'.repeat(26)}`,
  }
  const pages: Record<string, Shown> = { streaming: { path: streaming, cookie: theirs } }
  for (const [name, path] of Object.entries(paths)) pages[name] = { path, cookie: mine }
  await waitForBoard(visitor)
  await Promise.all([visitor, other].map((one) => one[Symbol.asyncDispose]()))
  return { site, pages, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() }
}

/** Goes there as its voter; where answers arrive, until some of them are there. */
export async function show({ page, context }: Window, { site, pages }: States, name: string) {
  const { path, cookie } = pages[name]!
  await context.addCookies([{ name: 'sid', value: cookie, url: site.url }])
  const status = (await page.goto(path))?.status()
  // An error page is tidy too: what is looked at must be what was meant.
  if (status !== (isMissing(name) ? 404 : 200))
    throw new Error(`${name}, ${path}: ${status} ${await page.locator('#main').innerText()}`)
  if (name === 'streaming') await page.locator('#dock[data-dock=writing]').waitFor()
}

const isMissing = (name: string) => name === 'not found' || name.startsWith('somebody else')

const cookieOf = async ({ context }: Window) => (await context.cookies()).find(({ name }) => name === 'sid')!.value

/** A window with this language and theme. */
export async function windowOn(
  browser: Browser,
  { site }: States,
  {
    language = 'en',
    theme = 'light',
    ...options
  }: { language?: 'en' | 'zh'; theme?: 'light' | 'dark' } & BrowserContextOptions = {},
): Promise<Window> {
  const visitor = await aWindow(browser, site, options)
  const kept = (name: string, value: string) => ({ name, value, url: site.url })
  await visitor.context.addCookies([kept('lang', language), kept('theme', theme)])
  return visitor
}

async function shareOf({ context }: Window, path: string, act: (path: string, action: string) => Promise<void>) {
  await act(path, 'share')
  const mine = (await (await context.request.get('/me.json')).json()) as {
    history: { id: string; share: { url: string } | null }[]
  }
  const url = mine.history.find(({ id }) => path.endsWith(id))?.share?.url
  return url ? { shared: url } : null
}

async function waitForBoard({ context }: Window) {
  for (let tries = 0; tries < 100; tries++) {
    const board = (await (await context.request.get('/leaderboard.json')).json()) as { votes: number }
    if (board.votes > 0) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('the vote never came to the board')
}
