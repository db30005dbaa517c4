import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import { freeDiskBytesMin } from '../core/limits.ts'
import { CommandError } from './command-error.ts'
import { loadFrom, type PlaceFlags, problemText, withPlaces } from './load.ts'
import { print, printJson } from './output.ts'
import { packageFolder } from './package.ts'

export function registerDoctor(program: Command) {
  withPlaces(
    program
      .command('doctor')
      .description('Check this machine: Node, configuration, disk, permissions, database, clock, port, image decoder.')
      .addHelpText('before', 'Example:\n  sightline doctor\n'),
  )
    .option('--json', 'print JSON')
    .action(doctor)
}

type Finding = { check: string; state: 'ok' | 'warning' | 'failed'; sentence: string }

const ok = (check: string, sentence: string): Finding => ({ check, state: 'ok', sentence })
const warning = (check: string, sentence: string): Finding => ({ check, state: 'warning', sentence })
const bad = (check: string, sentence: string): Finding => ({ check, state: 'failed', sentence })

async function doctor({ json, ...flags }: PlaceFlags & { json?: boolean }) {
  const { config, problems } = loadFrom(flags)
  const findings = [
    nodeVersion(),
    ...problems.map(
      (problem): Finding => ({
        check: 'configuration',
        state: problem.severity === 'error' ? 'failed' : 'warning',
        sentence: problemText(problem),
      }),
    ),
  ]
  if (config) {
    if (problems.length === 0) findings.push(ok('configuration', `${config.file ?? 'The defaults'}: in order.`))
    const { data } = config
    findings.push(
      ...(await folder(data)),
      disk(data),
      await database(data),
      await port(config),
      await images(),
      textReader(),
    )
  }
  if (json) printJson(findings)
  else for (const { check, state, sentence } of findings) print(`${words[state]} ${check}: ${sentence}`)
  const failures = findings.filter(({ state }) => state === 'failed').length
  if (failures > 0) throw new CommandError(`${failures} ${failures === 1 ? 'thing' : 'things'} to mend.`, 1)
}

const words = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ' } as const

function nodeVersion(): Finding {
  const { node } = process.versions
  const isCurrent = Number(node.split('.')[0]) >= 24
  return isCurrent ? ok('node', `${node}.`) : warning('node', `${node} works; 24 is the version this is tested with.`)
}

/** Writes, flushes and reads back one small file; its time tells whether the clocks of disk and program agree. */
async function folder(data: string): Promise<Finding[]> {
  const probe = join(data, `.doctor-${process.pid}`)
  try {
    mkdirSync(data, { recursive: true })
    const handle = await open(probe, 'w')
    await handle.write('sightline')
    await handle.sync()
    await handle.close()
    const apartMs = Math.abs(statSync(probe).mtimeMs - Date.now())
    const isWhole = readFileSync(probe, 'utf8') === 'sightline'
    return [
      isWhole
        ? ok('data folder', `${data} can be written.`)
        : bad('data folder', `${data} gave back something else than was written.`),
      clock(apartMs),
    ]
  } catch (error) {
    return [bad('data folder', `${data} cannot be written: ${(error as Error).message}.`)]
  } finally {
    if (existsSync(probe)) rmSync(probe)
  }
}

/** Votes, sessions and consents carry the time: a clock before this program was written is wrong. */
const builtInYear = 2026

function clock(apartMs: number): Finding {
  const now = new Date()
  if (now.getUTCFullYear() < builtInYear)
    return bad('clock', `It says ${now.toISOString()}; set the clock of this machine.`)
  if (apartMs > 5000)
    return warning(
      'clock',
      `The clock of the disk is ${Math.round(apartMs / 1000)} s away from the clock of this machine.`,
    )
  return ok('clock', `${now.toISOString()}.`)
}

function disk(data: string): Finding {
  try {
    const { bavail, bsize, blocks } = statfsSync(data)
    const freeBytes = bavail * bsize
    const share = blocks > 0 ? bavail / blocks : 1
    const sentence = `${(freeBytes / 1e9).toFixed(1)} GB free (${Math.round(100 * share)} %).`
    if (freeBytes < freeDiskBytesMin)
      return bad('disk', `${sentence} New battles stop below ${freeDiskBytesMin / 1024 / 1024} MB.`)
    return share < 0.05 ? warning('disk', `${sentence} Below 5 % the arena is not ready.`) : ok('disk', sentence)
  } catch (error) {
    return bad('disk', `The free space cannot be read: ${(error as Error).message}.`)
  }
}

async function database(data: string): Promise<Finding> {
  const file = join(data, 'sightline.db')
  if (!existsSync(file)) return ok('database', 'None yet; the first start makes it.')
  try {
    const { openConnection } = await import('../storage/sqlite/open.ts')
    const { readMigrations } = await import('../storage/sqlite/migrations.ts')
    const connection = openConnection(file, { isReader: true })
    try {
      const check = connection.pragma('quick_check', { simple: true })
      if (check !== 'ok') return bad('database', `${file} is damaged (${check}); restore a backup.`)
      const step = Number(connection.prepare('select count(*) from migrations').pluck().get())
      const known = readMigrations().length
      if (step > known) return bad('database', `${file} was written by a newer Sightline; install that version.`)
      const sqlite = connection.prepare('select sqlite_version()').pluck().get()
      return step < known
        ? warning(
            'database',
            `${known - step} steps behind; sightline migrate, or the next start, brings it up to date.`,
          )
        : ok('database', `${file} is sound, SQLite ${sqlite}.`)
    } finally {
      connection.close()
    }
  } catch (error) {
    return bad('database', (error as Error).message)
  }
}

function port({ server: { host, port } }: Config): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(inUse(host, port))
      else resolve(bad('port', `${host}:${port} cannot be listened on: ${error.message}.`))
    })
    server.listen(port, host, () => server.close(() => resolve(ok('port', `${host}:${port} is free.`))))
  })
}

async function inUse(host: string, port: number): Promise<Finding> {
  const shown = host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host
  const answer = await fetch(`http://${shown}:${port}/healthz`, { signal: AbortSignal.timeout(1000) }).catch(() => null)
  return answer?.ok
    ? ok('port', `${host}:${port} is answered by a running arena.`)
    : bad('port', `${host}:${port} is taken by another program; choose another with --port or server.port.`)
}

/** Decodes one of our own pictures in the decoder's own process. */
async function images(): Promise<Finding> {
  try {
    const { sharpCodec } = await import('../providers/sharp-codec.ts')
    await using codec = sharpCodec()
    const bytes = readFileSync(join(packageFolder(), 'static', 'seeds', 'wall-clock.jpg'))
    const { width, height } = await codec.decode(new Uint8Array(bytes))
    return ok('images', `The decoder works (${width} × ${height}).`)
  } catch (error) {
    return bad('images', `The image decoder does not work: ${(error as Error).message}. Run npm install.`)
  }
}

function textReader(): Finding {
  const isThere = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'tesseract')))
  return isThere
    ? ok('text reader', 'tesseract is there; the built-in Text Reader runs.')
    : ok('text reader', 'tesseract is not installed; the built-in Text Reader stays out.')
}
