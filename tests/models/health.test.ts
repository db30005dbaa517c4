import { expect, test } from 'vitest'
import { modelHealth } from '../../src/models/health.ts'

test('five failures in a row pause a model five minutes, doubling to two hours; an answer forgives all', () => {
  let time = 0
  const health = modelHealth(() => new Date(time))
  const fail = (times: number) => Array.from({ length: times }, () => health.failed('m')).at(-1)
  expect(fail(4)).toBeNull()
  expect(health.isWell('m')).toBe(true)
  expect(health.failed('m')?.pausedUntil.getTime()).toBe(5 * 60_000)
  expect(health.isWell('m')).toBe(false)
  time = 5 * 60_000
  expect(health.isWell('m')).toBe(true)
  expect(fail(5)?.pausedUntil.getTime()).toBe(time + 10 * 60_000)
  for (let i = 0; i < 10; i++) fail(5)
  expect(health.pausedUntil('m')!.getTime() - time).toBe(2 * 60 * 60_000)
  health.answered('m')
  expect(health.isWell('m')).toBe(true)
})

test('a wrong key pauses at once', () => {
  const health = modelHealth(() => new Date(0))
  expect(health.failed('m', { atOnce: true })).not.toBeNull()
  expect(health.isWell('m')).toBe(false)
})
