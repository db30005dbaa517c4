import { describe, expect, test } from 'vitest'
import type { PastBoard } from '../../src/leaderboards/leaderboard-store.ts'
import { onFrontier, seriesOf } from '../../views/board-charts.tsx'
import { isOfFilter, LeaderboardPage, type LeaderboardView } from '../../views/leaderboard.tsx'
import { MethodPage, type MethodView } from '../../views/method.tsx'
import { catalogues, languages, sayIn } from '../../views/strings/strings.ts'
import { later, noon } from '../characters.ts'
import { aBoard, aBoardView, aFrame, rankedModels } from './samples.ts'

const dayMs = 24 * 60 * 60 * 1000
const frame = aFrame()
const page = (view: LeaderboardView) => String(<LeaderboardPage frame={frame} {...view} />)
const figure = (html: string, name: string) =>
  html.match(new RegExp(`<figure class="chart" id="chart-${name}">[\\s\\S]*?</figure>`))?.[0] ?? ''
const cellsOf = (html: string) => [...html.matchAll(/<t[hd][^>]*>([^<]*)<\/t[hd]>/g)].map(([, text]) => text)

const robustness = {
  votes: 4130,
  first: { model: aBoard().rows[0]!.model, next: aBoard().rows[1]!.model, votes: 12, status: 'flipped' },
  position: { points: 3.21, se: 1.4, low: 0.47, high: 5.95, z: 2.29, winsLeft: 0.5046 },
  voters: { voters: 210, topShare: 0.061, topTenShare: 0.31, effective: 88.4 },
} as const

/** Every day the mean of the board is another, and one model is new on the second. */
function threeDays(): PastBoard[] {
  const { rows } = aBoard()
  return [0, 1, 2].map((day) => ({
    at: later((day - 2) * dayMs, noon),
    rows: rows
      .filter((_, i) => day > 0 || i !== 5)
      .map(({ model, rating, low, high, provisional }) => ({
        model,
        rating: rating! + 40 * (2 - day),
        low: low! + 40 * (2 - day),
        high: high! + 40 * (2 - day),
        provisional,
      })),
  }))
}

const shownOf = (view = aBoardView()) =>
  view.board!.rows.map((row) => ({
    row,
    known: view.models.get(row.model)!,
    name: view.models.get(row.model)!.model.name,
  }))

describe('ratings over time', () => {
  test('a mean that moves for all moves nobody: days are shifted to the models they share', () => {
    for (const { values } of seriesOf(shownOf(), threeDays())) {
      const last = values.at(-1)!
      for (const { value } of values) expect(value).toBeCloseTo(last.value, 9)
    }
  })

  test('a model that gained is seen to gain, and its band moves with it', () => {
    const days = threeDays()
    days[2]!.rows[1]!.rating! += 30
    days[2]!.rows[1]!.high! += 30
    days[2]!.rows[1]!.low! += 30
    const moved = seriesOf(shownOf(), days).find(({ name }) => name === shownOf()[1]!.name)!
    const lasting = days[0]!.rows.length
    // Of those who were there on all days, one gained 30: the others gave 30 / their number.
    const first = moved.values[0]!
    const last = moved.values.at(-1)!
    expect(last.value - first.value).toBeCloseTo(30 - 30 / lasting, 6)
    expect(last.high! - last.low!).toBeCloseTo(first.high! - first.low!, 9)
  })

  test('one day has no course, and the chart is left out', () => {
    expect(seriesOf(shownOf(), threeDays().slice(2))).toEqual([])
    expect(figure(page(aBoardView({ history: threeDays().slice(2) })), 'time')).toBe('')
  })

  test('the chart names at most eight lines and has a table of every day', () => {
    const html = figure(page(aBoardView({ history: threeDays() })), 'time')
    expect(html.match(/class="plot-band"/g)!.length).toBeLessThanOrEqual(8)
    expect(cellsOf(html).length).toBe(4 * (aBoard().rows.length + 1))
  })
})

test('the frontier by hand: nobody is better for the same or less', () => {
  const points = [
    { x: 1, y: 1000 },
    { x: 2, y: 990 },
    { x: 3, y: 1050 },
    { x: 3, y: 1040 },
    { x: 9, y: 1050 },
    { x: 10, y: 1051 },
  ]
  expect([...onFrontier(points)]).toEqual([points[0], points[2], points[5]])
})

test('price and first text each get a chart of those who have one, with table, drawing and Vega-Lite', () => {
  const models = rankedModels()
  const priced = [...models.values()].slice(0, 3)
  for (const [i, one] of priced.entries())
    one.model = { ...one.model, card: { ...one.model.card, price: { input: 1, output: i + 1, currency: 'EUR' } } }
  const html = page(aBoardView({ models }))
  const price = figure(html, 'price')
  expect(price.match(/class="plot-dot"/g)).toHaveLength(3)
  expect(price).toContain('EUR for a million output tokens')
  expect(price).toContain('data-download-svg="chart-price"')
  const spec = JSON.parse(
    price
      .match(/data-copy-text="([^"]*)"/)![1]!
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&'),
  ) as {
    data: { values: { x: number }[] }
  }
  expect(spec.data.values.map(({ x }) => x)).toEqual([1, 2, 3])
  expect(figure(html, 'first_text').match(/class="plot-dot"/g)!.length).toBeGreaterThan(3)
})

test('shares of losses per reason are of losses with a reason, and few losses say nothing', () => {
  const [first, second] = aBoard().rows
  const html = figure(
    page(
      aBoardView({
        losses: [
          {
            model: first!.model,
            losses: 8,
            reasons: [
              { key: 'made_up', count: 6 },
              { key: 'too_long', count: 2 },
            ],
          },
          { model: second!.model, losses: 4, reasons: [{ key: 'refused', count: 4 }] },
        ],
      }),
    ),
    'losses',
  )
  expect(cellsOf(html)).toEqual([
    'Model',
    'Losses with a reason',
    'Made something up',
    'Too long',
    shownOf()[0]!.name,
    '8',
    '75 %',
    '25 %',
  ])
})

test('each benchmark gets a chart with rho in its title, over the models that count', () => {
  // The sample's scores fall with its ratings, in perfect order; those of another setting have no chart.
  const models = rankedModels()
  const rows = aBoard().rows.map((row) => ({ ...row, provisional: false }))
  const html = page(aBoardView({ models, board: aBoard({ rows }) }))
  expect(figure(html, 'benchmark-mmmu')).toMatch(/<h2>Rating against MMMU val: ρ -?[\d.]+<\/h2>/)
  expect(figure(html, 'benchmark-docvqa')).toBe('')
})

test('one’s own board beside everyone’s: two dots for each model that both have', () => {
  const everyone = new Map(
    aBoard()
      .rows.slice(0, 3)
      .map(({ model, rating }, i) => [model, rating! + (i === 2 ? -60 : 5)]),
  )
  const html = figure(page(aBoardView({ everyone })), 'you')
  expect(html.match(/class="plot-dot"/g)).toHaveLength(6)
  expect(html).toContain(`${shownOf()[2]!.name} is furthest apart: 60 points`)
  expect(figure(page(aBoardView()), 'you')).toBe('')
})

describe('filters', () => {
  const view = aBoardView()
  test('openness and licence choose rows; every part asked for must be open', () => {
    const model = (openness: Record<string, string>, license = 'MIT') => ({ card: { openness, license } }) as never
    expect(isOfFilter(model({ weights: 'open', data: 'closed' }), { open: ['weights'], license: null })).toBe(true)
    expect(isOfFilter(model({ weights: 'open', data: 'closed' }), { open: ['weights', 'data'], license: null })).toBe(
      false,
    )
    expect(isOfFilter(model({ weights: 'part' }), { open: ['weights'], license: null })).toBe(false)
    expect(isOfFilter(model({ visionEncoder: 'open' }), { open: ['vision_encoder'], license: 'MIT' })).toBe(true)
    expect(isOfFilter(model({}), { open: [], license: 'Apache-2.0' })).toBe(false)
    const html = page(aBoardView({ filter: { open: [], license: 'MIT' } }))
    expect(html.match(/<th scope="row" class="sticky">/g)!.length).toBe(
      [...view.models.values()].filter(({ model }) => model.card.license === 'MIT' && !model.isBaseline).length,
    )
  })

  test('each active filter can be taken away alone, and the votes of the view stand beside them', () => {
    const html = page(
      aBoardView({
        view: { ...view.view, turns: 'several', withoutLibrary: true },
        filter: { open: ['weights', 'data'], license: 'MIT' },
      }),
    )
    const links = [...html.matchAll(/class="active-filter" href="([^"]*)"/g)].map(([, href]) =>
      Object.fromEntries(new URL(href!.replaceAll('&amp;', '&'), 'http://x').searchParams),
    )
    const all = { turns: 'several', library: '0', open: 'weights,data', license: 'MIT' }
    const without = (name: string, rest?: string) => {
      const { [name as 'turns']: _, ...others } = all
      return expect.objectContaining(rest === undefined ? others : { ...others, [name]: rest })
    }
    expect(links).toHaveLength(5)
    expect(links).toEqual([
      without('turns'),
      without('library'),
      without('open', 'data'),
      without('open', 'weights'),
      without('license'),
    ])
    for (const [i, name] of ['turns', 'library', '', '', 'license'].entries())
      if (name) expect(links[i]).not.toHaveProperty(name)
    expect(html.match(/<ul class="active-filters"[\s\S]*?<\/ul>/)![0]).toContain('4,130 counted votes')
  })

  test('one’s own board is not shown before thirty own votes', () => {
    const html = page(aBoardView({ mineNeeds: 12 }))
    expect(html).toContain('12 more votes to see yours')
    expect(html).not.toContain('id="board"')
  })
})

describe('robustness and method', () => {
  const live = {
    board: aBoard({ robustness }),
    styled: aBoard({
      style: {
        estimable: true,
        reason: null,
        coefficients: [{ feature: 'length', coefficient: 0.25, se: 0.02, pointsPerSd: 43.4 }],
      },
    }),
    names: new Map(shownOf().map(({ row, name }) => [row.model as string, name])),
    agreement: [{ title: 'MMMU val', found: { n: 6, of: 7, rho: 0.83, interval: [0.1, 0.97] as [number, number] } }],
  }
  const method = (some: Partial<MethodView> = {}): MethodView => ({
    live,
    excluded: [],
    policy: null,
    retainDays: null,
    terms: { version: '1', html: '' },
    ...some,
  })

  test('under the table the order’s footing stands in words that lead to the method', () => {
    const html = page(aBoardView({ board: aBoard({ robustness }) }))
    const [names, part] = [
      shownOf().map(({ name }) => name),
      html.match(/<section[^>]*id="robustness"[\s\S]*?<\/section>/)![0],
    ]
    expect(part).toContain(`Leaving out 12 votes of 4,130 (0.29 %) would put ${names[1]} ahead of ${names[0]}.`)
    expect(part).toContain('Standing left is worth 3.2 rating points (0.5 to 6.0): between equals, left wins 50.5 %.')
    expect(part).toContain('The longer answer won 56 % of 3,390 decided votes.')
    expect(part).toContain(
      '210 people voted: the busiest cast 6.1 % of the votes, the ten busiest 31.0 %; that weighs like 88 equally busy people.',
    )
    const linked = [...part.matchAll(/href="\/method#([a-z]+)"/g)].map(([, id]) => id)
    expect(linked).toEqual(['flip', 'position', 'style', 'voters'])
    const methodPage = String(<MethodPage frame={frame} {...method()} />)
    for (const id of linked) expect(methodPage).toContain(`id="${id}"`)
  })

  test('the method page says its numbers and its formulas, in both languages, and runs without any', () => {
    for (const lang of languages) {
      const spoken = { ...frame, say: sayIn(lang), language: lang }
      const html = String(<MethodPage frame={spoken} {...method()} />)
      expect(html.match(/<math /g)!.length).toBeGreaterThan(8)
      expect(html).not.toMatch(/\sstyle=/)
      expect(html).toContain('0.83')
      expect(html).toContain('43.4')
      expect(String(<MethodPage frame={spoken} {...method({ live: null })} />)).not.toContain('id="live"')
    }
    expect(Object.keys(catalogues.zh).sort()).toEqual(Object.keys(catalogues.en).sort())
  })

  test('a side that is favoured by more than chance allows is said so', () => {
    const alarm = { ...robustness, position: { ...robustness.position, z: 4.2 } }
    const html = (some: typeof robustness | typeof alarm) =>
      String(<MethodPage frame={frame} {...method({ live: { ...live, board: aBoard({ robustness: some }) } })} />)
    expect(html(alarm)).toContain('more than chance allows')
    expect(html(robustness)).not.toContain('more than chance allows')
  })
})
