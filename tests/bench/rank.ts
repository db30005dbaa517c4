/**
 * `sightline rank` as people run it: a file on disk, a process of its own, time and memory of all of it. Uses what is built in dist.
 * `--votes` says how many (a million); 10 million are a gigabyte in the temporary folder.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { argv, execPath, version } from 'node:process'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
import { seeded } from '../../src/ranking/random.ts'

const program = fileURLToPath(new URL('../../dist/src/cli/cli.js', import.meta.url))
const models = 50
const winners = ['model_a', 'model_b', 'tie', 'both_bad'] as const
type Vote = { n: number; a: string; b: string; winner: string; voter: string; lengths: [number, number] }

const kinds: Record<string, { suffix: string; header?: string; line(vote: Vote): string; flags?: string[] }> = {
  'three fields': {
    suffix: 'jsonl',
    line: ({ a, b, winner }) => JSON.stringify({ model_a: a, model_b: b, winner }),
  },
  'ids and voters': {
    suffix: 'jsonl',
    line: ({ n, a, b, winner, voter }) =>
      JSON.stringify({ id: idOf(n), model_a: a, model_b: b, winner, voter_id: voter }),
  },
  'as exported, with style': {
    suffix: 'jsonl',
    flags: ['--style'],
    line: ({ n, a, b, winner, voter, lengths: [chars_a, chars_b] }) =>
      JSON.stringify({
        id: idOf(n),
        model_a: a,
        model_b: b,
        winner,
        voter_id: voter,
        voted_at: '2026-01-01T00:00:00.000Z',
        language: 'en',
        counted: true,
        categories: ['ocr'],
        conv_metadata: {
          chars_a,
          chars_b,
          headers_a: n % 3,
          headers_b: n % 2,
          lists_a: n % 5,
          lists_b: n % 4,
          bold_a: 0,
          bold_b: n % 7,
        },
      }),
  },
  CSV: {
    suffix: 'csv',
    header: 'id,model_a,model_b,winner,voter_id',
    line: ({ n, a, b, winner, voter }) => [idOf(n), a, b, winner, voter].join(','),
  },
}
const idOf = (n: number) => `0192f${n.toString(16).padStart(11, '0')}`

export async function run({ log = console.log }: { log?: (line: string) => void } = {}) {
  const votes = Number(argv[argv.indexOf('--votes') + 1]) || 1_000_000
  if (!existsSync(program)) throw new Error('There is no dist yet: npm run build.')
  const folder = mkdtempSync(join(tmpdir(), 'rank-bench-'))
  try {
    log(
      `sightline rank, ${votes.toLocaleString('en')} votes, Node ${version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]!.toFixed(1)}.\n`,
    )
    const idle = await measured(['rank', '--help'])
    log('| file | MB | wall s | peak MB | bytes a vote over starting up |\n|---|---|---|---|---|')
    log(`| none: starting up | | ${idle.seconds.toFixed(2)} | ${idle.peakMb.toFixed(0)} | |`)
    for (const [name, kind] of Object.entries(kinds)) {
      const path = join(folder, `votes.${kind.suffix}`)
      await write(path, votes, kind)
      await row(name, path, kind.flags ?? [])
      if (name === 'as exported, with style') {
        await pipeline(createReadStream(path), createGzip({ level: 1 }), createWriteStream(`${path}.gz`))
        await row('the same in gzip, without style', `${path}.gz`, [])
      }
    }
    async function row(name: string, path: string, flags: string[]) {
      const { seconds, peakMb } = await measured(['rank', '--in', path, '--format', 'csv', ...flags])
      const bytes = ((peakMb - idle.peakMb) * 1_048_576) / votes
      log(
        `| ${name} | ${(statSync(path).size / 1_048_576).toFixed(0)} | ${seconds.toFixed(2)} | ${peakMb.toFixed(0)} | ${bytes.toFixed(1)} |`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function write(path: string, votes: number, { header, line }: (typeof kinds)[string]) {
  const random = seeded(1)
  const out = createWriteStream(path)
  if (header) out.write(`${header}\n`)
  const name = (i: number) => `model-${String(i).padStart(2, '0')}-vl`
  for (let n = 0; n < votes; ) {
    const lines: string[] = []
    for (const end = Math.min(votes, n + 20_000); n < end; n++) {
      const a = Math.floor(random() * models)
      const b = (a + 1 + Math.floor(random() * (models - 1))) % models
      const u = random()
      const winner = u < 0.15 ? 2 : u < 0.23 ? 3 : random() < 1 / (1 + Math.exp((a - b) / 25)) ? 0 : 1
      const lengths: [number, number] = [Math.floor(900 * random()), Math.floor(900 * random())]
      const voter = `v${Math.floor((random() * votes) / 20)}`
      lines.push(line({ n, a: name(a), b: name(b), winner: winners[winner]!, voter, lengths }))
    }
    if (!out.write(`${lines.join('\n')}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}

/** Wall time of a process, and its peak memory where the system tells. */
async function measured(args: string[]): Promise<{ seconds: number; peakMb: number }> {
  const started = performance.now()
  const child = spawn(execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  let peakMb = Number.NaN
  const watch = setInterval(() => {
    try {
      const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
      // A process that has ended has no memory.
      if (kilobytes !== undefined) peakMb = Number(kilobytes) / 1024
    } catch {
      // Ended, or a system without /proc.
    }
  }, 20)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearInterval(watch)
  if (code !== 0) throw new Error(`sightline ${args.join(' ')} ended with ${code}`)
  return { seconds: (performance.now() - started) / 1000, peakMb }
}
