/**
 * How often nominal 95 % intervals hold the truth, over simulated arenas whose truth is known.
 * Run: node --import tsx tests/bench/ranking/coverage.ts [arenas]. Prints the table of docs/METHOD.md.
 */
import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
import { bootstrap, bootstrapVoters } from '../../../src/ranking/bootstrap.ts'
import { fitBradleyTerry, pointsPerLog } from '../../../src/ranking/bradley-terry.ts'
import { type Comparisons, type Counts, cellOf, countComparisons } from '../../../src/ranking/comparison.ts'
import { fitDavidson } from '../../../src/ranking/davidson.ts'
import { anchored, clustered, fisher, intervals, sandwich } from '../../../src/ranking/intervals.ts'
import { normal, type Random, seeded } from '../../../src/ranking/random.ts'
import { fitRaoKupper } from '../../../src/ranking/rao-kupper.ts'

type Chances = [a: number, b: number, tie: number]
type Arena = {
  name: string
  models: number
  votes: number
  /** Sampling weight of each model. */
  popularity: (model: number) => number
  /** Chances of one vote at difference d. */
  chances: (d: number) => Chances
  /** Spread of each voter's own taste for each model, natural log, and the votes of a voter. */
  taste: number
  votesPerVoter: number
  /** The tie model that makes the votes: only its own intervals have a truth to hold here. */
  tieModel?: 'Davidson' | 'Rao-Kupper'
}

type Interval = { low: number; high: number }
type Covered = { kind: string; held: number; intervals: number; perArena: number[]; skipped: number }

const sigma = (x: number) => 1 / (1 + Math.exp(-x))
const evenTies =
  (share: number) =>
  (d: number): Chances => [(1 - share) * sigma(d), (1 - share) * sigma(-d), share]
const noTies = evenTies(0)
const davidsonTies =
  (nu: number) =>
  (d: number): Chances => {
    const [u, v] = [Math.exp(d / 2), Math.exp(-d / 2)]
    const whole = u + v + nu
    return [u / whole, v / whole, nu / whole]
  }
const thresholdTies =
  (eta: number) =>
  (d: number): Chances => [sigma(d - eta), sigma(-d - eta), 1 - sigma(d - eta) - sigma(-d - eta)]

const everyone = () => 1
/** A tenth of the models are new and seldom drawn; the rest fall off fourfold from first to last. */
const uneven = (models: number) => (model: number) => (model >= 0.9 * models ? 0.12 : 1 - (0.75 * model) / models)

const base = { models: 20, votes: 2000, popularity: everyone, taste: 0, votesPerVoter: 1 }
export const arenas: Arena[] = [
  { ...base, name: 'balanced, no ties', chances: noTies },
  { ...base, name: 'balanced, 23 % ties', chances: evenTies(0.23) },
  { ...base, name: 'uneven, no ties', popularity: uneven(20), chances: noTies },
  { ...base, name: 'uneven, 23 % ties', popularity: uneven(20), chances: evenTies(0.23) },
  { ...base, name: 'small (400 votes), 23 % ties', votes: 400, chances: evenTies(0.23) },
  { ...base, name: 'voters with tastes, 20 votes each', chances: evenTies(0.23), taste: 1, votesPerVoter: 20 },
  {
    ...base,
    name: 'voters with tastes, uneven',
    popularity: uneven(20),
    chances: evenTies(0.23),
    taste: 1,
    votesPerVoter: 20,
  },
  { ...base, name: '20 voters with tastes, 100 votes each', chances: evenTies(0.23), taste: 1, votesPerVoter: 100 },
  { ...base, name: 'ties as Davidson has them', chances: davidsonTies(0.7), tieModel: 'Davidson' },
  { ...base, name: 'ties as Rao and Kupper have them', chances: thresholdTies(0.5), tieModel: 'Rao-Kupper' },
]

/** Coverage of every kind of interval in one kind of arena, over `times` seeded repeats. */
export function coverageOf(
  arena: Arena,
  times: number,
  { samples = 300, wanted }: { samples?: number; wanted?: readonly string[] } = {},
): Covered[] {
  const kinds = new Map<string, Covered>()
  const strengths = strengthsOf(arena)
  const truth = targetsOf(arena, strengths)
  for (let repeat = 0; repeat < times; repeat++) {
    const c = votesOf(arena, strengths, seeded(77, repeat))
    for (const [kind, bounds, target] of intervalsOf(
      arena,
      c,
      truth,
      samples,
      (kind) => !wanted || wanted.includes(kind),
    )) {
      const own = kinds.get(kind) ?? { kind, held: 0, intervals: 0, perArena: [], skipped: 0 }
      kinds.set(kind, own)
      if (!bounds) {
        own.skipped += 1
        continue
      }
      const held = bounds.filter(({ low, high }, i) => low <= target[i]! && target[i]! <= high).length
      own.held += held
      own.intervals += bounds.length
      own.perArena.push(held / bounds.length)
    }
  }
  return [...kinds.values()]
}

type Targets = { bradleyTerry: Float64Array; own: Float64Array }

function* intervalsOf(
  { tieModel }: Arena,
  c: Comparisons,
  truth: Targets,
  samples: number,
  isWanted: (kind: string) => boolean,
): Generator<[string, Interval[] | null, Float64Array]> {
  const counts = countComparisons(c)
  const fit = fitBradleyTerry(counts)
  const isWhole = fit.status.every((status) => status === 'finite')
  const fromFirst = truth.bradleyTerry.map((value) => value - truth.bradleyTerry[0]! + 1000)
  const kinds: [string, () => Interval[]][] = [
    ['Fisher', () => boundsOf(intervals(fit, fisher(counts, fit)))],
    ['sandwich', () => boundsOf(intervals(fit, sandwich(counts, fit)))],
    ['bootstrap of votes', () => boundsOf(bootstrap(counts, fit, { samples, seed: 1 }))],
  ]
  if (c.voter) {
    kinds.push(['clustered by voter', () => boundsOf(intervals(fit, clustered(c, fit)))])
    kinds.push(['bootstrap of voters', () => boundsOf(bootstrapVoters(c, counts, fit, { samples, seed: 1 }))])
  }
  for (const [kind, bounds] of kinds) if (isWanted(kind)) yield [kind, isWhole ? bounds() : null, truth.bradleyTerry]
  if (isWanted('sandwich, anchored')) {
    const relative = isWhole ? boundsOf(intervals(fit, anchored(sandwich(counts, fit), fit, 0))).slice(1) : null
    yield ['sandwich, anchored', relative, fromFirst.slice(1)]
  }
  const kind = `${tieModel}, information`
  if (!tieModel || !isWanted(kind)) return
  const tieFit = tieModel === 'Davidson' ? fitDavidson(counts) : fitRaoKupper(counts)
  yield [kind, isWhole ? boundsOf(intervals(tieFit, tieFit.covariance)) : null, truth.own]
}

const boundsOf = ({ low, high }: { low: Float64Array; high: Float64Array }): Interval[] =>
  Array.from(low, (value, i) => ({ low: value, high: high[i]! }))

function strengthsOf({ models }: Arena): Float64Array {
  const random = seeded(5)
  return Float64Array.from({ length: models }, () => 0.6 * normal(random))
}

/**
 * What the intervals should hold. The half-win fit does not describe ties, so its truth is the fit to the expected
 * counts, averaged over voters' tastes; a tie model that made the votes has its own strengths as truth.
 */
function targetsOf(arena: Arena, strengths: Float64Array): Targets {
  const { models, popularity } = arena
  const counts: Counts = countComparisons({
    models,
    a: new Uint16Array(),
    b: new Uint16Array(),
    outcome: new Uint8Array(),
  })
  for (let a = 0; a < models; a++) {
    for (let b = 0; b < models; b++) {
      if (a === b) continue
      const times = popularity(a) * popularity(b) * 1000
      const [won, lost, tied] = averaged(arena, strengths[a]! - strengths[b]!)
      for (const [outcome, chance] of [won, lost, tied].entries())
        counts.weight[cellOf(models, a, b, outcome)] = times * chance
    }
  }
  counts.votes.set(counts.weight)
  const mean = strengths.reduce((sum, value) => sum + value / models, 0)
  return {
    bradleyTerry: fitBradleyTerry(counts).theta.map((value) => 1000 + pointsPerLog * value),
    own: strengths.map((value) => 1000 + pointsPerLog * (value - mean)),
  }
}

/** Chances averaged over the difference of two tastes, normal with variance 2 taste^2, on a fine grid. */
function averaged({ chances, taste }: Arena, d: number): Chances {
  if (taste === 0) return chances(d)
  const sum: Chances = [0, 0, 0]
  let whole = 0
  for (let z = -6; z <= 6; z += 0.02) {
    const weight = Math.exp((-z * z) / 2)
    chances(d + z * taste * Math.SQRT2).forEach((chance, k) => {
      sum[k] = sum[k]! + weight * chance
    })
    whole += weight
  }
  return sum.map((value) => value / whole) as Chances
}

function votesOf(arena: Arena, strengths: Float64Array, random: Random): Comparisons {
  const { models, votes, popularity, chances, taste, votesPerVoter } = arena
  const c = {
    models,
    a: new Uint16Array(votes),
    b: new Uint16Array(votes),
    outcome: new Uint8Array(votes),
    ...(votesPerVoter > 1 && { voter: new Uint32Array(votes) }),
  }
  const heights = Array.from({ length: models }, (_, model) => popularity(model))
  const draw = () => {
    for (;;) {
      const model = Math.floor(random() * models)
      if (random() <= heights[model]!) return model
    }
  }
  const tastes = new Float64Array(models)
  for (let n = 0; n < votes; n++) {
    if (n % votesPerVoter === 0) for (let i = 0; i < models; i++) tastes[i] = taste === 0 ? 0 : taste * normal(random)
    const a = draw()
    let b = draw()
    while (b === a) b = draw()
    const [won, lost] = chances(strengths[a]! + tastes[a]! - strengths[b]! - tastes[b]!)
    const u = random()
    c.a[n] = a
    c.b[n] = b
    c.outcome[n] = u < won ? 0 : u < won + lost ? 1 : 2
    if (c.voter) c.voter[n] = Math.floor(n / votesPerVoter)
  }
  return c
}

export function printCoverage(times: number) {
  console.log(`| arena | interval | coverage | +- | arenas used |\n|---|---|---|---|---|`)
  for (const arena of arenas) {
    for (const { kind, held, intervals: all, perArena, skipped } of coverageOf(arena, times)) {
      // Intervals of one arena share their votes: the error of the share is over arenas.
      const mean = held / all
      const variance = perArena.reduce((sum, share) => sum + (share - mean) ** 2, 0) / Math.max(1, perArena.length - 1)
      const margin = 1.96 * Math.sqrt(variance / perArena.length)
      const used = skipped > 0 ? `${times - skipped} of ${times}` : String(times)
      console.log(`| ${arena.name} | ${kind} | ${(100 * mean).toFixed(1)} % | ${(100 * margin).toFixed(1)} | ${used} |`)
    }
  }
}

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) printCoverage(Number(argv[2] ?? 1000))
