// Battles in every state, for tests and for the gallery. The picture is a seed image, so that there is something to look at.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Answer, Battle, BlindBattle, Chip, RevealedBattle, Said, Turn } from '../../src/battles/battle.ts'
import type { ImageRef } from '../../src/images/image.ts'
import { type BoardRow, type Leaderboard, wholeBoard } from '../../src/leaderboards/leaderboard.ts'
import type { Mark } from '../../src/models/grounding.ts'
import type { Model } from '../../src/models/model.ts'
import type { Receipt } from '../../src/models/provider.ts'
import type { SetPrompt } from '../../src/prompts/prompt.ts'
import type { Vote } from '../../src/votes/vote.ts'
import type { BattleView } from '../../views/battle.tsx'
import type { DataView as DataPageView } from '../../views/data.tsx'
import type { Frame } from '../../views/frame.ts'
import type { LeaderboardView, RankedModel } from '../../views/leaderboard.tsx'
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

const chip = (marks: number[], label: string | null = null, state: Chip['state'] = 'drawn'): Chip => ({
  marks,
  label,
  state,
})
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
  queued: aView(
    blind({ state: 'queued', turns: [aTurn({ answers: { a: writing(), b: writing() }, readyAt: null })] }),
    {
      queueAhead: 3,
    },
  ),
  preparing: aView(
    blind({ state: 'writing', turns: [aTurn({ answers: { a: writing(), b: writing() }, readyAt: null })] }),
  ),
  writing: aView(
    blind({
      state: 'writing',
      turns: [
        aTurn({
          answers: {
            a: writing('**Total:** the bill comes to **£27.39**.\n\nThe service charge is pri'),
            b: writing('This is a café receipt.\n\n| Item |'),
          },
          readyAt: null,
        }),
      ],
    }),
  ),
  ready: aView(blind()),
  identical: aView(
    blind({
      turns: [aTurn({ answers: { a: finished({ ...saidA }), b: finished({ ...saidA }) }, flags: ['identical'] })],
    }),
  ),
  stopped: aView(
    blind({
      stoppedByVoter: true,
      turns: [aTurn({ answers: { a: { ...saidA, state: 'stopped' }, b: { ...saidB, state: 'stopped' } } })],
    }),
  ),
  'one failed': aView(
    blind({
      state: 'void',
      voidReason: 'side_failed',
      turns: [aTurn({ answers: { a: finished(saidA), b: failed() } })],
    }),
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
    share: { url: null, withImage: false },
  }),
  'not counted': aView(revealed(), {
    vote: aVote({ outcome: 'b', status: 'uncounted', exclusion: 'leaked_identity' }),
    share: { url: 'https://arena.example.org/s/k2v9', withImage: true },
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

const boardNames: [id: string, name: string, rating: number, half: number, votes: number][] = [
  ['qwen3-vl-32b', 'Qwen3-VL 32B', 1112, 16, 1840],
  ['molmo-2-8b', 'Molmo 2 8B', 1103, 16, 1792],
  ['gemma-4-12b', 'Gemma 4 12B', 1071, 16, 1811],
  ['internvl-4-14b', 'InternVL 4 14B', 1060, 18, 1503],
  ['pixtral-next', 'Pixtral Next', 1038, 26, 640],
  ['phi-5-vision', 'Phi 5 Vision', 1021, 27, 612],
  ['smol-vl-3', 'SmolVL 3', 968, 74, 61],
]

export const rankedModels = (): Map<string, RankedModel> =>
  new Map(
    boardNames.map(([id, name], i) => {
      const known = [molmo, qwen].find((model) => model.id === id)
      const model =
        known ??
        aModel(id, {
          name,
          card: {
            organization: ['Google', 'Shanghai AI Lab', 'Mistral', 'Microsoft', 'Hugging Face'][i % 5],
            license: ['Gemma', 'MIT', 'Apache-2.0'][i % 3],
            size: '12B',
            benchmarks: { mmmu: { value: 60 - i * 3 }, docvqa: { value: 91 - i * 2, setting: 'few-shot' } },
          },
        })
      return [
        id,
        { model, failureRate: i * 0.004, firstTextMs: 900 + i * 310, tokensPerSecond: 60 - i * 5, isNew: i === 6 },
      ]
    }),
  )

export const aBoard = (some: Partial<Leaderboard> = {}): Leaderboard => {
  const rows = boardNames.map(([model, , rating, half, votes], i): BoardRow => {
    const low = rating - half
    const high = rating + half
    return {
      model,
      rating,
      low,
      high,
      rank: i + 1,
      rankLow: 1 + boardNames.filter(([, , other, reach]) => other - reach > high).length,
      rankHigh: boardNames.length - boardNames.filter(([, , other, reach]) => other + reach < low).length,
      votes,
      wins: Math.round(votes * (0.5 - i * 0.05)),
      losses: Math.round(votes * (0.22 + i * 0.05)),
      ties: Math.round(votes * 0.18),
      bothBad: Math.round(votes * 0.1),
      winRate: 0.64 - i * 0.045,
      status: 'finite',
      provisional: votes < 100,
      prior: null,
      piece: 0,
      plainRating: rating + (i % 3) * 7 - 5,
      plainRank: i + 1,
    }
  })
  return {
    snapshot: '7f3k9a0c11d2e4b8',
    view: wholeBoard,
    method: 'bradley-terry',
    seKind: 'clustered',
    confidence: 0.95,
    votes: 4130,
    connected: true,
    pieces: [boardNames.map(([id]) => id)],
    converged: true,
    flags: [],
    rows,
    pairs: rows.flatMap((one, i) =>
      rows.slice(i + 1).map((other, j) => ({
        a: one.model,
        b: other.model,
        winsA: 40 + (j + 1) * 9 - i * 3,
        winsB: i === 5 ? 2 : 30 - j * 3,
        ties: i === 5 ? 1 : 12,
        bothBad: 4,
      })),
    ),
    style: null,
    left: { wins: 1704, decisive: 3390 },
    longer: { wins: 1900, decisive: 3390 },
    updatedAt: noon,
    ...some,
  }
}

export const aBoardView = (some: Partial<LeaderboardView> = {}): LeaderboardView => ({
  view: wholeBoard,
  board: aBoard(),
  models: rankedModels(),
  showsBaselines: false,
  showsProvisional: true,
  columns: 'basics',
  sort: 'rating',
  isUpdating: false,
  provisionalBelow: 100,
  votesThisMonth: 1240,
  mineNeeds: null,
  languages: ['en', 'zh', 'de'],
  permalink: 'https://arena.example.org/leaderboard',
  now: new Date(noon.getTime() + 120_000),
  ...some,
})

export const aDataView = (some: Partial<DataPageView> = {}): DataPageView => ({
  filter: {
    preset: 'dpo',
    scope: 'internal',
    since: null,
    until: null,
    categories: [],
    language: null,
    hasReason: false,
    includeUncounted: false,
    minSeconds: null,
  },
  preview: {
    battles: 4812,
    counted: 4390,
    rows: 2961,
    sizeBytes: 812_000_000,
    funnel: [
      { reason: 'mode_filter', removed: 120, remaining: 5210 },
      { reason: 'withdrawn', removed: 14, remaining: 5196 },
      { reason: 'leaked_identity', removed: 88, remaining: 5108 },
      { reason: 'truncated', removed: 231, remaining: 4877 },
      { reason: 'side_failed', removed: 0, remaining: 4877 },
      { reason: 'duplicate', removed: 65, remaining: 4812 },
      { reason: 'no_preference', removed: 1851, remaining: 2961 },
    ],
    columns: ['battle_id', 'prompt', 'chosen', 'rejected', 'chosen_side'],
    sample: [
      [
        'k3v9c0d1e2',
        'What was the total, and how much of it was the service charge?',
        'The bill comes to £27.39.',
        'This is a café receipt.',
        'a',
      ],
      ['q81wz44pp0', 'How many boats are on the lake?', 'There are seven boats.', 'I can see some boats.', 'b'],
    ],
  },
  running: null,
  failure: null,
  snapshots: [
    {
      id: '3f9a0c11d2e4b877',
      presets: ['dpo', 'battles'],
      rows: 2961,
      bytes: 812_000_000,
      cutOff: noon,
      tarUrl: '/data/3f9a.tar',
    },
  ],
  columns: [
    { name: 'images', type: 'list<Image>', about: 'The pictures, exactly as both models were sent them.' },
    { name: 'prompt', type: 'list<Msg>', about: 'The conversation up to the question that was voted on.' },
  ],
  command: 'npx sightline export dpo --out ./my-export',
  curl: 'curl -O https://arena.example.org/data/3f9a0c11d2e4b877.tar',
  mayExport: true,
  ...some,
})
