import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Config, loadConfig } from '../../src/config.ts'
import { type ModelEntry, providerFor } from '../../src/providers/provider-for.ts'
import { aRequest, aTurn, hear, outcomeOf, testDeps } from '../providers/asking.ts'
import { startWireServer, type WireServer } from '../providers/wire-server.ts'

// What README and docs/models.md tell people to paste is pasted here, loaded, and asked.

const keys = Object.fromEntries(
  ['OPENAI', 'ANTHROPIC', 'GEMINI', 'MISTRAL', 'OPENROUTER', 'DASHSCOPE'].map((name) => [
    `${name}_API_KEY`,
    `key-of-${name}`,
  ]),
)
const folder = mkdtempSync(join(tmpdir(), 'sightline-recipes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
// What the blocks name beside themselves.
writeFileSync(join(folder, 'answers.jsonl'), '{"item":"x","prompt":"","answer":"y"}\n')
writeFileSync(join(folder, 'words.txt'), 'a word\n')
writeFileSync(join(folder, 'known.txt'), `${'0'.repeat(64)}\n`)
writeFileSync(join(folder, 'consent.md'), 'Be kind.\n')

const blocks = ['README.md', 'docs/models.md', 'docs/self-hosting.md'].flatMap((name) => {
  const text = readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml], i) => ({
    name: `${name}, block ${i + 1}`,
    yaml: yaml!,
  }))
})
const isWhole = (yaml: string) => !/^\s*(services|volumes):/m.test(yaml)

function load(yaml: string, env: Record<string, string>) {
  const file = join(folder, 'sightline.yaml')
  writeFileSync(file, yaml)
  return loadConfig({ flags: { config: file }, env, cwd: folder })
}

const configs: Config[] = blocks.flatMap(({ yaml }) => (isWhole(yaml) ? (load(yaml, keys).config ?? []) : []))

describe('what the documents say to paste', () => {
  test.each(blocks.filter(({ yaml }) => isWhole(yaml)))(
    '$name is accepted, without a warning where the keys are set',
    ({ yaml }) => {
      expect(load(yaml, keys).problems.map(({ sentence }) => sentence)).toEqual([])
    },
  )

  test.each(blocks.filter(({ yaml }) => isWhole(yaml)))(
    '$name without any key says which variables are missing, and nothing else',
    ({ yaml }) => {
      for (const { sentence } of load(yaml, {}).problems)
        expect(sentence).toMatch(/until \w+_API_KEY is set|\w+_API_KEY, which is not set/)
    },
  )

  test('every family of the table has an entry', () => {
    const text = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8')
    const families = [...text.matchAll(/^\| ([A-Z][^|]*?) \|/gm)].map(([, family]) =>
      family!.split(/[ ,]/)[0]!.toLowerCase(),
    )
    const said = configs
      .flatMap(({ models }) => models.map(({ model }) => `${model.id} ${model.model}`.toLowerCase()))
      .join('\n')
    expect(families.length).toBeGreaterThan(15)
    expect(families.filter((family) => !said.includes(family))).toEqual([])
  })
})

describe('every entry that is asked over a network', () => {
  let server: WireServer
  beforeAll(async () => {
    server = await startWireServer()
  })
  afterAll(() => server.close())

  const asked = configs.flatMap(({ models }) => models).filter(({ config }) => 'secret' in config && 'model' in config)
  test.each(asked.map((one) => [one.model.id, one.model.kind, one] as const))(
    '%s (%s) answers a question with a picture',
    async (_, kind, { config }) => {
      const paths: Record<string, string> = { ollama: '', google: '/v1beta', mistral: '/mistral/v1' }
      const entry = { ...config, baseUrl: `${server.url}${paths[kind] ?? '/v1'}` } as ModelEntry
      const provider = providerFor(entry, testDeps())
      server.requests.length = 0
      const heard = await hear(provider, aRequest({ turns: [aTurn({ question: 'What is it?' })] }))
      expect(outcomeOf(heard)).toBe('complete')
      expect(heard.text).toBe('A cat sits here.')
      expect(server.requests).toHaveLength(1)
      expect(JSON.stringify(server.requests[0]!.body)).toContain('What is it?')
      await provider[Symbol.asyncDispose]?.()
    },
  )
})
