import { sql } from 'drizzle-orm'
import { sides } from '../../battles/battle.ts'
import { type Columns, isOneOf } from './columns.ts'
import type { VoteTables } from './vote-tables.ts'

export const exportStates = ['writing', 'written', 'failed', 'cancelled', 'expired'] as const
export const splits = ['train', 'test'] as const

/** Frozen selections of votes: an export is written only from its items, so that it can be resumed and rebuilt (EXPORTS.md 7). */
export function exportTables(c: Columns, { votes }: VoteTables) {
  const exportSnapshots = c.table(
    'export_snapshots',
    {
      id: c.id('id').notNull(),
      dataset: c.text('dataset').notNull(),
      state: c.oneOf('state', exportStates).notNull(),
      presets: c.json<string[]>('presets').notNull(),
      options: c.json<Record<string, unknown>>('options').notNull(),
      seed: c.integer('seed').notNull(),
      schemaVersion: c.integer('schema_version').notNull(),
      codeVersion: c.text('code_version').notNull(),
      /** The highest `votes.seq` it could see. */
      watermark: c.integer('watermark').notNull(),
      parent: c.id('parent'),
      frozenAt: c.time('frozen_at').notNull(),
      endedAt: c.time('ended_at'),
      /** Funnel, counts, sizes: what the manifest says. */
      summary: c.json<Record<string, unknown>>('summary'),
    },
    (t) => [
      c.primaryKey({ name: 'export_snapshots_pk', columns: [t.id] }),
      c.foreignKey({ name: 'export_snapshots_parent_fk', columns: [t.parent], foreignColumns: [t.id] }),
      c.check('export_snapshots_state_known', isOneOf(t.state, exportStates)),
      c.index('export_snapshots_by_time').on(t.dataset, t.frozenAt),
    ],
  )

  const exportItems = c.table(
    'export_items',
    {
      snapshotId: c.id('snapshot_id').notNull(),
      preset: c.text('preset').notNull(),
      ord: c.integer('ord').notNull(),
      voteId: c.id('vote_id').notNull(),
      /** For presets with one row per answer. */
      side: c.oneOf('side', sides),
      split: c.oneOf('split', splits).notNull(),
      rowDigest: c.text('row_digest').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'export_items_pk', columns: [t.snapshotId, t.preset, t.ord] }),
      c.foreignKey({
        name: 'export_items_snapshot_fk',
        columns: [t.snapshotId],
        foreignColumns: [exportSnapshots.id],
      }),
      c.foreignKey({ name: 'export_items_vote_fk', columns: [t.voteId], foreignColumns: [votes.id] }),
      c.check('export_items_side_known', isOneOf(t.side, sides)),
      c.check('export_items_split_known', isOneOf(t.split, splits)),
      c.index('export_items_by_vote').on(t.voteId),
    ],
  )

  const exportShards = c.table(
    'export_shards',
    {
      snapshotId: c.id('snapshot_id').notNull(),
      path: c.text('path').notNull(),
      preset: c.text('preset').notNull(),
      split: c.oneOf('split', splits).notNull(),
      number: c.integer('number').notNull(),
      sha256: c.text('sha256').notNull(),
      bytes: c.integer('bytes').notNull(),
      rows: c.integer('rows').notNull(),
      rowGroups: c.integer('row_groups').notNull(),
      firstId: c.id('first_id'),
      lastId: c.id('last_id'),
      committedAt: c.time('committed_at').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'export_shards_pk', columns: [t.snapshotId, t.path] }),
      c.unique('export_shards_number_unique').on(t.snapshotId, t.preset, t.split, t.number),
      c.foreignKey({
        name: 'export_shards_snapshot_fk',
        columns: [t.snapshotId],
        foreignColumns: [exportSnapshots.id],
      }),
      c.check('export_shards_split_known', isOneOf(t.split, splits)),
      c.check('export_shards_counts', sql`${t.number} >= 0 and ${t.bytes} >= 0 and ${t.rows} >= 0`),
    ],
  )

  // Key -> component -> split, for ever: later snapshots never move a row between train and test (EXPORTS.md 6).
  const exportKeys = c.table(
    'export_keys',
    {
      dataset: c.text('dataset').notNull(),
      key: c.text('key').notNull(),
      component: c.text('component').notNull(),
      split: c.oneOf('split', splits).notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'export_keys_pk', columns: [t.dataset, t.key] }),
      c.check('export_keys_split_known', isOneOf(t.split, splits)),
    ],
  )

  return { exportSnapshots, exportItems, exportShards, exportKeys }
}
