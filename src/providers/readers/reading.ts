import type { UploadFacts } from '../../images/image.ts'
import type { SentImage } from '../../models/provider.ts'
import type { ImageTools } from '../sharp-codec.ts'

/** What a reader is given: one picture, the question about it, and what was noted of the original file. */
export type Look = { question: string; image: SentImage; facts: UploadFacts | null; isChinese: boolean }
export type ReaderTools = Pick<ImageTools, 'rawPixels' | 'readCodes'> & {
  /** Words of the picture with their confidence (0..100), or null where no recogniser is installed. */
  recognise: ((image: SentImage, signal: AbortSignal) => Promise<Word[]>) | null
}
export type Word = {
  text: string
  confidence: number
  line: string
  x: number
  y: number
  width: number
  height: number
}
export type ImageReader = (look: Look, tools: ReaderTools, signal: AbortSignal) => Promise<string>

export const hasChinese = (text: string) => /[\u3400-\u9fff]/.test(text)

const subjects = {
  colour:
    /\b(colou?r(s|ed|ful)?|palette|hues?|shades?|tints?|tones?|black|gr[ae]y|white|red|orange|brown|yellow|green|teal|cyan|turquoise|blue|purple|violet|pink|magenta|beige)\b|颜色|色彩|色调|什么色|[黑白灰红橙黄绿青蓝紫棕褐粉米]色/i,
  light:
    /\b(bright(er|est|ness)?|dark(er|est|ness)?|light(s|ing|er)?|luminance|expos(ed|ure)|overexposed|underexposed|contrast|shadows?|night|daytime|dim)\b|亮|暗|光线|光照|曝光|对比度|阴影|夜/i,
  file: /\b(files?|format|jpe?g|png|webp|resolution|megapixels?|pixels?|dimensions?|(image|picture|photo) size|how (big|large) is (the|this) (image|picture|photo|file)|exif|metadata|aspect ratio|orientation|landscape or portrait|colou?r space|bytes|kilobytes|megabytes)\b|文件|格式|分辨率|像素|图片大小|图像大小|尺寸|元数据|长宽比|横向|竖向/i,
  layout:
    /\b(lay ?out|composition|composed|detail(s|ed)?|busy|busiest|crowded|empty|emptiest|blank|structure|arranged|document|page|columns?|paragraphs?|lines of text|text blocks?|where is the text|scan(ned)?)\b|布局|构图|细节|空白|版面|排版|文档|段落|几行/i,
  code: /\b(qr|qr ?codes?|bar ?codes?|data ?matrix|aztec|pdf ?417|ean|upc|isbn|scan(ned)?|url|links?|web ?address|website|wi-?fi)\b|二维码|条形码|条码|扫码|扫描|网址|链接/i,
  text: /\b(read|text|words?|says?|said|written|writing|transcribe|transcription|sign|title|caption(ed)?|headline|label(led)?|letters?|ocr|spell|printed)\b|文字|写着|写了|读出|字样|转录|标题|招牌|标签/i,
} as const
export type Subject = keyof typeof subjects

export const isAbout = (question: string, subject: Subject) => subjects[subject].test(question)
export const asksForAPlace = (question: string) =>
  /\b(where|point|locate|find|position|located|which (part|corner|side|area|region))\b|哪里|哪儿|在哪|指出|位置|哪个(部分|角落|区域)/i.test(
    question,
  )
export const asksYesOrNo = (question: string) =>
  /^\s*(is|are|was|were|does|do|did|has|have|can|could|will|would)\b/i.test(question) || /吗[？?]?\s*$/.test(question)

/** The sentence every reader starts with when a question is beyond it. It quotes the question, so nobody takes the rest for an answer. */
export function beyondMe(look: Look, { only, onlyChinese }: { only: string; onlyChinese: string }): string {
  const asked = quotable(look.question)
  if (look.isChinese)
    return asked === null
      ? `${onlyChinese}，无法回答这个问题。`
      : `${onlyChinese}，无法回答“${asked.replace(/[？?。！!]+$/, '')}”。`
  if (asked === null) return `${only}, so I cannot answer this question.`
  const isOneClause = /^(what|who|whom|whose|which|when|where|why|how)\b/i.test(asked) && !/[.;:!?]\s/.test(asked)
  return isOneClause
    ? `${only}, so I cannot tell ${asked[0]!.toLowerCase()}${asked.slice(1).replace(/[?.!\s]+$/, '')}.`
    : `${only}, so I cannot answer “${asked}”${/[.?!]$/.test(asked) ? '' : '.'}`
}

const quotedCharactersMax = 90
/** Short, one line, and without anything a later step could take for markup. */
function quotable(question: string): string | null {
  const line = question
    .replace(/[<>*_`#[\]|\\“”]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return line === '' || line.length > quotedCharactersMax ? null : line
}

/** Pointing syntax of the `molmo` dialect: percent of the picture, one decimal. */
export function pointAt({ x, y }: { x: number; y: number }, label: string): string {
  const percent = (part: number) => (Math.min(1, Math.max(0, part)) * 100).toFixed(1)
  const name = label.replace(/[<>"&]/g, '')
  return `<point x="${percent(x)}" y="${percent(y)}" alt="${name}">${name}</point>`
}

const placesEnglish = [
  ['at the upper left', 'at the top', 'at the upper right'],
  ['on the left', 'in the middle', 'on the right'],
  ['at the lower left', 'at the bottom', 'at the lower right'],
]
const placesChinese = [
  ['左上', '上方', '右上'],
  ['左侧', '中间', '右侧'],
  ['左下', '下方', '右下'],
]
/** Row and column 0..2. */
export const placeName = (row: number, column: number, isChinese: boolean): string =>
  (isChinese ? placesChinese : placesEnglish)[row]![column]!
export const third = (part: number) => Math.min(2, Math.max(0, Math.floor(part * 3)))

export const percentText = (share: number) => {
  const percent = share * 100
  if (percent > 0 && percent < 1) return 'under 1 %'
  return `${Math.round(percent)} %`
}
export const percentChinese = (share: number) => {
  const percent = share * 100
  return percent > 0 && percent < 1 ? '不到 1%' : `${Math.round(percent)}%`
}
