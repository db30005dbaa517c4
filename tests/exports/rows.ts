// A small arena in memory: forty votes with everything that makes a dataset hard, the same on every machine.
import { createHash, createHmac } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import type { Outcome } from '../../src/battles/battle.ts'
import type { ExportContext } from '../../src/exports/build-export.ts'
import type {
  ExportAnswer,
  ExportImage,
  ExportModel,
  ExportRow,
  ExportStore,
  ExportTurn,
} from '../../src/exports/export-store.ts'
import { exportFolder } from '../../src/storage/exports/export-folder.ts'
import { sqliteLedger } from '../../src/storage/exports/ledger.ts'

export const hash = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')
const start = Date.UTC(2026, 10, 1, 12, 0, 0)
const hourMs = 3_600_000

export type Picture = { image: ExportImage; bytes: Uint8Array }

/** A real PNG of one colour with noise: equal seeds, equal bytes. */
export function aPicture(seed: number, { width = 24, height = 16 }: { width?: number; height?: number } = {}): Picture {
  const raw = Buffer.alloc(height * (1 + width * 3))
  let state = seed * 2654435761 + 1
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width * 3; x++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      raw[y * (1 + width * 3) + 1 + x] = (state >>> 24) & 0xff
    }
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const bytes = new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      // Stored, not compressed: the bytes must not depend on the version of zlib.
      chunk('IDAT', deflateSync(raw, { level: 0 })),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  )
  const sha256 = hash(bytes)
  return {
    bytes,
    image: {
      sha256,
      mediaType: 'image/png',
      width,
      height,
      bytes: bytes.length,
      phash: hash(`phash ${seed}`).slice(0, 16),
      isQuarantined: false,
    },
  }
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

export const idOf = (name: string) =>
  BigInt(`0x${hash(name).slice(0, 32)}`)
    .toString(36)
    .padStart(26, '0')
    .slice(-26)

export const anExportModel = (id: string, some: Partial<ExportModel> = {}): ExportModel => ({
  id,
  name: `Model ${id}`,
  kind: 'openai-compatible',
  model: `maker/${id}`,
  version: `${id}-v1`,
  card: { organization: 'Maker', license: 'Apache-2.0' },
  isBaseline: false,
  isReplay: false,
  exportOutputs: true,
  ...some,
})

export const anAnswer = (raw: string, some: Partial<ExportAnswer> = {}): ExportAnswer => ({
  state: 'finished',
  raw,
  finish: 'complete',
  reason: null,
  marks: [],
  markup: { characters: [...raw].length, headers: 0, lists: 0, bold: 0 },
  tokensIn: 900,
  tokensOut: 40,
  firstTextMs: 320,
  totalMs: 1840.5,
  params: { temperature: 0.7, topP: 1, maxTokens: 1024 },
  ...some,
})

export const aTurn = (some: Partial<ExportTurn> = {}): ExportTurn => ({
  number: 1,
  text: 'What is it?',
  language: 'en',
  categories: ['ocr'],
  flags: [],
  images: [aPicture(1).image],
  answers: { a: anAnswer('A square.'), b: anAnswer('A circle.') },
  ...some,
})

export type RowParts = Omit<Partial<ExportRow>, 'vote' | 'battle'> & {
  vote?: Partial<ExportRow['vote']>
  battle?: Partial<ExportRow['battle']>
}
/** One vote; `name` decides its ids. */
export function aRow(name: string, some: RowParts = {}): ExportRow {
  const turns = some.turns ?? [aTurn()]
  const id = some.vote?.id ?? idOf(`vote ${name}`)
  const turn = some.vote?.turn ?? turns.length
  const vote: ExportRow['vote'] = {
    turn,
    outcome: 'a',
    reasons: [],
    note: null,
    status: 'counted',
    exclusion: null,
    dwellMs: 9000,
    castAt: new Date(start + 60_000),
    ...some.vote,
    id,
  }
  return {
    vote,
    voter: some.voter ?? { id: `voter-${name}`, kind: 'anon' },
    battle: {
      id: idOf(`battle ${name}`),
      mode: 'anonymous',
      isErased: false,
      isDemo: false,
      replacedSide: null,
      consent: { version: '2026-10', publish: true },
      leftSide: 'a',
      blindedSide: null,
      pairProbability: 0.25,
      policyHash: 'policy-1',
      system: null,
      turnsTotal: turns.length,
      startedAt: new Date(start),
      votes: [{ id, turn, counts: vote.status === 'counted' && vote.exclusion === null }],
      session: null,
      flags: [],
      ...some.battle,
    },
    turns,
    models: some.models ?? { a: anExportModel('ant'), b: anExportModel('bee') },
  }
}

const outcomes: Outcome[] = ['a', 'b', 'tie', 'both_bad', 'a', 'b']
const modelIds = ['ant', 'bee', 'cat', 'dog [: "x']

export type SmallArena = { rows: ExportRow[]; pictures: Map<string, Uint8Array> }

/** Forty votes: several pictures, several turns, a system prompt, ties, both bad, emoji, right-to-left, no picture, marks, reasons, notes. */
export function fortyVotes(): SmallArena {
  const pictures = new Map<string, Uint8Array>()
  const picture = (seed: number) => {
    const { image, bytes } = aPicture(seed)
    pictures.set(image.sha256, bytes)
    return image
  }
  const rows = Array.from({ length: 40 }, (_, n): ExportRow => {
    const a = modelIds[n % 4]!
    const b = modelIds[(n + 1 + (n % 3)) % 4]!
    const question =
      n % 10 === 3
        ? 'ما هذا؟ 🤔'
        : n % 10 === 5
          ? '这张图片里有什么？'
          : `Question ${n}: what do you see in this picture, and how sure are you of it?`
    const images = n % 8 === 7 ? [] : n % 9 === 4 ? [picture(n), picture(n + 100)] : [picture(n)]
    const first = aTurn({
      text: question,
      language: n % 10 === 3 ? 'ar' : n % 10 === 5 ? 'zh-Hans' : 'en',
      categories: n % 2 ? ['ocr', 'document'] : ['counting'],
      images,
      answers: {
        a: anAnswer(`## Answer ${n}\n\n- **one** 👩‍👩‍👧\n- two`, {
          markup: { characters: 40 + n, headers: 1, lists: 2, bold: 1 },
          marks: n % 6 === 0 ? [{ kind: 'point', x: 0.42, y: 0.61, label: 'bike' }] : [],
        }),
        b: anAnswer(`Plain answer ${n}, "quoted", comma.`, {
          marks: n % 6 === 0 ? [{ kind: 'box', x1: 0.1, y1: 0.2, x2: 0.3, y2: 0.4, label: null, image: 1 }] : [],
        }),
      },
    })
    const second = aTurn({
      number: 2,
      text: `And in more detail, please, for row ${n}?`,
      images: n % 14 === 0 ? [picture(n + 200)] : [],
      answers: { a: anAnswer(`More ${n}`), b: anAnswer(`Even more ${n}`) },
    })
    const isLong = n % 7 === 0
    const id = idOf(`vote ${n}`)
    return aRow(String(n), {
      vote: {
        id,
        outcome: outcomes[n % 6]!,
        castAt: new Date(start + n * 37 * 60_000),
        reasons: n % 5 === 0 ? [{ side: 'a', key: 'clearer' }] : [],
        note: n % 11 === 0 ? '=HYPERLINK("x") is what I saw' : null,
      },
      voter: { id: `voter-${n % 9}`, kind: n % 9 === 8 ? 'annotator' : 'anon' },
      battle: { consent: { version: '2026-10', publish: n % 4 !== 1 }, system: n % 13 === 0 ? 'Be brief.' : null },
      turns: isLong ? [first, second] : [first],
      models: { a: anExportModel(a), b: anExportModel(b) },
    })
  })
  return { rows: rows.sort((left, right) => (left.vote.id < right.vote.id ? -1 : 1)), pictures }
}

/** Rows by id, whatever the order they are given in; `rows` may be changed between exports. */
export function memoryStore(arena: { rows: ExportRow[] }): ExportStore {
  return {
    read: (work) =>
      work({
        async *rows() {
          yield* [...arena.rows].sort((left, right) => (left.vote.id < right.vote.id ? -1 : 1))
        },
        async rowsOf(ids) {
          const wanted = new Set(ids)
          return new Map(arena.rows.filter(({ vote }) => wanted.has(vote.id)).map((row) => [row.vote.id, row]))
        },
      }),
  }
}

export const hours = (n: number) => n * hourMs

/** Everything an export needs, over rows in memory; folder and ledger are real. */
export function aContext(
  arena: { rows: ExportRow[]; pictures: Map<string, Uint8Array> },
  folder: string,
  some: Partial<ExportContext> = {},
): ExportContext {
  return {
    store: memoryStore(arena),
    ledger: sqliteLedger(':memory:'),
    folder: exportFolder(folder),
    image: async ({ sha256 }) => arena.pictures.get(sha256),
    isImageThere: async ({ sha256 }) => arena.pictures.has(sha256),
    // Of the same shape as what sharp would give, and the same on every version of it.
    smallJpeg: async (bytes) => Buffer.from(bytes.subarray(0, 64)).toString('base64'),
    hash,
    keyed: (text) => createHmac('sha256', 'a key of tests').update(text).digest(),
    keyId: () => 'key-of-tests',
    codeVersion: '0.1.0',
    sqliteVersion: '3.54.1',
    site: { name: 'Lab arena', url: 'https://arena.example.org', contact: 'data@arena.example.org' },
    ...some,
  }
}
