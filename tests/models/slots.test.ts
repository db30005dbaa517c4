import { expect, test } from 'vitest'
import { modelSlots } from '../../src/models/slots.ts'

const never = new AbortController().signal

test('no more answers at once than allowed, and the line is served in order', async () => {
  const slots = modelSlots()
  const order: string[] = []
  const first = await slots.take('m', 1, never)
  const inLine = async (name: string) => {
    const give = await slots.take('m', 1, never)
    order.push(name)
    return give
  }
  const second = inLine('second')
  const third = inLine('third')
  expect(await slots.take('other', 1, never)).toBeTypeOf('function')
  first?.()
  const give = await second
  expect(order).toEqual(['second'])
  give?.()
  await third
  expect(order).toEqual(['second', 'third'])
})

test('who leaves the line takes no place', async () => {
  const slots = modelSlots()
  const give = await slots.take('m', 1, never)
  const leaver = new AbortController()
  const left = slots.take('m', 1, leaver.signal)
  leaver.abort()
  expect(await left).toBeUndefined()
  give?.()
  expect(await slots.take('m', 1, never)).toBeTypeOf('function')
})
