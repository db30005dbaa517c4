// How fast pictures leave, how much memory that takes, and whether the main thread notices: in a worker, as the arena does it.
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { exportDesk } from '../../src/cli/export-desk.ts'
import { defaultOptions } from '../../src/exports/options.ts'
import { imageKey } from '../../src/images/image.ts'
import { sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { aBallot, aBattle, aFinishedAnswer, aModel, anImage, aPrompt, aVoter, later, noon } from '../characters.ts'

const pictureBytes = 512 * 1024

/** Megabytes of pictures from SIGHTLINE_BENCH_EXPORT_MB (2000 is what the design was measured with). */
export async function run({ megabytes = Number(process.env['SIGHTLINE_BENCH_EXPORT_MB'] ?? 400) } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'sightline-bench-'))
  try {
    const data = join(root, 'data')
    const votes = Math.ceil((megabytes * 1e6) / pictureBytes)
    await fill(data, votes)
    await using desk = exportDesk({
      place: { data, dataset: 'main', license: null, key: null, site: { name: 'Bench', url: null, contact: null } },
      now: () => new Date(),
    })
    const delay = monitorEventLoopDelay({ resolution: 5 })
    let peak = 0
    const watching = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20)
    const before = process.memoryUsage.rss()
    delay.enable()
    const started = performance.now()
    const cpuBefore = process.cpuUsage()
    await desk.start(defaultOptions(['battles']))
    while (desk.status().state === 'running') await new Promise((resolve) => setTimeout(resolve, 10))
    const seconds = (performance.now() - started) / 1000
    const cpu = process.cpuUsage(cpuBefore)
    delay.disable()
    clearInterval(watching)
    const status = desk.status()
    if (status.state !== 'done') throw new Error(JSON.stringify(status))
    const bytes = status.result.bytes
    const result = {
      votes,
      megabytes: Math.round(bytes / 1e6),
      seconds: Number(seconds.toFixed(1)),
      cpu_seconds: Number(((cpu.user + cpu.system) / 1e6).toFixed(1)),
      megabytes_per_second: Math.round(bytes / 1e6 / seconds),
      rss_before_mb: Math.round(before / 1e6),
      rss_peak_mb: Math.round(peak / 1e6),
      main_loop_p99_ms: Number((delay.percentile(99) / 1e6).toFixed(1)),
      main_loop_max_ms: Number((delay.max / 1e6).toFixed(1)),
    }
    console.table([result])
    return result
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function fill(data: string, votes: number) {
  mkdirSync(data, { recursive: true })
  const storage = await sqliteStorage(join(data, 'sightline.db'))
  await storage.models.register([aModel('ant'), aModel('bee')], noon)
  await storage.voters.keep(aVoter())
  const noise = new Uint8Array(pictureBytes)
  for (let n = 0; n < votes; n++) {
    crypto.getRandomValues(noise.subarray(0, 1024))
    const sha256 = createHash('sha256').update(noise).digest('hex')
    const image = anImage('', { sha256, bytes: noise.length, phash: sha256.slice(0, 16) })
    const path = join(data, imageKey(image))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, noise)
    await storage.images.keep(image, null)
    const id = `battle-${n}`
    const prompt = aPrompt({ text: `Question ${n} about a picture, and a few words more`, images: [image] })
    await storage.battles.start(aBattle({ id, prompt }))
    await storage.battles.move(id, { type: 'slots_free' }, noon)
    const said = (side: string) => aFinishedAnswer(`Answer ${side} ${n}. `.repeat(60))
    await storage.battles.finish(id, 1, {
      answers: { a: said('a'), b: said('b') },
      flags: [],
      stoppedByVoter: false,
      at: later(1000),
    })
    await storage.votes.cast(aBallot({ id: `vote-${sha256.slice(0, 16)}`, battleId: id }))
    await storage.votes.reveal(id, later(2000))
  }
  await storage.close()
}

if (process.argv[1] === import.meta.filename) await run()
