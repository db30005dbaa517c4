import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { importedImages } from '../../src/cli/import-images.ts'
import { idFrom } from '../../src/core/ids.ts'
import { buildExport } from '../../src/exports/build-export.ts'
import type { ExportRow } from '../../src/exports/export-store.ts'
import { type ImportContext, importBattles } from '../../src/exports/import-battles.ts'
import { formatOf, type ImportFormat, messagesOf, outcomeOf, timeOf } from '../../src/exports/import-formats.ts'
import { defaultOptions } from '../../src/exports/options.ts'
import { imagePath } from '../../src/exports/record.ts'
import { sharpCodec } from '../../src/providers/sharp-codec.ts'
import { diskBlobStore } from '../../src/storage/disk/blob-store.ts'
import { columnsOf, importFiles, rowsOfFile } from '../../src/storage/exports/import-files.ts'
import { importPool } from '../../src/storage/exports/import-pool.ts'
import { parquetRows } from '../../src/storage/exports/parquet-rows.ts'
import { aContext, aPicture, fortyVotes, hash } from './rows.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-import-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const codec = sharpCodec()
afterAll(() => codec[Symbol.asyncDispose]())
const pictures = (root: string) => importedImages({ codec, blobs: diskBlobStore(root), folder: null })

async function* each<T>(rows: T[]): AsyncIterable<T> {
  yield* rows
}

function anImport(format: ImportFormat, some: Partial<ImportContext> = {}) {
  const pool = importPool(join(folder, 'imports'))
  const context: ImportContext = {
    pool,
    source: 'elsewhere',
    format,
    license: 'cc-by-4.0',
    isDryRun: false,
    modelId: (name) => name,
    keepImage: pictures(join(folder, 'imports')),
    newId: (seed) => idFrom(Buffer.from(hash(seed), 'hex')),
    hash,
    limit: null,
    ...some,
  }
  return { pool, context }
}

async function rowsAt(root: string): Promise<Record<string, unknown>[]> {
  const { globSync } = await import('node:fs')
  const rows: Record<string, unknown>[] = []
  for (const path of globSync(join(root, 'battles', '*.parquet')).sort())
    for await (const row of parquetRows(path)) rows.push(row)
  return rows.sort((left, right) => (String(left['id']) < String(right['id']) ? -1 : 1))
}

test('battles that are exported, imported and exported again are equal in every column and every byte of every picture', async () => {
  const first = join(folder, 'first')
  const second = join(folder, 'second')
  const options = { ...defaultOptions(['battles']), test: 0.2, notes: true }
  await buildExport(options, aContext(fortyVotes(), first))
  const exported = await rowsAt(first)
  const { pool, context } = anImport('battles')
  const totals = await importBattles(each(exported), context)
  expect(totals).toMatchObject({ read: 40, added: 40, skipped: {}, flagged: {} })
  const root = join(folder, 'imports')
  await buildExport(
    { ...options, source: 'elsewhere', license: 'internal' },
    aContext({ rows: [], pictures: new Map() }, second, {
      store: pool.storeOf('elsewhere'),
      image: (image) => readFile(join(root, imagePath(image))),
      isImageThere: async () => true,
    }),
  )
  pool.close()
  expect(await rowsAt(second)).toEqual(exported)
})

const picture = aPicture(900, { width: 40, height: 30 })
const said = (role: string, content: string) => ({ role, content })
const talk = (question: string, answer: string) => [said('user', question), said('assistant', answer)]

// One row of each published format, in the shapes they have.
const fixtures: Record<Exclude<ImportFormat, 'battles'>, Record<string, unknown>> = {
  visionarena: {
    images: [{ bytes: picture.bytes, path: null }],
    question_id: 'va-1',
    model_a: 'gpt-4o',
    model_b: 'claude',
    winner: 'tie (bothbad)',
    judge: 'arena_user_12',
    conversation_a: [[said('user', 'What is it?')], [said('assistant', 'A square.')]],
    conversation_b: [[said('user', 'What is it?')], [said('assistant', 'A circle.')]],
    num_turns: 1n,
    tstamp: 1731974400.5,
    language: 'Russian',
    categories: { captioning: true, code: true, ocr: false, refusal: false },
  },
  '140k': {
    id: '140-1',
    model_a: 'a-model',
    model_b: 'b-model',
    winner: 'both_bad',
    evaluation_session_id: 'session-9',
    evaluation_order: 2n,
    conversation_a: JSON.stringify([
      {
        role: 'user',
        content: [
          { type: 'image', image: Buffer.from(picture.bytes).toString('base64'), mimeType: 'image/png' },
          { type: 'text', text: 'Describe' },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'A thing' }] },
      { role: 'user', content: [{ type: 'text', text: 'More' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Much' }] },
    ]),
    conversation_b: [
      { role: 'user', content: [{ type: 'text', text: 'Describe', image: null, mimeType: null }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Another', image: null, mimeType: null }] },
      { role: 'user', content: [{ type: 'text', text: 'More', image: null, mimeType: null }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Little', image: null, mimeType: null }] },
    ],
    full_conversation: [],
    timestamp: '2025-06-01 10:30:00',
    language: 'pt',
    is_code: true,
    category_tag: { creative_writing_v0: { creative_writing: true, score: 4 }, math_v0: { math: false } },
    occupational_tags: { legal: true, business: false },
  },
  '33k': {
    question_id: '33-1',
    model_a: 'vicuna',
    model_b: 'koala',
    winner: 'model_b',
    judge: 'arena_user_7',
    conversation_a: JSON.stringify(talk('Why?', 'Because')),
    conversation_b: talk('Why?', 'So'),
    turn: 1,
    anony: false,
    language: 'English',
    tstamp: 1682351591132n,
    openai_moderation: { flagged: false },
    toxic_chat_tag: 'none',
  },
  wildvision: {
    question_id: 'wv-1',
    model_a: 'llava',
    model_b: 'qwen-vl',
    conversation_a: talk('What?', 'This'),
    conversation_b: talk('What?', 'That'),
    language: 'English',
    image: { bytes: picture.bytes, path: 'x.png' },
    turn: 1,
    anony: true,
    winner: 'leftvote',
    tstamp: 1710000000,
    judge: 'j',
    domain: 'Urban',
  },
}

async function imported(format: ImportFormat, rows: Record<string, unknown>[], some: Partial<ImportContext> = {}) {
  const { pool, context } = anImport(format, some)
  const totals = await importBattles(each(rows), context)
  const held: ExportRow[] = []
  await pool.storeOf(context.source).read(async (reader) => {
    for await (const row of reader.rows()) held.push(row)
  })
  pool.close()
  return { totals, rows: held }
}

test.each(Object.keys(fixtures) as (keyof typeof fixtures)[])('%s is known by its columns', (format) => {
  expect(formatOf(Object.keys(fixtures[format]))).toBe(format)
})
test('our own battles are known by theirs, and nonsense by nothing', () => {
  expect(formatOf(['id', 'split_group', 'images', 'categories'])).toBe('battles')
  expect(formatOf(['prompt', 'chosen', 'rejected'])).toBeNull()
})

test('VisionArena: picture at the first question, English names to tags, true categories, both bad', async () => {
  const { rows, totals } = await imported('visionarena', [fixtures.visionarena])
  expect(totals).toMatchObject({ read: 1, added: 1, images: 1, skipped: {} })
  expect(rows[0]).toMatchObject({
    vote: { outcome: 'both_bad', castAt: new Date(1731974400500) },
    battle: { mode: 'anonymous' },
    turns: [
      {
        text: 'What is it?',
        language: 'ru',
        categories: ['captioning', 'is_code'],
        images: [{ sha256: picture.image.sha256, width: 40 }],
      },
    ],
  })
  expect(rows[0]!.turns[0]!.answers.b.raw).toBe('A circle.')
})

test('140k: JSON text, picture parts, two turns, true leaves, a time without a zone is UTC and said', async () => {
  const { rows, totals } = await imported('140k', [fixtures['140k']])
  const [row] = rows
  expect(row).toMatchObject({
    vote: { turn: 2, castAt: new Date('2025-06-01T10:30:00Z') },
    battle: { session: 'session-9' },
  })
  expect(row!.turns.map(({ text, images }) => [text, images.length])).toEqual([
    ['Describe', 1],
    ['More', 0],
  ])
  expect(row!.turns[1]!.categories).toEqual(['is_code', 'creative_writing', 'legal'])
  expect(row!.battle.votes.at(-1)).toMatchObject({ id: row!.vote.id })
  expect(row!.battle.votes).toHaveLength(2)
  expect(totals.warnings).toEqual(['1 times had no zone and were read as UTC'])
})

test('33k: not anonymous, milliseconds, no picture; other columns are kept', async () => {
  const { rows } = await imported('33k', [fixtures['33k']])
  expect(rows[0]).toMatchObject({
    vote: { outcome: 'b', castAt: new Date(1682351591132) },
    battle: { mode: 'named' },
    voter: { id: 'elsewhere:arena_user_7' },
  })
})

test('WildVision: one picture, winner words of its own, the domain is the category', async () => {
  const { rows } = await imported('wildvision', [fixtures.wildvision], {
    modelId: (name) => (name === 'llava' ? 'llava-13b' : name),
  })
  expect(rows[0]).toMatchObject({ vote: { outcome: 'a' }, models: { a: { id: 'llava-13b', name: 'llava' } } })
  expect(rows[0]!.turns[0]).toMatchObject({ categories: ['Urban'], images: [{ width: 40, height: 30 }] })
})

test('what cannot be read is skipped under its name and never read as something else', async () => {
  const base = fixtures.wildvision
  const { totals, rows } = await imported('wildvision', [
    base,
    { ...base },
    { ...base, question_id: '2', winner: 'model_c' },
    { ...base, question_id: '3', winner: null },
    { ...base, question_id: '4', model_a: '' },
    { ...base, question_id: '5', model_b: 'llava' },
    { ...base, question_id: '6', conversation_a: talk('What?', ' ') },
    { ...base, question_id: '7', conversation_b: '[{"role":' },
    { ...base, question_id: '8', conversation_b: talk('Something else?', 'That') },
    { ...base, question_id: '9', image: { bytes: new Uint8Array([1, 2, 3]), path: null } },
    { skipped: 'invalid_json' } as unknown as Record<string, unknown>,
  ])
  expect(totals.skipped).toEqual({
    duplicate: 1,
    unknown_winner: 2,
    missing_model: 1,
    same_model: 1,
    empty_answer: 1,
    invalid_json: 2,
  })
  expect(totals.flagged).toEqual({ prompt_mismatch: 1, image_missing: 1 })
  expect(rows).toHaveLength(3)
})

test('importing twice adds nothing; a dry run keeps nothing; undo takes it all out', async () => {
  const { pool, context } = anImport('wildvision')
  const run = (some: Partial<ImportContext> = {}) => importBattles(each([fixtures.wildvision]), { ...context, ...some })
  expect((await run({ isDryRun: true })).added).toBe(1)
  expect(await pool.sources()).toEqual([])
  expect((await run()).added).toBe(1)
  expect(await run()).toMatchObject({ added: 0, skipped: { duplicate: 1 } })
  expect(await pool.sources()).toEqual([{ name: 'elsewhere', format: 'wildvision', license: 'cc-by-4.0', votes: 1 }])
  expect(await pool.remove('elsewhere')).toBe(1)
  expect(await pool.remove('elsewhere')).toBeNull()
  pool.close()
})

test('picture paths lead only into the named folder, addresses are never fetched, data URLs and base64 are read', async () => {
  const root = join(folder, 'pictures')
  mkdirSync(join(root, 'in'), { recursive: true })
  writeFileSync(join(root, 'in', 'x.png'), picture.bytes)
  writeFileSync(join(folder, 'secret.png'), picture.bytes)
  symlinkSync(join(folder, 'secret.png'), join(root, 'link.png'))
  const keep = importedImages({ codec, blobs: null, folder: root })
  const read = (words: string) => keep({ bytes: null, words })
  const base64 = Buffer.from(picture.bytes).toString('base64')
  expect(await read('in/x.png')).toMatchObject({ sha256: picture.image.sha256 })
  expect(await read(`data:image/png;base64,${base64}`)).toMatchObject({ sha256: picture.image.sha256 })
  expect(await read(base64)).toMatchObject({ sha256: picture.image.sha256 })
  for (const words of [
    '../secret.png',
    'link.png',
    join(folder, 'secret.png'),
    'in/../../secret.png',
    'https://example.org/x.png',
    'file:///etc/passwd',
    'in/absent.png',
  ])
    expect(await read(words), words).toBeNull()
})

test('a picture with metadata is stored without it', async () => {
  const { default: sharp } = await import('sharp')
  const withExif = await sharp(picture.bytes)
    .withExif({ IFD0: { Artist: 'canary-artist' } })
    .jpeg()
    .toBuffer()
  const root = join(folder, 'imports')
  const kept = await pictures(root)({ bytes: withExif, words: null })
  const stored = await readFile(join(root, imagePath(kept!)))
  expect(withExif.includes('canary-artist')).toBe(true)
  expect(stored.includes('canary-artist')).toBe(false)
  expect(hash(stored)).toBe(kept!.sha256)
})

test('files: JSON lines with and without gzip, Parquet, folders of them', async () => {
  const root = join(folder, 'files')
  mkdirSync(join(root, 'deep'), { recursive: true })
  const line = JSON.stringify({ ...fixtures['33k'], tstamp: 1 })
  writeFileSync(join(root, 'a.jsonl'), `${line}\n\n{broken\n${line}`)
  writeFileSync(join(root, 'deep', 'b.jsonl.gz'), gzipSync(`${line}\n`))
  writeFileSync(join(root, 'notes.txt'), 'no')
  const out = join(folder, 'exported')
  await buildExport(defaultOptions(['battles']), aContext(fortyVotes(), out))
  const files = await importFiles([root, join(out, 'battles')])
  expect(files).toHaveLength(2 + 2)
  const rows = async (path: string) => {
    const held: Record<string, unknown>[] = []
    for await (const row of rowsOfFile(path)) held.push(row)
    return held
  }
  expect((await rows(files[0]!)).map((row) => row['question_id'] ?? row['skipped'])).toEqual([
    '33-1',
    'invalid_json',
    '33-1',
  ])
  expect(await rows(files[1]!)).toHaveLength(1)
  expect(formatOf(await columnsOf(files[2]!))).toBe('battles')
})

test('Parquet packed with zstd, gzip or brotli is read; an unknown packing is an error that names it', async () => {
  const { parquetWriteBuffer } = await import('hyparquet-writer')
  const { brotliCompressSync, zstdCompressSync } = await import('node:zlib')
  const pack = { ZSTD: zstdCompressSync, GZIP: gzipSync, BROTLI: brotliCompressSync }
  for (const [codec, compress] of Object.entries(pack)) {
    const path = join(folder, `${codec}.parquet`)
    const bytes = parquetWriteBuffer({
      columnData: [{ name: 'id', data: ['x', 'x', 'x'], type: 'STRING' }],
      codec: codec as 'ZSTD',
      compressors: { [codec]: (input: Uint8Array) => new Uint8Array(compress(input)) },
    })
    writeFileSync(path, new Uint8Array(bytes))
    const held: unknown[] = []
    for await (const row of parquetRows(path)) held.push(row['id'])
    expect(held).toEqual(['x', 'x', 'x'])
  }
  const path = join(folder, 'lz4.parquet')
  writeFileSync(
    path,
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [{ name: 'id', data: ['x'], type: 'STRING' }],
        codec: 'LZ4',
        compressors: { LZ4: (input) => input },
      }),
    ),
  )
  await expect(async () => {
    for await (const _ of parquetRows(path));
  }).rejects.toThrow(/LZ4/)
})

test('winner words, times and messages of all shapes', () => {
  expect(['model_a', 'A', 'leftvote', 'rightvote', 'tievote', 'Tie (bothbad)', 'bothbad_vote'].map(outcomeOf)).toEqual([
    'a',
    'a',
    'a',
    'b',
    'tie',
    'both_bad',
    'both_bad',
  ])
  expect([outcomeOf('model_c'), outcomeOf(null), outcomeOf(0.5)]).toEqual([null, null, null])
  expect(timeOf(1e12)!.at.getTime()).toBe(1e12)
  expect(timeOf(1e9)!.at.getTime()).toBe(1e12)
  expect(timeOf('2025-06-01T10:00:00+02:00')).toEqual({ at: new Date('2025-06-01T08:00:00Z'), isGuessed: false })
  expect(timeOf('soon')).toBeNull()
  expect(messagesOf('[[{"role":"user","content":"x"}]]')).toEqual([{ role: 'user', text: 'x', images: [] }])
  expect(messagesOf([{ role: 'developer', content: 'x' }])).toBeNull()
})
