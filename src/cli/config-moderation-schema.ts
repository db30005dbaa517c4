import { z } from 'zod'
import { address, variableName } from './config-words.ts'

const common = {
  name: z.string().min(1).exactOptional().describe('Named to voters where a third party is asked'),
  on: z
    .array(z.enum(['text', 'image']))
    .min(1)
    .default(['text', 'image'])
    .describe('What it looks at'),
  action: z.enum(['block', 'quarantine', 'flag']).default('block').describe('What happens to what it finds'),
  fail_closed: z.boolean().default(true).describe('Without an answer, act as if it had found something'),
  timeout_ms: z.int().min(100).max(60_000).default(10_000).describe('How long it may take'),
}

/** Something that looks at questions and images before a pair is drawn (TRUST.md J5, MODELS.md 10). */
export const moderatorSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('http').describe('A service'),
    ...common,
    format: z.enum(['openai', 'llama-guard']).describe('`openai`: `POST /moderations`; `llama-guard`: a chat model'),
    base_url: address.describe('Address of the service'),
    model: z.string().min(1).describe('Model name the service expects'),
    key_env: variableName.exactOptional().describe('Environment variable that holds the key'),
    key_file: z.string().min(1).exactOptional().describe('File that holds the key'),
  }),
  z.strictObject({
    type: z.literal('command').describe('A program of your own'),
    ...common,
    command: z.array(z.string().min(1)).min(1).describe('Program and arguments; no shell'),
  }),
  z.strictObject({
    type: z.literal('builtin').describe('Lists of your own'),
    ...common,
    words: z.string().min(1).exactOptional().describe('File with one word or phrase a line'),
    hashes: z
      .string()
      .min(1)
      .exactOptional()
      .describe('File with one known picture a line: SHA-256 of the file, or its 64-bit difference hash'),
  }),
])

export type FileModerator = z.output<typeof moderatorSchema>
