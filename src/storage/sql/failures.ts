import { and, count, eq, inArray, isNotNull, lt, or, type SQL } from 'drizzle-orm'
import type { ModelId } from '../../core/ids.ts'
import type { Database } from './engine.ts'
import type { Schema } from './schema.ts'

/**
 * Every answer a model was asked for, and how many failed, those asked again later included. Our own interruptions are nobody's failure.
 * `which` leaves battles out: a public number must not move with a battle whose names are hidden.
 */
export async function failuresByModel(
  db: Database,
  { answers, failedAnswers, battles }: Schema,
  which?: SQL,
): Promise<Map<ModelId, { answers: number; failed: number }>> {
  const given = await db
    .select({ model: answers.modelId, count: count() })
    .from(answers)
    .innerJoin(battles, eq(battles.id, answers.battleId))
    .where(and(inArray(answers.state, ['finished', 'stopped']), isNotNull(answers.endedAt), which))
    .groupBy(answers.modelId)
  const failed = await db
    .select({ model: failedAnswers.modelId, count: count() })
    .from(failedAnswers)
    .innerJoin(battles, eq(battles.id, failedAnswers.battleId))
    .where(which)
    .groupBy(failedAnswers.modelId)
  const totals = new Map(given.map(({ model, count }) => [model, { answers: count, failed: 0 }]))
  for (const { model, count } of failed)
    totals.set(model, { answers: (totals.get(model)?.answers ?? 0) + count, failed: count })
  return totals
}

/** Battles about which nothing can be learned any more: their names were shown, or they started so long ago that they are closed. */
export const isOverSince = ({ battles }: Schema, openSince: Date): SQL | undefined =>
  or(isNotNull(battles.revealedAt), lt(battles.startedAt, openSince))
