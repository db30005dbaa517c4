import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { phraseFrom, phraseHash, phraseWords, readPhrase, recoveryWords } from '../../src/voters/recovery-phrase.ts'
import { sha256 } from '../characters.ts'

test('2,048 different words of plain letters', () => {
  expect(new Set(recoveryWords).size).toBe(2048)
  expect(recoveryWords.filter((word) => !/^[a-z]{4,14}$/.test(word))).toEqual([])
})

test('the list and the arithmetic never change: a phrase on paper is for ever', () => {
  expect(sha256(recoveryWords.join(' ')).slice(0, 16)).toBe('cdb715ace02bcc9c')
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => i * 17)
  expect(phraseFrom(bytes, sha256)).toBe(
    'alderbank junipercombe kestrelchapel juniperby fieldhill copperwick brighthill cloverden pebblewick glenmere hollywell winterland',
  )
})

test('every phrase is read back, however it was written down', () => {
  for (let i = 0; i < 500; i++) {
    const phrase = phraseFrom(randomBytes(16), sha256)
    expect(phrase.split(' ')).toHaveLength(phraseWords)
    expect(readPhrase(phrase, sha256)).toEqual({ phrase })
    const onPaper = phrase
      .split(' ')
      .map((word, n) => `${n + 1}. ${word[0]!.toUpperCase()}${word.slice(1)}`)
      .join('\r\n')
    expect(readPhrase(onPaper, sha256)).toEqual({ phrase })
  }
})

test('all 128 bits are in the words: phrases of neighbouring bytes differ, and no word is more likely than another', () => {
  const seen = new Set<string>()
  for (let bit = 0; bit < 128; bit++) {
    const bytes = new Uint8Array(16)
    bytes[bit >> 3] = 1 << (bit & 7)
    seen.add(phraseFrom(bytes, sha256))
  }
  expect(seen.size).toBe(128)
  const counts = new Map<string, number>()
  for (let i = 0; i < 4_000; i++)
    for (const word of phraseFrom(randomBytes(16), sha256).split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1)
  // 48,000 words over 2,048: 23.4 each, and chi-square within five standard deviations of its mean.
  const expected = (4_000 * 12) / 2048
  const chiSquare = recoveryWords.reduce((sum, word) => sum + ((counts.get(word) ?? 0) - expected) ** 2 / expected, 0)
  expect(Math.abs(chiSquare - 2047)).toBeLessThan(5 * Math.sqrt(2 * 2047))
})

test('a slip is noticed: an unknown word by name, a missing one, most swapped ones', () => {
  const words = phraseFrom(randomBytes(16), sha256).split(' ')
  expect(readPhrase([...words.slice(0, 11), 'xanadu'].join(' '), sha256)).toEqual({ unknown: 'xanadu' })
  expect(readPhrase(words.slice(0, 11).join(' '), sha256)).toBe('wrong_length')
  let noticed = 0
  for (let i = 0; i < 200; i++) {
    const wrong = phraseFrom(randomBytes(16), sha256).split(' ')
    wrong[i % 12] = recoveryWords[(recoveryWords.indexOf(wrong[i % 12]!) + 1 + i) % 2048]!
    if (readPhrase(wrong.join(' '), sha256) === 'wrong_check') noticed++
  }
  expect(noticed).toBeGreaterThan(170)
})

test('the stored hash is of the words, told apart from any other hash of ours', () => {
  expect(phraseHash('oakham millford', sha256)).toBe(sha256('recovery\0oakham millford'))
})
