import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { sqliteColumns } from '../sqlite/columns.ts'

/**
 * What a schema is made of. Drizzle has no dialect-neutral column, so the shared stores are typed as one engine's and every other engine
 * is cast to it once, where it is opened; the contract tests keep that honest.
 */
export type Columns = typeof sqliteColumns

/** `column in ('a', 'b')`, for CHECK: closed lists come from the domain's own constants. */
export const isOneOf = (column: SQLWrapper, values: readonly string[]): SQL =>
  sql`${column} in (${sql.raw(values.map((value) => `'${value}'`).join(', '))})`
