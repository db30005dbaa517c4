import type { Outcome } from '../../src/battles/battle.ts'
import type { CastResult } from '../../src/votes/vote-store.ts'

// What the voters and the test that watches them agree on.

export const programs = 4
/** Two different programs vote in every battle. */
export const votersOf = (battle: number) => [
  battle % programs,
  (battle + 1 + (Math.floor(battle / programs) % 3)) % programs,
]
export const isSameOutcome = (battle: number) => battle % 2 === 0
export const outcomeOf = (battle: number, program: number): Outcome =>
  isSameOutcome(battle) || votersOf(battle)[0] === program ? 'a' : 'both_bad'

export type Told = { results: Record<number, CastResult>; retries: number; busy: number }
