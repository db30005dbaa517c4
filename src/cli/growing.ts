type Numbers = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

/** A typed array that is asked for more as it fills: half again each time, so that a copy costs little. */
export function growing<T extends Numbers>(type: new (length: number) => T) {
  let items = new type(1024)
  let count = 0
  return {
    push(value: number) {
      if (count === items.length) {
        const larger = new type(Math.ceil(count * 1.5))
        larger.set(items)
        items = larger
      }
      items[count] = value
      count += 1
    },
    length: () => count,
    /** What was pushed, without a copy. */
    array: () => items.subarray(0, count) as T,
  }
}
