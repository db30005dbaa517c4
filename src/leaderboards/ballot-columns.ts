/** characters, headers, lists, bold of side a, then of side b. */
export const markupColumns = 8

export type Columns = ReturnType<typeof ballotColumns>

/** One row a vote, some 60 bytes; rows are only ever added. */
export function ballotColumns() {
  let capacity = 1024
  let length = 0
  const columns = {
    a: new Uint16Array(capacity),
    b: new Uint16Array(capacity),
    outcome: new Uint8Array(capacity),
    voter: new Uint32Array(capacity),
    /** 1 for an annotator. */
    kind: new Uint8Array(capacity),
    isLibrary: new Uint8Array(capacity),
    /** 1 for a vote on a later question than the first. */
    isLater: new Uint8Array(capacity),
    language: new Uint16Array(capacity),
    /** Bit i: in the i-th category of the board. */
    slices: new Uint32Array(capacity),
    castAt: new Float64Array(capacity),
    /** The vote's fingerprint, two words. */
    print: new Uint32Array(capacity),
    print2: new Uint32Array(capacity),
    isIn: new Uint8Array(capacity),
    markup: new Float64Array(capacity * markupColumns),
    length: () => length,
    /** The number of a new row. */
    add(): number {
      if (length === capacity) grow()
      return length++
    },
  }
  const grow = () => {
    capacity = Math.ceil(capacity * 1.5)
    const into = <T extends { set(from: T): void }>(fresh: T, old: T): T => {
      fresh.set(old)
      return fresh
    }
    columns.a = into(new Uint16Array(capacity), columns.a)
    columns.b = into(new Uint16Array(capacity), columns.b)
    columns.outcome = into(new Uint8Array(capacity), columns.outcome)
    columns.voter = into(new Uint32Array(capacity), columns.voter)
    columns.kind = into(new Uint8Array(capacity), columns.kind)
    columns.isLibrary = into(new Uint8Array(capacity), columns.isLibrary)
    columns.isLater = into(new Uint8Array(capacity), columns.isLater)
    columns.language = into(new Uint16Array(capacity), columns.language)
    columns.slices = into(new Uint32Array(capacity), columns.slices)
    columns.castAt = into(new Float64Array(capacity), columns.castAt)
    columns.print = into(new Uint32Array(capacity), columns.print)
    columns.print2 = into(new Uint32Array(capacity), columns.print2)
    columns.isIn = into(new Uint8Array(capacity), columns.isIn)
    columns.markup = into(new Float64Array(capacity * markupColumns), columns.markup)
  }
  return columns
}
