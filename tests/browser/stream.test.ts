import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserOrReason } from './chromium.ts'
import { aBattle, aSite, aWindow, dockIs, type Site, seen, sizes, stateIs, twoSpeakers, type Window } from './site.ts'

const { browser } = await browserOrReason()

describe.runIf(browser)('answers arrive in a real browser', () => {
  let site: Site
  beforeAll(async () => {
    site = await aSite(twoSpeakers())
  })
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await browser?.close()
  })

  const window = (): Promise<Window> => aWindow(browser!, site)

  test('the stream opens in 60 of 60 fresh loads, and each page comes to its end by it', async () => {
    let next = 0
    const lanes = Array.from({ length: 3 }, async () => {
      while (next++ < 60) {
        await using visitor = await window()
        const { page, wrong } = visitor
        await page.goto(await aBattle(visitor))
        await stateIs(page, 'ready')
        const { opened, messages } = await seen(page)
        expect(opened).toBe(1)
        expect(messages).toBeGreaterThan(2)
        expect(wrong).toEqual([])
        expect(await page.locator('#stream').count()).toBe(0)
      }
    })
    await Promise.all(lanes)
  }, 300_000)

  test('with the stream route answering 500, asking every two seconds completes the page, and no faster', async () => {
    await using slow = await aSite(twoSpeakers({ paragraphs: 30, pauseMs: 25 }))
    await using visitor = await aWindow(browser!, slow)
    const { page } = visitor
    await page.route('**/stream', (route) => route.fulfill({ status: 500, body: 'no' }))
    await page.goto(await aBattle(visitor))
    const asked: number[] = []
    page.on('request', (request) => {
      if (request.headers()['hx-request'] && !request.url().endsWith('/stream')) asked.push(performance.now())
    })
    await stateIs(page, 'ready')
    expect(await page.locator('#a-done').innerText()).toContain('end.')
    expect(await page.locator('form.vote button[name=outcome]').count()).toBe(4)
    expect(asked.length).toBeGreaterThan(1)
    const gaps = asked.slice(1).map((at, i) => at - asked[i]!)
    expect(Math.min(...gaps)).toBeGreaterThan(1_000)
  }, 90_000)

  test('when the last fetch is lost the page asks again', async () => {
    await using visitor = await window()
    const { page } = visitor
    const path = await aBattle(visitor)
    let lost = 0
    await page.route(`**${path}`, (route) =>
      route.request().headers()['hx-request'] && lost++ === 0 ? route.abort() : route.continue(),
    )
    await page.goto(path)
    await stateIs(page, 'ready')
    expect(lost).toBeGreaterThan(1)
  }, 60_000)

  test('an answer of 500 to the last fetch leaves the page as it is until the next', async () => {
    await using visitor = await window()
    const { page } = visitor
    const path = await aBattle(visitor)
    let refused = 0
    await page.route(`**${path}`, (route) =>
      route.request().headers()['hx-request'] && refused++ === 0
        ? route.fulfill({ status: 500, contentType: 'text/html', body: '<p id="gone">Something broke.</p>' })
        : route.continue(),
    )
    await page.goto(path)
    await stateIs(page, 'ready')
    expect(refused).toBeGreaterThan(1)
    expect(await page.locator('#gone').count()).toBe(0)
    expect(await page.locator('#a-done').innerText()).toContain('end.')
  }, 60_000)

  // On a phone the tools below the panes and the footer make room for the answers; what is read and the dock stand still.
  test.each([
    ['desktop', 0.02],
    ['phone', 0.05],
  ] as const)(
    'nothing moves while answers grow: %s',
    async (size, most) => {
      await using visitor = await aWindow(browser!, site, sizes[size])
      const { page } = visitor
      await page.goto(await aBattle(visitor))
      await stateIs(page, 'ready')
      expect((await seen(page)).shift).toBeLessThan(most)
    },
    60_000,
  )

  test('text selected in a finished block stays selected to the end', async () => {
    await using slow = await aSite(twoSpeakers({ paragraphs: 8, pauseMs: 40 }))
    await using visitor = await aWindow(browser!, slow)
    const { page } = visitor
    await page.goto(await aBattle(visitor))
    await page.locator('#a-done p').first().waitFor()
    const chosen = await select(page, '#a-done p')
    expect(chosen).toMatch(/end\.$/)
    const before = (await seen(page)).messages
    await expect.poll(async () => (await seen(page)).messages, { timeout: 20_000 }).toBeGreaterThan(before + 2)
    expect(await selected(page)).toBe(chosen)
    await stateIs(page, 'ready')
    expect(await selected(page)).toBe(chosen)
  }, 60_000)

  test('answers are no live region; a whole battle is told in at most three sentences', async () => {
    await using visitor = await window()
    const { page } = visitor
    await page.goto(await aBattle(visitor))
    await page.locator('#a-done p').first().waitFor()
    expect(await page.locator('[aria-live], [role=log], [role=alert], .answer [role=status]').count()).toBe(0)
    expect(await page.locator('#pane-a').getAttribute('aria-busy')).toBe('true')
    await stateIs(page, 'ready')
    expect(await page.locator('#pane-a').getAttribute('aria-busy')).toBe('false')
    await page.locator('form.vote button[value=a]').click()
    await dockIs(page, 'voted')
    await page.locator('form.reveal button').click()
    await dockIs(page, 'revealed')
    const { said } = await seen(page)
    expect(said[0]).toMatch(/ready/i)
    expect(said.length).toBeLessThanOrEqual(3)
  }, 60_000)
})

const select = (page: Page, selector: string) =>
  page.evaluate(`(() => {
    const range = document.createRange()
    range.selectNodeContents(document.querySelector('${selector}'))
    getSelection().removeAllRanges()
    getSelection().addRange(range)
    return getSelection().toString()
  })()`) as Promise<string>
const selected = (page: Page) => page.evaluate('getSelection().toString()') as Promise<string>
