import type { BattleId } from '../core/ids.ts'
import type { Answers } from './battle.ts'

/**
 * The present state of running battles. A follower gets the state now, then again each time it changed since they last looked; a slow one
 * skips states, so there is no buffer. Ends when the battle is over. Nothing is replayed and nothing is run by following.
 */
export type BattleFeed = {
  /** Must be called for a battle before anybody can follow it. */
  publish(id: BattleId, shown: Answers): void
  follow(id: BattleId, signal: AbortSignal): AsyncIterable<Answers>
  /** What was published last; undefined when the battle is not running here. */
  now(id: BattleId): Answers | undefined
  /** The battle is over: followers end. Call after the answers are saved, so that their end finds the row. */
  close(id: BattleId): void
}

type Entry = { shown: Answers; version: number; waiting: Set<() => void> }

export function memoryBattleFeed(): BattleFeed {
  const running = new Map<BattleId, Entry>()
  return {
    publish(id, shown) {
      const entry = running.get(id)
      if (!entry) return void running.set(id, { shown, version: 1, waiting: new Set() })
      entry.shown = shown
      entry.version++
      wake(entry)
    },
    now: (id) => running.get(id)?.shown,
    close(id) {
      const entry = running.get(id)
      running.delete(id)
      if (entry) wake(entry)
    },
    async *follow(id, signal) {
      let seen = 0
      while (!signal.aborted) {
        const entry = running.get(id)
        if (!entry) return
        if (entry.version > seen) {
          seen = entry.version
          yield entry.shown
        } else await changed(entry, signal)
      }
    },
  }
}

function wake(entry: Entry) {
  const waiting = [...entry.waiting]
  entry.waiting.clear()
  for (const resume of waiting) resume()
}

function changed(entry: Entry, signal: AbortSignal) {
  return new Promise<void>((resolve) => {
    const resume = () => {
      signal.removeEventListener('abort', resume)
      entry.waiting.delete(resume)
      resolve()
    }
    entry.waiting.add(resume)
    signal.addEventListener('abort', resume, { once: true })
  })
}
