import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Markup } from './battles/battle.ts'
import type { BattleFeed } from './battles/battle-feed.ts'
import { memoryBattleFeed } from './battles/battle-feed.ts'
import type { BattleStore } from './battles/battle-store.ts'
import { candidatesFor } from './battles/candidates.ts'
import type { ErasureStore } from './battles/erasure-store.ts'
import { defaultPolicy, type PairingPolicy } from './battles/pairing.ts'
import { battleRunner, type Runner } from './battles/run-battle.ts'
import type { ShareStore } from './battles/share-store.ts'
import type { DrawPool, Screen } from './battles/start-battle.ts'
import { type BoardDesk, boardDesk } from './cli/board-desk.ts'
import { CommandError } from './cli/command-error.ts'
import { canonical } from './cli/config-models.ts'
import { placeOf } from './cli/export-context.ts'
import { type ExportDesk, exportDesk } from './cli/export-desk.ts'
import { type Figures, figuresOf } from './cli/model-figures.ts'
import { packageFolder } from './cli/package.ts'
import { plantSeeds } from './cli/plant-seeds.ts'
import { recipientsOf } from './cli/recipients.ts'
import type { Config } from './config.ts'
import type { Log } from './core/events.ts'
import { idFrom } from './core/ids.ts'
import type { BlobStore } from './images/blob-store.ts'
import { type ImageRef, imageKey } from './images/image.ts'
import type { ImageCodec } from './images/image-codec.ts'
import type { ImageStore } from './images/image-store.ts'
import type { LeaderboardStore } from './leaderboards/leaderboard-store.ts'
import { gainBetween } from './leaderboards/pair-gains.ts'
import { type Health, modelHealth } from './models/health.ts'
import type { Model } from './models/model.ts'
import type { ModelStore } from './models/model-store.ts'
import type { Provider, SentImage } from './models/provider.ts'
import { modelSlots } from './models/slots.ts'
import { dailySpending, type Spending, startOfDay } from './models/spending.ts'
import { screenQuestion } from './moderation/screen.ts'
import type { PromptStore } from './prompts/prompt-store.ts'
import { builtinEntry, builtinModels, providerTools } from './providers/builtin-models.ts'
import { moderatorFor } from './providers/moderator-for.ts'
import { type ProviderDeps, providerFor } from './providers/provider-for.ts'
import { sharpCodec } from './providers/sharp-codec.ts'
import { type Transcriber, transcriber } from './providers/transcriber.ts'
import { countMarkup, styleOf } from './ranking/style-features.ts'
import { diskBlobStore } from './storage/disk/blob-store.ts'
import { sqliteStorage } from './storage/sqlite/storage.ts'
import type { VoterStore } from './voters/voter-store.ts'
import type { VoteStore } from './votes/vote-store.ts'

/** The assembled program: every effect a verb may ask for, as plain fields. */
export type Arena = AsyncDisposable & {
  config: Config
  battles: BattleStore
  shares: ShareStore
  erasures: ErasureStore
  votes: VoteStore
  images: ImageStore
  prompts: PromptStore
  models: ModelStore
  voters: VoterStore
  leaderboards: LeaderboardStore
  blobs: BlobStore
  codec: ImageCodec
  feed: BattleFeed
  runner: Runner
  health: Health
  boards: BoardDesk
  /** Failure rates and speeds by model, of battles that are over. */
  figures(): Promise<Figures>
  exports: ExportDesk
  /** Today's configured models. */
  contestants: Model[]
  pool: DrawPool
  screen: Screen
  spending: Spending
  /** Spoken questions to text; null where the operator offers no service. */
  transcriber: Transcriber | null
  /** Everybody outside this site who is sent questions and pictures. */
  recipients: string[]
  policy: PairingPolicy
  policyHash: string
  promptKeyOf(battleId: string, turn: number): Promise<string>
  imageBytesMax: number
  imagesPerForm: number
  /** Counted votes a day of one anonymous voter; null where everybody is known to the operator. */
  countedPerDayMax: number | null
  consent: { text: string | null; version: string }
  /** Signs cookies and form tokens. */
  secret: Uint8Array
  isSecure: boolean
  /** Asks the disk again after a refused write, so that an idle site recovers too. */
  isWritable(): Promise<boolean>
  signal: AbortSignal
  sha256(text: string): string
  now(): Date
  random(): number
  newId(): string
  log: Log
  /** Also told of every event: for metrics. */
  onEvent(listen: Log): void
  /** No new battles from here on; resolves when those that run have ended or `graceMs` is over. */
  stop(graceMs: number): Promise<void>
}

export type AssembleOptions = {
  log: Log
  now?: () => Date
  random?: () => number
  newId?: () => string
  /** For tests: contestants with providers of their own in place of the configured ones. */
  contestants?: { model: Model; provider: Provider & Partial<AsyncDisposable> }[]
  database?: string
  blobs?: BlobStore
  seedsFrom?: string
}

export async function assemble(config: Config, options: AssembleOptions): Promise<Arena> {
  const listeners: Log[] = [options.log]
  const log: Log = (event) => {
    for (const listen of listeners) listen(event)
  }
  const now = options.now ?? (() => new Date())
  const random = options.random ?? secureRandom
  const newId = options.newId ?? (() => idFrom(randomBytes(16)))
  mkdirSync(config.data, { recursive: true })
  const database = options.database ?? join(config.data, 'sightline.db')
  const storage = await sqliteStorage(database)
  const blobs = options.blobs ?? diskBlobStore(config.data)
  const codec = sharpCodec({ align: config.images.align })
  const stopping = new AbortController()
  const ending = new AbortController()

  const deps: ProviderDeps = {
    now,
    random,
    newId,
    environment: process.env,
    tools: providerTools(codec, process.env['PATH']),
    onFault: ({ modelId, ...fault }) => log({ event: 'upstream_fault', model: modelId, fault: JSON.stringify(fault) }),
  }
  const entries = options.contestants ?? configuredContestants(config, deps)
  const contestants = entries.map(({ model }) => model)
  const models = new Map(contestants.map((model) => [model.id, model]))
  const providers = new Map(entries.map(({ model, provider }) => [model.id, provider]))
  await storage.models.register(contestants, now())
  await storage.battles.interruptRunning(now())
  await demandOnePolicy(config, storage.battles)

  const health = modelHealth(now)
  const spending = dailySpending(config.limits.spendPerDay, (id) => models.get(id)?.card.price, now)
  if (config.limits.spendPerDay !== null)
    for (const { modelId, ...answer } of await storage.battles.receiptsSince(startOfDay(now())))
      spending.add(modelId, answer)
  const { baseUrl, model, key } = config.speech
  const hearing =
    baseUrl === null || model === null
      ? null
      : transcriber({ baseUrl, model, secret: () => key?.reveal() ?? null }, { now })
  const doors = config.moderation.map((door) => ({ ...door, moderator: moderatorFor(door, deps) }))
  const feed = memoryBattleFeed()
  const policy: PairingPolicy = { ...defaultPolicy, pairBaselines: config.battles.pairBaselines }
  const policyHash = sha256(canonical({ ...policy, samplingPolicy: config.samplingPolicy })).slice(0, 16)

  const sentImages = new Map<string, Promise<{ sent: SentImage; facts: unknown }>>()
  const sentImage = (ref: ImageRef) => {
    const known = sentImages.get(ref.sha256)
    if (known) return known
    const loading = loadSent(ref, storage.images, blobs)
    sentImages.set(ref.sha256, loading)
    loading.catch(() => sentImages.delete(ref.sha256))
    if (sentImages.size > 64) sentImages.delete(sentImages.keys().next().value!)
    return loading
  }

  const runner = battleRunner(
    {
      battles: storage.battles,
      feed,
      modelOf: (id) => models.get(id),
      providerFor: (id) => providers.get(id),
      sentImage,
      slots: modelSlots(),
      health,
      spending,
      sampling: config.samplingPolicy === 'vendor' ? { maxTokens: config.sampling.maxTokens } : config.sampling,
      system: config.systemPrompt,
      pace: { tickMs: config.battles.tickMs, startWaitMs: config.battles.startWaitS * 1000 },
      measure: measured,
      now,
      elapsed: () => performance.now(),
      sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
      newRef: () => newRef(randomBytes(4)),
      log,
    },
    ending.signal,
  )

  const boards = boardDesk({
    leaderboards: storage.leaderboards,
    database,
    options: { method: config.ranking.method, provisionalBelow: config.ranking.provisionalBelow },
    delayMs: isPublicSite(config) ? 24 * 60 * 60 * 1000 : 0,
    now,
    log,
  })
  const exports = exportDesk({ place: placeOf(config), now })
  if (config.prompts.seed)
    await plantSeeds(options.seedsFrom ?? join(packageFolder(), 'static', 'seeds'), { ...storage, blobs, codec, now })

  const arena: Arena = {
    config,
    battles: storage.battles,
    shares: storage.shares,
    erasures: storage.erasures,
    votes: storage.votes,
    images: storage.images,
    prompts: storage.prompts,
    models: storage.models,
    voters: storage.voters,
    leaderboards: storage.leaderboards,
    blobs,
    codec,
    feed,
    runner,
    health,
    boards,
    figures: figuresOf(storage.leaderboards, now),
    exports,
    contestants,
    policy,
    policyHash,
    async pool(prompt) {
      const gains = boards.gains()
      return {
        candidates: await candidatesFor(prompt, {
          contestants,
          providers,
          health,
          images: storage.images,
          battles: storage.battles,
          imagesMax: config.battles.images.perBattle,
        }),
        policy,
        policyHash,
        ...(gains && { gains: gainBetween(gains) }),
      }
    },
    screen: (prompt, battleId) =>
      screenQuestion(prompt, {
        battleId,
        doors,
        pictureOf: async (ref) => {
          const [image, bytes] = await Promise.all([storage.images.find(ref.sha256), blobs.get(imageKey(ref))])
          if (!image || !bytes) throw new Error(`image ${ref.sha256} has no bytes`)
          return { ...ref, bytes, phash: image.phash, uploadSha256: image.facts.sha256 }
        },
        async refuseImage(ref, { keepBytes }) {
          const image = await storage.images.find(ref.sha256)
          // A picture of a set was put there by the operator; only this battle is refused.
          if (!image || image.isPublic) return
          await storage.images.quarantine(ref.sha256)
          if (!keepBytes) await blobs.remove(imageKey(ref))
        },
        tell: ({ categories, images, ...finding }) =>
          log({ event: 'screen_found', ...finding, categories: categories.join(', '), images: images.join(' ') }),
        signal: stopping.signal,
      }),
    spending,
    transcriber: hearing,
    recipients: recipientsOf(config),
    promptKeyOf: (battleId, turn) => storage.battles.promptKey(battleId, turn),
    imageBytesMax: Math.round(config.limits.uploadMb * 1024 * 1024),
    imagesPerForm: config.battles.images.firstTurn,
    countedPerDayMax: isPublicSite(config) ? 20 : null,
    consent: { text: config.privacy.consent?.text ?? null, version: config.privacy.consent?.version ?? 'built-in-1' },
    secret: keyFile(join(config.data, 'keys', 'session.key')),
    isSecure: config.site.url?.startsWith('https:') ?? false,
    isWritable: async () => storage.isWritable() || (await storage.probe(now())),
    signal: stopping.signal,
    sha256,
    now,
    random,
    newId,
    log,
    onEvent: (listen) => void listeners.push(listen),
    async stop(graceMs) {
      stopping.abort('stopping')
      await Promise.race([runner.settled(), wait(graceMs, undefined, { ref: false })])
      ending.abort('stopping')
      await runner.settled()
    },
    async [Symbol.asyncDispose]() {
      await arena.stop(0)
      await boards[Symbol.asyncDispose]()
      await exports[Symbol.asyncDispose]()
      await Promise.all(entries.map(({ provider }) => provider[Symbol.asyncDispose]?.()))
      await Promise.all(doors.map(({ moderator }) => moderator[Symbol.asyncDispose]?.()))
      await hearing?.[Symbol.asyncDispose]()
      await codec[Symbol.asyncDispose]()
      await storage.battles.interruptRunning(now())
      await storage.close()
    },
  }
  return arena
}

/** Answers sampled in two ways are two kinds of contestants: a data folder holds one kind, so that no board mixes them. */
async function demandOnePolicy({ samplingPolicy, data }: Config, battles: BattleStore) {
  const other = samplingPolicy === 'arena' ? 'vendor' : 'arena'
  if (await battles.hasSampled(other))
    throw new CommandError(
      `sampling_policy is ${samplingPolicy}, but ${data} holds battles asked with ${other}, and boards never mix the two: use another data folder, or write ${other}.`,
      2,
    )
}

/** The configured models, or the built-in readers where there are none. */
function configuredContestants(config: Config, deps: ProviderDeps): NonNullable<AssembleOptions['contestants']> {
  if (config.models.length > 0)
    return config.models.map(({ model, config: entry }) => ({ model, provider: providerFor(entry, deps) }))
  return builtinModels({ hasTesseract: deps.tools.recognise !== null }).map((model) => ({
    model,
    provider: providerFor(builtinEntry(model), deps),
  }))
}

function measured(answer: string): Markup {
  const [characters, headers, lists, bold] = styleOf(countMarkup(answer))
  return { characters, headers, lists, bold }
}

async function loadSent(ref: ImageRef, images: ImageStore, blobs: BlobStore) {
  const [image, bytes] = await Promise.all([images.find(ref.sha256), blobs.get(imageKey(ref))])
  if (!image || !bytes) throw new Error(`image ${ref.sha256} has no bytes`)
  return { sent: { ...ref, bytes }, facts: image.facts }
}

const isPublicSite = (config: Config) => config.access.vote === 'anyone' && config.site.url !== null

/** Kept beside the data, readable by its owner only: moving the folder moves the sessions. */
function keyFile(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const key = randomBytes(32)
    writeFileSync(path, key, { mode: 0o600, flag: 'wx' })
    chmodSync(path, 0o600)
    return key
  }
}

const secureRandom = () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Four characters that read well aloud: no 0, 1, I, O. */
const newRef = (bytes: Uint8Array) => [...bytes].map((byte) => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte % 32]).join('')
