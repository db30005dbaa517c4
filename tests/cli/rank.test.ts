import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { beforeAll, expect, test } from 'vitest'
import { comparisonsOf } from '../../src/ranking/comparison.ts'
import { type Leaderboard, leaderboardOf } from '../../src/ranking/rate.ts'
import { folderWith } from '../config/folder.ts'
import { inside, sightline } from './sightline.ts'

beforeAll(async () => void (await sightline(['--version'])), 120_000)

type GoldenVote = { model_a: string; model_b: string; winner: string; judge?: string; weight?: number }
const golden = new URL('../golden/ranking/', import.meta.url)
const caseNamed = (name: string) =>
  JSON.parse(readFileSync(new URL(`${name}.json`, golden), 'utf8')) as { votes: GoldenVote[] }
const jsonl = (rows: readonly unknown[]) => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`

const outcomes = { model_a: 'a', model_b: 'b', tie: 'tie', both_bad: 'both_bad', 'tie (bothbad)': 'both_bad' } as const
const boardOf = (votes: readonly GoldenVote[]) => {
  const { models, comparisons } = comparisonsOf(
    votes.map(({ model_a, model_b, winner, judge }) => ({
      modelA: model_a,
      modelB: model_b,
      outcome: outcomes[winner as keyof typeof outcomes],
      voter: judge,
    })),
  )
  return JSON.parse(JSON.stringify(leaderboardOf(comparisons, { names: models }))) as Leaderboard
}

const rank = async (args: readonly string[], options: Parameters<typeof sightline>[1] = {}) => {
  const ended = await (options.input === undefined ? inside : sightline)(['rank', '--json', ...args], options)
  if (ended.code !== 0) throw new Error(ended.err)
  return JSON.parse(ended.out) as Leaderboard & { skipped_by_reason: Record<string, number> }
}

const mixed = caseNamed('mixed-8').votes

test.each(
  readdirSync(golden)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace('.json', ''))
    .filter((name) => Array.isArray(caseNamed(name).votes)),
)('%s: a file of votes gives the same board as the library, to the last digit', async (name) => {
  const { votes } = caseNamed(name)
  const { skipped_by_reason, ...board } = await rank(['--in', 'votes.jsonl'], {
    cwd: folderWith({ 'votes.jsonl': jsonl(votes) }),
  })
  expect(skipped_by_reason).toEqual({})
  expect(board).toEqual(boardOf(votes))
})

test('JSONL, gzip, CSV, Parquet and standard input are the same votes', async () => {
  const csv = [
    'model_a,winner,model_b',
    ...mixed.map((vote) => `${vote.model_a},${vote.winner},"${vote.model_b}"`),
  ].join('\r\n')
  const column = (name: 'model_a' | 'model_b' | 'winner') => ({
    name,
    data: mixed.map((vote) => vote[name]),
    type: 'STRING' as const,
  })
  const parquet = parquetWriteBuffer({
    columnData: [column('model_a'), column('model_b'), column('winner')],
    rowGroupSize: 90,
  })
  const cwd = folderWith({
    'v.jsonl': jsonl(mixed),
    'v.jsonl.gz': gzipSync(jsonl(mixed)),
    'v.csv': csv,
    'v.csv.gz': gzipSync(csv),
    'v.parquet': new Uint8Array(parquet),
  })
  const expected = await rank(['--in', 'v.jsonl'], { cwd })
  for (const file of ['v.jsonl.gz', 'v.csv', 'v.csv.gz', 'v.parquet'])
    expect(await rank(['--in', file], { cwd }), file).toEqual(expected)
  expect(await rank(['--in', '-'], { cwd, input: jsonl(mixed) })).toEqual(expected)
  expect(await rank(['--in', '-'], { cwd, input: gzipSync(jsonl(mixed)) })).toEqual(expected)
})

test('neither the order of the votes nor how they are split into files changes a digit', async () => {
  const votes = caseNamed('clustered-5').votes
  const shuffled = fc.sample(fc.shuffledSubarray(votes, { minLength: votes.length }), { numRuns: 1, seed: 7 })[0]!
  const cwd = folderWith({
    'all.jsonl': jsonl(votes),
    '1.jsonl': jsonl(shuffled.slice(0, 99)),
    '2.jsonl': jsonl(shuffled.slice(99)),
  })
  for (const ci of ['sandwich', 'bootstrap'])
    expect(await rank(['--ci', ci, '--samples', '50', '--in', '1.jsonl', '2.jsonl'], { cwd })).toEqual(
      await rank(['--ci', ci, '--samples', '50', '--in', 'all.jsonl'], { cwd }),
    )
})

test('Elo goes by time, then id, whatever the order of the file', async () => {
  const dated = mixed.map((vote, at) => ({
    ...vote,
    id: `v${String(at).padStart(4, '0')}`,
    tstamp: 1_700_000_000 + Math.floor(at / 3),
  }))
  const cwd = folderWith({ 'a.jsonl': jsonl(dated), 'b.jsonl': jsonl(dated.toReversed()) })
  const args = ['--method', 'elo', '--ci', 'none', '--k', '32']
  const board = await rank([...args, '--in', 'a.jsonl'], { cwd })
  expect(await rank([...args, '--in', 'b.jsonl'], { cwd })).toEqual(board)
  expect(board.k).toBe(32)
})

const bad = [
  '{"model_a":"x"',
  '[]',
  '{"model_a":"m00","model_b":"m00","winner":"tie"}',
  '{"model_a":"m00","model_b":"m01","winner":"draw"}',
  '{"model_a":"m00","model_b":"m01","winner":"constructor"}',
  '{"model_a":"m00","winner":"tie"}',
]

test('bad rows are named by line and never read as something else; above one in a hundred they end it', async () => {
  const lines = jsonl(mixed).trimEnd().split('\n')
  const cwd = folderWith({ 'v.jsonl': [...bad, '', ...lines].join('\n'), 'few.jsonl': [...lines, bad[3]].join('\n') })
  const refused = await inside(['rank', '--in', 'v.jsonl'], { cwd })
  expect(refused).toMatchObject({ code: 1, out: '' })
  expect(refused.err.trimEnd().split('\n')).toEqual([
    'v.jsonl:1: skipped, it is not valid JSON.',
    'v.jsonl:2: skipped, it is not a JSON object.',
    'v.jsonl:3: skipped, "m00" meets itself.',
    'v.jsonl:4: skipped, winner "draw" is not known.',
    'v.jsonl:5: skipped, winner "constructor" is not known.',
    'v.jsonl:6: skipped, it has no model_b.',
    '6 of 406 rows are bad, more than 1 %; mend them, or rank the rest with --lenient.',
  ])
  const lenient = await rank(['--lenient', '--in', 'v.jsonl'], { cwd })
  expect(lenient.models).toEqual(boardOf(mixed).models)
  expect(lenient).toMatchObject({
    votes: 400,
    skipped: 6,
    skipped_by_reason: { unreadable: 3, same_model: 1, unknown_winner: 2 },
  })
  const few = await inside(['rank', '--in', 'few.jsonl', '--json'], { cwd })
  expect(few).toMatchObject({ code: 0, err: 'few.jsonl:401: skipped, winner "draw" is not known.\n' })
})

test('CSV rows are named by the line they begin on, and a formula guard is not part of a name', async () => {
  const rows = [
    'model_a,model_b,winner',
    '"two',
    'lines",b,model_a',
    "'=x,b,model_b",
    'a,b',
    'a,b,draw',
    '"a""q",b,tie',
  ]
  const cwd = folderWith({ 'v.csv': rows.join('\n'), 'headless.csv': 'a,b,tie\n' })
  const { out, err } = await inside(['rank', '--lenient', '--in', 'v.csv', '--json'], { cwd })
  expect(err.trimEnd().split('\n')).toEqual([
    'v.csv:5: skipped, it has 2 cells where the header has 3.',
    'v.csv:6: skipped, winner "draw" is not known.',
  ])
  expect((JSON.parse(out) as Leaderboard).models.map(({ model }) => model).sort()).toEqual([
    '=x',
    'a"q',
    'b',
    'two\nlines',
  ])
  const headless = await inside(['rank', '--in', 'headless.csv'], { cwd })
  expect(headless).toMatchObject({ code: 2, err: 'headless.csv:1: the header has no model_a, model_b, winner.\n' })
})

test('uncounted, open and repeated votes are left out and counted by reason', async () => {
  const rows = [
    ...mixed,
    { ...mixed[0], counted: false },
    { ...mixed[0], counted: 'false' },
    { ...mixed[0], anony: false },
    { ...mixed[0], mode: 'named' },
    { ...mixed[0], id: 'once', mode: 'anonymous', counted: true },
    { ...mixed[1], id: 'once' },
  ]
  const board = await rank(['--in', 'v.jsonl'], { cwd: folderWith({ 'v.jsonl': jsonl(rows) }) })
  expect(board).toMatchObject({ votes: 401, skipped_by_reason: { uncounted: 2, not_anonymous: 2, repeated: 1 } })
})

// Both bad is a kind of tie, so it is in both counts.
test('the winner words of published sets are known', async () => {
  const words = [
    'model_a',
    'a',
    'leftvote',
    'model_b',
    'b',
    'rightvote',
    'tie',
    'tievote',
    'both_bad',
    'tie (bothbad)',
    'bothbad_vote',
  ]
  const rows = words.map((winner) => ({ model_a: 'x', model_b: 'y', winner }))
  const { models } = await rank(['--in', 'v.jsonl'], { cwd: folderWith({ 'v.jsonl': jsonl(rows) }) })
  expect(models.find(({ model }) => model === 'x')).toMatchObject({
    votes: 11,
    wins: 3,
    losses: 3,
    ties: 5,
    both_bad: 3,
  })
})

test('a category may be a tag of a list, a true leaf of an object, or JSON in a text', async () => {
  const tags = [
    { categories: ['ocr', 'chart'] },
    { categories: 'ocr|document' },
    { categories: { ocr: true, humor: false } },
    { category_tag: { 'criteria_v0.1': { ocr: true } } },
    { category_tag: '{"criteria_v0.1":{"ocr":true}}' },
    { categories: ['chart'] },
    {},
  ]
  const cwd = folderWith({
    'v.jsonl': jsonl(
      tags.map((tag, at) => ({ ...tag, model_a: 'x', model_b: 'y', winner: at % 2 ? 'model_a' : 'model_b' })),
    ),
  })
  expect((await rank(['--in', 'v.jsonl', '--category', 'ocr'], { cwd })).votes).toBe(5)
  const wrong = await inside(['rank', '--in', 'v.jsonl', '--category', 'orc'], { cwd })
  expect(wrong).toMatchObject({ code: 1, err: '--category orc: no vote is in it; did you mean ocr?\n' })
})

test('style is read from our own columns and from conv_metadata alike', async () => {
  type StyleVote = GoldenVote & Record<`${'tok' | 'head' | 'list' | 'bold'}_${'a' | 'b'}`, number>
  const votes = caseNamed('style-6').votes as StyleVote[]
  const own = votes.map((v) => ({
    ...v,
    chars_a: v.tok_a,
    chars_b: v.tok_b,
    headers_a: v.head_a,
    headers_b: v.head_b,
    lists_a: v.list_a,
    lists_b: v.list_b,
  }))
  const published = votes.map(({ model_a, model_b, winner, ...v }) => ({
    model_a,
    model_b,
    winner,
    conv_metadata: {
      sum_assistant_a_tokens: v.tok_a,
      sum_assistant_b_tokens: v.tok_b,
      header_count_a: { h1: v.head_a, h2: 0 },
      header_count_b: { h1: 0, h2: v.head_b },
      list_count_a: { ordered: v.list_a, unordered: 0 },
      list_count_b: { ordered: 0, unordered: v.list_b },
      bold_count_a: { '**': v.bold_a, __: 0 },
      bold_count_b: { '**': v.bold_b, __: 0 },
    },
  }))
  const cwd = folderWith({ 'own.jsonl': jsonl(own), 'published.jsonl': jsonl(published) })
  const first = await rank(['--style', '--in', 'own.jsonl'], { cwd })
  const second = await rank(['--style', '--in', 'published.jsonl'], { cwd })
  expect(first.style).toMatchObject({ estimable: true, votes_without_style: 0, length_in: 'characters' })
  expect(second.style).toMatchObject({ length_in: 'tokens' })
  expect(second.models).toEqual(first.models)
  expect(first.models[0]).toHaveProperty('plain_rating')
})

test.each([
  [['--anchor', 'm99=1000'], 2, '--anchor: m99 is not among the models'],
  [['--anchor', 'm00'], 2, 'It must be MODEL=RATING'],
  [['--k', '4'], 2, '--k belongs to --method elo'],
  [['--style', '--method', 'davidson'], 2, '--style works with --method bradley-terry only'],
  [['--confidence', '95'], 2, 'It must be between 0 and 1'],
  [['--method', 'bradly-terry'], 2, 'Allowed choices are bradley-terry, elo, davidson, rao-kupper'],
  [['--plot', 'x.png'], 2, 'the picture is an SVG'],
])('%j is wrong usage', async (args, code, words) => {
  const ended = await inside(['rank', '--in', 'v.jsonl', ...args], { cwd: folderWith({ 'v.jsonl': jsonl(mixed) }) })
  expect(ended).toMatchObject({ code, out: '' })
  expect(ended.err).toContain(words)
  expect(ended.err.trimEnd().split('\n')).toHaveLength(1)
})

test('an empty file, a JSON array and broken gzip each get a sentence', async () => {
  const cwd = folderWith({
    'e.jsonl': '',
    'a.json': '[\n{}]',
    'g.jsonl.gz': gzipSync(jsonl(mixed)).subarray(0, 500),
    'p.parquet': 'PAR1nonsense',
  })
  expect(await inside(['rank', '--in', 'e.jsonl'], { cwd })).toMatchObject({
    code: 1,
    err: 'There is no vote in e.jsonl.\n',
  })
  expect((await inside(['rank', '--in', 'a.json'], { cwd })).err).toMatch(/^a.json: this is one JSON array; [^\n]*\n$/)
  expect((await inside(['rank', '--in', 'g.jsonl.gz'], { cwd })).err).toMatch(
    /^g.jsonl.gz: the gzip data is broken: [^\n]*\n$/,
  )
  expect((await inside(['rank', '--in', 'p.parquet'], { cwd })).err).toMatch(
    /^p.parquet: this Parquet file cannot be read: [^\n]*\n$/,
  )
})

test('the table says pieces and priors in words; CSV has one line for each model', async () => {
  const cwd = folderWith({
    'd.jsonl': jsonl(caseNamed('disconnected').votes),
    'w.jsonl': jsonl(caseNamed('always-wins').votes),
    'v.jsonl': jsonl(mixed),
  })
  const pieces = (await inside(['rank', '--in', 'd.jsonl'], { cwd })).out
  expect(pieces).toContain('The models fall into 2 pieces that never met')
  expect(pieces).toContain('Piece 2:')
  expect((await inside(['rank', '--in', 'w.jsonl'], { cwd })).out).toContain('never lost: provisional, from a prior')
  const csv = (await inside(['rank', '--in', 'v.jsonl', '--format', 'csv'], { cwd })).out.trimEnd().split('\n')
  expect(csv).toHaveLength(9)
  expect(csv[0]).toMatch(/^model,rating,low,high,/)
})

test('the picture is well-formed, shows every model, and lets no name break out of it', async () => {
  const names = ['<script>alert(1)</script>', 'a & "b"', '中文模型', '\u0001control']
  const rows = names.flatMap((model_a) =>
    names
      .filter((name) => name !== model_a)
      .flatMap((model_b) => ['model_a', 'model_b', 'tie'].map((winner) => ({ model_a, model_b, winner }))),
  )
  const cwd = folderWith({ 'v.jsonl': jsonl(rows) })
  const { code, out } = await inside(['rank', '--in', 'v.jsonl', '--plot', 'p.svg'], { cwd })
  expect(code).toBe(0)
  expect(out).not.toContain('\u0001')
  const svg = readFileSync(join(cwd, 'p.svg'), 'utf8')
  expect(svg).not.toMatch(/<script|\u0001/)
  expect(svg.match(/<circle/g)).toHaveLength(4)
  expect(svg).toContain('中文模型')
  const { default: sharp } = await import('sharp')
  expect(await sharp(Buffer.from(svg)).metadata()).toMatchObject({ format: 'svg' })
})
