import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { folderWith } from './folder.ts'

const load = (yaml: string, env: Record<string, string> = {}, files: Record<string, string> = {}) =>
  loadConfig({ cwd: folderWith({ 'sightline.yaml': yaml, ...files }), env })

const only = (
  entry: string,
  {
    env = {},
    site = '',
    files = {},
  }: { env?: Record<string, string>; site?: string; files?: Record<string, string> } = {},
) => {
  const { config, problems } = load(`${site}\nmodels:\n  - ${entry}\n`, env, files)
  if (!config) throw new Error(problems.map(({ sentence }) => sentence).join('\n'))
  return config.models[0]!
}

const versionOf = (entry: string, site = '', files: Record<string, string> = {}) =>
  only(entry, { site, files }).model.version

test('an entry becomes a contestant of the registry and what its provider needs', () => {
  const { model, config, keyFrom } = only(
    '{ id: molmo-7b-d, name: Molmo 7B-D, kind: openai-compatible, preset: vllm, model: allenai/Molmo-7B-D-0924, grounding: molmo, system_in: user, sampling: { temperature: 0 }, card: { organization: Ai2, openness: { vision_encoder: closed-data } } }',
  )
  expect(model).toMatchObject({
    id: 'molmo-7b-d',
    name: 'Molmo 7B-D',
    model: 'allenai/Molmo-7B-D-0924',
    state: 'active',
    isBaseline: false,
    isReplay: false,
    grounding: 'molmo',
    imagesMax: 6,
    sampling: { temperature: 0, topP: 1, maxTokens: 1024 },
    card: { organization: 'Ai2', openness: { visionEncoder: 'closed-data' } },
  })
  expect(model.aliases).toEqual(expect.arrayContaining(['Molmo 7B-D', 'Molmo', 'Ai2', 'allenai/Molmo-7B-D-0924']))
  expect(config).toMatchObject({
    kind: 'openai-compatible',
    preset: 'vllm',
    systemIn: 'user',
    promptTemplate: '{question}',
  })
  expect(keyFrom).toBeNull()
})

test.each([
  ['{ id: a, kind: openai, model: m }', { OPENAI_API_KEY: 'k1' }, 'k1'],
  ['{ id: a, kind: openai-responses, model: m }', { OPENAI_API_KEY: 'k1' }, 'k1'],
  ['{ id: a, kind: anthropic, model: m }', { ANTHROPIC_API_KEY: 'k1' }, 'k1'],
  ['{ id: a, kind: google, model: m }', { GEMINI_API_KEY: 'k1' }, 'k1'],
  ['{ id: a, kind: google, model: m }', { GOOGLE_GENERATIVE_AI_API_KEY: 'k1', GEMINI_API_KEY: 'k2' }, 'k1'],
  ['{ id: a, kind: mistral, model: m }', { MISTRAL_API_KEY: 'k1' }, 'k1'],
  ['{ id: a, kind: openai-compatible, preset: openrouter, model: m }', { OPENROUTER_API_KEY: 'k1' }, 'k1'],
  ['{ id: a, kind: openai-compatible, preset: huggingface, model: m }', { HF_TOKEN: 'k1' }, 'k1'],
  ['{ id: a, kind: openai, model: m, key_env: MINE }', { OPENAI_API_KEY: 'k1', MINE: 'k2' }, 'k2'],
  ['{ id: a, kind: openai, model: m, base_url: "http://10.0.0.1/v1" }', { OPENAI_API_KEY: 'k1' }, null],
  [
    '{ id: a, kind: openai, model: m, base_url: "http://10.0.0.1/v1", key_env: OPENAI_API_KEY }',
    { OPENAI_API_KEY: 'k1' },
    'k1',
  ],
  ['{ id: a, kind: ollama, model: m }', { OPENAI_API_KEY: 'k1' }, null],
])('%s with %j has the key %j', (entry, env, key) => {
  const { config, model } = only(entry, { env })
  expect('secret' in config ? config.secret?.() : undefined).toBe(key)
  expect(model.state).toBe('active')
})

test('a model whose key is not there is kept but not drawn; a key file that is not there is an error', () => {
  const { config, problems } = load('models:\n  - { id: a, kind: openai, model: m }\n')
  expect(config?.models[0]?.model.state).toBe('unsampled')
  expect(problems).toEqual([
    { severity: 'warning', where: 'sightline.yaml:2', sentence: 'model a is never drawn until OPENAI_API_KEY is set.' },
  ])
  const file = load('models:\n  - { id: a, kind: openai, model: m, key_file: gone.key }\n')
  expect(file.config).toBeNull()
  expect(file.problems[0]?.sentence).toBe('model a: key_file names gone.key, which holds no key.')
})

test.each([
  ['another model', '{ id: a, kind: ollama, model: n }'],
  ['another address', '{ id: a, kind: ollama, model: m, base_url: "http://10.0.0.1:11434" }'],
  ['another sampling', '{ id: a, kind: ollama, model: m, sampling: { temperature: 0.1 } }'],
  ['another image transform', '{ id: a, kind: ollama, model: m, image: { max_edge: 900 } }'],
  ['another template', '{ id: a, kind: ollama, model: m, prompt_template: "answer en {question}" }'],
  ['another place for the system prompt', '{ id: a, kind: ollama, model: m, system_in: user }'],
  ['another context length', '{ id: a, kind: ollama, model: m, num_ctx: 4096 }'],
  ['another header', '{ id: a, kind: ollama, model: m, headers: { x-variant: two } }'],
  ['another request field', '{ id: a, kind: ollama, model: m, extra_body: { seed: 1 } }'],
])('%s is a new version', (_, entry) => {
  expect(versionOf(entry)).not.toBe(versionOf('{ id: a, kind: ollama, model: m }'))
})

test.each([
  ['its name', '{ id: a, name: B, kind: ollama, model: m }'],
  ['its card', '{ id: a, kind: ollama, model: m, card: { license: MIT } }'],
  ['its weight', '{ id: a, kind: ollama, model: m, weight: 3 }'],
  ['its time limits', '{ id: a, kind: ollama, model: m, timeouts: { total_ms: 110000 } }'],
  ['its usual address, written out', '{ id: a, kind: ollama, model: m, base_url: "http://127.0.0.1:11434" }'],
  ["the arena's own sampling, written out", '{ id: a, kind: ollama, model: m, sampling: { temperature: 0.7 } }'],
  ['the order of its keys', '{ model: m, kind: ollama, id: a }'],
])('%s is no new version', (_, entry) => {
  expect(versionOf(entry)).toBe(versionOf('{ id: a, kind: ollama, model: m }'))
})

test("the arena's sampling and system prompt are part of every version", () => {
  const entry = '{ id: a, kind: ollama, model: m }'
  expect(versionOf(entry, 'sampling: { max_tokens: 512 }')).not.toBe(versionOf(entry))
  expect(versionOf(entry, 'system_prompt: Be brief.')).not.toBe(versionOf(entry))
  const deaf = '{ id: a, kind: ollama, model: m, system_in: none }'
  expect(versionOf(deaf, 'system_prompt: Be brief.')).toBe(versionOf(deaf))
})

test('a replay is its answers, wherever the file lies', () => {
  const here = versionOf('{ id: a, kind: replay, file: x.jsonl }', '', { 'x.jsonl': '{}' })
  expect(versionOf('{ id: a, kind: replay, file: sub/y.jsonl }', '', { 'sub/y.jsonl': '{}' })).toBe(here)
  expect(versionOf('{ id: a, kind: replay, file: x.jsonl }', '', { 'x.jsonl': '{"answer":1}' })).not.toBe(here)
})

test.each([
  [
    '[{ id: a, kind: ollama, model: m }, { id: a, kind: ollama, model: n }]',
    'model a: an earlier model already has this id.',
  ],
  ['[{ id: a, kind: openai-compatible, model: m }]', 'model a: kind openai-compatible needs base_url or preset.'],
  [
    '[{ id: a, kind: ollama, model: m, headers: { Authorization: x } }]',
    'model a: the header Authorization is refused here; name the key with key_env or key_file.',
  ],
  [
    '[{ id: a, kind: ollama, model: m, key_env: K, key_file: k }]',
    'model a names both key_env and key_file; keep the one that holds the key.',
  ],
  [
    '[{ id: a, kind: ollama, model: m, timeouts: { idle_ms: 130000 } }]',
    'model a: timeouts.idle_ms (130000) is longer than timeouts.total_ms (120000).',
  ],
  [
    '[{ id: a, kind: ollama, model: m, resize: { min_pixels: 9, max_pixels: 4 } }]',
    'model a: resize.min_pixels is more than resize.max_pixels.',
  ],
  ['[{ id: a, kind: replay, file: gone.jsonl }]', 'model a: the file gone.jsonl does not exist.'],
  [
    '[{ id: a, kind: ollama, model: m, prompt_template: "answer en" }]',
    'models[0].prompt_template must contain {question}, not "answer en".',
  ],
  [
    '[{ id: A B, kind: ollama, model: m }]',
    'models[0].id must be 1 to 64 lower-case letters, digits, dots and dashes, not "A B".',
  ],
  [
    '[{ id: a, kind: ollama, model: m, timeouts: { idel_ms: 3 } }]',
    'models[0].timeouts.idel_ms is not a key; did you mean models[0].timeouts.idle_ms?',
  ],
  [
    '[{ id: a, kind: ollama, model: m, grounding: molmo3 }]',
    expect.stringMatching(/^models\[0\]\.grounding must be one of none, .*; did you mean molmo\?$/),
  ],
  ['[{ id: a, kind: ollama }]', 'models[0].model is missing: it must be text.'],
  [
    '[{ id: a, kind: builtin, reader: eyes }]',
    expect.stringContaining('models[0].reader must be one of palette, file, layout, code, text'),
  ],
])('models: %s is refused', (entries, sentence) => {
  const { config, problems } = load(`models: ${entries}\n`)
  expect(config).toBeNull()
  expect(problems.filter(({ severity }) => severity === 'error').map(({ sentence }) => sentence)).toContainEqual(
    sentence,
  )
})

test('a model that takes fewer images than a battle may have is said to be never drawn', () => {
  const { config, problems } = load('models:\n  - { id: a, kind: ollama, model: m, image: { max_images: 1 } }\n')
  expect(config).not.toBeNull()
  expect(problems[0]?.sentence).toBe(
    'model a takes 1 images, fewer than battles.images.per_battle (6), so it is never drawn.',
  )
})

test('a built-in reader may be an entry, and is a baseline', () => {
  expect(only('{ id: colours, kind: builtin, reader: palette }').model).toMatchObject({
    isBaseline: true,
    kind: 'builtin',
  })
})
