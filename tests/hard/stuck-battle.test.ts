import { expect, test } from 'vitest'
import { anArena, aPicture, type Visitor } from '../arena.ts'

const begin = async (voter: Visitor) => {
  const response = await voter.post('/battles', { image: await aPicture(), prompt: 'What is this?' })
  return ((await response.json()) as { url: string }).url
}

test('a battle whose answers could not be saved ends as interrupted, and a retry mends it', async () => {
  await using place = await anArena()
  const { finish } = place.arena.battles
  place.arena.battles.finish = () => Promise.reject(new Error('the disk is full'))
  const voter = place.visitor()
  const url = await begin(voter)
  const stream = await (await voter.get(`${url}/stream`)).text()
  expect(stream.match(/event: done/g)).toHaveLength(1)
  expect(place.events.some((event) => event.event === 'job_failed')).toBe(true)
  expect(await voter.json(`${url}.json`)).toMatchObject({ state: 'void' })

  place.arena.battles.finish = finish
  expect((await voter.post(`${url}/retry`)).status).toBe(200)
  await (await voter.get(`${url}/stream`)).text()
  expect(await voter.json(`${url}.json`)).toMatchObject({ state: 'ready' })
})

test('a reader who comes before the first word is never told that a running battle is over', async () => {
  await using place = await anArena()
  const { start } = place.arena.runner
  place.arena.runner.start = () => undefined
  const voter = place.visitor()
  const url = await begin(voter)
  const reader = (await voter.get(`${url}/stream`)).body!.pipeThrough(new TextDecoderStream()).getReader()
  const { value } = await reader.read()
  expect(value).toContain('data-dock="queued"')
  expect(value).not.toContain('event: done')

  start(url.slice('/b/'.length))
  let rest = ''
  for (let next = await reader.read(); !next.done; next = await reader.read()) rest += next.value
  expect(rest).toContain('data-dock="ready"')
  expect(rest.match(/event: done/g)).toHaveLength(1)
})
