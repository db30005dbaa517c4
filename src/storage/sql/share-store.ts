import { and, eq, isNull } from 'drizzle-orm'
import type { ShareStore } from '../../battles/share-store.ts'
import { battleReader } from './battle-rows.ts'
import type { Engine } from './engine.ts'

export function shareStore({ schema, transaction, read }: Engine): ShareStore {
  const { shares } = schema
  const battles = battleReader(schema)
  const isOf = (battleId: string) => and(eq(shares.battleId, battleId), isNull(shares.removedAt))

  return {
    share: (share) =>
      transaction(async (db) => {
        const battle = await battles.row(db, share.battleId)
        if (!battle || battle.state === 'erased' || battle.revealedAt === null) return 'conflict'
        const [kept] = await db
          .update(shares)
          .set({ withImage: share.withImage })
          .where(isOf(share.battleId))
          .returning()
        if (kept) return kept
        const [made] = await db.insert(shares).values(share).returning()
        return made!
      }),

    remove: (battleId, at) =>
      transaction(async (db) => {
        await db.update(shares).set({ removedAt: at }).where(isOf(battleId))
      }),

    ofBattle: (battleId) =>
      read(async (db) => {
        const [share] = await db.select().from(shares).where(isOf(battleId))
        return share
      }),

    find: (slug) =>
      read(async (db) => {
        const [share] = await db.select().from(shares).where(eq(shares.slug, slug))
        return share
      }),
  }
}
