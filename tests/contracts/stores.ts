import { afterEach, beforeEach } from 'vitest'
import type { Stores } from '../../src/storage/sqlite/storage.ts'

/** What every store contract runs against: an empty, migrated database. */
export type Opened = {
  stores: Stores
  /** Puts a battle under a public link. */
  share(battleId: string, slug: string): Promise<void>
  close(): Promise<void>
}
export type Open = () => Promise<Opened>

/** Fresh stores for each test. */
export function openedBy(open: Open): () => Opened {
  let opened: Opened | undefined
  beforeEach(async () => {
    opened = await open()
  })
  afterEach(async () => {
    await opened?.close()
  })
  return () => opened!
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
