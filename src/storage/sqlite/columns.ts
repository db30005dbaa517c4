import {
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  unique,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'

/** How SQLite spells each kind of column. Another engine brings the same names; `sql/schema.ts` knows only these. */
export const sqliteColumns = {
  table: sqliteTable,
  /** Compared byte by byte (SQLite's BINARY), so that pages by id agree on every engine. */
  id: (name: string) => text(name),
  text: (name: string) => text(name),
  oneOf: <const T extends readonly [string, ...string[]]>(name: string, values: T) => text(name, { enum: values }),
  integer: (name: string) => integer(name),
  real: (name: string) => real(name),
  flag: (name: string) => integer(name, { mode: 'boolean' }),
  /** UTC milliseconds. */
  time: (name: string) => integer(name, { mode: 'timestamp_ms' }),
  json: <T>(name: string) => text(name, { mode: 'json' }).$type<T>(),
  /** Counts up and never gives a number twice, not even after a deletion. */
  sequence: (name: string) => integer(name).primaryKey({ autoIncrement: true }),
  primaryKey,
  foreignKey,
  unique,
  uniqueIndex,
  index,
  check,
}
