import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { anArena } from '../arena.ts'

test('metrics are for who brings the token, and count what happened', async () => {
  const { config } = loadConfig({ flags: { 'metrics.enabled': 'true' }, env: { METRICS_TOKEN: 'open-sesame' } })
  await using place = await anArena({ metrics: config!.metrics })
  const voter = place.visitor()
  const { id } = await voter.battle()
  await voter.post(`/b/${id}/vote`, { outcome: 'a' })
  expect((await voter.get('/metrics')).status).toBe(401)
  expect((await voter.get('/metrics', { Authorization: 'Bearer wrong' })).status).toBe(401)
  const text = await (await voter.get('/metrics', { Authorization: 'Bearer open-sesame' })).text()
  expect(text).toContain('sightline_battles_total{event="started"} 1')
  expect(text).toContain('sightline_votes_total{change="cast"} 1')
})

test('metrics are off unless switched on', async () => {
  await using place = await anArena()
  expect((await place.visitor().get('/metrics')).status).toBe(404)
})
