import { and, count, inArray, isNotNull } from 'drizzle-orm'
import type { ModelId } from '../../core/ids.ts'
import type { Database } from './engine.ts'
import type { Schema } from './schema.ts'

/** Every answer a model was asked for, and how many failed, those asked again later included. Our own interruptions are nobody's failure. */
export async function failuresByModel(
  db: Database,
  { answers, failedAnswers }: Schema,
): Promise<Map<ModelId, { answers: number; failed: number }>> {
  const given = await db
    .select({ model: answers.modelId, count: count() })
    .from(answers)
    .where(and(inArray(answers.state, ['finished', 'stopped']), isNotNull(answers.endedAt)))
    .groupBy(answers.modelId)
  const failed = await db
    .select({ model: failedAnswers.modelId, count: count() })
    .from(failedAnswers)
    .groupBy(failedAnswers.modelId)
  const totals = new Map(given.map(({ model, count }) => [model, { answers: count, failed: 0 }]))
  for (const { model, count } of failed)
    totals.set(model, { answers: (totals.get(model)?.answers ?? 0) + count, failed: count })
  return totals
}
