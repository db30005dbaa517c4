import { join } from 'node:path'
import { asc } from 'drizzle-orm'
import { expect, test } from 'vitest'
import type { Outcome } from '../../src/battles/battle.ts'
import { checkedCopy } from '../../src/storage/sqlite/backup.ts'
import { openConnection } from '../../src/storage/sqlite/open.ts'
import { sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { aBallot, aReadyBattle, introduce, later } from '../characters.ts'
import { ownFolder } from './folder.ts'

const outcomes = ['a', 'b', 'tie', 'both_bad'] as const
/** A small generator with a seed, so that a failure comes back. */
function diceFrom(seed: number) {
  let state = seed
  return (sides: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

test('an acknowledged vote survives reopening, with everything else', async () => {
  const path = join(await ownFolder(), 'sightline.db')
  const storage = await sqliteStorage(path)
  await introduce(storage)
  await aReadyBattle(storage)
  const { vote } = await storage.votes.cast(aBallot({ outcome: 'tie', note: 'Both right.' }))
  await storage.votes.freeze(later(100 * 3_600_000), later(60_000))
  const battle = await storage.battles.find('battle-1')
  await storage.close()
  const again = await sqliteStorage(path)
  expect(await again.votes.find('battle-1')).toEqual({ ...vote, status: 'counted' })
  expect(await again.battles.find('battle-1')).toEqual(battle)
  expect(await again.leaderboards.lastChange()).toBe(1)
  await again.close()
})

test('what is acknowledged is in the file before anybody closes it', async () => {
  const path = join(await ownFolder(), 'sightline.db')
  const storage = await sqliteStorage(path)
  await introduce(storage)
  await aReadyBattle(storage)
  await storage.votes.cast(aBallot())
  const other = openConnection(path, { isReader: true })
  expect(other.prepare('select outcome from votes').pluck().all()).toEqual(['a'])
  other.close()
  await storage.close()
})

test.each([1, 2, 3])(
  'after any storm of votes, reveals and withdrawals the changes add up to the counted votes (storm %i)',
  async (seed) => {
    const path = join(await ownFolder(), 'sightline.db')
    const storage = await sqliteStorage(path)
    const { votes, battles, leaderboards, engine } = storage
    await introduce(storage)
    const dice = diceFrom(seed)
    const ids = Array.from({ length: 40 }, (_, i) => `battle-${i}`)
    await Promise.all(ids.map((id) => aReadyBattle(storage, { id })))

    await Promise.all(
      Array.from({ length: 1500 }, async (_, i) => {
        const id = ids[dice(ids.length)]!
        const at = later(i)
        const what = dice(80)
        if (what === 0) return await votes.reveal(id, at)
        if (what === 1) return await votes.withdraw(id, at)
        if (what === 2 && dice(3) === 0) return await battles.move(id, { type: 'erase' }, at)
        if (what === 3) return await votes.freeze(later(dice(i + 1)), at)
        const seenRevision = dice(4) || null
        const exclusion = dice(5) === 0 ? ('truncated' as const) : null
        const idempotencyKey = dice(2) ? `key-${dice(700)}` : null
        return await votes.cast(
          aBallot({
            id: `vote-${i}`,
            battleId: id,
            outcome: outcomes[dice(4)]!,
            castAt: at,
            seenRevision,
            exclusion,
            idempotencyKey,
          }),
        )
      }),
    )

    const changes = await engine.read(
      async (db) => await db.select().from(engine.schema.voteChanges).orderBy(asc(engine.schema.voteChanges.seq)),
    )
    const counted = new Map<string, Outcome>()
    for (const { voteId, wasCounted, isCounted } of changes) {
      expect(counted.get(voteId) ?? null).toBe(wasCounted)
      if (isCounted) counted.set(voteId, isCounted)
      else counted.delete(voteId)
    }
    const ballots = await leaderboards.ballots({ after: null, limit: 1000 })
    expect(Object.fromEntries(ballots.map(({ voteId, outcome }) => [voteId, outcome]))).toEqual(
      Object.fromEntries(counted),
    )
    expect(ballots.length).toBeGreaterThan(5)

    const revisions = await engine.read(
      async (db) => await db.select().from(engine.schema.voteRevisions).orderBy(asc(engine.schema.voteRevisions.seq)),
    )
    for (const id of ids) {
      const found = await votes.ofBattle(id)
      expect(found.length).toBeLessThanOrEqual(1)
      const vote = found[0]
      if (!vote) continue
      const own = revisions.filter(({ voteId }) => voteId === vote.id)
      expect(own.map(({ revision }) => revision)).toEqual(Array.from({ length: vote.revision }, (_, i) => i + 1))
      expect(own.at(-1)?.outcome).toBe(vote.outcome)
      if ((await battles.find(id))?.revealedAt) expect(vote.status).not.toBe('open')
    }
    await storage.close()
    const connection = openConnection(path)
    expect(connection.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(connection.pragma('foreign_key_check')).toEqual([])
    connection.close()
  },
)

test('a backup taken while votes come in is whole and has what was acknowledged before it', async () => {
  const folder = await ownFolder()
  const storage = await sqliteStorage(join(folder, 'sightline.db'))
  await introduce(storage)
  const ids = Array.from({ length: 60 }, (_, i) => `battle-${i}`)
  await Promise.all(ids.map((id) => aReadyBattle(storage, { id })))
  const cast = (id: string) => storage.votes.cast(aBallot({ id: `vote of ${id}`, battleId: id }))
  await Promise.all(ids.slice(0, 20).map(cast))
  const file = join(folder, 'backup.db')
  const [{ tables }] = await Promise.all([storage.backUp(file), ...ids.slice(20).map(cast)])
  expect(tables['votes']).toBeGreaterThanOrEqual(20)
  expect(checkedCopy(file)).toEqual(tables)
  await storage.maintain()
  await storage.close()
  const copy = await sqliteStorage(file)
  expect((await copy.votes.find('battle-1'))?.outcome).toBe('a')
  await copy.close()
})
