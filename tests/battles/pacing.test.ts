import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Heard, nextPace, startPace } from '../../src/battles/pacing.ts'

const options = { pacing: 'paced', elapsedMs: 0, startWaitMs: 10_000 } as const
const heard = (characters: number, hasEnded = false): Heard => ({ characters, hasEnded })

describe('paced', () => {
  test('nothing shows until both have text', () => {
    const pace = nextPace(startPace, { a: heard(5000), b: heard(79) }, options)
    expect([pace.hasStarted, pace.a, pace.b]).toEqual([false, 0, 0])
  })

  test('while both write, both sides show the same number of characters and the slower one limits', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(200)), { maxLength: 60 }), (steps) => {
        let pace = startPace
        let [a, b] = [0, 0]
        for (const [da, db] of steps) {
          a += da
          b += db
          pace = nextPace(pace, { a: heard(a), b: heard(b) }, options)
          expect(pace.a).toBe(pace.b)
          expect(pace.a).toBeLessThanOrEqual(Math.min(a, b))
          expect(pace.isOver).toBe(false)
        }
      }),
    )
  })

  test('an ended side does not limit, and both end marks appear in one tick', () => {
    let pace = startPace
    let ticks = 0
    while (!pace.isOver && ticks++ < 1000)
      pace = nextPace(pace, { a: heard(100, true), b: heard(5000, ticks > 3) }, options)
    expect([pace.isOver, pace.a, pace.b]).toEqual([true, 100, 5000])
  })

  test('after the longest wait the release starts, still held to the slower side', () => {
    const pace = nextPace(startPace, { a: heard(500), b: heard(10) }, { ...options, elapsedMs: 10_000 })
    expect([pace.hasStarted, pace.a, pace.b]).toEqual([true, 10, 10])
  })

  test('what is released never shrinks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(90), fc.nat(90), fc.boolean()), { minLength: 1, maxLength: 40 }),
        (steps) => {
          let pace = startPace
          let [a, b, ended] = [0, 0, false]
          for (const [da, db, end] of steps) {
            a += da
            b += ended ? 0 : db
            ended ||= end
            const next = nextPace(pace, { a: heard(a), b: heard(b, ended) }, options)
            expect(next.a).toBeGreaterThanOrEqual(pace.a)
            expect(next.b).toBeGreaterThanOrEqual(pace.b)
            pace = next
          }
        },
      ),
    )
  })
})

test('together shows both whole, at once', () => {
  const together = { ...options, pacing: 'together' } as const
  expect(nextPace(startPace, { a: heard(10, true), b: heard(10) }, together)).toEqual(startPace)
  expect(nextPace(startPace, { a: heard(10, true), b: heard(30, true) }, together)).toEqual({
    hasStarted: true,
    a: 10,
    b: 30,
    isOver: true,
  })
})
