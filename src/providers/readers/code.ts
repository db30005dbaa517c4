import type { FoundCode } from '../sharp-codec.ts'
import { beyondMe, type ImageReader, isAbout, type Look, placeName, pointAt, third } from './reading.ts'

const contentCharactersMax = 300

/** Finds QR and bar codes and says what is in them, as text: nothing is opened. */
export const readCode: ImageReader = async (look, tools) => {
  const codes = await tools.readCodes(look.image.bytes)
  const { question, isChinese } = look
  const sentences: string[] = []
  if (!isAbout(question, 'code'))
    sentences.push(
      beyondMe(look, { only: 'I only find and read QR and bar codes', onlyChinese: '我只会寻找并读取二维码和条形码' }),
    )
  if (codes.length === 0)
    sentences.push(isChinese ? '这张图片里没有我能读出的码。' : 'There is no code in this picture that I can read.')
  if (codes.length > 1) sentences.push(isChinese ? `找到 ${codes.length} 个码。` : `I found ${codes.length} codes.`)
  const intro = sentences.join(isChinese ? '' : ' ')
  const found = codes.map((code) => aboutCode(code, look))
  if (codes.length <= 1) return [intro, ...found].filter((text) => text !== '').join(isChinese ? '' : ' ')
  return [intro, '', ...found.map((text) => `- ${text}`)].join('\n')
}

function aboutCode({ format, text, corners }: FoundCode, { image, isChinese }: Look): string {
  const centre = {
    x: corners.reduce((sum, { x }) => sum + x, 0) / corners.length / image.width,
    y: corners.reduce((sum, { y }) => sum + y, 0) / corners.length / image.height,
  }
  const place = placeName(third(centre.y), third(centre.x), isChinese)
  const name = codeName(format, isChinese)
  const point = pointAt(centre, name)
  const content = shown(text)
  const kind = contentKind(text, isChinese)
  if (isChinese) return `${point}在${place}，内容${kind === null ? '' : `（${kind}）`}：${content}`
  return `${point} ${place}. It holds ${kind ?? 'this text'}: ${content}`
}

function codeName(format: string, isChinese: boolean): string {
  const bare = format.replace(/[^a-z0-9]/gi, '').toLowerCase()
  if (/^(micro)?qr|^rmqr/.test(bare)) return isChinese ? '二维码' : 'QR code'
  const known = names[bare]
  return isChinese ? `${known ?? format} 码` : (known ?? `${format} code`)
}
const names: Record<string, string | undefined> = {
  ean13: 'EAN-13',
  ean8: 'EAN-8',
  upca: 'UPC-A',
  upce: 'UPC-E',
  code128: 'Code 128',
  code39: 'Code 39',
  code93: 'Code 93',
  itf: 'ITF',
  codabar: 'Codabar',
  datamatrix: 'Data Matrix',
  aztec: 'Aztec',
  pdf417: 'PDF417',
}

function contentKind(text: string, isChinese: boolean): string | null {
  const kinds: [RegExp, string, string][] = [
    [/^https?:\/\//i, 'a web address', '网址'],
    [/^wifi:/i, 'the settings of a wireless network', '无线网络设置'],
    [/^begin:vcard/i, 'a contact', '联系人'],
    [/^mailto:/i, 'a mail address', '邮箱地址'],
    [/^tel:/i, 'a telephone number', '电话号码'],
    [/^geo:/i, 'a position', '地理位置'],
    [/^\d+$/, 'a number', '数字'],
  ]
  const found = kinds.find(([pattern]) => pattern.test(text))
  return found === undefined ? null : found[isChinese ? 2 : 1]
}

/** In code marks, on one line, and without angle brackets: a code must not be able to write markup into an answer. */
function shown(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replace(/`/g, '´')
    .replace(/</g, '‹')
    .replace(/>/g, '›')
    .trim()
  if (line === '') return '``'
  return line.length > contentCharactersMax ? `\`${line.slice(0, contentCharactersMax)}\` …` : `\`${line}\``
}
