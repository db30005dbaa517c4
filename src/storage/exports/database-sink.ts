import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import Database from 'better-sqlite3'
import type { DatabaseSink } from '../../exports/export-folder.ts'
import { asideSuffix, openAside, syncFolder } from './aside.ts'

/** A SQLite file whose bytes depend only on what is put in, in which order: fixed page size, no journal, packed at the end. */
export async function databaseSink(root: string, path: string, statements: string[]): Promise<DatabaseSink> {
  const { aside, abort } = await openAside(root, path)
  await abort()
  const database = new Database(aside)
  database.pragma('page_size = 4096')
  database.pragma('journal_mode = OFF')
  database.pragma('synchronous = OFF')
  // Rows come vote by vote; a battle may follow its first vote.
  database.pragma('foreign_keys = OFF')
  database.exec('BEGIN')
  for (const statement of statements) database.exec(statement)
  const inserts = new Map<string, Database.Statement>()
  let failed = false
  return {
    write(table, values) {
      const known = inserts.get(table)
      const insert = known ?? database.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join(',')})`)
      if (!known) inserts.set(table, insert)
      insert.run(...values)
    },
    async finish(rows) {
      database.exec('COMMIT')
      const broken = database.pragma('foreign_key_check')
      if (Array.isArray(broken) && broken.length > 0) throw new Error(`${path}: a row names another that is not there`)
      database.exec('VACUUM')
      database.close()
      const handle = await open(aside, 'r+')
      await handle.sync()
      await handle.close()
      const target = aside.slice(0, -asideSuffix.length)
      await rename(aside, target)
      await syncFolder(dirname(join(root, path)))
      const hash = createHash('sha256')
      await pipeline(createReadStream(target), hash)
      return { path, sha256: hash.digest('hex'), bytes: (await stat(target)).size, rows, rowGroups: 0 }
    },
    async abort() {
      if (failed) return
      failed = true
      database.close()
      await rm(aside, { force: true })
    },
  }
}
