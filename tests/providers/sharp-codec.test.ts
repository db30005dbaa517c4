import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import { decodesAtOnceMax, decodesWaitingMax, sentBytesMax, sentEdgePixelsMax } from '../../src/core/limits.ts'
import { kindOf, sharpCodec } from '../../src/providers/sharp-codec.ts'

const codec = sharpCodec()
afterAll(() => codec[Symbol.asyncDispose]())

const solid = (width: number, height: number, background = '#884422') =>
  sharp({ create: { width, height, channels: 3, background } })
const noise = (width: number, height: number, channels: 3 | 4 = 3) => {
  const bytes = Buffer.alloc(width * height * channels)
  let state = 1
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return sharp(bytes, { raw: { width, height, channels } })
}
/** A picture with shapes, so that it has something to recognise. */
const scene = (seed: number) => {
  const rect = (i: number) =>
    `<rect x="${(i * 97 * seed) % 560}" y="${(i * 61 * seed) % 400}" width="90" height="70" fill="hsl(${(i * 47 * seed) % 360} 70% ${20 + ((i * 13) % 60)}%)"/>`
  const shapes = Array.from({ length: 14 }, (_, i) => rect(i + 1)).join('')
  return sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480"><rect width="640" height="480" fill="#cde"/>${shapes}</svg>`,
    ),
  )
}
const refusalOf = (upload: Uint8Array) =>
  codec.decode(upload).then(
    () => 'decoded',
    (error) => (error instanceof Refusal ? `${error.code} ${error.key}` : `threw ${error}`),
  )

describe('every picture becomes one safe still image', () => {
  test('the same upload gives the same bytes, also from another process', async () => {
    const upload = await scene(3).jpeg().toBuffer()
    await using other = sharpCodec()
    const [first, second, third] = [await codec.decode(upload), await codec.decode(upload), await other.decode(upload)]
    expect(second).toEqual(first)
    expect(third).toEqual(first)
    expect(other.processId()).not.toBe(codec.processId())
  })

  test('a large photograph is scaled to the sent edge and stays a JPEG', async () => {
    const image = await codec.decode(await scene(2).resize(4000, 3000).jpeg().toBuffer())
    expect(image).toMatchObject({ mediaType: 'image/jpeg', width: sentEdgePixelsMax, height: 1176 })
    expect(image.facts).toMatchObject({ format: 'jpeg', width: 4000, height: 3000, colourSpace: 'sRGB' })
  })

  test('a small picture is not enlarged', async () => {
    expect(await codec.decode(await solid(20, 10).jpeg().toBuffer())).toMatchObject({ width: 20, height: 10 })
  })

  test('a drawing stays PNG, a photograph saved as PNG becomes JPEG', async () => {
    expect(await codec.decode(await scene(2).png().toBuffer())).toMatchObject({ mediaType: 'image/png' })
    expect(await codec.decode(await noise(300, 200).png().toBuffer())).toMatchObject({ mediaType: 'image/jpeg' })
  })

  test('transparency is kept as PNG; an alpha channel without any is dropped', async () => {
    const clear = await sharp({
      create: { width: 30, height: 30, channels: 4, background: { r: 9, g: 200, b: 3, alpha: 0.5 } },
    })
      .webp({ lossless: true })
      .toBuffer()
    const image = await codec.decode(clear)
    expect(image.mediaType).toBe('image/png')
    expect([...(await sharp(image.bytes).raw().toBuffer())].slice(0, 4)).toEqual([9, 200, 3, 128])
    const opaque = await codec.decode(await noise(50, 50).ensureAlpha(1).png().toBuffer())
    expect(opaque.mediaType).toBe('image/jpeg')
  })

  test('even noise with transparency fits the size every provider takes', async () => {
    const image = await codec.decode(await noise(1568, 1568, 4).png({ compressionLevel: 0 }).toBuffer())
    expect(image.mediaType).toBe('image/png')
    expect(image.bytes.length).toBeLessThanOrEqual(sentBytesMax)
    expect(image.width).toBeLessThan(1568)
  }, 60_000)

  test('it is turned upright', async () => {
    const blueBelow = { input: await solid(40, 10, '#0000ff').png().toBuffer(), left: 0, top: 10 }
    const upload = await solid(40, 20, '#ff0000')
      .composite([blueBelow])
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation: 6 })
      .toBuffer()
    const image = await codec.decode(upload)
    expect(image).toMatchObject({ width: 20, height: 40 })
    expect(image.facts).toMatchObject({ orientation: 6, width: 40, height: 20 })
    expect((await sharp(image.bytes).metadata()).orientation).toBeUndefined()
    // Turned clockwise by a quarter, what was below is on the left.
    const { data } = await sharp(image.bytes).raw().toBuffer({ resolveWithObject: true })
    const [left, right] = [[...data.subarray(0, 3)], [...data.subarray(57, 60)]]
    expect(left[2]).toBeGreaterThan(200)
    expect(right[0]).toBeGreaterThan(200)
  })

  test('place, author, serial number and thumbnail do not survive', async () => {
    const upload = await scene(5)
      .jpeg()
      .withExif({
        IFD0: { Artist: 'Somebody Private', Copyright: 'Somebody Private', Model: 'Camera X' },
        IFD2: { BodySerialNumber: 'SN-998877' },
        IFD3: { GPSLatitude: '51/1 30/1 0/1', GPSLatitudeRef: 'N' },
      })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><private>Somebody Private</private></x:xmpmeta>')
      .toBuffer()
    expect(upload.includes('Somebody Private')).toBe(true)
    const image = await codec.decode(upload)
    expect(image.facts.hadMetadata).toBe(true)
    const out = Buffer.from(image.bytes)
    for (const trace of ['Somebody', 'SN-998877', 'Exif', 'GPS', 'xmp', 'Camera X'])
      expect(out.includes(trace)).toBe(false)
    const { exif, xmp, iptc, icc } = await sharp(out).metadata()
    expect([exif, xmp, iptc, icc]).toEqual([undefined, undefined, undefined, undefined])
    expect(JSON.stringify(image.facts)).not.toMatch(/51|Somebody|SN-/)
  })

  test('CMYK, 16 bit and greyscale become 8-bit sRGB', async () => {
    const uploads = {
      CMYK: await solid(30, 20).toColourspace('cmyk').jpeg().toBuffer(),
      'RGB 16 bit': await solid(30, 20).toColourspace('rgb16').png().toBuffer(),
      'greyscale 16 bit': await solid(30, 20).greyscale().toColourspace('grey16').png().toBuffer(),
      greyscale: await solid(30, 20).greyscale().toColourspace('b-w').png().toBuffer(),
    }
    for (const [colourSpace, upload] of Object.entries(uploads)) {
      const image = await codec.decode(upload)
      expect(image.facts.colourSpace).toBe(colourSpace)
      expect(await sharp(image.bytes).metadata()).toMatchObject({ space: 'srgb', channels: 3, depth: 'uchar' })
    }
  })

  test('of an animation the first frame is taken', async () => {
    const frames = await Promise.all(['#ff0000', '#0000ff'].map((colour) => solid(40, 30, colour).png().toBuffer()))
    const upload = await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer()
    const image = await codec.decode(upload)
    expect(image).toMatchObject({ width: 40, height: 30 })
    expect([...(await sharp(image.bytes).raw().toBuffer())].slice(0, 3)).toEqual([255, 0, 0])
  })

  test('edges are multiples of 28 where the site asks for it', async () => {
    await using aligned = sharpCodec({ align: 28 })
    const image = await aligned.decode(await scene(2).resize(1000, 747).jpeg().toBuffer())
    expect([image.width % 28, image.height % 28]).toEqual([0, 0])
    expect(image).toMatchObject({ width: 1008, height: 756 })
  })

  test('near-duplicates have near hashes, other pictures do not', async () => {
    const distance = (a: string, b: string) =>
      (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll('0', '').length
    const original = await codec.decode(await scene(3).jpeg({ quality: 95 }).toBuffer())
    const saved = await codec.decode(await scene(3).resize(500).jpeg({ quality: 40 }).toBuffer())
    const other = await codec.decode(await scene(11).jpeg().toBuffer())
    expect(original.phash).toMatch(/^[0-9a-f]{16}$/)
    expect(distance(original.phash, saved.phash)).toBeLessThanOrEqual(4)
    expect(distance(original.phash, other.phash)).toBeGreaterThan(10)
  })
})

describe('hostile uploads are refused by name, and nothing else suffers', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)

  test('what is no picture of a kind we read', async () => {
    const uploads = {
      nothing: new Uint8Array(),
      text: bytes('hello'),
      svg: bytes('<svg xmlns="http://www.w3.org/2000/svg"><filter id="f"/></svg>'),
      'svg with xml head': bytes('\ufeff<?xml version="1.0"?><svg/>'),
      gif: await solid(9, 9).gif().toBuffer(),
      tiff: await solid(9, 9).tiff().toBuffer(),
      avif: await solid(16, 16).avif().toBuffer(),
      pdf: bytes('%PDF-1.7\n1 0 obj'),
      html: bytes('<!doctype html><script>alert(1)</script>'),
      zip: bytes('PK\u0003\u0004'),
      bmp: bytes('BM6\u0000'),
    }
    for (const upload of Object.values(uploads)) expect(await refusalOf(upload)).toBe('unsupported image_not_image')
  })

  test('HEIC is recognised, so that the sentence can help', async () => {
    for (const brand of ['heic', 'heix', 'hevc', 'mif1'])
      expect(await refusalOf(bytes(`\u0000\u0000\u0000\u0018ftyp${brand}\u0000\u0000\u0000\u0000${brand}`))).toBe(
        'unsupported image_heic',
      )
  })

  test('the name of a loader does not help: magic bytes of a JPEG before an SVG', async () => {
    const upload = new Uint8Array([0xff, 0xd8, 0xff, ...bytes('<svg xmlns="http://www.w3.org/2000/svg"/>')])
    expect(await refusalOf(upload)).toBe('unsupported image_broken')
  })

  test('bombs: enormous sizes in small files', async () => {
    const small = await scene(2).jpeg().toBuffer()
    const uploads = [
      png({ width: 16_383, height: 16_383, bitDepth: 1 }),
      png({ width: 1, height: 65_535, bitDepth: 1 }),
      png({ width: 2 ** 31 - 1, height: 2 ** 31 - 1, bitDepth: 1, rows: 1 }),
      jpegClaiming(small, 16_000, 16_000),
      jpegClaiming(small, 65_500, 65_500),
      await solid(8_000, 7_000).webp({ quality: 1 }).toBuffer(),
      await solid(16_383, 4_000).png().toBuffer(),
    ]
    for (const upload of uploads) {
      const startedAt = performance.now()
      expect(await refusalOf(upload)).toMatch(/^unsupported image_(bomb|broken)$/)
      expect(performance.now() - startedAt).toBeLessThan(5_000)
    }
    expect(await refusalOf(uploads[0]!)).toBe('unsupported image_bomb')
    expect(await refusalOf(uploads[3]!)).toBe('unsupported image_bomb')
  }, 60_000)

  test('a picture of no size, and headers without a picture', async () => {
    for (const upload of [
      png({ width: 0, height: 0, bitDepth: 8, rows: 0 }),
      new Uint8Array([0xff, 0xd8, 0xff]),
      new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      bytes('RIFF\u0000\u0000\u0000\u0000WEBP'),
    ])
      expect(await refusalOf(upload)).toBe('unsupported image_broken')
  })

  test('truncated at any place: refused, never half a picture', async () => {
    const formats = {
      jpeg: await noise(200, 150).jpeg().toBuffer(),
      progressive: await noise(200, 150).jpeg({ progressive: true }).toBuffer(),
      png: await noise(120, 90).png().toBuffer(),
      webp: await noise(200, 150).webp().toBuffer(),
    }
    for (const upload of Object.values(formats))
      for (let share = 0.05; share < 0.98; share += 0.13)
        expect(await refusalOf(upload.subarray(0, Math.floor(upload.length * share)))).toBe('unsupported image_broken')
  }, 60_000)

  test('a polyglot loses its second nature', async () => {
    const tail = '<script>alert(document.domain)</script>PK\u0003\u0004'
    for (const picture of [await scene(2).jpeg().toBuffer(), await scene(2).png().toBuffer()]) {
      const image = await codec.decode(Buffer.concat([picture, bytes(tail)]))
      expect(Buffer.from(image.bytes).includes('script')).toBe(false)
    }
  })

  test('random damage never kills the process', async () => {
    const processId = codec.processId()
    const originals = [
      await scene(2).jpeg().toBuffer(),
      await scene(2).jpeg({ progressive: true }).toBuffer(),
      await scene(2).png().toBuffer(),
      await scene(2).webp().toBuffer(),
    ]
    let state = 42
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    for (let n = 0; n < 160; n++) {
      const upload = Buffer.from(originals[n % originals.length]!)
      for (let i = 0; i < 1 + random(20); i++) upload[12 + random(upload.length - 12)] = random(256)
      expect(await refusalOf(upload)).toMatch(/^(decoded|unsupported image_(bomb|broken|not_image))$/)
    }
    expect(codec.processId()).toBe(processId)
  }, 60_000)

  test('a decoder that dies takes no upload with it: the next process finishes', async () => {
    const upload = await noise(3000, 2000).jpeg().toBuffer()
    await codec.decode(await solid(9, 9).jpeg().toBuffer())
    const before = codec.processId()!
    const decoding = Promise.all([codec.decode(upload), codec.decode(upload)])
    process.kill(before, 'SIGKILL')
    const [first, second] = await decoding
    expect(first.sha256).toBe(second.sha256)
    expect(codec.processId()).not.toBe(before)
  }, 60_000)

  test('more than can wait are refused as busy, the others are decoded', async () => {
    const upload = await noise(600, 400).jpeg().toBuffer()
    const extra = 5
    const results = await Promise.all(
      Array.from({ length: decodesAtOnceMax + decodesWaitingMax + extra }, () => refusalOf(upload)),
    )
    expect(results.filter((result) => result === 'decoded')).toHaveLength(decodesAtOnceMax + decodesWaitingMax)
    expect(results.filter((result) => result === 'unavailable image_busy')).toHaveLength(extra)
  }, 60_000)

  test('large interlaced and progressive pictures stay within 512 MB', async () => {
    await using fresh = sharpCodec()
    const uploads = [
      await noise(2000, 2000).resize(6900, 6900, { kernel: 'nearest' }).png({ progressive: true }).toBuffer(),
      await solid(7000, 7000).jpeg({ progressive: true, quality: 20 }).toBuffer(),
    ]
    await fresh.decode(await solid(9, 9).jpeg().toBuffer())
    const processId = fresh.processId()!
    const outcomes = await Promise.allSettled([...uploads, ...uploads].map((upload) => fresh.decode(upload)))
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ key: 'image_bomb' })
    if (process.platform === 'linux' && fresh.processId() === processId)
      expect(peakMegabytes(processId)).toBeLessThan(512)
  }, 120_000)

  test('the process that decodes knows none of our secrets', async () => {
    await codec.decode(await solid(9, 9).jpeg().toBuffer())
    if (process.platform !== 'linux') return
    const environment = readFileSync(`/proc/${codec.processId()}/environ`, 'utf8')
    expect(environment).not.toMatch(/PATH=|HOME=|KEY/)
  })

  test('a closed codec refuses and leaves no process', async () => {
    const closing = sharpCodec()
    await closing.decode(await solid(9, 9).jpeg().toBuffer())
    await closing[Symbol.asyncDispose]()
    expect(closing.processId()).toBeNull()
    await expect(closing.decode(await solid(9, 9).jpeg().toBuffer())).rejects.toMatchObject({ key: 'stopping' })
  })
})

describe('tools for readers and transforms', () => {
  test('small raw pixels, with transparency on white', async () => {
    const clear = await sharp({
      create: { width: 200, height: 100, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer()
    const pixels = await codec.rawPixels(clear, { width: 50 })
    expect(pixels).toMatchObject({ width: 50, height: 25, channels: 3 })
    expect([...pixels.pixels.subarray(0, 3)]).toEqual([255, 255, 255])
    expect(pixels.pixels).toHaveLength(50 * 25 * 3)
  })

  test('a declared transform scales and re-encodes, the same way each time', async () => {
    const { bytes } = await codec.decode(await scene(2).png().toBuffer())
    const small = await codec.reencode(bytes, { maxEdge: 320, format: 'jpeg' })
    expect(small).toMatchObject({ mediaType: 'image/jpeg', width: 320, height: 240 })
    expect((await codec.reencode(bytes, { maxEdge: 320, format: 'jpeg' })).sha256).toBe(small.sha256)
  })
})

test('the first bytes decide what a file is', () => {
  expect(kindOf(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))).toBe('jpeg')
  expect(kindOf(new Uint8Array([0xff, 0xd8]))).toBe('other')
  expect(kindOf(new TextEncoder().encode('RIFF1234WEBPVP8 '))).toBe('webp')
  expect(kindOf(new TextEncoder().encode('RIFF1234WAVE'))).toBe('other')
})

/** A PNG made by hand: all zeros, as many rows as it claims unless told otherwise. */
function png({
  width,
  height,
  bitDepth,
  rows = height,
}: {
  width: number
  height: number
  bitDepth: number
  rows?: number
}) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = bitDepth
  const rowBytes = Math.min(Math.ceil((width * bitDepth) / 8) + 1, 1024 * 1024)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(rowBytes * rows), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
function chunk(type: string, data: Buffer) {
  const body = Buffer.concat([Buffer.from(type), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
function crc32(data: Buffer) {
  let crc = ~0
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/** The same file, with another size written into its frame header. */
function jpegClaiming(jpeg: Buffer, width: number, height: number) {
  const copy = Buffer.from(jpeg)
  const at = copy.findIndex((byte, i) => byte === 0xff && (copy[i + 1] === 0xc0 || copy[i + 1] === 0xc2))
  copy.writeUInt16BE(height, at + 5)
  copy.writeUInt16BE(width, at + 7)
  return copy
}

const peakMegabytes = (processId: number) =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1]) / 1024
