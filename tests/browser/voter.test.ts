import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeProvider } from '../../src/providers/fake.ts'
import { aModel } from '../characters.ts'
import { browserOrReason } from './chromium.ts'
import { aBattle, aSite, aWindow, dockIs, type Site, sizes } from './site.ts'

const { browser } = await browserOrReason()
const contestants = [
  { model: aModel('ant'), provider: fakeProvider(['Seven ', 'boats ', 'lie in the bay.']) },
  { model: aModel('bee'), provider: fakeProvider(['There are ', 'boats, ', 'perhaps six.']) },
]

describe.runIf(browser)('the voter’s pages', () => {
  let site: Site
  beforeAll(async () => {
    site = await aSite(contestants, { 'prompts.seed': 'true' })
  }, 120_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await browser?.close()
  })

  test('without scripts: a prompt from the library, a vote, a link, a guess, my votes, a phrase, a deletion', async () => {
    await using voter = await aWindow(browser!, site, { javaScriptEnabled: false })
    const { page } = voter
    await page.goto('/prompts')
    await page.click('.set-card a')
    await page.click('.prompt-questions a >> nth=0')
    const question = await page.inputValue('#prompt')
    await page.click('#compare')
    // A <noscript> refresh brings the page to its end.
    await page.waitForSelector('#dock[data-dock=ready]')
    await page.click('button[name=outcome][value=tie]')
    await page.click('form.reveal button')
    await page.click('details.share > summary')
    await page.click('.share-form button')
    const link = await page.inputValue('.share-link input')
    expect(link).toMatch(new RegExp(`^${site.url}/s/[a-z0-9]{26}$`))

    await using visitor = await aWindow(browser!, site, { javaScriptEnabled: false, ...sizes.phone })
    await visitor.page.goto(link)
    expect(await visitor.page.textContent('main')).not.toContain('Model')
    await visitor.page.click('button[name=guess][value=tie]')
    expect(await visitor.page.textContent('.verdict')).toContain('You chose a tie. So did they.')
    expect(await visitor.page.textContent('main')).toContain('Model ant')

    await page.goto('/me')
    expect(await page.textContent('.my-battle')).toContain(question)
    await page.click('form[action="/me/phrase"] button')
    const phrase = (await page.locator('.phrase li').allTextContents()).join(' ')
    await visitor.page.goto('/me')
    await visitor.page.fill('#phrase', phrase)
    await visitor.page.click('form[action="/me/recover"] button')
    expect(await visitor.page.textContent('.my-battle')).toContain(question)

    await page.goto('/me')
    await page.click('.my-battle form[action$="/unshare"] button')
    expect((await visitor.page.goto(link))?.status()).toBe(410)
    await page.click('.my-battle form[action$="/withdraw"] button')
    expect(await page.textContent('.my-battle')).toContain('withdrawn')
    await page.check('input[name=confirm]')
    await page.click('form[action="/me/deletion"] button')
    expect(await page.textContent('main')).toContain('Your data was deleted.')
    expect(await page.locator('.my-battle').count()).toBe(0)
  }, 120_000)

  test('a link is made, changed and removed without leaving the battle', async () => {
    await using voter = await aWindow(browser!, site)
    const { page } = voter
    await page.goto(await aBattle(voter))
    await dockIs(page, 'ready')
    await page.click('button[name=outcome][value=a]')
    await page.click('form.reveal button')
    await dockIs(page, 'revealed')
    await page.evaluate('window.stayed = true')
    await page.click('details.share > summary')
    await page.click('.share-form button')
    await page.click('text=Hide the image')
    await page.click('text=Show the image too')
    await page.click('text=Remove link')
    await page.click('details.share > summary')
    await page.waitForSelector('.share-form button')
    expect(await page.evaluate('window.stayed')).toBe(true)
    expect(voter.wrong).toEqual([])
  }, 60_000)

  test('sides are swapped and what was typed stays; names show while both write', async () => {
    await using voter = await aWindow(browser!, site)
    const { page } = voter
    await page.goto('/compare?a=ant&b=bee&prompt=random')
    const question = await page.inputValue('#prompt')
    await page.fill('#prompt', `${question} Briefly.`)
    await page.click('[data-swap]')
    expect([await page.inputValue('#compare-a'), await page.inputValue('#compare-b')]).toEqual(['bee', 'ant'])
    expect(await page.inputValue('#prompt')).toBe(`${question} Briefly.`)
    await page.click('#compare')
    await page.waitForURL(/\/b\//)
    expect(await page.textContent('#pane-a')).toContain('Model bee')
    await dockIs(page, 'revealed')
    expect(await page.locator('button[name=outcome]').count()).toBe(0)
    expect(voter.wrong).toEqual([])
  }, 60_000)

  test('words in both are underlined when asked for', async () => {
    await using voter = await aWindow(browser!, site)
    const { page } = voter
    const path = await aBattle(voter)
    await page.goto(path)
    await dockIs(page, 'ready')
    await page.click('button[name=outcome][value=b]')
    await page.click('form.reveal button')
    await dockIs(page, 'revealed')
    await page.click('details.share > summary')
    await page.click('.share-form button')
    await page.click('text=Open the shared page')
    await page.click('text=Show without guessing')
    const line = () =>
      page
        .locator('mark.both')
        .first()
        .evaluate((mark) => getComputedStyle(mark).textDecorationLine)
    expect(await page.locator('mark.both').allTextContents()).toEqual(['boats', 'boats'])
    expect(await line()).toBe('none')
    await page.check('#words')
    expect(await line()).toBe('underline')
    expect(voter.wrong).toEqual([])
  }, 60_000)
})
