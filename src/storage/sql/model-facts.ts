import { and, count, desc, eq, inArray, isNotNull, or } from 'drizzle-orm'
import type { ModelFacts } from '../../leaderboards/leaderboard-store.ts'
import type { ReasonKey } from '../../votes/vote.ts'
import type { Database } from './engine.ts'
import { isOverSince } from './failures.ts'
import type { Schema } from './schema.ts'

/** Lengths are told from this many of the newest answers. */
const newestMax = 1000

export async function modelFacts(db: Database, schema: Schema, model: string, openSince: Date): Promise<ModelFacts> {
  const { battles, answers, failedAnswers, votes } = schema
  const isOver = isOverSince(schema, openSince)

  const [given] = await db
    .select({ count: count() })
    .from(answers)
    .innerJoin(battles, eq(battles.id, answers.battleId))
    .where(
      and(
        eq(answers.modelId, model),
        inArray(answers.state, ['finished', 'stopped']),
        isNotNull(answers.endedAt),
        isOver,
      ),
    )
  const failures = await db
    .select({ reason: failedAnswers.reason, count: count() })
    .from(failedAnswers)
    .innerJoin(battles, eq(battles.id, failedAnswers.battleId))
    .where(and(eq(failedAnswers.modelId, model), isOver))
    .groupBy(failedAnswers.reason)
    .orderBy(desc(count()))
  const lengths = await db
    .select({ characters: answers.characters })
    .from(answers)
    .innerJoin(battles, eq(battles.id, answers.battleId))
    .where(and(eq(answers.modelId, model), eq(answers.state, 'finished'), isOver))
    .orderBy(desc(answers.endedAt))
    .limit(newestMax)
  const judged = await db
    .select({ modelA: battles.modelA, modelB: battles.modelB, reasons: votes.reasons })
    .from(votes)
    .innerJoin(battles, eq(battles.id, votes.battleId))
    .where(and(eq(votes.status, 'counted'), or(eq(battles.modelA, model), eq(battles.modelB, model)), isOver))

  const reasons = new Map<ReasonKey, number>()
  for (const row of judged)
    for (const { side, key } of row.reasons)
      if ((side === 'a' ? row.modelA : row.modelB) === model) reasons.set(key, (reasons.get(key) ?? 0) + 1)
  const failed = failures.reduce((sum, { count }) => sum + count, 0)
  const sorted = lengths.map(({ characters }) => characters).sort((x, y) => x - y)
  return {
    answers: (given?.count ?? 0) + failed,
    failed,
    failures,
    medianCharacters: sorted[Math.floor(sorted.length / 2)] ?? null,
    reasons: [...reasons]
      .map(([key, count]) => ({ key, count }))
      .sort((x, y) => y.count - x.count || (x.key < y.key ? -1 : 1)),
  }
}
