import { z } from 'zod'
import { dialects } from '../models/grounding.ts'
import { readers } from '../models/model.ts'
import { type CompatiblePreset, compatiblePresets } from '../providers/presets.ts'
import { address, variableName } from './config-words.ts'

/** Keys of one entry under `models:` (MODELS.md 2), one shape for each kind. */

const whole = (low: number, high: number) => z.int().min(low).max(high)
/** Own values of an entry; the arena's own are the same, with defaults. */
export const samplingShape = {
  temperature: z.number().min(0).max(2),
  top_p: z.number().gt(0).max(1),
  max_tokens: whole(1, 131_072),
}

const benchmark = z.strictObject({
  value: z.number(),
  by: z.string().optional(),
  source: z.string().optional(),
  split: z.string().optional(),
  setting: z.string().optional(),
  date: z.string().optional(),
})

const card = z
  .strictObject({
    organization: z.string().optional().describe('Who made it'),
    license: z.string().optional().describe('Licence of its weights'),
    size: z.string().optional().describe('Such as 7B'),
    released: z.string().optional().describe('Date'),
    served_by: z.string().optional().describe('Who runs it, where that is somebody else'),
    url: address.optional().describe('Where to read more'),
    openness: z
      .strictObject({
        weights: z.string().exactOptional().describe('Such as open, or closed'),
        data: z.string().exactOptional().describe('The same for its training data'),
        code: z.string().exactOptional().describe('The same for its training code'),
        vision_encoder: z.string().exactOptional().describe('The same for the part that sees'),
      })
      .optional(),
    price: z
      .strictObject({
        input: z.number().min(0).describe('Per million tokens'),
        output: z.number().min(0).describe('Per million tokens'),
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/, { error: 'must be three capitals such as USD' })
          .describe('Such as USD'),
      })
      .optional()
      .describe('Per million tokens'),
    benchmarks: z
      .record(z.string(), benchmark)
      .optional()
      .describe('Published results by name: value, and by whom, source, split, setting, date'),
  })
  .prefault({})
  .describe('What people may know about the model once its name is shown')

const common = {
  id: z
    .string()
    .regex(/^[a-z0-9.-]{1,64}$/, { error: 'must be 1 to 64 lower-case letters, digits, dots and dashes' })
    .describe('Stable, lower-case; what exports say'),
  name: z.string().min(1).max(120).exactOptional().describe('Shown after the reveal; the id where absent'),
  image: z
    .strictObject({
      max_images: whole(1, 32).default(6).describe('Images it takes in one battle'),
      max_edge: whole(64, 1568).exactOptional().describe('Scale images down to this edge for this model only'),
      format: z.enum(['jpeg', 'png']).exactOptional().describe('Re-encode images for this model only'),
    })
    .prefault({})
    .describe('A declared transform for this model only, stored and shown'),
  grounding: z.enum(dialects).default('auto').describe('How it points at places in the picture'),
  resize: z
    .strictObject({
      factor: whole(1, 256).default(28).describe('Edges are multiples of this'),
      min_pixels: whole(1, 100_000_000).default(3136).describe('Smaller images are enlarged to it'),
      max_pixels: whole(1, 100_000_000).default(12_845_056).describe('Larger images are reduced to it'),
    })
    .exactOptional()
    .describe('How its server resizes images, for models that answer in pixels'),
  system_in: z
    .enum(['system', 'user', 'none'])
    .default('system')
    .describe('Where the system prompt goes; some models have no system role'),
  prompt_template: z
    .string()
    .refine((text) => text.includes('{question}'), { error: 'must contain {question}' })
    .default('{question}')
    .describe('For models with task prompts'),
  sampling: z
    .strictObject({
      temperature: samplingShape.temperature.exactOptional().describe("In place of the arena's"),
      top_p: samplingShape.top_p.exactOptional().describe("In place of the arena's"),
      top_k: whole(1, 1000).exactOptional().describe('Sent only where set'),
      max_tokens: samplingShape.max_tokens.exactOptional().describe("In place of the arena's"),
    })
    .exactOptional()
    .describe("In place of the arena's; stored and shown"),
  concurrency: whole(1, 1000).default(4).describe('Answers it writes at the same time'),
  weight: z.number().min(0).max(1000).default(1).describe('How often it is drawn; 0 keeps it out'),
  aliases: z
    .array(z.string().min(2))
    .default([])
    .describe('Words that give it away when it says them of itself, besides its name and maker'),
  export_outputs: z.boolean().default(true).describe('Its answers may appear in exports'),
  card,
}

const timeouts = (firstTokenMs: number) =>
  z
    .strictObject({
      total_ms: whole(100, 3_600_000).default(120_000).describe('The whole answer'),
      first_token_ms: whole(100, 3_600_000).default(firstTokenMs).describe('Until the first text'),
      idle_ms: whole(100, 3_600_000).default(20_000).describe('Between two pieces of text'),
    })
    .prefault({})
    .describe('Time limits')

const asked = {
  ...common,
  model: z.string().min(1).describe('The exact name the service expects'),
  timeouts: timeouts(30_000),
  retries: whole(0, 5).default(1).describe('Only before the first text'),
}

const endpoint = {
  ...asked,
  base_url: address.exactOptional().describe('Address of the service'),
  key_env: variableName.exactOptional().describe('Environment variable that holds the key'),
  key_file: z.string().min(1).exactOptional().describe('File that holds the key'),
  headers: z.record(z.string(), z.string()).default({}).describe('Sent along; never `authorization`'),
  extra_body: z.record(z.string(), z.json()).default({}).describe('Merged into the request'),
  reasoning: z
    .enum(['default', 'none', 'low', 'medium', 'high'])
    .default('default')
    .describe('How much it thinks first'),
  max_output_tokens: whole(1, 1_000_000).exactOptional().describe('Room for thinking and answer together'),
}

const imageDetail = z.enum(['auto', 'low', 'high'])
const presets = Object.keys(compatiblePresets) as CompatiblePreset[]

export const modelSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('openai').describe('OpenAI, chat completions'),
    ...endpoint,
    image_detail: imageDetail.exactOptional().describe('How closely it looks'),
  }),
  z.strictObject({
    kind: z.literal('openai-responses').describe('OpenAI, responses; always `store: false`'),
    ...endpoint,
    image_detail: z.enum(['auto', 'low', 'high', 'original']).exactOptional().describe('How closely it looks'),
  }),
  z.strictObject({
    kind: z.literal('openai-compatible').describe('Any server that speaks chat completions'),
    ...endpoint,
    preset: z.enum(presets).exactOptional().describe('Fills in `base_url` and `key_env`'),
    image_detail: imageDetail.exactOptional().describe('Sent only where set'),
  }),
  z.strictObject({ kind: z.literal('anthropic').describe('Anthropic'), ...endpoint }),
  z.strictObject({
    kind: z.literal('google').describe('Gemini'),
    ...endpoint,
    media_resolution: z.enum(['low', 'medium', 'high']).exactOptional().describe('How closely it looks'),
    safety: z.record(z.string(), z.string()).exactOptional().describe('Threshold for each harm category; recorded'),
  }),
  z.strictObject({ kind: z.literal('mistral').describe('Mistral'), ...endpoint }),
  z.strictObject({
    kind: z.literal('ollama').describe('Ollama, its own protocol'),
    ...endpoint,
    timeouts: timeouts(90_000),
    num_ctx: whole(256, 10_000_000).exactOptional().describe('Context length'),
    keep_alive: z
      .union([z.string().min(1), z.number()])
      .exactOptional()
      .describe('How long it stays loaded'),
    think: z
      .union([z.boolean(), z.enum(['low', 'medium', 'high'])])
      .exactOptional()
      .describe('Whether it thinks first'),
  }),
  z.strictObject({
    kind: z.literal('replay').describe('Answers made elsewhere'),
    ...common,
    file: z.string().min(1).describe('JSONL file of answers'),
    speed: z.enum(['instant', 'paced']).default('paced').describe('`paced` writes 40 words a second'),
  }),
  z.strictObject({
    kind: z.literal('command').describe('A program of your own'),
    ...asked,
    model: z.string().min(1).exactOptional().describe('Shown on the model page'),
    command: z.array(z.string().min(1)).min(1).describe('Program and arguments; no shell'),
    lifetime: z.enum(['battle', 'server']).default('battle').describe('One process for each answer, or one for all'),
    env: z.array(variableName).default([]).describe('Names of environment variables it may see'),
  }),
  z.strictObject({
    kind: z.literal('builtin').describe('A reader that measures pixels with fixed rules'),
    ...common,
    reader: z.enum(readers).describe('Which one'),
  }),
])

export type FileModel = z.output<typeof modelSchema>
