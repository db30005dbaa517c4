/** Small seeded generators. Everything drawn here depends on the seed and the stream alone. */

/** Uniform on [0, 1), 53 bits. */
export type Random = () => number

/**
 * An independent generator per (seed, stream): sfc32 (Doty-Humphrey's small fast chaotic generator) whose state
 * comes from splitmix64 (Steele, Lea and Flood 2014) of both numbers. Replicate r of a bootstrap uses stream r, so
 * the result does not depend on how replicates are shared out.
 * Refuses seeds and streams that are not whole numbers in the safe range.
 */
export function seeded(seed: number, stream = 0): Random {
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(stream))
    throw new RangeError(`seed ${seed}, stream ${stream}`)
  const first = splitmix(BigInt.asUintN(64, BigInt(seed)))
  const mixed = splitmix(first ^ splitmix(BigInt.asUintN(64, BigInt(stream)) + 0x632be59bd9b4e019n))
  const more = splitmix(mixed)
  // An Int32Array keeps the state as machine words; four closure variables would be boxed numbers.
  const state = Int32Array.of(
    Number(BigInt.asIntN(32, mixed)),
    Number(BigInt.asIntN(32, mixed >> 32n)),
    Number(BigInt.asIntN(32, more)),
    1,
  )
  const next = () => {
    const result = (((state[0]! + state[1]!) | 0) + state[3]!) | 0
    state[3] = state[3]! + 1
    state[0] = state[1]! ^ (state[1]! >>> 9)
    state[1] = state[2]! + (state[2]! << 3)
    state[2] = ((state[2]! << 21) | (state[2]! >>> 11)) + result
    return result
  }
  for (let n = 0; n < 12; n++) next()
  return () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992
}

function splitmix(x: bigint): bigint {
  let z = BigInt.asUintN(64, x + 0x9e3779b97f4a7c15n)
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n)
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn)
  return z ^ (z >> 31n)
}

/** A standard normal. Source: Box and Muller 1958, the cosine half. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/**
 * Successes in `n` trials of probability `p`. Inversion along the distribution while n min(p, 1-p) < 10, else
 * Hormann's transformed rejection BTRS (J. Stat. Comput. Simul. 46, 1993). Exact up to rounding, constant time.
 */
export function binomial(random: Random, n: number, p: number): number {
  if (!(n >= 0 && p >= 0 && p <= 1)) throw new RangeError(`binomial(${n}, ${p})`)
  if (p > 0.5) return n - binomial(random, n, 1 - p)
  if (n === 0 || p === 0) return 0
  return n * p < 10 ? byInversion(random, n, p) : byRejection(random, n, p)
}

function byInversion(random: Random, n: number, p: number): number {
  const odds = p / (1 - p)
  let chance = Math.exp(n * Math.log1p(-p))
  let left = random()
  let k = 0
  // The tail beyond rounding would loop for ever: no draw lies past n.
  while (left > chance && k < n) {
    left -= chance
    k += 1
    chance *= (odds * (n - k + 1)) / k
  }
  return k
}

function byRejection(random: Random, n: number, p: number): number {
  const odds = p / (1 - p)
  const spread = Math.sqrt(n * p * (1 - p))
  const b = 1.15 + 2.53 * spread
  const a = -0.0873 + 0.0248 * b + 0.01 * p
  const centre = n * p + 0.5
  const inner = 0.92 - 4.2 / b
  const alpha = (2.83 + 5.1 / b) * spread
  const mode = Math.floor((n + 1) * p)
  for (;;) {
    const u = random() - 0.5
    let v = random()
    const us = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / us + b) * u + centre)
    if (us >= 0.07 && v <= inner) return k
    if (k < 0 || k > n) continue
    v = Math.log((v * alpha) / (a / (us * us) + b))
    const bound =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
      (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) +
      (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1)) +
      stirlingRest(mode) +
      stirlingRest(n - mode) -
      stirlingRest(k) -
      stirlingRest(n - k)
    if (v <= bound) return k
  }
}

/** log k! minus its Stirling approximation around k + 1, by the series in 1/(k + 1). */
function stirlingRest(k: number): number {
  if (k < 10) return stirlingRests[k]!
  const x = 1 / (k + 1)
  const x2 = x * x
  return (1 / 12 - (1 / 360 - (1 / 1260) * x2) * x2) * x
}

const stirlingRests = Array.from({ length: 10 }, (_, k) => {
  let logFactorial = 0
  for (let n = 2; n <= k; n++) logFactorial += Math.log(n)
  return logFactorial - ((k + 0.5) * Math.log(k + 1) - (k + 1) + 0.5 * Math.log(2 * Math.PI))
})

/**
 * Counts of `n` draws over cells in proportion to `weights`, written to `into`: successive binomials, so the cost is
 * one draw a cell whatever n is. The weights need not sum to one.
 */
export function multinomial(random: Random, n: number, weights: Float64Array, into: Float64Array) {
  let left = 0
  for (let cell = 0; cell < weights.length; cell++) left += weights[cell]!
  let trials = n
  for (let cell = 0; cell < weights.length; cell++) {
    const own = weights[cell]!
    const drawn = trials === 0 || own === 0 ? 0 : own >= left ? trials : binomial(random, trials, own / left)
    into[cell] = drawn
    trials -= drawn
    left -= own
  }
}
