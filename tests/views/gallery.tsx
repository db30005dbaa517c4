// `npx tsx tests/views/gallery.tsx [folder] [filter]` draws every page and state with sample data: each is served once with the real
// Content-Security-Policy, checked with axe, and photographed at 1280 and 390 pixels in both themes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { launchChromium } from '../browser/chromium.ts'
import { galleryPages } from './gallery-pages.tsx'
import { seedFiles } from './samples.ts'

const [folder = join(tmpdir(), 'sightline-gallery'), filter = '', only = ''] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })

const pages = galleryPages()
const css = () => readFileSync(new URL('../../static/app.css', import.meta.url))
const policy =
  "default-src 'none'; script-src 'nonce-test-nonce'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types htmx"

const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  const seed = seedFiles.get(path.replace('/images/', ''))
  const html = pages.get(decodeURIComponent(path.slice(1)))
  if (path === '/static/app.css') response.setHeader('Content-Type', 'text/css').end(css())
  else if (path.startsWith('/static/icons/'))
    response.setHeader('Content-Type', 'image/svg+xml').end(readFileSync(new URL(`../..${path}`, import.meta.url)))
  else if (path === '/static/none.js') response.setHeader('Content-Type', 'text/javascript').end('')
  else if (seed)
    response
      .setHeader('Content-Type', seed.pathname.endsWith('png') ? 'image/png' : 'image/jpeg')
      .end(readFileSync(seed))
  else if (html)
    response
      .setHeader('Content-Type', 'text/html; charset=utf-8')
      .setHeader('Content-Security-Policy', policy)
      .end(html)
  else response.writeHead(404).end()
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = server.address()
const port = typeof address === 'object' && address ? address.port : 0

const browser = await launchChromium()
let problems = 0
for (const name of pages.keys()) {
  if (!name.includes(filter)) continue
  for (const [width, height] of [
    [1280, 860],
    [390, 844],
  ] as const)
    for (const colorScheme of ['light', 'dark'] as const) {
      if (only && !`${width} ${colorScheme}`.includes(only)) continue
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        deviceScaleFactor: width < 500 ? 2 : 1,
        hasTouch: width < 500,
        isMobile: width < 500,
      })
      const page = await context.newPage()
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('404')) {
          problems++
          console.log(`${name}: ${message.text()}`)
        }
      })
      await page.goto(`http://127.0.0.1:${port}/${encodeURIComponent(name)}`)
      await page.waitForLoadState('networkidle')
      const file = `${name.replaceAll(/[^\w]+/g, '-')}-${width}-${colorScheme}.png`
      writeFileSync(join(folder, file), await page.screenshot({ fullPage: true }))
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      if (overflow > 0) {
        problems++
        const widest = await page.evaluate(() =>
          [...document.querySelectorAll('body *')]
            .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
            .filter((one) => !one.closest('.panes, .nav, .table-scroll, .suggestion-list'))
            .map((one) => `${one.tagName}.${one.className}`)
            .slice(0, 4),
        )
        console.log(`${name} ${width}: ${overflow} px too wide: ${widest.join(' ')}`)
      }
      const { violations } = await new AxeBuilder({ page }).analyze()
      for (const violation of violations) {
        problems++
        console.log(`${name} ${width} ${colorScheme}: ${violation.id}: ${violation.help}`)
        for (const node of violation.nodes.slice(0, 3))
          console.log(`   ${node.html.slice(0, 160)} ${node.failureSummary?.split('\n')[1] ?? ''}`)
      }
      await context.close()
    }
}
await browser.close()
server.close()
console.log(`${folder}: ${problems === 0 ? 'no problems' : `${problems} problems`}`)
process.exitCode = problems === 0 ? 0 : 1
