/** An end of a command that the person can do something about: one sentence, and 1 (what was asked failed) or 2 (asked wrongly). */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: 1 | 2
  constructor(sentence: string, exitCode: 1 | 2, options: { cause?: unknown } = {}) {
    super(sentence, options)
    this.exitCode = exitCode
  }
}

export const failed = (sentence: string, cause?: unknown) => new CommandError(sentence, 1, { cause })
export const usage = (sentence: string, cause?: unknown) => new CommandError(sentence, 2, { cause })
