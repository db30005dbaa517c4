import { launchChromium } from './chromium.ts'

const base = process.argv[2] ?? 'http://127.0.0.1:3111'
const b = await launchChromium()
for (const [name, w, h, scheme] of [
  ['d', 1280, 860, 'light'],
  ['p', 390, 844, 'dark'],
] as const) {
  const ctx = await b.newContext({
    viewport: { width: w, height: h },
    colorScheme: scheme,
    hasTouch: name === 'p',
    isMobile: name === 'p',
  })
  const page = await ctx.newPage()
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') console.log(name, 'console:', m.text())
  })
  page.on('pageerror', (e) => console.log(name, 'pageerror:', e.message))
  const shot = (s: string) => page.screenshot({ path: `/tmp/shots/${name}-${s}.png` })
  await page.goto(base + '/')
  await shot('1-composer')
  await page.click('a.suggestion')
  await page.waitForSelector('.thumb img')
  await shot('2-filled')
  await page.click('#compare')
  await page.waitForURL(/\/b\//)
  await page.waitForTimeout(1200)
  await shot('3-streaming')
  await page.waitForSelector('#dock[data-dock=ready]', { timeout: 30000 })
  await page.waitForTimeout(500)
  await shot('4-ready')
  await page.click('button[name=outcome][value=a]')
  await page.waitForSelector('#dock[data-dock=voted]', { timeout: 5000 })
  await page.waitForTimeout(400)
  await shot('5-voted')
  await page.click('form.reveal button')
  await page.waitForSelector('#dock[data-dock=revealed]', { timeout: 5000 })
  await page.waitForTimeout(400)
  await shot('6-revealed')
  await page.screenshot({ path: `/tmp/shots/${name}-6-full.png`, fullPage: true })
  await ctx.close()
}
await b.close()
