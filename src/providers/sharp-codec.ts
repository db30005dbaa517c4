import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Refusal } from '../core/errors.ts'
import { decodesAtOnceMax, decodesWaitingMax, decodeTimeoutMs } from '../core/limits.ts'
import type { DecodedImage, ImageCodec } from '../images/image-codec.ts'
import type {
  DecodeFault,
  EncodedImage,
  FoundCode,
  ImageJob,
  ImageJobResult,
  ImageTransform,
  RawPixels,
} from './image-jobs.ts'

export type { EncodedImage, FoundCode, ImageTransform, RawPixels } from './image-jobs.ts'

export type ImageRequest = { id: number; job: ImageJob }
export type ImageResponse = {
  id: number
  value: ImageJobResult | null
  fault: DecodeFault | null
  memoryBytes: number
}

/** What readers and transforms may do with an image of ours, in the same process as uploads. */
export type ImageTools = {
  /** At most `width` pixels wide and high, RGB, transparency on white. */
  rawPixels(bytes: Uint8Array, options: { width: number }): Promise<RawPixels>
  readCodes(bytes: Uint8Array): Promise<FoundCode[]>
  /** A declared transform for one model; the same input gives the same bytes. */
  reencode(bytes: Uint8Array, transform: ImageTransform): Promise<EncodedImage>
}

const heapMegabytesMax = 192
/** A process that grew to this is replaced when it has nothing to do: the allocator does not give memory back. */
const restBytesMax = 320 * 1024 * 1024
/** The decoder's own limit comes first, also for one that waits behind another; this is for a process that does not answer at all. */
const silenceMs = 2 * decodeTimeoutMs + 2_000
/** A neighbour may have killed the process, so an upload gets a second chance, alone. */
const triesMax = 2

type Waiting = {
  job: ImageJob
  tries: number
  resolve: (value: ImageJobResult) => void
  reject: (error: unknown) => void
}
type Running = Waiting & { id: number; timer: NodeJS.Timeout }

/**
 * Decodes in a child process of its own, started with the first image and replaced when it dies. Two images at once, 20 waiting,
 * then `image_busy`. `align` rounds both edges to its multiples (`images.align`).
 */
export function sharpCodec({
  align = null,
}: {
  align?: number | null
} = {}): ImageCodec & ImageTools & AsyncDisposable & { processId(): number | null } {
  let child: ChildProcess | null = null
  let nextId = 1
  let isClosed = false
  const running = new Map<number, Running>()
  const waiting: Waiting[] = []

  function ask(job: ImageJob, { mayBeRefused }: { mayBeRefused: boolean }): Promise<ImageJobResult> {
    if (isClosed) return Promise.reject(new Refusal('unavailable', 'stopping'))
    if (mayBeRefused && running.size >= decodesAtOnceMax && waiting.length >= decodesWaitingMax)
      return Promise.reject(new Refusal('unavailable', 'image_busy', { params: { seconds: 5 } }))
    return new Promise((resolve, reject) => {
      waiting.push({ job, tries: 0, resolve, reject })
      advance()
    })
  }

  function advance() {
    while (waiting.length > 0 && mayStart(waiting[0]!)) start(waiting.shift()!)
    if (running.size === 0) letProcessExit(child)
  }

  /** What is tried again runs alone, so that the culprit is known. */
  function mayStart(next: Waiting) {
    const isAlone = running.size === 0
    const someoneIsTriedAgain = [...running.values()].some(({ tries }) => tries > 0)
    return isAlone || (running.size < decodesAtOnceMax && next.tries === 0 && !someoneIsTriedAgain)
  }

  function start(next: Waiting) {
    const id = nextId++
    child ??= launch()
    keepProcessAlive(child)
    const timer = setTimeout(() => child?.kill('SIGKILL'), silenceMs)
    running.set(id, { ...next, id, timer })
    const request: ImageRequest = { id, job: next.job }
    child.send(request, () => {
      // A failed send is followed by the exit event, which decides what happens to the job.
    })
  }

  function launch(): ChildProcess {
    const started = fork(childFile, {
      execArgv: [`--max-old-space-size=${heapMegabytesMax}`, '--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // Nothing of ours may be readable from a hijacked decoder, least of all keys.
      env: {},
    })
    started.on('message', (response: ImageResponse) => settle(response))
    started.on('error', () => started.kill('SIGKILL'))
    started.on('exit', () => died(started))
    return started
  }

  function settle({ id, value, fault, memoryBytes }: ImageResponse) {
    const done = running.get(id)
    if (done === undefined) return
    running.delete(id)
    clearTimeout(done.timer)
    if (value === null) done.reject(new Refusal('unsupported', fault ?? 'image_broken'))
    else done.resolve(value)
    if (memoryBytes > restBytesMax && running.size === 0) retire()
    advance()
  }

  function retire() {
    const old = child
    child = null
    old?.removeAllListeners('exit')
    old?.kill('SIGKILL')
  }

  function died(old: ChildProcess) {
    if (old !== child) return
    child = null
    const interrupted = [...running.values()]
    running.clear()
    for (const { timer, id: _, ...job } of interrupted) {
      clearTimeout(timer)
      if (job.tries + 1 < triesMax) waiting.unshift({ ...job, tries: job.tries + 1 })
      else job.reject(new Refusal('unsupported', 'image_bomb'))
    }
    advance()
  }

  return {
    async decode(upload) {
      const known = kindOf(upload)
      if (known === 'heic') throw new Refusal('unsupported', 'image_heic')
      if (known === 'other') throw new Refusal('unsupported', 'image_not_image')
      return (await ask({ kind: 'decode', bytes: upload, align }, { mayBeRefused: true })) as DecodedImage
    },
    async drawPreview(sketch) {
      return (await ask({ kind: 'preview', sketch }, { mayBeRefused: true })) as Uint8Array
    },
    async rawPixels(bytes, { width }) {
      return (await ask({ kind: 'pixels', bytes, width }, { mayBeRefused: false })) as RawPixels
    },
    async readCodes(bytes) {
      return (await ask({ kind: 'codes', bytes }, { mayBeRefused: false })) as FoundCode[]
    },
    async reencode(bytes, transform) {
      return (await ask({ kind: 'reencode', bytes, transform }, { mayBeRefused: false })) as EncodedImage
    },
    processId: () => child?.pid ?? null,
    async [Symbol.asyncDispose]() {
      isClosed = true
      const stopping = new Refusal('unavailable', 'stopping')
      for (const job of waiting.splice(0)) job.reject(stopping)
      for (const { timer, reject } of running.values()) {
        clearTimeout(timer)
        reject(stopping)
      }
      running.clear()
      retire()
    },
  }
}

/** The rewriting of import paths does not reach into strings, so the extension is that of this file. */
const childFile = fileURLToPath(new URL(`../cli/job-image${extname(import.meta.url)}`, import.meta.url))

function keepProcessAlive(child: ChildProcess) {
  child.ref()
  child.channel?.ref()
}

/** An idle decoder does not keep the arena from ending. */
function letProcessExit(child: ChildProcess | null) {
  child?.unref()
  child?.channel?.unref()
}

/** By the first bytes alone: names and content types are whatever the sender likes. */
export function kindOf(bytes: Uint8Array): 'jpeg' | 'png' | 'webp' | 'heic' | 'other' {
  const startsWith = (...values: number[]) => values.every((value, i) => bytes[i] === value)
  const ascii = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to))
  if (startsWith(0xff, 0xd8, 0xff)) return 'jpeg'
  if (startsWith(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'png'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp'
  if (ascii(4, 8) === 'ftyp') {
    const brands = ascii(8, 64)
    return /hei[cxms]|hev[cxms]|mif1|msf1/.test(brands) && !/avi[fs]/.test(brands) ? 'heic' : 'other'
  }
  return 'other'
}
