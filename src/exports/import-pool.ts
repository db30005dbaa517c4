import type { ExportRow, ExportStore } from './export-store.ts'

/** A vote of a published dataset, as our rows say it, with the columns we have no word for. */
export type ImportedRow = { sourceId: string; row: ExportRow; extra: Record<string, unknown> }

/** Imported votes, apart from the arena's own: never on the live leaderboard, one pool for each source. */
export type ImportPool = {
  keepSource(source: { name: string; format: string; license: string | null }): Promise<void>
  /** Writes what is new by (source, source id) and says how many that were; importing twice adds nothing. */
  keep(source: string, rows: ImportedRow[]): Promise<number>
  /** Takes a whole source out; null when there is none. */
  remove(source: string): Promise<number | null>
  sources(): Promise<{ name: string; format: string; license: string | null; votes: number }[]>
  /** The source's votes as exports and boards read them. */
  storeOf(source: string): ExportStore
}
