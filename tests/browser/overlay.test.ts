import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startWireServer, type WireServer } from '../providers/wire-server.ts'
import { browserOrReason } from './chromium.ts'
import { aSite, aWindow, type Site, sizes, stateIs } from './site.ts'

// Four families point at squares that were painted into seed images. Where a square really is, a screenshot tells; where the mark is, the page does.

const { browser } = await browserOrReason()

type Target = { name: string; rgb: [number, number, number]; x: number; y: number }
type Painted = { file: string; width: number; height: number; targets: Target[] }
const side = 60
const painted: Record<'landscape' | 'portrait', Painted> = {
  landscape: {
    file: 'desk-things.jpg',
    width: 1280,
    height: 900,
    targets: [
      { name: 'magenta square', rgb: [255, 0, 255], x: 131, y: 117 },
      { name: 'cyan square', rgb: [0, 255, 255], x: 1187, y: 433 },
      { name: 'green square', rgb: [0, 255, 0], x: 641, y: 807 },
    ],
  },
  portrait: {
    file: 'weather-app.png',
    width: 820,
    height: 1250,
    targets: [
      { name: 'magenta square', rgb: [255, 0, 255], x: 93, y: 151 },
      { name: 'cyan square', rgb: [0, 255, 255], x: 733, y: 611 },
      { name: 'green square', rgb: [0, 255, 0], x: 397, y: 1177 },
    ],
  },
}

const families = ['molmo', 'qwen2.5-vl', 'qwen3-vl', 'gemini'] as const
type Family = (typeof families)[number]

/** What such a model writes about the targets: two points and, where it knows boxes, a box around the third. */
function saidBy(family: Family, { width, height, targets }: Painted): string {
  const [one, two, three] = targets as [Target, Target, Target]
  const edges = ({ x, y }: Target) => [x - side / 2, y - side / 2, x + side / 2, y + side / 2] as const
  const json = (items: object[]) =>
    `Here they are:\n\n\`\`\`json\n${JSON.stringify(items, null, 1)}\n\`\`\`\n\nThat is all of them.`
  if (family === 'molmo') {
    const percent = ({ x, y }: Target) => [((x / width) * 100).toFixed(2), ((y / height) * 100).toFixed(2)]
    const [[x1, y1], [x2, y2], [x3, y3]] = [percent(one), percent(two), percent(three)]
    return `There is one <point x="${x1}" y="${y1}" alt="${one.name}">${one.name}</point> and these <points x1="${x2}" y1="${y2}" x2="${x3}" y2="${y3}" alt="others">the others</points>, I believe.`
  }
  if (family === 'qwen2.5-vl') {
    // Its own pixels: edges rounded to multiples of 28.
    const w = Math.round(width / 28) * 28
    const h = Math.round(height / 28) * 28
    const px = (x: number, y: number) => [Math.round((x / width) * w), Math.round((y / height) * h)]
    const [x1, y1, x2, y2] = edges(three)
    return json([
      { point_2d: px(one.x, one.y), label: one.name },
      { point_2d: px(two.x, two.y), label: two.name },
      { bbox_2d: [...px(x1, y1), ...px(x2, y2)], label: three.name },
    ])
  }
  const k = (value: number, whole: number) => Math.round((value / whole) * 1000)
  const [x1, y1, x2, y2] = edges(three)
  if (family === 'qwen3-vl')
    return json([
      { point_2d: [k(one.x, width), k(one.y, height)], label: one.name },
      { point_2d: [k(two.x, width), k(two.y, height)], label: two.name },
      { bbox_2d: [k(x1, width), k(y1, height), k(x2, width), k(y2, height)], label: three.name },
    ])
  return json([
    { point: [k(one.y, height), k(one.x, width)], label: one.name },
    { point: [k(two.y, height), k(two.x, width)], label: two.name },
    { box_2d: [k(y1, height), k(x1, width), k(y2, height), k(x2, width)], label: three.name },
  ])
}

const inPieces = (text: string, length = 4) => text.match(new RegExp(`[\\s\\S]{1,${length}}`, 'g')) ?? []
/** Anything of a family's own syntax. */
const rawSyntax = /<\/?points?\b|alt=|[xy]\d?="|bbox_2d|point_2d|box_2d|"point"|"label"|```|\[\s*\d+\s*,|\{\s*"/

describe.runIf(browser)('marks lie where the model pointed', () => {
  let server: WireServer
  let folder: string
  let sites: Record<'first' | 'second', Site>
  beforeAll(async () => {
    server = await startWireServer()
    folder = await mkdtemp(join(tmpdir(), 'sightline-overlay-'))
    sites = { first: await pairOf('molmo', 'qwen2.5-vl'), second: await pairOf('qwen3-vl', 'gemini') }
  }, 60_000)
  afterAll(async () => {
    for (const site of Object.values(sites ?? {})) await site[Symbol.asyncDispose]()
    await server?.close()
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** A site with these two and no other model, asked over a real protocol. */
  async function pairOf(...pair: [Family, Family]): Promise<Site> {
    const file = join(folder, `${pair.join('-')}.yaml`)
    const entries = pair.map(
      (family) =>
        `  - { id: ${family}, kind: openai-compatible, base_url: '${server.url}/v1', model: ${family}, grounding: ${family} }`,
    )
    await writeFile(file, `models:\n${entries.join('\n')}\n`)
    return aSite(null, { config: file })
  }

  const uploads = new Map<string, Promise<Buffer>>()
  const uploadOf = (which: keyof typeof painted) => {
    const known = uploads.get(which) ?? paint(painted[which])
    uploads.set(which, known)
    return known
  }

  async function start(context: BrowserContext, which: keyof typeof painted) {
    for (const family of families) server.answers[family] ??= { words: [] }
    const response = await context.request.post('/battles', {
      headers: { Accept: 'application/json' },
      multipart: {
        prompt: 'Point at the three squares.',
        image: { name: 'photo.png', mimeType: 'image/png', buffer: await uploadOf(which) },
      },
    })
    expect(response.status()).toBe(201)
    return ((await response.json()) as { url: string }).url
  }

  function answerAbout(which: keyof typeof painted, pauseMs = 0) {
    for (const family of families) server.answers[family] = { words: inPieces(saidBy(family, painted[which])), pauseMs }
  }

  const zooms = [0.5, 1, 2]
  describe.each(['landscape', 'portrait'] as const)('on a %s picture', (which) => {
    test.each(['first', 'second'] as const)(
      'the %s pair: within 2 device pixels at 50, 100 and 200 percent, on a desk and on a phone',
      async (pair) => {
        await using visitor = await aWindow(browser!, sites[pair])
        answerAbout(which)
        const path = await start(visitor.context, which)
        await visitor.page.goto(path)
        await stateIs(visitor.page, 'ready')
        const storageState = await visitor.context.storageState()
        let worst = 0
        for (const [name, size] of Object.entries(sizes))
          for (const zoom of zooms) {
            // What a browser does on zooming: fewer, larger CSS pixels.
            const { width, height } = size.viewport
            const viewport = { width: Math.round(width / zoom), height: Math.round(height / zoom) }
            await using zoomed = await aWindow(browser!, sites[pair], {
              viewport,
              deviceScaleFactor: zoom,
              storageState,
            })
            await zoomed.page.goto(path)
            await stateIs(zoomed.page, 'ready')
            const off = await furthestOff(zoomed.page, which, zoom)
            expect(off, `${name} at ${zoom * 100} %`).toBeLessThanOrEqual(2)
            worst = Math.max(worst, off)
            await circlesAreRound(zoomed.page)
          }
        console.log(`overlay ${which} ${pair}: furthest off ${worst.toFixed(2)} device px`)
      },
      240_000,
    )

    test('in the viewer, fitted, at 100 % and enlarged, they stay on their spots', async () => {
      await using visitor = await aWindow(browser!, sites.first)
      answerAbout(which)
      await visitor.page.goto(await start(visitor.context, which))
      await stateIs(visitor.page, 'ready')
      const { page } = visitor
      await page.locator('.picture-open').click({ position: { x: 4, y: 4 } })
      await page.locator('#viewer[open] .viewer-sheet img').waitFor()
      expect(await viewerOff(page, which), 'fitted').toBeLessThanOrEqual(2)
      await page.locator('#viewer [data-viewer=full]').click()
      expect(await viewerOff(page, which), '100 %').toBeLessThanOrEqual(2)
      await page.locator('#viewer [data-viewer=fit]').click()
      // Enlarged around one of the squares, with the wheel.
      const middle = (await placesOf(page, '#viewer .mark')).find(({ number }) => number === 1)!
      await page.mouse.move((middle.left + middle.right) / 2, (middle.top + middle.bottom) / 2)
      await page.mouse.wheel(0, -300)
      await expect
        .poll(async () => (await page.locator('#viewer .viewer-sheet').boundingBox())!.width)
        .toBeGreaterThan(painted[which].width)
      expect(await viewerOff(page, which), 'enlarged').toBeLessThanOrEqual(2)
      expect(visitor.wrong).toEqual([])
    }, 120_000)
  })

  /** The same with a page of words around it, as models like to write, so that there are many moments to look at. */
  const chatter = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ')

  test('half-written syntax never flashes: neither the page nor the stream ever holds a piece of it', async () => {
    for (const pair of ['first', 'second'] as const) {
      await using visitor = await aWindow(browser!, sites[pair])
      for (const family of families)
        server.answers[family] = {
          words: inPieces(`${chatter}\n\n${saidBy(family, painted.landscape)}\n\n${chatter}`),
          pauseMs: 15,
        }
      const { page, context } = visitor
      await page.addInitScript({ content: recording })
      const path = await start(context, 'landscape')
      const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
      const stream = fetch(`${sites[pair].url}${path}/stream`, { headers: { cookie } }).then((response) =>
        response.text(),
      )
      await page.goto(path)
      await stateIs(page, 'ready')
      const sent = await stream
      const shown = (await page.evaluate('shownTexts')) as string[]
      expect(shown.length).toBeGreaterThan(8)
      expect(shown.filter((text) => rawSyntax.test(text))).toEqual([])
      const words = sent
        .replace(/<[^>]*>/g, ' ')
        .replaceAll('&quot;', '"')
        .replaceAll('&lt;', '<')
        .replaceAll('&#39;', "'")
      expect(words.match(rawSyntax)).toBeNull()
      for (const name of ['molmo', 'qwen', 'gemini']) expect(sent.toLowerCase()).not.toContain(name)
    }
  }, 120_000)

  test('more than fifty points are dots with a list; what lies outside the picture is said, not drawn', async () => {
    await using visitor = await aWindow(browser!, sites.first)
    const many = Array.from(
      { length: 60 },
      (_, i) => `x${i + 1}="${5 + (i % 10) * 10}" y${i + 1}="${8 + Math.floor(i / 10) * 15}"`,
    ).join(' ')
    server.answers['molmo'] = { words: inPieces(`I count them: <points ${many} alt="dot">dots</points>.`) }
    server.answers['qwen2.5-vl'] = {
      words: inPieces(
        '```json\n[{"point_2d": [4000, 200], "label": "far away"}, {"point_2d": [644, 448], "label": "middle"}]\n```',
      ),
    }
    const { page } = visitor
    await page.goto(await start(visitor.context, 'landscape'))
    await stateIs(page, 'ready')
    const crowded = (await page.locator('.mark[data-side=a]').count()) === 60 ? 'a' : 'b'
    const sparse = crowded === 'a' ? 'b' : 'a'
    expect(await page.locator(`.mark[data-side=${crowded}]`).count()).toBe(60)
    expect(await page.locator(`.mark[data-side=${crowded}] .mark-badge`).count()).toBe(0)
    expect(await page.locator('.mark-list li').count()).toBe(60)
    expect(await page.locator(`.mark[data-side=${sparse}]`).count()).toBe(1)
    expect(await page.locator(`#pane-${sparse} .chip`).allInnerTexts()).toContainEqual(
      expect.stringMatching(/outside/i),
    )
    await page.locator('.mark-list summary').click()
    await shot(page, 'many')
  }, 60_000)

  test('a chip lights its mark and a mark its chip', async () => {
    await using visitor = await aWindow(browser!, sites.first)
    answerAbout('landscape')
    const { page } = visitor
    await page.goto(await start(visitor.context, 'landscape'))
    await stateIs(page, 'ready')
    const chip = page.locator('.chip[data-marks="1"]').first()
    await chip.hover()
    const lit = page.locator('.picture .mark.on')
    expect(await lit.count()).toBe(1)
    expect(await chip.getAttribute('data-marks')).toBe(await lit.getAttribute('data-mark'))
    expect(await chip.textContent()).toMatch(/Point 1.*magenta square.*left.*(upper|top)/i)
  }, 60_000)

  /** Only for looking: `SIGHTLINE_SHOTS=folder`. */
  async function shot(page: Page, name: string) {
    const shots = process.env['SIGHTLINE_SHOTS']
    if (!shots) return
    await mkdir(shots, { recursive: true })
    await page.screenshot({ path: join(shots, `${name}.png`) })
  }

  /** The largest distance, in device pixels, between a painted square and the mark on it. */
  async function furthestOff(page: Page, which: keyof typeof painted, zoom: number): Promise<number> {
    await page.mouse.move(1, 1)
    await page.locator('.picture img').evaluate((image) => (image as HTMLImageElement).decode())
    await shot(page, `${which}-${(await page.viewportSize())?.width}-${zoom}`)
    const marks = await placesOf(page, '.picture .mark')
    expect(marks).toHaveLength(6)
    await page.addStyleTag({ content: '.mark, .picture-expand { display: none !important }' }).catch(() => undefined)
    await page.evaluate(
      "document.querySelectorAll('.picture .mark').forEach((mark) => { mark.setAttribute('display', 'none') })",
    )
    return furthest(page, which, marks, { zoom, isWhole: true })
  }

  async function viewerOff(page: Page, which: keyof typeof painted): Promise<number> {
    await page.mouse.move(2, 2)
    const marks = await placesOf(page, '#viewer .mark')
    expect(marks).toHaveLength(6)
    await shot(page, `viewer-${which}`)
    await page.evaluate(
      "document.querySelectorAll('#viewer .mark').forEach((mark) => mark.setAttribute('display', 'none'))",
    )
    const off = await furthest(page, which, marks, { zoom: 1, isWhole: false })
    await page.evaluate("document.querySelectorAll('#viewer .mark').forEach((mark) => mark.removeAttribute('display'))")
    return off
  }
})

type Place = { number: number; kind: 'point' | 'box'; left: number; top: number; right: number; bottom: number }

/** Where marks are drawn, in CSS pixels of the window: the sign of a point, the line of a box. */
const placesOf = (page: Page, selector: string): Promise<Place[]> =>
  page.evaluate(
    (selector) =>
      [...document.querySelectorAll(selector)].map((mark) => {
        const box = mark.querySelector('rect.mark-line')
        const sign = box ?? mark.querySelector('.mark-sign > .mark-line')!
        const { left, top, right, bottom } = sign.getBoundingClientRect()
        return {
          number: Number((mark as HTMLElement).dataset['mark']),
          kind: box ? 'box' : 'point',
          left,
          top,
          right,
          bottom,
        } as Place
      }),
    selector,
  )

async function furthest(
  page: Page,
  which: keyof typeof painted,
  marks: Place[],
  { zoom, isWhole }: { zoom: number; isWhole: boolean },
): Promise<number> {
  const { data, info } = await sharp(await page.screenshot())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const squares = painted[which].targets.map(({ rgb }) => squareIn(data, info.width, info.height, rgb))
  let off = 0
  let found = 0
  for (const mark of marks) {
    const square = squares[mark.number - 1]
    if (!square) continue
    found++
    const [x, y] = [(mark.left + mark.right) / 2, (mark.top + mark.bottom) / 2]
    off = Math.max(
      off,
      Math.hypot(x * zoom - (square.left + square.right) / 2, y * zoom - (square.top + square.bottom) / 2),
    )
    // The line of a box goes around its square.
    if (mark.kind === 'box')
      for (const edge of ['left', 'top', 'right', 'bottom'] as const)
        off = Math.max(off, Math.abs(mark[edge] * zoom - square[edge]) - 1)
  }
  // Enlarged in the viewer, some squares are out of sight; never all.
  expect(found).toBeGreaterThanOrEqual(isWhole ? marks.length : 1)
  return off
}

/** The edges of the square of this colour in a screenshot; null where an edge of the window cuts it off. */
function squareIn(pixels: Uint8Array, width: number, height: number, [r, g, b]: [number, number, number]) {
  let count = 0
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3
      const distance = Math.abs(pixels[at]! - r) + Math.abs(pixels[at + 1]! - g) + Math.abs(pixels[at + 2]! - b)
      if (distance > 120) continue
      count++
      left = Math.min(left, x)
      top = Math.min(top, y)
      right = Math.max(right, x + 1)
      bottom = Math.max(bottom, y + 1)
    }
  const isWhole =
    count >= 4 && Math.abs(right - left - (bottom - top)) <= 2 && count > 0.7 * (right - left) * (bottom - top)
  return isWhole ? { left, top, right, bottom } : null
}

async function circlesAreRound(page: Page) {
  const points = (await placesOf(page, '.picture .mark[data-side=a]')).filter(({ kind }) => kind === 'point')
  for (const { left, top, right, bottom } of points) expect(Math.abs(right - left - (bottom - top))).toBeLessThan(0.6)
}

async function paint({ file, width, height, targets }: Painted): Promise<Buffer> {
  const seed = await readFile(new URL(`../../static/seeds/${file}`, import.meta.url))
  const { width: w, height: h } = await sharp(seed).metadata()
  expect([w, h]).toEqual([width, height])
  return sharp(seed)
    .composite(
      targets.map(({ rgb: [r, g, b], x, y }) => ({
        input: { create: { width: side, height: side, channels: 3 as const, background: { r, g, b } } },
        left: x - side / 2,
        top: y - side / 2,
      })),
    )
    .png()
    .toBuffer()
}

/** Keeps every text the answers ever showed. */
const recording = `
  window.shownTexts = []
  addEventListener('DOMContentLoaded', () => {
    const look = () => {
      for (const body of document.querySelectorAll('#a-body, #b-body')) {
        const text = body.textContent
        if (text.trim() !== '' && !shownTexts.includes(text)) shownTexts.push(text)
      }
    }
    look()
    new MutationObserver(look).observe(document.body, { childList: true, characterData: true, subtree: true })
  })
`
