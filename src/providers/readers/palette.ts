import type { RawPixels } from '../sharp-codec.ts'
import {
  asksForAPlace,
  beyondMe,
  type ImageReader,
  isAbout,
  type Look,
  percentChinese,
  percentText,
  placeName,
  pointAt,
  third,
} from './reading.ts'

const copyWidth = 64
const coloursShown = 4

/** Measures colour and light of a 64-pixel copy. */
export const readPalette: ImageReader = async (look, tools) => {
  const pixels = await tools.rawPixels(look.image.bytes, { width: copyWidth })
  const colours = coloursOf(pixels)
  const light = lightOf(pixels)
  const { question, isChinese } = look
  const asked = namedColour(question)
  const aboutColour = isAbout(question, 'colour') || asked !== null
  const aboutLight = isAbout(question, 'light')
  const sentences: string[] = []
  if (!aboutColour && !aboutLight)
    sentences.push(beyondMe(look, { only: 'I only measure colour and light', onlyChinese: '我只测量颜色和光线' }))
  else if (asked === null && aboutColour && !isAboutTheWhole(question))
    sentences.push(
      isChinese ? '我测量的是整幅画面，不是其中某个物体。' : 'I measure the whole picture, not single things in it.',
    )
  if (asked !== null) sentences.push(aboutOneColour(look, colours, asked))
  if (aboutLight && !aboutColour) sentences.push(lightSentence(light, isChinese), paletteSentence(colours, isChinese))
  else sentences.push(paletteSentence(colours, isChinese), lightSentence(light, isChinese))
  return sentences.join(isChinese ? '' : ' ')
}

const isAboutTheWhole = (question: string) =>
  /\b(picture|image|photo|photograph|scene|palette|overall|main|dominant|most|colou?rs)\b|图片|图像|画面|照片|主要|整体|哪些颜色/i.test(
    question,
  )

type NamedColour = { name: string; chinese: string; rgb: [number, number, number]; asked: RegExp }
const named: NamedColour[] = [
  { name: 'black', chinese: '黑色', rgb: [18, 18, 20], asked: /\bblack\b|黑/i },
  { name: 'grey', chinese: '灰色', rgb: [128, 128, 128], asked: /\bgr[ae]y\b|灰/i },
  { name: 'white', chinese: '白色', rgb: [246, 246, 244], asked: /\bwhite\b|白色/i },
  { name: 'red', chinese: '红色', rgb: [205, 40, 42], asked: /\bred\b|红/i },
  { name: 'orange', chinese: '橙色', rgb: [240, 140, 30], asked: /\borange\b|橙/i },
  { name: 'brown', chinese: '棕色', rgb: [112, 72, 40], asked: /\bbrown\b|棕|褐/i },
  { name: 'yellow', chinese: '黄色', rgb: [246, 216, 62], asked: /\byellow\b|黄/i },
  { name: 'green', chinese: '绿色', rgb: [62, 150, 62], asked: /\bgreen\b|绿/i },
  { name: 'teal', chinese: '青色', rgb: [30, 150, 150], asked: /\b(teal|cyan|turquoise)\b|青色/i },
  { name: 'blue', chinese: '蓝色', rgb: [42, 92, 196], asked: /\bblue\b|(?<!天)蓝/i },
  { name: 'light blue', chinese: '天蓝色', rgb: [155, 202, 236], asked: /\b(light|sky) blue\b|天蓝/i },
  { name: 'purple', chinese: '紫色', rgb: [124, 60, 164], asked: /\b(purple|violet)\b|紫/i },
  { name: 'pink', chinese: '粉色', rgb: [240, 150, 186], asked: /\b(pink|magenta)\b|粉/i },
  { name: 'beige', chinese: '米色', rgb: [224, 206, 172], asked: /\bbeige\b|米色/i },
]
const namedLab = named.map(({ rgb: [red, green, blue] }) => toOklab(red, green, blue))

type ColourShare = { colour: NamedColour; share: number; x: number; y: number; densest: { x: number; y: number } }

function coloursOf({ width, height, pixels }: RawPixels): ColourShare[] {
  const cells = 8
  const counts = named.map(() => ({ count: 0, x: 0, y: 0, grid: new Float64Array(cells * cells) }))
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3
      const seen = counts[nearestColour(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!)]!
      seen.count++
      seen.x += (x + 0.5) / width
      seen.y += (y + 0.5) / height
      seen.grid[Math.floor((y / height) * cells) * cells + Math.floor((x / width) * cells)]!++
    }
  return counts
    .map(({ count, x, y, grid }, i) => ({
      colour: named[i]!,
      share: count / (width * height),
      x: x / (count || 1),
      y: y / (count || 1),
      densest: densestCell(grid, cells),
    }))
    .sort((a, b) => b.share - a.share)
}

function densestCell(grid: Float64Array, cells: number) {
  const at = grid.indexOf(Math.max(...grid))
  return { x: ((at % cells) + 0.5) / cells, y: (Math.floor(at / cells) + 0.5) / cells }
}

function nearestColour(red: number, green: number, blue: number): number {
  const [l, a, b] = toOklab(red, green, blue)
  let best = 0
  let bestDistance = Number.POSITIVE_INFINITY
  for (const [i, [L, A, B]] of namedLab.entries()) {
    // Lightness counts less than hue: a red in shadow is still called red.
    const distance = 0.5 * (l - L) ** 2 + 2 * ((a - A) ** 2 + (b - B) ** 2)
    if (distance < bestDistance) [best, bestDistance] = [i, distance]
  }
  return best
}

/** Oklab (Björn Ottosson, 2020): distances follow what people call similar better than RGB does. */
function toOklab(red: number, green: number, blue: number): [number, number, number] {
  const [r, g, b] = [toLinear(red), toLinear(green), toLinear(blue)]
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function toLinear(channel: number) {
  const part = channel / 255
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
}

type Light = { mean: number; lightness: number; spread: number; brighter: 'top' | 'bottom' | 'left' | 'right' | null }

/** Mean luminance with the weights of Rec. 709; the words follow CIE lightness, which is even to the eye. */
function lightOf({ width, height, pixels }: RawPixels): Light {
  let sum = 0
  let sumLightness = 0
  let sumSquares = 0
  const halves = { top: 0, bottom: 0, left: 0, right: 0 }
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3
      const luminance =
        0.2126 * toLinear(pixels[at]!) + 0.7152 * toLinear(pixels[at + 1]!) + 0.0722 * toLinear(pixels[at + 2]!)
      const lightness = luminance > 0.008856 ? 116 * Math.cbrt(luminance) - 16 : 903.3 * luminance
      sum += luminance
      sumLightness += lightness
      sumSquares += lightness * lightness
      halves[y < height / 2 ? 'top' : 'bottom'] += lightness
      halves[x < width / 2 ? 'left' : 'right'] += lightness
    }
  const count = width * height
  const lightness = sumLightness / count
  const differences = { top: halves.top - halves.bottom, left: halves.left - halves.right }
  const [axis, difference] =
    Math.abs(differences.top) >= Math.abs(differences.left)
      ? (['top', differences.top] as const)
      : (['left', differences.left] as const)
  const opposite = { top: 'bottom', left: 'right' } as const
  const isUneven = Math.abs(difference) / (count / 2) > 8
  return {
    mean: sum / count,
    lightness,
    spread: Math.sqrt(Math.max(0, sumSquares / count - lightness * lightness)),
    brighter: isUneven ? (difference > 0 ? axis : opposite[axis]) : null,
  }
}

/** "light blue" is asked for before "blue". */
function namedColour(question: string): NamedColour | null {
  const found = named.filter(({ asked }) => asked.test(question))
  return found.find(({ name }) => name === 'light blue') ?? found[0] ?? null
}

function aboutOneColour({ question, isChinese }: Look, colours: ColourShare[], asked: NamedColour): string {
  const { colour, share, x, y, densest } = colours.find(({ colour }) => colour === asked)!
  if (share < 0.002)
    return isChinese
      ? `在缩小的副本中我没有测到${colour.chinese}。`
      : `I measured no ${colour.name} in a small copy of the picture.`
  const place = placeName(third(y), third(x), isChinese)
  const point = asksForAPlace(question)
    ? isChinese
      ? `最密集处：${pointAt(densest, colour.chinese)}。`
      : ` It is densest here: ${pointAt(densest, colour.name)}.`
    : ''
  return isChinese
    ? `${colour.chinese}约占画面的 ${percentChinese(share)}，重心在${place}；它属于什么物体，我无法判断。${point}`
    : `${capitalised(colour.name)} covers ${percentText(share)} of the picture, centred ${place}; what it belongs to I cannot tell.${point}`
}

function paletteSentence(colours: ColourShare[], isChinese: boolean): string {
  const largest = colours.slice(0, coloursShown).filter(({ share }) => share >= 0.005)
  if (isChinese)
    return `占比最大的颜色：${largest.map(({ colour, share }) => `${colour.chinese} ${percentChinese(share)}`).join('，')}。`
  const list = largest.map(({ colour, share }) => `${colour.name} ${percentText(share)}`)
  return `${list.length === 1 ? 'One colour fills the picture' : 'The largest colours are'}: ${list.join(', ')}.`.replace(
    'are: ',
    'are ',
  )
}

function lightSentence({ mean, lightness, spread, brighter }: Light, isChinese: boolean): string {
  const level = lightness < 35 ? 'dark' : lightness > 65 ? 'bright' : 'mid'
  const contrast = spread < 12 ? 'low' : spread > 28 ? 'high' : 'moderate'
  if (isChinese) {
    const side = { top: '上半部', bottom: '下半部', left: '左半部', right: '右半部' }
    const words = { dark: '整体偏暗', bright: '整体明亮', mid: '明暗居中' }
    const contrasts = { low: '对比度低', moderate: '对比度中等', high: '对比度高' }
    return `${words[level]}：平均亮度 ${percentChinese(mean)}（0% 为黑，100% 为白），${contrasts[contrast]}${brighter === null ? '' : `，${side[brighter]}更亮`}。`
  }
  const words = {
    dark: 'Overall it is dark',
    bright: 'Overall it is bright',
    mid: 'Overall it is neither dark nor bright',
  }
  const side = brighter === null ? '' : `; the ${brighter} half is the brighter one`
  return `${words[level]}: mean luminance ${percentText(mean)} (0 % is black, 100 % white), with ${contrast} contrast${side}.`
}

const capitalised = (text: string) => text[0]!.toUpperCase() + text.slice(1)
