import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWireServer, type WireServer } from '../providers/wire-server.ts'
import { browserOrReason } from './chromium.ts'
import { aSite, aWindow, type Site, twoSpeakers } from './site.ts'

const { browser } = await browserOrReason()

describe.runIf(browser)('speaking a question', () => {
  let server: WireServer
  let site: Site
  beforeAll(async () => {
    server = await startWireServer({ heard: 'How many boats are there?' })
    site = await aSite(twoSpeakers(), { 'speech.base_url': `${server.url}/v1`, 'speech.model': 'whisper-1' })
  }, 60_000)
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await server?.close()
    await browser?.close()
  })

  test('records, asks the site, and puts the words after what was typed', async () => {
    await using visitor = await aWindow(browser!, site)
    const { page } = visitor
    // A tone in place of a microphone; everything after it is the browser's own.
    await page.addInitScript({
      content: `
        navigator.mediaDevices.getUserMedia = async () => {
          const sound = new AudioContext()
          const tone = sound.createOscillator()
          const out = sound.createMediaStreamDestination()
          tone.connect(out)
          tone.start()
          return out.stream
        }`,
    })
    await page.goto('/')
    await page.locator('textarea[name=prompt]').fill('Please:')
    const button = page.locator('[data-dictate=prompt]')
    expect(await page.locator('#speech-note').isHidden()).toBe(true)
    await button.click()
    await page.locator('[data-dictate=prompt].is-listening').waitFor()
    expect(await page.locator('#speech-note').innerText()).toContain('The recording is not kept')
    await page.waitForFunction("document.querySelector('[data-dictate]').classList.contains('is-listening')")
    await button.click()
    await expect
      .poll(() => page.locator('textarea[name=prompt]').inputValue())
      .toBe('Please: How many boats are there?')
    expect(await page.locator('input[name=input_method]').inputValue()).toBe('spoken')
    expect(server.requests.at(-1)?.path).toBe('/v1/audio/transcriptions')
    expect(visitor.wrong).toEqual([])
  }, 60_000)
})
