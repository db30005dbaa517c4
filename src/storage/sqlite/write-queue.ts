import { Refusal } from '../../core/errors.ts'
import type { Database } from '../sql/engine.ts'
import type { Connection } from './open.ts'

type Waiting = { work: (db: Database) => Promise<unknown>; done(value: unknown): void; failed(error: unknown): void }

/** One commit carries at most this many writes, so that the first never waits long for the last. */
const writesPerCommitMax = 256

// Taken when loaded: a test's standing clock must not stop the queue.
const nextRound = setImmediate

export type WriteQueue = {
  transaction<T>(work: (db: Database) => Promise<T>): Promise<T>
  /** Runs outside any transaction, when no write is under way. */
  alone(work: () => void): Promise<void>
  /** False after a write that the disk refused, until one succeeds. */
  isWritable(): boolean
  /** Resolves when everything asked so far is committed; later writes are refused. */
  stop(): Promise<void>
}

/**
 * Group commit: whatever arrives in one round of the event loop runs one after the other inside one BEGIN IMMEDIATE … COMMIT, each in its own
 * savepoint, and resolves only after that commit: many votes, one fsync. A write that fails takes back only its own savepoint.
 */
export function writeQueue(connection: Connection, db: Database, { gathers }: { gathers: boolean }): WriteQueue {
  const waiting: Waiting[] = []
  let running: Promise<void> | undefined
  let isStopped = false
  let isWritable = true

  const begin = connection.prepare('begin immediate')
  const commit = connection.prepare('commit')
  const rollback = connection.prepare('rollback')
  const savepoint = connection.prepare('savepoint one_write')
  const release = connection.prepare('release one_write')
  const changes = connection.prepare('select total_changes()').pluck()
  const takeBack = connection.prepare('rollback to one_write')

  async function drain() {
    do {
      await (gathers ? new Promise<void>((resolve) => nextRound(resolve)) : undefined)
      await commitTogether(waiting.splice(0, writesPerCommitMax))
    } while (waiting.length > 0)
  }

  async function commitTogether(batch: Waiting[]) {
    const kept: { done(value: unknown): void; value: unknown }[] = []
    const refused: { failed(error: unknown): void; error: unknown }[] = []
    const before = changes.get()
    try {
      begin.run()
      for (const { work, done, failed } of batch) {
        savepoint.run()
        try {
          kept.push({ done, value: await work(db) })
        } catch (error) {
          // A full or broken disk makes SQLite roll back everything by itself: then nobody in this batch was saved.
          if (!connection.inTransaction) throw error
          takeBack.run()
          refused.push({ failed, error })
        }
        release.run()
      }
      commit.run()
    } catch (error) {
      if (connection.inTransaction) rollback.run()
      if (isNotSaved(error)) isWritable = false
      for (const { failed } of batch) failed(toRefusal(error))
      return
    }
    if (refused.some(({ error }) => isNotSaved(error))) isWritable = false
    // Only a commit that wrote something tells that the disk takes it.
    else if (changes.get() !== before) isWritable = true
    for (const { done, value } of kept) done(value)
    for (const { failed, error } of refused) failed(toRefusal(error))
  }

  const start = () => {
    running ??= drain().finally(() => {
      running = undefined
      if (waiting.length > 0) start()
    })
  }

  return {
    transaction<T>(work: (db: Database) => Promise<T>) {
      if (isStopped) return Promise.reject(new Refusal('unavailable', 'stopping'))
      return new Promise<T>((resolve, reject) => {
        waiting.push({ work, done: (value) => resolve(value as T), failed: reject })
        start()
      })
    },
    async alone(work) {
      while (running) await running
      work()
    },
    isWritable: () => isWritable,
    async stop() {
      isStopped = true
      while (running) await running
    },
  }
}

const notSaved = /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|NOMEM)/

const isNotSaved = (error: unknown): boolean =>
  error instanceof Error && (('code' in error && notSaved.test(String(error.code))) || isNotSaved(error.cause))

/** The disk's no becomes a sentence for people; everything else stays what it was. */
const toRefusal = (error: unknown) =>
  isNotSaved(error) ? new Refusal('unavailable', 'not_saved', { cause: error }) : error
