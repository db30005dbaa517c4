export type ExportFailureCode =
  | 'nothing_left'
  | 'dir_in_use'
  | 'not_reproducible'
  | 'disk_full'
  | 'leak'
  | 'io'
  | 'usage'
  | 'interrupted'

/** An export that did not come to its end, and why, in one sentence. */
export class ExportFailure extends Error {
  override readonly name = 'ExportFailure'
  readonly code: ExportFailureCode
  /** Rows left out by reason, where that explains it. */
  readonly funnel: unknown
  constructor(code: ExportFailureCode, message: string, options: { cause?: unknown; funnel?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.funnel = options.funnel ?? null
  }
}
