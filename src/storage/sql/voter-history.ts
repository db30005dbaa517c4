import { and, count, eq, inArray, isNotNull, isNull, ne, or, sql } from 'drizzle-orm'
import type { ModelId, PromptId, VoterId } from '../../core/ids.ts'
import type { Database } from './engine.ts'
import type { Schema } from './schema.ts'

// What one voter has done so far, in numbers.

export async function tallyOf(db: Database, { battles, votes }: Schema, voterId: VoterId) {
  const isTheirs = and(eq(votes.voterId, voterId), ne(votes.status, 'withdrawn'))
  const [started] = await db
    .select({ n: count() })
    .from(battles)
    .where(and(eq(battles.voterId, voterId), ne(battles.state, 'erased')))
  const [cast] = await db.select({ n: count() }).from(votes).where(isTheirs)
  // Boards take one vote of each battle, once it is frozen.
  const [counted] = await db
    .select({ n: sql`count(distinct ${votes.battleId})`.mapWith(Number) })
    .from(votes)
    .where(and(eq(votes.voterId, voterId), eq(votes.status, 'counted'), isNull(votes.exclusion)))
  return { battles: started?.n ?? 0, votes: cast?.n ?? 0, counted: counted?.n ?? 0 }
}

export async function preferencesOf(
  db: Database,
  { battles, votes }: Schema,
  voterId: VoterId,
  models: ModelId[],
): Promise<Map<ModelId, { of: number; total: number }>> {
  const rows = await db
    .select({ a: battles.modelA, b: battles.modelB, outcome: votes.outcome, n: count() })
    .from(votes)
    .innerJoin(battles, eq(battles.id, votes.battleId))
    .where(
      and(
        eq(votes.voterId, voterId),
        ne(votes.status, 'withdrawn'),
        eq(battles.startedMode, 'anonymous'),
        isNotNull(battles.revealedAt),
        or(inArray(battles.modelA, models), inArray(battles.modelB, models)),
        sql`not exists (select 1 from ${votes} later where later.battle_id = ${votes.battleId} and later.turn > ${votes.turn}
          and later.status <> 'withdrawn')`,
      ),
    )
    .groupBy(battles.modelA, battles.modelB, votes.outcome)
  return new Map(
    models.map((model) => {
      const met = rows.filter(({ a, b }) => a === model || b === model)
      const chosen = met.filter(({ a, outcome }) => outcome === (a === model ? 'a' : 'b'))
      const sum = (some: typeof rows) => some.reduce((total, { n }) => total + n, 0)
      return [model, { of: sum(chosen), total: sum(met) }]
    }),
  )
}

export async function promptsVotedOn(db: Database, { votes, turns }: Schema, voterId: VoterId): Promise<PromptId[]> {
  const rows = await db
    .selectDistinct({ promptId: turns.promptId })
    .from(votes)
    .innerJoin(turns, and(eq(turns.battleId, votes.battleId), eq(turns.number, votes.turn)))
    .where(and(eq(votes.voterId, voterId), ne(votes.status, 'withdrawn'), isNotNull(turns.promptId)))
  return rows.flatMap(({ promptId }) => promptId ?? [])
}
