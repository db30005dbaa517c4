import { expect, test } from 'vitest'
import { robustnessOf } from '../../src/leaderboards/robustness.ts'
import { comparisonsOf, type NamedVote } from '../../src/ranking/comparison.ts'
import { seeded } from '../../src/ranking/random.ts'

const of = (votes: NamedVote[]) => {
  const { models, comparisons } = comparisonsOf(votes)
  return robustnessOf(comparisons, models)
}
const times = (count: number, vote: NamedVote): NamedVote[] => Array.from({ length: count }, () => vote)

test('one vote decides between two models when one win more is all there is', () => {
  const votes = [
    ...times(51, { modelA: 'ant', modelB: 'bee', outcome: 'a' }),
    ...times(50, { modelA: 'bee', modelB: 'ant', outcome: 'a' }),
  ]
  // One vote less is a draw, two put the other first.
  expect(of(votes).first).toEqual({ model: 'ant', next: 'bee', votes: 2, status: 'flipped' })
})

test('where a twentieth of the votes is not enough, it says so', () => {
  const votes = [
    ...times(80, { modelA: 'ant', modelB: 'bee', outcome: 'a' }),
    ...times(20, { modelA: 'bee', modelB: 'ant', outcome: 'a' }),
  ]
  expect(of(votes).first).toEqual({ model: 'ant', next: 'bee', votes: null, status: 'not_within_share' })
})

test('standing left is worth what it was made to be worth', () => {
  const random = seeded(5)
  const [strength, left] = [{ ant: 0.4, bee: 0, cat: -0.4 }, 0.5]
  const names = ['ant', 'bee', 'cat'] as const
  const votes = Array.from({ length: 6000 }, (_, n): NamedVote => {
    const [modelA, modelB] = [names[n % 3]!, names[(n + 1 + (n % 2)) % 3]!]
    const p = 1 / (1 + Math.exp(strength[modelB] - strength[modelA] - left))
    return { modelA, modelB, outcome: random() < p ? 'a' : 'b', voter: `v${n % 100}` }
  })
  const { position } = of(votes)
  const truth = (400 / Math.LN10) * left
  expect(position!.low).toBeLessThan(truth)
  expect(position!.high).toBeGreaterThan(truth)
  expect(position!.se).toBeLessThan(10)
  expect(position!.winsLeft).toBeCloseTo(1 / (1 + Math.exp(-position!.points / (400 / Math.LN10))), 5)
})

test('two models that won from both sides alike leave nothing to the left', () => {
  const votes = [
    ...times(30, { modelA: 'ant', modelB: 'bee', outcome: 'a' }),
    ...times(20, { modelA: 'ant', modelB: 'bee', outcome: 'b' }),
    ...times(20, { modelA: 'bee', modelB: 'ant', outcome: 'a' }),
    ...times(30, { modelA: 'bee', modelB: 'ant', outcome: 'b' }),
  ]
  expect(of(votes).position).toMatchObject({ points: 0, z: 0, winsLeft: 0.5 })
})

test('concentration: by hand for votes of 6, 3 and 1', () => {
  const votes = [6, 3, 1].flatMap((count, voter) =>
    times(count, { modelA: 'ant', modelB: 'bee', outcome: voter === 0 ? 'a' : 'b', voter: `v${voter}` }),
  )
  expect(of(votes).voters).toEqual({ voters: 3, topShare: 0.6, topTenShare: 1, effective: 2.173913 })
})

test('one model, or none, has nothing that could be robust', () => {
  expect(of([])).toEqual({ votes: 0, first: null, position: null, voters: null })
})
