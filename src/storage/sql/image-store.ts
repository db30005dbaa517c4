import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type { ImageStore } from '../../images/image-store.ts'
import { type Engine, named, statements } from './engine.ts'

export function imageStore({ schema, transaction, read }: Engine): ImageStore {
  const { images, uploads, turns, turnImages, battles, shares } = schema
  const prepared = statements((db) => ({
    find: named(
      'image_find',
      db
        .select()
        .from(images)
        .where(eq(images.sha256, sql.placeholder('sha256'))),
    ),
    findFor: named(
      'image_find_for',
      db
        .select()
        .from(images)
        .where(
          and(
            eq(images.sha256, sql.placeholder('sha256')),
            eq(images.state, 'served'),
            sql`(${eq(images.isPublic, true)}
              or exists (select 1 from ${uploads} where ${uploads.image} = ${images.sha256} and ${uploads.voterId} = ${sql.placeholder('voterId')})
              or exists (select 1 from ${turnImages} join ${battles} on ${battles.id} = ${turnImages.battleId}
                where ${turnImages.image} = ${images.sha256}
                and (${battles.voterId} = ${sql.placeholder('voterId')} or exists (select 1 from ${shares}
                  join ${turns} on ${turns.battleId} = ${shares.battleId} and ${turns.number} = ${turnImages.turn}
                  where ${shares.battleId} = ${battles.id} and ${isNull(shares.removedAt)} and ${eq(shares.withImage, true)}
                  and ${turns.readyAt} <= ${shares.sharedAt}))))`,
          ),
        ),
    ),
  }))

  return {
    keep: (image, uploadedBy) =>
      transaction(async (db) => {
        await db
          .insert(images)
          .values(image)
          // The same picture may first be somebody's and then part of a set.
          .onConflictDoUpdate({
            target: images.sha256,
            set: { isPublic: sql`${images.isPublic} or ${sql.raw('excluded.is_public')}` },
          })
        if (uploadedBy === null) return
        await db
          .insert(uploads)
          .values({ voterId: uploadedBy, image: image.sha256, uploadedAt: image.storedAt })
          .onConflictDoNothing()
      }),

    find: (sha256) =>
      read(async (db) => {
        const [row] = await prepared(db).find.execute({ sha256 })
        return row
      }),

    findFor: (sha256, voterId) =>
      read(async (db) => {
        const [row] = await prepared(db).findFor.execute({ sha256, voterId })
        return row
      }),

    uploadsOf: (voterId) =>
      read(async (db) => {
        const rows = await db
          .select({ image: images })
          .from(uploads)
          .innerJoin(images, eq(images.sha256, uploads.image))
          .where(and(eq(uploads.voterId, voterId), eq(images.state, 'served')))
          .orderBy(asc(uploads.uploadedAt), asc(uploads.image))
        return rows.map(({ image }) => image)
      }),

    quarantine: (sha256) =>
      transaction(async (db) => {
        await db.update(images).set({ state: 'quarantined' }).where(eq(images.sha256, sha256))
      }),
  }
}
