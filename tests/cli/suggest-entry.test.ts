import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { dialectOf, suggestedYaml } from '../../src/cli/suggest-entry.ts'
import { loadConfig } from '../../src/config.ts'
import { type FoundModel, presetOffers } from '../../src/providers/discover.ts'
import { compatiblePresets, kindDefaults } from '../../src/providers/presets.ts'

const folder = mkdtempSync(join(tmpdir(), 'sightline-suggest-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const found = (model: string, more: Partial<FoundModel> = {}): FoundModel => ({
  kind: 'openai-compatible',
  preset: 'vllm',
  server: 'vLLM',
  baseUrl: 'http://127.0.0.1:8000/v1',
  model,
  takesImages: null,
  ...more,
})
const everyKey = Object.fromEntries(
  [
    ...Object.values(compatiblePresets).map(({ keyEnv }) => keyEnv),
    ...Object.values(kindDefaults).flatMap(({ keyEnvs }) => keyEnvs),
  ]
    .filter((name) => name !== null)
    .map((name) => [name, 'a-key']),
)

function accepted(yaml: string) {
  const file = join(folder, 'sightline.yaml')
  writeFileSync(file, `${yaml}\n`)
  return loadConfig({ flags: { config: file }, env: everyKey, cwd: folder })
}

describe('what `models discover` prints can be pasted as it is', () => {
  test('found models, the same one on two servers, odd names, and every service with a key', () => {
    const models = [
      found('allenai/Molmo-7B-D-0924'),
      found('allenai/Molmo-7B-D-0924', { preset: 'sglang', baseUrl: 'http://127.0.0.1:30000/v1' }),
      found('Ünïcode "quoted": #model', { preset: null, baseUrl: 'http://[::1]:8080/v1' }),
      found('qwen3-vl:8b', { kind: 'ollama', preset: null, baseUrl: 'http://127.0.0.1:11434', takesImages: true }),
    ]
    const offers = presetOffers(everyKey)
    expect(offers).toHaveLength(8)
    const { config, problems } = accepted(suggestedYaml(models, offers))
    expect(problems).toEqual([])
    expect(config!.models).toHaveLength(12)
    expect(config!.models.map(({ model }) => model.model)).toEqual(
      expect.arrayContaining(models.map(({ model }) => model)),
    )
    expect(config!.models[0]!.model).toMatchObject({ id: 'molmo-7b-d-0924', grounding: 'molmo', state: 'active' })
    expect(config!.models[1]!.model.id).toBe('molmo-7b-d-0924-2')
    expect(config!.models[3]!.model.grounding).toBe('qwen3-vl')
  })

  test.each([
    ['allenai/Molmo2-8B', 'molmo2'],
    ['Qwen/Qwen2.5-VL-7B-Instruct', 'qwen2.5-vl'],
    ['qwen2-vl:7b', 'qwen2-vl'],
    ['OpenGVLab/InternVL3-8B', 'internvl'],
    ['zai-org/GLM-4.5V', 'glm-v'],
    ['google/gemma-3-12b-it', null],
    ['llava:13b', null],
  ])('%s points in %s', (model, dialect) => expect(dialectOf(model)).toBe(dialect))
})
