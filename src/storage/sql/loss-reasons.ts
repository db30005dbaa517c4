import { and, desc, eq, ne } from 'drizzle-orm'
import type { LossReasons } from '../../leaderboards/leaderboard-store.ts'
import { badReasons, type ReasonKey } from '../../votes/vote.ts'
import type { Database } from './engine.ts'
import type { Schema } from './schema.ts'

/** What newest decided votes held against the model that lost them. Only counted votes: open ones would tell who is being judged. */
export async function lossReasons(db: Database, { battles, votes }: Schema, votesMax: number): Promise<LossReasons[]> {
  const rows = await db
    .select({ outcome: votes.outcome, modelA: battles.modelA, modelB: battles.modelB, reasons: votes.reasons })
    .from(votes)
    .innerJoin(battles, eq(battles.id, votes.battleId))
    .where(and(eq(votes.status, 'counted'), ne(battles.origin, 'demo')))
    .orderBy(desc(votes.castAt), desc(votes.id))
    .limit(votesMax)
  const byModel = new Map<string, { losses: number; reasons: Map<ReasonKey, number> }>()
  for (const { outcome, modelA, modelB, reasons } of rows) {
    for (const side of ['a', 'b'] as const) {
      if (outcome === side || outcome === 'tie') continue
      const against = new Set(
        reasons.filter((one) => one.side === side && badReasons.includes(one.key)).map(({ key }) => key),
      )
      if (against.size === 0) continue
      const model = side === 'a' ? modelA : modelB
      const known = byModel.get(model) ?? { losses: 0, reasons: new Map<ReasonKey, number>() }
      byModel.set(model, known)
      known.losses += 1
      for (const key of against) known.reasons.set(key, (known.reasons.get(key) ?? 0) + 1)
    }
  }
  return [...byModel]
    .map(([model, { losses, reasons }]) => ({
      model,
      losses,
      reasons: [...reasons]
        .map(([key, count]) => ({ key, count }))
        .sort((x, y) => y.count - x.count || (x.key < y.key ? -1 : 1)),
    }))
    .sort((x, y) => (x.model < y.model ? -1 : 1))
}
