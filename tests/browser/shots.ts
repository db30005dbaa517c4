// Every page and state at two widths and in both themes, for looking: npx tsx tests/browser/shots.ts OUT_DIR [en|zh]
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { launchChromium } from './chromium.ts'
import { sizes } from './site.ts'
import { everyState, show, windowOn } from './states.ts'

const [folder, language = 'en'] = process.argv.slice(2)
if (!folder || (language !== 'en' && language !== 'zh')) {
  console.error('Usage: npx tsx tests/browser/shots.ts OUT_DIR [en|zh]')
  process.exit(2)
}
await mkdir(folder, { recursive: true })
const browser = await launchChromium()
try {
  await using states = await everyState(browser)
  for (const size of ['desktop', 'phone'] as const)
    for (const theme of ['light', 'dark'] as const) {
      await using visitor = await windowOn(browser, states, { ...sizes[size], theme, language })
      const { page, wrong } = visitor
      for (const [name, { path }] of Object.entries(states.pages)) {
        await show(visitor, states, name)
        const file = join(folder, `${name.replaceAll(/[^a-z]+/g, '-')}-${sizes[size].viewport.width}-${theme}.png`)
        // The window as one sees it for battles, whose dock and picture stay in view; whole pages for the others.
        await page.screenshot({ path: file, fullPage: !path.startsWith('/b/') })
        console.log(file)
      }
      for (const line of wrong.filter((one) => !one.includes('status of 404')))
        console.error(`${size} ${theme}: ${line}`)
    }
} finally {
  await browser.close()
}
