const shelves = 256
const firstPlaces = 16
/** A table this full is still searched in a few steps; a fuller one is not. */
const fullest = 0.8

/**
 * Ids met before, as 64-bit hashes in open tables: 10 to 13 bytes an id, whatever its length. Two different ids of 10 million share one with
 * probability below one in a hundred thousand. 256 small tables instead of one, so that growing never holds everything twice.
 */
export function seenIds() {
  let tables = Array.from({ length: shelves }, shelf)
  const add = (h: number, l: number) => tables[h >>> 24]!.add(h, l)
  return {
    /** Gives the memory back when no more ids will come. */
    forget() {
      tables = []
    },
    /** False if it was there already. */
    add(id: string): boolean {
      let h = 0x811c9dc5
      let l = 0x2f0b4c47
      for (let at = 0; at < id.length; at++) {
        const unit = id.charCodeAt(at)
        h = Math.imul(h ^ unit, 0x01000193)
        l = Math.imul(l ^ unit, 0x5bd1e995)
        l ^= l >>> 15
      }
      return add(finished(h ^ id.length), finished(l + id.length) | 1)
    },
    /** The same for an ASCII id that stands in `bytes`. */
    addBytes(bytes: Uint8Array, from: number, to: number): boolean {
      let h = 0x811c9dc5
      let l = 0x2f0b4c47
      for (let at = from; at < to; at++) {
        const unit = bytes[at]!
        h = Math.imul(h ^ unit, 0x01000193)
        l = Math.imul(l ^ unit, 0x5bd1e995)
        l ^= l >>> 15
      }
      return add(finished(h ^ (to - from)), finished(l + to - from) | 1)
    },
  }
}

/** One table of pairs; the low half is never 0, which marks a free place. */
function shelf() {
  let places = firstPlaces
  let pairs = new Uint32Array(2 * places)
  let size = 0
  const put = (h: number, l: number): boolean => {
    // The high byte chose the shelf; the product spreads the other bits over any number of places.
    let at = Math.floor(((h & 0xffffff) * places) / 0x1000000)
    while (pairs[2 * at + 1] !== 0) {
      if (pairs[2 * at] === h && pairs[2 * at + 1] === l) return false
      at = at + 1 === places ? 0 : at + 1
    }
    pairs[2 * at] = h
    pairs[2 * at + 1] = l
    return true
  }
  return {
    add(h: number, low: number): boolean {
      if (!put(h, low >>> 0)) return false
      size += 1
      if (size > fullest * places) {
        const before = pairs
        places = Math.ceil(places * 1.25)
        pairs = new Uint32Array(2 * places)
        for (let at = 0; at < before.length; at += 2) if (before[at + 1] !== 0) put(before[at]!, before[at + 1]!)
      }
      return true
    },
  }
}

/** MurmurHash3's finaliser. */
function finished(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
