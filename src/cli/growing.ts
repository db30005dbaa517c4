type Numbers = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

const firstLength = 1024
const chunkLength = 1 << 20

/** A column that is asked for more as it fills. It grows by whole chunks, so that growing neither copies nor doubles what is there. */
export function growing<T extends Numbers>(type: new (length: number) => T) {
  let full: T[] = []
  let items = new type(firstLength)
  let used = 0
  let count = 0
  const grow = () => {
    if (items.length < chunkLength) {
      const larger = new type(Math.min(chunkLength, items.length * 2))
      larger.set(items)
      items = larger
      return
    }
    full.push(items)
    items = new type(chunkLength)
    used = 0
  }
  return {
    push(value: number) {
      if (used === items.length) grow()
      items[used] = value
      used += 1
      count += 1
    },
    length: () => count,
    /** What was pushed, in one piece; the column is empty afterwards, so that nothing is held twice. */
    take(): T {
      const all = full.length === 0 ? items.subarray(0, used) : new type(count)
      if (full.length > 0) {
        for (const [at, chunk] of full.entries()) all.set(chunk, at * chunkLength)
        all.set(items.subarray(0, used), full.length * chunkLength)
      }
      full = []
      items = new type(firstLength)
      used = 0
      count = 0
      return all as T
    },
  }
}
