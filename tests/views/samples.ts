// Battles in every state, for tests and for the gallery. The picture is a seed image, so that there is something to look at.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Answer, Battle, BlindBattle, Chip, RevealedBattle, Said, Turn } from '../../src/battles/battle.ts'
import type { ImageRef } from '../../src/images/image.ts'
import type { Mark } from '../../src/models/grounding.ts'
import type { Model } from '../../src/models/model.ts'
import type { Receipt } from '../../src/models/provider.ts'
import type { SetPrompt } from '../../src/prompts/prompt.ts'
import type { Vote } from '../../src/votes/vote.ts'
import type { BattleView } from '../../views/battle.tsx'
import type { Frame } from '../../views/frame.ts'
import { type Language, languages, sayIn } from '../../views/strings/strings.ts'
import { aModel, noon } from '../characters.ts'

const seedsFolder = new URL('../../static/seeds/', import.meta.url)
type SeedFile = {
  license: string
  images: {
    id: string
    file: string
    title: { en: string; zh: string }
    width: number
    height: number
    tags: string[]
    questions: { id: string; text: { en: string; zh: string }; tags: string[] }[]
  }[]
}
export const seeds = JSON.parse(readFileSync(new URL('seeds.json', seedsFolder), 'utf8')) as SeedFile
export const hashOf = (file: string) => createHash('sha256').update(file).digest('hex')
/** For a gallery's server: which file stands for which hash. */
export const seedFiles = new Map(seeds.images.map(({ file }) => [hashOf(file), new URL(file, seedsFolder)]))

export const seedImage = (id: string): ImageRef => {
  const { file, width, height } = seeds.images.find((image) => image.id === id)!
  return { sha256: hashOf(file), mediaType: file.endsWith('png') ? 'image/png' : 'image/jpeg', width, height }
}

export const seedPrompts = (): SetPrompt[] =>
  seeds.images.map(({ id, file, title, width, height, questions }) => ({
    id: questions[0]!.id,
    setId: 'seed',
    title,
    text: questions[0]!.text,
    reference: null,
    image: hashOf(file),
    width,
    height,
    tags: questions[0]!.tags,
    needsImage: id !== '',
  }))

export const aFrame = (lang: Language = 'en', some: Partial<Frame> = {}): Frame => ({
  lang,
  say: sayIn(lang),
  theme: 'system',
  nonce: 'test-nonce',
  csrf: 'test-csrf',
  current: 'battle',
  path: '/',
  site: { name: 'Sightline', languages },
  assets: { css: '/static/app.css', js: '/static/none.js' },
  ...some,
})

const chip = (marks: number[], label: string | null = null, state: Chip['state'] = 'drawn'): Chip => ({ marks, label, state })
const point = (x: number, y: number, label: string | null = null): Mark => ({ kind: 'point', x, y, label })
const box = (x1: number, y1: number, x2: number, y2: number, label: string | null = null): Mark => ({
  kind: 'box',
  x1,
  y1,
  x2,
  y2,
  label,
})
export const chipAt = (n: number) => `\uE000${n}\uE001`

export const saidA: Said = {
  text: `**Total:** the bill comes to **£27.39**.\n\nThe service charge is printed just above it, at 10 %, which makes £2.49. You can check it:\n\n- subtotal £24.90\n- service 10 % £2.49\n- total £27.39\n\nThe QR code is at ${chipAt(0)}, and the total at ${chipAt(1)}.`,
  chips: [chip([0]), chip([1], 'total line')],
  marks: [point(0.5, 0.83, 'QR code'), box(0.2, 0.56, 0.8, 0.63, 'total')],
}
export const saidB: Said = {
  text: `This is a café receipt.\n\n| Item | Price |\n|:--|--:|\n| Flat white | 3.60 |\n| Scone | 4.20 |\n| Total | 27.39 |\n\nThe total is 27.39 and the service charge is $2.49 = 0.1 \\times 24.90$. I marked ${chipAt(0)} and ${chipAt(1)}.\n\n\`\`\`python\ntotal = 24.90 * 1.1  # 27.39\n\`\`\``,
  chips: [chip([0, 1, 2], 'three prices'), chip([], 'the table', 'outside')],
  marks: [point(0.72, 0.32, 'price'), point(0.72, 0.38, 'price'), point(0.73, 0.44, 'price')],
}

export const finished = (said: Said): Answer => ({ ...said, state: 'finished', finish: 'complete' })
export const writing = (text = ''): Answer => ({ text, chips: [], marks: [], state: 'writing' })
export const failed = (text = ''): Answer => ({
  text,
  chips: [],
  marks: [],
  state: 'failed',
  reason: 'timed_out',
  ref: '7F3K',
})

export const aTurn = (some: Partial<Turn> = {}): Turn => ({
  number: 1,
  prompt: {
    text: 'What was the total, and how much of it was the service charge?',
    images: [seedImage('cafe-receipt')],
    language: 'en',
    categories: ['ocr'],
    promptId: null,
    inputMethod: 'typed',
  },
  answers: { a: finished(saidA), b: finished(saidB) },
  flags: [],
  readyAt: noon,
  ...some,
})

export const blind = (some: Partial<BlindBattle> = {}): BlindBattle => ({
  id: '0123456789abcdefghjkmnpqrs',
  voterId: 'voter-1',
  state: 'ready',
  voidReason: null,
  mode: 'anonymous',
  pacing: 'paced',
  turns: [aTurn()],
  tries: 0,
  stoppedByVoter: false,
  replacedSide: null,
  consent: { version: '1', publish: false },
  startedAt: noon,
  readyAt: noon,
  revealedAt: null,
  ...some,
})

export const receipt = (firstTextMs: number, totalMs: number, output: number): Receipt => ({
  effective: {},
  warnings: [],
  rawFinish: 'stop',
  servedModel: null,
  usage: { input: 1200, output },
  attempts: 1,
  firstTextMs,
  totalMs,
  requestId: null,
})

export const molmo: Model = aModel('molmo-2-8b', {
  name: 'Molmo 2 8B',
  card: {
    organization: 'Ai2',
    license: 'Apache-2.0',
    size: '8B',
    servedBy: 'vLLM, this machine',
    released: '2026-01-12',
    openness: { weights: 'open', data: 'open', code: 'open', visionEncoder: 'closed-data' },
    benchmarks: { mmmu: { value: 51.2, by: 'vendor', source: 'model card', date: '2026-01' } },
    url: 'https://example.org/molmo',
  },
})
export const qwen: Model = aModel('qwen3-vl-32b', {
  name: 'Qwen3-VL 32B',
  card: {
    organization: 'Alibaba',
    license: 'Apache-2.0',
    size: '32B',
    servedBy: 'API',
    price: { input: 0.4, output: 0.9, currency: 'USD' },
    openness: { weights: 'open', data: 'closed', code: 'part', visionEncoder: 'open' },
  },
})

export const revealed = (some: Partial<RevealedBattle> = {}): RevealedBattle => ({
  ...blind(),
  state: 'revealed',
  contestants: { a: molmo, b: qwen },
  receipts: [{ a: receipt(812, 4200, 131), b: receipt(2140, 7900, 188) }],
  revealedAt: noon,
  ...some,
})

export const aVote = (some: Partial<Vote> = {}): Vote => ({
  id: 'vote-1',
  battleId: '0123456789abcdefghjkmnpqrs',
  turn: 1,
  voterId: 'voter-1',
  outcome: 'a',
  reasons: [],
  note: null,
  revision: 1,
  status: 'open',
  exclusion: null,
  dwellMs: 12_000,
  castAt: noon,
  ...some,
})

export const aView = (battle: Battle, some: Partial<BattleView> = {}): BattleView => ({
  battle,
  vote: null,
  voteKey: 'key-1',
  askKey: 'key-2',
  sideTriesMax: 2,
  turnsMax: 8,
  imagesPerTurnMax: 2,
  mayReplace: true,
  ...some,
})

const secondTurn = (some: Partial<Turn> = {}) =>
  aTurn({
    number: 2,
    prompt: { ...aTurn().prompt, text: 'And which item was the most expensive?', images: [] },
    ...some,
  })

/** Every state of UX 4.5 that a battle can be in. */
export const battleStates = {
  queued: aView(blind({ state: 'queued', turns: [aTurn({ answers: { a: writing(), b: writing() }, readyAt: null })] }), {
    queueAhead: 3,
  }),
  preparing: aView(blind({ state: 'writing', turns: [aTurn({ answers: { a: writing(), b: writing() }, readyAt: null })] })),
  writing: aView(
    blind({
      state: 'writing',
      turns: [
        aTurn({
          answers: { a: writing('**Total:** the bill comes to **£27.39**.\n\nThe service charge is pri'), b: writing('This is a café receipt.\n\n| Item |') },
          readyAt: null,
        }),
      ],
    }),
  ),
  ready: aView(blind()),
  identical: aView(
    blind({ turns: [aTurn({ answers: { a: finished({ ...saidA }), b: finished({ ...saidA }) }, flags: ['identical'] })] }),
  ),
  stopped: aView(
    blind({
      stoppedByVoter: true,
      turns: [aTurn({ answers: { a: { ...saidA, state: 'stopped' }, b: { ...saidB, state: 'stopped' } } })],
    }),
  ),
  'one failed': aView(
    blind({ state: 'void', voidReason: 'side_failed', turns: [aTurn({ answers: { a: finished(saidA), b: failed() } })] }),
  ),
  'both failed': aView(
    blind({ state: 'void', voidReason: 'side_failed', turns: [aTurn({ answers: { a: failed(), b: failed() } })] }),
  ),
  interrupted: aView(
    blind({ state: 'void', voidReason: 'interrupted', turns: [aTurn({ answers: { a: failed(), b: failed() } })] }),
  ),
  expired: aView(blind({ state: 'void', voidReason: 'expired' })),
  skipped: aView(blind({ state: 'void', voidReason: 'skipped' })),
  voted: aView(blind({ state: 'voted' }), {
    vote: aVote({ reasons: [{ side: 'a', key: 'more_accurate' }] }),
    focus: 'vote',
  }),
  'voted tie': aView(blind({ state: 'voted' }), { vote: aVote({ outcome: 'tie' }) }),
  changing: aView(blind({ state: 'voted' }), { vote: aVote(), isChanging: true }),
  revealed: aView(revealed(), {
    vote: aVote({ status: 'counted' }),
    countedIn: ['overall', 'Reading text'],
    standing: {
      a: { rank: { low: 1, high: 2 }, preferred: { of: 4, total: 7 } },
      b: { rank: { low: 1, high: 3 }, preferred: null },
    },
    share: { url: null },
  }),
  'not counted': aView(revealed(), {
    vote: aVote({ outcome: 'b', status: 'uncounted', exclusion: 'leaked_identity' }),
    share: { url: 'https://arena.example.org/s/k2v9' },
  }),
  withdrawn: aView(revealed(), { vote: aVote({ status: 'withdrawn' }) }),
  'second turn': aView(blind({ turns: [aTurn(), secondTurn()] }), { focus: 'question' }),
  'four images': aView(
    blind({
      turns: [
        aTurn({
          prompt: {
            ...aTurn().prompt,
            images: ['cafe-receipt', 'night-street', 'city-map', 'wall-clock'].map(seedImage),
          },
        }),
      ],
    }),
  ),
  'landscape image': aView(
    blind({ turns: [aTurn({ prompt: { ...aTurn().prompt, images: [seedImage('lake-boats')] } })] }),
  ),
} satisfies Record<string, BattleView>
