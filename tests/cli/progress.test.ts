import { expect, test } from 'vitest'
import { tableText } from '../../src/cli/output.ts'
import { progressOf } from '../../src/cli/progress.ts'

function shown(isTerminal: boolean) {
  let time = 0
  const written: string[] = []
  const progress = progressOf('Reading', { isTerminal, now: () => time, write: (text) => void written.push(text) })
  return { written, progress, wait: (ms: number) => (time += ms) }
}

test('what takes less than a second says nothing', () => {
  const { written, progress, wait } = shown(true)
  for (let done = 0; done < 99; done++) {
    progress.at(done, 100)
    wait(10)
  }
  progress.end()
  expect(written).toEqual([])
})

test('a terminal gets a bar that is taken away at the end', () => {
  const { written, progress, wait } = shown(true)
  wait(1500)
  progress.at(50, 100)
  progress.at(51, 100)
  wait(100)
  progress.at(75, 100)
  progress.end()
  expect(written).toEqual([
    '\r\u001b[K[============            ] Reading: 50 (50 %)',
    '\r\u001b[K[==================      ] Reading: 75 (75 %)',
    '\r\u001b[K',
  ])
})

test('elsewhere plain lines come now and then, without control characters', () => {
  const { written, progress, wait } = shown(false)
  for (let done = 0; done <= 120; done++) {
    progress.at(done * 1000, null)
    wait(100)
  }
  progress.end()
  expect(written).toEqual(['Reading: 10,000\n', 'Reading: 60,000\n', 'Reading: 110,000\n'])
})

test('columns line up, also with characters two cells wide', () => {
  expect(
    tableText(
      [
        ['模型', '1'],
        ['abcd', '22'],
      ],
      { right: [1] },
    ),
  ).toBe('模型   1\nabcd  22')
})
