import { battleTables } from './battle-tables.ts'
import type { Columns } from './columns.ts'
import { exportTables } from './export-tables.ts'
import { registryTables } from './registry-tables.ts'
import { voteTables } from './vote-tables.ts'

/** Every table, once, for whichever engine spells the columns. The migrations say the same in SQL; `schemas.test.ts` compares. */
export function defineSchema(columns: Columns) {
  const registry = registryTables(columns)
  const battles = battleTables(columns, registry)
  const votes = voteTables(columns, registry, battles)
  return { ...registry, ...battles, ...votes, ...exportTables(columns, votes) }
}
export type Schema = ReturnType<typeof defineSchema>
