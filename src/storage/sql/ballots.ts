import { and, asc, eq, inArray, isNull, lte, ne, type SQL, sql } from 'drizzle-orm'
import type { RankedBallot } from '../../leaderboards/leaderboard.ts'
import type { Database } from './engine.ts'
import type { Schema } from './schema.ts'

/** Counted votes as ranking sees them, by vote id: at most `limit` of those that `where` lets through. */
export async function rankedBallots(
  db: Database,
  schema: Schema,
  { where, limit }: { where: SQL | undefined; limit: number },
): Promise<RankedBallot[]> {
  const { votes, battles, turns, voters } = schema
  const rows = await db
    .select({
      voteId: votes.id,
      battleId: votes.battleId,
      modelA: battles.modelA,
      modelB: battles.modelB,
      outcome: votes.outcome,
      voterId: votes.voterId,
      voterKind: voters.kind,
      categories: turns.categories,
      language: turns.language,
      turns: votes.turn,
      libraryPrompts:
        sql`(select count(*) from ${turns} asked where asked.battle_id = ${votes.battleId} and asked.number <= ${votes.turn}
        and asked.prompt_id is not null)`.mapWith(Number),
      castAt: votes.castAt,
      pairProbability: battles.pairProbability,
    })
    .from(votes)
    .innerJoin(battles, eq(battles.id, votes.battleId))
    .innerJoin(turns, and(eq(turns.battleId, votes.battleId), eq(turns.number, votes.turn)))
    .innerJoin(voters, eq(voters.id, votes.voterId))
    .where(and(where, isNewestCounted(schema)))
    .orderBy(asc(votes.id))
    .limit(limit)
  const said = await markupOf(
    db,
    schema,
    rows.map(({ voteId }) => voteId),
  )
  return rows.map(({ battleId: _, libraryPrompts, ...row }): RankedBallot => {
    const a = said.get(`${row.voteId}a`) ?? nothing
    const b = said.get(`${row.voteId}b`) ?? nothing
    const isFromLibrary = libraryPrompts > 0
    return { ...row, isFromLibrary, hasRefusal: a.declined + b.declined > 0, markupA: a.markup, markupB: b.markup }
  })
}

/** One vote per battle, its newest counted turn. Demo votes never touch a board. */
function isNewestCounted({ votes, battles }: Schema): SQL | undefined {
  return and(
    isNull(votes.exclusion),
    // As an expression, because nearly all votes are counted: the index on their status would sort a million of them for each page.
    sql`${votes.status} || '' = 'counted'`,
    ne(battles.origin, 'demo'),
    sql`not exists (select 1 from ${votes} later where later.battle_id = ${votes.battleId} and later.turn > ${votes.turn}
      and later.exclusion is null and later.status = 'counted')`,
  )
}

type Said = { markup: [number, number, number, number]; declined: number }
const nothing: Said = { markup: [0, 0, 0, 0], declined: 0 }
/** Engines take a limited number of values in one query. */
const idsPerQueryMax = 500

/** What each side said up to the voted turn, by vote id and side; `answers_markup` covers it, so long texts stay unread. */
async function markupOf(db: Database, { votes, answers }: Schema, ids: string[]): Promise<Map<string, Said>> {
  const said = new Map<string, Said>()
  for (let from = 0; from < ids.length; from += idsPerQueryMax) {
    const rows = await db
      .select({
        voteId: votes.id,
        side: answers.side,
        characters: sumOf(answers.characters),
        headers: sumOf(answers.headers),
        lists: sumOf(answers.lists),
        bold: sumOf(answers.bold),
        declined: sumOf(sql`case when ${answers.finish} = 'declined' then 1 else 0 end`),
      })
      .from(votes)
      .innerJoin(answers, and(eq(answers.battleId, votes.battleId), lte(answers.turn, votes.turn)))
      .where(inArray(votes.id, ids.slice(from, from + idsPerQueryMax)))
      .groupBy(votes.id, answers.side)
    for (const { voteId, side, characters, headers, lists, bold, declined } of rows)
      said.set(`${voteId}${side}`, { markup: [characters, headers, lists, bold], declined })
  }
  return said
}

const sumOf = (expression: { getSQL(): SQL }) => sql`sum(${expression})`.mapWith(Number)
