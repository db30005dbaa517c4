/** Lower-case hex SHA-256, of UTF-8 where text is given. The caller brings it. */
export type Hash = (data: string | Uint8Array) => string

/** JSON with keys sorted by code unit and dates as ISO text: equal values give equal bytes on every machine. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, held: unknown) => {
    if (typeof held === 'string') return held.toWellFormed()
    if (held === null || typeof held !== 'object' || Array.isArray(held)) return held
    return Object.fromEntries(Object.entries(held).sort(([left], [right]) => byCodeUnit(left, right)))
  })
}

export const byCodeUnit = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0)
