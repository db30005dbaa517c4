import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readVotes } from '../../src/cli/read-votes.ts'
import { csvSpans, jsonSpans, kinds, type RowSpans } from '../../src/cli/row-spans.ts'
import { folderWith } from '../config/folder.ts'

const wanted = ['model_a', 'id', 'winner', 'conv_metadata']
const cellsOf = (spans: RowSpans) =>
  Object.fromEntries(wanted.flatMap((name, at) => (spans.kind[at] === kinds.absent ? [] : [[name, spans.value(at)]])))
const readAll = (spans: RowSpans, line: Buffer) => spans.read(line, 0, line.length)

const lineOf = fc
  .tuple(
    fc.dictionary(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...wanted) },
        { weight: 4, arbitrary: fc.stringMatching(/^[a-z_]{0,8}$/) },
        { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
      ),
      fc.jsonValue(),
    ),
    fc.constantFrom('', ' ', '\t'),
  )
  .map(([row, indent]) => JSON.stringify(row, null, indent).replaceAll('\n', ' '))

test('what the fast reader takes is what JSON.parse finds', () => {
  const spans = jsonSpans(wanted)
  let taken = 0
  fc.assert(
    fc.property(lineOf, (line) => {
      if (!readAll(spans, Buffer.from(line))) return
      taken += 1
      const row = JSON.parse(line) as Record<string, unknown>
      expect(cellsOf(spans)).toEqual(
        Object.fromEntries(wanted.flatMap((name) => (name in row ? [[name, row[name]]] : []))),
      )
    }),
    { seed: 1, numRuns: 2000 },
  )
  expect(taken).toBeGreaterThan(500)
})

test('a line that JSON.parse refuses is never taken, whatever one byte of it became', () => {
  const spans = jsonSpans(wanted)
  let refused = 0
  fc.assert(
    fc.property(
      lineOf,
      fc.nat(),
      fc.constantFrom(...'{}[]",:\\.-+e0 tfn\u0001'),
      fc.boolean(),
      (line, where, letter, isCut) => {
        const bytes = Buffer.from(line)
        const at = where % bytes.length
        const damaged = isCut ? bytes.subarray(0, at) : Buffer.from(bytes.fill(letter, at, at + 1))
        const text = damaged.toString('utf8')
        const parsed = parsedOf(text)
        if (parsed === undefined) {
          refused += 1
          expect(readAll(spans, damaged), text).toBe(false)
        } else if (readAll(spans, damaged))
          expect(cellsOf(spans)).toEqual(
            Object.fromEntries(wanted.flatMap((name) => (name in parsed ? [[name, parsed[name]]] : []))),
          )
      },
    ),
    { seed: 2, numRuns: 3000 },
  )
  expect(refused).toBeGreaterThan(1000)
})

function parsedOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

test.each([
  ['a name twice, of which the last counts', '{"id":"1","id":"2"}'],
  ['a name in disguise', '{"i\\u0064":"1"}'],
  ['two objects', '{"id":"1"}{"id":"2"}'],
  ['a comma too many', '{"id":"1",}'],
  ['a number that begins with 0', '{"x":01}'],
  ['a number without digits', '{"x":-}'],
  ['half an escape', '{"x":"\\u12"}'],
  ['nothing', ''],
  ['a list', '["id"]'],
])('%s is left to the careful reader', (_, line) => {
  expect(readAll(jsonSpans(wanted), Buffer.from(line))).toBe(false)
})

test('a line of CSV is taken where no cell is quoted and every column is there', () => {
  const spans = csvSpans(['id', 'note', 'model_a', 'note'], [...wanted, 'note'], (text) => text)
  expect(readAll(spans, Buffer.from('7,x,ant,é\r'))).toBe(true)
  expect([...spans.kind]).toEqual([kinds.text, kinds.text, kinds.absent, kinds.absent, kinds.odd])
  expect([spans.value(0), spans.value(1), spans.value(4)]).toEqual(['ant', '7', 'é'])
  for (const line of ['7,x,ant', '7,x,ant,y,z', '7,"x",ant,y', '', '\ufeff7,x,ant,y'])
    expect(readAll(spans, Buffer.from(line)), line).toBe(false)
})

// The same votes with a key written as an escape go the slow way, all of them or every third.
test.each([
  ['plain', { hasStyle: false, isOrdered: false }],
  ['without voters', { hasStyle: false, isOrdered: false, hasVoters: false }],
  ['in order', { hasStyle: false, isOrdered: true }],
  ['with style', { hasStyle: true, isOrdered: false }],
  ['of a category', { hasStyle: false, isOrdered: false, category: 'ocr' }],
])('both ways of reading give the same votes: %s', async (_, options) => {
  const rows = Array.from({ length: 400 }, (_, n) => ({
    model_a: ['ant', 'bee', '中文', 'dog'][n % 4],
    model_b: ['bee', '中文', 'dog', 'ant'][(n >> 2) % 4],
    winner: ['model_a', 'model_b', 'tie', 'both_bad', 'a draw'][n % 9 === 8 ? 4 : n % 4],
    ...(n % 5 === 0 ? { judge: `j${n % 3}` } : { voter_id: n % 11 === 0 ? '' : `v${n % 13}` }),
    ...(n % 3 === 0 ? { id: `id-${n % 300}` } : { question_id: n % 2 === 0 ? n % 250 : null }),
    tstamp: 1_700_000_000 + ((n * 37) % 400),
    counted: n % 17 !== 0,
    mode: n % 19 === 0 ? 'named' : 'anonymous',
    categories: n % 2 === 0 ? ['ocr'] : 'chart|naming',
    ...(n % 6 === 0
      ? {}
      : {
          conv_metadata: {
            chars_a: n,
            chars_b: 400 - n,
            headers_a: 1,
            headers_b: 0,
            lists_a: 2,
            lists_b: n % 3,
            bold_a: 0,
            bold_b: 0,
          },
        }),
  }))
  const lines = rows.map((row) => JSON.stringify(row))
  const slow = (line: string) => line.replace('"winner"', '"winne\\u0072"')
  const cwd = folderWith({
    'fast.jsonl': `${lines.join('\n')}\n`,
    'slow.jsonl': lines.map(slow).join('\r\n'),
    'both.jsonl': lines.map((line, n) => (n % 3 === 1 ? slow(line) : line)).join('\n'),
  })
  const read = async (file: string) => {
    const votes = await readVotes([join(cwd, file)], {
      ...options,
      progress: { at: () => undefined, end: () => undefined },
    })
    return { ...votes, badRows: votes.badRows.map(({ line, why }) => ({ line, why })) }
  }
  const fast = await read('fast.jsonl')
  expect(fast.comparisons.a.length).toBeGreaterThan(100)
  expect(fast.skipped).toMatchObject({
    repeated: expect.any(Number),
    same_model: expect.any(Number),
    unknown_winner: expect.any(Number),
  })
  expect(await read('slow.jsonl')).toEqual(fast)
  expect(await read('both.jsonl')).toEqual(fast)
})
