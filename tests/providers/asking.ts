import { fileURLToPath } from 'node:url'
import type { AnswerEvent, AnswerRequest, AskedTurn, Provider, Receipt, SentImage } from '../../src/models/provider.ts'
import type { ProviderDeps } from '../../src/providers/provider-for.ts'

/** What a test needs to ask a provider something. */
export const anImage = (byte = 1): SentImage => ({
  bytes: new Uint8Array([0xff, 0xd8, 0xff, 0xe0, byte, 0xff, 0xd9]),
  mediaType: 'image/jpeg',
  width: 640,
  height: 480,
  sha256: String(byte).padStart(64, '0'),
})
export const aTurn = (more: Partial<AskedTurn> = {}): AskedTurn => ({
  question: 'What is in the picture?',
  images: [anImage()],
  answer: null,
  ...more,
})
export const aRequest = (more: Partial<AnswerRequest> = {}): AnswerRequest => ({
  system: null,
  signal: new AbortController().signal,
  turns: [aTurn()],
  sampling: { temperature: 0.7, topP: 1, maxTokens: 1024 },
  ...more,
})

let ids = 0
export const testDeps = (more: Partial<ProviderDeps> = {}): ProviderDeps => ({
  now: () => new Date('2026-11-24T12:00:00Z'),
  random: () => 0.5,
  newId: () => `r${++ids}`,
  environment: { PATH: process.env['PATH'], SECRET_OF_OURS: 'must-not-be-seen', NAMED: 'may-be-seen' },
  tools: {
    rawPixels: () => Promise.reject(new Error('no pixels here')),
    readCodes: () => Promise.reject(new Error('no codes here')),
    reencode: () => Promise.reject(new Error('no transform here')),
    recognise: null,
  },
  builtinPaceMs: 0,
  ...more,
})

export type Heard = { events: AnswerEvent[]; text: string; thinking: number; last: AnswerEvent; receipt: Receipt }
export async function hear(provider: Provider, request: AnswerRequest = aRequest()): Promise<Heard> {
  const events: AnswerEvent[] = []
  for await (const event of provider.answer(request)) events.push(event)
  const last = events.at(-1)
  if (last === undefined || !('receipt' in last)) throw new Error('the answer had no end')
  return {
    events,
    last,
    receipt: last.receipt,
    text: events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
    thinking: events.reduce((sum, event) => sum + (event.type === 'thinking' ? event.characters : 0), 0),
  }
}
/** `finish`, or `reason (detail)`. */
export const outcomeOf = ({ last }: Heard): string =>
  last.type === 'finished' ? last.finish : last.type === 'failed' ? `${last.reason} (${last.detail})` : 'no end'

export const commandModel = fileURLToPath(new URL('./command-model.mjs', import.meta.url))
