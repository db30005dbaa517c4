import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { anArena } from '../arena.ts'
import { startWireServer, type WireServer } from '../providers/wire-server.ts'

const kinds = [
  'openai',
  'openai-responses',
  'openai-compatible',
  'anthropic',
  'google',
  'mistral',
  'ollama',
  'command',
] as const
const paths: Record<string, string> = { google: '/v1beta', mistral: '/mistral/v1', ollama: '' }
const values = /"(temperature|top_?p|top_?k|seed|random_seed)"/i

let server: WireServer
let folder: string
beforeAll(async () => {
  server = await startWireServer()
  folder = await mkdtemp(join(tmpdir(), 'sightline-sampling-'))
  await writeFile(
    join(folder, 'shim.mjs'),
    `let said = ''
     for await (const chunk of process.stdin) said += chunk
     const { id, sampling } = JSON.parse(said)
     console.log(JSON.stringify({ id, text: 'I was asked with ' + JSON.stringify(sampling) }))
     console.log(JSON.stringify({ id, done: true, finish: 'stop' }))`,
  )
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  server.requests.length = 0
})

async function site(policy: 'arena' | 'vendor', pair: readonly (typeof kinds)[number][], database = ':memory:') {
  const file = join(folder, `${policy}-${pair.join('-')}.yaml`)
  const entries = pair.map((kind, i) => {
    const how =
      kind === 'command'
        ? `command: ['${process.execPath}', '${join(folder, 'shim.mjs')}']`
        : `model: m${i}, base_url: '${server.url}${paths[kind] ?? '/v1'}'`
    return `  - { id: m${i}, kind: ${kind}, ${how}, sampling: { temperature: 0.3, top_k: 5, max_tokens: 77 } }`
  })
  await writeFile(file, `sampling_policy: ${policy}\nmodels:\n${entries.join('\n')}\n`)
  return anArena({ contestants: null, flags: { config: file }, database })
}

describe('sampling_policy: vendor', () => {
  test.each([
    ['openai', 'anthropic'],
    ['openai-responses', 'google'],
    ['openai-compatible', 'mistral'],
    ['ollama', 'command'],
  ] as const)('sends %s and %s no sampling, only how long an answer may be', async (...pair) => {
    await using vendor = await site('vendor', pair)
    const twin = await vendor.visitor().battle()
    expect(twin.state).toBe('ready')
    expect(server.requests.length).toBe(pair.filter((kind) => kind !== 'command').length)
    for (const { body } of server.requests) {
      expect(JSON.stringify(body)).not.toMatch(values)
      expect(JSON.stringify(body)).toContain('77')
    }
    for (const { text } of [twin.turns[0]!.a, twin.turns[0]!.b])
      if (text.startsWith('I was asked')) expect(text).toBe('I was asked with {"max_tokens":77}')
  })

  test("the same entries under the arena's policy are sent theirs", async () => {
    await using arena = await site('arena', ['openai-compatible', 'ollama'])
    await arena.visitor().battle()
    expect(server.requests).toHaveLength(2)
    for (const { body } of server.requests) expect(JSON.stringify(body)).toMatch(/"temperature":0\.3/)
  })

  test('it is another version of every model and another policy hash, kept with each battle', async () => {
    await using vendor = await site('vendor', ['openai-compatible', 'ollama'])
    await using arena = await site('arena', ['openai-compatible', 'ollama'])
    const drawnIn = async (one: typeof vendor) =>
      (await one.arena.battles.backstage((await one.visitor().battle()).id))!.draw
    const [v, a] = [await drawnIn(vendor), await drawnIn(arena)]
    expect(v.policyHash).not.toBe(a.policyHash)
    expect([v.a.version, v.b.version].filter((version) => [a.a.version, a.b.version].includes(version))).toEqual([])
  })

  test('a data folder never holds both: the other policy is refused at the start, in words, until the folder is another', async () => {
    const database = join(folder, 'one.db')
    {
      await using arena = await site('arena', ['openai-compatible', 'ollama'], database)
      await arena.visitor().battle()
    }
    await expect(site('vendor', ['openai-compatible', 'ollama'], database)).rejects.toThrow(
      /boards never mix the two: use another data folder/,
    )
    await using again = await site('arena', ['openai-compatible', 'ollama'], database)
    expect((await again.arena.battles.exposure()).battles.size).toBe(2)
  })
})
