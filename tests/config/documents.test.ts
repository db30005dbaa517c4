import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseConfigFile } from '../../src/cli/config-file.ts'
import { leaves, otherVariables } from '../../src/cli/config-keys.ts'
import { configTemplate } from '../../src/cli/init-templates.ts'
import { loadConfig } from '../../src/config.ts'
import { folderWith } from './folder.ts'
import { editorSchema, referenceTables } from './reference.ts'

// UPDATE=1 writes both files anew after a key has changed; `npm run format` then lays the schema out.
const guide = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url))
const schema = fileURLToPath(new URL('../../docs/sightline.schema.json', import.meta.url))
const markers = /(<!-- reference -->\n)[\s\S]*(<!-- \/reference -->)/

if (process.env['UPDATE'] === '1') {
  writeFileSync(
    guide,
    readFileSync(guide, 'utf8').replace(markers, (_, open, close) => `${open}\n${referenceTables()}\n\n${close}`),
  )
  writeFileSync(schema, `${JSON.stringify(editorSchema(), null, 2)}\n`)
}

test('every setting is documented with its variable, default and meaning, and nothing else is', () => {
  expect(readFileSync(guide, 'utf8').match(markers)?.[0]).toContain(referenceTables())
})

test('the schema for editors is the schema of the program', () => {
  expect(JSON.parse(readFileSync(schema, 'utf8'))).toEqual(editorSchema())
})

test('every key says what it means', () => {
  expect(leaves.filter(({ meaning }) => meaning === '').map(({ key }) => key)).toEqual([])
})

test('no two keys share a variable, and none takes a name that means something else', () => {
  const names = leaves.flatMap(({ env }) => env ?? [])
  expect(names.length).toBeGreaterThan(40)
  expect(new Set([...names, ...otherVariables]).size).toBe(names.length + otherVariables.length)
})

test('no value is spelled off, on, yes or no: YAML 1.1 editors would turn it into a boolean', () => {
  const words = [...JSON.stringify(editorSchema()).matchAll(/"(off|on|yes|no|y|n)"(?!:)/gi)].map(([, word]) => word)
  expect(words).toEqual([])
})

test('the example in the guide is in order', () => {
  const example = readFileSync(guide, 'utf8').split('```yaml\n')[1]!.split('```')[0]!
  const { config, problems } = loadConfig({
    cwd: folderWith({ 'sightline.yaml': example }),
    env: { OPENAI_API_KEY: 'k' },
  })
  expect(problems).toEqual([])
  expect(config?.models).toHaveLength(3)
})

test('what init writes is read without a problem and changes nothing', () => {
  const written = loadConfig({ cwd: folderWith({ 'sightline.yaml': configTemplate() }), env: {} })
  const without = loadConfig({ cwd: folderWith({}), env: {} })
  expect(written.problems).toEqual([])
  expect([...written.origins].map(([key, { value }]) => [key, value])).toEqual(
    [...without.origins].map(([key, { value }]) => [key, value]),
  )
})

test('what init writes, with every # of a default taken away, still says the defaults', () => {
  const awake = configTemplate()
    .split('\n')
    .map((line) => line.replace(/^(\s*)# ([a-z_]+: .*)$/, '$1$2'))
    .filter((line) => !/^\s*# - |^\s*# {3}/.test(line))
    .join('\n')
  const file = parseConfigFile(awake, 'sightline.yaml', 'sightline.yaml')
  expect(file.faults).toEqual([])
  const spoken = loadConfig({ cwd: folderWith({ 'sightline.yaml': awake, 'consent.md': 'You agree.' }), env: {} })
  expect(spoken.problems).toEqual([])
  for (const { key, default: value } of leaves)
    if (key !== 'models') expect(spoken.origins.get(key), key).toMatchObject({ value, origin: { kind: 'file' } })
})
