import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Refusal } from '../core/errors.ts'
import type { VoteId } from '../core/ids.ts'
import type { boardOf } from '../exports/board.ts'
import type { ExportProgress, ExportResult } from '../exports/build-export.ts'
import { type ExportOptions, problemsOf } from '../exports/options.ts'
import type { ExportPreview } from '../exports/preview.ts'
import { exportFolder } from '../storage/exports/export-folder.ts'
import { importPool } from '../storage/exports/import-pool.ts'
import { votesHeld } from '../storage/exports/ledger.ts'
import { type Tar, tarOf } from '../storage/exports/tar.ts'
import { type ExportPlace, exportsOf, importsOf, ledgerOf } from './export-context.ts'
import type { ExportQuestion, ExportReply } from './job-export.ts'

export type ExportStatus =
  | { state: 'idle' }
  | { state: 'running'; startedAt: Date; options: ExportOptions; progress: ExportProgress | null }
  | { state: 'done'; endedAt: Date; result: ExportResult }
  | { state: 'failed'; endedAt: Date; code: string; message: string; funnel: unknown }

export type HostedSnapshot = {
  id: string
  dataset: string
  createdAt: string | null
  scope: string
  license: string
  presets: string[]
  rows: { preset: string; split: string; rows: number }[]
  files: { path: string; bytes: number; sha256: string; rows: number }[]
  bytes: number
}

/** What `/data` does. Counting and writing run in a worker thread; this side only asks, and serves finished files. */
export type ExportDesk = AsyncDisposable & {
  /** Live count, why rows are left out, five rows, size. Refuses `invalid` with `unknown_filter` where the options contradict each other. */
  preview(options: ExportOptions): Promise<ExportPreview>
  /** Begins in the background; refuses `conflict` with `export_running` while one runs. An interrupted one with the same options goes on. */
  start(options: ExportOptions): Promise<void>
  status(): ExportStatus
  cancel(): void
  /** Complete snapshots, newest first. */
  snapshots(): Promise<HostedSnapshot[]>
  snapshot(id: string): Promise<HostedSnapshot | undefined>
  /** A file of a snapshot by the path its manifest lists; nothing else in the folder can be named. */
  file(id: string, path: string): Promise<{ path: string; bytes: number; sha256: string | null } | undefined>
  /** The whole snapshot as a computed archive: its length is known and any range of it can be read. */
  tar(id: string): Promise<Tar | undefined>
  remove(id: string): Promise<boolean>
  /** The complete public snapshots that hold some of these votes, newest first: what was published cannot be called back. */
  holding(votes: VoteId[]): Promise<{ id: string; createdAt: string | null; votes: number }[]>
  /** Imported pools. */
  sources(): Promise<{ name: string; format: string; license: string | null; votes: number }[]>
  /** The board of one, for `/leaderboard?source=NAME`: rows as `sightline rank` gives them. */
  sourceBoard(source: string): Promise<Board | undefined>
}
type Board = ReturnType<typeof boardOf>

/** An export is written here and gets its snapshot's name when it is complete. */
const buildingName = 'building'
/** Counting reads every vote; a page that is loaded again shows the same count. */
const previewFreshMs = 5_000
const unlisted = ['manifest.json', 'SHA256SUMS']

export function exportDesk({ place, now }: { place: ExportPlace; now(): Date }): ExportDesk {
  const root = exportsOf(place.data)
  const building = join(root, buildingName)
  const thread = exportThread(place)
  // Looking must not wait until writing is over.
  const lookingThread = exportThread(place)
  const looked = new Map<string, { at: number; preview: Promise<ExportPreview> }>()
  let status: ExportStatus = { state: 'idle' }

  const snapshot = async (id: string): Promise<HostedSnapshot | undefined> => {
    if (!/^[0-9a-f]{16}$/.test(id)) return undefined
    const folder = join(root, id)
    const [manifest] = await Promise.all([
      readFile(join(folder, 'manifest.json'), 'utf8').catch(() => null),
      stat(join(folder, 'SHA256SUMS')).catch(() => null),
    ])
    return manifest === null ? undefined : hosted(id, manifest)
  }
  const snapshots = async () => {
    const names = await readdir(root).catch(() => [])
    const found = await Promise.all(names.map(snapshot))
    return found
      .filter((held) => held !== undefined)
      .sort((left, right) => ((left.createdAt ?? '') < (right.createdAt ?? '') ? 1 : -1))
  }
  const sources = async () => {
    if (!existsSync(importsOf(place.data))) return []
    const pool = importPool(importsOf(place.data))
    try {
      return await pool.sources()
    } finally {
      pool.close()
    }
  }
  const finish = async (result: ExportResult) => {
    const home = join(root, result.snapshot)
    if (await snapshot(result.snapshot)) await rm(building, { recursive: true, force: true })
    else await rename(building, home)
    status = { state: 'done', endedAt: now(), result }
  }

  return {
    async preview(options) {
      refuseNonsense(options)
      const key = JSON.stringify(options)
      const known = looked.get(key)
      if (known && now().getTime() - known.at < previewFreshMs) return await known.preview
      const preview = lookingThread.ask<ExportPreview>({ ask: 'preview', options })
      looked.clear()
      looked.set(key, { at: now().getTime(), preview })
      preview.catch(() => looked.delete(key))
      return await preview
    },
    async start(options) {
      refuseNonsense(options)
      if (status.state === 'running') throw new Refusal('conflict', 'export_running')
      const running: ExportStatus = { state: 'running', startedAt: now(), options, progress: null }
      status = running
      const fail = (code: string, message: string, funnel: unknown) => {
        status = { state: 'failed', endedAt: now(), code, message, funnel }
      }
      void (async () => {
        try {
          const { is } = await exportFolder(building).state()
          // A complete one that was not yet named, or leftovers nobody can go on with.
          if (is === 'complete' || is === 'foreign') await rm(building, { recursive: true, force: true })
          const run = () =>
            thread.ask<ExportResult>({ ask: 'export', options, out: building }, (progress) => {
              if (status.state === 'running') status = { ...running, progress }
            })
          const result = await run().catch(async (error: unknown) => {
            if (!(error instanceof WorkerFailure) || error.code !== 'dir_in_use') throw error
            await rm(building, { recursive: true, force: true })
            return await run()
          })
          await finish(result)
        } catch (error) {
          if (error instanceof WorkerFailure) fail(error.code, error.message, error.funnel)
          else fail('fault', error instanceof Error ? error.message : String(error), null)
        }
      })()
    },
    status: () => status,
    cancel: () => thread.stop(),
    snapshots,
    async holding(votes) {
      const held = votesHeld(ledgerOf(place.data), votes)
      const hosted = held.size === 0 ? [] : await snapshots()
      return hosted.flatMap(({ id, scope, createdAt }) => {
        const count = scope === 'public' ? held.get(id) : undefined
        return count ? [{ id, createdAt, votes: count }] : []
      })
    },
    snapshot,
    async file(id, path) {
      const held = await snapshot(id)
      const listed = held?.files.find((file) => file.path === path)
      if (!held || (!listed && !unlisted.includes(path))) return undefined
      const place = join(root, id, ...path.split('/'))
      const size = (await stat(place).catch(() => null))?.size
      return size === undefined ? undefined : { path: place, bytes: size, sha256: listed?.sha256 ?? null }
    },
    async tar(id) {
      const held = await snapshot(id)
      return held && (await tarOf(join(root, id), id, held.createdAt === null ? null : new Date(held.createdAt)))
    },
    async remove(id) {
      if (!(await snapshot(id))) return false
      await rm(join(root, id), { recursive: true })
      return true
    },
    sources,
    async sourceBoard(source) {
      if (!(await sources()).some(({ name }) => name === source)) return undefined
      return await lookingThread.ask<Board>({ ask: 'board', source })
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([thread.close(), lookingThread.close()])
    },
  }
}

function refuseNonsense(options: ExportOptions) {
  if (problemsOf(options).length > 0)
    throw new Refusal('invalid', options.presets.length === 0 ? 'unknown_preset' : 'unknown_filter')
}

type Manifest = {
  dataset: string
  created_at: string | null
  scope: string
  license: string
  options: { presets: string[] }
  files: { path: string; bytes: number; sha256: string; rows: number; preset: string; split: string }[]
}
function hosted(id: string, text: string): HostedSnapshot {
  // Written by our own export; its checksum is in SHA256SUMS.
  const manifest = JSON.parse(text) as Manifest
  const rows = new Map<string, { preset: string; split: string; rows: number }>()
  for (const { path, preset, split, rows: count } of manifest.files) {
    if (count === 0 || path === 'votes/votes.csv') continue
    const held = rows.get(`${preset}/${split}`) ?? { preset, split, rows: 0 }
    held.rows += count
    rows.set(`${preset}/${split}`, held)
  }
  return {
    id,
    dataset: manifest.dataset,
    createdAt: manifest.created_at,
    scope: manifest.scope,
    license: manifest.license,
    presets: manifest.options.presets,
    rows: [...rows.values()],
    files: manifest.files.map(({ path, bytes, sha256, rows: count }) => ({ path, bytes, sha256, rows: count })),
    bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

class WorkerFailure extends Error {
  override readonly name = 'WorkerFailure'
  readonly code: string
  readonly funnel: unknown
  constructor(code: string, message: string, funnel: unknown) {
    super(message)
    this.code = code
    this.funnel = funnel
  }
}

type Asked =
  | { ask: 'board'; source: string }
  | { ask: 'preview'; options: ExportOptions }
  | { ask: 'export'; options: ExportOptions; out: string }
type Waiting = {
  resolve(value: unknown): void
  reject(error: Error): void
  onProgress?: ((progress: ExportProgress) => void) | undefined
}

/** One worker thread, started with the first question and replaced when it dies. */
function exportThread(place: ExportPlace) {
  let worker: Worker | null = null
  let nextId = 1
  const waiting = new Map<number, Waiting>()
  const start = () => {
    const fresh = new Worker(new URL(`./job-export${extname(import.meta.url)}`, import.meta.url), {
      workerData: { place },
      // Rows are garbage as soon as they are written: a small nursery frees them early and keeps 100 MB out of the process.
      resourceLimits: { maxYoungGenerationSizeMb: 12 },
    })
    fresh.on('message', (reply: ExportReply) => {
      const asked = waiting.get(reply.id)
      if ('progress' in reply) return asked?.onProgress?.(reply.progress)
      waiting.delete(reply.id)
      if (waiting.size === 0) fresh.unref()
      if ('failure' in reply)
        asked?.reject(new WorkerFailure(reply.failure.code, reply.failure.message, reply.failure.funnel))
      else asked?.resolve('preview' in reply ? reply.preview : 'board' in reply ? reply.board : reply.result)
    })
    const lost = (why: string) => {
      if (worker === fresh) worker = null
      for (const { reject } of waiting.values()) reject(new WorkerFailure('fault', `the export worker ${why}`, null))
      waiting.clear()
    }
    fresh.on('error', (error) => lost(`failed: ${error.message}`))
    fresh.on('exit', (code) => lost(`ended with ${code}`))
    return fresh
  }
  return {
    ask<T>(question: Asked, onProgress?: (progress: ExportProgress) => void): Promise<T> {
      worker ??= start()
      const id = nextId++
      return new Promise<T>((resolve, reject) => {
        // The reply to a question is of the type the question asks for.
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onProgress })
        // Idle, it keeps no program alive; at work it does.
        worker!.ref()
        worker!.postMessage({ id, ...question } satisfies ExportQuestion)
      })
    },
    stop() {
      worker?.postMessage({ ask: 'stop' } satisfies ExportQuestion)
    },
    async close() {
      await worker?.terminate()
    },
  }
}
