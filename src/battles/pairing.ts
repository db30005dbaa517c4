import type { ModelId } from '../core/ids.ts'
import type { Contestant } from '../models/model.ts'
import type { Draw } from './battle.ts'

export type Candidate = Contestant & {
  /** Operator's weight; 0 keeps a model out. */
  weight: number
  /** Anonymous battles it took part in. */
  battles: number
  isBaseline: boolean
}

/** The whole policy: its hash is stored with every battle, and `/method` prints it. */
export type PairingPolicy = {
  version: number
  /** New models are drawn more often until they have this many battles. */
  newBelowBattles: number
  newWeight: number
  /** How pairs are weighed besides: by the expected reduction of the ratings' total variance, made from the board (RANKING.md 7). */
  gains: 'total_variance'
  /** A model under this many counted votes meets others as if much were to be learned: the mean gain of the best tenth of pairs. */
  fewVotes: number
  /** Share of draws that ignores `gains`, so that no pair becomes impossible and weights 1/p stay bounded. */
  exploration: number
  /** Baselines step aside once two real models can answer, unless this is set. */
  pairBaselines: boolean
}
export const defaultPolicy: PairingPolicy = {
  version: 2,
  newBelowBattles: 100,
  newWeight: 5,
  gains: 'total_variance',
  fewVotes: 30,
  exploration: 0.2,
  pairBaselines: false,
}

export type WeighedPair = { a: Candidate; b: Candidate; probability: number }

/** The models that may be drawn at all. */
export function eligibleFrom(candidates: Candidate[], policy: PairingPolicy): Candidate[] {
  const able = candidates.filter((candidate) => candidate.weight > 0)
  const real = able.filter((candidate) => !candidate.isBaseline)
  return real.length >= 2 && !policy.pairBaselines ? real : able
}

/**
 * Every unordered pair with its probability; they sum to 1. A pair weighs the product of its models' weights, times the information one more vote
 * on it is expected to bring (`gains`, RANKING.md 7) where that is known.
 */
export function weighPairs(
  eligible: Candidate[],
  policy: PairingPolicy,
  gains?: (a: ModelId, b: ModelId) => number | undefined,
): WeighedPair[] {
  const weightOf = ({ weight, battles }: Candidate) =>
    weight * (battles < policy.newBelowBattles ? policy.newWeight : 1)
  const pairs = eligible.flatMap((a, i) =>
    eligible.slice(i + 1).map((b) => ({ a, b, base: weightOf(a) * weightOf(b) })),
  )
  const gain = pairs.map((pair) => pair.base * (gains?.(pair.a.modelId, pair.b.modelId) ?? 0))
  const baseSum = sum(pairs.map((pair) => pair.base))
  const gainSum = sum(gain)
  return pairs.map(({ a, b, base }, i) => {
    const explored = base / baseSum
    const probability =
      gainSum > 0 ? (1 - policy.exploration) * (gain[i]! / gainSum) + policy.exploration * explored : explored
    return { a, b, probability }
  })
}

/** Draws a pair, then tosses a fair coin for the sides. Undefined when fewer than two models can be drawn. */
export function drawPair(
  candidates: Candidate[],
  policy: PairingPolicy,
  policyHash: string,
  random: () => number,
  gains?: (a: ModelId, b: ModelId) => number | undefined,
): Draw | undefined {
  const eligible = eligibleFrom(candidates, policy)
  const pairs = weighPairs(eligible, policy, gains)
  if (pairs.length === 0) return undefined
  let left = random()
  const pair = pairs.find((candidate) => (left -= candidate.probability) < 0) ?? pairs.at(-1)!
  const [a, b] = random() < 0.5 ? [pair.a, pair.b] : [pair.b, pair.a]
  return {
    a: { modelId: a.modelId, version: a.version },
    b: { modelId: b.modelId, version: b.version },
    pairProbability: pair.probability,
    eligible: eligible.map((candidate) => candidate.modelId),
    policyHash,
  }
}

/** The pair somebody asked for by name, sides as asked. Nothing about it was left to chance. Undefined when one of them cannot answer now. */
export function namedPair(
  asked: { a: ModelId; b: ModelId },
  candidates: Contestant[],
  policyHash: string,
): Draw | undefined {
  const find = (id: ModelId) => candidates.find(({ modelId }) => modelId === id)
  const [a, b] = [find(asked.a), find(asked.b)]
  if (!a || !b || a === b) return undefined
  return {
    a: { modelId: a.modelId, version: a.version },
    b: { modelId: b.modelId, version: b.version },
    pairProbability: 1,
    eligible: [a.modelId, b.modelId],
    policyHash,
  }
}

/** One more contestant for a side whose model failed: any eligible model but the two that were drawn. */
export function drawReplacement(
  candidates: Candidate[],
  policy: PairingPolicy,
  drawn: ModelId[],
  random: () => number,
): Contestant | undefined {
  const others = eligibleFrom(candidates, policy).filter((candidate) => !drawn.includes(candidate.modelId))
  const total = sum(others.map((candidate) => candidate.weight))
  let left = random() * total
  const chosen = others.find((candidate) => (left -= candidate.weight) < 0) ?? others.at(-1)
  return chosen && { modelId: chosen.modelId, version: chosen.version }
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
