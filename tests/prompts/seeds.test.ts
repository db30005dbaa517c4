import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'

const folder = fileURLToPath(new URL('../../static/seeds/', import.meta.url))
const vocabulary = [
  'ocr',
  'counting',
  'chart',
  'diagram',
  'pointing',
  'describing',
  'spatial',
  'knowledge',
  'homework',
  'creative',
  'document',
  'low_light',
  'code_reading',
  'language_zh',
] as const

const words = z.strictObject({ en: z.string().min(3), zh: z.string().min(2) })
const tags = z.array(z.enum(vocabulary)).min(1)
const seedSet = z.strictObject({
  license: z.literal('CC0-1.0'),
  source: z.string().startsWith('drawn by code'),
  images: z.array(
    z.strictObject({
      id: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
      file: z.string().regex(/^[a-z-]+\.(jpg|png)$/),
      title: words,
      width: z.int(),
      height: z.int(),
      tags,
      questions: z
        .array(
          z.strictObject({
            id: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
            text: words,
            reference: words,
            needs_image: z.literal(true),
            tags,
          }),
        )
        .min(2)
        .max(3),
    }),
  ),
})
const shipped: unknown = JSON.parse(readFileSync(`${folder}seeds.json`, 'utf8'))
const { images } = seedSet.parse(shipped)
const questions = images.flatMap((image) => image.questions)

describe('the seed set', () => {
  test('ships 24 pictures, all listed and none left over', () => {
    expect(images).toHaveLength(24)
    expect(readdirSync(folder).sort()).toEqual([...images.map((image) => image.file), 'seeds.json'].sort())
  })

  test('weighs less than 2 MB', () => {
    const bytes = images.map((image) => statSync(folder + image.file).size)
    expect(bytes.reduce((total, size) => total + size, 0)).toBeLessThan(2_000_000)
  })

  test('names every picture and every question once', () => {
    const ids = [...images.map((image) => image.id), ...questions.map((question) => question.id)]
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    for (const image of images) for (const question of image.questions) expect(question.id).toContain(`${image.id}-`)
  })

  test('speaks English and Chinese', () => {
    const han = /\p{Script=Han}/u
    for (const { zh } of [...images.map((image) => image.title), ...questions.map((question) => question.text)])
      expect(zh).toMatch(han)
    for (const { en } of [...images.map((image) => image.title), ...questions.map((question) => question.text)])
      expect(en).not.toMatch(han)
    // Half-width commas and question marks between Chinese words are typing slips.
    for (const { zh } of questions.flatMap((question) => [question.text, question.reference]))
      expect(zh).not.toMatch(/\p{Script=Han}[,?:;]/u)
  })

  test('gives no answer away in a title', () => {
    for (const image of images) {
      expect(image.title.en).not.toMatch(/\d/)
      expect(image.title.zh).not.toMatch(/[\d一二三四五六七八九十](?:条|只|个|点|扇)/)
      for (const { reference } of image.questions) {
        expect(image.title.en).not.toContain(reference.en)
        expect(image.title.zh).not.toContain(reference.zh)
      }
    }
  })

  test('covers every tag, and a question carries only tags of its picture', () => {
    expect(vocabulary.filter((tag) => !images.some((image) => image.tags.includes(tag)))).toEqual([])
    for (const image of images)
      expect(image.questions.flatMap((question) => question.tags).filter((tag) => !image.tags.includes(tag))).toEqual(
        [],
      )
    for (const image of images)
      expect(image.tags.filter((tag) => !image.questions.some((question) => question.tags.includes(tag)))).toEqual([])
  })

  test('holds a distractor for every picture: similar shape, no tag in common', () => {
    const shape = (image: (typeof images)[number]) => image.width / image.height
    const lonely = images.filter(
      (image) =>
        !images.some(
          (other) =>
            Math.abs(shape(other) / shape(image) - 1) <= 0.2 && !other.tags.some((tag) => image.tags.includes(tag)),
        ),
    )
    expect(lonely.map((image) => image.id)).toEqual([])
  })
})

describe.each(images)('$id', (image) => {
  const bytes = readFileSync(folder + image.file)

  test('decodes to the stated size and format', async () => {
    const { data, info } = await sharp(bytes, { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height]).toEqual([image.width, image.height])
    expect(data.length).toBe(info.width * info.height * info.channels)
    expect((await sharp(bytes).metadata()).format).toBe(image.file.endsWith('.png') ? 'png' : 'jpeg')
    expect(Math.max(image.width, image.height)).toBeGreaterThanOrEqual(1000)
    expect(Math.max(image.width, image.height)).toBeLessThanOrEqual(1400)
  })

  test('carries no metadata', () => {
    const found = image.file.endsWith('.png') ? pngChunks(bytes) : jpegSegments(bytes)
    const allowed = ['IHDR', 'PLTE', 'tRNS', 'pHYs', 'IDAT', 'IEND', 'APP0', 'DQT', 'SOF', 'DHT', 'SOS', 'DRI']
    expect(found.length).toBeGreaterThan(3)
    expect(found.filter((name) => !allowed.includes(name))).toEqual([])
  })

  test('is dark exactly when it says so', async () => {
    const { channels } = await sharp(bytes).stats()
    const mean = channels.reduce((total, channel) => total + channel.mean, 0) / channels.length
    expect(mean < 60).toBe(image.tags.includes('low_light'))
  })
})

describe('codes', () => {
  beforeAll(() => {
    const wasm = readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'))
    prepareZXingModule({ overrides: { wasmBinary: Uint8Array.from(wasm).buffer } })
  })

  test.each([
    ['cafe-receipt', 'QRCode'],
    ['tea-box', 'EAN13'],
  ])('the code on %s is a %s and reads as its reference says', async (id, format) => {
    const image = images.find((candidate) => candidate.id === id)!
    const codes = await readBarcodes(readFileSync(folder + image.file))
    expect(codes.map((code) => code.format)).toEqual([format])
    const question = image.questions.find((candidate) => candidate.tags.includes('code_reading'))!
    expect(codes[0]!.text.length).toBeGreaterThan(8)
    expect(question.reference.en).toContain(codes[0]!.text)
    expect(question.reference.zh).toContain(codes[0]!.text)
  })

  test('no other picture promises a code', () => {
    const promising = images.filter((image) => image.tags.includes('code_reading')).map((image) => image.id)
    expect(promising.sort()).toEqual(['cafe-receipt', 'tea-box'])
  })
})

function pngChunks(bytes: Buffer): string[] {
  const names: string[] = []
  for (let at = 8; at + 8 <= bytes.length; at += 12 + bytes.readUInt32BE(at))
    names.push(bytes.toString('latin1', at + 4, at + 8))
  return names
}

/** Segment names up to the first scan and after it; entropy-coded bytes are stepped over. */
function jpegSegments(bytes: Buffer): string[] {
  const names: string[] = []
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = bytes[at + 1]!
    if (bytes[at] !== 0xff || marker === 0 || (marker >= 0xd0 && marker <= 0xd9)) {
      at += 1
      continue
    }
    names.push(segmentName(marker))
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return names
}

function segmentName(marker: number): string {
  if (marker === 0xfe) return 'COM'
  if (marker >= 0xe0 && marker <= 0xef) return `APP${marker - 0xe0}`
  if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4) return 'SOF'
  return { 196: 'DHT', 218: 'SOS', 219: 'DQT', 221: 'DRI' }[marker] ?? `0x${marker.toString(16)}`
}
