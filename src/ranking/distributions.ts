/** Normal and Student distributions, from their series: accurate to about 1e-15, no tables of coefficients. */

/** P(Z <= x). Source: Abramowitz and Stegun 7.1.5 (series) and 7.1.14 (continued fraction). */
export function normalCdf(x: number): number {
  return x < 0 ? upperTail(-x) : 1 - upperTail(x)
}

/** Two-sided p value of a standard normal z. */
export const twoSidedP = (z: number) => 2 * upperTail(Math.abs(z))

function upperTail(x: number): number {
  if (x > 39) return 0
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  if (x < 3) {
    let term = x
    let total = x
    for (let n = 1; term > 1e-18 * total; n++) {
      term *= (x * x) / (2 * n + 1)
      total += term
    }
    return 0.5 - density * total
  }
  let fraction = 0
  for (let n = 120; n > 0; n--) fraction = n / (x + fraction)
  return density / (x + fraction)
}

/** z with P(Z <= z) = p, 0 < p < 1. On the upper half the distribution is concave: Newton from 0 cannot overshoot. */
export function normalQuantile(p: number): number {
  checkProbability(p)
  if (p < 0.5) return -normalQuantile(1 - p)
  let z = 0
  for (let n = 0; n < 200; n++) {
    const step = (upperTail(z) - (1 - p)) / (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI))
    z += step
    if (Math.abs(step) < 1e-15 * Math.max(1, z)) break
  }
  return z
}

/** P(T <= t) for a whole number of degrees of freedom. Source: Abramowitz and Stegun 26.7.3 and 26.7.4. */
export function studentCdf(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const cosine2 = Math.cos(angle) ** 2
  const odd = degrees % 2 === 1
  let term = odd ? Math.cos(angle) : 1
  let total = degrees === 1 ? 0 : term
  for (let n = odd ? 3 : 2; n < degrees; n += 2) {
    term *= (cosine2 * (n - 1)) / n
    total += term
  }
  const within = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * total) : Math.sin(angle) * total
  return (1 + within) / 2
}

/** t with P(T <= t) = p for a whole number of degrees of freedom, 0 < p < 1. */
export function studentQuantile(p: number, degrees: number): number {
  checkProbability(p)
  if (p < 0.5) return -studentQuantile(1 - p, degrees)
  let low = 0
  let high = 1
  while (studentCdf(high, degrees) < p) high *= 2
  for (let n = 0; n < 200 && high - low > 1e-15 * high; n++) {
    const middle = (low + high) / 2
    if (studentCdf(middle, degrees) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

function checkProbability(p: number) {
  if (!(p > 0 && p < 1)) throw new RangeError(`probability ${p} is not between 0 and 1`)
}
