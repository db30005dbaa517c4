import { beyondMe, type ImageReader, isAbout, type Look } from './reading.ts'

/** Tells what kind of file the picture is. It never looks at the pixels, and never tells places, serial numbers or names. */
export const readFile: ImageReader = async (look) => {
  const { question, isChinese } = look
  const sentences: string[] = []
  if (!isAbout(question, 'file'))
    sentences.push(
      beyondMe(look, { only: 'I only read what kind of file this is', onlyChinese: '我只读取文件本身的信息' }),
    )
  const first = asked.find(({ about }) => about.test(question))
  const rest = asked.filter((one) => one !== first)
  for (const { say } of first === undefined ? asked : [first, ...rest]) {
    const sentence = say(look)
    if (sentence !== null) sentences.push(sentence)
  }
  return sentences.join(isChinese ? '' : ' ')
}

/** What a question may be after; the sentence it asks for comes first, the others follow in this order. */
const asked: { about: RegExp; say: (look: Look) => string | null }[] = [
  {
    about: /\b(size|dimension|resolution|megapixel|pixels?|how (big|large))|尺寸|分辨率|像素|大小/i,
    say: sizeSentence,
  },
  { about: /\b(aspect|landscape|portrait|square|ratio)|长宽比|横向|竖向/i, say: shapeSentence },
  { about: /\b(format|jpe?g|png|webp|bytes|file)|格式|文件|字节/i, say: formatSentence },
  { about: /\b(metadata|exif|orientation|rotat)|元数据|方向|旋转/i, say: metadataSentence },
  { about: /\b(sent|receive|see)|收到|发送/i, say: sentSentence },
]

function sizeSentence({ image, facts, isChinese }: Look) {
  const { width, height } = facts ?? image
  const megapixels = ((width * height) / 1e6).toFixed(1)
  return isChinese
    ? `${facts === null ? '图片' : '原始文件'}为 ${width} × ${height} 像素（${megapixels} 百万像素）。`
    : `The ${facts === null ? 'picture' : 'original file'} has ${grouped(width)} × ${grouped(height)} pixels (${megapixels} megapixels).`
}

function shapeSentence({ image: { width, height }, isChinese }: Look) {
  const ratio = width / height
  const isSquare = Math.abs(ratio - 1) < 0.02
  const near = ratiosKnown.find(
    ([wide, high]) => Math.abs(ratio / (wide / high) - 1) < 0.015 || Math.abs(ratio / (high / wide) - 1) < 0.015,
  )
  const shape =
    near === undefined
      ? `${Math.max(ratio, 1 / ratio).toFixed(2)}:1`
      : ratio >= 1
        ? `${near[0]}:${near[1]}`
        : `${near[1]}:${near[0]}`
  if (isChinese) return isSquare ? '画面为正方形。' : `画面为${ratio > 1 ? '横向' : '竖向'}，长宽比约 ${shape}。`
  return isSquare
    ? 'It is square.'
    : `It is ${ratio > 1 ? 'wider than high (landscape)' : 'higher than wide (portrait)'}, about ${shape}.`
}
const ratiosKnown = [
  [4, 3],
  [3, 2],
  [16, 9],
  [16, 10],
  [5, 4],
  [2, 1],
  [21, 9],
] as const

function formatSentence({ image, facts, isChinese }: Look) {
  const format = (facts?.format ?? image.mediaType.replace('image/', '')).toUpperCase()
  const size = byteText(facts?.bytes ?? image.bytes.length)
  if (isChinese)
    return `${facts === null ? '格式' : '上传的格式'}为 ${format}，${size}${facts === null ? '' : `，色彩空间 ${facts.colourSpace}`}。`
  return facts === null
    ? `It is a ${format} of ${size}.`
    : `It was uploaded as a ${format} of ${size}, colour space ${facts.colourSpace}.`
}

function metadataSentence({ facts, isChinese }: Look) {
  if (facts === null) return null
  const isTurned = facts.orientation > 1
  if (isChinese)
    return `${facts.hadMetadata ? '文件带有元数据，已全部删除' : '文件不带元数据'}${isTurned ? `；它以旋转方式存储（方向值 ${facts.orientation}），已转正` : ''}。`
  const metadata = facts.hadMetadata ? 'It carried metadata, all of it removed' : 'It carried no metadata'
  return `${metadata}${isTurned ? `; it was stored turned (orientation ${facts.orientation}) and has been set upright` : ''}.`
}

function sentSentence({ image, facts, isChinese }: Look) {
  if (facts === null) return null
  const format = image.mediaType.replace('image/', '').toUpperCase()
  const size = byteText(image.bytes.length)
  return isChinese
    ? `参赛者收到的是 ${image.width} × ${image.height} 像素的 ${format}，${size}。`
    : `Contestants get a ${format} of ${grouped(image.width)} × ${grouped(image.height)} pixels, ${size}.`
}

const grouped = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ',')
const byteText = (bytes: number) =>
  bytes >= 1024 * 1024 ? `${(bytes / (1024 * 1024)).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`
