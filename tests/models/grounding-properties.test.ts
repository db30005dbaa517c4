import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Dialect, dialects, type Grounding, parseGrounding, withChips } from '../../src/models/grounding.ts'

type Golden = { name: string; dialect: Dialect; imageWidth: number; imageHeight: number; text: string }
const goldenFile = new URL('../golden/grounding.json', import.meta.url)
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden[]

const samples: [Dialect, string][] = [
  ...golden.map(({ dialect, text }): [Dialect, string] => [dialect, text]),
  ['molmo', 'The <point p=615,404 alt=the dog>dog</point> and <points 1=100,200 2=300,400 alt="a > b">cats</points>.'],
  ['molmo', 'Off <point x="140" y="4" alt="off">off</point>, open <point x="1" y="2" alt="dog"> and more'],
  ['molmo2', 'A <tracks coords="0.5 1 100 200;1 1 300 400" label="ball"/> and <points coords="1 1 900 400"/>.'],
  [
    'qwen2-vl',
    'The <ref>cats</ref><box>(1,2),(300,400)</box> <box>(5,6)</box> and <ref>none</ref>. Pair (1,2),(30,40) end',
  ],
  ['qwen2-vl', '<quad>(100,300),(300,200),(500,400),(200,700)</quad>'],
  [
    'qwen2.5-vl',
    "Sure: [{'bbox_2d': [1,2,300,400], 'label': 'a', 'color': 'red', 'x': None,}, {'point_2d': ['5','6']},] end",
  ],
  [
    'qwen2.5-vl',
    '```python\nfoo = [1, 2]\n```\nand\n```json\n{"bbox_2d":[1,2,300,400]}\n{"bbox_2d":[5,6,30,40]}\n```\nend',
  ],
  [
    'qwen3-vl',
    'ok <tool_call>\n{"name": "f", "arguments": {"action": "left_click", "coordinate": [500, 300]}}\n</tool_call> end',
  ],
  ['qwen3-vl', '<tool_call>{"name":"f","arguments":"{\\"coordinate\\": [999, 0]}"}</tool_call>'],
  ['gemini', '{"objects":[[{"box_2d":[[1,2,300,400],[5,6,700,800]],"label":"c","mask":"data:AAAA"}]], "n": 1.5e3}'],
  ['gemini', '{"point": ["first", "second"]} and {"point":[5, 6]}'],
  ['paligemma', '<loc0256><loc0256><loc0768><loc0768><seg001><seg002> cat\nrest'],
  [
    'florence-2',
    'car<loc_52><loc_333><loc_932><loc_774>cat<poly><loc_1><loc_1><loc_50><loc_60><loc_30><loc_10></poly>.',
  ],
  [
    'kosmos-2',
    '<grounding>Two<phrase> dogs</phrase><object><patch_index_0044><patch_index_0045></delimiter_of_multi_objects/><patch_index_0005><patch_index_0911></object>.',
  ],
  ['internvl', 'Here <ref>a</ref><box>[[1,2,300,400],[5,6,700,800]]</box>.'],
  ['cogvlm', 'a matrix [[1,2],[3,4]] and a dog[[100,200,300,400]].'],
  ['deepseek-vl2', '<|grounding|>A <|ref|>dog<|/ref|><|det|>[[0, 0, 999, 999], [1, 1, 50, 50]]<|/det|>.'],
  [
    'glm-v',
    'Is <|begin_of_box|>Paris<|end_of_box|>, <|begin_of_box|><10,20><|end_of_box|>, <|begin_of_box|>[{"bbox_2d":[1,2,30,40]}]<|end_of_box|>',
  ],
  ['showui', "{'action': 'CLICK', 'value': None, 'position': [0.73, 0.21]}, {'position': [[0.1, 0.2], [0.3, 0.4]]}"],
  ['showui', '[0.73, 0.21] is a pair'],
  [
    'ui-tars-1',
    "Thought: start here\nAction: drag(start_box='<|box_start|>(1,2)<|box_end|>', end_box='[10,20,30,40]')",
  ],
  ['ui-tars-1.5', "click(point='<point>500 600</point>') at the point"],
  [
    'moondream',
    '{"objects":[{"x_min":0.1,"y_min":0.2,"x_max":0.3,"y_max":0.4,"label":"a"}],"points":[{"x":0.5,"y":1.5}]}',
  ],
  ['pixels', '```\n{"bbox":[0,0,320,240],"label":"half"}\n{"point":[640,480]}\n``` and ```js\nlet a = {b: [1]}\n```'],
  ['auto', 'Foreign {"bbox_2d": [1,2,3,4], "label": "cat"} and a < b, [link](u), {x | x < 3}, <LOCATION_3>'],
]

const fragments = [
  ...['<point x="61.5" y="40.4" alt="a>b">', 'dog', '</point>', '<points x1="1" y1="2" x2="3" y2="4">', '</points>'],
  ...['<point p=615,404 alt=the dog>', '<points coords="1 1 900 400;2 1 911 800">', '<tracks coords="0.5 1 100 200"/>'],
  ...['<ref>', '</ref>', '<box>', '</box>', '(1,2)', '(176,106),(232,160)', '[[1,2,3,4]]', '[[086,540,400,760]]'],
  ...['<|object_ref_start|>', '<|object_ref_end|>', '<|box_start|>', '<|box_end|>', '<|ref|>', '<|/ref|>', '<|det|>'],
  ...[
    '<|/det|>',
    '<|begin_of_box|>',
    '<|end_of_box|>',
    '<loc0256><loc0256><loc0768><loc0768>',
    '<loc0001>',
    '<seg001>',
  ],
  ...[
    '<loc_52><loc_333><loc_932><loc_774>',
    '<loc_1>',
    '<poly>',
    '</poly>',
    '<sep>',
    '<phrase>',
    '</phrase>',
    '<object>',
  ],
  ...[
    '</object>',
    '<patch_index_0044><patch_index_0863>',
    '</delimiter_of_multi_objects/>',
    '<grounding>',
    '<|grounding|>',
  ],
  ...['```json\n', '```', '\n', '~~~', '`', '{"bbox_2d": [1,2,300,400], "label": "x"}', '{"point_2d":["1","2"]}'],
  ...['{"box_2d":[1,2,3,4],', '{"point":[5,6]}', '{"coordinate": [500, 300]}', "{'position':[0.7,0.2]}", '"bbox_2d":'],
  ...['{"objects":[{"x_min":0.1,"y_min":0.2,"x_max":0.3,"y_max":0.4}]}', '[', ']', '{', '}', '"', "'", '\\', ':', ','],
  ...[
    ' ',
    '1',
    '0.5',
    '-',
    'e5',
    'NaN',
    'Infinity',
    'None',
    'tru',
    'null',
    "start_box='(197,525)'",
    "end_box='",
    'start_',
  ],
  ...["point='<point>1 2</point>'", 'point', '=', '(', ')', '>', '/', '|>', '<tool_call>', '</tool_call>', '"label": '],
  ...[
    '; ',
    'text here',
    '<points ',
    'alt="',
    'x=1 ',
    '<quad>(1,2),(3,4),(5,6),(7,8)</quad>',
    '\uE000',
    '\u202e',
    'é',
    '😀',
  ],
  ...['<point>', '<LOCATION_3>', '<|point_x|>', 'inf', '.'],
]
const grammar = (maxLength: number) =>
  fc.array(fc.constantFrom(...fragments), { maxLength }).map((parts) => parts.join(''))
const dialectOf = fc.constantFrom(...dialects.filter((dialect) => dialect !== 'none'))

const rawTag =
  /<\/?(?:points?|tracks)[\s/>]|<\/?(?:ref|box|quad|phrase|object|poly)>|<\|\/?(?:object_ref|box|quad|ref|det|begin_of_box|end_of_box)[a-z_]*\|>|<loc_?\d+>|<seg\d{3}>|<patch_index_\d+>|<grounding>/

const parse = (dialect: Dialect, text: string, final: boolean) =>
  parseGrounding(text, { dialect, width: 640, height: 480, final })

function expectSound({ segments, marks, notes }: Grounding) {
  for (const mark of marks) {
    const isInside =
      mark.kind === 'point'
        ? mark.x >= 0 && mark.x <= 1 && mark.y >= 0 && mark.y <= 1
        : mark.x1 >= 0 && mark.x1 < mark.x2 && mark.x2 <= 1 && mark.y1 >= 0 && mark.y1 < mark.y2 && mark.y2 <= 1
    if (!isInside) expect.fail(`a mark outside of the image: ${JSON.stringify(mark)}`)
  }
  const pointedAt = segments.flatMap((segment) => (segment.kind === 'chip' ? segment.marks : []))
  if (pointedAt.some((mark, index) => mark !== index) || pointedAt.length !== marks.length)
    expect.fail(`marks and chips disagree: ${JSON.stringify(segments)}`)
  for (const segment of segments) {
    if (segment.kind === 'text' && rawTag.test(segment.text)) expect.fail(`raw markup: ${segment.text}`)
    if (segment.kind === 'chip' && (segment.state === 'drawn') !== segment.marks.length > 0)
      expect.fail(`a chip in the wrong state: ${JSON.stringify(segment)}`)
  }
  if (!(notes.heldBack >= 0 && notes.farOut >= 0 && notes.dropped >= 0)) expect.fail('a negative note')
}

/** Every prefix, as a stream would bring it: sound, and never taking back what was shown. */
function expectSteady(dialect: Dialect, text: string) {
  let before = ''
  for (let length = 0; length <= text.length; length++) {
    const soFar = text.slice(0, length)
    const streamed = parse(dialect, soFar, false)
    const finished = parse(dialect, soFar, true)
    expectSound(streamed)
    expectSound(finished)
    const now = withChips(streamed)
    if (!now.startsWith(before))
      expect.fail(`${dialect}: took back text at ${JSON.stringify(soFar)}: ${before} -> ${now}`)
    if (!withChips(finished).startsWith(now))
      expect.fail(`${dialect}: the end took back text at ${JSON.stringify(soFar)}`)
    expect(finished.notes.heldBack).toBe(0)
    before = now
  }
}

describe('every prefix of a known answer is sound, shows no raw markup, and is never taken back', () => {
  test.each(samples)('%s: %s', (dialect, text) => {
    expectSteady(dialect, text)
    for (const other of dialects) if (other !== 'none' && other !== dialect) expectSteady(other, text)
  })
})

describe('any text of grammar fragments', () => {
  test('is read without throwing, with marks inside the image and chips that fit them', () => {
    const property = fc.property(grammar(10), dialectOf, fc.boolean(), (text, dialect, final) => {
      expectSound(parse(dialect, text, final))
    })
    fc.assert(property, { numRuns: 100_000 })
  })

  test('is never taken back while it streams', () => {
    const property = fc.property(grammar(8), dialectOf, (text, dialect) => expectSteady(dialect, text))
    fc.assert(property, { numRuns: 1_500 })
  })

  test('and any text at all', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 200 })
    const property = fc.property(anything, fc.constantFrom(...dialects), fc.boolean(), (text, dialect, final) => {
      expectSound(parse(dialect, text, final))
    })
    fc.assert(property, { numRuns: 5_000 })
  })
})

/** What the design names, a megabyte of each. */
const named = ['<point ', '[', '{"a":', '<loc0001>', 'a']
/** What an attacker would repeat: each opens something again and again, or makes a reader run far and fail. */
const repeated = [
  ...[
    '<point ',
    '[',
    '{"a":',
    '<loc0001>',
    'a',
    '<',
    '</',
    '<|',
    '<ref>',
    '<box>(',
    '<point x="1" y="2">',
    '<point a="',
  ],
  ...[
    '<points coords="1 1 100 200">a',
    '<|begin_of_box|>[',
    '<object>',
    '<poly><loc_1>',
    '<patch_index_0001>',
    '<seg001>',
  ],
  ...[
    '```',
    '```\n[1]\n',
    '```\n{"bbox_2d":[1,2,3,4]} x\n',
    '<tool_call>',
    '<tool_call>{"bbox_2d":[1,2,3,4]} x',
    '~~~\n',
  ],
  ...[
    '{"',
    "['",
    '["a',
    '["\n',
    '[\'a"{\'b"',
    '\\"{',
    '{"\\',
    '[1,',
    '[-',
    '{"bbox_2d":[1,2,3,4],',
    '[{\'a\':"[{"',
    '[{"a":1},',
  ],
  ...[
    '(1,2),(3',
    '(1,2',
    '[[1',
    '[[123,456',
    '[[[',
    "start_box='(",
    "point='",
    'start_box=',
    'start_ ',
    'x<loc_1><loc_2>',
  ],
  ...[
    '<loc0001><loc0002><loc0100><loc0200> cat ;',
    '<ref>a</ref> ',
    '<point x=1 a b c ',
    ' ',
    '\n',
    '1e',
    '😀<',
    '"',
    "'",
  ],
]

describe('time grows with the length, not with its square', () => {
  // Far above what it takes (about 0.1 s a megabyte), far below what a quadratic reader takes (34 s for 200 000 brackets).
  const millisecondsMax = 3_000
  const expectFast = (text: string) => {
    for (const dialect of ['auto', 'gemini', 'ui-tars-1.5', 'cogvlm'] as const) {
      for (const final of [true, false]) {
        const startedAt = performance.now()
        parse(dialect, text, final)
        expect(performance.now() - startedAt, `${dialect} ${final}`).toBeLessThan(millisecondsMax)
      }
    }
  }
  test.each(named)('a megabyte of %j', (part) => expectFast(part.repeat(Math.ceil(1_000_000 / part.length))))
  test('100 KB of brackets', () => expectFast('['.repeat(100_000)))
  test.each(repeated)('a fifth of a megabyte of %j', (part) =>
    expectFast(part.repeat(Math.ceil(200_000 / part.length))),
  )

  test('a closing tag or quote far away is not searched for again and again', () => {
    for (const [part, end] of [
      ['<point x="1" y="2">a ', '</point>'],
      ['<ref>a ', '</ref><box>(1,2),(3,4)</box>'],
      ['{"a": "b\\" ', '"}'],
      ["['a\\' ", "']"],
      ['<point alt=', '"'],
    ] as const) {
      const startedAt = performance.now()
      parse('gemini', part.repeat(60_000) + end, true)
      expect(performance.now() - startedAt, part).toBeLessThan(millisecondsMax)
    }
  })
})
