import type { Database } from '../sql/engine.ts'
import type { Connection } from './open.ts'

/** Reads one after the other, each in its own transaction: what a method reads in several queries fits together. */
export function readQueue(connection: Connection, db: Database) {
  const begin = connection.prepare('begin')
  const commit = connection.prepare('commit')
  let last: Promise<unknown> = Promise.resolve()

  return {
    read<T>(work: (db: Database) => Promise<T>): Promise<T> {
      const mine = last.then(async () => {
        begin.run()
        try {
          return await work(db)
        } finally {
          if (connection.inTransaction) commit.run()
        }
      })
      last = mine.catch(() => undefined)
      return mine
    },
    async stop() {
      await last
    },
  }
}
