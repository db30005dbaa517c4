import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { discoverLocal } from '../../src/providers/discover.ts'
import { anArena } from '../arena.ts'
import { startWireServer } from '../providers/wire-server.ts'

// Without `models:` the built-in readers answer. Keys in the environment and servers on this machine change nothing until somebody asks.

const targets: string[] = []
const { connect } = Socket.prototype
const keys = ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'GEMINI_API_KEY', 'OPENROUTER_API_KEY']
beforeEach(() => {
  targets.length = 0
  for (const key of keys) process.env[key] = 'sk-of-the-environment'
  Socket.prototype.connect = function (this: Socket, ...parts: unknown[]) {
    targets.push(JSON.stringify(parts[0]))
    return (connect as (...parts: unknown[]) => Socket).apply(this, parts)
  } as typeof connect
})
afterEach(() => {
  Socket.prototype.connect = connect
  for (const key of keys) delete process.env[key]
})

test('nothing is called before a click: not at the start, not by a page, not by a battle', async () => {
  const server = await startWireServer({ models: [{ name: 'llava:7b', capabilities: ['vision'] }] })
  {
    await using site = await anArena({ contestants: null })
    expect(site.arena.contestants.every(({ kind }) => kind === 'builtin')).toBe(true)
    const visitor = site.visitor()
    for (const path of ['/', '/leaderboard', '/method', '/data', '/me', '/prompts'])
      await visitor.get(path, { Accept: 'text/html' })
    expect((await visitor.battle()).state).toBe('ready')
    expect(targets).toEqual([])
    expect(server.requests).toHaveLength(0)
  }
  const found = await discoverLocal({ ownPort: null, doors: [{ port: server.port, protocol: 'ollama', preset: null }] })
  expect(found.map(({ model }) => model)).toEqual(['llava:7b'])
  expect(targets.length).toBeGreaterThan(0)
  await server.close()
}, 30_000)
