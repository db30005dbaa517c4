// The picture that other sites show beside a link to a shared battle: the image, the question and two sheets. Drawn in the image process, from bytes of
// ours and two lines of text; without an SVG reader, which that process does not have.
import sharp, { type OverlayOptions } from 'sharp'
import type { PreviewSketch } from '../images/image-codec.ts'

/** What readers of Open Graph cut to. */
export const previewSize = { width: 1200, height: 630 }
const margin = 48
const pictureBox = { width: 520, height: previewSize.height - 2 * margin }
const paneHeight = 232
const gap = 24

const paper = '#fafaf8'
const sheet = '#ffffff'
const line = '#d9d9d3'
const sunken = '#e8e8e3'
const ink = '#17181b'
const ink2 = '#54575e'
type Side = 'a' | 'b'
const colourOf = { a: [0x1d, 0x5b, 0xb8], b: [0xa3, 0x47, 0x00] } as const

export async function drawPreview({ picture, question, site }: PreviewSketch): Promise<Uint8Array> {
  const left = picture ? margin + pictureBox.width + margin : margin
  const width = previewSize.width - margin - left
  const paneTop = previewSize.height - margin - paneHeight
  const paneWidth = (width - gap) / 2
  const parts: OverlayOptions[] = [
    ...(picture ? [await framed(picture)] : []),
    { input: sign('a', 22), top: margin, left, raw: { width: 22, height: 22, channels: 4 } },
    { input: sign('b', 22), top: margin, left: left + 30, raw: { width: 22, height: 22, channels: 4 } },
    ...(await written(
      site,
      { left: left + 66, top: margin - 6, width: width - 66, height: 34, isCentred: true },
      22,
      ink2,
    )),
    ...(await written(question, { left, top: margin + 56, width, height: paneTop - margin - 80 }, 36, ink)),
    ...pane('a', left, paneTop, paneWidth),
    ...pane('b', left + paneWidth + gap, paneTop, paneWidth),
  ]
  return sharp({ create: { ...previewSize, channels: 3, background: paper } })
    .composite(parts)
    .removeAlpha()
    .png({ compressionLevel: 9, adaptiveFiltering: true })
    .toBuffer()
}

/** Whole, never cropped: what was asked about may be at its edge. */
async function framed(picture: Uint8Array): Promise<OverlayOptions> {
  const { data, info } = await sharp(picture, { failOn: 'error' })
    .resize({ ...pictureBox, fit: 'inside' })
    .flatten({ background: sheet })
    .png()
    .toBuffer({ resolveWithObject: true })
  return {
    input: data,
    left: margin + Math.round((pictureBox.width - info.width) / 2),
    top: margin + Math.round((pictureBox.height - info.height) / 2),
  }
}

/** An answer still to be read: its side's edge and sign, lines in place of words. */
function pane(side: Side, left: number, top: number, width: number): OverlayOptions[] {
  const [r, g, b] = colourOf[side]
  const lines = side === 'a' ? [1, 0.92, 0.97, 0.6] : [0.95, 1, 0.45]
  return [
    bar(left, top, width, paneHeight, line),
    bar(left + 1, top + 1, width - 2, paneHeight - 2, sheet),
    bar(left, top, width, 5, { r, g, b }),
    { input: sign(side, 40), left: Math.round(left + 20), top: top + 26, raw: { width: 40, height: 40, channels: 4 } },
    ...lines.map((share, i) => bar(left + 20, top + 92 + i * 30, (width - 40) * share, 12, sunken)),
  ]
}

function bar(
  left: number,
  top: number,
  width: number,
  height: number,
  background: string | { r: number; g: number; b: number },
): OverlayOptions {
  return {
    input: { create: { width: Math.round(width), height: Math.round(height), channels: 3, background } },
    left: Math.round(left),
    top: Math.round(top),
  }
}

/** A circle for A, a diamond for B, smooth at the edge, as everywhere in the arena. */
function sign(side: Side, size: number): Buffer {
  const pixels = Buffer.alloc(size * size * 4)
  const half = size / 2
  const ring = Math.max(2.5, size / 9)
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const [dx, dy] = [Math.abs(x + 0.5 - half), Math.abs(y + 0.5 - half)]
      const reach = side === 'a' ? half - 1 - Math.hypot(dx, dy) : (half - 1 - (dx + dy)) / Math.SQRT2
      const alpha = Math.min(1, Math.max(0, reach + 0.5)) * Math.min(1, Math.max(0, ring - reach + 0.5))
      pixels.set([...colourOf[side], Math.round(alpha * 255)], (y * size + x) * 4)
    }
  return pixels
}

/** As much of the text as fits. A machine without fonts draws none, and the rest of the picture stands. */
async function written(
  text: string,
  {
    left,
    top,
    width,
    height,
    isCentred = false,
  }: { left: number; top: number; width: number; height: number; isCentred?: boolean },
  pixels: number,
  colour: string,
): Promise<OverlayOptions[]> {
  const words = [...text.replace(/\s+/g, ' ').trim()]
  try {
    for (let kept = Math.min(words.length, 240); kept > 0; kept = Math.floor(kept * 0.85)) {
      const shown = kept < words.length ? `${words.slice(0, kept).join('').trimEnd()}…` : words.join('')
      const { data, info } = await sharp({
        text: {
          text: `<span foreground="${colour}">${escaped(shown)}</span>`,
          font: `sans ${pixels}`,
          width,
          wrap: 'word-char',
          spacing: Math.round(pixels / 6),
          rgba: true,
          dpi: 72,
        },
      })
        .png()
        .toBuffer({ resolveWithObject: true })
      const room = height - info.height
      if (room >= 0 && info.width <= width + 8)
        return [{ input: data, left, top: top + (isCentred ? Math.round(room / 2) : 0) }]
    }
  } catch {
    return []
  }
  return []
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
