import { and, asc, count, desc, eq, gt, gte, inArray, isNotNull, isNull, lte, max } from 'drizzle-orm'
import { aliasedTable } from 'drizzle-orm/alias'
import type { RankedBallot } from '../../leaderboards/leaderboard.ts'
import type { LeaderboardStore } from '../../leaderboards/leaderboard-store.ts'
import type { Receipt } from '../../models/provider.ts'
import { rankedBallots } from './ballots.ts'
import { boardHistory } from './board-history.ts'
import type { Engine } from './engine.ts'
import { failuresByModel, isOverSince } from './failures.ts'
import { toLeaderboard } from './kept-board.ts'
import { lossReasons } from './loss-reasons.ts'
import { modelFacts } from './model-facts.ts'

/** The newest answers tell how fast a service is now. */
const speedAnswersMax = 2000

function speedOf(receipts: Receipt[]) {
  const firsts = receipts.flatMap(({ firstTextMs }) => firstTextMs ?? [])
  const rates = receipts.flatMap(({ usage, firstTextMs, totalMs }) => {
    const writingMs = totalMs - (firstTextMs ?? totalMs)
    return usage.output && writingMs > 0 ? [(usage.output / writingMs) * 1000] : []
  })
  return { firstTextMs: median(firsts), tokensPerSecond: median(rates) }
}

const median = (values: number[]) => values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? null

const dayMs = 24 * 60 * 60 * 1000
/** Engines take a limited number of values in one query. */
const idsPerQueryMax = 500

export function leaderboardStore({ schema, transaction, read }: Engine): LeaderboardStore {
  const { answers, battles, turns, votes, voteChanges, leaderboards } = schema
  const history = boardHistory(schema)

  return {
    ballots: ({ after, limit }) =>
      read((db) => rankedBallots(db, schema, { where: after === null ? undefined : gt(votes.id, after), limit })),

    ballotsOf: (ids) =>
      read(async (db) => {
        const ballots: RankedBallot[] = []
        const unique = [...new Set(ids)].sort()
        for (let from = 0; from < unique.length; from += idsPerQueryMax) {
          const some = unique.slice(from, from + idsPerQueryMax)
          ballots.push(...(await rankedBallots(db, schema, { where: inArray(votes.id, some), limit: some.length })))
        }
        return ballots
      }),

    changedSince: (change, limit) =>
      read(async (db) => {
        const touched = aliasedTable(votes, 'touched')
        // The limit counts changes, so that the votes of one change are never torn apart.
        const changes = db
          .select({ seq: voteChanges.seq, voteId: voteChanges.voteId })
          .from(voteChanges)
          .where(gt(voteChanges.seq, change))
          .orderBy(asc(voteChanges.seq))
          .limit(limit)
          .as('changes')
        return await db
          .select({ change: changes.seq, voteId: votes.id })
          .from(changes)
          .innerJoin(touched, eq(touched.id, changes.voteId))
          .innerJoin(votes, eq(votes.battleId, touched.battleId))
          .orderBy(asc(changes.seq), asc(votes.id))
      }),

    lastChange: () =>
      read(async (db) => {
        const [row] = await db.select({ newest: max(voteChanges.seq) }).from(voteChanges)
        return row?.newest ?? 0
      }),

    keep: (board, key, change) =>
      transaction(async (db) => {
        const kept = { change, snapshot: board.snapshot, updatedAt: board.updatedAt, board }
        const day = Math.floor(board.updatedAt.getTime() / dayMs)
        await db
          .insert(leaderboards)
          .values({ key, day, ...kept })
          // A slow refresh must not replace the board of a later one.
          .onConflictDoUpdate({
            target: [leaderboards.key, leaderboards.day],
            set: kept,
            setWhere: lte(leaderboards.change, change),
          })
      }),

    latest: (key) =>
      read(async (db) => {
        const [row] = await db
          .select({ board: leaderboards.board, change: leaderboards.change })
          .from(leaderboards)
          .where(eq(leaderboards.key, key))
          .orderBy(desc(leaderboards.day))
          .limit(1)
        return row && { board: toLeaderboard(row.board), change: row.change }
      }),

    history: (view, days) => read((db) => history(db, view, days)),

    lossReasons: (votesMax) => read((db) => lossReasons(db, schema, votesMax)),

    failureRates: (openSince) =>
      read(async (db) => {
        const failures = await failuresByModel(db, schema, isOverSince(schema, openSince))
        return new Map([...failures].map(([model, { answers, failed }]) => [model, failed / answers]))
      }),

    summary: (since) =>
      read(async (db) => {
        const languages = await db
          .selectDistinct({ language: turns.language })
          .from(votes)
          .innerJoin(turns, and(eq(turns.battleId, votes.battleId), eq(turns.number, votes.turn)))
          .orderBy(asc(turns.language))
        const [row] = await db
          .select({ votes: count() })
          .from(votes)
          .where(and(isNull(votes.exclusion), eq(votes.status, 'counted'), gte(votes.castAt, since)))
        return { languages: languages.map(({ language }) => language), votesSince: row?.votes ?? 0 }
      }),

    modelFacts: (model, openSince) => read((db) => modelFacts(db, schema, model, openSince)),

    excluded: () =>
      read(async (db) => {
        const rows = await db
          .select({ reason: votes.exclusion, votes: count() })
          .from(votes)
          .where(and(isNotNull(votes.exclusion), eq(votes.status, 'uncounted')))
          .groupBy(votes.exclusion)
          .orderBy(asc(votes.exclusion))
        return rows.flatMap(({ reason, votes }) => (reason === null ? [] : [{ reason, votes }]))
      }),

    speeds: (openSince) =>
      read(async (db) => {
        const rows = await db
          .select({ model: answers.modelId, receipt: answers.receipt })
          .from(answers)
          .innerJoin(battles, eq(battles.id, answers.battleId))
          .where(and(isOverSince(schema, openSince), eq(answers.state, 'finished'), isNotNull(answers.endedAt)))
          .orderBy(desc(answers.endedAt))
          .limit(speedAnswersMax)
        const byModel = Map.groupBy(rows, ({ model }) => model)
        return new Map(
          [...byModel].map(([model, given]) => [model, speedOf(given.flatMap(({ receipt }) => receipt ?? []))]),
        )
      }),
  }
}
