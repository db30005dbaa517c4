import { byCodeUnit } from './canonical.ts'
import type { Candidate, Frozen } from './freeze.ts'
import type { FunnelStep, Reason } from './funnel.ts'
import type { Lane } from './options.ts'

/** What stats.json says, and through it the card: counts of the rows that are in, computed once at the freeze. */
export type Stats = {
  rows: { preset: string; split: string; rows: number }[]
  funnel: { preset: string; steps: FunnelStep[]; reasons_any: Partial<Record<Reason, number>> }[]
  models: { model: string; battles: number; wins: number; ties: number; losses: number; both_bad: number }[]
  languages: Record<string, number>
  categories: Record<string, number>
  turns: Record<string, number>
  votes_per_voter: Record<string, number>
  images: {
    total: number
    unique: number
    bytes: number
    mime: Record<string, number>
    megapixels: Record<string, number>
  }
  votes: number
  tie_rate: number | null
  both_bad_rate: number | null
  left_wins: number | null
  longer_wins: number | null
  repeated: {
    questions: number
    votes: number
    agreement: number | null
    krippendorff_alpha: number | null
    alpha_low: number | null
    alpha_high: number | null
  }
  largest_split_component: number
  flags: Record<string, number>
}

export function statsOf(frozen: Frozen, random: (seed: number) => () => number): Stats {
  const rows = [...frozen.kept].flatMap(([lane, kept]) => rowsOf(lane, kept))
  const votes = uniqueVotes(frozen)
  const decided = votes.filter(({ outcome }) => outcome === 'a' || outcome === 'b')
  const placed = decided.filter(({ leftSide }) => leftSide !== null)
  const unequal = decided.filter(({ markup: [a, b] }) => a.chars !== b.chars)
  return {
    rows,
    funnel: [...frozen.funnels].map(([preset, steps]) => ({
      preset,
      steps,
      reasons_any: frozen.reasonsAny.get(preset) ?? {},
    })),
    models: modelCounts(votes),
    languages: tally(votes.map(({ language }) => language)),
    categories: tally(votes.flatMap(({ categories }) => categories)),
    turns: tally(votes.map(({ turn }) => String(turn))),
    votes_per_voter: tally([...countBy(votes, ({ voterId }) => voterId).values()].map(bucketOf)),
    images: imageCounts(votes),
    votes: votes.length,
    tie_rate: ratio(votes.filter(({ outcome }) => outcome === 'tie').length, votes.length),
    both_bad_rate: ratio(votes.filter(({ outcome }) => outcome === 'both_bad').length, votes.length),
    left_wins: ratio(placed.filter(({ leftSide, outcome }) => leftSide === outcome).length, placed.length),
    longer_wins: ratio(
      unequal.filter(({ outcome, markup: [a, b] }) => outcome === (a.chars > b.chars ? 'a' : 'b')).length,
      unequal.length,
    ),
    repeated: agreementOf(votes, random),
    largest_split_component: rounded(frozen.placement.largestShare),
    flags: tally(votes.flatMap(({ flags }) => flags)),
  }
}

function rowsOf(lane: Lane, kept: { item: { split: string } }[]) {
  return Object.entries(tally(kept.map(({ item }) => item.split))).map(([split, count]) => ({
    preset: lane,
    split,
    rows: count,
  }))
}

function uniqueVotes({ kept }: Frozen): Candidate[] {
  const votes = new Map<string, Candidate>()
  for (const rows of kept.values()) for (const { candidate } of rows) votes.set(candidate.voteId, candidate)
  return [...votes.values()].sort((left, right) => byCodeUnit(left.voteId, right.voteId))
}

function modelCounts(votes: Candidate[]): Stats['models'] {
  const counts = new Map<string, Stats['models'][number]>()
  const of = (model: string) => {
    const known = counts.get(model)
    if (known) return known
    const fresh = { model, battles: 0, wins: 0, ties: 0, losses: 0, both_bad: 0 }
    counts.set(model, fresh)
    return fresh
  }
  for (const { models, outcome } of votes)
    for (const [index, side] of (['a', 'b'] as const).entries()) {
      const count = of(models[index]!)
      count.battles += 1
      if (outcome === 'tie') count.ties += 1
      else if (outcome === 'both_bad') count.both_bad += 1
      else if (outcome === side) count.wins += 1
      else count.losses += 1
    }
  return [...counts.values()].sort((left, right) => byCodeUnit(left.model, right.model))
}

function imageCounts(votes: Candidate[]): Stats['images'] {
  const all = votes.flatMap(({ images }) => images)
  const unique = [...new Map(all.map((image) => [image.sha256, image])).values()]
  return {
    total: all.length,
    unique: unique.length,
    bytes: unique.reduce((sum, { bytes }) => sum + bytes, 0),
    mime: tally(unique.map(({ mime }) => mime)),
    megapixels: tally(unique.map(({ width, height }) => megapixelBucket((width * height) / 1e6))),
  }
}

const megapixelBucket = (megapixels: number) =>
  megapixels < 0.25
    ? '<0.25'
    : megapixels < 0.5
      ? '0.25-0.5'
      : megapixels < 1
        ? '0.5-1'
        : megapixels < 2
          ? '1-2'
          : '>=2'
const bucketOf = (votes: number) =>
  votes === 1 ? '1' : votes < 5 ? '2-4' : votes < 10 ? '5-9' : votes < 20 ? '10-19' : votes < 50 ? '20-49' : '>=50'

/**
 * Several voters on the same two answers: how often two of them agree, and Krippendorff's alpha for nominal data (Krippendorff 2011,
 * "Computing Krippendorff's Alpha-Reliability"), with a 95 % interval from 1,000 resamples of the units.
 */
function agreementOf(votes: Candidate[], random: (seed: number) => () => number): Stats['repeated'] {
  const units = new Map<string, Map<string, number>>()
  for (const { answers, outcome, isFlipped } of votes) {
    const said = isFlipped && (outcome === 'a' || outcome === 'b') ? (outcome === 'a' ? 'b' : 'a') : outcome
    const unit = units.get(answers) ?? new Map<string, number>()
    unit.set(said, (unit.get(said) ?? 0) + 1)
    units.set(answers, unit)
  }
  const paired = [...units.entries()]
    .sort(([left], [right]) => byCodeUnit(left, right))
    .map(([, unit]) => unit)
    .filter((unit) => sizeOf(unit) > 1)
  const none = { agreement: null, krippendorff_alpha: null, alpha_low: null, alpha_high: null }
  const total = paired.reduce((sum, unit) => sum + sizeOf(unit), 0)
  if (paired.length === 0) return { questions: 0, votes: 0, ...none }
  let agreeing = 0
  let pairs = 0
  for (const unit of paired) {
    const size = sizeOf(unit)
    pairs += (size * (size - 1)) / 2
    for (const count of unit.values()) agreeing += (count * (count - 1)) / 2
  }
  const alpha = alphaOf(paired)
  const next = random(1)
  const resampled = Array.from({ length: 1000 }, () =>
    alphaOf(Array.from(paired, () => paired[Math.floor(next() * paired.length)]!)),
  )
    .filter((value) => value !== null)
    .sort((left, right) => left - right)
  const at = (share: number) => resampled[Math.min(resampled.length - 1, Math.floor(share * resampled.length))]
  return {
    questions: paired.length,
    votes: total,
    agreement: ratio(agreeing, pairs),
    krippendorff_alpha: alpha === null ? null : rounded(alpha),
    alpha_low: alpha === null || resampled.length === 0 ? null : rounded(at(0.025)!),
    alpha_high: alpha === null || resampled.length === 0 ? null : rounded(at(0.975)!),
  }
}

/** 1 - observed / expected disagreement over the coincidence matrix; null when everybody said one word. */
function alphaOf(units: Map<string, number>[]): number | null {
  const totals = new Map<string, number>()
  let n = 0
  let observed = 0
  for (const unit of units) {
    const size = sizeOf(unit)
    n += size
    for (const [value, count] of unit) {
      totals.set(value, (totals.get(value) ?? 0) + count)
      observed += (count * (size - count)) / (size - 1)
    }
  }
  let expected = 0
  for (const count of totals.values()) expected += count * (n - count)
  return expected === 0 ? null : 1 - ((n - 1) * observed) / expected
}

const sizeOf = (unit: Map<string, number>) => [...unit.values()].reduce((sum, count) => sum + count, 0)
const rounded = (value: number) => Number(value.toFixed(6))
const ratio = (part: number, whole: number) => (whole === 0 ? null : rounded(part / whole))

function countBy<T>(values: T[], key: (value: T) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(key(value), (counts.get(key(value)) ?? 0) + 1)
  return counts
}
const tally = (values: string[]): Record<string, number> =>
  Object.fromEntries([...countBy(values, (value) => value)].sort(([left], [right]) => byCodeUnit(left, right)))
