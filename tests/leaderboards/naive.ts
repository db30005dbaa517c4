// A second implementation on purpose: the textbook's Bradley-Terry over a list of votes, with nothing taken from src/ranking.

export type PlainVote = { model_a: string; model_b: string; winner: string }

/** Rows of a CSV file without quoted cells. */
export function rowsOfCsv(text: string): Record<string, string>[] {
  const [header = '', ...lines] = text.trim().split('\n')
  const names = header.trim().split(',')
  return lines.map((line) => {
    const cells = line.trim().split(',')
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']))
  })
}

/**
 * Newton steps on the log likelihood of every vote, the last model held at 0: dense matrices, Gaussian elimination, no counts of pairs and no
 * shortcuts. A tie or both-bad vote is half a win for each side. Ratings on the scale of 400, mean 1000.
 */
export function naiveRatings(votes: readonly PlainVote[]): Map<string, number> {
  const names = [...new Set(votes.flatMap(({ model_a, model_b }) => [model_a, model_b]))]
  const free = names.length - 1
  const strength = names.map(() => 0)
  for (let step = 0; step < 100; step++) {
    const gradient = names.map(() => 0)
    const curvature = names.map(() => names.map(() => 0))
    for (const { model_a, model_b, winner } of votes) {
      const [a, b] = [names.indexOf(model_a), names.indexOf(model_b)]
      const expected = 1 / (1 + Math.exp(strength[b]! - strength[a]!))
      const scored = winner === 'model_a' ? 1 : winner === 'model_b' ? 0 : 0.5
      const spread = expected * (1 - expected)
      gradient[a]! += scored - expected
      gradient[b]! -= scored - expected
      curvature[a]![a]! += spread
      curvature[b]![b]! += spread
      curvature[a]![b]! -= spread
      curvature[b]![a]! -= spread
    }
    const move = solved(
      curvature.slice(0, free).map((row) => row.slice(0, free)),
      gradient.slice(0, free),
    )
    for (let i = 0; i < free; i++) strength[i]! += move[i]!
    if (Math.max(...move.map(Math.abs)) < 1e-13) break
  }
  const mean = strength.reduce((sum, one) => sum + one, 0) / names.length
  return new Map(names.map((name, i) => [name, 1000 + (400 / Math.log(10)) * (strength[i]! - mean)]))
}

/** Gaussian elimination with the largest pivot. */
function solved(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!])
  const size = rows.length
  for (let column = 0; column < size; column++) {
    let pivot = column
    for (let i = column; i < size; i++) if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    for (let i = 0; i < size; i++) {
      if (i === column) continue
      const times = rows[i]![column]! / rows[column]![column]!
      for (let j = column; j <= size; j++) rows[i]![j]! -= times * rows[column]![j]!
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!)
}
