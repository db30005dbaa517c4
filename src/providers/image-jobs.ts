// The only file that loads an image decoder. It runs in the child process of `sharp-codec.ts`, never in the server itself:
// a decoder that crashes, hangs or eats memory takes its own process with it.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import sharp, { type Metadata, type Sharp } from 'sharp'
import { decodeTimeoutMs, imageEdgePixelsMax, imagePixelsMax, sentBytesMax, sentEdgePixelsMax } from '../core/limits.ts'
import type { ImageType } from '../images/image.ts'
import type { DecodedImage, PreviewSketch } from '../images/image-codec.ts'
import { drawPreview } from './preview-job.ts'

export type ImageTransform = { maxEdge?: number | undefined; format?: 'jpeg' | 'png' | undefined }
export type EncodedImage = {
  bytes: Uint8Array
  mediaType: ImageType
  width: number
  height: number
  sha256: string
}
export type RawPixels = { width: number; height: number; channels: 3; pixels: Uint8Array }
/** Corners in the pixels of the image that was read, clockwise from the code's own top left. */
export type FoundCode = { format: string; text: string; corners: { x: number; y: number }[] }
export type DecodeFault = 'image_bomb' | 'image_broken'

export type ImageJob =
  | { kind: 'decode'; bytes: Uint8Array; align: number | null }
  | { kind: 'pixels'; bytes: Uint8Array; width: number }
  | { kind: 'codes'; bytes: Uint8Array }
  | { kind: 'reencode'; bytes: Uint8Array; transform: ImageTransform }
  | { kind: 'preview'; sketch: PreviewSketch }
export type ImageJobResult = DecodedImage | RawPixels | FoundCode[] | EncodedImage | Uint8Array

const jpegQuality = 90
/** Progressive and interlaced files cannot be read line by line: above this, one at a time. */
const heavyPixels = 12_000_000
/** Drawn images repeat their left neighbour; photographs rarely do. */
const flatShareMin = 0.5

export async function runImageJob(job: ImageJob): Promise<ImageJobResult> {
  switch (job.kind) {
    case 'decode':
      return decodeUpload(job.bytes, job.align)
    case 'pixels':
      return rawPixels(job.bytes, { width: job.width })
    case 'codes':
      return readCodes(job.bytes)
    case 'reencode':
      return reencode(job.bytes, job.transform)
    case 'preview':
      return carefully(() => drawPreview(job.sketch))
  }
}

/** Settings of the whole process, once: only three loaders, no cache, one thread per picture. */
export function tameDecoder() {
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'] })
  sharp.cache(false)
  sharp.concurrency(1)
}

async function decodeUpload(upload: Uint8Array, align: number | null): Promise<DecodedImage> {
  const metadata = await carefully(() => opened(upload).metadata())
  refuseBomb(metadata)
  const upright = metadata.autoOrient
  const size = sentSize(upright.width, upright.height, sentEdgePixelsMax, align)
  const picture = await oneHeavyAtATime(metadata.width * metadata.height, () =>
    carefully(() => toPicture(opened(upload).autoOrient(), size)),
  )
  const encoded = await carefully(() => encodeSmallEnough(picture, isDrawn(metadata, picture) ? 'png' : 'jpeg'))
  return {
    ...encoded,
    phash: await differenceHash(picture),
    facts: {
      format: metadata.format,
      width: metadata.width,
      height: metadata.height,
      bytes: upload.length,
      colourSpace: colourSpaceName(metadata),
      hadMetadata: Boolean(metadata.exif ?? metadata.xmp ?? metadata.iptc ?? metadata.comments?.length),
      orientation: metadata.orientation ?? 1,
      sha256: createHash('sha256').update(upload).digest('hex'),
    },
  }
}

async function rawPixels(bytes: Uint8Array, { width }: { width: number }): Promise<RawPixels> {
  const { data, info } = await carefully(() =>
    opened(bytes)
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .resize({ width, height: width, fit: 'inside', withoutEnlargement: true })
      .raw()
      .toBuffer({ resolveWithObject: true }),
  )
  return { width: info.width, height: info.height, channels: 3, pixels: threeChannels(data, info.channels) }
}

async function readCodes(bytes: Uint8Array): Promise<FoundCode[]> {
  const { readBarcodes } = await barcodeReader()
  const found = await readBarcodes(bytes, { tryHarder: true, maxNumberOfSymbols: 12 })
  return found
    .filter(({ isValid }) => isValid)
    .map(({ format, text, position: { topLeft, topRight, bottomRight, bottomLeft } }) => ({
      format,
      text,
      corners: [topLeft, topRight, bottomRight, bottomLeft],
    }))
}

async function reencode(bytes: Uint8Array, { maxEdge, format }: ImageTransform): Promise<EncodedImage> {
  const metadata = await carefully(() => opened(bytes).metadata())
  const size = sentSize(metadata.width, metadata.height, maxEdge ?? sentEdgePixelsMax, null)
  const picture = await carefully(() => toPicture(opened(bytes), size))
  const wanted = format ?? (metadata.format === 'png' ? 'png' : 'jpeg')
  return carefully(() => encodeSmallEnough(picture, wanted))
}

type Picture = { data: Buffer; width: number; height: number; channels: 3 | 4; isOpaque: boolean }
type Size = { width: number; height: number }

const opened = (bytes: Uint8Array) =>
  sharp(bytes, { limitInputPixels: imagePixelsMax, failOn: 'error', sequentialRead: true, pages: 1 }).timeout({
    seconds: decodeTimeoutMs / 1000,
  })

export class UndecodableImage extends Error {
  override readonly name = 'UndecodableImage'
  readonly fault: DecodeFault
  constructor(fault: DecodeFault, cause?: unknown) {
    super(fault, { cause })
    this.fault = fault
  }
}

async function carefully<T>(decode: () => Promise<T>): Promise<T> {
  try {
    return await decode()
  } catch (error) {
    if (error instanceof UndecodableImage) throw error
    const isBomb = error instanceof Error && /pixel limit|timeout|too (large|wide|high)/i.test(error.message)
    throw new UndecodableImage(isBomb ? 'image_bomb' : 'image_broken', error)
  }
}

function refuseBomb({ width, height }: Metadata) {
  const isTooLarge = width * height > imagePixelsMax || width > imageEdgePixelsMax || height > imageEdgePixelsMax
  if (isTooLarge) throw new UndecodableImage('image_bomb')
  if (!(width > 0 && height > 0)) throw new UndecodableImage('image_broken')
}

let heavyOnes: Promise<unknown> = Promise.resolve()
function oneHeavyAtATime<T>(pixels: number, work: () => Promise<T>): Promise<T> {
  if (pixels <= heavyPixels) return work()
  const mine = heavyOnes.then(work, work)
  heavyOnes = mine.catch(() => undefined)
  return mine
}

function sentSize(width: number, height: number, edgeMax: number, align: number | null): Size {
  const scale = Math.min(1, edgeMax / Math.max(width, height))
  const toEdge = (edge: number) => {
    const scaled = Math.max(1, Math.round(edge * scale))
    return align === null ? scaled : Math.max(align, Math.round(scaled / align) * align)
  }
  return { width: toEdge(width), height: toEdge(height) }
}

async function toPicture(source: Sharp, { width, height }: Size): Promise<Picture> {
  const { data, info } = await source
    .toColourspace('srgb')
    .resize({ width, height, fit: 'fill' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const hasAlpha = info.channels === 2 || info.channels === 4
  const isOpaque = !hasAlpha || isEverywhereOpaque(data, info.channels)
  if (!isOpaque && info.channels === 4)
    return { data, width: info.width, height: info.height, channels: 4, isOpaque: false }
  if (!isOpaque) return { ...(await withColour(data, info)), isOpaque: false }
  return {
    data: Buffer.from(threeChannels(data, info.channels).buffer),
    width: info.width,
    height: info.height,
    channels: 3,
    isOpaque: true,
  }
}

const isEverywhereOpaque = (data: Uint8Array, channels: number) => {
  for (let i = channels - 1; i < data.length; i += channels) if (data[i] !== 255) return false
  return true
}

async function withColour(data: Buffer, { width, height }: Size) {
  const rgba = Buffer.alloc(width * height * 4)
  for (let i = 0; i < width * height; i++) {
    rgba.fill(data[i * 2]!, i * 4, i * 4 + 3)
    rgba[i * 4 + 3] = data[i * 2 + 1]!
  }
  return { data: rgba, width, height, channels: 4 as const }
}

function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(data)
  const pixels = data.length / channels
  const rgb = new Uint8Array(pixels * 3)
  const step = channels >= 3 ? 1 : 0
  for (let i = 0; i < pixels; i++) {
    rgb[i * 3] = data[i * channels]!
    rgb[i * 3 + 1] = data[i * channels + step]!
    rgb[i * 3 + 2] = data[i * channels + step * 2]!
  }
  return rgb
}

/** Screenshots and drawings keep their sharp edges as PNG; a JPEG was lossy before, so it stays one. */
function isDrawn({ format }: Metadata, picture: Picture) {
  if (!picture.isOpaque) return true
  if (format === 'jpeg') return false
  const { data, width, channels } = picture
  let same = 0
  let compared = 0
  for (let at = channels; at < data.length; at += channels) {
    if ((at / channels) % width === 0) continue
    compared++
    if (
      data[at] === data[at - channels] &&
      data[at + 1] === data[at + 1 - channels] &&
      data[at + 2] === data[at + 2 - channels]
    )
      same++
  }
  return compared > 0 && same / compared >= flatShareMin
}

async function encodeSmallEnough(picture: Picture, wanted: 'jpeg' | 'png'): Promise<EncodedImage> {
  if (wanted === 'png') {
    const bytes = await asSharp(picture).png({ compressionLevel: 9, adaptiveFiltering: true }).toBuffer()
    if (bytes.length <= sentBytesMax) return described(bytes, 'image/png', picture)
    if (!picture.isOpaque) return encodeSmallEnough(await shrunk(picture), 'png')
  }
  for (const quality of [jpegQuality, 80, 70, 55]) {
    const bytes = await asSharp(picture)
      .flatten({ background: 'white' })
      .jpeg({ quality, chromaSubsampling: '4:4:4' })
      .toBuffer()
    if (bytes.length <= sentBytesMax) return described(bytes, 'image/jpeg', picture)
  }
  return encodeSmallEnough(await shrunk(picture), 'jpeg')
}

const asSharp = ({ data, width, height, channels }: Picture) => sharp(data, { raw: { width, height, channels } })

async function shrunk(picture: Picture): Promise<Picture> {
  const edge = Math.round(Math.max(picture.width, picture.height) * 0.8)
  return toPicture(asSharp(picture), sentSize(picture.width, picture.height, edge, null))
}

const described = (bytes: Uint8Array, mediaType: ImageType, { width, height }: Size): EncodedImage => ({
  bytes,
  mediaType,
  width,
  height,
  sha256: createHash('sha256').update(bytes).digest('hex'),
})

/** Is each of 9 x 8 grey cells brighter than its right neighbour? Small edits change few of the 64 bits. */
async function differenceHash(picture: Picture): Promise<string> {
  const { data: grey, info } = await asSharp(picture)
    .flatten({ background: 'white' })
    .greyscale()
    .resize({ width: 9, height: 8, fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  let bits = 0n
  for (let y = 0; y < 8; y++)
    for (let x = 0; x < 8; x++) {
      const at = (y * 9 + x) * info.channels
      bits = (bits << 1n) | (grey[at]! > grey[at + info.channels]! ? 1n : 0n)
    }
  return bits.toString(16).padStart(16, '0')
}

function colourSpaceName({ space, depth }: Metadata) {
  return `${colourSpaceNames[space] ?? space}${depth === 'ushort' ? ' 16 bit' : ''}`
}
const colourSpaceNames: Record<string, string | undefined> = {
  srgb: 'sRGB',
  rgb: 'RGB',
  rgb16: 'RGB',
  'b-w': 'greyscale',
  grey16: 'greyscale',
  cmyk: 'CMYK',
}

let reader: Promise<typeof import('zxing-wasm/reader')> | undefined
/** The package would fetch its WebAssembly from a CDN; it gets the file that lies beside it instead. */
function barcodeReader() {
  reader ??= (async () => {
    const zxing = await import('zxing-wasm/reader')
    const file = await readFile(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')))
    const wasmBinary = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
    zxing.prepareZXingModule({ overrides: { wasmBinary } })
    return zxing
  })()
  return reader
}
