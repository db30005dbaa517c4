import { and, eq, sql } from 'drizzle-orm'
import { next } from '../../battles/battle.ts'
import type { Vote, VoteReason } from '../../votes/vote.ts'
import type { Ballot, CastResult } from '../../votes/vote-store.ts'
import { moveRow, present } from './battle-writes.ts'
import { type Database, named, statements } from './engine.ts'
import type { Schema } from './schema.ts'
import { countedOutcome, noteChange, toVote, type VoteRow } from './vote-rows.ts'

type Cast = { result: CastResult; vote: Vote | undefined }

/** One ballot into the database. Everything is read and written under one lock; UNIQUE on (battle, turn) has the last word. */
export function caster(schema: Schema) {
  const { battles, turns, votes, voteRevisions } = schema
  const value = sql.placeholder
  const prepared = statements((db) => ({
    battle: named(
      'cast_battle',
      db
        .select()
        .from(battles)
        .where(eq(battles.id, value('battleId'))),
    ),
    turn: named(
      'cast_turn',
      db
        .select({ readyAt: turns.readyAt })
        .from(turns)
        .where(and(eq(turns.battleId, value('battleId')), eq(turns.number, value('turn')))),
    ),
    vote: named(
      'cast_vote',
      db
        .select()
        .from(votes)
        .where(and(eq(votes.battleId, value('battleId')), eq(votes.turn, value('turn')))),
    ),
    known: named(
      'cast_known',
      db
        .select()
        .from(voteRevisions)
        .where(eq(voteRevisions.idempotencyKey, value('idempotencyKey'))),
    ),
    insert: named(
      'cast_insert',
      db
        .insert(votes)
        .values({
          id: value('id'),
          battleId: value('battleId'),
          turn: value('turn'),
          voterId: value('voterId'),
          outcome: value('outcome'),
          status: 'open',
          exclusion: value('exclusion'),
          revision: 1,
          dwellMs: value('dwellMs'),
          idempotencyKey: value('idempotencyKey'),
          castAt: value('castAt'),
          reasons: value('reasons'),
          note: value('note'),
        })
        .returning(),
    ),
    revise: named(
      'cast_revise',
      db.insert(voteRevisions).values({
        voteId: value('id'),
        revision: value('revision'),
        outcome: value('outcome'),
        dwellMs: value('dwellMs'),
        idempotencyKey: value('idempotencyKey'),
        castAt: value('castAt'),
        reasons: value('reasons'),
        note: value('note'),
      }),
    ),
  }))

  async function cast(db: Database, ballot: Ballot): Promise<Cast> {
    const { battleId, turn, voterId, idempotencyKey } = ballot
    const [battle] = await prepared(db).battle.execute({ battleId })
    const [stored] = await prepared(db).vote.execute({ battleId, turn })
    // Another voter's vote is not told, not even to say no.
    const vote = stored && stored.voterId === voterId ? toVote(stored) : undefined

    if (idempotencyKey !== null) {
      const [known] = await prepared(db).known.execute({ idempotencyKey })
      if (known) return { result: known.voteId === vote?.id && isSaid(ballot, known) ? 'same' : 'duplicate_key', vote }
    }
    const to = battle && battle.voterId === voterId ? next(present(battle), { type: 'vote' }) : null
    const [asked] = await prepared(db).turn.execute({ battleId, turn })
    if (!battle || !to || !asked?.readyAt) return { result: 'frozen', vote }
    if (stored) return await change(db, stored, ballot)

    const [row] = await prepared(db).insert.execute(toValues(ballot))
    if (!row) throw new Error(`vote ${ballot.id} was cast and is not there`)
    await prepared(db).revise.execute({ ...toValues(ballot), revision: 1 })
    await noteChange(db, schema, { voteId: row.id, was: null, is: countedOutcome(row), at: ballot.castAt })
    if (battle.state !== to.to) await moveRow(db, schema, battle, to, ballot.castAt)
    return { result: 'cast', vote: toVote(row) }
  }

  async function change(db: Database, stored: VoteRow, ballot: Ballot): Promise<Cast> {
    if (stored.status !== 'open') return { result: 'frozen', vote: toVote(stored) }
    const { outcome, reasons = stored.reasons, note = stored.note } = ballot
    const isNewOutcome = outcome !== stored.outcome
    if (!isNewOutcome && note === stored.note && areSame(reasons, stored.reasons))
      return { result: 'same', vote: toVote(stored) }
    if (ballot.seenRevision !== stored.revision) return { result: 'stale', vote: toVote(stored) }

    const revision = stored.revision + 1
    const [row] = await db
      .update(votes)
      .set({
        outcome,
        reasons,
        note,
        revision,
        idempotencyKey: ballot.idempotencyKey,
        // Choosing a reason later is not reading longer.
        dwellMs: isNewOutcome ? ballot.dwellMs : stored.dwellMs,
      })
      .where(and(eq(votes.id, stored.id), eq(votes.revision, stored.revision), eq(votes.status, 'open')))
      .returning()
    if (!row) throw new Error(`vote ${stored.id} changed under its lock`)
    await prepared(db).revise.execute({ ...toValues(ballot), id: stored.id, revision, reasons, note })
    await noteChange(db, schema, {
      voteId: row.id,
      was: countedOutcome(stored),
      is: countedOutcome(row),
      at: ballot.castAt,
    })
    return { result: 'changed', vote: toVote(row) }
  }

  return cast
}

const toValues = ({ id, battleId, turn, voterId, outcome, exclusion, dwellMs, castAt, ...said }: Ballot) => ({
  id,
  battleId,
  turn,
  voterId,
  outcome,
  exclusion,
  dwellMs,
  castAt,
  idempotencyKey: said.idempotencyKey,
  reasons: said.reasons ?? [],
  note: said.note ?? null,
})

/** The same key must bring the same words; what it leaves out it does not contradict. */
const isSaid = (ballot: Ballot, known: Pick<Vote, 'outcome' | 'reasons' | 'note'>) =>
  ballot.outcome === known.outcome &&
  (ballot.reasons === undefined || areSame(ballot.reasons, known.reasons)) &&
  (ballot.note === undefined || ballot.note === known.note)

const areSame = (some: VoteReason[], others: VoteReason[]) => listed(some) === listed(others)
const listed = (reasons: VoteReason[]) =>
  reasons
    .map(({ side, key }) => `${side}:${key}`)
    .sort()
    .join()
