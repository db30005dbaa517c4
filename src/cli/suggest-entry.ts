import type { Dialect } from '../models/grounding.ts'
import type { FoundModel, PresetOffer } from '../providers/discover.ts'
import type { CompatiblePreset } from '../providers/presets.ts'

/** What a family answers with, by the name it is served under (MODELS.md 8.2): a suggestion for the operator's file, never read at run time. */
const families: [RegExp, Dialect][] = [
  [/molmo-?2/, 'molmo2'],
  [/molmo/, 'molmo'],
  [/qwen-?3(\.\d)?-?vl|qwen3\.5/, 'qwen3-vl'],
  [/qwen-?2\.5-?vl/, 'qwen2.5-vl'],
  [/qwen-?2?-?vl/, 'qwen2-vl'],
  [/gemini/, 'gemini'],
  [/paligemma/, 'paligemma'],
  [/florence-2/, 'florence-2'],
  [/kosmos-2/, 'kosmos-2'],
  [/internvl/, 'internvl'],
  [/cogvlm|cogagent/, 'cogvlm'],
  [/deepseek-vl2/, 'deepseek-vl2'],
  [/glm-4\.\d+v/, 'glm-v'],
  [/showui/, 'showui'],
  [/ui-tars-1\.5/, 'ui-tars-1.5'],
  [/ui-tars/, 'ui-tars-1'],
]
export const dialectOf = (model: string): Dialect | null =>
  families.find(([pattern]) => pattern.test(model.toLowerCase()))?.[1] ?? null

/** These have no system role beside a picture. */
const needsUserRole = (model: string) => /molmo(?!-?2)|llama-?3\.2/.test(model.toLowerCase())

/** One model of each service that takes pictures, to begin with; any other name may be written in its place. */
const firstModels: Partial<Record<PresetOffer['kind'] | CompatiblePreset, string>> = {
  openai: 'gpt-4o',
  anthropic: 'claude-sonnet-5-5',
  google: 'gemini-2.5-flash',
  mistral: 'pixtral-large-latest',
  openrouter: 'meta-llama/llama-3.2-90b-vision-instruct',
  together: 'Qwen/Qwen2.5-VL-72B-Instruct',
  huggingface: 'Qwen/Qwen3-VL-8B-Instruct',
  dashscope: 'qwen3-vl-235b-a22b-instruct',
}

/** `models:` as it can be pasted into `sightline.yaml`: what was found, then one entry for each service whose key is set. */
export function suggestedYaml(found: FoundModel[], offers: PresetOffer[]): string {
  const taken = new Set<string>()
  const entries = [
    ...found.map(({ kind, preset, server, baseUrl, model, takesImages }) => {
      const doubt = '; the server does not say whether this model takes pictures: sightline models check'
      return entryText(`${server}${takesImages === null ? doubt : ''}`, freeId(model, taken), [
        ['kind', kind],
        ...(preset ? [['preset', preset] as const] : []),
        ['base_url', baseUrl],
        ['model', JSON.stringify(model)],
        ...habitsOf(model),
      ])
    }),
    ...offers.flatMap(({ kind, preset, name, keyEnv }) => {
      const model = firstModels[preset ?? kind]
      if (model === undefined) return []
      return entryText(
        `${name}, by ${keyEnv}: its answers cost money; another model of it may stand here`,
        freeId(model, taken),
        [
          ['kind', kind],
          ...(preset ? [['preset', preset] as const] : []),
          ['model', JSON.stringify(model)],
          ['key_env', keyEnv],
          ...habitsOf(model),
        ],
      )
    }),
  ]
  return ['models:', ...entries].join('\n')
}

function habitsOf(model: string): (readonly [string, string])[] {
  const dialect = dialectOf(model)
  return [
    ...(dialect ? [['grounding', dialect] as const] : []),
    ...(needsUserRole(model) ? [['system_in', 'user'] as const] : []),
  ]
}

const entryText = (comment: string, id: string, keys: (readonly [string, string])[]) =>
  [`  # ${comment}`, `  - id: ${id}`, ...keys.map(([key, value]) => `    ${key}: ${value}`)].join('\n')

/** Two servers may serve the same model. */
function freeId(model: string, taken: Set<string>): string {
  const plain =
    model
      .split('/')
      .at(-1)!
      .toLowerCase()
      .replaceAll(/[^a-z0-9.-]+/g, '-')
      .slice(0, 60) || 'model'
  let id = plain
  for (let n = 2; taken.has(id); n++) id = `${plain}-${n}`
  taken.add(id)
  return id
}
