import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  chipPattern,
  chipsOf,
  type Dialect,
  describePlace,
  dialects,
  type GroundingOptions,
  type Mark,
  parseGrounding,
  smartResize,
  withChips,
} from '../../src/models/grounding.ts'

type GoldenMark = Record<string, string | number | null> & { kind: string }
type Golden = {
  name: string
  dialect: Dialect
  imageWidth: number
  imageHeight: number
  text: string
  expected: GoldenMark[]
}
const goldenFile = new URL('../golden/grounding.json', import.meta.url)
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden[]

const read = (dialect: Dialect, text: string, more: Partial<GroundingOptions> = {}) =>
  parseGrounding(text, { dialect, width: 640, height: 480, ...more })
/** Text as it is, chips as `⟨marks|label|state⟩` with the state left out where drawn. */
const shown = (dialect: Dialect, text: string, more: Partial<GroundingOptions> = {}) =>
  read(dialect, text, more)
    .segments.map((segment) =>
      segment.kind === 'text'
        ? segment.text
        : `⟨${segment.marks.map((mark) => mark + 1).join(',')}|${segment.label ?? ''}${segment.state === 'drawn' ? '' : `|${segment.state}`}⟩`,
    )
    .join('')
const round = (value: number) => Math.round(value * 10_000) / 10_000
/** A mark as its label and numbers. */
const place = (mark: Mark) => [
  mark.label,
  ...(mark.kind === 'point' ? [mark.x, mark.y] : [mark.x1, mark.y1, mark.x2, mark.y2]).map(round),
]
const places = (dialect: Dialect, text: string, more: Partial<GroundingOptions> = {}) =>
  read(dialect, text, more).marks.map(place)

describe('the golden file', () => {
  test.each(golden)('$name', ({ dialect, imageWidth, imageHeight, text, expected }) => {
    const { marks } = parseGrounding(text, { dialect, width: imageWidth, height: imageHeight })
    expect(marks).toHaveLength(expected.length)
    for (const [index, want] of expected.entries()) {
      const mark = marks[index] as unknown as GoldenMark
      for (const [key, value] of Object.entries(want)) {
        if (typeof value === 'number') expect(Math.abs(Number(mark[key]) - value), key).toBeLessThan(1e-4)
        else expect(mark[key], key).toBe(value)
      }
    }
  })
})

describe('own dialect first, then self-describing tags', () => {
  const selfDescribing: [string, string, string][] = [
    ['Molmo', '<point x="50" y="25" alt="a">a</point>', '⟨1|a⟩'],
    ['Molmo 2', '<points coords="1 1 500 250">a</points>', '⟨1|a⟩'],
    ['box tags', '<ref>a</ref><box>(1,2),(300,400)</box>', '⟨1|a⟩'],
    ['DeepSeek', '<|ref|>a<|/ref|><|det|>[[1,2,300,400]]<|/det|>', '⟨1|a⟩'],
    ['GLM', '<|begin_of_box|>[[1,2,300,400]]<|end_of_box|>', '⟨1|⟩'],
    ['PaliGemma', '<loc0001><loc0002><loc0300><loc0400>', '⟨1|⟩'],
    ['Florence-2', '<loc_1><loc_2><loc_300><loc_400>', '⟨1|⟩'],
    ['Kosmos-2', '<patch_index_0044><patch_index_0863>', '⟨1|⟩'],
  ]
  test.each(selfDescribing)('%s tags are read in every dialect but none', (_, text, want) => {
    for (const dialect of dialects) expect(shown(dialect, text), dialect).toBe(dialect === 'none' ? text : want)
  })

  test('box tokens count in thousandths, except for UI-TARS, which has its own space', () => {
    const text = '<|box_start|>(322,238),(644,476)<|box_end|>'
    expect(places('auto', text)).toEqual([[null, 0.322, 0.238, 0.644, 0.476]])
    expect(places('ui-tars-1.5', text)).toEqual([[null, 0.5, 0.5, 1, 1]])
  })

  test('none reads and hides nothing, also while streaming', () => {
    const text = '<point x="1" y="2">a</point> {"bbox_2d":[1,2,3,4]} <poi'
    expect(shown('none', text)).toBe(text)
    expect(shown('none', text, { final: false })).toBe(text)
  })

  test.each(['bbox_2d', 'point_2d', 'box_2d'])(
    'a foreign %s is hidden behind an unplaced chip and never drawn',
    (key) => {
      for (const dialect of ['auto', 'molmo', 'florence-2', 'showui'] as const) {
        const text = `Here:\n\`\`\`json\n[{"${key}": [1, 2, 3, 4], "label": "cat"}]\n\`\`\`\nDone`
        expect(shown(dialect, text)).toBe('Here:\n⟨|cat|unplaced⟩\nDone')
        expect(read(dialect, text).marks).toEqual([])
      }
      expect(read('gemini', '{"bbox_2d": [1, 2, 3, 4]}').marks).toEqual([])
      expect(read('qwen3-vl', '{"box_2d": [1, 2, 3, 4]}').marks).toEqual([])
    },
  )

  test('bare numbers and calls are prose', () => {
    for (const text of ['(0.42, 0.31)', 'Click(10, 20)', 'see [1] and [2, 3]', 'f(x) = {x | x < 3}'])
      for (const dialect of ['auto', 'molmo', 'gemini', 'pixels'] as const) expect(shown(dialect, text)).toBe(text)
  })

  test('ordinary Markdown and code are unchanged', () => {
    const text =
      'a<b, <https://x.y> `code` [link](u) ~~no~~ ![i](j)\n```ts\nconst x = [1, 2]\n```\n{"a": [1, {"b": null}]}\n<div>'
    for (const dialect of dialects) expect(shown(dialect, text)).toBe(text)
  })
})

describe('numbers', () => {
  test('sign, fraction, exponent, and strings in JSON', () => {
    expect(places('molmo', '<point x="+6.15e1" y=" .5 ">a</point>')).toEqual([['a', 0.615, 0.005]])
    expect(places('pixels', '{"point": ["3.2e2", "+240."]}')).toEqual([[null, 0.5, 0.5]])
  })

  test('NaN, Infinity and wrong counts are dropped and counted', () => {
    expect(
      read('pixels', '[{"point":[NaN,1]},{"point":[1,Infinity]},{"point":[1,2,3]},{"bbox":[1,2,3]}]').notes,
    ).toEqual({
      heldBack: 0,
      farOut: 0,
      dropped: 4,
    })
    expect(shown('auto', '<box>(NaN,1),(2,3)</box>')).toBe('⟨||unplaced⟩')
    expect(read('molmo', '<point x="12,5" y="3">a</point>').notes.dropped).toBe(1)
  })

  test('Molmo 2 and tokens are digits only', () => {
    expect(read('molmo2', '<points coords="1 1 -90 400 2 9e2 400 3 900 400">a</points>').marks).toHaveLength(1)
    expect(shown('auto', '<loc-001>')).toBe('<loc-001>')
  })
})

describe('range', () => {
  test('a little over the edge is the edge', () => {
    expect(places('molmo', '<point x="-1.9" y="101.9">a</point>')).toEqual([['a', 0, 1]])
  })

  test('far out is no mark, counted, and said by the chip; never clamped onto the edge', () => {
    const { marks, segments, notes } = read('molmo', '<point x="50" y="140" alt="a">a</point>')
    expect(marks).toEqual([])
    expect(notes.farOut).toBe(1)
    expect(segments).toEqual([{ kind: 'chip', marks: [], label: 'a', state: 'outside' }])
  })

  test('one place inside keeps the chip drawn', () => {
    expect(shown('molmo', '<points x1="50" y1="50" x2="500" y2="50">a</points>')).toBe('⟨1|a⟩')
  })

  test('an image without a size draws nothing in pixels', () => {
    expect(read('pixels', '{"point":[1,2]}', { width: 0, height: Number.NaN }).marks).toEqual([])
  })
})

describe('corners', () => {
  test('are sorted on each axis', () => {
    expect(places('internvl', '<box>[[300,400,100,200]]</box>')).toEqual([[null, 0.1, 0.2, 0.3, 0.4]])
  })

  test('a box without area is dropped, also when the edge makes it so', () => {
    expect(read('internvl', '<box>[[1,2,1,4]]</box>').notes.dropped).toBe(1)
    expect(read('internvl', '<box>[[-15,2,-1,4]]</box>').notes.dropped).toBe(1)
  })

  test('quads and polygons become the box around them', () => {
    const around = [null, 0.1, 0.2, 0.5, 0.7]
    expect(places('qwen2-vl', '<quad>(100,300),(300,200),(500,400),(200,700)</quad>')).toEqual([around])
    expect(places('qwen3-vl', '{"bbox_2d":[[100,300],[300,200],[500,400],[200,700]]}')).toEqual([around])
    expect(places('gemini', '{"box_2d":[[300,100],[200,300],[400,500],[700,200]]}')).toEqual([around])
  })

  test('segmentation is removed, not decoded', () => {
    expect(shown('paligemma', '<loc0001><loc0002><loc0300><loc0400><seg001><seg127> cat')).toBe('⟨1|⟩ cat')
    expect(shown('auto', 'a <seg005>b')).toBe('a b')
    expect(shown('gemini', '{"box_2d":[1,2,300,400],"mask":"data:image/png;base64,AAAA","label":"a"}')).toBe('⟨1|a⟩')
  })
})

describe('labels', () => {
  const labelOf = (content: string) => read('molmo', `<point x="1" y="2">${content}</point>`).marks[0]?.label

  test('control and direction characters go, whitespace collapses, ends are trimmed, empty is null', () => {
    expect(labelOf('  a\u0000\u202e b\n\t c\u2066 ')).toBe('a b c')
    expect(labelOf(' \u200f ')).toBeNull()
  })

  test('200 characters at most, and no half characters', () => {
    expect(labelOf('😀'.repeat(300))).toBe('😀'.repeat(200))
  })

  test('are text: never HTML, entities not decoded', () => {
    expect(labelOf('<img src=x onerror=alert(1)>')).toBe('<img src=x onerror=alert(1)>')
    expect(labelOf('a &amp; b')).toBe('a &amp; b')
  })

  test('attributes may hold a closing bracket and either quote', () => {
    expect(shown('molmo', '<point x="1" y="2" alt="a > b"/> c')).toBe('⟨1|a > b⟩ c')
    expect(shown('molmo', `<point x='1' y='2' alt='say "hi"'/>`)).toBe('⟨1|say "hi"⟩')
  })
})

describe('limits', () => {
  test('500 marks at most, the rest counted as dropped', () => {
    const { marks, notes } = read('molmo', '<point x="1" y="2">a</point>'.repeat(600))
    expect(marks).toHaveLength(500)
    expect(notes.dropped).toBe(100)
  })

  test('marks are in order of appearance, and chips point at them', () => {
    const parsed = read(
      'auto',
      '<point x="1" y="2">a</point> <box>(1,2),(3,4)</box> <points x1="5" y1="6" x2="7" y2="8"/>',
    )
    expect(chipsOf(parsed).map(({ marks }) => marks)).toEqual([[0], [1], [2, 3]])
  })
})

describe('truncation', () => {
  test.each<[Dialect, string]>([
    ['molmo', 'a <point x="1" y="2'],
    ['molmo', 'a <point x="1" y="2" alt="b > c'],
    ['molmo2', 'a <points coords="1 1 500 250'],
    ['qwen2-vl', 'a <|box_start|>(1,2),(300,4'],
    ['qwen2-vl', 'a <|box_start|>(1,2),(300,400)'],
    ['qwen2-vl', 'a (1,2),(30'],
    ['internvl', 'a <box>[[1,2,300,400]'],
    ['deepseek-vl2', 'a <|det|>[[1, 2, 300'],
    ['glm-v', 'a <|begin_of_box|>[[1,2,3'],
    ['kosmos-2', 'a <object><patch_index_0044><patch_ind'],
    ['cogvlm', 'a [[086,540'],
    ['paligemma', 'a <loc0256><loc02'],
    ['florence-2', 'a <poly><loc_1><loc_2'],
    ['ui-tars-1', "a start_box='(1,2"],
    ['qwen2.5-vl', 'a ```json\n[{"bbox_2d": [1, 2'],
    ['qwen3-vl', 'a {"bbox_2'],
    ['gemini', 'a [{"box_2d": [1,2,300,400], "label": '],
    ['glm-v', 'a {"bbox_2d": [1, 2, 3'],
    ['moondream', 'a <poi'],
    ['showui', "a {'position': [0.7, 0."],
    ['pixels', 'a {"bbox": [1, 2'],
    ['qwen3-vl', 'a <tool_call>\n{"name": "computer_use", "argu'],
    ['auto', 'a <|object_ref_st'],
  ])('%s: an unclosed construct at the end is an unplaced chip, its numbers unused: %s', (dialect, text) => {
    expect(shown(dialect, text)).toBe('a ⟨||unplaced⟩')
    expect(read(dialect, text).marks).toEqual([])
    expect(shown(dialect, text, { final: false })).toBe('a ')
    expect(read(dialect, text, { final: false }).notes.heldBack).toBe(text.length - 2)
  })

  test('a cut answer in one bracket is no place (ShowUI)', () => {
    expect(shown('showui', '[0.73, 0.2')).toBe('⟨||unplaced⟩')
  })

  test('a referred phrase that was cut stays readable as the label', () => {
    expect(shown('internvl', '<ref>the dog')).toBe('⟨|the dog|unplaced⟩')
    expect(shown('internvl', '<ref>the dog</ref><box>[[1,2')).toBe('⟨|the dog|unplaced⟩')
  })

  test('an opening tag without its closing tag keeps its marks, labelled by its attributes', () => {
    expect(shown('molmo', '<point x="1" y="2" alt="dog">do')).toBe('⟨1|dog⟩')
    expect(shown('molmo', '<point x="1" y="2" alt="dog">the dog</poi')).toBe('⟨1|dog⟩the dog')
    expect(shown('molmo', '<point x="1" y="2" alt="dog"> and <point x="3" y="4">cat</point>')).toBe(
      '⟨1|dog⟩ and ⟨2|cat⟩',
    )
    const prose = `and so on${' and on'.repeat(300)}`
    expect(shown('molmo', `<point x="1" y="2" alt="dog">${prose}</point>`)).toBe(`⟨1|dog⟩${prose}`)
  })

  test('cut JSON keeps its complete objects', () => {
    const text = '```json\n[{"bbox_2d":[1,2,300,400],"label":"a"},{"bbox_2d":[5,6,700,800],"label":"b'
    expect(shown('qwen3-vl', text)).toBe('⟨1|a⟩⟨|b|unplaced⟩')
  })

  test('one or two letters after a bracket may be mathematics', () => {
    for (const text of ['if a <', 'if a<b', 'x<l', 'a <|']) expect(shown('auto', text)).toBe(text)
    expect(shown('auto', 'if a<b', { final: false })).toBe('if a')
  })
})

describe('tolerant JSON', () => {
  test('fenced with any info word, or bare', () => {
    const block = '[{"bbox_2d":[1,2,300,400],"label":"a"}]'
    for (const text of [
      block,
      `\`\`\`json\n${block}\n\`\`\``,
      `\`\`\`\n${block}\`\`\``,
      `\`\`\`python ${block} \`\`\``,
    ])
      expect(shown('qwen3-vl', `x ${text} y`)).toBe('x ⟨1|a⟩ y')
    expect(shown('qwen3-vl', `~~~json\n${block}\n~~~`)).toBe('⟨1|a⟩')
  })

  test("single quotes, Python's words, trailing commas", () => {
    const text = "[{'bbox_2d': [1, 2, 300, 400,], 'label': 'it\\'s', 'ok': True, 'no': None, 'bad': False,},]"
    expect(shown('qwen3-vl', text)).toBe("⟨1|it's⟩ ok: true, bad: false")
  })

  test('objects at any depth to 8, not beyond', () => {
    expect(shown('gemini', '{"objects":[[{"box_2d":[1,2,300,400],"label":"a"}]]}')).toBe('⟨1|a⟩')
    const nested = (depth: number) => `${'['.repeat(depth - 1)}{"point":[1,2]}${']'.repeat(depth - 1)}`
    expect(shown('gemini', nested(8))).toBe('⟨1|⟩')
    expect(shown('gemini', nested(9))).toBe('⟨||unplaced⟩')
  })

  test('a list of lists is one mark each, with the same label', () => {
    expect(places('gemini', '{"point":[[100,200],[300,400]],"label":"a"}')).toEqual([
      ['a', 0.2, 0.1],
      ['a', 0.4, 0.3],
    ])
    expect(places('qwen3-vl', '{"bbox_2d":[[1,2,300,400],[5,6,700,800]],"label":"a"}')).toHaveLength(2)
  })

  test('a block without places stays text', () => {
    for (const text of ['{"a": 1}', '```json\n{"a": [1, 2, 3, 4]}\n```', '{"point": ["first", "second"]}'])
      expect(shown('gemini', `x ${text} y`)).toBe(`x ${text} y`)
  })

  test('other members follow the chip, so that nothing said is lost', () => {
    const text = '{"answer": "two dogs", "n": 2, "found": [{"bbox_2d":[1,2,300,400],"label":"a","tags":["big","red"]}]}'
    expect(shown('qwen3-vl', text)).toBe('⟨1|a⟩ answer: two dogs, n: 2, tags: big, red')
  })

  test('markup in a member is read too, and never shown raw', () => {
    const text = '{"bbox_2d":[1,2,300,400],"note":"see <point x=\\"50\\" y=\\"50\\">b</point>"}'
    expect(shown('qwen3-vl', text)).toBe('⟨1|⟩ note: see ⟨2|b⟩')
    expect(shown('auto', '{"note":"<point x=\\"50\\" y=\\"50\\" alt=\\"the dog\\"/>"}')).toBe('{"note":"⟨1|the dog⟩"}')
  })

  test('words beside the block in its fence stay, the block is still replaced', () => {
    expect(shown('qwen3-vl', '```\nboxes = [{"bbox_2d":[1,2,300,400]}]\n```')).toBe('```\nboxes = ⟨1|⟩\n```')
    expect(shown('qwen3-vl', '```json\n{"bbox_2d":[1,2,300,400]}\nthat is all\n```')).toBe(
      '```json\n⟨1|⟩\nthat is all\n```',
    )
  })

  test('a fence of code ends with its own mark, which is not taken for the next beginning', () => {
    const code = '```python\nx = 1\n```\n'
    expect(shown('qwen3-vl', `${code}{"bbox_2d":[1,2,300,400]}`)).toBe(`${code}⟨1|⟩`)
  })

  test('what breaks a block does not hide the blocks after it', () => {
    expect(shown('qwen3-vl', '[see {"bbox_2d":[1,2,300,400]}')).toBe('[see ⟨1|⟩')
    expect(shown('qwen3-vl', 'He said {"oops. And {"bbox_2d":[1,2,300,400]}')).toBe('He said {"oops. And ⟨1|⟩')
    expect(shown('qwen3-vl', '["never closed\n{"bbox_2d":[1,2,300,400]}')).toContain('⟨1|⟩')
    expect(shown('qwen3-vl', '[\'never closed\n{"bbox_2d":[1,2,300,400]}')).toBe("['never closed\n⟨1|⟩")
    const deep = shown('qwen3-vl', `${'['.repeat(40)}{"bbox_2d":[1,2,300,400]}${']'.repeat(40)}`)
    expect(deep).toBe(`${'['.repeat(32)}⟨||unplaced⟩${']'.repeat(32)}`)
  })
})

describe('streaming', () => {
  test('the text ends before the first unfinished construct, and says how much is hidden', () => {
    const { segments, notes } = read('molmo', 'Here is <point x="1" y="2">the d', { final: false })
    expect(segments).toEqual([{ kind: 'text', text: 'Here is ' }])
    expect(notes.heldBack).toBe(24)
  })

  test('what only looked like a construct is shown as soon as that is known', () => {
    expect(shown('auto', 'a <', { final: false })).toBe('a ')
    expect(shown('auto', 'a < b', { final: false })).toBe('a < b')
    expect(shown('auto', 'a [se', { final: false })).toBe('a [se')
    expect(shown('auto', '```py', { final: false })).toBe('')
    expect(shown('auto', '```py\nx', { final: false })).toBe('```py\nx')
    expect(shown('ui-tars-1', 'the st', { final: false })).toBe('the ')
    expect(shown('ui-tars-1', 'the stone', { final: false })).toBe('the stone')
  })
})

describe('dialects', () => {
  test('molmo: quoted, numbered, and compact', () => {
    expect(places('molmo', '<point x="10" y="20" alt="alt">content</point>')).toEqual([['content', 0.1, 0.2]])
    expect(places('molmo', '<point x="10" y="20" alt="alt"></point>')).toEqual([['alt', 0.1, 0.2]])
    expect(places('molmo', '<point p=615,404 alt=the dog></point>')).toEqual([['the dog', 0.615, 0.404]])
    expect(places('molmo', '<points 1=100,200 2=300,400 alt="a">a</points>')).toEqual([
      ['a', 0.1, 0.2],
      ['a', 0.3, 0.4],
    ])
    expect(shown('molmo', '<point p=61,404>a</point>')).toBe('⟨|a|unplaced⟩')
  })

  test('molmo2: images, seconds, separators, labels', () => {
    const several = read(
      'molmo2',
      '<points coords="1 1 100 200;2 1 300 400:2 2 500 600,3 1 700 1000\t4 1 100 100">a</points>',
    )
    expect(several.marks.map((mark) => [mark.image, ...place(mark)])).toEqual([
      [1, 'a', 0.1, 0.2],
      [2, 'a', 0.3, 0.4],
      [2, 'a', 0.5, 0.6],
      [3, 'a', 0.7, 1],
      [4, 'a', 0.1, 0.1],
    ])
    const tracks = read('molmo2', '<tracks coords="0.5 1 100 200;1 1 300 400" label="ball"/>')
    expect(tracks.marks.map(({ time, image, label }) => [time, image, label])).toEqual([
      [0.5, undefined, 'ball'],
      [1, undefined, 'ball'],
    ])
    expect(read('molmo2', '<points coords="1 1 9999 400">a</points>').notes.farOut).toBe(1)
  })

  test('qwen2-vl: tags, tokens, points, shared labels, stripped tokens', () => {
    expect(places('qwen2-vl', '<ref>a</ref><box>(100,200),(300,400)</box><box>(5,6)</box>')).toEqual([
      ['a', 0.1, 0.2, 0.3, 0.4],
      ['a', 0.005, 0.006],
    ])
    expect(shown('qwen2-vl', 'giraffe(176,106),(232,160) and (3,4)')).toBe('giraffe⟨1|⟩ and (3,4)')
    expect(read('qwen2-vl', '<box>(1,2),(3000,4)</box>').notes.farOut).toBe(1)
    expect(shown('qwen2-vl', '<ref>a</ref> alone')).toBe('a alone')
  })

  test('qwen2.5-vl: pixels of the resized image, and the server may resize otherwise', () => {
    const text = '[{"bbox_2d":[0,0,322,238],"label":"a"},{"point_2d":[161,119],"label":"b"}]'
    expect(places('qwen2.5-vl', text)).toEqual([
      ['a', 0, 0, 0.5, 0.5],
      ['b', 0.25, 0.25],
    ])
    const resize = { factor: 28, minPixels: 3_136, maxPixels: 200_704 }
    const small = smartResize(640, 480, resize)
    const box = `{"bbox_2d":[0,0,${small.width},${small.height}]}`
    expect(places('qwen2.5-vl', box, { resize })).toEqual([[null, 0, 0, 1, 1]])
    expect(read('qwen2.5-vl', '{"point_2d":[700,1]}').notes.farOut).toBe(1)
  })

  test('qwen3-vl: thousandths, and tool calls over 999 without a label', () => {
    expect(places('qwen3-vl', '{"point_2d":[500,250],"label":"a"}')).toEqual([['a', 0.5, 0.25]])
    const call =
      '<tool_call>\n{"name": "computer_use", "arguments": {"action": "left_click", "coordinate": [999, 0]}}\n</tool_call>'
    expect(places('qwen3-vl', call)).toEqual([[null, 1, 0]])
    expect(shown('qwen3-vl', `${call} ok`)).toBe('⟨1|⟩ name: computer_use, action: left_click ok')
    const packed = '<tool_call>{"name":"f","arguments":"{\\"coordinate\\": [999, 0]}"}</tool_call>'
    expect(shown('qwen3-vl', packed)).toBe('⟨1|⟩ name: f')
    expect(shown('qwen3-vl', '<tool_call>{"coordinate":[9,9]} then</tool_call>')).toBe('⟨1|⟩ then')
  })

  test('gemini: y first', () => {
    expect(places('gemini', '[{"box_2d":[100,200,300,400],"label":"a"},{"point":[250,750],"label":"b"}]')).toEqual([
      ['a', 0.2, 0.1, 0.4, 0.3],
      ['b', 0.75, 0.25],
    ])
    expect(read('gemini', '{"box_2d":[0,0,1,2000]}').notes.farOut).toBe(1)
  })

  test('paligemma: y x y x over 1024, the label follows up to a semicolon, a line or the end', () => {
    const box = '<loc0256><loc0512><loc0768><loc1023>'
    expect(places('paligemma', `${box} cat ; ${box} dog\nrest ${box}`)).toEqual([
      ['cat', 0.5, 0.25, 0.999, 0.75],
      ['dog', 0.5, 0.25, 0.999, 0.75],
      [null, 0.5, 0.25, 0.999, 0.75],
    ])
    expect(shown('paligemma', `${box}${box} cats`)).toBe('⟨1,2|⟩ cats')
    expect(read('paligemma', '<loc0001><loc0002><loc0003> cat').notes.dropped).toBe(1)
    expect(read('paligemma', '<loc0001><loc0002><loc9999><loc0004>').notes.farOut).toBe(1)
  })

  test('florence-2: middles of thousandths, the label is the text before, eight numbers are a quad', () => {
    expect(places('florence-2', 'car<loc_52><loc_333><loc_932><loc_774>door<loc_1><loc_2><loc_3><loc_4>')).toEqual([
      ['car', 0.0525, 0.3335, 0.9325, 0.7745],
      ['door', 0.0015, 0.0025, 0.0035, 0.0045],
    ])
    const quad = 'word<loc_1><loc_2><loc_100><loc_2><loc_100><loc_90><loc_1><loc_90>'
    expect(places('florence-2', quad)).toEqual([['word', 0.0015, 0.0025, 0.1005, 0.0905]])
    const polygon = 'cat<poly><loc_10><loc_10><loc_50><loc_60><loc_30><loc_9></poly>.'
    expect(places('florence-2', polygon)).toEqual([['cat', 0.0105, 0.0095, 0.0505, 0.0605]])
    expect(shown('florence-2', polygon)).toBe('cat⟨1|⟩.')
    expect(read('florence-2', '<loc_1><loc_2><loc_3000><loc_4>').notes.farOut).toBe(1)
  })

  test('kosmos-2: cell centres, full cells in one row or column, several objects', () => {
    const text =
      '<grounding>Two<phrase> dogs</phrase><object><patch_index_0044><patch_index_0046></delimiter_of_multi_objects/><patch_index_0005><patch_index_0911></object>.'
    expect(shown('kosmos-2', text)).toBe('Two⟨1,2|dogs⟩.')
    expect(places('kosmos-2', text)).toEqual([
      ['dogs', 0.375, 0.0313, 0.4688, 0.0625],
      ['dogs', 0.1719, 0.0156, 0.4844, 0.8906],
    ])
    expect(read('kosmos-2', '<object><patch_index_0001><patch_index_2000></object>').notes.farOut).toBe(1)
  })

  test('internvl and deepseek-vl2: several boxes share a label; DeepSeek counts to 999', () => {
    expect(places('internvl', '<ref>a</ref><box>[[100,200,300,400],[500,600,700,800]]</box>')).toEqual([
      ['a', 0.1, 0.2, 0.3, 0.4],
      ['a', 0.5, 0.6, 0.7, 0.8],
    ])
    expect(places('deepseek-vl2', '<|ref|>a<|/ref|><|det|>[[0, 0, 999, 999], [0, 0, 333, 333]]<|/det|>')).toEqual([
      ['a', 0, 0, 1, 1],
      ['a', 0, 0, 0.3333, 0.3333],
    ])
    expect(read('internvl', '<box>[[1,2,3000,4]]</box>').notes.farOut).toBe(1)
    expect(read('deepseek-vl2', '<|det|>[[1,2,3000,4]]<|/det|>').notes.farOut).toBe(1)
    expect(shown('deepseek-vl2', '<|grounding|>a')).toBe('a')
  })

  test('cogvlm: three digits each, only in its own dialect', () => {
    const text = 'dogs[[100,200,300,400;500,600,700,800]]'
    expect(shown('cogvlm', text)).toBe('dogs⟨1,2|⟩')
    expect(shown('auto', text)).toBe(text)
    expect(shown('cogvlm', 'matrix [[1,2],[3,4]]')).toBe('matrix [[1,2],[3,4]]')
    expect(shown('cogvlm', 'a[[100,200,300]]')).toBe('a⟨||unplaced⟩')
  })

  test('glm-v: four kinds of bracket, answers unwrapped, JSON inside', () => {
    const boxed = (content: string) => `<|begin_of_box|>${content}<|end_of_box|>`
    for (const content of ['[100,200,300,400]', '[[100, 200, 300, 400]]', '(100,200,300,400)', '<100,200,300,400>'])
      expect(places('glm-v', boxed(content)), content).toEqual([[null, 0.1, 0.2, 0.3, 0.4]])
    expect(places('glm-v', boxed('(100, 200)'))).toEqual([[null, 0.1, 0.2]])
    expect(places('glm-v', boxed('[[1,2,30,40],[5,6,70,80]]'))).toHaveLength(2)
    expect(shown('glm-v', `It is ${boxed('Paris')}, ${boxed('42')}, ${boxed('[1, 2, 3]')}.`)).toBe(
      'It is Paris, 42, [1, 2, 3].',
    )
    expect(shown('glm-v', boxed('[1, 2]>'))).toBe('[1, 2]>')
    expect(shown('glm-v', boxed('[{"bbox_2d":[1,2,30,40],"label":"k"}]'))).toBe('⟨1|k⟩')
    expect(places('glm-v', '{"box_2d":[0,0,999,333]}')).toEqual([[null, 0, 0, 1, 0.3333]])
    expect(read('glm-v', boxed('[1,2,3000,4]')).notes.farOut).toBe(1)
  })

  test('showui: the whole answer, or a position in a dict', () => {
    expect(places('showui', ' [0.73, 0.21]\n')).toEqual([[null, 0.73, 0.21]])
    expect(shown('showui', '[0.73, 0.21] is a pair')).toBe('[0.73, 0.21] is a pair')
    for (const text of ['I say [0.73, 0.21]', 'I say [0.73, 0.2']) expect(shown('showui', text)).toBe(text)
    expect(shown('showui', "{'action': 'CLICK', 'value': None, 'position': [0.73, 0.21]}")).toBe('⟨1|⟩ action: CLICK')
    expect(places('showui', "{'position': [[0.1, 0.2], [0.3, 0.4]]}")).toHaveLength(2)
    expect(shown('showui', '[0.73, 2.1]')).toBe('⟨||outside⟩')
  })

  test('ui-tars: every parameter, tokens inside, the centre of four', () => {
    const text =
      "drag(start_box='<|box_start|>(100,200)<|box_end|>', end_box=\"[10,20,30,40]\") click(point='<point>500 600</point>')"
    expect(shown('ui-tars-1', text)).toBe('drag(⟨1|⟩, ⟨2|⟩) click(⟨3|⟩)')
    expect(places('ui-tars-1', text)).toEqual([
      [null, 0.1, 0.2],
      [null, 0.02, 0.03],
      [null, 0.5, 0.6],
    ])
    expect(places('ui-tars-1', "x(start_point='(1,2)', end_point='(3,4)')")).toHaveLength(2)
    expect(places('ui-tars-1', '<point>500 600</point>')).toEqual([[null, 0.5, 0.6]])
    expect(places('ui-tars-1.5', "click(start_box='(322,238)')")).toEqual([[null, 0.5, 0.5]])
    // 100 × 100 is enlarged to at least 78 400 pixels before this model sees it.
    expect(places('ui-tars-1.5', "click(start_box='(140,140)')", { width: 100, height: 100 })).toEqual([
      [null, 0.5, 0.5],
    ])
    expect(read('ui-tars-1', "click(start_box='(1,2000)')").notes.farOut).toBe(1)
    expect(shown('ui-tars-1', 'the point = 5 and my_point')).toBe('the point = 5 and my_point')
  })

  test('moondream: objects and points, 0 to 1', () => {
    const text =
      '{"objects":[{"x_min":0.1,"y_min":0.2,"x_max":0.3,"y_max":0.4,"label":"a"}],"points":[{"x":0.5,"y":0.25},{"x":0.5,"y":1.5}]}'
    expect(shown('moondream', text)).toBe('⟨1|a⟩⟨2|⟩⟨||outside⟩')
    expect(shown('moondream', '{"points":[]}')).toBe('{"points":[]}')
  })

  test('pixels: of the image as sent', () => {
    const text =
      '[{"bbox":[0,0,320,240],"label":"a"},{"point":[640,480]},{"coordinate":[320,0]},{"bbox_2d":[0,0,64,48]},{"point_2d":[64,48]}]'
    expect(places('pixels', text)).toEqual([
      ['a', 0, 0, 0.5, 0.5],
      [null, 1, 1],
      [null, 0.5, 0],
      [null, 0, 0, 0.1, 0.1],
      [null, 0.1, 0.1],
    ])
    expect(read('pixels', '{"point":[700,1]}').notes.farOut).toBe(1)
  })

  test("tokens only the model's processor can read are hidden", () => {
    expect(shown('molmo2', 'the dog <POINT_12><SUBPATCH_3><|location_5|>.')).toBe('the dog ⟨||unplaced⟩.')
    expect(shown('molmo2', '<point_of_interest>')).toBe('<point_of_interest>')
  })
})

describe('smart resize', () => {
  test.each([
    [640, 480, 644, 476],
    [1920, 1080, 1932, 1092],
    [300, 200, 308, 196],
    [70, 280, 56, 280],
    [10, 10, 56, 56],
  ])('%d × %d is shown as %d × %d', (width, height, toWidth, toHeight) => {
    expect(smartResize(width, height)).toEqual({ width: toWidth, height: toHeight })
  })

  test('a smaller maximum shrinks, a larger minimum grows', () => {
    const small = { factor: 28, minPixels: 3_136, maxPixels: 1_003_520 }
    expect(smartResize(1920, 1080, small)).toEqual({ width: 1316, height: 728 })
    const large = { factor: 28, minPixels: 78_400, maxPixels: 12_845_056 }
    expect(smartResize(100, 100, large)).toEqual({ width: 280, height: 280 })
  })

  test('a size that is none comes back unchanged', () => {
    expect(smartResize(0, 480)).toEqual({ width: 0, height: 480 })
    expect(smartResize(Number.POSITIVE_INFINITY, 480)).toEqual({ width: Number.POSITIVE_INFINITY, height: 480 })
  })
})

describe('chips in text', () => {
  test('each chip is its index between two private characters, which the model itself cannot write', () => {
    const parsed = read('molmo', 'a\uE0007\uE001 <point x="1" y="2">b</point> and <point x="3" y="400">c</point>')
    const text = withChips(parsed)
    expect(text).toBe('a7 \uE0000\uE001 and \uE0001\uE001')
    const chips = chipsOf(parsed)
    expect([...text.matchAll(chipPattern)].map(([, index]) => chips[Number(index)]?.label)).toEqual(['b', 'c'])
  })
})

describe('describing a place', () => {
  const point = (x: number, y: number): Mark => ({ kind: 'point', x, y, label: null })
  test('by thirds', () => {
    expect(describePlace(point(0.9, 0.9))).toEqual({ horizontal: 'right', vertical: 'bottom' })
    expect(describePlace(point(0.5, 0.5))).toEqual({ horizontal: 'centre', vertical: 'middle' })
    expect(describePlace(point(0, 0))).toEqual({ horizontal: 'left', vertical: 'top' })
    const box: Mark = { kind: 'box', x1: 0.8, y1: 0, x2: 1, y2: 0.2, label: null }
    expect(describePlace(box)).toEqual({ horizontal: 'right', vertical: 'top' })
  })
})
