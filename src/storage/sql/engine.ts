import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import type { Schema } from './schema.ts'

/** Typed as SQLite's, spoken in the words all engines share: builders and prepared queries, always awaited, never `.get`, `.all` or `.run`. */
export type Database = BetterSQLite3Database

/** An opened database. `transaction` and `read` never cross a port: one port method is one atomic thing. */
export type Engine = {
  schema: Schema
  /** Everything `work` writes, or nothing; durable when it resolves. Nothing but the database may be awaited inside. */
  transaction<T>(work: (db: Database) => Promise<T>): Promise<T>
  /** One unchanging view of committed rows. */
  read<T>(work: (db: Database) => Promise<T>): Promise<T>
}

/** Prepared once for each connection: a builder costs ten times its query (STACK.md 6). */
export function statements<T>(prepare: (db: Database) => T): (db: Database) => T {
  const prepared = new WeakMap<Database, T>()
  return (db) => {
    const known = prepared.get(db)
    if (known) return known
    const fresh = prepare(db)
    prepared.set(db, fresh)
    return fresh
  }
}

type Preparable = { prepare(): unknown }
/** PostgreSQL wants a name, SQLite ignores it. */
export const named = <Q extends Preparable>(name: string, query: Q): ReturnType<Q['prepare']> =>
  (query.prepare as (name: string) => ReturnType<Q['prepare']>).call(query, name)
