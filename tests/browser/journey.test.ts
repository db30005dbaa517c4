import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FakeProvider } from '../../src/providers/fake.ts'
import { fakeProvider } from '../../src/providers/fake.ts'
import type { BattleTwin } from '../arena.ts'
import { aModel } from '../characters.ts'
import { browserOrReason } from './chromium.ts'
import { aBattle, aSite, aWindow, dockIs, type Site, seen, sizes, stateIs, twoSpeakers, type Window } from './site.ts'

const { browser } = await browserOrReason()
const contestants = twoSpeakers({ paragraphs: 4, pauseMs: 25 })

describe.runIf(browser)('a whole battle in a real browser', () => {
  let site: Site
  let photo: { name: string; mimeType: string; buffer: Buffer }
  let started = 0

  beforeAll(async () => {
    site = await aSite(contestants, { 'prompts.seed': 'true' })
    photo = { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: await aPhoto() }
  }, 120_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await browser?.close()
  })

  const window = (options: Parameters<typeof aWindow>[2] = {}) => aWindow(browser!, site, options)
  const battle = (visitor: Window) => {
    started++
    return aBattle(visitor)
  }
  const twin = async ({ context }: Window, path: string) =>
    (await (await context.request.get(`${path}.json`)).json()) as BattleTwin
  const pathOf = (page: Page) => new URL(page.url()).pathname

  test.each([
    ['desktop', 'mouse'],
    ['phone', 'finger'],
  ] as const)(
    '%s: photo, question, two answers, vote, change, reasons, names, board, export',
    async (size, hand) => {
      await using visitor = await window(sizes[size])
      const { page, wrong } = visitor
      const press = (selector: string) =>
        hand === 'mouse' ? page.locator(selector).first().click() : page.locator(selector).first().tap()
      await page.goto('/')
      await page.setInputFiles('#image', photo)
      await page.locator('#thumbs input[name=image_id]').waitFor({ state: 'attached' })
      await page.fill('#prompt', 'How many bicycles are there?')
      started++
      await press('#compare')
      await page.waitForURL(/\/b\//)

      await dockIs(page, 'writing')
      expect(await page.locator('form.vote').count()).toBe(0)
      const early = (await textOf(page, 'a')).length
      await expect.poll(async () => (await textOf(page, 'a')).length, { timeout: 20_000 }).toBeGreaterThan(early)
      await page.reload()
      await stateIs(page, 'ready')
      const answers = [await textOf(page, 'a'), await textOf(page, 'b')]
      expect(answers.map((text) => text.split('end.').length - 1)).toEqual([4, 4])
      await page.reload()
      await dockIs(page, 'ready')
      expect([await textOf(page, 'a'), await textOf(page, 'b')]).toEqual(answers)

      await press('form.vote button[value=a]')
      await dockIs(page, 'voted')
      expect(await focused(page)).toBe('vote-title')
      expect(await page.locator('#pane-a.is-chosen').count()).toBe(1)
      await page.reload()
      await dockIs(page, 'voted')
      await press('a[href$="change=1"]')
      await dockIs(page, 'changing')
      expect(await page.locator('button[value=a]').getAttribute('aria-pressed')).toBe('true')
      await press('form.vote button[value=b]')
      await dockIs(page, 'voted')
      expect((await twin(visitor, pathOf(page))).vote).toMatchObject({ outcome: 'b', revision: 2 })

      await press('.reasons-b label.reason')
      await expect.poll(() => page.locator('#why-saved').innerText()).not.toBe('')
      await page.locator('#why textarea[name=note]').fill('It counted them.')
      await press('form.reveal button')
      await dockIs(page, 'revealed')
      expect(await focused(page)).toBe('reveal-title')
      expect((await page.locator('#panes .model-name').allInnerTexts()).sort()).toEqual(['Model ant', 'Model bee'])
      const told = await twin(visitor, pathOf(page))
      expect(told).toMatchObject({
        state: 'revealed',
        vote: { outcome: 'b', note: 'It counted them.' },
        counts: { counted: true },
      })
      expect((told.vote as unknown as { reasons: unknown[] }).reasons).toHaveLength(1)
      await page.reload()
      await dockIs(page, 'revealed')

      await expect
        .poll(
          async () =>
            ((await (await visitor.context.request.get('/leaderboard.json')).json()) as { votes: number }).votes,
          { timeout: 30_000 },
        )
        .toBeGreaterThan(0)
      await page.goto('/leaderboard')
      expect(await page.locator('#main').innerText()).toContain('Model ant')
      await page.goto('/data')
      expect(await page.locator('h1').innerText()).not.toBe('')
      await page.goto('/me')
      expect(await page.locator('#main').innerText()).toContain('How many bicycles are there?')
      expect(wrong).toEqual([])
    },
    120_000,
  )

  test('keyboard: 1 2 3 4 vote, Enter shows the names, n is the next', async () => {
    await using visitor = await window()
    const { page, wrong } = visitor
    for (const [key, outcome] of [
      ['1', 'a'],
      ['2', 'tie'],
      ['3', 'both_bad'],
      ['4', 'b'],
    ] as const) {
      const path = await battle(visitor)
      await page.goto(path)
      // Before the votes open the keys do nothing.
      await page.keyboard.press(key)
      await stateIs(page, 'ready')
      expect((await twin(visitor, path)).vote).toBeNull()
      await page.keyboard.press(key)
      await dockIs(page, 'voted')
      expect((await twin(visitor, path)).vote).toMatchObject({ outcome })
      await page.keyboard.press('Enter')
      await dockIs(page, 'revealed')
      await page.keyboard.press('n')
      await page.locator('#composer').waitFor()
      expect(pathOf(page)).toBe('/')
      // In the question they are letters like others.
      await page.locator('#prompt').press(key)
      expect(await page.locator('#prompt').inputValue()).toBe(key)
      await page.locator('#prompt').fill('')
    }
    expect(wrong).toEqual([])
  }, 120_000)

  test('with Tab and Enter alone a battle can be begun, judged and revealed', async () => {
    await using visitor = await window()
    const { page, wrong } = visitor
    await page.goto('/')
    await tabTo(page, 'a.suggestion')
    await page.keyboard.press('Enter')
    await page.locator('.thumb img').waitFor()
    await tabTo(page, '#prompt')
    started++
    await page.keyboard.press('Enter')
    await stateIs(page, 'ready')
    const order: (string | null)[] = []
    await tabTo(page, 'form.vote button')
    for (let i = 0; i < 4; i++) {
      order.push(await page.evaluate('document.activeElement.value'))
      expect(await page.evaluate(isSeen)).toBe(true)
      await page.keyboard.press('Tab')
    }
    expect(order).toEqual(['a', 'tie', 'both_bad', 'b'])
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await dockIs(page, 'voted')
    expect(await focused(page)).toBe('vote-title')
    await tabTo(page, 'form.reveal button')
    expect(await page.evaluate(isSeen)).toBe(true)
    await page.keyboard.press('Enter')
    await dockIs(page, 'revealed')
    expect(await focused(page)).toBe('reveal-title')
    expect((await twin(visitor, pathOf(page))).vote).toMatchObject({ outcome: 'b' })
    expect(wrong).toEqual([])
  }, 120_000)

  test('phone: from the start to a vote about a seed image in three taps', async () => {
    await using visitor = await window(sizes.phone)
    const { page, wrong } = visitor
    await page.goto('/')
    await page.locator('a.suggestion').first().tap()
    await page.locator('.thumb img').waitFor()
    started++
    await page.locator('#compare').tap()
    await stateIs(page, 'ready')
    await page.locator('form.vote button[value=tie]').tap()
    await dockIs(page, 'voted')
    expect(wrong).toEqual([])
  }, 60_000)

  test('a second tab follows the same battle and ends with the same page', async () => {
    await using visitor = await window()
    const { page, context, wrong } = visitor
    const path = await battle(visitor)
    const other = await context.newPage()
    await page.goto(path)
    await dockIs(page, 'writing')
    await other.goto(path)
    await Promise.all([stateIs(page, 'ready'), stateIs(other, 'ready')])
    expect(await panes(other)).toBe(await panes(page))
    // A vote in one is noticed by the other: it is not overwritten unseen.
    await page.locator('form.vote button[value=a]').click()
    await dockIs(page, 'voted')
    await other.locator('form.vote button[value=b]').click()
    await expect.poll(() => other.locator('#notice').innerText()).not.toBe('')
    expect((await twin(visitor, path)).vote).toMatchObject({ outcome: 'a', revision: 1 })
    expect(wrong.filter((line) => !line.includes('409'))).toEqual([])
  }, 60_000)

  test('a hidden tab drops the stream and ends with the full page when it is shown', async () => {
    await using visitor = await window()
    const { page, wrong } = visitor
    const path = await battle(visitor)
    await page.goto(path)
    await dockIs(page, 'writing')
    await page.evaluate(visibility(true))
    await expect.poll(async () => (await twin(visitor, path)).state, { timeout: 30_000 }).toBe('ready')
    expect(await page.locator('#battle').getAttribute('data-state')).not.toBe('ready')
    await page.evaluate(visibility(false))
    await stateIs(page, 'ready')
    await sameAsFresh(visitor, path)
    expect(wrong).toEqual([])
  }, 60_000)

  test('a line cut twice in the middle ends with the full page, and nothing is doubled', async () => {
    await using line = await aLine(site)
    await using visitor = await aWindow(browser!, line)
    const { page } = visitor
    const path = await battle(visitor)
    await page.goto(path)
    for (let i = 0; i < 2; i++) {
      const { messages } = await seen(page)
      await expect.poll(async () => (await seen(page)).messages, { timeout: 20_000 }).toBeGreaterThan(messages)
      line.cut()
    }
    await stateIs(page, 'ready')
    expect((await seen(page)).opened).toBeGreaterThan(1)
    await sameAsFresh(visitor, path)
    await page.locator('form.vote button[value=a]').click()
    await dockIs(page, 'voted')
  }, 60_000)

  test('offline in the middle, back after the end: the full page', async () => {
    await using line = await aLine(site)
    await using visitor = await aWindow(browser!, line)
    const { page, context } = visitor
    const path = await battle(visitor)
    await page.goto(path)
    await dockIs(page, 'writing')
    await context.setOffline(true)
    line.cut()
    await page.locator('#offline').waitFor({ state: 'visible' })
    await expect
      .poll(() => site.events.some((event) => event.event === 'battle_ready' && `/b/${event.battle}` === path), {
        timeout: 30_000,
      })
      .toBe(true)
    await context.setOffline(false)
    await stateIs(page, 'ready')
    await page.locator('#offline').waitFor({ state: 'hidden' })
    await sameAsFresh(visitor, path)
  }, 60_000)

  test('a vote cast offline is kept and sent once', async () => {
    await using visitor = await window()
    const { page, context } = visitor
    const path = await battle(visitor)
    await page.goto(path)
    await stateIs(page, 'ready')
    await context.setOffline(true)
    await page.locator('form.vote button[value=both_bad]').click()
    await page.locator('#offline').waitFor({ state: 'visible' })
    expect((await page.locator('#status').innerText()).length).toBeGreaterThan(0)
    const sent: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/vote')) sent.push(request.postData() ?? '')
    })
    await context.setOffline(false)
    await dockIs(page, 'voted')
    expect((await twin(visitor, path)).vote).toMatchObject({ outcome: 'both_bad', revision: 1 })
    expect(new Set(sent.map((body) => new URLSearchParams(body).get('key'))).size).toBe(1)
    await page.locator('#offline').waitFor({ state: 'hidden' })
    expect(await page.evaluate(`localStorage.getItem('sightline.waiting-vote')`)).toBeNull()
  }, 60_000)

  test('no model was asked twice about anything', () => {
    const asked = contestants.map(({ provider }) => (provider as FakeProvider).asked.length)
    expect(asked).toEqual([started, started])
  })

  test('one failing side: the other stays, no vote; a retry of the same model opens it', async () => {
    let isWell = false
    const [moody, broken] = [fakeProvider(['Better now.']), fakeProvider(['Half an'], { dies: 'broken' })]
    await using place = await aSite([
      { model: aModel('ant'), provider: fakeProvider(['A good answer.'], { pauseMs: 100 }) },
      { model: aModel('bee'), provider: { answer: (request) => (isWell ? moody : broken).answer(request) } },
    ])
    await using visitor = await aWindow(browser!, place)
    const { page, wrong } = visitor
    await page.goto(await aBattle(visitor))
    await dockIs(page, 'one_failed')
    const panesText = await page.locator('#panes').innerText()
    expect(panesText).toContain('A good answer.')
    expect(panesText).not.toContain('Half an')
    expect(await page.locator('[name=outcome]').count()).toBe(0)
    for (const key of ['1', '2', '3', '4']) await page.keyboard.press(key)
    await page.reload()
    await dockIs(page, 'one_failed')
    isWell = true
    await page.locator('form[action$="/retry"] button').click()
    await stateIs(page, 'ready')
    expect(await page.locator('#panes').innerText()).toContain('Better now.')
    await page.locator('form.vote button[value=a]').click()
    await dockIs(page, 'voted')
    expect(wrong).toEqual([])
  }, 60_000)

  test('without JavaScript: upload, answers, vote, change, reasons, names, follow-up, board', async () => {
    await using visitor = await window({ javaScriptEnabled: false })
    const { page, wrong } = visitor
    await page.goto('/')
    await page.setInputFiles('#image', photo)
    await page.fill('#prompt', 'What is written there?')
    await page.click('#compare')
    await page.waitForURL(/\/b\//)
    const path = pathOf(page)
    // The page asks again by itself.
    await stateIs(page, 'ready')
    expect(await textOf(page, 'a')).toContain('end.')
    await page.locator('form.vote button[value=a]').click()
    await dockIs(page, 'voted')
    await page.locator('a[href$="change=1"]').click()
    await dockIs(page, 'changing')
    await page.locator('form.vote button[value=tie]').click()
    await dockIs(page, 'voted')
    await page.locator('.reasons-a label.reason').first().click()
    await page.locator('#why textarea[name=note]').fill('Both alike.')
    await page.locator('button[form=why]').click()
    await dockIs(page, 'voted')
    expect((await twin(visitor, path)).vote).toMatchObject({ outcome: 'tie', note: 'Both alike.' })
    await page.locator('form.reveal button').click()
    await dockIs(page, 'revealed')
    expect((await page.locator('#panes .model-name').allInnerTexts()).sort()).toEqual(['Model ant', 'Model bee'])
    await page.locator('details.ask summary').click()
    await page.locator('#ask-prompt').fill('Are you sure?')
    await page.locator('form#ask button[type=submit]').click()
    await expect.poll(async () => (await twin(visitor, path)).turns.length, { timeout: 20_000 }).toBe(2)
    await expect.poll(async () => (await twin(visitor, path)).turns[1]!.a.state, { timeout: 20_000 }).toBe('finished')
    await page.goto('/leaderboard')
    await page.locator('form.filters select[name=category]').selectOption('ocr')
    await page.locator('form.filters [data-apply]').click()
    expect(page.url()).toContain('category=ocr')
    expect(wrong).toEqual([])
  }, 120_000)

  /** What came over the stream is what a fresh look shows. */
  async function sameAsFresh({ page, context }: Window, path: string) {
    const fresh = await context.newPage()
    await fresh.goto(path)
    await stateIs(fresh, 'ready')
    expect(await panes(page)).toBe(await panes(fresh))
    await fresh.close()
  }
})

const textOf = (page: Page, side: 'a' | 'b') => page.locator(`#${side}-body`).innerText()
const panes = (page: Page) => page.locator('#panes').innerText()
const focused = (page: Page) => page.evaluate('document.activeElement?.id') as Promise<string>

async function tabTo(page: Page, selector: string) {
  for (let i = 0; i < 60; i++) {
    if (await page.evaluate(`document.activeElement?.matches('${selector}') ?? false`)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never came to ${selector}`)
}

/** Whether what has the focus is what one sees at its place. */
const isSeen = `(() => {
  const element = document.activeElement
  const { left, top, width, height } = element.getBoundingClientRect()
  const there = document.elementFromPoint(left + width / 2, top + height / 2)
  return there !== null && (element.contains(there) || there.contains(element))
})()`

const visibility = (isHidden: boolean) => `
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} })
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${isHidden ? 'hidden' : 'visible'}' })
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
`

/** A line to the site that can be cut: whatever runs over it ends at once. */
async function aLine(site: Site) {
  const { hostname, port } = new URL(site.url)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
    },
  }
}

const aPhoto = async () =>
  sharp({ create: { width: 800, height: 600, channels: 3, background: 'teal' } })
    .composite([
      { input: { create: { width: 200, height: 150, channels: 3, background: 'orange' } }, left: 300, top: 200 },
    ])
    .jpeg()
    .toBuffer()
