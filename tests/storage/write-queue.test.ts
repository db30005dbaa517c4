import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { expect, test, vi } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import { type Connection, openConnection } from '../../src/storage/sqlite/open.ts'
import { writeQueue } from '../../src/storage/sqlite/write-queue.ts'
import { ownFolder } from './folder.ts'

async function aQueue() {
  const path = join(await ownFolder(), 'queue.db')
  const connection = openConnection(path)
  connection.exec('create table written (n integer primary key, words text) strict')
  const commits = vi.fn()
  const counted = new Proxy(connection, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value
      return (text: string) => {
        const statement = target.prepare(text)
        if (text !== 'commit') return statement
        return {
          run() {
            commits()
            return statement.run()
          },
        }
      }
    },
  }) as Connection
  const queue = writeQueue(counted, drizzle(connection), { gathers: true })
  const write = (n: number, words = '') =>
    queue.transaction(async (db) => void (await db.run(sql`insert into written values (${n}, ${words})`)))
  const reader = openConnection(path, { isReader: true })
  const read = () => reader.prepare('select n from written order by n').pluck().all()
  return { connection, queue, write, read, commits }
}

test('writes that arrive together share one commit, and each resolves after it', async () => {
  const { write, read, commits } = await aQueue()
  const seen = await Promise.all(Array.from({ length: 100 }, (_, n) => write(n).then(() => read().length)))
  expect(commits).toHaveBeenCalledTimes(1)
  expect(new Set(seen)).toEqual(new Set([100]))
})

test('a write that fails takes back only its own', async () => {
  const { queue, write, read, commits } = await aQueue()
  const results = await Promise.allSettled([
    write(1),
    queue.transaction(async (db) => {
      await db.run(sql`insert into written values (2, '')`)
      await db.run(sql`insert into written values (1, 'again')`)
    }),
    queue.transaction(async (db) => {
      await db.run(sql`insert into written values (3, '')`)
      throw new Error('changed my mind')
    }),
    write(4),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  expect((results[2] as PromiseRejectedResult).reason).toEqual(new Error('changed my mind'))
  expect(read()).toEqual([1, 4])
  expect(commits).toHaveBeenCalledTimes(1)
  expect(queue.isWritable()).toBe(true)
})

test('a full disk is a refusal in words, nothing is half saved, and it is over when there is room again', async () => {
  const { connection, queue, write, read } = await aQueue()
  await write(1)
  connection.pragma(`max_page_count = ${connection.pragma('page_count', { simple: true })}`)
  const large = 'x'.repeat(100_000)
  const results = await Promise.allSettled([write(2, large), write(3, large)])
  for (const result of results) {
    if (result.status === 'fulfilled') throw new Error('saved on a full disk')
    expect(result.reason).toBeInstanceOf(Refusal)
    expect(result.reason).toMatchObject({ code: 'unavailable', key: 'not_saved' })
  }
  expect(queue.isWritable()).toBe(false)
  expect(read()).toEqual([1])
  connection.pragma('max_page_count = 1000000')
  await queue.transaction(async () => undefined)
  expect(queue.isWritable(), 'nothing was written yet').toBe(false)
  await write(4, large)
  expect(queue.isWritable()).toBe(true)
  expect(read()).toEqual([1, 4])
})

test('a commit that cannot be made is nobody’s vote', async () => {
  const { connection, queue, write, read } = await aQueue()
  connection.pragma('query_only = on')
  const results = await Promise.allSettled([write(1), write(2)])
  expect(results.map((result) => result.status === 'rejected' && result.reason.key)).toEqual(['not_saved', 'not_saved'])
  connection.pragma('query_only = off')
  await write(3)
  expect(read()).toEqual([3])
  expect(queue.isWritable()).toBe(true)
})

test('writes happen in the order in which they were asked for', async () => {
  const { queue } = await aQueue()
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 600 }, (_, n) =>
      queue.transaction(async () => {
        await Promise.resolve()
        order.push(n)
      }),
    ),
  )
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('a standing clock does not stop the queue', async () => {
  const { write, read } = await aQueue()
  vi.useFakeTimers()
  try {
    await write(1)
  } finally {
    vi.useRealTimers()
  }
  expect(read()).toEqual([1])
})

test('stopping waits for what was asked and refuses what comes after', async () => {
  const { queue, write, read } = await aQueue()
  const asked = [write(1), write(2)]
  await queue.stop()
  expect(read()).toEqual([1, 2])
  await Promise.all(asked)
  await expect(write(3)).rejects.toMatchObject({ key: 'stopping' })
})
