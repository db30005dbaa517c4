import { describe, expect, test } from 'vitest'
import type { Leaderboard } from '../../src/leaderboards/leaderboard.ts'
import { gainBetween, pairGainsOf } from '../../src/leaderboards/pair-gains.ts'

type Pair = Leaderboard['pairs'][number]
const met = (a: string, b: string, winsA: number, winsB: number, more: Partial<Pair> = {}): Pair => ({
  a,
  b,
  winsA,
  winsB,
  ties: 0,
  bothBad: 0,
  ...more,
})

describe('what one more vote would teach', () => {
  test('a pair that met rarely teaches more than one that met often', () => {
    const gain = gainBetween(
      pairGainsOf({ pairs: [met('a', 'b', 400, 400), met('a', 'c', 20, 20), met('b', 'c', 20, 20)] }, 30),
    )
    expect(gain('a', 'c')).toBeGreaterThan(2 * gain('a', 'b'))
    expect(gain('c', 'a')).toBe(gain('a', 'c'))
  })

  test('it is the drop of the total variance, to first principles', () => {
    // Two models, n even votes: information n/4 along x = (1,-1) plus the ghost's own curvature 1/4 each; exact by hand.
    const n = 40
    const { models, gains } = pairGainsOf({ pairs: [met('a', 'b', n / 2, n / 2)] }, 30)
    expect(models).toEqual(['a', 'b'])
    const traceWith = (votes: number) => {
      const ghost = 0.25
      // H = ghost I + votes/4 x x': eigenvalues ghost and ghost + votes/2.
      return 1 / ghost + 1 / (ghost + votes / 2)
    }
    expect(gains[1]).toBeCloseTo(traceWith(n) - traceWith(n + 1), 10)
  })

  test('a new model, and one the board has never seen, meet others as the best tenth of pairs does', () => {
    const pairs = [met('a', 'b', 400, 300), met('a', 'c', 40, 35), met('b', 'c', 30, 60), met('a', 'new', 3, 4)]
    const table = pairGainsOf({ pairs }, 30)
    const gain = gainBetween(table)
    const best = Math.max(gain('a', 'b'), gain('a', 'c'), gain('b', 'c'))
    for (const other of ['a', 'b', 'c']) expect(gain('new', other)).toBe(best)
    expect(gain('nobody', 'a')).toBe(best)
  })

  test('a model without a loss and models that nothing connects still have numbers', () => {
    const pairs = [met('a', 'b', 60, 0), met('c', 'd', 50, 40, { ties: 5, bothBad: 5 })]
    const { gains } = pairGainsOf({ pairs }, 30)
    expect([...gains].every((gain) => Number.isFinite(gain) && gain >= 0)).toBe(true)
    expect(gainBetween(pairGainsOf({ pairs: [] }, 30))('a', 'b')).toBe(1)
  })
})
