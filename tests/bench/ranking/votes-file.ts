import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import type { Comparisons } from '../../../src/ranking/comparison.ts'
import { sigmoid } from '../../../src/ranking/maximise.ts'
import { normal, seeded } from '../../../src/ranking/random.ts'

export const styleColumns = 4

/**
 * Writes one seeded arena to a file that every row of the bench reads: uneven sampling, a tenth of the models new
 * and seldom drawn, 23 % ties and both-bad votes, four style counts a side (16-bit).
 */
export function writeVotes(path: string, votes: number, models: number, seed = 1) {
  const random = seeded(seed)
  const strengths = Float64Array.from({ length: models }, () => 0.6 * normal(random))
  const popularity = Float64Array.from(strengths, (_, i) => (i >= 0.9 * models ? 0.05 : 1 / (1 + (4 * i) / models)))
  const draw = drawer(popularity)
  const [a, b] = [new Uint16Array(votes), new Uint16Array(votes)]
  const outcome = new Uint8Array(votes)
  const style = new Uint16Array(votes * 2 * styleColumns)
  for (let n = 0; n < votes; n++) {
    a[n] = draw(random)
    do b[n] = draw(random)
    while (b[n] === a[n])
    const u = random()
    const isEven = u < 0.23
    const won = random() < sigmoid(strengths[a[n]!]! - strengths[b[n]!]!)
    outcome[n] = isEven ? (u < 0.15 ? 2 : 3) : won ? 0 : 1
    for (let at = 0; at < 2 * styleColumns; at++)
      style[n * 2 * styleColumns + at] = Math.floor(
        at % styleColumns === 0 ? 50 + 800 * random() ** 2 : 9 * random() ** 2,
      )
  }
  const header = Uint32Array.of(votes, models)
  writeFileSync(path, Buffer.concat([header, a, b, style, outcome].map(({ buffer }) => Buffer.from(buffer))))
}

/** Only the columns asked for are read, straight into their arrays: what a process holds is what a fit needs. */
export function readVotes(
  path: string,
  { withStyle = false } = {},
): { c: Comparisons; a: Float64Array; b: Float64Array } {
  const file = openSync(path, 'r')
  const into = <T extends Uint8Array | Uint16Array | Uint32Array>(column: T, at: number): T => {
    readSync(file, column, 0, column.byteLength, at)
    return column
  }
  const [votes = 0, models = 0] = into(new Uint32Array(2), 0)
  const styleBytes = votes * 4 * styleColumns
  const c = {
    models,
    a: into(new Uint16Array(votes), 8),
    b: into(new Uint16Array(votes), 8 + 2 * votes),
    outcome: into(new Uint8Array(votes), 8 + 4 * votes + styleBytes),
  }
  const sides = into(new Uint16Array(withStyle ? votes * 2 * styleColumns : 0), 8 + 4 * votes)
  closeSync(file)
  const side = (first: number) => {
    const values = new Float64Array(sides.length / 2)
    for (let n = 0; n < votes && withStyle; n++) {
      for (let f = 0; f < styleColumns; f++) values[n * styleColumns + f] = sides[n * 2 * styleColumns + first + f]!
    }
    return values
  }
  return { c, a: side(0), b: side(styleColumns) }
}

function drawer(weights: Float64Array): (random: () => number) => number {
  const upTo = weights.slice()
  for (let i = 1; i < upTo.length; i++) upTo[i] = upTo[i]! + upTo[i - 1]!
  const total = upTo[upTo.length - 1]!
  return (random) => {
    const u = random() * total
    let [low, high] = [0, upTo.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (upTo[middle]! < u) low = middle + 1
      else high = middle
    }
    return low
  }
}
