import { battleOpenMs } from '../core/limits.ts'
import type { LeaderboardStore } from '../leaderboards/leaderboard-store.ts'

export type Figures = {
  failureRates: Awaited<ReturnType<LeaderboardStore['failureRates']>>
  speeds: Awaited<ReturnType<LeaderboardStore['speeds']>>
}
const quickMs = 20
const figuresEveryMs = 60_000

/** A pass over all answers: made for every page while it is quick, and once a minute in a large arena. */
export function figuresOf(leaderboards: LeaderboardStore, now: () => Date): () => Promise<Figures> {
  let kept: { figures: Promise<Figures>; until: number } | null = null
  return () => {
    const started = performance.now()
    if (kept && started < kept.until) return kept.figures
    const openSince = new Date(now().getTime() - battleOpenMs)
    const figures = Promise.all([leaderboards.failureRates(openSince), leaderboards.speeds(openSince)]).then(
      ([failureRates, speeds]) => {
        if (performance.now() - started > quickMs) kept = { figures, until: performance.now() + figuresEveryMs }
        return { failureRates, speeds }
      },
    )
    return figures
  }
}
