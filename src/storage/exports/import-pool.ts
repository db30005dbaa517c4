import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { ExportRow, ExportStore } from '../../exports/export-store.ts'
import type { ImportedRow, ImportPool } from '../../exports/import-pool.ts'

const tables = `
CREATE TABLE IF NOT EXISTS sources (
  name TEXT PRIMARY KEY, format TEXT NOT NULL, license TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS votes (
  source TEXT NOT NULL REFERENCES sources (name) ON DELETE CASCADE, source_id TEXT NOT NULL, vote_id TEXT NOT NULL,
  row TEXT NOT NULL, extra TEXT NOT NULL, PRIMARY KEY (source, source_id)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS votes_by_id ON votes (source, vote_id);
`
const pageRows = 200

type SourceRow = { name: string; format: string; license: string | null; votes: number }

/** Imported votes in a database of their own: what is not here cannot reach the live leaderboard, whatever a query forgets. */
export function importPool(folder: string): ImportPool & { close(): void } {
  mkdirSync(folder, { recursive: true })
  const database = new Database(join(folder, 'pool.db'))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('busy_timeout = 5000')
  database.pragma('foreign_keys = ON')
  database.exec(tables)
  const insert = database.prepare('INSERT OR IGNORE INTO votes VALUES (?, ?, ?, ?, ?)')
  const pageOf = database.prepare<[string, string, number], { vote_id: string; row: string }>(
    'SELECT vote_id, row FROM votes WHERE source = ? AND vote_id > ? ORDER BY vote_id LIMIT ?',
  )
  const one = database.prepare<[string, string], { row: string }>(
    'SELECT row FROM votes WHERE source = ? AND vote_id = ?',
  )

  async function* rowsFrom(source: string): AsyncIterable<ExportRow> {
    for (let after = ''; ; ) {
      const page = pageOf.all(source, after, pageRows)
      for (const { row } of page) yield toRow(row)
      const last = page.at(-1)
      if (!last || page.length < pageRows) return
      after = last.vote_id
    }
  }
  const storeOf = (source: string): ExportStore => ({
    async read(work) {
      database.exec('BEGIN')
      try {
        return await work({
          rows: () => rowsFrom(source),
          async rowsOf(ids) {
            const rows = ids.flatMap((id) => one.get(source, id) ?? []).map(({ row }) => toRow(row))
            return new Map(rows.map((row) => [row.vote.id, row]))
          },
        })
      } finally {
        if (database.inTransaction) database.exec('COMMIT')
      }
    },
  })
  return {
    async keepSource({ name, format, license }) {
      database
        .prepare(
          'INSERT INTO sources VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET format = excluded.format, license = coalesce(excluded.license, license)',
        )
        .run(name, format, license)
    },
    async keep(source, rows: ImportedRow[]) {
      const write = database.transaction(() => {
        let added = 0
        for (const { sourceId, row, extra } of rows)
          added += insert.run(source, sourceId, row.vote.id, JSON.stringify(row), JSON.stringify(extra)).changes
        return added
      })
      return write.immediate()
    },
    async remove(source) {
      const write = database.transaction(() => {
        const { changes } = database.prepare('DELETE FROM votes WHERE source = ?').run(source)
        const known = database.prepare('DELETE FROM sources WHERE name = ?').run(source).changes > 0
        return known ? changes : null
      })
      return write.immediate()
    },
    async sources() {
      return database
        .prepare<[], SourceRow>(
          'SELECT name, format, license, (SELECT count(*) FROM votes WHERE source = name) AS votes FROM sources ORDER BY name',
        )
        .all()
    },
    storeOf,
    close: () => database.close(),
  }
}

// Written by `keep`; JSON has no dates.
function toRow(text: string): ExportRow {
  const row = JSON.parse(text) as ExportRow
  return {
    ...row,
    vote: { ...row.vote, castAt: new Date(row.vote.castAt) },
    battle: { ...row.battle, startedAt: row.battle.startedAt === null ? null : new Date(row.battle.startedAt) },
  }
}
