import { readdirSync, readFileSync } from 'node:fs'
import { type Comparisons, comparisonsOf, type NamedVote } from '../../src/ranking/comparison.ts'

const folder = new URL('../golden/ranking/', import.meta.url)

export type Numbers = Record<string, number>
export type Block = { tolerance: number | string | Numbers; source: string } & Record<string, unknown>
export type GoldenVote = Record<string, string | number> & { model_a: string; model_b: string; winner: string }
export type GoldenCase = {
  name: string
  n_votes: number
  models: string[]
  votes: GoldenVote[]
  input: Record<string, string | number>[]
  expected: Record<string, Block>
}

export const goldenCase = (name: string): GoldenCase =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))

export const goldenCases: GoldenCase[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => goldenCase(file.slice(0, -'.json'.length)))

export const casesWith = (block: string) =>
  goldenCases.filter(({ expected }) => block in expected).map((one) => [one.name, one] as const)

const outcomes = { model_a: 'a', model_b: 'b', tie: 'tie', both_bad: 'both_bad' } as const

export function toNamed(vote: GoldenVote): NamedVote {
  const outcome = outcomes[vote.winner as keyof typeof outcomes]
  if (!outcome) throw new Error(`unknown winner ${vote.winner}`)
  return {
    modelA: vote.model_a,
    modelB: vote.model_b,
    outcome,
    ...(vote['weight'] !== undefined && { weight: Number(vote['weight']) }),
    ...(vote['judge'] !== undefined && { voter: String(vote['judge']) }),
  }
}

export function comparisonsIn(one: GoldenCase): { models: string[]; comparisons: Comparisons } {
  return comparisonsOf(one.votes.map(toNamed))
}

/** Largest difference between values by model index and a golden block by model name. */
export function largestError(models: string[], values: ArrayLike<number>, expected: Numbers): number {
  const errors = Object.entries(expected).map(([name, value]) => Math.abs(values[models.indexOf(name)]! - value))
  return errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors)
}
