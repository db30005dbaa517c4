import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { SentImage } from '../../models/provider.ts'
import { beyondMe, type ImageReader, isAbout, type Word } from './reading.ts'

const confidenceMin = 60
const linesShownMax = 40
const recogniseTimeoutMs = 20_000
const outputBytesMax = 4 * 1024 * 1024

/** Recognises printed words. It knows letters, not meaning. */
export const readText: ImageReader = async (look, { recognise }, signal) => {
  const { question, isChinese, image } = look
  const words = recognise === null ? [] : await recognise(image, signal)
  const sure = words.filter(({ confidence }) => confidence >= confidenceMin)
  const lines = Map.groupBy(sure, ({ line }) => line)
    .values()
    .map((line) => line.map(({ text }) => text).join(' '))
    .toArray()
  const sentences: string[] = []
  if (!isAbout(question, 'text'))
    sentences.push(beyondMe(look, { only: 'I only recognise printed words', onlyChinese: '我只识别印刷文字' }))
  if (lines.length === 0) {
    sentences.push(isChinese ? '没有识别出足够确定的文字。' : 'I recognised no words with enough certainty.')
    return sentences.join(isChinese ? '' : ' ')
  }
  sentences.push(
    isChinese
      ? `识别出 ${sure.length} 个词，共 ${lines.length} 行：`
      : `I recognised ${counted(sure.length, 'word')} in ${counted(lines.length, 'line')}:`,
  )
  const quoted = lines.slice(0, linesShownMax).map((line) => `> ${line.replace(/[<>`]/g, '')}  `)
  const more = lines.length > linesShownMax ? ['', isChinese ? '其余各行略。' : 'Further lines are left out.'] : []
  return [sentences.join(isChinese ? '' : ' '), '', ...quoted, ...more].join('\n')
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Where `tesseract` lies on this PATH, or null. */
export function tesseractOn(path: string): string | null {
  for (const folder of path.split(delimiter).filter((folder) => folder !== '')) {
    const file = join(folder, 'tesseract')
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not in this folder.
    }
  }
  return null
}

/** Asks the program with an argument list, never a shell; the picture goes in by stdin. */
export const recogniserWith = (file: string) => (image: SentImage, signal: AbortSignal) =>
  new Promise<Word[]>((resolve, reject) => {
    const child = execFile(
      file,
      ['stdin', 'stdout', '--psm', '3', 'tsv'],
      {
        timeout: recogniseTimeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: outputBytesMax,
        signal,
        env: {},
        encoding: 'utf8',
      },
      (error, stdout) => (error ? reject(error) : resolve(wordsOf(stdout))),
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(image.bytes)
  })

/** Columns: level page_num block_num par_num line_num word_num left top width height conf text. */
export function wordsOf(table: string): Word[] {
  return table
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t'))
    .filter((row) => row.length >= 12 && row[0] === '5' && row[11]!.trim() !== '')
    .map((row) => ({
      text: row[11]!.trim(),
      confidence: Number(row[10]),
      line: row.slice(1, 5).join('.'),
      x: Number(row[6]),
      y: Number(row[7]),
      width: Number(row[8]),
      height: Number(row[9]),
    }))
}
