import type { ModelId } from '../core/ids.ts'

/** How many answers each model writes at once; the rest wait in line, first come, first served. */
export type Slots = {
  /** Resolves with the function that gives the slot back; undefined when `signal` aborted first. */
  take(id: ModelId, atOnceMax: number, signal: AbortSignal): Promise<(() => void) | undefined>
}

export function modelSlots(): Slots {
  const lines = new Map<ModelId, { taken: number; waiting: (() => void)[] }>()
  return {
    async take(id, atOnceMax, signal) {
      const line = lines.get(id) ?? { taken: 0, waiting: [] }
      lines.set(id, line)
      if (line.taken >= atOnceMax && !(await turnCame(line.waiting, signal))) return undefined
      line.taken++
      let isGiven = false
      return () => {
        if (isGiven) return
        isGiven = true
        line.taken--
        line.waiting.shift()?.()
      }
    },
  }
}

function turnCame(waiting: (() => void)[], signal: AbortSignal) {
  return new Promise<boolean>((resolve) => {
    const come = () => {
      signal.removeEventListener('abort', leave)
      resolve(true)
    }
    const leave = () => {
      const place = waiting.indexOf(come)
      if (place >= 0) waiting.splice(place, 1)
      resolve(false)
    }
    if (signal.aborted) return resolve(false)
    waiting.push(come)
    signal.addEventListener('abort', leave, { once: true })
  })
}
