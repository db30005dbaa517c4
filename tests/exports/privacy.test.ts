import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildExport } from '../../src/exports/build-export.ts'
import { hasPersonalData, redact } from '../../src/exports/clean-text.ts'
import type { ExportRow } from '../../src/exports/export-store.ts'
import { seeded } from '../../src/ranking/random.ts'
import { sqliteLedger } from '../../src/storage/exports/ledger.ts'
import { exported, filesIn, folders, lineRows, optionsOf, tableRows, text } from './helpers.ts'
import { aContext, anAnswer, aRow, aTurn, fortyVotes } from './rows.ts'

const folder = folders()

test('ten thousand histories of consent, withdrawal and deletion: nothing leaves that may not', async () => {
  const random = seeded(11)
  const pictures = fortyVotes()
  const images = pictures.rows.flatMap(({ turns }) => turns.flatMap((turn) => turn.images))
  const rows: ExportRow[] = Array.from({ length: 10_000 }, (_, n) =>
    aRow(`h${n}`, {
      vote: { outcome: n % 2 ? 'a' : 'b' },
      voter: { id: `secret-voter-${n % 500}`, kind: 'anon' },
      battle: { consent: { version: 'c', publish: random() < 0.5 } },
      turns: [
        aTurn({
          images: [images[n % images.length]!],
          text: `canary-question-${n}-end`,
          answers: { a: anAnswer(`canary-a-${n}-end`), b: anAnswer(`canary-b-${n}-end`) },
        }),
      ],
    }),
  )
  const arena = { rows, pictures: pictures.pictures }
  const ledger = sqliteLedger(':memory:')
  for (const scope of ['public', 'internal'] as const) {
    for (let n = 0; n < rows.length; n++)
      for (let steps = Math.floor(random() * 3); steps > 0; steps--) {
        const row = rows[n]!
        const step = random()
        if (step < 0.15) rows[n] = { ...row, vote: { ...row.vote, status: 'withdrawn' } }
        else if (step < 0.3) rows[n] = erased(row)
        else if (step < 0.35) rows[n] = { ...row, vote: { ...row.vote, status: 'quarantined' } }
      }
    const root = folder()
    const options = optionsOf(['votes', 'dpo'], { scope, license: 'cc-by-4.0', test: 0.05 })
    await buildExport(options, aContext(arena, root, { ledger }))
    const byId = new Map(rows.map((row) => [row.vote.id, row]))
    const content = await tableRows(root, 'dpo/*.parquet')
    expect(content.length).toBeGreaterThan(1000)
    for (const { vote_id, prompt } of content) {
      const row = byId.get(String(vote_id))!
      if (row.vote.status !== 'counted' || row.battle.isErased || (scope === 'public' && !row.battle.consent.publish))
        throw new Error(`${vote_id} left in ${scope} scope`)
      if (!JSON.stringify(prompt).includes(row.turns[0]!.text)) throw new Error(`${vote_id} says something else`)
    }
    for (const vote of await tableRows(root, 'votes/*.parquet')) {
      const row = byId.get(String(vote['id']))!
      if (row.vote.status === 'withdrawn' || row.battle.isErased) throw new Error(`${vote['id']} left as a vote`)
      if (scope === 'internal' || row.battle.consent.publish) continue
      expect([vote['battle_id'], vote['voter_id']]).toEqual([null, null])
      expect((vote['voted_at'] as Date).getTime() % 86_400_000).toBe(0)
    }
    // Words can only be where a row may be; the pictures aside, nothing else holds any.
    for (const path of filesIn(root).filter((name) => !name.startsWith('dpo/')))
      expect(readFileSync(join(root, path)).includes('canary-'), path).toBe(false)
  }
  const gone = rows.filter(({ vote, battle }) => vote.status === 'withdrawn' || battle.isErased).length
  expect(gone).toBeGreaterThan(4000)
}, 120_000)

const erased = (row: ExportRow): ExportRow => ({
  ...row,
  battle: { ...row.battle, isErased: true },
  turns: row.turns.map((turn) => ({ ...turn, text: '', images: [], answers: { a: anAnswer(''), b: anAnswer('') } })),
})

test('no byte of an export holds a raw voter id, its plain hash, the key, an e-mail or an address', async () => {
  const root = folder()
  const arena = fortyVotes()
  const canaries = ['mail.canary@example.org', '203.0.113.77', '+44 7700 900123', 'sk-canary0123456789abcdef']
  arena.rows = arena.rows.map((row, n) =>
    n < canaries.length
      ? { ...row, turns: row.turns.map((turn) => ({ ...turn, text: `Write to ${canaries[n]} about it` })) }
      : row,
  )
  const key = 'the key that never leaves'
  await exported(
    root,
    [
      'battles',
      'lmarena',
      'dpo',
      'kto',
      'sft',
      'llamafactory',
      'swift',
      'imagefolder',
      'votes',
      'llm-comparator',
      'sqlite',
    ],
    {},
    { arena, context: { keyed: (held) => createHash('sha256').update(`${key}${held}`).digest() } },
  )
  const forbidden = [
    ...canaries,
    key,
    ...arena.rows.flatMap(({ voter: { id } }) => [`"${id}"`, createHash('sha256').update(id).digest('hex')]),
  ]
  for (const path of filesIn(root)) {
    const bytes = readFileSync(join(root, path)).toString('latin1')
    for (const word of forbidden) expect(bytes.includes(word), `${word} in ${path}`).toBe(false)
  }
  expect(text(root, 'stats.json')).toContain('"pii"')
})

test('redacted rows stay, say so, and hold no address', async () => {
  const root = folder()
  const arena = fortyVotes()
  arena.rows = arena.rows.map((row) => ({
    ...row,
    turns: row.turns.map((turn) => ({ ...turn, text: `${turn.text} mail me: someone@example.org` })),
  }))
  await exported(root, ['battles', 'swift'], { pii: 'redact' }, { arena })
  const rows = await tableRows(root, 'battles/*.parquet')
  expect(rows).toHaveLength(40)
  for (const { flags } of rows) expect(flags).toContain('redacted')
  expect(JSON.stringify(lineRows(root, 'swift/dpo_train.jsonl'))).toContain('mail me: [EMAIL]')
})

test.each([
  'anna.lena+x@mail.example.co.uk',
  '+49 30 901820',
  '(555) 867-5309',
  '4111 1111 1111 1111',
  'DE89 3704 0044 0532 0130 00',
  '192.168.0.17',
  '2001:db8:85a3::8a2e:370:7334',
  'AKIAIOSFODNN7EXAMPLE',
  'ghp_0123456789abcdefghij0123456789abcdef',
  'sk-proj-0123456789abcdefghijABCDEF',
])('%s is found and taken out', (secret) => {
  const said = `Look: ${secret}, is that right?`
  expect(hasPersonalData(said)).toBe(true)
  expect(redact(said)).toMatch(/^Look: \[[A-Z]+\], is that right\?$/)
})

test.each([
  'The total is £27.39, of which £2.49 is service.',
  'At 12:30:45 on 2026-11-24 there were 1,234,567 people.',
  'std::vector<int> a::b and C++17',
  'Version 1.2.3, section 4.5.6.7.8',
  '4111 1111 1111 1112',
  'The answer is 3.14159265358979',
  'QR code: HARBOUR LANE CAFE RECEIPT 2417',
  'A ratio of 16:9, or 4:3',
])('%s is left alone', (said) => {
  expect(hasPersonalData(said)).toBe(false)
  expect(redact(said)).toBe(said)
})

test('finding personal data in long hostile text takes time in proportion to its length', () => {
  for (const piece of ['a@', '1 ', '1.', ':', '+1 ', 'DE89 ', 'sk-', 'eyJ.', '(555'])
    for (const length of [200_000]) {
      const started = performance.now()
      hasPersonalData(piece.repeat(length / piece.length))
      expect(performance.now() - started, piece).toBeLessThan(3000)
    }
})

test('pseudonyms join within a dataset, within a snapshot, or not at all', async () => {
  const voters = async (voterIds: 'dataset' | 'snapshot' | 'none', seed: number) => {
    const root = folder()
    await exported(root, ['battles'], { voterIds, seed })
    return new Map((await tableRows(root, 'battles/*.parquet')).map(({ id, voter_id }) => [id, voter_id]))
  }
  const [first, second] = [await voters('dataset', 1), await voters('dataset', 2)]
  expect(second).toEqual(first)
  expect(new Set(first.values()).size).toBe(9)
  for (const name of first.values()) expect(name).toMatch(/^v_[a-z2-7]{20}$/)
  expect([...(await voters('snapshot', 1)).values()]).not.toEqual([...(await voters('snapshot', 2)).values()])
  expect(new Set((await voters('none', 1)).values())).toEqual(new Set([null]))
})

test('ids carry no time: sorted by id, the votes of two hours are mixed', async () => {
  const { idFrom } = await import('../../src/core/ids.ts')
  const { randomBytes } = await import('node:crypto')
  const ids = Array.from({ length: 200 }, (_, n) => ({ id: idFrom(randomBytes(16)), hour: n < 100 ? 1 : 2 }))
  const sorted = ids.sort((left, right) => (left.id < right.id ? -1 : 1)).map(({ hour }) => hour)
  const changes = sorted.filter((hour, n) => n > 0 && hour !== sorted[n - 1]).length
  expect(changes).toBeGreaterThan(50)
})
