import { eq, sql } from 'drizzle-orm'
import type { Voter } from '../../voters/voter.ts'
import type { VoterStore } from '../../voters/voter-store.ts'
import { type Engine, named, statements } from './engine.ts'

export function voterStore({ schema: { voters }, transaction, read }: Engine): VoterStore {
  const prepared = statements((db) => ({
    find: named(
      'voter_find',
      db
        .select()
        .from(voters)
        .where(eq(voters.id, sql.placeholder('id'))),
    ),
  }))

  return {
    find: (id) =>
      read(async (db) => {
        const [row] = await prepared(db).find.execute({ id })
        return row && toVoter(row)
      }),

    keep: ({ id, kind, consent, createdAt }) =>
      transaction(async (db) => {
        await db
          .insert(voters)
          .values({
            id,
            kind,
            createdAt,
            consentVersion: consent?.version ?? null,
            consentPublish: consent?.publish ?? null,
            consentAt: consent?.at ?? null,
          })
          .onConflictDoNothing({ target: voters.id })
      }),

    keepRecovery: (id, sha256) =>
      transaction(async (db) => {
        const kept = await db
          .update(voters)
          .set({ recoverySha256: sha256 })
          .where(eq(voters.id, id))
          .returning({ id: voters.id })
        if (kept.length !== 1) throw new Error(`voter ${id} got a recovery phrase and is not known`)
      }),

    ofRecovery: (sha256) =>
      read(async (db) => {
        const [row] = await db.select().from(voters).where(eq(voters.recoverySha256, sha256))
        return row && toVoter(row)
      }),

    hasRecovery: (id) =>
      read(async (db) => {
        const [row] = await db.select({ sha256: voters.recoverySha256 }).from(voters).where(eq(voters.id, id))
        return (row?.sha256 ?? null) !== null
      }),

    consent: (id, { version, publish, at }) =>
      transaction(async (db) => {
        const kept = await db
          .update(voters)
          .set({ consentVersion: version, consentPublish: publish, consentAt: at })
          .where(eq(voters.id, id))
          .returning({ id: voters.id })
        if (kept.length !== 1) throw new Error(`voter ${id} agreed to something and is not known`)
      }),
  }
}

type VoterRow = Engine['schema']['voters']['$inferSelect']

const toVoter = ({ id, kind, consentVersion, consentPublish, consentAt, createdAt }: VoterRow): Voter => ({
  id,
  kind,
  consent:
    consentVersion !== null && consentAt !== null
      ? { version: consentVersion, publish: consentPublish === true, at: consentAt }
      : null,
  createdAt,
})
