import { Refusal } from '../../src/core/errors.ts'
import { sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import type { CastResult } from '../../src/votes/vote-store.ts'
import { aBallot } from '../characters.ts'
import { outcomeOf, type Told, votersOf } from './double-votes.ts'

// One of several programs with their own connection to one file. Sends its ballots as a browser does: again, with the same key, until it is told.
const [path = '', self = '', battles = '', atOnce = ''] = process.argv.slice(2)
const me = Number(self)
const storage = await sqliteStorage(path)
const told: Told = { results: {}, retries: 0, busy: 0 }

const mine = Array.from({ length: Number(battles) }, (_, i) => i).filter((i) => votersOf(i).includes(me))
process.send?.('ready')
await new Promise((resolve) => process.once('message', resolve))

let next = 0
await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    for (let i = mine[next++]; i !== undefined; i = mine[next++]) told.results[i] = await castUntilTold(i)
  }),
)
await storage.close()
process.send?.(told)
process.disconnect()

async function castUntilTold(battle: number): Promise<CastResult> {
  const ballot = aBallot({
    id: `vote ${battle} of ${me}`,
    battleId: `battle-${battle}`,
    outcome: outcomeOf(battle, me),
    idempotencyKey: `key ${battle} of ${me}`,
  })
  for (;;) {
    try {
      const { result } = await storage.votes.cast(ballot)
      // The answer may be lost on its way: every third is asked for again and must not be another vote.
      if (battle % 3 !== 0) return result
      told.retries++
      const { result: again } = await storage.votes.cast(ballot)
      const isSame = result === 'stale' ? again === 'stale' : again === 'same'
      if (!isSame) throw new Error(`battle ${battle}: ${result}, and asked again ${again}`)
      return result
    } catch (error) {
      if (!(error instanceof Refusal && error.key === 'not_saved')) throw error
      told.busy++
    }
  }
}
