import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import type { VoteId } from '../../core/ids.ts'
import type {
  ExportItem,
  FrozenSnapshot,
  ItemFacts,
  Shard,
  SnapshotLedger,
  SplitKey,
} from '../../exports/export-store.ts'

const tables = `
CREATE TABLE IF NOT EXISTS snapshots (
  id TEXT PRIMARY KEY, dataset TEXT NOT NULL, options TEXT NOT NULL, watermark TEXT NOT NULL, at INTEGER NOT NULL,
  parent TEXT, state TEXT NOT NULL CHECK (state IN ('writing', 'complete')), report TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (
  snapshot_id TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE, preset TEXT NOT NULL, split TEXT NOT NULL,
  ord INTEGER NOT NULL, vote_id TEXT NOT NULL, side TEXT, row_digest TEXT NOT NULL, facts TEXT NOT NULL,
  PRIMARY KEY (snapshot_id, preset, split, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_by_vote ON items (vote_id, snapshot_id);
CREATE TABLE IF NOT EXISTS shards (
  snapshot_id TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE, path TEXT NOT NULL, sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL, rows INTEGER NOT NULL, row_groups INTEGER NOT NULL, first_id TEXT NOT NULL, last_id TEXT NOT NULL,
  preset TEXT NOT NULL, split TEXT NOT NULL, PRIMARY KEY (snapshot_id, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS split_keys (
  plan TEXT NOT NULL, key TEXT NOT NULL, component TEXT NOT NULL, split TEXT NOT NULL, phash TEXT, PRIMARY KEY (plan, key)
) STRICT, WITHOUT ROWID;
`

type SnapshotRow = Omit<FrozenSnapshot, 'at'> & { at: number }
type ItemRow = {
  preset: string
  split: string
  vote_id: string
  side: string | null
  row_digest: string
  facts: string
}
type ShardRow = Omit<Shard, 'rowGroups' | 'firstId' | 'lastId'> & {
  row_groups: number
  first_id: string
  last_id: string
}

/** A database of its own beside the exports: freezing a million rows must not hold the arena's one writer. */
export function sqliteLedger(path: string): SnapshotLedger & { close(): void } {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const database = new Database(path)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('busy_timeout = 5000')
  database.pragma('foreign_keys = ON')
  database.exec(tables)
  const insertItem = database.prepare('INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  const insertKey = database.prepare('INSERT OR REPLACE INTO split_keys VALUES (?, ?, ?, ?, ?)')
  const insertShard = database.prepare('INSERT OR REPLACE INTO shards VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const putShard = (id: string, { path, sha256, bytes, rows, rowGroups, firstId, lastId, preset, split }: Shard) =>
    insertShard.run(id, path, sha256, bytes, rows, rowGroups, firstId, lastId, preset, split)
  const toSnapshot = (row: SnapshotRow): FrozenSnapshot => ({ ...row, at: new Date(row.at) })

  return {
    async freeze(snapshot, { items, shards, plan, keys }) {
      const write = database.transaction(() => {
        database.prepare('DELETE FROM snapshots WHERE id = ?').run(snapshot.id)
        const { id, dataset, options, watermark, at, parent, state, report } = snapshot
        database
          .prepare('INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
          .run(id, dataset, options, watermark, at.getTime(), parent, state, report)
        const next = new Map<string, number>()
        for (const item of items) {
          const lane = `${item.preset}\0${item.split}`
          const ord = next.get(lane) ?? 0
          next.set(lane, ord + 1)
          insertItem.run(
            id,
            item.preset,
            item.split,
            ord,
            item.voteId,
            item.side,
            item.rowDigest,
            JSON.stringify(item.facts),
          )
        }
        for (const shard of shards) putShard(id, shard)
        for (const { key, component, split, phash } of keys) insertKey.run(plan, key, component, split, phash)
      })
      write.immediate()
    },
    async find(id) {
      const row = database.prepare<[string], SnapshotRow>('SELECT * FROM snapshots WHERE id = ?').get(id)
      return row && toSnapshot(row)
    },
    async items(id, { preset, split, after, limit }) {
      return database
        .prepare<[string, string, string, number, number], ItemRow>(
          'SELECT * FROM items WHERE snapshot_id = ? AND preset = ? AND split = ? AND ord >= ? ORDER BY ord LIMIT ?',
        )
        .all(id, preset, split, after, limit)
        .map(toItem)
    },
    async count(id) {
      return database
        .prepare<[string], { preset: string; split: string; rows: number }>(
          'SELECT preset, split, count(*) AS rows FROM items WHERE snapshot_id = ? GROUP BY preset, split ORDER BY preset, split',
        )
        .all(id)
    },
    async frozenVotes(id) {
      const rows = database
        .prepare<[string], { vote_id: string; row_digest: string }>(
          'SELECT DISTINCT vote_id, row_digest FROM items WHERE snapshot_id = ? ORDER BY vote_id',
        )
        .all(id)
      return new Map(rows.map(({ vote_id, row_digest }) => [vote_id, row_digest]))
    },
    async frozenBattles(id) {
      const rows = database
        .prepare<[string], { vote_id: string; battle_id: string }>(
          "SELECT DISTINCT vote_id, facts ->> '$.battleId' AS battle_id FROM items WHERE snapshot_id = ? ORDER BY vote_id",
        )
        .all(id)
      return new Map(rows.map(({ vote_id, battle_id }) => [vote_id, battle_id]))
    },
    async splitKeys(plan) {
      return database
        .prepare<[string], SplitKey>('SELECT key, component, split, phash FROM split_keys WHERE plan = ? ORDER BY key')
        .all(plan)
    },
    async keepShard(id, shard) {
      putShard(id, shard)
    },
    async shards(id) {
      return database
        .prepare<[string], ShardRow>('SELECT * FROM shards WHERE snapshot_id = ? ORDER BY path')
        .all(id)
        .map(({ path, sha256, bytes, rows, row_groups, first_id, last_id, preset, split }) => ({
          path,
          sha256,
          bytes,
          rows,
          rowGroups: row_groups,
          firstId: first_id,
          lastId: last_id,
          preset,
          split,
        }))
    },
    async complete(id) {
      database.prepare("UPDATE snapshots SET state = 'complete' WHERE id = ?").run(id)
    },
    async forget(id) {
      database.prepare('DELETE FROM snapshots WHERE id = ?').run(id)
    },
    async snapshots(dataset) {
      return database
        .prepare<[string | null, string | null], SnapshotRow>(
          'SELECT * FROM snapshots WHERE ? IS NULL OR dataset = ? ORDER BY at DESC, id',
        )
        .all(dataset, dataset)
        .map(toSnapshot)
    },
    close: () => database.close(),
  }
}

/** How many of these votes each snapshot holds, by snapshot id. Reads what is there and writes nothing; without a ledger there are none. */
export function votesHeld(path: string, votes: VoteId[]): Map<string, number> {
  if (votes.length === 0 || !existsSync(path)) return new Map()
  const database = new Database(path, { readonly: true, timeout: 5000 })
  try {
    const rows = database
      .prepare<[string], { snapshot_id: string; votes: number }>(
        'SELECT snapshot_id, count(DISTINCT vote_id) AS votes FROM items WHERE vote_id IN (SELECT value FROM json_each(?)) GROUP BY snapshot_id',
      )
      .all(JSON.stringify(votes))
    return new Map(rows.map(({ snapshot_id, votes }) => [snapshot_id, votes]))
  } finally {
    database.close()
  }
}

function toItem({ preset, split, vote_id, side, row_digest, facts }: ItemRow): ExportItem {
  return {
    preset,
    split: split === 'test' ? 'test' : 'train',
    voteId: vote_id,
    side: side === 'a' || side === 'b' ? side : null,
    rowDigest: row_digest,
    // Written by this file, from ItemFacts.
    facts: JSON.parse(facts) as ItemFacts,
  }
}
