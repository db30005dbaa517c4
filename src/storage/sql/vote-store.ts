import { and, asc, count, desc, eq, gt, gte, inArray, isNotNull, isNull, lt, ne, type SQL, sql } from 'drizzle-orm'
import { aliasedTable } from 'drizzle-orm/alias'
import { next } from '../../battles/battle.ts'
import type { VoteStore } from '../../votes/vote-store.ts'
import { battleReader } from './battle-rows.ts'
import { moveRow, present } from './battle-writes.ts'
import { caster } from './cast.ts'
import type { Database, Engine } from './engine.ts'
import { countedOutcome, noteChange, toVote } from './vote-rows.ts'
import { preferencesOf, promptsVotedOn, tallyOf } from './voter-history.ts'

const votesPerPage = 500

export function voteStore({ schema, transaction, read }: Engine): VoteStore {
  const { votes, turns, turnImages } = schema
  const battles = battleReader(schema)
  const cast = caster(schema)
  const willCount = and(inArray(votes.status, ['open', 'counted']), isNull(votes.exclusion))

  const ofBattle = (db: Database, id: string) =>
    db.select().from(votes).where(eq(votes.battleId, id)).orderBy(asc(votes.turn))

  return {
    cast: (ballot) => transaction((db) => cast(db, ballot)),

    find: (id, turn) =>
      read(async (db) => {
        const [row] = await db
          .select()
          .from(votes)
          .where(and(eq(votes.battleId, id), turn === undefined ? undefined : eq(votes.turn, turn)))
          .orderBy(desc(votes.turn))
          .limit(1)
        return row && toVote(row)
      }),

    ofBattle: (id) => read(async (db) => (await ofBattle(db, id)).map(toVote)),

    reveal: (id, at) =>
      transaction(async (db) => {
        const battle = await battles.row(db, id)
        if (!battle) return 'conflict'
        if (battle.revealedAt !== null) return 'already_revealed'
        const to = next(present(battle), { type: 'reveal' })
        if (!to) return 'conflict'
        await freezeOpen(db, eq(votes.battleId, id), at)
        await moveRow(db, schema, battle, to, at, { revealedAt: at })
        return 'revealed'
      }),

    withdraw: (id, at) =>
      transaction(async (db) => {
        const rows = await ofBattle(db, id)
        for (const row of rows) {
          if (row.status === 'withdrawn') continue
          await db.update(votes).set({ status: 'withdrawn', withdrawnAt: at }).where(eq(votes.id, row.id))
          await noteChange(db, schema, { voteId: row.id, was: countedOutcome(row), is: null, at })
        }
        return rows.length > 0 ? 'withdrawn' : 'no_vote'
      }),

    standing: (voterId, since, promptSha256, except) =>
      read(async (db) => {
        const others = and(eq(votes.voterId, voterId), ne(votes.battleId, except), willCount)
        const [today] = await db
          .select({ count: count() })
          .from(votes)
          .where(and(others, gte(votes.castAt, since)))
        const mine = aliasedTable(turns, 'mine')
        const [same] = await db
          .select({ id: votes.id })
          .from(votes)
          .innerJoin(turns, and(eq(turns.battleId, votes.battleId), eq(turns.number, votes.turn)))
          .innerJoin(mine, and(eq(mine.battleId, except), eq(mine.promptSha256, promptSha256)))
          .where(and(others, eq(turns.promptSha256, promptSha256), isSeenIn(turns, mine), isSeenIn(mine, turns)))
          .limit(1)
        return { countedToday: today?.count ?? 0, hasCountedSamePrompt: same !== undefined }
      }),

    idsOf: (voterId) =>
      read(async (db) => {
        const rows = await db
          .select({ id: votes.id })
          .from(votes)
          .where(eq(votes.voterId, voterId))
          .orderBy(asc(votes.id))
        return rows.map(({ id }) => id)
      }),
    tally: (voterId) => read((db) => tallyOf(db, schema, voterId)),
    preferences: (voterId, models) => read((db) => preferencesOf(db, schema, voterId, models)),
    promptsVotedOn: (voterId) => read((db) => promptsVotedOn(db, schema, voterId)),

    freezeOf: (voterId, except, at) =>
      transaction((db) => freezeOpen(db, and(eq(votes.voterId, voterId), ne(votes.battleId, except)), at)),

    freeze: (castBefore, at) => transaction((db) => freezeOpen(db, lt(votes.castAt, castBefore), at)),

    async *all({ after, castBefore }) {
      let last = after
      for (;;) {
        const rows = await read(
          async (db) =>
            await db
              .select()
              .from(votes)
              .where(and(last === undefined ? undefined : gt(votes.id, last), lt(votes.castAt, castBefore)))
              .orderBy(asc(votes.id))
              .limit(votesPerPage),
        )
        for (const row of rows) yield toVote(row)
        last = rows.at(-1)?.id
        if (rows.length < votesPerPage) return
      }
    },
  }

  /** Open votes become what they will stay; those without a reason against it count from now on. */
  async function freezeOpen(db: Database, which: SQL | undefined, at: Date): Promise<number> {
    const isOpen = and(which, eq(votes.status, 'open'))
    const counted = await db
      .update(votes)
      .set({ status: 'counted', frozenAt: at })
      .where(and(isOpen, isNull(votes.exclusion)))
      .returning({ id: votes.id, outcome: votes.outcome })
    for (const { id, outcome } of counted) await noteChange(db, schema, { voteId: id, was: null, is: outcome, at })
    const uncounted = await db
      .update(votes)
      .set({ status: 'uncounted', frozenAt: at })
      .where(and(isOpen, isNotNull(votes.exclusion)))
      .returning({ id: votes.id })
    return counted.length + uncounted.length
  }

  /** All pictures shown up to one turn were shown up to the other: the same words about other pictures are another question. */
  function isSeenIn(turn: Turns, other: Turns): SQL {
    return sql`not exists (select 1 from ${turnImages} one
      where one.battle_id = ${turn.battleId} and one.turn <= ${turn.number} and one.image not in (
        select image from ${turnImages} other where other.battle_id = ${other.battleId} and other.turn <= ${other.number}))`
  }
}

type Turns = Pick<Engine['schema']['turns'], 'battleId' | 'number'>
