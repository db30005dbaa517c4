/** Names numbered in the order they come, found by their bytes: no text is made of a name that is known. */
export type ByteNames = {
  /** The number of an ASCII name that stands in `bytes` from `from` to `to`; a new one is added. */
  of(bytes: Uint8Array, from: number, to: number): number
  /** The number, or -1 where it is not known. */
  find(bytes: Uint8Array, from: number, to: number): number
  /** The same for a text, whatever it is made of. */
  ofText(text: string): number
  size(): number
  /** All of them, in the order of their numbers. */
  all(): string[]
}

export function byteNames(): ByteNames {
  let letters = Buffer.alloc(1 << 12)
  let lettersUsed = 0
  let starts = new Uint32Array(64)
  let hashes = new Uint32Array(64)
  // Numbers plus one, in an open table; 0 marks a free place.
  let table = new Uint32Array(128)
  let count = 0
  /** Names that are not ASCII keep their own numbering's place here: number by text. */
  const others = new Map<string, number>()
  const otherAt = new Map<number, string>()

  const placeOf = (hash: number, bytes: Uint8Array, from: number, to: number): number => {
    const mask = table.length - 1
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const known = table[place]!
      if (known === 0 || (hashes[known - 1] === hash && isSame(known - 1, bytes, from, to))) return place
    }
  }
  const isSame = (index: number, bytes: Uint8Array, from: number, to: number): boolean => {
    const start = starts[index]!
    if (starts[index + 1]! - start !== to - from) return false
    for (let at = from; at < to; at++) if (letters[start + at - from] !== bytes[at]) return false
    return true
  }
  const append = (bytes: Uint8Array, from: number, to: number, hash: number): number => {
    while (lettersUsed + to - from > letters.length) letters = Buffer.concat([letters, Buffer.alloc(letters.length)])
    letters.set(bytes.subarray(from, to), lettersUsed)
    lettersUsed += to - from
    if (count + 2 > starts.length) {
      starts = doubled(starts)
      hashes = doubled(hashes)
    }
    hashes[count] = hash
    starts[count + 1] = lettersUsed
    return count++
  }
  const enlarge = () => {
    table = new Uint32Array(table.length * 2)
    const mask = table.length - 1
    for (let index = 0; index < count; index++) {
      if (otherAt.has(index)) continue
      let place = hashes[index]! & mask
      while (table[place] !== 0) place = (place + 1) & mask
      table[place] = index + 1
    }
  }

  const names: ByteNames = {
    of(bytes, from, to) {
      const hash = hashOf(bytes, from, to)
      const place = placeOf(hash, bytes, from, to)
      const known = table[place]!
      if (known > 0) return known - 1
      const index = append(bytes, from, to, hash)
      table[place] = index + 1
      if (count * 2 > table.length) enlarge()
      return index
    },
    find(bytes, from, to) {
      return table[placeOf(hashOf(bytes, from, to), bytes, from, to)]! - 1
    },
    ofText(text) {
      if (isAscii(text)) {
        const bytes = Buffer.from(text, 'latin1')
        return names.of(bytes, 0, bytes.length)
      }
      const known = others.get(text)
      if (known !== undefined) return known
      const index = append(letters, 0, 0, 0)
      others.set(text, index)
      otherAt.set(index, text)
      return index
    },
    size: () => count,
    all: () =>
      Array.from({ length: count }, (_, i) => otherAt.get(i) ?? letters.toString('latin1', starts[i]!, starts[i + 1]!)),
  }
  return names
}

/** FNV-1a, its low bits stirred: a table takes only those. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

function doubled(column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(column.length * 2)
  larger.set(column)
  return larger
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false
  return true
}
