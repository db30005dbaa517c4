import { and, eq, inArray, isNull } from 'drizzle-orm'
import type { BattleRow } from './battle-rows.ts'
import type { Database } from './engine.ts'
import type { Schema } from './schema.ts'

/** Takes out what people wrote, showed and read. The vote stays, without its words; the tombstone says why the rest is gone. */
export async function eraseBattle(db: Database, schema: Schema, { id }: BattleRow, at: Date): Promise<void> {
  const { shares, turns, turnImages, answers, failedAnswers, votes, voteRevisions, tombstones } = schema
  await db
    .update(shares)
    .set({ removedAt: at })
    .where(and(eq(shares.battleId, id), isNull(shares.removedAt)))
  await db.update(turns).set({ promptText: '', promptSha256: '' }).where(eq(turns.battleId, id))
  await db.delete(turnImages).where(eq(turnImages.battleId, id))
  // The counts of headings and lists stay: they are part of the vote's weight and say nothing.
  await db
    .update(answers)
    .set({ text: '', chips: [], marks: [], raw: null, detail: null, receipt: null })
    .where(eq(answers.battleId, id))
  await db
    .update(answers)
    .set({ state: 'stopped' })
    .where(and(eq(answers.battleId, id), eq(answers.state, 'writing')))
  await db.update(failedAnswers).set({ detail: null }).where(eq(failedAnswers.battleId, id))
  const ofBattle = db.select({ id: votes.id }).from(votes).where(eq(votes.battleId, id))
  await db.update(voteRevisions).set({ note: null }).where(inArray(voteRevisions.voteId, ofBattle))
  await db.update(votes).set({ note: null }).where(eq(votes.battleId, id))
  await db.insert(tombstones).values({ battleId: id, erasedAt: at }).onConflictDoNothing()
}
