import type { ImageHash } from '../core/ids.ts'

export const failureReasons = ['timed_out', 'rate_limited', 'refused', 'unreachable', 'broken', 'interrupted'] as const
export type FailureReason = (typeof failureReasons)[number]
export type Finish = 'complete' | 'cut' | 'declined'

export type SentImage = {
  bytes: Uint8Array
  mediaType: 'image/jpeg' | 'image/png'
  width: number
  height: number
  sha256: ImageHash
}
/** Absent values are not sent: the service's own hold. */
export type Sampling = {
  temperature?: number | undefined
  topP?: number | undefined
  maxTokens: number
  topK?: number | undefined
  seed?: number | undefined
}
export type AskedTurn = {
  question: string
  images: SentImage[]
  /** The contestant's own raw answer; null for the turn being asked. */
  answer: string | null
  /** Sets address their items by this; replay contestants look answers up by it. */
  promptId?: string | null
  /** Facts about the uploads, for the readers that inspect files. Same order as `images`. */
  facts?: unknown[]
}
export type AnswerRequest = {
  system: string | null
  signal: AbortSignal
  turns: AskedTurn[]
  sampling: Sampling
}

/** What really happened, for the operator and, after the reveal, the voter. */
export type Receipt = {
  /** Parameters as they were sent. */
  effective: Record<string, unknown>
  warnings: string[]
  rawFinish: string | null
  servedModel: string | null
  usage: { input?: number | undefined; output?: number | undefined; reasoning?: number | undefined }
  attempts: number
  firstTextMs: number | null
  totalMs: number
  requestId: string | null
}

export type AnswerEvent =
  | { type: 'text'; text: string }
  /** Progress only, never the words. */
  | { type: 'thinking'; characters: number }
  | { type: 'finished'; finish: Finish; receipt: Receipt }
  /** `detail` is one of our own codes or the upstream's words, for the operator only. */
  | { type: 'failed'; reason: FailureReason; detail: string; receipt: Receipt }

/**
 * One configured model behind its protocol. Never throws once asked: failures are events. Ends with exactly one `finished` or `failed`.
 * Keeps its own time limits, retries only before the first text, and stops within a second when `signal` aborts (`interrupted`).
 */
export type Provider = {
  answer(request: AnswerRequest): AsyncIterable<AnswerEvent>
  /** Only where answers were made before: whether there is one for this question. */
  has?(turn: HeldQuestion): Promise<boolean>
}
export type HeldQuestion = Pick<AskedTurn, 'question' | 'promptId' | 'facts'> & { images: Pick<SentImage, 'sha256'>[] }
