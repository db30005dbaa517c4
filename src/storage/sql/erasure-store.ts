import { and, eq, inArray, isNotNull, ne, sql } from 'drizzle-orm'
import type { ErasureStore } from '../../battles/erasure-store.ts'
import type { ImageRef } from '../../images/image.ts'
import { type BattleRow, battleReader } from './battle-rows.ts'
import { moveRow } from './battle-writes.ts'
import type { Database, Engine } from './engine.ts'
import { eraseBattle } from './erase-battle.ts'
import type { Schema } from './schema.ts'

export function erasureStore({ schema, transaction }: Engine): ErasureStore {
  const { battles, voters, votes, voteRevisions, uploads, turnImages } = schema
  const reader = battleReader(schema)

  return {
    battle: (id, at) =>
      transaction(async (db) => {
        const row = await reader.row(db, id)
        if (!row || row.state === 'erased') return []
        const shown = await imagesShownIn(db, schema, [id])
        await erase(db, schema, row, at)
        const stillTheirs = db
          .select({ image: turnImages.image })
          .from(turnImages)
          .innerJoin(battles, eq(battles.id, turnImages.battleId))
          .where(eq(battles.voterId, row.voterId))
        for (const image of shown)
          await db
            .delete(uploads)
            .where(
              and(
                eq(uploads.voterId, row.voterId),
                eq(uploads.image, image),
                sql`${uploads.image} not in (${stillTheirs})`,
              ),
            )
        return dropUnclaimed(db, schema, shown)
      }),

    voter: (id, as, at) =>
      transaction(async (db) => {
        const [voter] = await db.select().from(voters).where(eq(voters.id, id))
        if (!voter) return []
        const all = await db
          .select()
          .from(battles)
          .where(and(eq(battles.voterId, id), ne(battles.state, 'erased')))
        const brought = await db.select({ image: uploads.image }).from(uploads).where(eq(uploads.voterId, id))
        const shown = new Set(brought.map(({ image }) => image))
        for (const row of all) {
          for (const image of await imagesShownIn(db, schema, [row.id])) shown.add(image)
          await erase(db, schema, row, at)
        }
        await db.delete(uploads).where(eq(uploads.voterId, id))
        await db.insert(voters).values({ id: as, kind: voter.kind, createdAt: at })
        const theirs = db.select({ id: votes.id }).from(votes).where(eq(votes.voterId, id))
        // Keys of forms were made in their browser.
        await db
          .update(voteRevisions)
          .set({ idempotencyKey: null })
          .where(and(inArray(voteRevisions.voteId, theirs), isNotNull(voteRevisions.idempotencyKey)))
        await db.update(votes).set({ voterId: as, idempotencyKey: null }).where(eq(votes.voterId, id))
        await db.update(battles).set({ voterId: as }).where(eq(battles.voterId, id))
        // The empty row stays: another browser may still hold the cookie, and goes on as somebody new.
        await db
          .update(voters)
          .set({ consentVersion: null, consentPublish: null, consentAt: null, recoverySha256: null, createdAt: at })
          .where(eq(voters.id, id))
        return dropUnclaimed(db, schema, [...shown])
      }),
  }
}

async function erase(db: Database, schema: Schema, row: BattleRow, at: Date) {
  await moveRow(db, schema, row, { to: 'erased', voidReason: null }, at)
  await eraseBattle(db, schema, row, at)
}

async function imagesShownIn(db: Database, { turnImages }: Schema, battleIds: string[]): Promise<string[]> {
  const rows = await db
    .selectDistinct({ image: turnImages.image })
    .from(turnImages)
    .where(inArray(turnImages.battleId, battleIds))
  return rows.map(({ image }) => image)
}

/** Those of these images that no battle, upload or set has a claim to any more. */
async function dropUnclaimed(db: Database, schema: Schema, candidates: string[]): Promise<ImageRef[]> {
  const { images, uploads, turnImages, prompts } = schema
  const dropped: ImageRef[] = []
  for (const sha256 of candidates) {
    const isUnclaimed = and(
      eq(images.sha256, sha256),
      eq(images.isPublic, false),
      sql`not exists (select 1 from ${uploads} where ${uploads.image} = ${images.sha256})`,
      sql`not exists (select 1 from ${turnImages} where ${turnImages.image} = ${images.sha256})`,
      sql`not exists (select 1 from ${prompts} where ${prompts.image} = ${images.sha256})`,
    )
    const [image] = await db.select().from(images).where(isUnclaimed)
    if (!image) continue
    if (image.state === 'served') await db.delete(images).where(eq(images.sha256, sha256))
    const { mediaType, width, height } = image
    dropped.push({ sha256, mediaType, width, height })
  }
  return dropped
}
