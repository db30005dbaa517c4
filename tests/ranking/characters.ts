import fc from 'fast-check'
import type { Comparisons } from '../../src/ranking/comparison.ts'
import { sigmoid } from '../../src/ranking/maximise.ts'
import { normal, seeded } from '../../src/ranking/random.ts'

export type Ballot = { a: number; b: number; outcome: number }

export const toComparisons = (models: number, ballots: readonly Ballot[]): Comparisons => ({
  models,
  a: Uint16Array.from(ballots, ({ a }) => a),
  b: Uint16Array.from(ballots, ({ b }) => b),
  outcome: Uint8Array.from(ballots, ({ outcome }) => outcome),
})

export const swapped = ({ a, b, outcome }: Ballot): Ballot => ({
  a: b,
  b: a,
  outcome: outcome < 2 ? 1 - outcome : outcome,
})

/** Any votes at all between 2 to 7 models: separated, in pieces, all ties, whatever comes. */
export const anyVotes = fc.integer({ min: 2, max: 7 }).chain((models) =>
  fc.record({
    models: fc.constant(models),
    ballots: fc.array(
      fc
        .record({
          a: fc.integer({ min: 0, max: models - 1 }),
          step: fc.integer({ min: 1, max: models - 1 }),
          outcome: fc.integer({ min: 0, max: 3 }),
        })
        .map(({ a, step, outcome }): Ballot => ({ a, b: (a + step) % models, outcome })),
      { minLength: 1, maxLength: 60 },
    ),
  }),
)

/** Votes whose graph is strongly connected: a cycle of wins through all models, then anything. */
export const connectedVotes = anyVotes.map(({ models, ballots }) => ({
  models,
  ballots: [
    ...Array.from({ length: models }, (_, i): Ballot => ({ a: i, b: (i + 1) % models, outcome: 0 })),
    ...ballots,
  ],
}))

/** A simulated arena of known strengths (natural log); ties and both-bad votes come evenly from both. */
export function simulated({
  models,
  votes,
  seed,
  ties = 0.2,
}: {
  models: number
  votes: number
  seed: number
  ties?: number
}) {
  const random = seeded(seed)
  const strengths = Float64Array.from({ length: models }, () => 0.5 * normal(random))
  const ballots = Array.from({ length: votes }, (): Ballot => {
    const a = Math.floor(random() * models)
    const b = (a + 1 + Math.floor(random() * (models - 1))) % models
    const even = random()
    if (even < ties) return { a, b, outcome: even < ties / 2 ? 2 : 3 }
    return { a, b, outcome: random() < sigmoid(strengths[a]! - strengths[b]!) ? 0 : 1 }
  })
  return { strengths, ballots, comparisons: toComparisons(models, ballots) }
}
