import { drizzle } from 'drizzle-orm/better-sqlite3'
import type { BattleStore } from '../../battles/battle-store.ts'
import type { ErasureStore } from '../../battles/erasure-store.ts'
import type { ShareStore } from '../../battles/share-store.ts'
import { Refusal } from '../../core/errors.ts'
import type { ImageStore } from '../../images/image-store.ts'
import type { LeaderboardStore } from '../../leaderboards/leaderboard-store.ts'
import type { ModelStore } from '../../models/model-store.ts'
import type { PromptStore } from '../../prompts/prompt-store.ts'
import type { VoterStore } from '../../voters/voter-store.ts'
import type { VoteStore } from '../../votes/vote-store.ts'
import { battleStore } from '../sql/battle-store.ts'
import type { Engine } from '../sql/engine.ts'
import { erasureStore } from '../sql/erasure-store.ts'
import { imageStore } from '../sql/image-store.ts'
import { leaderboardStore } from '../sql/leaderboard-store.ts'
import { modelStore } from '../sql/model-store.ts'
import { promptStore } from '../sql/prompt-store.ts'
import { shareStore } from '../sql/share-store.ts'
import { voteStore } from '../sql/vote-store.ts'
import { voterStore } from '../sql/voter-store.ts'
import { backUp } from './backup.ts'
import { migrate } from './migrate.ts'
import { readMigrations } from './migrations.ts'
import { inMemory, openConnection } from './open.ts'
import { readQueue } from './read-queue.ts'
import { schema } from './schema.ts'
import { writeQueue } from './write-queue.ts'

export type Stores = {
  voters: VoterStore
  images: ImageStore
  prompts: PromptStore
  models: ModelStore
  battles: BattleStore
  shares: ShareStore
  erasures: ErasureStore
  votes: VoteStore
  leaderboards: LeaderboardStore
}

export type SqliteStorage = Stores & {
  /** For stores that other folders of `storage` bring. */
  engine: Engine
  /** The copy made before a migration, if there was one. */
  migrated: { applied: number; backup: string | null }
  /** False after a write that the disk refused, until one succeeds. */
  isWritable(): boolean
  /** Tries to write: a site that was taken out of service gets no other write to recover by. */
  probe(at: Date): Promise<boolean>
  /** A consistent, checked copy under this name; row counts by table. */
  backUp(file: string): Promise<{ tables: Record<string, number> }>
  /** What a night is for: the write-ahead log goes back into the file, statistics are renewed. */
  maintain(): Promise<void>
  /** Commits what was asked, then closes; the file alone is the arena again. */
  close(): Promise<void>
}

/**
 * The whole arena in one SQLite file, or `:memory:` for a test. Migrates first. Throws a sentence for the operator where file, disk or library
 * will not do.
 */
export async function sqliteStorage(
  path: string,
  { migrations }: { migrations?: string } = {},
): Promise<SqliteStorage> {
  const steps = readMigrations(migrations)
  const writing = openConnection(path)
  try {
    const migrated = await migrate(writing, path, steps)
    writing.pragma('optimize = 0x10002')
    const writes = writeQueue(writing, drizzle(writing), { gathers: path !== inMemory })
    // A database in memory is only there for its own connection: then reads stand in the same line as writes.
    const reading = path === inMemory ? undefined : openConnection(path, { isReader: true })
    const reads = reading && readQueue(reading, drizzle(reading))
    const engine: Engine = {
      schema,
      transaction: writes.transaction,
      read: reads ? reads.read : writes.transaction,
    }
    let closing: Promise<void> | undefined
    return {
      ...storesOf(engine),
      engine,
      migrated,
      isWritable: writes.isWritable,
      probe: (at) => probe(engine, at),
      backUp: (file) => backUp(writing, file),
      maintain: () => writes.alone(() => void maintain(writing)),
      close() {
        closing ??= (async () => {
          await writes.stop()
          await reads?.stop()
          reading?.close()
          writing.pragma('optimize')
          if (reading) writing.pragma('wal_checkpoint(truncate)')
          writing.close()
        })()
        return closing
      },
    }
  } catch (error) {
    writing.close()
    throw error
  }
}

export type SqliteReader = {
  images: Pick<ImageStore, 'find' | 'findFor'>
  prompts: Omit<PromptStore, 'keepSet'>
  models: Omit<ModelStore, 'register'>
  battles: Pick<BattleStore, 'find' | 'backstage' | 'exposure' | 'failures'>
  votes: Pick<VoteStore, 'find' | 'ofBattle' | 'all'>
  leaderboards: Omit<LeaderboardStore, 'keep'>
  engine: Engine
  close(): Promise<void>
}

/** For workers and other processes beside a running arena: reads committed rows, cannot write. The file must be migrated. */
export function sqliteReader(path: string): SqliteReader {
  const connection = openConnection(path, { isReader: true })
  const reads = readQueue(connection, drizzle(connection))
  const engine: Engine = {
    schema,
    transaction: () => Promise.reject(new Refusal('unavailable', 'not_saved')),
    read: reads.read,
  }
  return {
    ...storesOf(engine),
    engine,
    async close() {
      await reads.stop()
      connection.close()
    },
  }
}

const storesOf = (engine: Engine): Stores => ({
  voters: voterStore(engine),
  images: imageStore(engine),
  prompts: promptStore(engine),
  models: modelStore(engine),
  battles: battleStore(engine),
  shares: shareStore(engine),
  erasures: erasureStore(engine),
  votes: voteStore(engine),
  leaderboards: leaderboardStore(engine),
})

async function probe({ transaction, schema: { settings } }: Engine, at: Date): Promise<boolean> {
  const row = { key: 'probe', value: 'written', changedAt: at }
  try {
    await transaction(async (db) => {
      await db.insert(settings).values(row).onConflictDoUpdate({ target: settings.key, set: row })
    })
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

function maintain(writing: ReturnType<typeof openConnection>) {
  writing.pragma('wal_checkpoint(truncate)')
  writing.pragma('optimize')
}
