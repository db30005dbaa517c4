import { and, asc, count, desc, eq, gte, inArray, lt, ne, or } from 'drizzle-orm'
import type { BattleStore } from '../../battles/battle-store.ts'
import { battleMoves } from './battle-moves.ts'
import { battleReader } from './battle-rows.ts'
import type { Engine } from './engine.ts'
import { failuresByModel } from './failures.ts'

export function battleStore(engine: Engine): BattleStore {
  const { schema, read } = engine
  const { answers, battles, modelVersions, turns } = schema
  const reader = battleReader(schema)

  return {
    ...battleMoves(engine, reader),

    find: (id) =>
      read(async (db) => {
        const row = await reader.row(db, id)
        return row && (await reader.battle(db, row))
      }),

    backstage: (id) =>
      read(async (db) => {
        const row = await reader.row(db, id)
        return row && (await reader.backstage(db, row))
      }),

    ofForm: (voterId, formKey) =>
      read(async (db) => {
        const [row] = await db
          .select({ id: battles.id })
          .from(battles)
          .where(and(eq(battles.formKey, formKey), eq(battles.voterId, voterId)))
        return row?.id
      }),

    runningOf: (voterId) =>
      read(async (db) => {
        const [row] = await db
          .select({ id: battles.id })
          .from(battles)
          .where(and(eq(battles.voterId, voterId), inArray(battles.state, ['queued', 'writing'])))
          .orderBy(desc(battles.startedAt), desc(battles.id))
          .limit(1)
        return row?.id
      }),

    ofVoter: (voterId, { limit, before }) =>
      read(async (db) => {
        const rows = await db
          .select()
          .from(battles)
          .where(
            and(
              eq(battles.voterId, voterId),
              ne(battles.state, 'erased'),
              before &&
                or(
                  lt(battles.startedAt, before.startedAt),
                  and(eq(battles.startedAt, before.startedAt), lt(battles.id, before.id)),
                ),
            ),
          )
          .orderBy(desc(battles.startedAt), desc(battles.id))
          .limit(limit)
        const found = []
        for (const row of rows) found.push(await reader.battle(db, row))
        return found
      }),

    promptKey: (id, turn) =>
      read(async (db) => {
        const [row] = await db
          .select({ key: turns.promptSha256 })
          .from(turns)
          .where(and(eq(turns.battleId, id), eq(turns.number, turn)))
        if (!row) throw new Error(`battle ${id} has no turn ${turn}`)
        return row.key
      }),

    startedSince: (voterId, since) =>
      read(async (db) => {
        const [row] = await db
          .select({ count: count() })
          .from(battles)
          .where(and(eq(battles.voterId, voterId), gte(battles.startedAt, since)))
        return row?.count ?? 0
      }),

    exposure: () =>
      read(async (db) => {
        const met = await db
          .select({ a: battles.modelA, b: battles.modelB, battles: count() })
          .from(battles)
          .where(eq(battles.startedMode, 'anonymous'))
          .groupBy(battles.modelA, battles.modelB)
          .orderBy(asc(battles.modelA), asc(battles.modelB))
        const each = new Map<string, number>()
        const pairs = new Map<string, { a: string; b: string; battles: number }>()
        for (const { a, b, battles } of met) {
          for (const model of [a, b]) each.set(model, (each.get(model) ?? 0) + battles)
          const [first, second] = a < b ? [a, b] : [b, a]
          const pair = pairs.get(`${first}\0${second}`)
          if (pair) pair.battles += battles
          else pairs.set(`${first}\0${second}`, { a: first, b: second, battles })
        }
        return { battles: each, pairs: [...pairs.values()] }
      }),

    hasSampled: (policy) =>
      read(async (db) => {
        const versions = await db.select().from(modelVersions)
        for (const { modelId, version, settings } of versions) {
          if (settings['sampling'] === undefined) continue
          if ((settings['sampling_policy'] === 'vendor' ? 'vendor' : 'arena') !== policy) continue
          const [battle] = await db
            .select({ id: battles.id })
            .from(battles)
            .where(
              and(
                eq(battles.origin, 'arena'),
                or(
                  and(eq(battles.modelA, modelId), eq(battles.versionA, version)),
                  and(eq(battles.modelB, modelId), eq(battles.versionB, version)),
                ),
              ),
            )
            .limit(1)
          if (battle) return true
        }
        return false
      }),

    receiptsSince: (since) =>
      read(async (db) => {
        const rows = await db
          .select({ modelId: answers.modelId, receipt: answers.receipt, characters: answers.characters })
          .from(answers)
          .where(gte(answers.endedAt, since))
        return rows.map(({ receipt, ...row }) => ({ ...row, usage: receipt?.usage }))
      }),

    failures: () => read((db) => failuresByModel(db, schema)),
  }
}
