import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bootstrap } from '../../src/ranking/bootstrap.ts'
import { fitBradleyTerry, fitWithGhost } from '../../src/ranking/bradley-terry.ts'
import { type Counts, compareCodePoints, countComparisons, type Outcome, winsOf } from '../../src/ranking/comparison.ts'
import { separation, strongComponents } from '../../src/ranking/components.ts'
import { fitDavidson } from '../../src/ranking/davidson.ts'
import { elo } from '../../src/ranking/elo.ts'
import { clustered, fisher, sandwich, seOfDifference } from '../../src/ranking/intervals.ts'
import { cholesky, eigen, inverse, solve } from '../../src/ranking/linear-algebra.ts'
import { liveCounts } from '../../src/ranking/live-counts.ts'
import { binomial, multinomial, normal, seeded } from '../../src/ranking/random.ts'
import { leaderboardOf } from '../../src/ranking/rate.ts'
import { anyVotes, type Ballot, connectedVotes, swapped, toComparisons } from './characters.ts'

const runs = { numRuns: 150, seed: 20260101 }
const fitOf = ({ models, ballots }: { models: number; ballots: readonly Ballot[] }) =>
  fitBradleyTerry(countComparisons(toComparisons(models, ballots)))

describe('ratings', () => {
  test('do not depend on the order of votes or on sides, bit by bit', () => {
    fc.assert(
      fc.property(
        anyVotes,
        fc.integer(),
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        (votes, seed, flips) => {
          const random = seeded(seed)
          const shuffled = votes.ballots.map((ballot) => ({ ballot, at: random() })).sort((x, y) => x.at - y.at)
          const changed = shuffled.map(({ ballot }, n) => (flips[n % 60] ? swapped(ballot) : ballot))
          expect(fitOf({ ...votes, ballots: changed })).toEqual(fitOf(votes))
        },
      ),
      runs,
    )
  })

  test('are a maximum wherever they are given, and are given exactly inside strong components', () => {
    fc.assert(
      fc.property(anyVotes, ({ models, ballots }) => {
        const counts = countComparisons(toComparisons(models, ballots))
        const fit = fitBradleyTerry(counts)
        expect(fit.converged).toBe(true)
        expect(fit.gradientMax).toBeLessThanOrEqual(1e-9 * Math.max(1, ballots.length))
        const wins = winsOf(counts)
        const strong = strongComponents(wins, models)
        for (const [i, status] of fit.within.entries()) {
          expect(Number.isFinite(fit.theta[i]!)).toBe(status === 'finite')
          if (status === 'finite')
            expect(fit.blocks[fit.piece[i]!]!.every((j) => strong.of[i] === strong.of[j])).toBe(true)
        }
      }),
      runs,
    )
  })

  test('stay the same when every vote is counted k times, and errors shrink by the root of k', () => {
    fc.assert(
      fc.property(connectedVotes, fc.integer({ min: 2, max: 5 }), ({ models, ballots }, k) => {
        const once = countComparisons(toComparisons(models, ballots))
        const often = countComparisons(toComparisons(models, Array.from({ length: k }, () => ballots).flat()))
        const [fit, same] = [fitBradleyTerry(once), fitBradleyTerry(often)]
        const [se, less] = [sandwich(once, fit, { guard: false }), sandwich(often, same, { guard: false })]
        for (let i = 0; i < models; i++) {
          expect(Math.abs(fit.theta[i]! - same.theta[i]!)).toBeLessThan(1e-9)
          expect(Math.abs(less.se[i]! - se.se[i]! / Math.sqrt(k))).toBeLessThan(1e-8 * Math.max(1, se.se[i]!))
        }
      }),
      runs,
    )
  })

  test('and their sandwich do not change when all weights are multiplied', () => {
    fc.assert(
      fc.property(
        connectedVotes,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.integer(),
        ({ models, ballots }, factor, seed) => {
          const random = seeded(seed)
          const c = toComparisons(models, ballots)
          const weight = Float64Array.from(ballots, () => 0.2 + random())
          const [own, scaled] = [weight, weight.map((w) => w * factor)].map((column) => {
            const counts = countComparisons({ ...c, weight: column })
            const fit = fitBradleyTerry(counts)
            return { fit, covariance: sandwich(counts, fit) }
          })
          for (let i = 0; i < models; i++) {
            expect(Math.abs(own!.fit.theta[i]! - scaled!.fit.theta[i]!)).toBeLessThan(1e-9)
            expect(scaled!.covariance.se[i]! / own!.covariance.se[i]!).toBeCloseTo(1, 6)
          }
        },
      ),
      runs,
    )
  })

  test('never fall by a win', () => {
    fc.assert(
      fc.property(
        connectedVotes,
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (votes, first, step) => {
          const i = first % votes.models
          const j = (i + 1 + ((step - 1) % (votes.models - 1))) % votes.models
          const before = fitOf(votes).theta
          const after = fitOf({ ...votes, ballots: [...votes.ballots, { a: i, b: j, outcome: 0 }] }).theta
          expect(after[i]! - before[i]!).toBeGreaterThan(-1e-9)
        },
      ),
      runs,
    )
  })

  test('do not depend on the start, which is left as it was', () => {
    fc.assert(
      fc.property(connectedVotes, fc.integer(), (votes, seed) => {
        const random = seeded(seed)
        const start = Float64Array.from({ length: votes.models }, () => 3 * normal(random))
        const given = start.slice()
        const counts = countComparisons(toComparisons(votes.models, votes.ballots))
        const [cold, warm] = [fitBradleyTerry(counts), fitBradleyTerry(counts, { start })]
        for (let i = 0; i < votes.models; i++) expect(Math.abs(cold.theta[i]! - warm.theta[i]!)).toBeLessThan(1e-9)
        expect(start).toEqual(given)
      }),
      runs,
    )
  })

  test('with the ghost are finite for any votes', () => {
    fc.assert(
      fc.property(anyVotes, ({ models, ballots }) => {
        const ghost = fitWithGhost(countComparisons(toComparisons(models, ballots)))
        expect(ghost.converged).toBe(true)
        expect(ghost.theta.every(Number.isFinite) && ghost.v.every(Number.isFinite)).toBe(true)
      }),
      runs,
    )
  })
})

test('online Elo does not depend on sides', () => {
  fc.assert(
    fc.property(anyVotes, ({ models, ballots }) => {
      const own = elo(toComparisons(models, ballots))
      const other = elo(toComparisons(models, ballots.map(swapped)))
      for (let i = 0; i < models; i++) expect(Math.abs(own[i]! - other[i]!)).toBeLessThan(1e-9)
    }),
    runs,
  )
})

describe('errors', () => {
  test('guarded, no contrast has less than a quarter of its Fisher error', () => {
    fc.assert(
      fc.property(connectedVotes, fc.integer({ min: 1, max: 8 }), ({ models, ballots }, voters) => {
        const c = { ...toComparisons(models, ballots), voter: Uint32Array.from(ballots, (_, n) => n % voters) }
        const counts = countComparisons(c)
        const fit = fitBradleyTerry(counts)
        const model = fisher(counts, fit)
        for (const covariance of [sandwich(counts, fit), clustered(c, fit)]) {
          for (let i = 0; i < models; i++) {
            for (let j = 0; j < i; j++)
              expect(seOfDifference(covariance, i, j)).toBeGreaterThan(0.2499 * seOfDifference(model, i, j))
          }
        }
      }),
      runs,
    )
  })

  test('clustered with one vote a voter and no factor is the plain sandwich', () => {
    fc.assert(
      fc.property(connectedVotes, ({ models, ballots }) => {
        const c = toComparisons(models, ballots)
        const counts = countComparisons(c)
        const fit = fitBradleyTerry(counts)
        const [plain, own] = [sandwich(counts, fit), clustered(c, fit, { adjust: false })]
        for (let i = 0; i < models; i++) expect(own.se[i]!).toBeCloseTo(plain.se[i]!, 8)
      }),
      runs,
    )
  })
})

test('live counts after votes, changes and withdrawals are those of a rebuild, bit by bit', () => {
  fc.assert(
    fc.property(anyVotes, fc.integer(), ({ models, ballots }, seed) => {
      const random = seeded(seed)
      const live = liveCounts(models)
      const kept: Ballot[] = []
      for (const ballot of ballots) {
        live.add(ballot.a, ballot.b, ballot.outcome as Outcome)
        kept.push(ballot)
        if (random() < 0.3) {
          const [gone] = kept.splice(Math.floor(random() * kept.length), 1)
          live.remove(gone!.a, gone!.b, gone!.outcome as Outcome)
          if (random() < 0.5) {
            const changed = { ...gone!, outcome: (gone!.outcome + 1) % 4 }
            live.add(changed.a, changed.b, changed.outcome as Outcome)
            kept.push(changed)
          }
        }
      }
      const fresh: Counts = countComparisons(toComparisons(models, kept))
      expect(live.counts).toEqual(fresh)
      expect(live.rebuild(toComparisons(models, kept))).toBe(0)
    }),
    runs,
  )
})

describe('boards', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  test('rank_low <= rank <= rank_high, pieces apart, and every prior is named', () => {
    fc.assert(
      fc.property(
        anyVotes,
        fc.constantFrom('bradley-terry', 'davidson', 'rao-kupper', 'elo' as const),
        ({ models, ballots }, method) => {
          const board = leaderboardOf(toComparisons(models, ballots), {
            names: names.slice(0, models),
            method: method as 'elo',
            samples: 20,
          })
          for (const row of board.models) {
            expect(row.votes).toBe(row.wins + row.losses + row.ties)
            if (row.rating === null) continue
            expect(row.rank_low!).toBeLessThanOrEqual(row.rank!)
            expect(row.rank!).toBeLessThanOrEqual(row.rank_high!)
            expect(row.rank_high!).toBeLessThanOrEqual(board.pieces[row.piece]!.models.length)
            if (row.status_in_piece !== 'finite')
              expect(row).toMatchObject({ provisional: true, prior: expect.any(String) })
          }
          expect(board.connected).toBe(board.pieces.length === 1)
        },
      ),
      { ...runs, numRuns: 80 },
    )
  })

  test('are the same to the last digit for any order of votes', () => {
    fc.assert(
      fc.property(anyVotes, ({ models, ballots }) => {
        const options = { names: names.slice(0, models), ci: 'bootstrap', samples: 25 } as const
        const board = leaderboardOf(toComparisons(models, ballots), options)
        expect(leaderboardOf(toComparisons(models, ballots.toReversed()), options)).toEqual(board)
      }),
      { ...runs, numRuns: 40 },
    )
  })
})

describe('the parts', () => {
  test('separation: every model has one piece, and blocks lie in their pieces', () => {
    fc.assert(
      fc.property(anyVotes, ({ models, ballots }) => {
        const wins = winsOf(countComparisons(toComparisons(models, ballots)))
        const apart = separation(wins, models)
        apart.blocks.forEach((block, piece) => {
          for (const i of block) expect(apart.piece[i]).toBe(piece)
        })
        for (let i = 0; i < models; i++) {
          for (let j = 0; j < models; j++) if (wins[i * models + j]! > 0) expect(apart.piece[i]).toBe(apart.piece[j])
        }
      }),
      runs,
    )
  })

  test('a chain of two thousand models does not overflow the stack', () => {
    const models = 2000
    const wins = new Float64Array(models * models)
    for (let i = 0; i + 1 < models; i++) wins[i * models + i + 1] = 1
    expect(strongComponents(wins, models).count).toBe(models)
  })

  test('Cholesky solves, inverts and refuses what is not positive definite, at odd and even sizes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 13 }), fc.integer(), (size, seed) => {
        const random = seeded(seed)
        const root = Float64Array.from({ length: size * size }, () => normal(random))
        const matrix = new Float64Array(size * size)
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) {
            for (let k = 0; k < size; k++) matrix[i * size + j]! += root[i * size + k]! * root[j * size + k]!
            if (i === j) matrix[i * size + j]! += 0.5
          }
        const factor = cholesky(matrix, size)!
        const x = Float64Array.from({ length: size }, () => normal(random))
        const right = x.map((_, i) => x.reduce((sum, value, j) => sum + matrix[i * size + j]! * value, 0))
        const solved = solve(factor, right)
        const inverted = inverse(factor)
        for (let i = 0; i < size; i++) {
          expect(solved[i]!).toBeCloseTo(x[i]!, 8)
          for (let j = 0; j < size; j++) {
            let product = 0
            for (let k = 0; k < size; k++) product += matrix[i * size + k]! * inverted[k * size + j]!
            expect(product).toBeCloseTo(i === j ? 1 : 0, 8)
          }
        }
        matrix[(size - 1) * size + size - 1] = -1
        expect(cholesky(matrix, size)).toBeNull()
      }),
      runs,
    )
  })

  test('eigenvalues rebuild their matrix', () => {
    const size = 7
    const random = seeded(5)
    const matrix = new Float64Array(size * size)
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++) matrix[i * size + j] = matrix[j * size + i] = normal(random)
    const { values, vectors } = eigen(matrix, size)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        let rebuilt = 0
        for (let k = 0; k < size; k++) rebuilt += values[k]! * vectors[k * size + i]! * vectors[k * size + j]!
        expect(rebuilt).toBeCloseTo(matrix[i * size + j]!, 12)
      }
  })

  test('Davidson is finite wherever Bradley-Terry is, given a tie and a decisive vote', () => {
    fc.assert(
      fc.property(connectedVotes, ({ models, ballots }) => {
        const tied = [...ballots, { a: 0, b: 1, outcome: 2 }]
        const fit = fitDavidson(countComparisons(toComparisons(models, tied)))
        expect(fit.fitted).toBe('fitted')
        expect(fit.converged).toBe(true)
      }),
      runs,
    )
  })

  test('names sort by code point, as UTF-8 bytes do', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (x, y) => {
        const bytes = Buffer.compare(Buffer.from(x), Buffer.from(y))
        expect(Math.sign(compareCodePoints(x, y))).toBe(bytes)
      }),
      { ...runs, numRuns: 2000 },
    )
  })
})

describe('drawing', () => {
  const moments = (draw: () => number, times: number) => {
    let [sum, squares] = [0, 0]
    for (let n = 0; n < times; n++) {
      const value = draw()
      sum += value
      squares += value * value
    }
    return { mean: sum / times, variance: squares / times - (sum / times) ** 2 }
  }

  test.each([
    [5, 0.3],
    [40, 0.9],
    [100, 0.05],
    [100, 0.5],
    [1000, 0.02],
    [100_000, 0.7],
  ])('binomial(%i, %d) has its mean and variance', (n, p) => {
    const random = seeded(11)
    const { mean, variance } = moments(() => binomial(random, n, p), 60_000)
    const sd = Math.sqrt(n * p * (1 - p))
    expect(Math.abs(mean - n * p)).toBeLessThan((4.5 * sd) / Math.sqrt(60_000))
    expect(variance / sd ** 2).toBeCloseTo(1, 1.4)
  })

  test('both ways of drawing a binomial follow its distribution', () => {
    for (const [n, p] of [
      [30, 0.25],
      [60, 0.4],
    ] as const) {
      const random = seeded(3)
      const times = 200_000
      const seen = new Float64Array(n + 1)
      for (let draw = 0; draw < times; draw++) seen[binomial(random, n, p)]!++
      let chance = (1 - p) ** n
      let chiSquare = 0
      let cells = 0
      for (let k = 0; k <= n; k++) {
        if (k > 0) chance *= ((n - k + 1) / k) * (p / (1 - p))
        if (chance * times < 10) continue
        chiSquare += (seen[k]! - chance * times) ** 2 / (chance * times)
        cells += 1
      }
      expect(chiSquare).toBeLessThan(cells + 5 * Math.sqrt(2 * cells))
    }
  })

  test('a multinomial keeps its total, and streams do not repeat each other', () => {
    const into = new Float64Array(4)
    for (let stream = 0; stream < 50; stream++) {
      multinomial(seeded(1, stream), 1000, Float64Array.of(1, 0, 5, 4), into)
      expect(into.reduce((sum, count) => sum + count, 0)).toBe(1000)
      expect(into[1]).toBe(0)
    }
    const first = new Set(Array.from({ length: 1000 }, (_, stream) => seeded(1, stream)()))
    expect(first.size).toBe(1000)
    expect(seeded(1, 2)()).not.toBe(seeded(2, 1)())
    expect(() => seeded(0.5)).toThrow(RangeError)
  })
})

test('a bootstrap of separable votes counts what it leaves out', () => {
  const cycle = [0, 1, 2].map((i) => ({ a: i, b: (i + 1) % 3, outcome: 0 }))
  const counts = countComparisons(toComparisons(3, cycle))
  const drawn = bootstrap(counts, fitBradleyTerry(counts), { samples: 200, seed: 1 })
  // A resample of three votes keeps all three of the cycle with chance 6/27.
  expect(drawn.notFinite / 200).toBeCloseTo(1 - 6 / 27, 0.9)
})
