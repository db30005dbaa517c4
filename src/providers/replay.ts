import { createReadStream } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import type { AnswerEvent, AnswerRequest, HeldQuestion, Provider, Receipt } from '../models/provider.ts'
import { pause } from './fake.ts'
import type { ProviderDeps, ReplayEntry } from './provider-for.ts'
import { asRecord } from './upstream-error.ts'

/** An answer made elsewhere. `item` names a prompt; otherwise the picture's hash and the prompt's words do. */
export type StoredAnswer = {
  item: string | null
  imageSha256: string | null
  prompt: string
  answer: string
  model: string | null
}
export type StoredAnswers = {
  find(turn: HeldQuestion): StoredAnswer | undefined
  count: number
  /** Line numbers. The first of several answers to one prompt is kept. */
  duplicates: number[]
  unreadable: number[]
}

const wordsPerSecond = 40
const lineCharactersMax = 1_000_000

/** Says what a file holds for this prompt and picture; where it holds nothing it fails, it never invents. */
export function replayProvider(
  { file, speed = 'paced', model }: ReplayEntry,
  _deps: Pick<ProviderDeps, 'now'>,
): Provider & { has(turn: HeldQuestion): Promise<boolean> } {
  let loading: Promise<StoredAnswers> | null = null
  const answers = () => {
    loading ??= readAnswers(file)
    return loading
  }

  async function* answer({ turns, signal }: AnswerRequest): AsyncGenerator<AnswerEvent> {
    const startedAt = performance.now()
    let firstTextMs: number | null = null
    let servedModel: string | null = model ?? null
    const receipt = (rawFinish: string | null): Receipt => ({
      effective: { replay: true, speed },
      warnings: ['This answer was made elsewhere and is replayed.'],
      rawFinish,
      servedModel,
      usage: {},
      attempts: 1,
      firstTextMs,
      totalMs: Math.round(performance.now() - startedAt),
      requestId: null,
    })
    try {
      const turn = turns.at(-1)
      const stored = turn === undefined ? undefined : (await answers()).find(turn)
      if (stored === undefined)
        return yield { type: 'failed', reason: 'broken', detail: 'no_such_answer', receipt: receipt(null) }
      servedModel = stored.model ?? servedModel
      for (const word of stored.answer.match(/\s*\S+|\s+$/g) ?? []) {
        if (speed === 'paced') await pause(1000 / wordsPerSecond, signal)
        if (signal.aborted) break
        firstTextMs ??= Math.round(performance.now() - startedAt)
        yield { type: 'text', text: word }
      }
      if (signal.aborted)
        return yield { type: 'failed', reason: 'interrupted', detail: 'interrupted', receipt: receipt(null) }
      if (stored.answer.trim() === '')
        return yield { type: 'failed', reason: 'broken', detail: 'empty', receipt: receipt(null) }
      yield { type: 'finished', finish: 'complete', receipt: receipt('stop') }
    } catch {
      loading = null
      yield { type: 'failed', reason: 'unreachable', detail: 'unreachable', receipt: receipt(null) }
    }
  }

  return {
    answer,
    async has(turn) {
      return (await answers()).find(turn) !== undefined
    },
  }
}

/** Reads a JSONL file of answers once, line by line, and says which lines it could not use. */
export async function readAnswers(file: string): Promise<StoredAnswers> {
  const byKey = new Map<string, StoredAnswer>()
  const duplicates: number[] = []
  const unreadable: number[] = []
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (line.trim() === '') continue
    const stored = line.length > lineCharactersMax ? null : storedAnswer(line)
    const key = stored === null ? null : keyOf(stored)
    if (stored === null || key === null) unreadable.push(number)
    else if (byKey.has(key)) duplicates.push(number)
    else byKey.set(key, stored)
  }
  return {
    count: byKey.size,
    duplicates,
    unreadable,
    find(turn) {
      const byItem = turn.promptId ? byKey.get(itemKey(turn.promptId)) : undefined
      return byItem ?? hashesOf(turn).flatMap((hash) => byKey.get(pictureKey(hash, turn.question)) ?? [])[0]
    },
  }
}

function storedAnswer(line: string): StoredAnswer | null {
  try {
    const { item, image_sha256: hash, prompt, answer, model } = asRecord(JSON.parse(line))
    if (typeof answer !== 'string') return null
    return {
      item: typeof item === 'string' && item !== '' ? item : null,
      imageSha256: typeof hash === 'string' && /^[0-9a-f]{64}$/i.test(hash) ? hash.toLowerCase() : null,
      prompt: typeof prompt === 'string' ? prompt : '',
      answer,
      model: typeof model === 'string' ? model : null,
    }
  } catch {
    return null
  }
}

function keyOf({ item, imageSha256, prompt }: StoredAnswer): string | null {
  if (item !== null) return itemKey(item)
  return imageSha256 === null ? null : pictureKey(imageSha256, prompt)
}

const itemKey = (item: string) => `item ${item}`
const pictureKey = (hash: string, prompt: string) => `picture ${hash} ${prompt.normalize('NFC').trim()}`

/** The picture as sent, and as uploaded where the facts tell its hash. */
function hashesOf({ images, facts = [] }: HeldQuestion): string[] {
  const uploaded = facts.map((fact) => asRecord(fact)['sha256']).filter((hash) => typeof hash === 'string')
  return [...uploaded, ...images.map(({ sha256 }) => sha256)]
}
