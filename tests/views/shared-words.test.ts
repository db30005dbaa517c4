import { expect, test } from 'vitest'
import { markWords, wordsInBoth } from '../../views/shared-words.ts'

test('words in both: of both languages, whatever their case, numbers too, the little words not', () => {
  expect([...wordsInBoth('The total is £27.39, with Service.', 'service of 2.49; the TOTAL was 27.39')].sort()).toEqual(
    ['27.39', 'service', 'total'],
  )
  expect([...wordsInBoth('图中有一只猫在桌子上', '桌子上面有两只狗')]).toContain('桌子')
  expect(wordsInBoth('cat', 'dog').size).toBe(0)
})

test('words are marked in the text and nowhere else', () => {
  const words = new Set(['total', 'class', 'quot'])
  expect(markWords('<p class="total">Total: &quot;<b>total</b>&quot;</p>', words)).toBe(
    '<p class="total"><mark class="both">Total</mark>: &quot;<b><mark class="both">total</mark></b>&quot;</p>',
  )
  const untouched = '<pre><code>total</code> total</pre><button type="button">total</button><math><mi>total</mi></math>'
  expect(markWords(untouched, words)).toBe(untouched)
  expect(markWords(`${untouched}<p>total</p>`, words)).toBe(`${untouched}<p><mark class="both">total</mark></p>`)
})

test('taking the marks out again gives the same HTML', () => {
  const html =
    '<p>One &amp; two &lt;three&gt; – four, <em>five six</em> 图中有一只猫。<a href="https://example.org/?a=1&amp;b=2">seven</a></p>'
  const words = wordsInBoth('three four five seven 图中 一只猫 amp', 'three four five seven 图中 一只猫 amp')
  expect(markWords(html, words)).not.toBe(html)
  expect(markWords(html, words).replaceAll(/<mark class="both">|<\/mark>/g, '')).toBe(html)
})
