import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { schema } from '../../src/storage/sqlite/schema.ts'
import { type SqliteStorage, sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { battleStoreContract } from '../contracts/battle-store.contract.ts'
import { leaderboardStoreContract } from '../contracts/leaderboard-store.contract.ts'
import { movesContract } from '../contracts/moves.contract.ts'
import { registryStoresContract } from '../contracts/registry-stores.contract.ts'
import type { Open, Opened } from '../contracts/stores.ts'
import { voteStoreContract } from '../contracts/vote-store.contract.ts'
import { voterDataContract } from '../contracts/voter-data.contract.ts'

const opened = (storage: SqliteStorage, clean: () => Promise<void> = async () => {}): Opened => ({
  stores: storage,
  share: (id, slug) =>
    storage.engine.transaction(async (db) => {
      await db.insert(schema.shares).values({ slug, battleId: id, withImage: true, sharedAt: new Date('2100-01-01') })
    }),
  async close() {
    await storage.close()
    await clean()
  },
})

const inMemory: Open = async () => opened(await sqliteStorage(':memory:'))
const inFile: Open = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-'))
  return opened(await sqliteStorage(join(folder, 'sightline.db')), () => rm(folder, { recursive: true }))
}

for (const [engine, open] of [
  ['SQLite in memory', inMemory],
  ['a SQLite file', inFile],
] as const) {
  registryStoresContract(engine, open)
  battleStoreContract(engine, open)
  movesContract(engine, open)
  voteStoreContract(engine, open)
  voterDataContract(engine, open)
  leaderboardStoreContract(engine, open)
}
