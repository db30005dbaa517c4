import { and, eq, inArray, isNull, lt } from 'drizzle-orm'
import { next, sides } from '../../battles/battle.ts'
import type { BattleStore } from '../../battles/battle-store.ts'
import type { battleReader } from './battle-rows.ts'
import {
  addTurn,
  endOf,
  endUnwritten,
  moveRow,
  newestTurn,
  present,
  replaceSide,
  writeAnswer,
  writeFailedAgain,
} from './battle-writes.ts'
import type { Engine } from './engine.ts'
import { eraseBattle } from './erase-battle.ts'

type Moves = Pick<BattleStore, 'start' | 'move' | 'finish' | 'ask' | 'interruptRunning' | 'expire'>

/** Everything that changes a battle. Each reads the row inside its transaction and writes only from the state it read. */
export function battleMoves({ schema, transaction }: Engine, reader: ReturnType<typeof battleReader>): Moves {
  const { battles, turns } = schema

  return {
    start: (battle) =>
      transaction(async (db) => {
        const { draw } = battle
        const written = await db
          .insert(battles)
          .values({
            id: battle.id,
            voterId: battle.voterId,
            formKey: battle.formKey,
            state: 'queued',
            mode: battle.mode,
            startedMode: battle.mode,
            pacing: battle.pacing,
            modelA: draw.a.modelId,
            versionA: draw.a.version,
            modelB: draw.b.modelId,
            versionB: draw.b.version,
            pairProbability: draw.pairProbability,
            eligible: draw.eligible,
            policyHash: draw.policyHash,
            consentVersion: battle.consent.version,
            consentPublish: battle.consent.publish,
            startedAt: battle.startedAt,
            revealedAt: battle.mode === 'named' ? battle.startedAt : null,
            movedAt: battle.startedAt,
          })
          .onConflictDoNothing({ target: battles.formKey })
          .returning()
        const [row] = written
        if (!row) {
          const [first] = await db.select({ id: battles.id }).from(battles).where(eq(battles.formKey, battle.formKey))
          if (!first) throw new Error(`form ${battle.formKey} has started a battle that is not there`)
          return first.id
        }
        await addTurn(db, schema, row, 1, { ...battle, at: battle.startedAt })
        return row.id
      }),

    move: (id, event, at, replacement) =>
      transaction(async (db) => {
        const row = await reader.row(db, id)
        const to = row && next(present(row), event)
        if (!row || !to) return 'conflict'
        if (event.type === 'replace') return await replaceSide(db, schema, row, to, at, replacement)
        if (event.type === 'retry') {
          await moveRow(db, schema, row, to, at, { tries: row.tries + 1, readyAt: null })
          await writeFailedAgain(db, schema, row.id)
          return 'moved'
        }
        await moveRow(db, schema, row, to, at)
        if (event.type === 'erase') await eraseBattle(db, schema, row, at)
        else if (to.to !== 'writing') await endUnwritten(db, schema, row.id, event.type === 'interrupted', at)
        return 'moved'
      }),

    finish: (id, turn, ended) =>
      transaction(async (db) => {
        const row = await reader.row(db, id)
        if (row?.state !== 'writing') return 'conflict'
        const asked = await newestTurn(db, schema, id)
        if (asked.number !== turn) return 'conflict'
        for (const side of sides) await writeAnswer(db, schema, row, turn, side, ended.answers[side], ended.at)

        const event = await endOf(db, schema, id, turn)
        const to = next(present(row), event)
        if (!to) throw new Error(`battle ${id} cannot end: ${row.state}, ${event.type}`)
        const isReady = event.type === 'both_ended'
        await moveRow(db, schema, row, to, ended.at, {
          stoppedByVoter: row.stoppedByVoter || ended.stoppedByVoter,
          readyAt: isReady ? ended.at : null,
        })
        await db
          .update(turns)
          .set({ flags: [...new Set([...asked.flags, ...ended.flags])], readyAt: isReady ? ended.at : null })
          .where(and(eq(turns.battleId, id), eq(turns.number, turn)))
        return 'saved'
      }),

    ask: (id, { at, ...asked }) =>
      transaction(async (db) => {
        const row = await reader.row(db, id)
        const to = row && next(present(row), { type: 'ask' })
        if (!row || !to) return 'conflict'
        const mode = row.revealedAt === null || row.mode === 'named' ? row.mode : 'revealed'
        await moveRow(db, schema, row, to, at, { mode, readyAt: null })
        const { number } = await newestTurn(db, schema, id)
        await addTurn(db, schema, row, number + 1, { ...asked, at })
        return 'asked'
      }),

    interruptRunning: (at) =>
      transaction(async (db) => {
        const rows = await db
          .select()
          .from(battles)
          .where(inArray(battles.state, ['queued', 'writing']))
        for (const row of rows) {
          await moveRow(db, schema, row, { to: 'void', voidReason: 'interrupted' }, at)
          await endUnwritten(db, schema, row.id, true, at)
        }
        return rows.length
      }),

    expire: (before, at) =>
      transaction(async (db) => {
        const expired = await db
          .update(battles)
          .set({ state: 'void', voidReason: 'expired', movedAt: at })
          .where(and(eq(battles.state, 'ready'), lt(battles.readyAt, before), isNull(battles.revealedAt)))
          .returning({ id: battles.id })
        return expired.length
      }),
  }
}
