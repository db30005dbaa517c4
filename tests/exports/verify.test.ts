import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { verifyExport } from '../../src/exports/verify-export.ts'
import { exportFolder } from '../../src/storage/exports/export-folder.ts'
import { exported, filesIn, folders, tableRows, text } from './helpers.ts'
import { fortyVotes, hash } from './rows.ts'

const folder = folders()
const verify = (root: string) => verifyExport(exportFolder(root), { hash })

test('a whole export verifies, and its leaderboard is recomputed from its votes', async () => {
  const root = folder()
  await exported(root, ['votes', 'battles', 'dpo'])
  const found = await verify(root)
  expect(found).toMatchObject({ findings: [], board: { from: 'votes', votes: 40, models: 4 } })
  const board = JSON.parse(text(root, 'leaderboard.json')) as { votes: number; models: { votes: number }[] }
  expect(board.votes).toBe(40)
})

test('battles alone verify too; a folder that is no export is none', async () => {
  const root = folder()
  await exported(root, ['battles'])
  expect(await verify(root)).toMatchObject({ findings: [], board: { from: 'battles', votes: 40 } })
  expect(await verify(folder())).toBeNull()
})

test('one flipped byte in any file names that file', async () => {
  const root = folder()
  await exported(root, ['votes', 'battles', 'dpo', 'swift', 'sqlite'])
  for (const path of filesIn(root).filter(
    (name) => name !== 'SHA256SUMS' && readFileSync(join(root, name)).length > 0,
  )) {
    const whole = readFileSync(join(root, path))
    const broken = Buffer.from(whole)
    const at = Math.floor(broken.length / 2)
    broken[at] = broken[at]! ^ 1
    writeFileSync(join(root, path), broken)
    const found = await verify(root)
    expect(found!.findings.map((finding) => finding.path)).toContain(path)
    writeFileSync(join(root, path), whole)
  }
  expect((await verify(root))!.findings).toEqual([])
}, 120_000)

test('a flipped byte of a picture names its vote, one of a vote in votes.csv its line', async () => {
  const root = folder()
  await exported(root, ['votes', 'battles'])
  const [path] = filesIn(root, 'battles/train-*.parquet')
  const bytes = readFileSync(join(root, path!))
  const { vote, turns } = fortyVotes().rows.find(
    (row) => row.turns[0]!.images.length === 1 && !path!.includes(row.vote.id),
  )!
  const picture = fortyVotes().pictures.get(turns[0]!.images[0]!.sha256)!
  const at = bytes.indexOf(Buffer.from(picture))
  if (at !== -1) {
    bytes[at + 200] = bytes[at + 200]! ^ 1
    writeFileSync(join(root, path!), bytes)
    expect((await verify(root))!.findings[0]).toMatchObject({ path, row: `vote ${vote.id}` })
  } else expect((await tableRows(root, 'battles/test-*.parquet')).map(({ id }) => id)).toContain(vote.id)
  const csv = text(root, 'votes/votes.csv')
  const [, , line] = csv.split('\n')
  writeFileSync(
    join(root, 'votes/votes.csv'),
    csv.replace(line!, line!.replace(/model_a|model_b|tie|both_bad/, 'modal_a')),
  )
  expect((await verify(root))!.findings).toContainEqual(
    expect.objectContaining({ path: 'votes/votes.csv', row: `line with id ${line!.split(',')[0]}` }),
  )
})

test('a changed vote is found even when the checksums were made again', async () => {
  const root = folder()
  await exported(root, ['votes'])
  const board = text(root, 'leaderboard.json')
  const forged = board.replace(/"rating": ([\d.]+)/, (_, rating) => `"rating": ${Number(rating) + 0.000001}`)
  expect(forged).not.toBe(board)
  writeFileSync(join(root, 'leaderboard.json'), forged)
  const lines = text(root, 'SHA256SUMS').replace(
    /^[0-9a-f]{64} {2}leaderboard.json$/m,
    `${hash(forged)}  leaderboard.json`,
  )
  writeFileSync(join(root, 'SHA256SUMS'), lines)
  const found = await verify(root)
  expect(found!.findings).toEqual([
    expect.objectContaining({ path: 'leaderboard.json', what: expect.stringContaining('line') }),
  ])
})

test('a missing file and one too many are both found', async () => {
  const root = folder()
  await exported(root, ['votes'])
  rmSync(join(root, 'stats.json'))
  writeFileSync(join(root, 'extra.txt'), 'hello')
  expect((await verify(root))!.findings.map(({ path, what }) => `${path} ${what}`).sort()).toEqual([
    'extra.txt is not in SHA256SUMS',
    'stats.json is missing',
  ])
})

test('what the votes file says ranks as the leaderboard beside it, in any order', async () => {
  const { boardOf, boardJson } = await import('../../src/exports/board.ts')
  const { countedVotes } = await import('../../src/exports/verify-export.ts')
  const root = folder()
  await exported(root, ['votes'])
  const votes = await countedVotes('votes', filesIn(root), exportFolder(root))
  expect(boardJson(boardOf(votes))).toBe(text(root, 'leaderboard.json'))
  expect(boardJson(boardOf([...votes].reverse()))).toBe(text(root, 'leaderboard.json'))
})
