import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readAnswers, replayProvider } from '../../src/providers/replay.ts'
import { anImage, aRequest, aTurn, hear, outcomeOf, testDeps } from './asking.ts'

const folder = mkdtempSync(join(tmpdir(), 'replay-'))
let files = 0
function fileOf(...lines: (object | string)[]) {
  const file = join(folder, `${++files}.jsonl`)
  writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'))
  return file
}
const replay = (file: string) => replayProvider({ id: 'ckpt', kind: 'replay', file, speed: 'instant' }, testDeps())
const { sha256 } = anImage()

test('an answer is found by the name of the item', async () => {
  const provider = replay(fileOf({ item: 'menu-1', answer: 'Two coffees.', model: 'ckpt-a' }))
  const heard = await hear(provider, aRequest({ turns: [aTurn({ promptId: 'menu-1' })] }))
  expect(heard.text).toBe('Two coffees.')
  expect(heard.receipt.servedModel).toBe('ckpt-a')
  expect(heard.receipt.warnings).toEqual(['This answer was made elsewhere and is replayed.'])
})

test('else by the picture and the words, however they were composed', async () => {
  const provider = replay(
    fileOf({ item: null, image_sha256: sha256, prompt: ' Que vois-tu au cafe\u0301? ', answer: 'Une tasse.' }),
  )
  const heard = await hear(provider, aRequest({ turns: [aTurn({ question: 'Que vois-tu au caf\u00e9?' })] }))
  expect(heard.text).toBe('Une tasse.')
})

test('the picture may be named by the hash of its upload', async () => {
  const upload = 'ab'.repeat(32)
  const provider = replay(fileOf({ image_sha256: upload.toUpperCase(), prompt: 'What?', answer: 'Yes.' }))
  const turn = aTurn({ question: 'What?', facts: [{ sha256: upload }] })
  expect((await hear(provider, aRequest({ turns: [turn] }))).text).toBe('Yes.')
  expect(await provider.has(turn)).toBe(true)
})

test('where there is none it fails, and never invents', async () => {
  const provider = replay(fileOf({ image_sha256: sha256, prompt: 'Another question?', answer: 'No.' }))
  expect(await provider.has(aTurn())).toBe(false)
  const heard = await hear(provider)
  expect(outcomeOf(heard)).toBe('broken (no_such_answer)')
  expect(heard.text).toBe('')
})

test('a file that is not there is a failure, and may come later', async () => {
  const file = join(folder, 'later.jsonl')
  const provider = replay(file)
  expect(outcomeOf(await hear(provider))).toBe('unreachable (unreachable)')
  writeFileSync(file, JSON.stringify({ image_sha256: sha256, prompt: 'What is in the picture?', answer: 'Now.' }))
  expect((await hear(provider)).text).toBe('Now.')
})

test('duplicates and unreadable lines are told by their numbers; the first answer counts', async () => {
  const answers = await readAnswers(
    fileOf(
      { item: 'a', answer: 'first' },
      '',
      'no json',
      { item: 'a', answer: 'second' },
      { item: 'b' },
      { prompt: 'x', answer: 'y' },
    ),
  )
  expect(answers).toMatchObject({ count: 1, duplicates: [4], unreadable: [3, 5, 6] })
  expect(answers.find(aTurn({ promptId: 'a' }))?.answer).toBe('first')
})

test('paced, it writes words one by one and stops when told', async () => {
  const file = fileOf({ item: 'a', answer: 'one two three four five six' })
  const provider = replayProvider({ id: 'ckpt', kind: 'replay', file }, testDeps())
  const stop = new AbortController()
  const seen: string[] = []
  for await (const event of provider.answer(aRequest({ signal: stop.signal, turns: [aTurn({ promptId: 'a' })] }))) {
    seen.push(event.type)
    if (seen.length === 2) stop.abort()
  }
  expect(seen).toEqual(['text', 'text', 'failed'])
})
