import { expect, test } from 'vitest'
import { arenas, coverageOf } from '../bench/ranking/coverage.ts'

/** The full table, 1,000 arenas each, is in docs/METHOD.md; here enough arenas to notice a wrong formula. */
test.each([
  ['balanced, no ties', ['Fisher', 'sandwich', 'sandwich, anchored', 'bootstrap of votes']],
  ['uneven, 23 % ties', ['sandwich', 'sandwich, anchored', 'bootstrap of votes']],
  ['voters with tastes, 20 votes each', ['clustered by voter', 'bootstrap of voters']],
  ['ties as Davidson has them', ['Davidson, information']],
  ['ties as Rao and Kupper have them', ['Rao-Kupper, information']],
])('%s: nominal 95 percent intervals hold the truth in 93 to 97 percent of cases', (name, kinds) => {
  const found = coverageOf(arenas.find((arena) => arena.name === name)!, 150, { samples: 200, wanted: kinds })
  for (const kind of kinds) {
    const own = found.find((one) => one.kind === kind)!
    expect(own.skipped).toBe(0)
    expect(own.held / own.intervals, kind).toBeGreaterThan(0.93)
    expect(own.held / own.intervals, kind).toBeLessThan(0.97)
  }
})

test('vote-level errors of few voters with tastes are too short, clustered ones are not', () => {
  const found = coverageOf(arenas.find(({ name }) => name === '20 voters with tastes, 100 votes each')!, 100, {
    wanted: ['sandwich', 'clustered by voter'],
  })
  const share = (kind: string) => found.find((one) => one.kind === kind)!
  expect(share('sandwich').held / share('sandwich').intervals).toBeLessThan(0.9)
  expect(share('clustered by voter').held / share('clustered by voter').intervals).toBeGreaterThan(0.93)
})
