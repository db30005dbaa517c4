import { performance } from 'node:perf_hooks'
import type { UploadFacts } from '../images/image.ts'
import type { Reader } from '../models/model.ts'
import type { AnswerEvent, AnswerRequest, Provider, Receipt, SentImage } from '../models/provider.ts'
import { pause } from './fake.ts'
import { readCode } from './readers/code.ts'
import { readFile } from './readers/file.ts'
import { readLayout } from './readers/layout.ts'
import { readPalette } from './readers/palette.ts'
import { hasChinese, type ImageReader, type ReaderTools } from './readers/reading.ts'
import { readText } from './readers/text.ts'

const byName: Record<Reader, ImageReader> = {
  palette: readPalette,
  file: readFile,
  layout: readLayout,
  code: readCode,
  text: readText,
}
const paceMsDefault = 18

/** A fixed-rule reader as a contestant: it measures the picture, then says what it measured word by word. */
export function builtinProvider({
  reader,
  tools,
  paceMs = paceMsDefault,
}: {
  reader: Reader
  tools: ReaderTools
  paceMs?: number
}): Provider {
  async function* answer(request: AnswerRequest): AsyncGenerator<AnswerEvent> {
    const { signal } = request
    const startedAt = performance.now()
    let firstTextMs: number | null = null
    const receipt = (): Receipt => ({
      effective: { reader },
      warnings: [],
      rawFinish: null,
      servedModel: null,
      usage: {},
      attempts: 1,
      firstTextMs,
      totalMs: Math.round(performance.now() - startedAt),
      requestId: null,
    })
    try {
      const text = await untilAborted(reading(request, reader, tools), signal)
      for (const piece of piecesOf(text)) {
        firstTextMs ??= Math.round(performance.now() - startedAt)
        yield { type: 'text', text: piece }
        if (paceMs > 0) await pause(paceMs, signal)
        signal.throwIfAborted()
      }
      yield { type: 'finished', finish: 'complete', receipt: { ...receipt(), rawFinish: 'stop' } }
    } catch {
      yield signal.aborted
        ? { type: 'failed', reason: 'interrupted', detail: 'interrupted', receipt: receipt() }
        : { type: 'failed', reason: 'broken', detail: 'reader_failed', receipt: receipt() }
    }
  }
  return { answer }
}

async function reading({ turns, signal }: AnswerRequest, reader: Reader, tools: ReaderTools): Promise<string> {
  const question = turns.at(-1)?.question ?? ''
  const isChinese = hasChinese(question)
  const newest = newestImage(turns)
  if (newest === null)
    return isChinese ? '没有图片，我没有可以测量的东西。' : 'There is no picture, so I have nothing to measure.'
  return byName[reader]({ question, isChinese, ...newest }, tools, signal)
}

function newestImage(turns: AnswerRequest['turns']): { image: SentImage; facts: UploadFacts | null } | null {
  const turn = turns.findLast(({ images }) => images.length > 0)
  const image = turn?.images.at(-1)
  return image === undefined ? null : { image, facts: factsOf(turn?.facts?.at(-1)) }
}

/** Facts cross the port as unknown: only a whole record of the right shape is believed. */
function factsOf(facts: unknown): UploadFacts | null {
  if (typeof facts !== 'object' || facts === null) return null
  const { format, width, height, bytes, colourSpace, hadMetadata, orientation } = facts as Partial<UploadFacts>
  if (typeof format !== 'string' || typeof width !== 'number' || typeof height !== 'number') return null
  return {
    format,
    width,
    height,
    bytes: typeof bytes === 'number' ? bytes : 0,
    colourSpace: typeof colourSpace === 'string' ? colourSpace : 'sRGB',
    hadMetadata: hadMetadata === true,
    orientation: typeof orientation === 'number' ? orientation : 1,
  }
}

/** Words with the space before them; Chinese in pairs of characters. */
function piecesOf(text: string): string[] {
  return text.match(/\s*(?:[\u3000-\u9fff\uff00-\uffef]{1,2}|[^\s\u3000-\u9fff\uff00-\uffef]+)|\s+$/g) ?? []
}

/** The promise, or a rejection as soon as the signal aborts; what comes later is dropped. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) {
      promise.catch(() => undefined)
      return stop()
    }
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
