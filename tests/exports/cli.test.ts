import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportDesk } from '../../src/cli/export-desk.ts'
import { defaultOptions } from '../../src/exports/options.ts'
import { type SqliteStorage, sqliteReader } from '../../src/storage/sqlite/storage.ts'
import { inside } from '../cli/sightline.ts'
import { filesIn, folders, sums, tableRows } from './helpers.ts'
import { aRealArena } from './real-arena.ts'
import { aPicture } from './rows.ts'

const tsx = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url))
const cli = fileURLToPath(new URL('../../src/cli/cli.ts', import.meta.url))
const folder = folders()
const data = folder()
let storage: SqliteStorage

beforeAll(async () => {
  // Stays open, as while an arena runs.
  storage = await aRealArena(data, { votes: 60 })
})
afterAll(() => storage.close())

function start(args: string[]) {
  const child = spawn(process.execPath, [tsx, cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const held = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (held.out += String(chunk)))
  child.stderr.on('data', (chunk) => (held.err += String(chunk)))
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, ...held }))
  })
  return { child, ended }
}
const sightline = (...args: string[]) => inside([...args, '--data', data])

test('export, then verify: one result on stdout, nothing on stderr, exit 0', async () => {
  const out = folder()
  const made = await sightline('export', 'dpo,battles,votes', '--out', out, '--json')
  expect(made.code).toBe(0)
  expect(JSON.parse(made.out)).toMatchObject({ state: 'written', out })
  expect(await tableRows(out, 'battles/*.parquet')).toHaveLength(60)
  const verified = await inside(['verify', out, '--json'])
  expect(verified.code).toBe(0)
  expect(JSON.parse(verified.out)).toMatchObject({ ok: true, board: { from: 'votes', votes: 60 } })
  const again = await sightline('export', 'dpo,battles,votes', '--out', out)
  expect(again.out).toContain('Already complete')
  const [path] = filesIn(out, 'dpo/*.parquet')
  const bytes = readFileSync(join(out, path!))
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(join(out, path!), bytes)
  const broken = await inside(['verify', out])
  expect(broken.code).toBe(1)
  expect(broken.out).toContain(path)
})

test('the key that names voters is made once, for its owner only', () => {
  const key = join(data, 'keys', 'export-main.key')
  expect(statSync(key).mode & 0o777).toBe(0o600)
  expect(readFileSync(key)).toHaveLength(32)
})

test('sightline rank reads the votes file and prints the digits of the leaderboard beside it', async () => {
  const out = folder()
  await sightline('export', 'votes', '--out', out)
  const board = JSON.parse(readFileSync(join(out, 'leaderboard.json'), 'utf8')) as { models: unknown[]; votes: number }
  for (const file of ['votes/votes.csv', filesIn(out, 'votes/*.parquet')[0]!]) {
    const ranked = await inside(['rank', '--in', join(out, file), '--format', 'json'])
    expect(ranked.code).toBe(0)
    expect(JSON.parse(ranked.out)).toMatchObject({ votes: 60, models: board.models })
  }
})

test('a dry run writes nothing', async () => {
  const out = folder()
  const said = await sightline('export', 'dpo', '--out', out, '--dry-run', '--json')
  expect(said.code).toBe(0)
  expect(JSON.parse(said.out)).toMatchObject({
    dry_run: true,
    funnel: [{ preset: 'dpo', steps: [{ reason: 'no_preference' }] }],
  })
  expect(filesIn(out)).toEqual([])
})

test.each([
  ['an unknown preset', ['export', 'dop', '--out', 'x'], 2, 'There is no preset dop'],
  ['no folder', ['export', 'dpo'], 2, '--out is missing'],
  ['a public export without a licence', ['export', 'dpo', '--out', 'x', '--scope', 'public'], 2, 'needs a licence'],
  ['ties without kto', ['export', 'dpo', '--out', 'x', '--include-ties'], 2, '--include-ties'],
  ['a date that is none', ['export', 'dpo', '--out', 'x', '--since', 'soon'], 2, '--since'],
  ['an export of nothing', ['export', 'dpo', '--out', 'x', '--since', '2031-01-01'], 1, 'nothing_left'],
  ['a source without files', ['import', 'battles', '--source', 'x'], 2, 'Name the files'],
  ['a source without a name', ['import', 'battles', 'x.jsonl'], 2, '--source is missing'],
  ['an undo of nothing', ['import', 'battles', '--undo', 'nothing'], 2, 'no source nothing'],
] as const)('%s ends with one sentence', async (_, args, code, sentence) => {
  const ended = await sightline(...args)
  expect(ended.code).toBe(code)
  expect(ended.err).toContain(sentence)
  expect(ended.err).not.toContain('    at ')
  expect(filesIn('x')).toEqual([])
})

test('verify of a folder that is no export is wrong usage', async () => {
  expect((await inside(['verify', data])).code).toBe(2)
})

test('a killed export goes on with the same command and ends with the same bytes', async () => {
  const run = (out: string) => start(['export', 'battles,imagefolder,kto', '--out', out, '--data', data])
  const whole = folder()
  expect((await run(whole).ended).code).toBe(0)
  for (const waitFor of ['battles', 'imagefolder']) {
    const out = folder()
    const { child, ended } = run(out)
    await until(() => filesIn(out, `${waitFor}/**`).length > 0)
    child.kill('SIGKILL')
    await ended
    const again = await run(out).ended
    expect(again).toMatchObject({ code: 0 })
    expect(sums(out)).toBe(sums(whole))
  }
  const out = folder()
  const { child, ended } = run(out)
  await until(() => filesIn(out).length > 0)
  child.kill('SIGINT')
  const { code } = await ended
  // It may have been done already.
  if (code !== 0) expect(code).toBe(130)
  expect((await run(out).ended).code).toBe(0)
  expect(sums(out)).toBe(sums(whole))
}, 120_000)

async function until(isSo: () => boolean) {
  for (const started = performance.now(); !isSo(); ) {
    if (performance.now() - started > 30_000) throw new Error('it never happened')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

test('imported battles are exported from their own pool, never with the arena', async () => {
  const out = folder()
  await sightline('export', 'battles', '--out', out)
  const [path] = filesIn(out, 'battles/train-*.parquet')
  const file = join(out, path!)
  const imported = await sightline('import', 'battles', file, '--source', 'before', '--license', 'cc-by-4.0', '--json')
  expect(imported.code).toBe(0)
  const { added } = JSON.parse(imported.out) as { added: number }
  expect(added).toBeGreaterThan(40)
  const pool = folder()
  const made = await sightline('export', 'battles', '--out', pool, '--source', 'before', '--license', 'cc-by-4.0')
  expect(made.code).toBe(0)
  expect(await tableRows(pool, 'battles/*.parquet')).toHaveLength(added)
  {
    await using desk = exportDesk({
      place: { data, dataset: 'main', license: null, key: null, site: { name: 'Lab', url: null, contact: null } },
      now: () => new Date(),
    })
    expect(await desk.sources()).toMatchObject([{ name: 'before', format: 'battles', votes: added }])
    expect(await desk.sourceBoard('before')).toMatchObject({ votes: added, models: [{}, {}, {}, {}] })
    expect(await desk.sourceBoard('nothing')).toBeUndefined()
  }
  const own = await sightline('export', 'votes', '--out', folder(), '--json')
  expect((JSON.parse(own.out) as { rows: { rows: number }[] }).rows[0]!.rows).toBe(60)
  expect((await sightline('import', 'battles', '--undo', 'before')).out).toContain(`Removed ${added}`)
})

test('prompts come in from CSV with their pictures, and what is wrong is said', async () => {
  const set = folder()
  mkdirSync(set, { recursive: true })
  writeFileSync(join(set, 'one.png'), aPicture(70, { width: 64, height: 48 }).bytes)
  writeFileSync(join(set, 'broken.png'), 'no picture')
  writeFileSync(
    join(set, 'prompts.csv'),
    'image,prompt,lang,tags,reference\none.png,"What, exactly, is it?",en,ocr|chart,Noise\none.png,"What, exactly, is it?",en,,\nbroken.png,And this?,en,,\nabsent.png,And that?,en,,\none.png,这是什么？,zh,,\n',
  )
  const dry = await sightline('import', 'prompts', set, '--set', 'noise', '--dry-run', '--json')
  expect(JSON.parse(dry.out)).toMatchObject({
    prompts: 2,
    missing_license: true,
    problems: [
      { row: 2, problem: 'duplicate' },
      { row: 3, problem: 'broken_picture' },
      { row: 4, problem: 'no_picture' },
    ],
  })
  expect((await sightline('import', 'prompts', set, '--set', 'noise')).code).toBe(2)
  const made = await sightline('import', 'prompts', set, '--set', 'noise', '--license', 'cc0-1.0')
  expect(made).toMatchObject({ code: 0 })
  const reader = sqliteReader(join(data, 'sightline.db'))
  const prompts = await reader.prompts.inSet('noise')
  await reader.close()
  expect(prompts).toMatchObject([
    { text: { en: 'What, exactly, is it?' }, tags: ['ocr', 'chart'], reference: { en: 'Noise' }, width: 64 },
    { text: { zh: '这是什么？' } },
  ])

  const answers = join(set, 'ckpt.jsonl')
  writeFileSync(
    answers,
    `${JSON.stringify({ item: prompts[0]!.id, image_sha256: null, prompt: '', answer: 'Noise.', model: 'ckpt-a', meta: {} })}\n{broken\n`,
  )
  const checked = await sightline('import', 'answers', answers, '--json')
  expect(JSON.parse(checked.out)).toMatchObject({
    answers: 1,
    unreadable_lines: [2],
    sets: [{ set: 'noise', items: 2, missing: [prompts[1]!.id] }],
    file: join(data, 'replays', 'ckpt-a.jsonl'),
  })
})

test('the desk counts, writes in the background, lists, serves files by their manifest, and archives', async () => {
  await using desk = exportDesk({
    place: { data, dataset: 'main', license: null, key: null, site: { name: 'Lab', url: null, contact: null } },
    now: () => new Date('2026-11-24T12:00:00Z'),
  })
  const options = defaultOptions(['dpo', 'votes'])
  expect(await desk.preview(options)).toMatchObject({
    votes: 60,
    presets: [
      { preset: 'dpo', votes: 36 },
      { preset: 'votes', votes: 60, funnel: [] },
    ],
    sample: [{ winner: expect.any(String) }, {}, {}, {}, {}],
  })
  await desk.start(options)
  await expect(desk.start(options)).rejects.toMatchObject({ code: 'conflict', key: 'export_running' })
  await until(() => desk.status().state !== 'running')
  expect(desk.status()).toMatchObject({ state: 'done', result: { state: 'written' } })
  const [snapshot] = await desk.snapshots()
  expect(snapshot).toMatchObject({
    presets: ['dpo', 'votes'],
    rows: [{ preset: 'dpo' }, { preset: 'dpo' }, { preset: 'votes', rows: 60 }],
  })
  expect(await desk.file(snapshot!.id, 'README.md')).toMatchObject({ bytes: expect.any(Number) })
  expect(await desk.file(snapshot!.id, 'SHA256SUMS')).toBeDefined()
  for (const path of ['../ledger.db', 'manifest.json/../../ledger.db', '.sightline-export', '/etc/passwd'])
    expect(await desk.file(snapshot!.id, path)).toBeUndefined()
  expect(await desk.file('../../keys', 'export-main.key')).toBeUndefined()
  const tar = await desk.tar(snapshot!.id)
  expect(tar!.bytes % 512).toBe(0)
  const nothing = { ...options, filters: { ...options.filters, since: new Date('2031-01-01') } }
  await desk.start(nothing)
  await until(() => desk.status().state !== 'running')
  expect(desk.status()).toMatchObject({ state: 'failed', code: 'nothing_left' })
  await expect(desk.preview({ ...options, test: 2 })).rejects.toMatchObject({ code: 'invalid' })
  expect(await desk.remove(snapshot!.id)).toBe(true)
  expect(await desk.snapshots()).toEqual([])
  rmSync(join(data, 'exports'), { recursive: true, force: true })
})
