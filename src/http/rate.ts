/** How many things a key may do in a window. Counts decay by whole windows, so a key costs two numbers. */
export type Rate = {
  /** Seconds to wait, or 0 when this one is allowed (and counted). */
  take(key: string): number
}

export function rate(limit: number, windowMs: number, now: () => Date): Rate {
  const seen = new Map<string, number[]>()
  return {
    take(key) {
      const time = now().getTime()
      const times = (seen.get(key) ?? []).filter((at) => at > time - windowMs)
      if (times.length >= limit) {
        seen.set(key, times)
        return Math.max(1, Math.ceil((times[0]! + windowMs - time) / 1000))
      }
      times.push(time)
      seen.set(key, times)
      if (seen.size > 10_000) forget(seen, time - windowMs)
      return 0
    },
  }
}

function forget(seen: Map<string, number[]>, before: number) {
  for (const [key, times] of seen) if ((times.at(-1) ?? 0) <= before) seen.delete(key)
}
