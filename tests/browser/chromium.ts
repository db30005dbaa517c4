import { existsSync } from 'node:fs'
import chromiumPackage from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'

const systemPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]

/** A real headless Chromium: the one of the development dependency, else `SIGHTLINE_CHROMIUM`, else an installed one. */
export async function launchChromium(): Promise<Browser> {
  const tried: string[] = []
  for (const executablePath of await candidates()) {
    try {
      return await chromium.launch({ executablePath, args: quiet, headless: true })
    } catch (error) {
      tried.push(`${executablePath}: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    }
  }
  throw new Error(`No Chromium could be started. Set SIGHTLINE_CHROMIUM to one.\n${tried.join('\n')}`)
}

async function candidates(): Promise<string[]> {
  const paths: string[] = []
  const named = process.env['SIGHTLINE_CHROMIUM']
  if (named) paths.push(named)
  try {
    paths.push(await chromiumPackage.executablePath())
  } catch {
    // Not made for this platform: an installed one may be.
  }
  return [...paths, ...systemPaths.filter((path) => existsSync(path))]
}

/**
 * Browser tests are never skipped in silence: without a browser the reason and the cure are printed, and `TEST_REQUIRE_BROWSER=1` makes it a failure.
 */
export async function browserOrReason(): Promise<
  { browser: Browser; reason: null } | { browser: null; reason: string }
> {
  try {
    return { browser: await launchChromium(), reason: null }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (process.env['TEST_REQUIRE_BROWSER'] === '1') throw error
    console.warn(`SKIPPED browser tests: ${reason}\nEnable them with: SIGHTLINE_CHROMIUM=/path/to/chrome npm test`)
    return { browser: null, reason }
  }
}
