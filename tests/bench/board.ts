/**
 * The live board of a large arena: how long the worker takes for its first board and for one vote more, and how long the main thread stands
 * still meanwhile. Seeds a database in a temporary folder: a million votes unless `--votes` says otherwise.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { argv, memoryUsage, version } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { boardDesk } from '../../src/cli/board-desk.ts'
import type { BoardQuestion, BoardReply } from '../../src/cli/job-boards.ts'
import { type BoardView, wholeBoard } from '../../src/leaderboards/leaderboard.ts'
import { sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { oneMoreVote, seedVotes } from './seed-votes.ts'

const rounds = 12
const models = 50

export async function run({ log = console.log }: { log?: (line: string) => void } = {}) {
  const votes = Number(argv[argv.indexOf('--votes') + 1]) || 1_000_000
  const folder = mkdtempSync(join(tmpdir(), 'board-bench-'))
  // The desk's worker keeps no process alive.
  const alive = setInterval(() => undefined, 1000)
  try {
    log(
      `Live board, Node ${version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]!.toFixed(1)}.`,
    )
    log(`Above ${cpus().length} of load, wall times and stalls are those of a busy machine.\n`)
    const path = join(folder, 'sightline.db')
    const seeding = performance.now()
    const ids = await seedVotes(path, { votes, models, voters: Math.ceil(votes / 20) })
    log(`seeded ${votes.toLocaleString('en')} votes, ${models} models: ${seconds(performance.now() - seeding)}`)
    await worker(path, ids, log)
    await desk(path, ids, log)
  } finally {
    clearInterval(alive)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The worker alone, question by question. */
async function worker(path: string, ids: readonly string[], log: (line: string) => void) {
  const options = { method: 'bradley-terry', provisionalBelow: 100 } as const
  const thread = new Worker(new URL('../../src/cli/job-boards.ts', import.meta.url), {
    workerData: { database: path, options },
  })
  const ask = (view: BoardView) =>
    new Promise<Exclude<BoardReply, { error: string }>>((resolve, reject) => {
      thread.once('message', (reply: BoardReply) =>
        'error' in reply ? reject(new Error(reply.error)) : resolve(reply),
      )
      thread.postMessage({ id: 1, view, voterId: null } satisfies BoardQuestion)
    })
  const before = memoryUsage().rss
  const first = await ask(wholeBoard)
  log(
    `first board in the worker, everything read and robustness found: ${seconds(first.ms)}; whole process ${peakMb()} MB at most, ${mb(memoryUsage().rss - before)} MB more than before`,
  )
  const again = async (view: BoardView, waitMs: number) => {
    const times: number[] = []
    for (let n = 0; n < rounds; n++) {
      oneMoreVote(path, uniqueVote++, ids)
      await pause(waitMs)
      times.push((await ask(view)).ms)
    }
    return times.sort((x, y) => x - y)
  }
  // The first of them settles what the first board left.
  await ask(wholeBoard)
  const quick = await again(wholeBoard, 10)
  log(
    `one vote more, whole board, ratings at once: median ${ms(quick[rounds >> 1]!)}, slowest ${ms(quick.at(-1)!)} (makes new errors when those are five seconds old)`,
  )
  const exact = await again(wholeBoard, 5_000)
  log(
    `one vote more, five seconds later, with new errors: median ${ms(exact[rounds >> 1]!)}, slowest ${ms(exact.at(-1)!)}`,
  )
  await ask({ ...wholeBoard, style: true })
  const style = await again({ ...wholeBoard, style: true }, 10)
  log(`one vote more, with style: median ${ms(style[rounds >> 1]!)}`)
  await thread.terminate()
}

let uniqueVote = 0

/** The main thread beside it: the longest it was away while all main views were rated, against the same time of doing nothing. */
async function desk(path: string, ids: readonly string[], log: (line: string) => void) {
  const storage = await sqliteStorage(path)
  await using boards = boardDesk({
    leaderboards: storage.leaderboards,
    database: path,
    options: { method: 'bradley-terry', provisionalBelow: 100 },
    log: () => undefined,
    now: () => new Date(),
  })
  const started = performance.now()
  const loading = await longestStall(() => boards.refresh())
  log(
    `\nall main views for the first time: ${seconds(performance.now() - started)}; longest stall of the main thread ${ms(loading)}`,
  )
  const idle = await longestStall(() => pause(5_000))
  const stalls: number[] = []
  for (let n = 0; n < 4; n++) {
    oneMoreVote(path, uniqueVote++, ids)
    // Views rest in proportion to what they cost; after this all are due.
    await pause(10_500)
    stalls.push(await longestStall(() => boards.refresh()))
  }
  log(
    `one vote more, all main views: longest stall of the main thread ${ms(Math.max(...stalls))}; doing nothing for five seconds: ${ms(idle)}`,
  )
  await storage.close()
}

async function longestStall(work: () => Promise<unknown>): Promise<number> {
  const watch = monitorEventLoopDelay({ resolution: 1 })
  await pause(20)
  watch.enable()
  await work()
  await pause(20)
  watch.disable()
  return watch.max / 1e6
}

const ms = (value: number) => `${value.toFixed(1)} ms`
const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`
const mb = (bytes: number) => Math.round(bytes / 1_048_576)

function peakMb(): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}
