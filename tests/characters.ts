// Who appears in tests. Each builder gives something whole and ordinary; a test names only what it is about.
import { createHash } from 'node:crypto'
import type { Answer, Draw, EndedAnswer, Side } from '../src/battles/battle.ts'
import type { BattleStore, NewBattle } from '../src/battles/battle-store.ts'
import { type Image, toImageRef } from '../src/images/image.ts'
import type { ImageStore } from '../src/images/image-store.ts'
import type { Leaderboard, RankedBallot } from '../src/leaderboards/leaderboard.ts'
import { wholeBoard } from '../src/leaderboards/leaderboard.ts'
import type { Model } from '../src/models/model.ts'
import type { ModelStore } from '../src/models/model-store.ts'
import type { Receipt } from '../src/models/provider.ts'
import { normalisedPrompt, type Prompt, type PromptSet, type SetPrompt } from '../src/prompts/prompt.ts'
import type { Voter } from '../src/voters/voter.ts'
import type { VoterStore } from '../src/voters/voter-store.ts'
import type { Ballot } from '../src/votes/vote-store.ts'

/** The standing clock of tests. */
export const noon = new Date('2026-11-24T12:00:00.000Z')
export const later = (ms: number, from = noon) => new Date(from.getTime() + ms)
export const minuteMs = 60_000
export const hourMs = 60 * minuteMs

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

export const aVoter = (some: Partial<Voter> = {}): Voter => ({
  id: 'voter-1',
  kind: 'anon',
  consent: null,
  createdAt: noon,
  ...some,
})

/** Equal names, equal pictures. */
export const anImage = (name = 'a bicycle', some: Partial<Image> = {}): Image => ({
  sha256: sha256(name),
  mediaType: 'image/jpeg',
  width: 1200,
  height: 800,
  bytes: 51_200,
  phash: sha256(name).slice(0, 16),
  facts: {
    format: 'jpeg',
    width: 2400,
    height: 1600,
    bytes: 204_800,
    colourSpace: 'srgb',
    hadMetadata: true,
    orientation: 1,
  },
  state: 'served',
  isPublic: false,
  storedAt: noon,
  ...some,
})

export const aPrompt = (some: Partial<Prompt> = {}): Prompt => ({
  text: 'How many bicycles are there?',
  images: [toImageRef(anImage())],
  language: 'en',
  categories: ['counting'],
  promptId: null,
  inputMethod: 'typed',
  ...some,
})

export const promptKey = ({ text }: Pick<Prompt, 'text'>) => sha256(normalisedPrompt(text))

export const aSetPrompt = (some: Partial<SetPrompt> = {}): SetPrompt => ({
  id: 'street-1',
  setId: 'street',
  title: { en: 'A street', zh: '街道' },
  text: { en: 'What does the sign say?', zh: '路牌上写着什么？' },
  reference: { en: 'Mill Lane' },
  image: anImage().sha256,
  width: anImage().width,
  height: anImage().height,
  tags: ['ocr'],
  needsImage: true,
  ...some,
})

export const aPromptSet = (some: Partial<PromptSet> = {}): PromptSet => ({
  id: 'street',
  title: { en: 'Streets' },
  license: 'CC0-1.0',
  prompts: [aSetPrompt()],
  ...some,
})

export const aModel = (id = 'ant', some: Partial<Model> = {}): Model => ({
  id,
  name: `Model ${id}`,
  kind: 'openai-compatible',
  model: `maker/${id}`,
  version: `${id}-v1`,
  card: { organization: 'Maker', license: 'Apache-2.0' },
  isBaseline: false,
  isReplay: false,
  state: 'active',
  weight: 1,
  concurrency: 2,
  grounding: 'none',
  resize: null,
  imagesMax: 6,
  sampling: { temperature: 0.7, topP: 1, maxTokens: 1024 },
  exportOutputs: true,
  aliases: [id],
  settings: { temperature: 0.7 },
  ...some,
})

export const aContestant = (id: string) => ({ modelId: id, version: aModel(id).version })

export const aDraw = (some: Partial<Draw> = {}): Draw => ({
  a: aContestant('ant'),
  b: aContestant('bee'),
  pairProbability: 0.5,
  eligible: ['ant', 'bee', 'cat'],
  policyHash: 'policy-1',
  ...some,
})

/** What `start` is given. */
export function aBattle(some: Partial<NewBattle> = {}): NewBattle {
  const prompt = some.prompt ?? aPrompt()
  const id = some.id ?? 'battle-1'
  return {
    id,
    voterId: 'voter-1',
    formKey: `form of ${id}`,
    mode: 'anonymous',
    pacing: 'paced',
    prompt,
    promptSha256: promptKey(prompt),
    flags: [],
    draw: aDraw(),
    consent: { version: 'consent-1', publish: true },
    startedAt: noon,
    ...some,
  }
}

export const aReceipt = (some: Partial<Receipt> = {}): Receipt => ({
  effective: { temperature: 0.7 },
  warnings: [],
  rawFinish: 'stop',
  servedModel: 'maker/ant',
  usage: { input: 900, output: 40 },
  attempts: 1,
  firstTextMs: 320,
  totalMs: 1800,
  requestId: 'req-1',
  ...some,
})

const said = (text: string) => ({
  text,
  chips: [],
  marks: [],
  raw: text,
  detail: null,
  receipt: aReceipt(),
  namedItself: false,
  markup: { characters: text.length, headers: 0, lists: 0, bold: 0 },
})

export const aFinishedAnswer = (text = 'Three.', some: Partial<EndedAnswer> = {}): EndedAnswer =>
  ({ ...said(text), state: 'finished', finish: 'complete', ...some }) as EndedAnswer

export const aStoppedAnswer = (text = 'Thr'): EndedAnswer => ({ ...said(text), state: 'stopped' })

export const aFailedAnswer = (some: Partial<Extract<Answer, { state: 'failed' }>> = {}): EndedAnswer => ({
  ...said(''),
  state: 'failed',
  reason: 'unreachable',
  ref: '7F3K',
  detail: 'ECONNREFUSED',
  ...some,
})

/** What `finish` is given: both sides answered, unless told otherwise. */
export const anEnd = (
  some: Partial<Record<Side, EndedAnswer | 'kept'>> & Partial<{ stoppedByVoter: boolean; at: Date }> = {},
) => ({
  answers: { a: some.a ?? aFinishedAnswer('Three.'), b: some.b ?? aFinishedAnswer('There are four bicycles.') },
  flags: [],
  stoppedByVoter: some.stoppedByVoter ?? false,
  at: some.at ?? later(minuteMs),
})

export const aBallot = (some: Partial<Ballot> = {}): Ballot => ({
  id: 'vote-1',
  battleId: 'battle-1',
  turn: 1,
  voterId: 'voter-1',
  outcome: 'a',
  exclusion: null,
  dwellMs: 9_000,
  castAt: later(2 * minuteMs),
  idempotencyKey: null,
  seenRevision: null,
  ...some,
})

export const aRankedBallot = (some: Partial<RankedBallot> = {}): RankedBallot => ({
  voteId: 'vote-1',
  modelA: 'ant',
  modelB: 'bee',
  outcome: 'a',
  voterId: 'voter-1',
  voterKind: 'anon',
  categories: ['counting'],
  language: 'en',
  turns: 1,
  hasRefusal: false,
  isFromLibrary: false,
  castAt: later(2 * minuteMs),
  pairProbability: 0.5,
  markupA: [6, 0, 0, 0],
  markupB: [24, 0, 0, 0],
  ...some,
})

export const aLeaderboard = (some: Partial<Leaderboard> = {}): Leaderboard => ({
  snapshot: 'snapshot-1',
  view: wholeBoard,
  method: 'bradley-terry',
  seKind: 'sandwich',
  confidence: 0.95,
  votes: 0,
  connected: true,
  pieces: [],
  converged: true,
  flags: [],
  rows: [],
  pairs: [],
  style: null,
  left: { wins: 0, decisive: 0 },
  longer: { wins: 0, decisive: 0 },
  updatedAt: noon,
  ...some,
})

type Cast = { voters: VoterStore; images: ImageStore; models: ModelStore }

/** The people, pictures and models that every battle of these builders names. */
export async function introduce({ voters, images, models }: Cast) {
  await voters.keep(aVoter())
  await voters.keep(aVoter({ id: 'voter-2' }))
  await images.keep(anImage(), null)
  await models.register([aModel('ant'), aModel('bee'), aModel('cat')], noon)
}

/** A battle whose two answers wait for a vote. */
export async function aReadyBattle(
  stores: { battles: BattleStore },
  some: Partial<NewBattle> = {},
  end: Parameters<typeof anEnd>[0] = {},
): Promise<string> {
  const id = await stores.battles.start(aBattle(some))
  await stores.battles.move(id, { type: 'slots_free' }, some.startedAt ?? noon)
  await stores.battles.finish(id, 1, anEnd(end))
  return id
}
