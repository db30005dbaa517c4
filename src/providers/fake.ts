import type { AnswerEvent, AnswerRequest, FailureReason, Finish, Provider, Receipt } from '../models/provider.ts'

export type FakeOptions = {
  /** Between two words; 0 says everything without waiting. */
  pauseMs?: number
  /** After the last word: fails with this reason instead of finishing. */
  dies?: FailureReason
  finish?: Finish
}
export type FakeProvider = Provider & { asked: AnswerRequest[] }

/** Says these words, one event each. `asked` keeps what it was asked, for tests. */
export function fakeProvider(
  words: string[],
  { pauseMs = 0, dies, finish = 'complete' }: FakeOptions = {},
): FakeProvider {
  const asked: AnswerRequest[] = []
  async function* answer(request: AnswerRequest): AsyncGenerator<AnswerEvent> {
    asked.push(request)
    for (const text of words) {
      if (pauseMs > 0) await pause(pauseMs, request.signal)
      if (request.signal.aborted) return yield failed('interrupted')
      yield { type: 'text', text }
    }
    if (request.signal.aborted) return yield failed('interrupted')
    if (dies !== undefined) return yield failed(dies)
    yield { type: 'finished', finish, receipt: { ...emptyReceipt, rawFinish: 'stop' } }
  }
  return { asked, answer }
}

const failed = (reason: FailureReason): AnswerEvent => ({
  type: 'failed',
  reason,
  detail: 'fake',
  receipt: emptyReceipt,
})

const emptyReceipt: Receipt = {
  effective: {},
  warnings: [],
  rawFinish: null,
  servedModel: null,
  usage: {},
  attempts: 1,
  firstTextMs: 0,
  totalMs: 0,
  requestId: null,
}

/** Resolves after `ms` or as soon as the signal aborts; never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
