import type { Table } from './columns.ts'

export type WrittenFile = { path: string; sha256: string; bytes: number; rows: number; rowGroups: number }

/** Takes rows, one row group per `write`. What `finish` returns is durable and whole under its name; before that there is nothing. */
export type TableSink = {
  write(rows: Record<string, unknown>[]): Promise<void>
  /** Bytes written so far. */
  bytes(): number
  finish(): Promise<WrittenFile>
  abort(): Promise<void>
}
export type TextSink = {
  write(text: string): Promise<void>
  finish(rows: number): Promise<WrittenFile>
  abort(): Promise<void>
}
/** One database file; rows are the values of a table's columns in order. */
export type DatabaseSink = {
  write(table: string, values: (string | number | bigint | Uint8Array | null)[]): void
  finish(rows: number): Promise<WrittenFile>
  abort(): Promise<void>
}

export type FolderState =
  | { is: 'empty' }
  /** An export began here and did not end. */
  | { is: 'unfinished'; snapshot: string }
  /** SHA256SUMS is there. */
  | { is: 'complete'; snapshot: string }
  | { is: 'foreign' }

/** The folder a dataset is written to. Paths are relative, with `/`. Files appear whole or not at all. */
export type ExportFolder = {
  state(): Promise<FolderState>
  /** Marks the folder as being written by this snapshot and removes leftovers of broken writes. */
  claim(snapshot: string): Promise<void>
  /** Removes everything an unfinished export left. */
  clear(): Promise<void>
  table(path: string, table: Table): Promise<TableSink>
  text(path: string): Promise<TextSink>
  database(path: string, statements: string[]): Promise<DatabaseSink>
  /** Writes a small file at once, durable when it resolves. */
  put(path: string, content: string | Uint8Array): Promise<WrittenFile>
  /** The same for one of thousands: whole when it resolves, durable when the folder is sealed. */
  putLater(path: string, content: Uint8Array): Promise<void>
  /** A second name for the same bytes: a hard link, or a copy where the file system has none. */
  link(from: string, to: string): Promise<void>
  has(path: string): Promise<{ bytes: number } | null>
  /** Brings a file of another export here, unchanged. */
  adopt(fromFolder: string, path: string): Promise<void>
  sha256(path: string): Promise<string>
  read(path: string): Promise<Uint8Array | null>
  /** Rows of a Parquet file with these columns only, in file order, one row group in memory at a time. */
  rows(path: string, columns: string[]): AsyncIterable<Record<string, unknown>>
  lines(path: string): AsyncIterable<string>
  /** Every file, by path bytes, the mark of an unfinished export left out. */
  list(): Promise<string[]>
  freeBytes(): Promise<number>
  /** Writes SHA256SUMS last and takes the mark away: the dataset is complete. */
  seal(sums: string): Promise<void>
}
