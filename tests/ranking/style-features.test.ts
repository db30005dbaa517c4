import { describe, expect, test } from 'vitest'
import { countMarkup, styleOf } from '../../src/ranking/style-features.ts'

describe('what counts as style', () => {
  test('headers by level, lists, bold, code points', () => {
    const text = '# One\n### Three\n#nospace\n1. a\n  2. b\n- c\n* d\n+ e\n**bold** and __too__ ** not\n\u{1F6B2}'
    expect(countMarkup(text)).toEqual({
      length: [...text].length,
      headers: { h1: 1, h2: 0, h3: 1, h4: 0, h5: 0, h6: 0 },
      lists: { ordered: 2, unordered: 3 },
      bold: { '**': 1, __: 1 },
    })
    expect(styleOf(countMarkup(text))).toEqual([[...text].length, 2, 5, 2])
  })

  const listsIn = (text: string) => countMarkup(text).lists.unordered
  test.each([
    ['fenced text does not count', '```\n- a\n```\n- b', 1],
    ['an empty fence eats nothing after it', '```\n```\n- a\n- b', 2],
    ['an unclosed fence runs to the end', '- a\n```js\n- b\n- c', 1],
    ['the same inner text outside a fence still counts', '- a\n```\n- a\n```\n- a', 2],
    ['repeated fences each close', '```\n- a\n```\n- b\n```\n- c\n```\n- d', 2],
    ['a longer fence holds a shorter one', '````\n```\n- a\n```\n- b\n````\n- c', 1],
    ['tildes do not close backticks', '```\n~~~\n- a\n```\n- b', 1],
    ['a closing line has nothing else on it', '```\n``` js\n- a\n```\n- b', 1],
    ['an indented fence is a fence', '  ```\n- a\n  ```  \n- b', 1],
    ['two backticks are not a fence', '``\n- a\n``\n- b', 2],
  ])('%s', (_, text, expected) => {
    expect(listsIn(text)).toBe(expected)
  })

  test('empty text has no style', () => {
    expect(styleOf(countMarkup(''))).toEqual([0, 0, 0, 0])
  })
})
