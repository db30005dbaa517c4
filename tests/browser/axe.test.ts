import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserOrReason } from './chromium.ts'
import { sizes } from './site.ts'
import { everyState, type States, show, windowOn } from './states.ts'

const { browser } = await browserOrReason()
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

describe.runIf(browser)('every page, for everybody', () => {
  let states: States
  beforeAll(async () => {
    states = await everyState(browser!)
  }, 120_000)
  afterAll(async () => {
    await states?.[Symbol.asyncDispose]()
    await browser?.close()
  })

  const variants = (['desktop', 'phone'] as const).flatMap((size) =>
    (['light', 'dark'] as const).flatMap((theme) =>
      (['en', 'zh'] as const).map((language) => [size, theme, language] as const),
    ),
  )
  test.each(variants)(
    'axe finds nothing: %s, %s, %s',
    async (size, theme, language) => {
      await using visitor = await windowOn(browser!, states, { theme, language, ...sizes[size] })
      const { page } = visitor
      const found: string[] = []
      for (const name of Object.keys(states.pages)) {
        await show(visitor, states, name)
        const { violations } = await new AxeBuilder({ page }).withTags(tags).setLegacyMode(true).analyze()
        for (const { id, nodes } of violations)
          for (const { target, failureSummary } of nodes)
            found.push(`${name}: ${id} ${target.join(' ')} ${failureSummary?.replaceAll('\n', ' ').slice(0, 160)}`)
      }
      expect(found).toEqual([])
    },
    240_000,
  )

  test('axe is awake: what is planted is found', async () => {
    await using visitor = await windowOn(browser!, states)
    const { page } = visitor
    await page.goto('/')
    await page.evaluate(
      `document.querySelector('#main').append(document.createElement('button'), document.createElement('img'))`,
    )
    const { violations } = await new AxeBuilder({ page }).withTags(tags).setLegacyMode(true).analyze()
    expect(violations.map(({ id }) => id)).toEqual(expect.arrayContaining(['button-name', 'image-alt']))
  }, 60_000)

  test('nothing is wider than a window of 320 pixels', async () => {
    await using visitor = await windowOn(browser!, states, { ...sizes.phone, viewport: { width: 320, height: 640 } })
    const { page } = visitor
    const wide: string[] = []
    for (const name of Object.keys(states.pages)) {
      await show(visitor, states, name)
      const [width, culprits] = (await page.evaluate(overflow)) as [number, string[]]
      if (width > 320) wide.push(`${name}: ${width} px (${culprits.join(', ')})`)
    }
    expect(wide).toEqual([])
  }, 120_000)

  test('a finger hits every button: at least 44 pixels each way', async () => {
    await using visitor = await windowOn(browser!, states, sizes.phone)
    const { page } = visitor
    const small: string[] = []
    for (const name of Object.keys(states.pages)) {
      await show(visitor, states, name)
      for (const one of (await page.evaluate(tooSmall)) as string[]) small.push(`${name}: ${one}`)
    }
    expect(small).toEqual([])
  }, 120_000)

  test('every page has one heading of the first level, a language, and a title of its own', async () => {
    await using visitor = await windowOn(browser!, states, { language: 'zh' })
    const { page } = visitor
    for (const name of Object.keys(states.pages)) {
      await show(visitor, states, name)
      expect([name, await page.locator('h1').count()]).toEqual([name, 1])
      expect(await page.locator('html').getAttribute('lang')).toBe('zh-Hans')
      expect(await page.title()).not.toBe('')
    }
    // Their own errors the pages may have (404 is one); scripts, styles and the policy must have none.
    expect(visitor.wrong.filter((line) => !line.includes('status of 404'))).toEqual([])
  }, 120_000)
})

const overflow = `(() => {
  const limit = document.documentElement.clientWidth
  const scrolls = (element) => element && (/auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement))
  const out = [...document.body.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > limit + 1 && !scrolls(element.parentElement))
  return [document.documentElement.scrollWidth, out.slice(0, 5).map((element) => element.tagName + '.' + element.className)]
})()`

/** Buttons and what looks like one; links inside sentences are exempt (WCAG 2.2, 2.5.8). */
const tooSmall = `(() => {
  const found = []
  for (const element of document.querySelectorAll('button, a.button, summary, select, input:not([type=hidden]):not([type=checkbox]):not([type=radio]):not([type=file]), label.button, label.check, label.reason, .nav a, a.suggestion')) {
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) || element.closest('dialog:not([open]), details:not([open]) > :not(summary), .visually-hidden')) continue
    if (element.classList.contains('visually-hidden') || element.matches('.chip')) continue
    const { width, height } = element.getBoundingClientRect()
    if (width === 0) continue
    if (width < 43.5 || height < 43.5) found.push(element.tagName.toLowerCase() + '.' + element.className + ' "' + element.textContent.trim().slice(0, 30) + '" ' + Math.round(width) + '×' + Math.round(height))
  }
  return [...new Set(found)]
})()`
