import { z } from 'zod'
import { modelSchema, samplingShape } from './config-model-schema.ts'
import { moderatorSchema } from './config-moderation-schema.ts'
import { variableName as envName, address as url } from './config-words.ts'

/**
 * Every key of `sightline.yaml`, once: its type, its bounds, its default and what it means. The editors' schema, the reference in
 * `docs/configuration.md`, the environment variables and the `Config` type all come from here.
 */

const group = <T extends z.core.$ZodLooseShape>(meaning: string, shape: T) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .describe(meaning)

const whole = (low: number, high: number) => z.int().min(low).max(high)
const path = z.string().min(1)
const language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, { error: 'must be a language tag such as en or zh-Hant' })

/** One address or block of addresses, as a proxy in front of us may have. */
const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'must be an address or block such as 10.0.0.1 or 10.0.0.0/8',
})

const storageUrl = z
  .string()
  .regex(/^(sqlite|postgres(ql)?:\/\/\S+)$/, { error: 'must be `sqlite` or postgres://user@host/database' })
const blobsUrl = z.string().regex(/^(disk|s3:\/\/\S+)$/, { error: 'must be `disk` or s3://bucket/prefix' })

export const configSchema = z.strictObject({
  data: path.default('./data').describe('Folder of the database, the images, the exports and the backups'),
  system_prompt: z
    .string()
    .min(1)
    .max(8000)
    .nullable()
    .default(null)
    .describe('The same text for every model; none by default'),
  sampling_policy: z
    .enum(['arena', 'vendor'])
    .default('arena')
    .describe(
      "`arena` asks every model with the settings of `sampling`; `vendor` sends only the length limit and takes each vendor's own. One data folder holds one of the two, so that no ranking mixes them",
    ),
  sampling: group('How every model is asked unless its own entry says otherwise', {
    temperature: samplingShape.temperature.default(0.7).describe('Sampling temperature'),
    top_p: samplingShape.top_p.default(1).describe('Nucleus sampling'),
    max_tokens: samplingShape.max_tokens.default(1024).describe('Visible tokens of one answer'),
  }),
  site: group('How the arena presents itself', {
    name: z.string().min(1).max(80).default('Sightline').describe('Shown in the header and in page titles'),
    languages: z
      .array(language)
      .min(1)
      .default(['en', 'zh'])
      .describe('Languages offered to readers, the first one being the fallback'),
    url: url
      .nullable()
      .default(null)
      .describe('Public address; needed behind a proxy that ends TLS, and for links in exports'),
    strings: z
      .record(language, z.record(z.string(), z.string()))
      .default({})
      .describe('Own wording, as `language: { key: sentence }`'),
  }),
  server: group('Where the arena listens', {
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on; the default answers this machine only'),
    port: whole(0, 65_535).default(3000).describe('Port to listen on; 0 takes any free one'),
    trusted_proxies: z
      .array(network)
      .default([])
      .describe('Addresses or blocks of proxies whose `X-Forwarded-For` is believed'),
  }),
  storage: group('Where battles, votes and images are kept', {
    database: storageUrl.default('sqlite').describe('`sqlite` keeps one file in the data folder'),
    blobs: blobsUrl.default('disk').describe('`disk` keeps images in the data folder'),
  }),
  access: group('Who may do what', {
    vote: z
      .enum(['me', 'link', 'anyone'])
      .default('me')
      .describe('`me`: whoever is on this machine; `link`: holders of an invitation; `anyone`: needs a consent text'),
    board: z.enum(['public', 'voters', 'operator']).default('public').describe('Who may see the leaderboard'),
    data: z.enum(['public', 'voters', 'operator']).default('operator').describe('Who may see and download exports'),
  }),
  models: z.array(modelSchema).default([]).describe('The contestants; without any, the built-in image readers run'),
  battles: group('How a battle runs', {
    pacing: z
      .enum(['live', 'paced', 'together'])
      .default('paced')
      .describe(
        '`paced`: both sides at one pace; `together`: both whole at once; `live`: for testing, it shows who is fast',
      ),
    start_wait_s: z
      .number()
      .min(0)
      .max(120)
      .default(10)
      .describe('Longest wait for the slower side before text is shown'),
    tick_ms: whole(100, 333).default(300).describe('How often a reader sees new text'),
    render: z.enum(['markdown', 'plain']).default('markdown').describe('How answers are shown'),
    min_read_s: z.number().min(0).max(600).default(0).describe('The vote opens this long after both answers are ready'),
    reveal: z
      .enum(['on_request', 'after_vote'])
      .default('on_request')
      .describe('Names are shown when the voter asks, or at once with the vote'),
    turns: whole(1, 50).default(8).describe('Longest battle in questions; 1 allows no follow-up'),
    followup: z
      .enum(['before', 'after', 'both'])
      .default('both')
      .describe('Follow-ups before the vote, after it, or both'),
    pair_baselines: z
      .boolean()
      .default(false)
      .describe('Keep pairing the built-in readers once two real models are configured'),
    images: group('How many images a question may carry', {
      first_turn: whole(1, 16).default(4).describe('With the first question'),
      per_turn: whole(0, 16).default(2).describe('With each follow-up'),
      per_battle: whole(1, 32).default(6).describe('In all; models that take fewer are not drawn'),
    }),
    ablation: group('Battles that test one model with and without the image', {
      mode: z
        .enum(['none', 'no_image', 'distractor', 'both'])
        .default('none')
        .describe('What the blinded side sees in place of the image'),
      share: z.number().min(0).max(0.2).default(0.05).describe('Share of battles on prompts that need the image'),
      sets: z.array(z.string().min(1)).default([]).describe('Prompt sets that take part; none named means all'),
      models: z.array(z.string().min(1)).default([]).describe('Models that take part; none named means all'),
    }),
  }),
  images: group('How images are prepared', {
    align: whole(2, 64)
      .nullable()
      .default(null)
      .describe('Round both edges to multiples of this (28 suits absolute-pixel models); changes what is stored'),
  }),
  prompts: group('Questions ready to be asked', {
    seed: z.boolean().default(true).describe('Offer the questions that come with Sightline'),
    sets: z.array(path).default([]).describe('Folders or files of own prompt sets'),
  }),
  speech: group('Transcription of spoken questions', {
    base_url: url
      .nullable()
      .default(null)
      .describe('Service with `POST /audio/transcriptions`; none means the browser does it'),
    model: z.string().min(1).nullable().default(null).describe('Model name the service expects'),
    key_env: envName.nullable().default(null).describe('Environment variable that holds the key'),
    key_file: path.nullable().default(null).describe('File that holds the key'),
  }),
  moderation: z
    .array(moderatorSchema)
    .default([])
    .describe('What looks at questions and images before a pair is drawn'),
  ranking: group('How votes become the leaderboard', {
    method: z
      .enum(['bradley-terry', 'elo', 'davidson', 'rao-kupper'])
      .default('bradley-terry')
      .describe('Rating model of the published board'),
    provisional_below: whole(0, 100_000).default(100).describe('A model with fewer votes is marked provisional'),
    turns: z.enum(['last', 'first']).default('last').describe("Which of a battle's votes counts"),
    hide_baselines: z
      .union([z.boolean(), z.literal('auto')])
      .default('auto')
      .describe('Leave the built-in readers out of the default board; `auto` does once two real models exist'),
  }),
  privacy: group('What voters are told and how long things are kept', {
    consent: path
      .nullable()
      .default('./consent.md')
      .describe('Text shown before the first upload; the default is used where the file exists'),
    retain_days: whole(1, 36_500)
      .nullable()
      .default(365)
      .describe('Images are deleted after this long; null keeps them'),
    publish: z
      .enum(['ask', 'never'])
      .default('ask')
      .describe('Whether voters are asked if their battles may be published'),
  }),
  limits: group('What may be done, and what it may cost', {
    upload_mb: z.number().gt(0).max(100).default(15).describe('Largest image file'),
    battles_per_hour: whole(1, 100_000).default(60).describe('Battles one voter may start'),
    spend_per_day: z
      .number()
      .min(0)
      .nullable()
      .default(null)
      .describe(
        'Once the answers of a day (UTC) have cost this much by `card.price`, no model is asked until the next; null is no limit',
      ),
  }),
  metrics: group('Prometheus metrics at `/metrics`', {
    enabled: z.boolean().default(false).describe('Model labels break blindness: keep the token secret'),
    token_env: envName.nullable().default('METRICS_TOKEN').describe('Environment variable that holds the bearer token'),
    token_file: path.nullable().default(null).describe('File that holds the bearer token'),
  }),
  exports: group('Published datasets', {
    dataset: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, { error: 'must be lower-case letters, digits, dots and dashes, at most 64' })
      .default('main')
      .describe('Name of the dataset; voter ids join within one'),
    license: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('Licence of public exports; without one only internal exports run'),
    key_env: envName
      .nullable()
      .default(null)
      .describe('Environment variable with the key that voter ids are hashed with'),
    key_file: path
      .nullable()
      .default(null)
      .describe('File with that key; made in the data folder where neither is named'),
  }),
})

export type FileConfig = z.output<typeof configSchema>
