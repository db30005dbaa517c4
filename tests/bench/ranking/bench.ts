/**
 * Speed and memory of the ranking engine. Every row is a process of its own that reads the same votes file: its peak
 * memory is its own, and its first call has had no warm-up. Run: node --import tsx tests/bench/ranking/bench.ts
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { argv, cpuUsage, execPath, resourceUsage, version } from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bootstrap } from '../../../src/ranking/bootstrap.ts'
import { fitBradleyTerry, pointsPerLog } from '../../../src/ranking/bradley-terry.ts'
import { type Comparisons, countComparisons } from '../../../src/ranking/comparison.ts'
import { elo } from '../../../src/ranking/elo.ts'
import { sandwich } from '../../../src/ranking/intervals.ts'
import { seeded } from '../../../src/ranking/random.ts'
import { fitStyle, standardise } from '../../../src/ranking/style-control.ts'
import { plainBootstrap, plainRatings } from './plain.ts'
import { readVotes, styleColumns, writeVotes } from './votes-file.ts'

type Row = {
  firstMs: number
  medianMs: number
  cpuMs: number
  runs: number
  peakMb: number
  loadedMb: number
  error: number | null
}
type Votes = ReturnType<typeof readVotes>
type Task = { runs: number; withStyle?: boolean; prepare: (votes: Votes) => () => unknown }

const ratingsOf = (c: Comparisons) =>
  fitBradleyTerry(countComparisons(c)).theta.map((value) => 1000 + pointsPerLog * value)

function resampling(c: Comparisons, samples: number) {
  const counts = countComparisons(c)
  const fit = fitBradleyTerry(counts)
  return () => bootstrap(counts, fit, { samples, seed: 1 })
}

const tasks = {
  'count + fit': {
    runs: 5,
    prepare:
      ({ c }) =>
      () =>
        ratingsOf(c),
  },
  'refit from counts, one vote later': {
    runs: 51,
    prepare: ({ c }) => {
      const counts = countComparisons(c)
      const { theta } = fitBradleyTerry(counts)
      return () => {
        counts.votes[4] = counts.votes[4]! + 1
        counts.weight[4] = counts.weight[4]! + 1
        return fitBradleyTerry(counts, { start: theta })
      }
    },
  },
  sandwich: {
    runs: 5,
    prepare: ({ c }) => {
      const counts = countComparisons(c)
      const fit = fitBradleyTerry(counts)
      return () => sandwich(counts, fit)
    },
  },
  'bootstrap 100': { runs: 3, prepare: ({ c }) => resampling(c, 100) },
  'bootstrap 1000': { runs: 1, prepare: ({ c }) => resampling(c, 1000) },
  'style, 4 columns': {
    runs: 3,
    withStyle: true,
    prepare:
      ({ c, a, b }) =>
      () =>
        fitStyle(c, standardise(a, b, styleColumns).z),
  },
  'Elo, K 4': {
    runs: 5,
    prepare:
      ({ c }) =>
      () =>
        elo(c),
  },
  'plain reference: fit': {
    runs: 1,
    prepare:
      ({ c }) =>
      () =>
        Float64Array.from(plainRatings(c)),
  },
  'plain reference: bootstrap 2': {
    runs: 1,
    prepare:
      ({ c }) =>
      () =>
        plainBootstrap(c, 2, seeded(1)),
  },
} satisfies Record<string, Task>
type TaskName = keyof typeof tasks

/** The engines this one is meant to be compared with, and how to notice that they are there. */
const incumbents = ['fastchat', 'arena_rank', 'evalica', 'choix'] as const

export async function run({ log = console.log }: { log?: (line: string) => void } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ranking-bench-'))
  try {
    log(`Ranking, Node ${version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}. Times in ms, memory in MB.`)
    log(
      `Load average at the start: ${loadavg()[0]!.toFixed(1)}; above the number of cores, wall times are too long and CPU`,
    )
    log('times the better guide. first: one call in a fresh process; median, CPU: of the calls after it; peak: of the')
    log('whole process, over loaded: beyond the process with the votes in memory; error: largest difference from the')
    log('plain reference, rating points.\n')
    log(
      '| votes | models | what | first | median | CPU | calls | peak | over loaded | error |\n|---|---|---|---|---|---|---|---|---|---|',
    )
    for (const votes of [100_000, 1_000_000]) for (const models of [50, 200]) compare(folder, votes, models, log)
    growth(folder, log)
    log('\n| incumbent | on this machine |\n|---|---|')
    for (const name of incumbents)
      log(`| ${name} | ${isInstalled(name) ? 'present, not timed by this bench' : 'absent'} |`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function compare(folder: string, votes: number, models: number, log: (line: string) => void) {
  const path = join(folder, `${votes}-${models}.bin`)
  writeVotes(path, votes, models)
  const rows = new Map<TaskName, Row>()
  for (const name of Object.keys(tasks) as TaskName[]) {
    // The plain bootstrap of a million votes would take minutes and show the same ratio.
    if (name === 'plain reference: bootstrap 2' && votes > 100_000) continue
    const row = measure(name, path)
    rows.set(name, row)
    const error = row.error === null ? '' : row.error.toExponential(1)
    const cells = [
      votes.toLocaleString('en'),
      models,
      name,
      ms(row.firstMs),
      ms(row.medianMs),
      ms(row.cpuMs),
      row.runs,
      mb(row.peakMb),
      mb(row.peakMb - row.loadedMb),
      error,
    ]
    log(`| ${cells.join(' | ')} |`)
  }
  const ratio = (plain: number, own: number) => `${Math.round(plain / own).toLocaleString('en')} times`
  const fit = ratio(rows.get('plain reference: fit')!.cpuMs, rows.get('count + fit')!.cpuMs)
  log(
    `| ${votes.toLocaleString('en')} | ${models} | CPU: plain fit, once, over count + fit, median | ${fit} | | | | | | |`,
  )
  const plain = rows.get('plain reference: bootstrap 2')
  if (plain) {
    const drawn = ratio(plain.cpuMs * 50, rows.get('bootstrap 100')!.cpuMs)
    log(
      `| ${votes.toLocaleString('en')} | ${models} | CPU: plain bootstrap over bootstrap, per resample | ${drawn} | | | | | | |`,
    )
  }
}

/** Time against votes: the fit itself does not grow, counting does, and memory by the bytes of a vote. */
function growth(folder: string, log: (line: string) => void) {
  log(
    '\n| models | votes | count + fit, CPU | times that of 1 million | peak | bytes a vote over 1 million |\n|---|---|---|---|---|---|',
  )
  for (const models of [50, 200]) {
    let first: Row | undefined
    for (const millions of [1, 2, 5, 10]) {
      const path = join(folder, 'growing.bin')
      writeVotes(path, millions * 1_000_000, models)
      const row = measure('count + fit', path)
      first ??= row
      const bytes =
        millions === 1 ? '' : (((row.peakMb - first.peakMb) * 1_048_576) / ((millions - 1) * 1e6)).toFixed(1)
      log(
        `| ${models} | ${millions} million | ${ms(row.cpuMs)} | ${(row.cpuMs / first.cpuMs).toFixed(1)} | ${mb(row.peakMb)} | ${bytes} |`,
      )
    }
  }
}

function measure(name: TaskName, path: string): Row {
  const child = spawnSync(execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), name, path], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  })
  if (child.status !== 0) throw new Error(`${name} on ${path}: ${child.stderr}`)
  return JSON.parse(child.stdout)
}

function perform(name: TaskName, path: string): Row {
  const task: Task = tasks[name]
  const votes = readVotes(path, { withStyle: task.withStyle ?? false })
  const call = task.prepare(votes)
  const loadedMb = peakSoFarMb()
  const times: number[] = []
  const work: number[] = []
  let result: unknown
  for (let n = 0; n <= task.runs; n++) {
    const [from, worked] = [performance.now(), cpuUsage()]
    result = call()
    const { user, system } = cpuUsage(worked)
    times.push(performance.now() - from)
    work.push((user + system) / 1000)
    if (task.runs === 1) break
  }
  const peakMb = peakSoFarMb()
  const [medianMs, cpuMs] = [median(times), median(work)]
  const isRating = name === 'plain reference: fit'
  const error = isRating ? largestDifference(ratingsOf(votes.c), result as Float64Array) : null
  return { firstMs: times[0]!, medianMs, cpuMs, runs: task.runs, peakMb, loadedMb, error }
}

/**
 * Peak resident memory of this process. Linux's ru_maxrss starts at what the parent held when it forked, which would
 * show the writer of the votes; VmHWM belongs to the program that runs now.
 */
function peakSoFarMb(): number {
  if (!existsSync('/proc/self/status')) return resourceUsage().maxRSS / 1024
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

const largestDifference = (x: Float64Array, y: Float64Array) =>
  Math.max(...x.map((value, i) => Math.abs(value - y[i]!)))

/** Of the calls after the first, or of the only one. */
function median(values: number[]): number {
  const later = values.length > 1 ? values.slice(1).sort((x, y) => x - y) : values
  return later[later.length >> 1]!
}

const ms = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0))
const mb = (value: number) => value.toFixed(0)

const isInstalled = (name: string) => spawnSync('python3', ['-c', `import ${name}`], { stdio: 'ignore' }).status === 0

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  if (argv[2] && argv[3]) console.log(JSON.stringify(perform(argv[2] as TaskName, argv[3])))
  else await run()
}
