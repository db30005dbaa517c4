import { expect, test } from 'vitest'
import { type Answers, nothingSaid } from '../../src/battles/battle.ts'
import { memoryBattleFeed } from '../../src/battles/battle-feed.ts'

const saying = (text: string): Answers => ({
  a: { state: 'writing', ...nothingSaid, text },
  b: { state: 'writing', ...nothingSaid },
})

test('a late follower gets the present state first, and everybody ends when the battle is over', async () => {
  const feed = memoryBattleFeed()
  feed.publish('id-1', saying('one'))
  feed.publish('id-1', saying('two'))
  const seen: string[] = []
  const reading = (async () => {
    for await (const shown of feed.follow('id-1', new AbortController().signal)) {
      seen.push(shown.a.text)
      if (shown.a.text === 'two') feed.publish('id-1', saying('three'))
      if (shown.a.text === 'three') feed.close('id-1')
    }
  })()
  await reading
  expect(seen).toEqual(['two', 'three'])
})

test('a slow follower skips states instead of piling them up', async () => {
  const feed = memoryBattleFeed()
  feed.publish('id-1', saying('0'))
  const states = feed.follow('id-1', new AbortController().signal)[Symbol.asyncIterator]()
  await states.next()
  for (let i = 1; i <= 100; i++) feed.publish('id-1', saying(String(i)))
  expect((await states.next()).value.a.text).toBe('100')
})

test('a follower who leaves ends only their own following', async () => {
  const feed = memoryBattleFeed()
  feed.publish('id-1', saying('x'))
  const leaver = new AbortController()
  const stayer = feed.follow('id-1', new AbortController().signal)[Symbol.asyncIterator]()
  const leaving = feed.follow('id-1', leaver.signal)[Symbol.asyncIterator]()
  await stayer.next()
  await leaving.next()
  const left = leaving.next()
  leaver.abort()
  expect((await left).done).toBe(true)
  feed.publish('id-1', saying('y'))
  expect((await stayer.next()).value.a.text).toBe('y')
})

test('there is nothing to follow of a battle that is not running', async () => {
  const seen = []
  for await (const shown of memoryBattleFeed().follow('id-9', new AbortController().signal)) seen.push(shown)
  expect(seen).toEqual([])
})
