import { describe, expect, test } from 'vitest'
import { linesOf, listModerator } from '../../src/moderation/lists.ts'
import type { Picture } from '../../src/moderation/moderator.ts'

const signal = new AbortController().signal
const picture = (more: Partial<Picture> = {}): Picture => ({
  bytes: new Uint8Array(),
  mediaType: 'image/jpeg',
  width: 1,
  height: 1,
  sha256: 'a'.repeat(64),
  ...more,
})
const outcomeOf = async (words: string[], text: string) =>
  (await listModerator({ words, hashes: [] }, ['text']).screen({ text, images: [] }, signal)).outcome

describe("the operator's own lists", () => {
  test.each([
    ['darn', 'What is that DARN thing?', 'found'],
    ['darn', 'Who is darning socks?', 'clear'],
    ['darn', 'ｄａｒｎ', 'found'],
    ['two words', 'these two\n words', 'found'],
    ['a.b', 'axb', 'clear'],
    ['c++', 'I like c++!', 'found'],
    ['坏词', '这是坏词吗', 'found'],
  ])('%s in %j: %s', async (word, text, outcome) => {
    expect(await outcomeOf([word], text)).toBe(outcome)
  })

  test('a known picture is found by its file, by what is stored of it, and by its look', async () => {
    const lists = { words: [], hashes: ['b'.repeat(64), 'c'.repeat(64), '00000000000000ff'] }
    const { screen } = listModerator(lists, ['image'])
    const found = async (more: Partial<Picture>) =>
      (await screen({ text: '', images: [picture(), picture(more)] }, signal)).parts?.images ?? []
    expect(await found({ sha256: 'b'.repeat(64) })).toEqual([1])
    expect(await found({ uploadSha256: 'c'.repeat(64) })).toEqual([1])
    expect(await found({ phash: '00000000000000f0' })).toEqual([1])
    expect(await found({ phash: '00000000000000e0' })).toEqual([])
    expect(await found({})).toEqual([])
  })

  test('it looks only at what it is set to look at', async () => {
    const lists = { words: ['bad'], hashes: ['a'.repeat(64)] }
    const asked = { text: 'bad', images: [picture()] }
    expect((await listModerator(lists, ['text']).screen(asked, signal)).parts).toEqual({ text: true, images: [] })
    expect((await listModerator(lists, ['image']).screen(asked, signal)).parts).toEqual({ text: false, images: [0] })
  })

  test('comments and empty lines are no entries', () => {
    expect(linesOf('# list\r\n one \n\n#two\nthree')).toEqual(['one', 'three'])
  })
})
