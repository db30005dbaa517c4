import { sql } from 'drizzle-orm'
import { outcomes } from '../../battles/battle.ts'
import { exclusions, type VoteReason, voteStatuses } from '../../votes/vote.ts'
import type { BattleTables } from './battle-tables.ts'
import { type Columns, isOneOf } from './columns.ts'
import type { RegistryTables } from './registry-tables.ts'

/** Votes, everything that ever happened to them, and the boards made of them. */
export function voteTables(c: Columns, { voters }: RegistryTables, { battles, turns }: BattleTables) {
  const votes = c.table(
    'votes',
    {
      /** Ids say nothing about time; this is the order in which votes arrived. */
      seq: c.sequence('seq'),
      id: c.id('id').notNull(),
      battleId: c.id('battle_id').notNull(),
      turn: c.integer('turn').notNull(),
      voterId: c.id('voter_id').notNull(),
      outcome: c.oneOf('outcome', outcomes).notNull(),
      status: c.oneOf('status', voteStatuses).notNull(),
      exclusion: c.oneOf('exclusion', exclusions),
      revision: c.integer('revision').notNull(),
      dwellMs: c.integer('dwell_ms'),
      /** Key of the newest revision. */
      idempotencyKey: c.id('idempotency_key'),
      castAt: c.time('cast_at').notNull(),
      frozenAt: c.time('frozen_at'),
      withdrawnAt: c.time('withdrawn_at'),
      reasons: c.json<VoteReason[]>('reasons').notNull(),
      note: c.text('note'),
    },
    (t) => [
      c.unique('votes_id_unique').on(t.id),
      c.unique('votes_battle_turn_unique').on(t.battleId, t.turn),
      c.unique('votes_idempotency_key_unique').on(t.idempotencyKey),
      c.foreignKey({
        name: 'votes_turn_fk',
        columns: [t.battleId, t.turn],
        foreignColumns: [turns.battleId, turns.number],
      }),
      c.foreignKey({ name: 'votes_voter_fk', columns: [t.voterId], foreignColumns: [voters.id] }),
      c.check('votes_outcome_known', isOneOf(t.outcome, outcomes)),
      c.check('votes_status_known', isOneOf(t.status, voteStatuses)),
      c.check('votes_exclusion_known', isOneOf(t.exclusion, exclusions)),
      c.check('votes_counted_not_excluded', sql`${t.status} <> 'counted' or ${t.exclusion} is null`),
      c.check('votes_uncounted_has_reason', sql`${t.status} <> 'uncounted' or ${t.exclusion} is not null`),
      c.check('votes_withdrawn_has_time', sql`(${t.status} = 'withdrawn') = (${t.withdrawnAt} is not null)`),
      c.check('votes_revision_positive', sql`${t.revision} > 0`),
      c.index('votes_by_voter').on(t.voterId, t.castAt, t.battleId, t.status, t.exclusion),
      c.index('votes_by_status').on(t.status, t.castAt),
    ],
  )

  const voteRevisions = c.table(
    'vote_revisions',
    {
      seq: c.sequence('seq'),
      voteId: c.id('vote_id').notNull(),
      revision: c.integer('revision').notNull(),
      outcome: c.oneOf('outcome', outcomes).notNull(),
      dwellMs: c.integer('dwell_ms'),
      idempotencyKey: c.id('idempotency_key'),
      castAt: c.time('cast_at').notNull(),
      reasons: c.json<VoteReason[]>('reasons').notNull(),
      note: c.text('note'),
    },
    (t) => [
      c.unique('vote_revisions_vote_revision_unique').on(t.voteId, t.revision),
      c.unique('vote_revisions_idempotency_key_unique').on(t.idempotencyKey),
      c.foreignKey({ name: 'vote_revisions_vote_fk', columns: [t.voteId], foreignColumns: [votes.id] }),
      c.check('vote_revisions_outcome_known', isOneOf(t.outcome, outcomes)),
      c.check('vote_revisions_revision_positive', sql`${t.revision} > 0`),
    ],
  )

  // What leaderboards are up to date with: one line whenever the counted votes are not what they were.
  const voteChanges = c.table(
    'vote_changes',
    {
      seq: c.sequence('seq'),
      voteId: c.id('vote_id').notNull(),
      wasCounted: c.oneOf('was_counted', outcomes),
      isCounted: c.oneOf('is_counted', outcomes),
      at: c.time('changed_at').notNull(),
    },
    (t) => [
      c.foreignKey({ name: 'vote_changes_vote_fk', columns: [t.voteId], foreignColumns: [votes.id] }),
      c.check('vote_changes_was_known', isOneOf(t.wasCounted, outcomes)),
      c.check('vote_changes_is_known', isOneOf(t.isCounted, outcomes)),
      c.check('vote_changes_differ', sql`coalesce(${t.wasCounted}, '') <> coalesce(${t.isCounted}, '')`),
      c.index('vote_changes_by_vote').on(t.voteId),
    ],
  )

  const leaderboards = c.table(
    'leaderboards',
    {
      key: c.text('key').notNull(),
      /** Days since 1970 in UTC: a board is kept once a day, its newest state. */
      day: c.integer('day').notNull(),
      change: c.integer('change').notNull(),
      snapshot: c.text('snapshot').notNull(),
      updatedAt: c.time('updated_at').notNull(),
      board: c.json<unknown>('board').notNull(),
    },
    (t) => [c.primaryKey({ name: 'leaderboards_pk', columns: [t.key, t.day] })],
  )

  const settings = c.table(
    'settings',
    {
      key: c.text('key').notNull(),
      value: c.json<unknown>('value').notNull(),
      changedAt: c.time('changed_at').notNull(),
    },
    (t) => [c.primaryKey({ name: 'settings_pk', columns: [t.key] })],
  )

  const tombstones = c.table(
    'tombstones',
    {
      battleId: c.id('battle_id').notNull(),
      erasedAt: c.time('erased_at').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'tombstones_pk', columns: [t.battleId] }),
      c.foreignKey({ name: 'tombstones_battle_fk', columns: [t.battleId], foreignColumns: [battles.id] }),
    ],
  )

  return { votes, voteRevisions, voteChanges, leaderboards, settings, tombstones }
}
export type VoteTables = ReturnType<typeof voteTables>
