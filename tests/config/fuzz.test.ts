import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { leaves } from '../../src/cli/config-keys.ts'
import { loadConfig } from '../../src/config.ts'
import { folderWith } from './folder.ts'

const scalar = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('a', 'molmo', 'openai', '*', '://'),
)
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.dictionary(fc.string(), scalar, { maxKeys: 3 }))
const entry = fc.dictionary(
  fc.constantFrom(
    'id',
    'kind',
    'model',
    'base_url',
    'preset',
    'headers',
    'timeouts',
    'sampling',
    'image',
    'card',
    'file',
    'reader',
    'x',
    '__proto__',
  ),
  fc.oneof(value, fc.constantFrom('openai', 'ollama', 'replay', 'builtin', 'command', 'm')),
)
const setting = fc.tuple(fc.constantFrom(...leaves.map(({ path }) => path)), value)
const cwd = () => folderWith({})

test('no configuration makes it throw: it gives a configuration or says at least one error', () => {
  const folder = cwd()
  fc.assert(
    fc.property(fc.array(setting, { maxLength: 6 }), fc.array(entry, { maxLength: 3 }), (settings, models) => {
      const tree: Record<string, unknown> = { models }
      for (const [path, value] of settings) {
        let group = tree
        for (const part of path.slice(0, -1)) {
          if (typeof group[part] !== 'object' || group[part] === null) group[part] = {}
          group = group[part] as Record<string, unknown>
        }
        group[path.at(-1)!] = value
      }
      writeFileSync(join(folder, 'sightline.yaml'), stringify(tree))
      const { config, problems } = loadConfig({ cwd: folder, env: {} })
      const errors = problems.filter(({ severity }) => severity === 'error')
      expect(config === null).toBe(errors.length > 0)
      for (const { where, sentence } of problems) expect([where, sentence].join()).not.toMatch(/undefined|\[object/)
    }),
    { numRuns: 200 },
  )
})

test.each([
  'a: &a [*a]',
  'data: *gone',
  `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[at]}`).join()}]`)
    .join('\n')}`,
  '__proto__: { x: 1 }',
  '? [a]\n: b',
  '\u0000',
  '%YAML 1.1\n---\nserver: { port: yes }',
])('a hostile file is an error with a sentence: %j', (yaml) => {
  const { config, problems } = loadConfig({ cwd: folderWith({ 'sightline.yaml': yaml }), env: {} })
  expect(config).toBeNull()
  expect(problems.length).toBeGreaterThan(0)
})
