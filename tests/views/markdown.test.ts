import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Chip, Said } from '../../src/battles/battle.ts'
import { type AnswerOptions, answerRenderer, renderAnswer } from '../../views/markdown.ts'
import { sayIn } from '../../views/strings/strings.ts'
import { hostilePayloads, tagsOf, wrappers } from './hostile.ts'

const options: AnswerOptions = { side: 'a', say: sayIn('en') }
const said = (text: string, some: Partial<Said> = {}): Said => ({ text, chips: [], marks: [], ...some })
const html = (text: string, more: Partial<AnswerOptions> = {}) => renderAnswer(said(text), { ...options, ...more })
/** A clock that stands: nothing is ever too slow. */
const patient = { ...options, clock: () => 0 }

describe('what an answer looks like', () => {
  test('headings become bold paragraphs, so that no answer has a louder voice', () => {
    expect(html('# Result\n\ntext')).toBe(
      '<p class="heading" dir="auto"><strong>Result</strong></p>\n<p dir="auto">text</p>\n',
    )
  })
  test('a table scrolls in its own box and keeps its alignment without a style attribute', () => {
    const table = html('| a | b |\n|:-:|--:|\n| 1 | 2 |')
    expect(table).toContain('<div class="table" tabindex="0"><table dir="auto">')
    expect(table).toContain('<th class="center">a</th>')
    expect(table).toContain('<td class="right">2</td>')
    expect(table).not.toContain('style')
  })
  test('code has a copy button and words of its language are marked by classes', () => {
    const code = html('```js\nconst a = "<b>"\n```')
    expect(code).toContain('data-copy')
    expect(code).toContain('<span class="hljs-keyword">const</span>')
    expect(code).toContain('&lt;b&gt;')
  })
  test('a copy button cannot be written by a model', () => {
    expect(html('a \uE002 b')).not.toContain('data-copy')
  })
  test('formulas in all four spellings become MathML without styles', () => {
    for (const text of ['$x^2$', '\\(x^2\\)', '$$x^2$$', '\\[x^2\\]', '$$\nx^2\n$$', '\\[\nx^2\n\\]']) {
      const formula = html(text)
      expect(formula, text).toContain('<msup>')
      expect(formula, text).not.toMatch(/style=|katex/)
    }
  })
  test('prices stay prices', () => {
    for (const text of ['It costs $5 and $6.', 'From $5 to $10, or US$ 12.', 'A $ sign, a 5$ bill'])
      expect(html(text)).toBe(`<p dir="auto">${text}</p>\n`)
  })
  test('a formula that cannot be read is shown as it was written', () => {
    expect(html('$\\frac{a}$')).toContain('<code class="formula">$\\frac{a}$</code>')
    expect(html(`$${'{'.repeat(900)}$`)).toContain('<code class="formula">')
  })
  test('a display formula that never closes is shown as it was written', () => {
    expect(html('$$\na + b\n\nmore')).toBe('<p class="plain" dir="auto">$$\na + b</p>\n<p dir="auto">more</p>\n')
  })
  test('bidi controls are shown as marks', () => {
    expect(html('a\u202Eb')).toContain('<span class="bidi">U+202E</span>')
    expect(html('[x](http://a.example/\u2066)')).not.toContain('\u2066')
  })
  test('images are replaced by words in the reader’s language', () => {
    expect(html('![a cat](https://x.example/c.png)')).toContain('[image link removed: a cat]')
    expect(renderAnswer(said('![](x.png)'), { side: 'a', say: sayIn('zh') })).toContain('[已移除图片链接]')
  })
})

describe('links', () => {
  test('lead nowhere before the reveal, but tell their host', () => {
    expect(html('[shop](https://shop.example/a)')).toBe(
      '<p dir="auto"><span class="link" title="shop.example">shop</span></p>\n',
    )
  })
  test('are real after it, with the host beside them', () => {
    const link = html('[shop](https://shop.example/a)', { isRevealed: true })
    expect(link).toContain(
      '<a href="https://shop.example/a" title="shop.example" rel="noopener noreferrer nofollow ugc" target="_blank">shop</a>',
    )
    expect(link).toContain('<span class="host">(shop.example)</span>')
  })
  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '//evil.example',
    '/b/1/reveal',
    'file:///etc/passwd',
    'JaVaScRiPt:x',
  ])('%s is no link, blind or revealed', (url) => {
    for (const isRevealed of [false, true]) expect(html(`[x](${url})`, { isRevealed })).not.toMatch(/<a |class="link"/)
  })
})

describe('chips', () => {
  const chip = (marks: number[], some: Partial<Chip> = {}): Chip => ({ marks, label: null, state: 'drawn', ...some })
  const pointing = (text: string, chips: Chip[]): Said => ({
    text,
    chips,
    marks: [
      { kind: 'point', x: 0.9, y: 0.8, label: 'QR <code>' },
      { kind: 'box', x1: 0.1, y1: 0.1, x2: 0.2, y2: 0.2, label: null, image: 2 },
    ],
  })
  const at = (n: number) => `\uE000${n}\uE001`

  test('stand where the markup stood, say what and where they point, and are escaped', () => {
    const button = renderAnswer(pointing(`See ${at(0)}.`, [chip([0])]), options)
    expect(button).toContain('data-side="a" data-turn="1" data-marks="1"')
    expect(button.replace(/<[^>]*>/g, '')).toBe('See Point 1 QR &lt;code&gt;, right side, lower third.\n')
  })
  test('tell which image when it is not the first', () => {
    expect(renderAnswer(pointing(at(0), [chip([1])]), options)).toContain('image 2')
  })
  test('are plain numbers inside code, links and formulas', () => {
    expect(renderAnswer(pointing(`\`${at(0)}\``, [chip([0])]), options)).toContain('<code>[1]</code>')
    expect(
      renderAnswer(pointing(`[a ${at(0)}](http://x.example)`, [chip([0])]), { ...options, isRevealed: true }),
    ).toContain('>a [1]</a>')
    expect(renderAnswer(pointing(`$a ${at(0)}$`, [chip([0])]), options)).not.toMatch(/<button|[\uE000-\uE00F]/)
    expect(renderAnswer(pointing(`\`\`\`json\n${at(0)}\n\`\`\``, [chip([0])]), options)).toContain('[1]\n</code>')
  })
  test('outside the image are words, not buttons', () => {
    const outside = renderAnswer(pointing(at(0), [chip([], { label: 'a bird', state: 'outside' })]), options)
    expect(outside).toContain('a bird · outside image')
    expect(outside).not.toContain('<button')
  })
  test('that do not exist leave nothing behind', () => {
    expect(renderAnswer(pointing(`a ${at(7)} b \uE000 c \uE001`, []), options)).toBe('<p dir="auto">a  b  c </p>\n')
  })
})

describe('an answer that grows', () => {
  const text =
    'Intro with **bold**.\n\n- one\n- two\n\n  more of two\n\n1. first\n2. second\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\ncontinued\n\n```js\nlet a = 1\n\nlet b\n```\n\n$$\nx\n$$\n\nTitle\n===\n\nend [x]: http://a.example\n'

  test('appends each finished block once and keeps the open one apart', () => {
    const renderer = answerRenderer(patient)
    let done = ''
    for (let length = 0; length <= text.length; length += 7) {
      const now = renderer.update(said(text.slice(0, length)), false)
      expect(now.restarted).toBe(false)
      done += now.appended
      expect(now.done).toBe(done)
    }
    expect(done).not.toBe('')
    const last = renderer.update(said(text), true)
    expect(last.tail).toBe('')
    expect(done + last.appended).toBe(renderAnswer(said(text), patient))
  })

  test('block by block equals the whole, for any text in any pieces', () => {
    const fragments = fc.constantFrom(
      ...[
        'word ',
        '**b** ',
        '\n',
        '\n\n',
        '- item\n',
        '  - deep\n',
        '1. n\n',
        '> q\n',
        '```\n',
        '```js\n',
        '    code\n',
        '# h\n',
        '---\n',
        '===\n',
      ],
      ...[
        '| a | b |\n',
        '|---|---|\n',
        '$$\n',
        '$x$ ',
        '\\[\n',
        '\\]\n',
        '[l](http://e.example) ',
        '![i](x) ',
        '[r]: http://e.example\n',
        '[r] ',
        '<b>',
        '\t',
        '`c` ',
        '\r\n',
        '* * *\n',
        '\\',
        'a\n',
      ],
    )
    fc.assert(
      fc.property(
        fc.array(fragments, { maxLength: 24 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        (parts, steps) => {
          const whole = parts.join('')
          const renderer = answerRenderer(patient)
          for (let at = 0, i = 0; at < whole.length; at += steps[i++ % steps.length]!)
            renderer.update(said(whole.slice(0, at)), false)
          expect(renderer.update(said(whole), true).done).toBe(renderAnswer(said(whole), patient))
        },
      ),
      { numRuns: 1500 },
    )
  })

  test('starts over when the text is replaced', () => {
    const renderer = answerRenderer(patient)
    renderer.update(said('one\n\ntwo\n\nthree'), false)
    const now = renderer.update(said('other\n\ntext\n\n'), false)
    expect(now).toMatchObject({ restarted: true, done: '<p dir="auto">other</p>\n' })
  })

  test('an open block past 4 KB is text until it closes', () => {
    const renderer = answerRenderer(patient)
    const long = `${'word '.repeat(1000)}**bold**`
    expect(renderer.update(said(long), false).tail).toMatch(/^<p class="plain" dir="auto">/)
    expect(renderer.update(said(`${long}\n\n${'next '.repeat(60)}\n\n`), false).done).toContain('<strong>bold</strong>')
  })

  test('the work grows with the length, not with its square', () => {
    const paragraph = 'Some **words** about a picture, with `code` and [a link](http://e.example).\n\n'
    const blocksRendered = (characters: number) => {
      const whole = paragraph.repeat(Math.ceil(characters / paragraph.length)).slice(0, characters)
      // Each rendering of a piece asks the clock twice (start, end): readings count renderings, and their sizes are bounded by the block.
      let readings = 0
      const renderer = answerRenderer({ ...options, clock: () => 0 * ++readings })
      let bytes = 0
      for (let at = 0; at < whole.length; at += 80) {
        const { appended, tail } = renderer.update(said(whole.slice(0, at)), false)
        bytes += appended.length + tail.length
      }
      return { readings, bytes }
    }
    const [short, long] = [blocksRendered(8192), blocksRendered(16_384)]
    expect(long.readings / short.readings).toBeLessThan(2.2)
    expect(long.bytes / short.bytes).toBeLessThan(2.2)
  })
})

describe('slow text', () => {
  /** Every reading is so much later than the last. */
  const slow = (stepMs: number) => {
    let now = 0
    return () => (now += stepMs)
  }
  test('an open block that took longer than 20 ms stays text until it closes', () => {
    const renderer = answerRenderer({ ...options, clock: slow(30) })
    renderer.update(said('a **b**'), false)
    expect(renderer.update(said('a **b** c'), false).tail).toBe('<p class="plain" dir="auto">a **b** c</p>')
  })
  test('an answer that took longer than 200 ms is text as a whole', () => {
    const renderer = answerRenderer({ ...options, clock: slow(150) })
    renderer.update(said('a\n\n**b**\n\n'), false)
    const now = renderer.update(said('a\n\n**b**\n\nc\n\n'), true)
    expect(now).toMatchObject({ restarted: true, tail: '' })
    expect(now.done).toBe('<pre class="plain" dir="auto">a\n\n**b**\n\nc\n\n</pre>')
  })
  test('hostile text of 16 KB is not given up and not slow', () => {
    for (const piece of [
      '[',
      '![',
      '$',
      '$x$',
      '*a',
      '`',
      '> ',
      '|',
      '\\',
      '<',
      '&',
      '[a](',
      '**a*',
      '[]()',
      '\\frac{',
      '  - a\n',
      '*_',
      '\\(',
      '>> ',
    ]) {
      const text = piece.repeat(16_384 / piece.length)
      const start = performance.now()
      const rendered = html(text)
      expect(performance.now() - start, piece).toBeLessThan(3000)
      expect(rendered.length, piece).toBeLessThan(text.length * 40 + 1000)
    }
  })
})

describe('hostile answers', () => {
  const contexts = (payload: string) => wrappers.map((wrap) => wrap(payload))

  test('of more than a thousand, none leaves the list of allowed tags and attributes', () => {
    let tried = 0
    for (const payload of hostilePayloads)
      for (const text of contexts(payload))
        for (const isRevealed of [false, true]) {
          tried++
          for (const { name, attributes } of tagsOf(html(text, { isRevealed }), text)) {
            expect(allowedTags.has(name), `${name} from ${text}`).toBe(true)
            for (const [attribute, value] of attributes) {
              expect(allowedAttributes.has(attribute), `${attribute} from ${text}`).toBe(true)
              if (attribute === 'href') expect(value).toMatch(/^(https?:\/\/|mailto:)/)
              if (attribute === 'class') expect(value).not.toMatch(/htmx|hx-/)
            }
          }
        }
    expect(tried).toBeGreaterThan(1000)
  })

  test('nothing that htmx looks for in raw text ever comes out', () => {
    for (const payload of hostilePayloads)
      for (const text of contexts(payload)) expect(html(text, { isRevealed: true })).not.toMatch(/<\/?hx-/i)
  })

  test('tags are balanced, so that an answer cannot end the pane it stands in', () => {
    for (const payload of hostilePayloads)
      for (const text of contexts(payload)) {
        const open: string[] = []
        for (const { name, isClosing } of tagsOf(html(text), text)) {
          if (name === 'br' || name === 'hr') continue
          if (isClosing) expect(open.pop(), text).toBe(name)
          else open.push(name)
        }
        expect(open, text).toEqual([])
      }
  })

  test('hostile labels of marks are words', () => {
    for (const payload of hostilePayloads) {
      const rendered = renderAnswer(
        {
          text: '\uE0000\uE001',
          chips: [{ marks: [0], label: payload, state: 'drawn' }],
          marks: [{ kind: 'point', x: 0, y: 0, label: payload }],
        },
        options,
      )
      for (const { name } of tagsOf(rendered, payload)) expect(['p', 'button', 'span']).toContain(name)
    }
  })
})

const allowedTags = new Set(
  'p strong em s code pre ul ol li blockquote br hr span div a button table thead tbody tr th td math semantics annotation mrow mi mn mo mtext ms mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mpadded mphantom menclose mstyle mprescripts mmultiscripts none'.split(
    ' ',
  ),
)
const allowedAttributes = new Set(
  'class dir title href rel target start tabindex type data-copy data-side data-turn data-marks mathvariant stretchy fence separator lspace rspace columnalign rowspacing columnspacing columnlines rowlines scriptlevel displaystyle linethickness width height depth voffset mathcolor mathbackground mathsize accent accentunder minsize maxsize xmlns encoding display notation side movablelimits form symmetric largeop'.split(
    ' ',
  ),
)
