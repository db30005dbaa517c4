import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openConnection } from '../../src/storage/sqlite/open.ts'
import { sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { aReadyBattle, introduce } from '../characters.ts'
import { isSameOutcome, programs, type Told, votersOf } from './double-votes.ts'

// SIGHTLINE_HARD_DOUBLE_VOTES=10000 is the acceptance size.
const battles = Number(process.env['SIGHTLINE_HARD_DOUBLE_VOTES'] ?? 1000)
const atOnce = 50

test(`of two ballots at once in each of ${battles} battles, over ${programs} connections, exactly one is the vote`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-double-'))
  const path = join(folder, 'sightline.db')
  await fill(path)

  const started = Array.from({ length: programs }, (_, i) => aProgram(path, i))
  await Promise.all(started.map(({ ready }) => ready))
  for (const { child } of started) child.send('go')
  const told = await Promise.all(started.map(({ told }) => told))

  for (let battle = 0; battle < battles; battle++) {
    const results = votersOf(battle).map((program) => told[program]?.results[battle])
    expect(results.toSorted(), `battle ${battle}`).toEqual(isSameOutcome(battle) ? ['cast', 'same'] : ['cast', 'stale'])
  }

  const connection = openConnection(path, { isReader: true })
  const count = (sql: string) => connection.prepare(sql).pluck().get()
  expect(count('select count(*) from votes')).toBe(battles)
  expect(count('select count(distinct battle_id || turn) from votes')).toBe(battles)
  expect(count('select count(*) from vote_revisions')).toBe(battles)
  // Open votes are in no board, so no board has changed.
  expect(count('select count(*) from vote_changes')).toBe(0)
  expect(count(`select count(*) from battles where state = 'voted'`)).toBe(battles)
  expect(connection.pragma('integrity_check', { simple: true })).toBe('ok')
  connection.close()
  await rm(folder, { recursive: true })
}, 600_000)

async function fill(path: string) {
  const storage = await sqliteStorage(path)
  await introduce(storage)
  for (let from = 0; from < battles; from += 500)
    await Promise.all(
      Array.from({ length: Math.min(500, battles - from) }, (_, i) =>
        aReadyBattle(storage, { id: `battle-${from + i}` }),
      ),
    )
  await storage.close()
}

function aProgram(path: string, number: number): { child: ChildProcess; ready: Promise<void>; told: Promise<Told> } {
  const script = fileURLToPath(new URL('./double-voter.ts', import.meta.url))
  const child = fork(script, [path, String(number), String(battles), String(atOnce)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const failed = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`program ${number} ended with ${code ?? signal} and said nothing`)
  })
  const ready = Promise.race([once(child, 'message'), failed]).then(() => undefined)
  const told = ready.then(async () => (await Promise.race([once(child, 'message'), failed]))[0] as Told)
  failed.catch(() => undefined)
  return { child, ready, told }
}
