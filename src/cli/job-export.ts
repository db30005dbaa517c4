import { parentPort, workerData } from 'node:worker_threads'
import { boardOf, type RankedVote } from '../exports/board.ts'
import { buildExport, dryRun, type ExportProgress, type ExportResult } from '../exports/build-export.ts'
import { ExportFailure, type ExportFailureCode } from '../exports/failures.ts'
import type { ExportOptions } from '../exports/options.ts'
import { type ExportPreview, previewOf } from '../exports/preview.ts'
import { isRanked } from '../exports/record.ts'
import { importPool } from '../storage/exports/import-pool.ts'
import { type ExportPlace, importsOf, openExport } from './export-context.ts'

// The worker thread of exports: its own read-only connection, so that neither counting nor writing ever stops a page.

export type ExportQuestion =
  | { id: number; ask: 'preview'; options: ExportOptions }
  | { id: number; ask: 'export'; options: ExportOptions; out: string }
  | { id: number; ask: 'board'; source: string }
  | { ask: 'stop' }
export type ExportReply =
  | { id: number; progress: ExportProgress }
  | { id: number; preview: ExportPreview }
  | { id: number; result: ExportResult }
  | { id: number; board: ReturnType<typeof boardOf> }
  | { id: number; failure: { code: ExportFailureCode | 'fault'; message: string; funnel: unknown } }

const { place } = workerData as { place: ExportPlace }
let stopping = new AbortController()
let last: Promise<unknown> = Promise.resolve()
const reply = (message: ExportReply) => parentPort!.postMessage(message)

parentPort!.on('message', (question: ExportQuestion) => {
  if (question.ask === 'stop') stopping.abort()
  else last = last.then(() => answer(question))
})

async function answer(question: Exclude<ExportQuestion, { ask: 'stop' }>) {
  const { id } = question
  stopping = new AbortController()
  const { signal } = stopping
  try {
    if (question.ask === 'board') return reply({ id, board: await boardOfSource(question.source) })
    const { options } = question
    await using context = await openExport(place, {
      out: question.ask === 'export' ? question.out : place.data,
      source: options.source,
    })
    const onProgress = (progress: ExportProgress) => reply({ id, progress })
    if (question.ask === 'preview') {
      const frozen = await dryRun(options, { ...context, signal })
      reply({ id, preview: await previewOf(frozen, options, context.store) })
    } else reply({ id, result: await buildExport(options, { ...context, signal, onProgress }) })
  } catch (error) {
    const isExpected = error instanceof ExportFailure
    const message = isExpected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
    reply({
      id,
      failure: { code: isExpected ? error.code : 'fault', message, funnel: isExpected ? error.funnel : null },
    })
  }
}

/** The ranking of an imported pool: what its rows say, apart from the arena's own. */
async function boardOfSource(source: string) {
  const pool = importPool(importsOf(place.data))
  try {
    const votes: RankedVote[] = []
    await pool.storeOf(source).read(async (reader) => {
      for await (const row of reader.rows()) {
        if (!isRanked(row) || row.battle.mode !== 'anonymous') continue
        const { models, vote, voter } = row
        votes.push({ modelA: models.a.id, modelB: models.b.id, outcome: vote.outcome, voter: voter.id })
      }
    })
    return boardOf(votes)
  } finally {
    pool.close()
  }
}
