import { asc, eq, notInArray } from 'drizzle-orm'
import type { Model } from '../../models/model.ts'
import type { ModelStore } from '../../models/model-store.ts'
import type { Engine } from './engine.ts'

export function modelStore({ schema: { models, modelVersions }, transaction, read }: Engine): ModelStore {
  return {
    register: (configured, at) =>
      transaction(async (db) => {
        for (const model of configured) {
          await db
            .insert(models)
            .values({ ...model, registeredAt: at })
            .onConflictDoUpdate({ target: models.id, set: model })
          await db
            .insert(modelVersions)
            .values({ modelId: model.id, version: model.version, settings: model.settings, seenAt: at })
            .onConflictDoNothing()
        }
        const ids = configured.map(({ id }) => id)
        await db.update(models).set({ state: 'retired' }).where(notInArray(models.id, ids))
      }),

    find: (id) =>
      read(async (db) => {
        const [row] = await db.select().from(models).where(eq(models.id, id))
        return row && toModel(row)
      }),

    all: () =>
      read(async (db) => {
        const rows = await db.select().from(models).orderBy(asc(models.id))
        return rows.map(toModel)
      }),

    versions: (id) =>
      read(
        async (db) =>
          await db
            .select({ version: modelVersions.version, settings: modelVersions.settings, seenAt: modelVersions.seenAt })
            .from(modelVersions)
            .where(eq(modelVersions.modelId, id))
            .orderBy(asc(modelVersions.seenAt), asc(modelVersions.version)),
      ),
  }
}

export type ModelRow = Engine['schema']['models']['$inferSelect']

export const toModel = ({ registeredAt: _, ...model }: ModelRow): Model => model
