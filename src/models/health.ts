import type { ModelId } from '../core/ids.ts'

const failuresInARow = 5
const firstPauseMs = 5 * 60_000
const longestPauseMs = 2 * 60 * 60_000

export type Health = {
  /** May it be drawn now? */
  isWell(id: ModelId): boolean
  /** Tells when this failure paused the model. A wrong key pauses at once: asking again cannot help. */
  failed(id: ModelId, options?: { atOnce?: boolean }): { pausedUntil: Date; failures: number } | null
  answered(id: ModelId): void
  pausedUntil(id: ModelId): Date | null
}

/** Circuit breaker: five failures in a row pause a model for 5 minutes, doubling to 2 hours; one answer forgives all. */
export function modelHealth(now: () => Date): Health {
  const records = new Map<ModelId, { failures: number; pauses: number; pausedUntil: number }>()
  const recordOf = (id: ModelId) => {
    const record = records.get(id) ?? { failures: 0, pauses: 0, pausedUntil: 0 }
    records.set(id, record)
    return record
  }
  return {
    isWell: (id) => (records.get(id)?.pausedUntil ?? 0) <= now().getTime(),
    pausedUntil(id) {
      const until = records.get(id)?.pausedUntil ?? 0
      return until > now().getTime() ? new Date(until) : null
    },
    failed(id, { atOnce = false } = {}) {
      const record = recordOf(id)
      record.failures++
      if (!atOnce && record.failures % failuresInARow !== 0) return null
      const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** record.pauses)
      record.pauses++
      record.pausedUntil = now().getTime() + pause
      return { pausedUntil: new Date(record.pausedUntil), failures: record.failures }
    },
    answered(id) {
      records.delete(id)
    },
  }
}
