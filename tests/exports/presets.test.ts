import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { checkRow, datasetFeatures } from '../../src/exports/columns.ts'
import { parquetPresets, presets } from '../../src/exports/options.ts'
import { tableOf } from '../../src/exports/tables.ts'
import { parquetFooter } from '../../src/storage/exports/parquet-rows.ts'
import { type AnyRow, exported, filesIn, folders, lineRows, optionsOf, tableRows, text } from './helpers.ts'
import { anAnswer, aRow, aTurn, fortyVotes, hash } from './rows.ts'

const folder = folders()
const root = folder()
const arena = fortyVotes()
beforeAll(async () => {
  await exported(root, [...presets], { includeTies: true, notes: true }, { arena })
})

type Image = { bytes: Uint8Array; path: string }
type Message = { role: string; content: { type: string; text: string | null }[] }

test.each(parquetPresets)('%s: every column the table promises, in its order, and nothing else', async (preset) => {
  const table = tableOf(preset, { aggregate: 'per_vote' })
  const [path] = filesIn(root, `${preset}/*.parquet`)
  const { columns, metadata } = await parquetFooter(join(root, path!))
  expect(columns).toEqual(table.map(({ name }) => name))
  const footer = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value
  expect(JSON.parse(footer!)).toEqual({ info: { features: datasetFeatures(table) } })
  for (const row of await tableRows(root, `${preset}/*.parquet`))
    for (const { name, isNullable } of table) if (!isNullable) expect(row[name], name).not.toBeNull()
})

test.each(parquetPresets)(
  '%s: all fields optional, bytes before path, three-level lists, UTC milliseconds',
  async (preset) => {
    const [path] = filesIn(root, `${preset}/*.parquet`)
    const { schema, created_by } = (await parquetFooter(join(root, path!))).metadata
    expect(created_by).toBe('sightline export 1')
    for (const element of schema.slice(1))
      expect(element.repetition_type).toBe(element.name === 'list' ? 'REPEATED' : 'OPTIONAL')
    const bytes = schema.findIndex(({ name }) => name === 'bytes')
    if (bytes !== -1) {
      expect(schema[bytes]).toMatchObject({ type: 'BYTE_ARRAY' })
      expect(schema[bytes]!.converted_type).toBeUndefined()
      expect(schema[bytes + 1]).toMatchObject({ name: 'path', converted_type: 'UTF8' })
      expect(schema.slice(bytes - 3, bytes).map(({ name }) => name)).toEqual(['images', 'list', 'element'])
    }
    for (const element of schema.filter(({ name }) => name.endsWith('ted_at')))
      expect(element).toMatchObject({
        type: 'INT64',
        converted_type: 'TIMESTAMP_MILLIS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true },
      })
  },
)

test('pictures come back byte for byte under a bare name', async () => {
  let seen = 0
  for (const preset of ['battles', 'lmarena', 'dpo', 'kto', 'sft'])
    for (const { images } of await tableRows(root, `${preset}/*.parquet`))
      for (const { bytes, path } of images as Image[]) {
        expect(path).toMatch(/^[0-9a-f]{64}\.png$/)
        expect(hash(bytes)).toBe(path.slice(0, 64))
        expect(arena.pictures.get(path.slice(0, 64))).toEqual(bytes)
        seen += 1
      }
  expect(seen).toBeGreaterThan(100)
})

test('image parts stand before their text and are as many as the pictures, in every conversation', async () => {
  const conversations: [string, string[]][] = [
    ['battles', ['conversation_a', 'conversation_b']],
    ['dpo', ['prompt']],
    ['kto', ['prompt']],
    ['sft', ['messages']],
  ]
  for (const [preset, columns] of conversations)
    for (const row of await tableRows(root, `${preset}/*.parquet`))
      for (const column of columns) {
        const messages = row[column] as Message[]
        const parts = messages.flatMap(({ content }) => content)
        expect(parts.filter(({ type }) => type === 'image')).toHaveLength((row['images'] as Image[]).length)
        for (const { role, content } of messages) {
          expect(['system', 'user', 'assistant']).toContain(role)
          const types = content.map(({ type }) => type)
          expect(types).toEqual([...types.filter((type) => type === 'image'), 'text'])
          for (const part of content) expect(Object.keys(part)).toEqual(['type', 'text'])
        }
      }
})

test('dpo: the chosen answer is the one its voter chose', async () => {
  const rows = await tableRows(root, 'dpo/*.parquet')
  expect(rows.length).toBeGreaterThan(15)
  for (const row of rows) {
    const vote = arena.rows.find(({ vote: { id } }) => id === row['vote_id'])!
    const side = vote.vote.outcome as 'a' | 'b'
    const said = (column: string) => (row[column] as Message[])[0]!.content[0]!.text
    expect(row['chosen_side']).toBe(side)
    expect(said('chosen')).toBe(vote.turns[0]!.answers[side].raw)
    expect(said('rejected')).toBe(vote.turns[0]!.answers[side === 'a' ? 'b' : 'a'].raw)
    expect(row['model_chosen']).toBe(vote.models[side].id)
    expect(vote.turns).toHaveLength(1)
    expect(Object.keys(row)).not.toContain('margin')
    expect((row['voted_at'] as Date).getTime() % 3_600_000).toBe(0)
  }
})

test('kto: a win is one true and one false row, both bad two false ones, a tie two true ones', async () => {
  const rows = Map.groupBy(await tableRows(root, 'kto/*.parquet'), ({ vote_id }) => vote_id)
  const expected = { a: [true, false], b: [false, true], both_bad: [false, false], tie: [true, true] }
  for (const [id, [a, b, ...more]] of rows) {
    const { outcome } = arena.rows.find(({ vote }) => vote.id === id)!.vote
    expect([a, b].map((row) => row!['side'])).toEqual(['a', 'b'])
    expect([a, b].map((row) => row!['label'])).toEqual(expected[outcome])
    expect(more).toEqual([])
  }
  expect(rows.size).toBe(35)
})

test('battles: marks, reasons and notes are columns', async () => {
  const rows = await tableRows(root, 'battles/*.parquet')
  expect(rows).toHaveLength(40)
  const marked = rows.find(({ marks_a }) => (marks_a as unknown[]).length > 0)!
  expect(marked['marks_a']).toEqual([
    expect.objectContaining({ turn: 1, kind: 'point', x: 0.42, y: 0.61, x2: null, y2: null, label: 'bike' }),
  ])
  expect(marked['marks_b']).toEqual([
    expect.objectContaining({ image: 0, kind: 'box', x: 0.1, y: 0.2, x2: 0.3, y2: 0.4, label: null }),
  ])
  expect(rows.some(({ reasons }) => (reasons as string[]).includes('a:clearer'))).toBe(true)
  expect(rows.some(({ note }) => note === '=HYPERLINK("x") is what I saw')).toBe(true)
})

test('a note stays where it is unless it is asked for', async () => {
  const quiet = folder()
  await exported(quiet, ['battles'], { test: 0 })
  for (const { note } of await tableRows(quiet, 'battles/*.parquet')) expect(note).toBeNull()
})

test('lmarena speaks the words of the published sets', async () => {
  const rows = await tableRows(root, 'lmarena/*.parquet')
  expect(new Set(rows.map(({ winner }) => winner))).toEqual(new Set(['model_a', 'model_b', 'tie', 'tie (bothbad)']))
  expect(new Set(rows.map(({ language }) => language))).toEqual(new Set(['English', 'Arabic', 'Chinese']))
  const [row] = rows
  expect(row!['judge']).toMatch(/^arena_user_v_[a-z2-7]{20}$/)
  expect((row!['conversation_a'] as { content: string; role: string }[][])[0]).toEqual([
    { content: expect.any(String), role: 'user' },
  ])
  expect(filesIn(root, 'lmarena/*')).toHaveLength(1)
})

test('LLaMA-Factory: odd questions, even judgements, one marker per picture, every path there', () => {
  const pictures = new Set(filesIn(root, 'images/**'))
  const info = JSON.parse(text(root, 'dataset_info.json')) as Record<string, { file_name: string; columns: AnyRow }>
  expect(Object.keys(info).sort()).toEqual([
    'sightline_dpo',
    'sightline_dpo_test',
    'sightline_kto',
    'sightline_kto_test',
  ])
  for (const [name, { file_name }] of Object.entries(info))
    for (const row of lineRows(root, file_name)) {
      const turns = (row['conversations'] as { from: string; value: string }[]).filter(({ from }) => from !== 'system')
      expect(turns.length % 2).toBe(name.includes('dpo') ? 1 : 0)
      expect(turns.map(({ from }) => from)).toEqual(turns.map((_, n) => (n % 2 === 0 ? 'human' : 'gpt')))
      const markers = turns.map(({ value }) => value.split('<image>').length - 1).reduce((sum, n) => sum + n, 0)
      expect(markers).toBe((row['images'] as string[]).length)
      for (const path of row['images'] as string[]) expect(pictures).toContain(path)
    }
})

test('ms-swift: the chosen answer is the last message', () => {
  for (const row of lineRows(root, 'swift/dpo_train.jsonl')) {
    expect(Object.keys(row)).toEqual(['messages', 'rejected_response', 'images'])
    const messages = row['messages'] as { role: string; content: string }[]
    expect(messages.at(-1)!.role).toBe('assistant')
    expect(messages.at(-1)!.content).not.toBe(row['rejected_response'])
  }
})

test('JSON lines have the same keys in every row and no date-like text; rows with pictures come first', () => {
  for (const path of filesIn(root, '**/*.jsonl').filter((name) => name !== 'retractions.jsonl')) {
    const rows = lineRows(root, path)
    expect(new Set(rows.map((row) => Object.keys(row).join())).size, path).toBe(1)
    expect(text(root, path)).not.toMatch(/"\d{4}-\d{2}-\d{2}T/)
    const counts = rows.map((row) => ((row['images'] ?? row['images_file_names']) as unknown[]).length > 0)
    expect(counts).toEqual([...counts].sort((left, right) => Number(right) - Number(left)))
  }
})

test('imagefolder finds its pictures beside its metadata', () => {
  for (const split of ['train', 'test'])
    for (const row of lineRows(root, `imagefolder/${split}/metadata.jsonl`))
      for (const path of row['images_file_names'] as string[])
        expect(filesIn(root, `imagefolder/${split}/${path}`)).toHaveLength(1)
})

test('votes.csv holds every vote, and a cell that a spreadsheet would run is made safe and comes back', async () => {
  const { csvRows } = await import('../../src/exports/verify-export.ts')
  const odd = folder()
  const rows = fortyVotes().rows.map((row, n) =>
    n === 3 ? { ...row, turns: row.turns.map((turn) => ({ ...turn, categories: ['=1+1', 'a,"b"'] })) } : row,
  )
  await exported(odd, ['votes'], {}, { arena: { ...fortyVotes(), rows } })
  expect(text(odd, 'votes/votes.csv')).toContain(`"'=1+1|a,""b"""`)
  const read = [...csvRows(text(odd, 'votes/votes.csv'))]
  expect(read).toHaveLength(40)
  expect(read.some(({ categories }) => categories === '=1+1|a,"b"')).toBe(true)
  expect(text(root, 'votes/votes.csv').split('\n')[0]).toBe(
    'id,battle_id,voted_at,voter_id,model_a,model_b,winner,left_side,turn,num_turns,language,categories,mode,counted,exclusion,chars_a,chars_b,headers_a,headers_b,lists_a,lists_b,bold_a,bold_b,pair_probability,snapshot',
  )
  const twin = (await tableRows(root, 'votes/*.parquet')).map(({ id, winner }) => [id, winner])
  expect([...csvRows(text(root, 'votes/votes.csv'))].map(({ id, winner }) => [id, winner])).toEqual(twin)
})

test('LLM Comparator: one file per pair, the smaller id is A, scores stay within 0.9', () => {
  const files = filesIn(root, 'llm-comparator/*.json')
  expect(files).toContain('llm-comparator/cat__dog-x.json')
  let examples = 0
  for (const path of files) {
    const file = JSON.parse(text(root, path)) as { models: { name: string }[]; examples: AnyRow[]; metadata: AnyRow }
    expect(file.models[0]!.name < file.models[1]!.name).toBe(true)
    for (const example of file.examples) {
      const row = arena.rows.find(({ vote }) => vote.id === (example['custom_fields'] as AnyRow)['vote_id'])!
      const winner = row.vote.outcome === 'a' || row.vote.outcome === 'b' ? row.models[row.vote.outcome].id : null
      expect(example['score']).toBe(winner === null ? 0 : winner === file.models[0]!.name ? 0.9 : -0.9)
      examples += 1
    }
  }
  expect(examples).toBe(30)
})

test('sqlite: every vote, battle, message and picture, and every name leads somewhere', async () => {
  const { default: Database } = await import('better-sqlite3')
  const database = new Database(join(root, 'sightline.sqlite'), { readonly: true })
  const count = (table: string) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
  expect([count('votes'), count('battles'), count('models')]).toEqual([40, 40, 4])
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(database.pragma('foreign_key_check')).toEqual([])
  const paths = database.prepare('SELECT path FROM images').pluck().all() as string[]
  for (const path of paths) expect(filesIn(root, path)).toHaveLength(1)
  database.close()
})

test('the card is YAML that names only Parquet files, one default, no empty split', () => {
  const [, yaml] = text(root, 'README.md').split('---\n')
  const card = parse(yaml!) as {
    configs: { config_name: string; default?: boolean; data_files: { split: string; path: string }[] }[]
    license: string
  }
  expect(card.configs.map(({ config_name }) => config_name)).toEqual([
    'dpo',
    'battles',
    'kto',
    'sft',
    'lmarena',
    'votes',
  ])
  expect(card.configs.filter((config) => config.default).map(({ config_name }) => config_name)).toEqual(['dpo'])
  for (const { data_files } of card.configs)
    for (const { path, split } of data_files) {
      expect(path).toMatch(/\.parquet$/)
      expect(split).toMatch(/^\w+$/)
      expect(filesIn(root, path).length).toBeGreaterThan(0)
    }
  expect(card.license).toBe('other')
  expect(text(root, 'README.md')).toContain('not for publication')
  expect(filesIn(root)).not.toContain('state.json')
})

test('the manifest lists every file but itself and the checksums, with the checksums they have', () => {
  const { files, snapshot_id } = JSON.parse(text(root, 'manifest.json')) as {
    files: { path: string; sha256: string }[]
    snapshot_id: string
  }
  expect(files.map(({ path }) => path)).toEqual(
    filesIn(root).filter((path) => path !== 'manifest.json' && path !== 'SHA256SUMS'),
  )
  const listed = new Map(
    text(root, 'SHA256SUMS')
      .split('\n')
      .filter(Boolean)
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  )
  for (const { path, sha256 } of files) expect(listed.get(path), path).toBe(sha256)
  expect(snapshot_id).toMatch(/^[0-9a-f]{16}$/)
  const croissant = JSON.parse(text(root, 'croissant.json')) as {
    distribution: { '@type': string; sha256?: string; contentUrl?: string }[]
    recordSet: AnyRow[]
  }
  for (const file of croissant.distribution.filter((entry) => entry['@type'] === 'cr:FileObject'))
    expect(file.sha256).toBe(listed.get(file.contentUrl!))
  expect(croissant.recordSet.map((set) => set['name'])).toEqual(parquetPresets)
})

test('the writer refuses a row whose pictures and image parts differ, a null where none may be, and a missing column', async () => {
  const table = tableOf('dpo', { aggregate: 'per_vote' })
  const [row] = await tableRows(root, 'dpo/*.parquet')
  expect(() => checkRow(table, row!)).not.toThrow()
  expect(() => checkRow(table, { ...row!, images: [] })).toThrow(/image parts/)
  expect(() => checkRow(table, { ...row!, images: null })).toThrow(/images/)
  expect(() => checkRow(table, { ...row!, model_chosen: null })).toThrow(/model_chosen/)
  const { turn: _, ...without } = row!
  expect(() => checkRow(table, without)).toThrow()
})

test('an emoji cut in half leaves as whole characters, in every format', async () => {
  const cut = folder()
  const broken = aRow('cut', {
    turns: [aTurn({ text: 'What is \ud83d?', images: [fortyVotes().rows[1]!.turns[0]!.images[0]!] })],
  })
  await exported(
    cut,
    ['dpo', 'swift', 'votes'],
    { test: 0 },
    { arena: { rows: [broken], pictures: fortyVotes().pictures } },
  )
  const [row] = lineRows(cut, 'swift/dpo_train.jsonl')
  expect((row!['messages'] as { content: string }[])[0]!.content).toBe('<image>What is \ufffd?')
  expect(text(cut, 'swift/dpo_train.jsonl')).not.toMatch(/\\ud83d/)
})

test('votes on the same two answers become one row with --aggregate per_pair, whichever side each stood on', async () => {
  const pair = folder()
  const image = fortyVotes().rows[1]!.turns[0]!.images[0]!
  const answers = { a: anAnswer('left words'), b: anAnswer('right words') }
  const flipped = { a: answers.b, b: answers.a }
  const vote = (name: string, outcome: 'a' | 'b' | 'tie', held = answers) =>
    aRow(name, { vote: { outcome }, turns: [aTurn({ images: [image], answers: held })] })
  const rows = [vote('1', 'a'), vote('2', 'a'), vote('3', 'b', flipped), vote('4', 'b'), vote('5', 'tie')]
  await exported(
    pair,
    ['dpo'],
    { aggregate: 'per_pair', test: 0 },
    { arena: { rows, pictures: fortyVotes().pictures } },
  )
  const [row, ...more] = await tableRows(pair, 'dpo/*.parquet')
  expect(more).toEqual([])
  expect(row).toMatchObject({ n_votes: 5, agreement: 0.7, margin: expect.closeTo(0.4) })
  expect((row!['chosen'] as Message[])[0]!.content[0]!.text).toBe('left words')
})

test('after the first turn dpo takes the history of the winner only when asked to', async () => {
  const late = folder()
  await exported(late, ['dpo'], { multiTurn: 'winner', test: 0 })
  const rows = (await tableRows(late, 'dpo/*.parquet')).filter(({ turn }) => Number(turn) > 1)
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) {
    const { turns } = fortyVotes().rows.find(({ vote }) => vote.id === row['vote_id'])!
    const history = (row['prompt'] as Message[]).filter(({ role }) => role === 'assistant')
    expect(history[0]!.content[0]!.text).toBe(turns[0]!.answers[row['chosen_side'] as 'a' | 'b'].raw)
    expect(row['flags']).toContain('winner_history')
  }
})

test('options that contradict each other are refused with a sentence', async () => {
  const { problemsOf } = await import('../../src/exports/options.ts')
  expect(problemsOf(optionsOf(['dpo'], { includeTies: true }))).toHaveLength(1)
  expect(problemsOf(optionsOf(['dpo', 'kto'], { includeTies: true }))).toEqual([])
  expect(problemsOf(optionsOf(['dpo'], { scope: 'public' }))).toHaveLength(1)
  expect(problemsOf(optionsOf(['votes'], { filters: { includeUncounted: true } }))).toHaveLength(1)
})
