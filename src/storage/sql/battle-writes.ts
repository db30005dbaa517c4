import { and, desc, eq } from 'drizzle-orm'
import {
  type BattleEvent,
  type BattleMove,
  type EndedAnswer,
  type Side,
  sides,
  type TurnFlag,
} from '../../battles/battle.ts'
import type { Contestant } from '../../models/model.ts'
import type { Prompt } from '../../prompts/prompt.ts'
import { type BattleRow, contestantOn, toAnswerColumns, unwritten } from './battle-rows.ts'
import type { Database } from './engine.ts'
import type { Schema } from './schema.ts'

// Pieces of the moves of a battle. All of them run inside somebody's transaction.

/** What `next` needs to know. */
export const present = ({ state, voidReason, revealedAt }: BattleRow) => ({
  state,
  voidReason,
  isRevealed: revealedAt !== null,
})

/** Leaves only the state that was read; anything else in its place is a fault, and nothing is written. */
export async function moveRow(
  db: Database,
  { battles }: Schema,
  row: BattleRow,
  { to, voidReason }: BattleMove,
  at: Date,
  also: Partial<BattleRow> = {},
): Promise<void> {
  const moved = await db
    .update(battles)
    .set({ ...also, state: to, voidReason, movedAt: at })
    .where(and(eq(battles.id, row.id), eq(battles.state, row.state)))
    .returning({ id: battles.id })
  if (moved.length !== 1) throw new Error(`battle ${row.id} was ${row.state} and is no more`)
}

export async function addTurn(
  db: Database,
  { turns, turnImages, answers }: Schema,
  battle: BattleRow,
  number: number,
  { prompt, promptSha256, flags, at }: { prompt: Prompt; promptSha256: string; flags: TurnFlag[]; at: Date },
): Promise<void> {
  const battleId = battle.id
  await db.insert(turns).values({
    battleId,
    number,
    promptSha256,
    language: prompt.language,
    categories: prompt.categories,
    flags,
    promptId: prompt.promptId,
    inputMethod: prompt.inputMethod,
    askedAt: at,
    promptText: prompt.text,
  })
  for (const [position, { sha256 }] of prompt.images.entries())
    await db.insert(turnImages).values({ battleId, turn: number, position, image: sha256 })
  for (const side of sides)
    await db.insert(answers).values({ battleId, turn: number, side, ...contestantOn(battle, side), ...unwritten })
}

export async function newestTurn(db: Database, { turns }: Schema, battleId: string) {
  const [turn] = await db
    .select({ number: turns.number, flags: turns.flags })
    .from(turns)
    .where(eq(turns.battleId, battleId))
    .orderBy(desc(turns.number))
    .limit(1)
  if (!turn) throw new Error(`battle ${battleId} has no turn`)
  return turn
}

export async function writeAnswer(
  db: Database,
  { answers, failedAnswers }: Schema,
  battle: BattleRow,
  turn: number,
  side: Side,
  ended: EndedAnswer | 'kept',
  at: Date,
): Promise<void> {
  if (ended === 'kept') return
  const written = await db
    .update(answers)
    .set(toAnswerColumns(ended, at))
    .where(and(eq(answers.battleId, battle.id), eq(answers.turn, turn), eq(answers.side, side)))
    .returning({ side: answers.side })
  if (written.length !== 1) throw new Error(`battle ${battle.id} has no answer ${turn}${side}`)
  // Our own stop is nobody's failure.
  if (ended.state !== 'failed' || ended.reason === 'interrupted') return
  const { reason, ref, detail } = ended
  await db
    .insert(failedAnswers)
    .values({ battleId: battle.id, turn, side, ...contestantOn(battle, side), reason, ref, detail, failedAt: at })
}

/** What the end of a turn is called, by what its answers became. */
export async function endOf(db: Database, { answers }: Schema, battleId: string, turn: number): Promise<BattleEvent> {
  const ended = await db
    .select({ state: answers.state, reason: answers.reason })
    .from(answers)
    .where(and(eq(answers.battleId, battleId), eq(answers.turn, turn)))
  if (ended.some(({ state }) => state === 'writing'))
    throw new Error(`battle ${battleId} ended with an answer unwritten`)
  const failed = ended.filter(({ state }) => state === 'failed')
  if (failed.length === 0) return { type: 'both_ended' }
  return { type: failed.every(({ reason }) => reason === 'interrupted') ? 'interrupted' : 'side_failed' }
}

/** A battle that is over has no answer that is still being written. */
export async function endUnwritten(
  db: Database,
  { answers }: Schema,
  battleId: string,
  isInterrupted: boolean,
  at: Date,
): Promise<void> {
  await db
    .update(answers)
    .set(
      isInterrupted
        ? { state: 'failed', reason: 'interrupted', ref: battleId.slice(0, 4).toUpperCase(), endedAt: at }
        : { state: 'stopped' },
    )
    .where(and(eq(answers.battleId, battleId), eq(answers.state, 'writing')))
}

export async function writeFailedAgain(db: Database, schema: Schema, battleId: string): Promise<void> {
  const { answers } = schema
  const { number } = await newestTurn(db, schema, battleId)
  await db
    .update(answers)
    .set(unwritten)
    .where(and(eq(answers.battleId, battleId), eq(answers.turn, number), eq(answers.state, 'failed')))
}

/** Another contestant on a side that failed; whatever failed is written again. */
export async function replaceSide(
  db: Database,
  schema: Schema,
  battle: BattleRow,
  move: BattleMove,
  at: Date,
  replacement: { side: Side; contestant: Contestant } | undefined,
): Promise<'moved' | 'conflict'> {
  if (!replacement) throw new Error(`battle ${battle.id} cannot replace a side by nobody`)
  const { answers } = schema
  const { side, contestant } = replacement
  const { number } = await newestTurn(db, schema, battle.id)
  const replaced = await db
    .update(answers)
    .set({ modelId: contestant.modelId, version: contestant.version })
    .where(
      and(
        eq(answers.battleId, battle.id),
        eq(answers.turn, number),
        eq(answers.side, side),
        eq(answers.state, 'failed'),
      ),
    )
    .returning({ side: answers.side })
  if (replaced.length !== 1) return 'conflict'
  const columns =
    side === 'a'
      ? { modelA: contestant.modelId, versionA: contestant.version }
      : { modelB: contestant.modelId, versionB: contestant.version }
  await moveRow(db, schema, battle, move, at, { ...columns, replacedSide: side, readyAt: null })
  await writeFailedAgain(db, schema, battle.id)
  return 'moved'
}
