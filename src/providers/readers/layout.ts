import type { RawPixels } from '../sharp-codec.ts'
import {
  asksForAPlace,
  asksYesOrNo,
  beyondMe,
  type ImageReader,
  isAbout,
  percentChinese,
  percentText,
  placeName,
  pointAt,
} from './reading.ts'

const copyWidth = 256
const bandsOfADocument = 4

/** Measures where a 256-pixel copy has edges, and whether rows change between light and dark the way lines of text do. */
export const readLayout: ImageReader = async (look, tools) => {
  const layout = layoutOf(await tools.rawPixels(look.image.bytes, { width: copyWidth }))
  const { question, isChinese } = look
  const isMine = isAbout(question, 'layout') || asksForDetailPlace(question)
  const asksAboutText = /\b(text|document|page|paragraphs?|lines|columns?|scan(ned)?)\b|文字|文档|段落|行|版面/i.test(
    question,
  )
  const sentences: string[] = []
  if (!isMine)
    sentences.push(
      beyondMe(look, { only: 'I only measure where a picture has detail', onlyChinese: '我只测量画面各处细节的多少' }),
    )
  const said = [detailSentences(layout, isChinese), bandSentence(layout, isChinese, asksYesOrNo(question))]
  sentences.push(...(isMine && asksAboutText ? said.reverse() : said))
  return sentences.join(isChinese ? '' : ' ')
}

const asksForDetailPlace = (question: string) =>
  asksForAPlace(question) && /\b(detail|happening|going on|busy|interesting|most)\b|细节|最多/i.test(question)

type Layout = {
  /** Share of all edge energy per cell of a 3 x 3 grid, row by row. */
  cells: number[]
  /** Centre of gravity of the edges inside the busiest cell, 0..1. */
  busiest: { x: number; y: number }
  emptyShare: number
  bands: { top: number; bottom: number }[]
  isBlank: boolean
}

function layoutOf(pixels: RawPixels): Layout {
  const { width, height } = pixels
  const grey = greyOf(pixels)
  const edges = edgesOf(grey, width, height)
  const total = edges.reduce((sum, edge) => sum + edge, 0)
  const cells = cellShares(edges, width, height, total)
  const busiest = cells.indexOf(Math.max(...cells))
  return {
    cells,
    busiest: gravityIn(edges, width, height, busiest),
    emptyShare: emptyShareOf(edges, width, height),
    bands: bandsOf(grey, width, height),
    isBlank: total / (width * height) < 0.4,
  }
}

function greyOf({ width, height, pixels }: RawPixels): Float32Array {
  const grey = new Float32Array(width * height)
  for (let i = 0; i < grey.length; i++)
    grey[i] = 0.2126 * pixels[i * 3]! + 0.7152 * pixels[i * 3 + 1]! + 0.0722 * pixels[i * 3 + 2]!
  return grey
}

/** Size of the brightness step to the right and below; steps under 6 are noise of the camera or of JPEG. */
function edgesOf(grey: Float32Array, width: number, height: number): Float32Array {
  const edges = new Float32Array(width * height)
  for (let y = 0; y < height - 1; y++)
    for (let x = 0; x < width - 1; x++) {
      const at = y * width + x
      const step = Math.hypot(grey[at + 1]! - grey[at]!, grey[at + width]! - grey[at]!)
      edges[at] = step < 6 ? 0 : step
    }
  return edges
}

function cellShares(edges: Float32Array, width: number, height: number, total: number): number[] {
  const cells = Array.from({ length: 9 }, () => 0)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      cells[Math.floor((y * 3) / height) * 3 + Math.floor((x * 3) / width)]! += edges[y * width + x]!
  return cells.map((energy) => (total === 0 ? 1 / 9 : energy / total))
}

function gravityIn(edges: Float32Array, width: number, height: number, cell: number) {
  let [sum, sumX, sumY] = [0, 0, 0]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (Math.floor((y * 3) / height) * 3 + Math.floor((x * 3) / width) !== cell) continue
      const edge = edges[y * width + x]!
      sum += edge
      sumX += edge * (x + 0.5)
      sumY += edge * (y + 0.5)
    }
  return sum === 0
    ? { x: ((cell % 3) + 0.5) / 3, y: (Math.floor(cell / 3) + 0.5) / 3 }
    : { x: sumX / sum / width, y: sumY / sum / height }
}

/** Blocks of 8 x 8 pixels in which nothing changes. */
function emptyShareOf(edges: Float32Array, width: number, height: number): number {
  const block = 8
  let [empty, all] = [0, 0]
  for (let top = 0; top + block <= height; top += block)
    for (let left = 0; left + block <= width; left += block) {
      let energy = 0
      for (let y = top; y < top + block; y++) for (let x = left; x < left + block; x++) energy += edges[y * width + x]!
      all++
      if (energy === 0) empty++
    }
  return all === 0 ? 0 : empty / all
}

/** Runs of rows that change between light and dark at least this often, with calmer rows between them. */
function bandsOf(grey: Float32Array, width: number, height: number) {
  const stepMin = 24
  const changesMin = Math.max(8, width / 20)
  const changes = Array.from({ length: height }, (_, y) => {
    let count = 0
    for (let x = 1; x < width; x++) if (Math.abs(grey[y * width + x]! - grey[y * width + x - 1]!) >= stepMin) count++
    return count
  })
  const bands: { top: number; bottom: number }[] = []
  let top: number | null = null
  for (let y = 0; y <= height; y++) {
    const isBusy = (changes[y] ?? 0) >= changesMin
    if (isBusy && top === null) top = y
    if (!isBusy && top !== null) {
      // A line of text is low; a run over a tenth of the picture is texture.
      if (y - top >= 2 && y - top <= height / 10) bands.push({ top, bottom: y })
      top = null
    }
  }
  return bands
}

function detailSentences({ cells, busiest, emptyShare, isBlank }: Layout, isChinese: boolean): string {
  if (isBlank)
    return isChinese
      ? '画面几乎没有边缘，各处都很平。'
      : 'There are almost no edges: the picture is nearly flat everywhere.'
  const most = cells.indexOf(Math.max(...cells))
  const least = cells.indexOf(Math.min(...cells))
  const place = (cell: number) => placeName(Math.floor(cell / 3), cell % 3, isChinese)
  if (isChinese)
    return `细节最多的是${place(most)}（占全部边缘的 ${percentChinese(cells[most]!)}）：${pointAt(busiest, '细节最多')}；最少的是${place(least)}（${percentChinese(cells[least]!)}）。完全平坦的部分约占 ${percentChinese(emptyShare)}。`
  return `Most detail is ${place(most)} (${percentText(cells[most]!)} of all edges): ${pointAt(busiest, 'most detail')}. Least detail is ${place(least)} (${percentText(cells[least]!)}). ${emptyShare === 0 ? 'No part' : `About ${percentText(emptyShare)} of the picture`} is completely flat.`.replace(
    'About under',
    'Under',
  )
}

function bandSentence({ bands }: Layout, isChinese: boolean, isYesOrNo: boolean): string {
  const count = bands.length
  const mayBeDocument = count >= bandsOfADocument
  if (isChinese) {
    if (count === 0) return '没有像文字行那样的横向条带。'
    return `有 ${count} 条像文字行的横向条带${mayBeDocument ? '，可能是文档' : ''}；我不认字。`
  }
  if (count === 0) return `${isYesOrNo ? 'Probably not: ' : ''}no rows look like lines of text.`.replace(/^no/, 'No')
  return mayBeDocument
    ? `${count} bands look like lines of text, so it may be a document; I cannot read them.`
    : `${count === 1 ? 'One band looks' : `${count} bands look`} like ${count === 1 ? 'a line' : 'lines'} of text; I cannot read ${count === 1 ? 'it' : 'them'}.`
}
