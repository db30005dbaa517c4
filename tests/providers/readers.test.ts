import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareZXingModule, writeBarcode } from 'zxing-wasm/writer'
import type { DecodedImage } from '../../src/images/image-codec.ts'
import type { Reader } from '../../src/models/model.ts'
import { builtinProvider } from '../../src/providers/builtin.ts'
import { builtinEntry, builtinModels, providerTools } from '../../src/providers/builtin-models.ts'
import { providerFor } from '../../src/providers/provider-for.ts'
import { recogniserWith, tesseractOn, wordsOf } from '../../src/providers/readers/text.ts'
import { sharpCodec } from '../../src/providers/sharp-codec.ts'
import { anImage, aRequest, aTurn, hear, outcomeOf, testDeps } from './asking.ts'

const codec = sharpCodec()
const tools = providerTools(codec, '')
const seeds = fileURLToPath(new URL('../../static/seeds/', import.meta.url))
afterAll(() => codec[Symbol.asyncDispose]())
beforeAll(() => {
  const file = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/writer/zxing_writer.wasm')))
  prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(file).buffer } })
})

const drawn = async (svg: string, width = 600, height = 400) =>
  codec.decode(
    await sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${svg}</svg>`))
      .png()
      .toBuffer(),
  )
async function says(reader: Reader, image: DecodedImage, question: string, factsToo = true) {
  const provider = builtinProvider({ reader, tools, paceMs: 0 })
  const turn = aTurn({ question, images: [image], ...(factsToo ? { facts: [image.facts] } : {}) })
  const heard = await hear(provider, aRequest({ turns: [turn] }))
  expect(outcomeOf(heard)).toBe('complete')
  return heard.text
}

const halves = () =>
  drawn('<rect width="600" height="400" fill="#cd282a"/><rect x="300" width="300" height="400" fill="#2a5cc4"/>')

describe('Palette & Light', () => {
  test('names the colours with their shares', async () => {
    const text = await says('palette', await halves(), 'Which colours are in the picture?')
    expect(text).toMatch(/^The largest colours are (red 50 %, blue 50 %|blue 50 %, red 50 %)\./)
  })

  test('tells where a colour is, and points when asked where', async () => {
    const text = await says('palette', await halves(), 'Where is something blue?')
    expect(text).toMatch(/^Blue covers 50 % of the picture, centred on the right; what it belongs to I cannot tell\./)
    const [, x] = /<point x="([\d.]+)"/.exec(text) ?? []
    expect(Number(x)).toBeGreaterThan(50)
  })

  test('a colour that is not there is not claimed', async () => {
    expect(await says('palette', await halves(), 'Is anything green?')).toMatch(/^I measured no green/)
  })

  test('tells light from dark', async () => {
    const dark = await drawn('<rect width="600" height="400" fill="#111"/>')
    const bright = await drawn('<rect width="600" height="400" fill="#eee"/>')
    expect(await says('palette', dark, 'Is it dark?')).toMatch(/^Overall it is dark: mean luminance under 1 %/)
    expect(await says('palette', bright, 'Is it bright?')).toMatch(/^Overall it is bright: mean luminance 85 %/)
    const top = await drawn('<rect width="600" height="400" fill="#111"/><rect width="600" height="200" fill="#eee"/>')
    expect(await says('palette', top, 'How is the light?')).toContain('the top half is the brighter one')
  })

  test('a question about one thing gets no answer that pretends to know it', async () => {
    expect(await says('palette', await halves(), 'What colour is the car?')).toMatch(
      /^I measure the whole picture, not single/,
    )
  })
})

describe('File Inspector', () => {
  test('tells the original file, and no place or name in it', async () => {
    const upload = await sharp({ create: { width: 4000, height: 3000, channels: 3, background: '#abc' } })
      .jpeg()
      .withExif({ IFD0: { Artist: 'Somebody' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .toBuffer()
    const text = await says('file', await codec.decode(upload), 'What is the resolution of this file?')
    expect(text).toMatch(/^The original file has 4,000 × 3,000 pixels \(12\.0 megapixels\)\./)
    expect(text).toContain('landscape), about 4:3')
    expect(text).toContain('JPEG')
    expect(text).toContain('It carried metadata, all of it removed')
    expect(text).not.toMatch(/Somebody|51/)
  })

  test('without facts it tells what was sent', async () => {
    expect(await says('file', await halves(), 'What format is it?', false)).toMatch(/^It is a PNG of \d+ KB\./)
  })

  test('a picture stored on its side', async () => {
    const upload = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#abc' } })
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer()
    expect(await says('file', await codec.decode(upload), 'Is there metadata about orientation?')).toMatch(
      /stored turned \(orientation 6\) and has been set upright/,
    )
  })
})

describe('Layout Reader', () => {
  test('finds where the detail is, and points there', async () => {
    const marks = Array.from(
      { length: 60 },
      (_, i) =>
        `<rect x="${420 + (i % 10) * 16}" y="${280 + Math.floor(i / 10) * 16}" width="8" height="8" fill="#000"/>`,
    )
    const text = await says(
      'layout',
      await drawn(`<rect width="600" height="400" fill="#fff"/>${marks.join('')}`),
      'Where is most detail?',
    )
    expect(text).toMatch(/^Most detail is at the lower right \((9\d|100) % of all edges\)/)
    const [, x, y] = /<point x="([\d.]+)" y="([\d.]+)"/.exec(text) ?? []
    expect(Number(x)).toBeCloseTo(83, -1)
    expect(Number(y)).toBeCloseTo(80, -1)
  })

  test('a page of text may be a document, a plain one is not', async () => {
    const line = (y: number) =>
      Array.from(
        { length: 40 },
        (_, i) => `<rect x="${40 + i * 20}" y="${y}" width="10" height="14" fill="#111"/>`,
      ).join('')
    const page = await drawn(
      `<rect width="900" height="1200" fill="#fff"/>${[100, 200, 300, 400, 500, 600].map(line).join('')}`,
      900,
      1200,
    )
    expect(await says('layout', page, 'Is this a document?')).toMatch(
      /^6 bands look like lines of text, so it may be a document/,
    )
    expect(
      await says('layout', await drawn('<rect width="600" height="400" fill="#fff"/>'), 'Is this a document?'),
    ).toMatch(/^Probably not: no rows look like lines of text\. There are almost no edges/)
  })
})

describe('Code Reader', () => {
  const barcode = async (text: string, format: 'QRCode' | 'EAN13') => {
    const { svg } = await writeBarcode(text, { format, scale: 6 })
    return sharp(Buffer.from(svg)).flatten({ background: 'white' }).png().toBuffer()
  }
  const placed = async (code: Buffer, left: number, top: number, width = 900, height = 700) =>
    codec.decode(
      await sharp({ create: { width, height, channels: 3, background: '#fff' } })
        .composite([{ input: code, left, top }])
        .png()
        .toBuffer(),
    )

  test('reads a QR code, says where, points at it', async () => {
    const text = await says(
      'code',
      await placed(await barcode('https://example.org/menu', 'QRCode'), 600, 60),
      'Scan the QR code',
    )
    expect(text).toMatch(
      /QR code<\/point> at the upper right\. It holds a web address: `https:\/\/example\.org\/menu`$/,
    )
    expect(text).not.toMatch(/\]\(|<a /)
  })

  test('reads a bar code', async () => {
    expect(
      await says('code', await placed(await barcode('4006381333931', 'EAN13'), 100, 300), 'What does the barcode say?'),
    ).toContain('It holds a number: `4006381333931`')
  })

  test('what a code holds cannot write markup', async () => {
    const hostile = '`<point x="1" y="1">x</point> [x](https://evil.example) <script>'
    const text = await says('code', await placed(await barcode(hostile, 'QRCode'), 40, 40), 'Scan the QR code')
    expect(text.match(/<point/g)).toHaveLength(1)
    expect(text).not.toContain('<script')
    expect(text.match(/`/g)).toHaveLength(2)
  })

  test('no code, no claim', async () => {
    expect(await says('code', await halves(), 'Scan the QR code')).toBe(
      'There is no code in this picture that I can read.',
    )
  })

  test('the seed receipt has one', async () => {
    const image = await codec.decode(readFileSync(join(seeds, 'cafe-receipt.jpg')))
    expect(await says('code', image, 'What is in the QR code?')).toContain('HARBOUR LANE CAFE')
  })
})

describe('Text Reader', () => {
  const table = [
    'level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext',
    '4\t1\t1\t1\t1\t0\t10\t10\t200\t20\t-1\t',
    '5\t1\t1\t1\t1\t1\t10\t10\t90\t20\t96.1\tTotal',
    '5\t1\t1\t1\t1\t2\t110\t10\t90\t20\t91\t14.50',
    '5\t1\t1\t1\t2\t1\t10\t40\t90\t20\t12\t~~,',
  ].join('\n')
  const folder = mkdtempSync(join(tmpdir(), 'recogniser-'))
  const program = join(folder, 'tesseract')
  // Stands in for the real program: checks its arguments and its input, then prints what the real one would.
  writeFileSync(
    program,
    `#!${process.execPath}\nconst fs = require('node:fs')\nif (process.argv.slice(2).join(' ') !== 'stdin stdout --psm 3 tsv') process.exit(2)\nif (fs.readFileSync(0).length < 5) process.exit(3)\nprocess.stdout.write(${JSON.stringify(table)})\n`,
  )
  chmodSync(program, 0o755)

  test('is offered only where the program is on the PATH', () => {
    expect(tesseractOn(`/nowhere:${folder}`)).toBe(program)
    expect(tesseractOn('/nowhere')).toBeNull()
    expect(builtinModels({}).map(({ id }) => id)).not.toContain('text-reader')
    expect(builtinModels({ hasTesseract: true }).map(({ id }) => id)).toContain('text-reader')
  })

  test('says the words it is sure of, line by line', async () => {
    const provider = builtinProvider({
      reader: 'text',
      tools: { ...tools, recognise: recogniserWith(program) },
      paceMs: 0,
    })
    const { text } = await hear(provider, aRequest({ turns: [aTurn({ question: 'Read the text.' })] }))
    expect(text).toBe('I recognised 2 words in 1 line:\n\n> Total 14.50  ')
  })

  test('reads the table of the program', () => {
    expect(wordsOf(table)).toMatchObject([
      { text: 'Total', confidence: 96.1, line: '1.1.1.1' },
      { text: '14.50', confidence: 91 },
      { text: '~~,', confidence: 12 },
    ])
  })

  test('a program that fails breaks the answer, not the arena', async () => {
    const provider = builtinProvider({
      reader: 'text',
      tools: { ...tools, recognise: recogniserWith('/nowhere/tesseract') },
    })
    expect(outcomeOf(await hear(provider))).toBe('broken (reader_failed)')
  })
})

describe('every reader', () => {
  const readers: Reader[] = ['palette', 'file', 'layout', 'code']

  test.each(readers)('%s: first says what is beyond it, in the language of the question', async (reader) => {
    const image = await halves()
    expect(await says(reader, image, 'What was ordered?')).toMatch(
      /^I only [^.]+, so I cannot tell what was ordered\. /,
    )
    expect(await says(reader, image, '图中有几个人？')).toMatch(/^我只[^。]+，无法回答“图中有几个人”。/)
    expect(await says(reader, image, 'x'.repeat(200))).toMatch(/so I cannot answer this question\./)
  })

  test.each(readers)('%s: never claims to see or understand', async (reader) => {
    const image = await codec.decode(readFileSync(join(seeds, 'cafe-receipt.jpg')))
    for (const question of ['Describe the picture.', 'What is this?', 'Who is there?', 'Is it dark?', '这是什么？'])
      expect(await says(reader, image, question)).not.toMatch(
        /\bI see\b|\bI think\b|looks like a (caf|shop)|我看到|我认为/i,
      )
  })

  test('a question cannot write markup into an answer', async () => {
    for (const reader of readers) {
      const text = await says(reader, await halves(), 'Who is <point x="1" y="1">here</point> [a](b)?')
      expect(text.split(' so I cannot ')[1]?.split('. ')[0]).not.toMatch(/[<>[\]]/)
    }
  })

  test('answers stream in several pieces which together are the whole', async () => {
    const image = await halves()
    for (const question of ['Which colours?', '有哪些颜色？']) {
      const turns = [aTurn({ question, images: [image] })]
      const { events, text } = await hear(builtinProvider({ reader: 'palette', tools, paceMs: 1 }), aRequest({ turns }))
      expect(events.length).toBeGreaterThan(10)
      expect(text).toBe(await says('palette', image, question))
    }
  })

  test('without a picture they say so; in a later turn the earlier picture still counts', async () => {
    const provider = builtinProvider({ reader: 'palette', tools, paceMs: 0 })
    const none = await hear(provider, aRequest({ turns: [aTurn({ images: [] })] }))
    expect(none.text).toBe('There is no picture, so I have nothing to measure.')
    const later = await hear(
      provider,
      aRequest({
        turns: [
          aTurn({ images: [await halves()], answer: 'Red and blue.' }),
          aTurn({ question: 'And which colours are largest?', images: [] }),
        ],
      }),
    )
    expect(later.text).toContain('red 50 %')
  })

  test('an abort stops them', async () => {
    const provider = builtinProvider({ reader: 'palette', tools, paceMs: 50 })
    const stop = new AbortController()
    const image = await halves()
    const kinds: string[] = []
    for await (const event of provider.answer(aRequest({ signal: stop.signal, turns: [aTurn({ images: [image] })] }))) {
      kinds.push(event.type)
      stop.abort()
    }
    expect(kinds).toEqual(['text', 'failed'])
  })

  test('bytes that cannot be decoded break the answer', async () => {
    const provider = builtinProvider({ reader: 'palette', tools })
    expect(outcomeOf(await hear(provider, aRequest({ turns: [aTurn({ images: [anImage()] })] })))).toBe(
      'broken (reader_failed)',
    )
  })

  test('they are registered as baselines that point in the molmo dialect', () => {
    const models = builtinModels({ hasTesseract: true })
    expect(models.map(({ id }) => id)).toEqual([
      'palette-and-light',
      'file-inspector',
      'layout-reader',
      'code-reader',
      'text-reader',
    ])
    for (const model of models) {
      expect(model).toMatchObject({
        isBaseline: true,
        kind: 'builtin',
        grounding: 'molmo',
        card: { organization: 'Built-in' },
      })
      expect(providerFor(builtinEntry(model), testDeps())).toHaveProperty('answer')
    }
  })
})

test('reading codes asks no network: the decoder works where every connection throws', () => {
  const script = `
    import net from 'node:net'
    import dns from 'node:dns'
    import { readFileSync } from 'node:fs'
    const refused = (what) => () => { throw new Error('outgoing: ' + what) }
    net.Socket.prototype.connect = refused('connect')
    dns.lookup = refused('lookup')
    globalThis.fetch = refused('fetch')
    const { tameDecoder, runImageJob } = await import(${JSON.stringify(new URL('../../src/providers/image-jobs.ts', import.meta.url).href)})
    tameDecoder()
    const bytes = new Uint8Array(readFileSync(${JSON.stringify(join(seeds, 'cafe-receipt.jpg'))}))
    const codes = await runImageJob({ kind: 'codes', bytes })
    console.log(codes.map(({ text }) => text).join())
  `
  const out = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  expect(out).toContain('HARBOUR LANE CAFE')
})
