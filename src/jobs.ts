import type { Arena } from './arena.ts'
import { battleOpenMs } from './core/limits.ts'

type Job = { name: string; everyMs: number; run(arena: Arena): Promise<unknown> }

const minute = 60_000

/** Everything that happens by itself, and how often. */
export const jobs: Job[] = [
  { name: 'refresh-leaderboard', everyMs: 2_000, run: (arena) => arena.boards.refresh() },
  {
    name: 'expire-battles',
    everyMs: 10 * minute,
    run: (arena) => arena.battles.expire(new Date(arena.now().getTime() - battleOpenMs), arena.now()),
  },
  {
    name: 'freeze-votes',
    everyMs: 10 * minute,
    run: (arena) => arena.votes.freeze(new Date(arena.now().getTime() - battleOpenMs), arena.now()),
  },
]

/** Each job runs once at start, then after each pause; never twice at once. Ends with the arena. */
export function startJobs(arena: Arena): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = jobs.map(async ({ name, everyMs, run }) => {
    while (!stopping.signal.aborted) {
      try {
        await run(arena)
      } catch (error) {
        arena.log({ event: 'job_failed', job: name, error: error instanceof Error ? error.message : String(error) })
      }
      await pause(everyMs, stopping.signal)
    }
  })
  return {
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}

function pause(ms: number, signal: AbortSignal) {
  return new Promise<void>((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(end, ms)
    function end() {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    signal.addEventListener('abort', end)
  })
}
