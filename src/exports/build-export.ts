import { byCodeUnit, canonicalJson, type Hash } from './canonical.ts'
import { carryBase } from './carry-base.ts'
import { type CompanionFacts, companionsOf } from './companions.ts'
import { csvHeader, csvRow } from './csv.ts'
import type { ExportFolder, FolderState } from './export-folder.ts'
import type { ExportReader, ExportStore, FrozenSnapshot, Shard, SnapshotLedger } from './export-store.ts'
import { ExportFailure } from './failures.ts'
import { digestOf, type Frozen, freezeRows } from './freeze.ts'
import { findLeaks } from './leak-check.ts'
import { type ExportOptions, isSplit, lanesOf, problemsOf, rulesOf } from './options.ts'
import { coarse, isPseudonym, type Keyed, sessionPseudonym, voterPseudonym } from './pseudonyms.ts'
import { type RecordContext, voteRecord } from './record.ts'
import { reportOf, type SnapshotReport } from './report.ts'
import { retractionsOf } from './retractions.ts'
import { schemaVersion, tableOf } from './tables.ts'
import { writeComparator, writeDatabase } from './write-extras.ts'
import {
  frozenRows,
  isLineLane,
  isTableLane,
  type LaneContext,
  type Room,
  type Sizes,
  usualSizes,
  writeLines,
  writeTable,
} from './write-lanes.ts'

export type ExportContext = {
  store: ExportStore
  ledger: SnapshotLedger
  folder: ExportFolder
  /** The stored bytes of a picture, in `room` where that is given, or undefined where there are none. */
  image(image: { sha256: string; mediaType: string }, room?: Room): Promise<Uint8Array | undefined>
  isImageThere(image: { sha256: string; mediaType: string }): Promise<boolean>
  /** Base64 of a JPEG with its longest edge at 512 and quality 80: the viewer of LLM Comparator reads nothing else. */
  smallJpeg(bytes: Uint8Array): Promise<string>
  hash: Hash
  keyed: Keyed
  /** Says which key made the pseudonyms, and nothing about it. */
  keyId(): string
  codeVersion: string
  sqliteVersion: string
  site: { name: string; url: string | null; contact: string | null }
  /** Rows of another complete export that stay as they are. */
  base?: { folder: string; snapshot: string } | null
  onProgress?(progress: ExportProgress): void
  signal?: AbortSignal
  /** Smaller in tests that stop an export at every shard. */
  sizes?: Sizes
}
export type ExportProgress = { phase: 'reading' | 'writing' | 'checking'; rows: number; of: number; bytes: number }
export type ExportResult = {
  snapshot: string
  state: 'written' | 'already_complete' | 'resumed'
  rows: { preset: string; split: string; rows: number }[]
  funnel: SnapshotReport['stats']['funnel']
  files: number
  bytes: number
  warnings: string[]
}

/**
 * Writes one dataset: freezes which votes go in (resuming what an earlier run froze here), writes only from the frozen list, checks what was
 * written and seals the folder with SHA256SUMS. Throws ExportFailure; after `interrupted` the same call goes on where this one stopped.
 */
export async function buildExport(options: ExportOptions, context: ExportContext): Promise<ExportResult> {
  const [problem] = problemsOf(options)
  if (problem) throw new ExportFailure('usage', problem)
  const { store, folder, ledger } = context
  const state = await folder.state()
  if (state.is === 'foreign') throw new ExportFailure('dir_in_use', 'the folder holds files of something else')
  return await store.read(async (reader) => {
    if (state.is === 'unfinished') {
      const begun = await ledger.find(state.snapshot)
      if (begun && begun.options !== optionsText(options, context))
        throw new ExportFailure('dir_in_use', 'an unfinished export with other options is in this folder')
      if (begun && (await isUnchanged(begun, reader, context)))
        return await writeSnapshot(begun, 'resumed', reader, options, context)
      await folder.clear()
    }
    const snapshot = await freezeSnapshot(reader, options, context, state)
    if (state.is === 'complete') return resultOf(snapshot, 'already_complete', [], await folder.list())
    await checkSpace(snapshot, context)
    return await writeSnapshot(snapshot, 'written', reader, options, context)
  })
}

/** Writes an earlier snapshot again, from its frozen list. Throws `not_reproducible` when a row of it is no longer what it was. */
export async function rebuildSnapshot(id: string, context: ExportContext): Promise<ExportResult> {
  const { store, folder, ledger } = context
  const snapshot = await ledger.find(id)
  if (!snapshot) throw new ExportFailure('usage', `no snapshot ${id} is known here`)
  const state = await folder.state()
  if (state.is === 'foreign' || (state.is !== 'empty' && state.snapshot !== id))
    throw new ExportFailure('dir_in_use', 'the folder is not empty')
  if (state.is === 'complete') return resultOf(snapshot, 'already_complete', [], await folder.list())
  return await store.read((reader) => writeSnapshot(snapshot, 'written', reader, optionsOf(snapshot), context))
}

/** What an export would hold, without writing anything. */
export async function dryRun(
  options: ExportOptions,
  context: Pick<ExportContext, 'store' | 'ledger' | 'hash' | 'isImageThere' | 'onProgress' | 'signal'>,
): Promise<Frozen> {
  const [problem] = problemsOf(options)
  if (problem) throw new ExportFailure('usage', problem)
  return await context.store.read((reader) => freeze(reader, options, context))
}

/** Text of the options that decide what is written, dates as ISO. */
const optionsText = (options: ExportOptions, { base }: Pick<ExportContext, 'base'>) =>
  canonicalJson({ ...options, base: base?.snapshot ?? null })

function optionsOf({ options }: FrozenSnapshot): ExportOptions {
  // Written by `optionsText`; only the dates lost their type on the way.
  const held = JSON.parse(options) as ExportOptions & { base?: unknown }
  const date = (value: Date | null) => (value === null ? null : new Date(value))
  const { base: _, ...rest } = held
  return { ...rest, filters: { ...rest.filters, since: date(rest.filters.since), until: date(rest.filters.until) } }
}

const planOf = ({ dataset, source, seed, test, splitBy, splitPhash }: ExportOptions) =>
  canonicalJson({ dataset, source, seed, test, splitBy, splitPhash })

async function freeze(
  reader: ExportReader,
  options: ExportOptions,
  {
    ledger,
    hash,
    isImageThere,
    onProgress,
    signal,
  }: Pick<ExportContext, 'ledger' | 'hash' | 'isImageThere' | 'onProgress' | 'signal'>,
): Promise<Frozen> {
  return await freezeRows(reader, options, {
    hash,
    isImageThere,
    knownKeys: await ledger.splitKeys(planOf(options)),
    onRow(rows) {
      if (rows % 500 === 0) onProgress?.({ phase: 'reading', rows, of: 0, bytes: 0 })
      if (signal?.aborted) throw new ExportFailure('interrupted', 'stopped before anything was written')
    },
  })
}

async function freezeSnapshot(
  reader: ExportReader,
  options: ExportOptions,
  context: ExportContext,
  state: FolderState,
): Promise<FrozenSnapshot> {
  const { ledger, hash, codeVersion, base } = context
  const frozen = await freeze(reader, options, context)
  if (frozen.items.length === 0)
    throw new ExportFailure('nothing_left', 'no vote is left after the filters', {
      funnel: Object.fromEntries(frozen.funnels),
    })
  const id = hash(
    canonicalJson({
      dataset: options.dataset,
      presets: options.presets,
      options,
      seed: options.seed,
      schema_version: schemaVersion,
      code_version: codeVersion,
      watermark: frozen.watermark,
      parent: base?.snapshot ?? null,
    }),
  ).slice(0, 16)
  if (state.is === 'complete' && state.snapshot !== id)
    throw new ExportFailure('dir_in_use', `the folder holds the complete snapshot ${state.snapshot}; name another one`)
  const known = await ledger.find(id)
  if (known?.state === 'complete') return known
  const snapshot: FrozenSnapshot = {
    id,
    dataset: options.dataset,
    options: optionsText(options, context),
    watermark: frozen.watermark,
    at:
      coarse(frozen.newestAt, options.timestamps === 'none' || options.timestamps === 'day' ? 'day' : 'hour') ??
      frozen.newestAt,
    parent: base?.snapshot ?? null,
    state: 'writing',
    report: JSON.stringify(reportOf(frozen, options, await retractionsOf(id, options, reader, ledger))),
  }
  const { items, shards } = base
    ? await carryBase(frozen.items, options, base.snapshot, ledger)
    : { items: frozen.items, shards: [] }
  await ledger.freeze(snapshot, { items, shards, plan: planOf(options), keys: frozen.splitKeys })
  return snapshot
}

/** Nothing that was frozen has been changed, withdrawn or deleted since. */
async function isUnchanged(
  { id }: FrozenSnapshot,
  reader: ExportReader,
  { ledger, hash }: ExportContext,
): Promise<boolean> {
  const votes = [...(await ledger.frozenVotes(id))]
  for (let from = 0; from < votes.length; from += 500) {
    const page = votes.slice(from, from + 500)
    const rows = await reader.rowsOf(page.map(([voteId]) => voteId))
    for (const [voteId, digest] of page) {
      const row = rows.get(voteId)
      if (!row || digestOf(row, hash) !== digest) return false
    }
  }
  return true
}

async function checkSpace(snapshot: FrozenSnapshot, { folder }: ExportContext) {
  const { estimate } = readReport(snapshot)
  const free = await folder.freeBytes()
  if (free < estimate * 1.1)
    throw new ExportFailure('disk_full', `about ${megabytes(estimate)} are needed and ${megabytes(free)} are free`)
}

async function writeSnapshot(
  snapshot: FrozenSnapshot,
  state: 'written' | 'resumed',
  reader: ExportReader,
  options: ExportOptions,
  context: ExportContext,
): Promise<ExportResult> {
  const { folder, ledger } = context
  await folder.claim(snapshot.id)
  try {
    await adoptBase(snapshot, context)
    const lane = laneContext(snapshot, reader, options, context)
    const shards = await writeLanes(options, lane, context)
    context.onProgress?.({ phase: 'checking', rows: 0, of: 0, bytes: 0 })
    const leaks = await findLeaks(shards, { folder, hash: context.hash, splitBy: options.splitBy })
    if (leaks[0]) throw new ExportFailure('leak', `${leaks.length} keys are in train and test, first ${leaks[0]}`)
    await writeCompanions(snapshot, shards, options, context)
    await sealFolder(shards, context)
    await ledger.complete(snapshot.id)
    return resultOf(snapshot, state, shards, await folder.list())
  } catch (error) {
    throw asFailure(error)
  }
}

/** Files that stay come from the base's folder; without it they cannot be had. */
async function adoptBase({ id, parent }: FrozenSnapshot, { ledger, folder, base }: ExportContext) {
  for (const { path } of await ledger.shards(id)) {
    if (path.includes(id) || (await folder.has(path))) continue
    if (!base) throw new ExportFailure('usage', `this snapshot continues ${parent}; name its folder with --base`)
    await folder.adopt(base.folder, path)
  }
}

function laneContext(
  snapshot: FrozenSnapshot,
  reader: ExportReader,
  options: ExportOptions,
  context: ExportContext,
): LaneContext {
  const { ledger, folder, hash, keyed, signal, onProgress } = context
  const { stats } = readReport(snapshot)
  const of = stats.rows.reduce((sum, { rows }) => sum + rows, 0)
  // Under `snapshot` the names are salted with its id, so that two snapshots cannot be joined.
  const pseudonym: Keyed = options.voterIds === 'snapshot' ? (text) => keyed(`${snapshot.id}\0${text}`) : keyed
  const memo = (name: (id: string, keyed: Keyed) => string) => {
    const known = new Map<string, string>()
    return (id: string): string | null => {
      if (options.voterIds === 'none') return null
      // A pool that was exported elsewhere brings pseudonyms already.
      const made = known.get(id) ?? (options.source !== null && isPseudonym(id) ? id : name(id, pseudonym))
      known.set(id, made)
      return made
    }
  }
  let rowsDone = 0
  let bytesDone = 0
  const record: Omit<RecordContext, 'bytes'> = {
    options,
    snapshot: snapshot.id,
    hash,
    voter: memo(voterPseudonym),
    session: memo(sessionPseudonym),
    time: (at) => coarse(at, options.timestamps),
  }
  return {
    snapshot: snapshot.id,
    options,
    reader,
    ledger,
    folder,
    hash,
    record,
    async imageBytes(image, room) {
      const bytes = await context.image(image, room)
      if (!bytes) throw new ExportFailure('io', `the stored picture ${image.sha256} is gone`)
      return bytes
    },
    onRows(rows, bytes) {
      rowsDone += rows
      bytesDone += bytes
      onProgress?.({ phase: 'writing', rows: rowsDone, of, bytes: bytesDone })
    },
    throwIfStopped() {
      if (signal?.aborted) throw new ExportFailure('interrupted', 'stopped; the same command goes on from here')
    },
    sizes: context.sizes ?? usualSizes,
    imagesThere: new Set(),
  }
}

async function writeLanes(options: ExportOptions, lane: LaneContext, context: ExportContext): Promise<Shard[]> {
  const shards: Shard[] = []
  for (const name of lanesOf(options.presets)) {
    for (const split of isSplit(rulesOf(name)) && name !== 'sqlite' ? ['train', 'test'] : ['train']) {
      if (isTableLane(name)) shards.push(...(await writeTable(name, split, lane)))
      if (isLineLane(name)) shards.push(...asList(await writeLines(name, split, lane)))
    }
    if (name === 'votes') shards.push(...asList(await writeVotesCsv(lane)))
    if (name === 'llm-comparator') shards.push(...(await writeComparator(lane, context.smallJpeg)))
    if (name === 'sqlite') shards.push(...asList(await writeDatabase(lane)))
  }
  return shards
}

async function writeVotesCsv(context: LaneContext): Promise<Shard | null> {
  const names = tableOf('votes', context.options).map(({ name }) => name)
  const sink = await context.folder.text('votes/votes.csv')
  let rows = 0
  let first = ''
  let last = ''
  let held = csvHeader(names)
  try {
    for await (const { item, row } of frozenRows('votes', 'train', 0, context)) {
      held += csvRow(names, voteRecord(row, item, { ...context.record, bytes: () => null }))
      rows += 1
      first ||= item.voteId
      last = item.voteId
      if (held.length < 1024 * 1024) continue
      await sink.write(held)
      held = ''
    }
    await sink.write(held)
    return { ...(await sink.finish(rows)), firstId: first, lastId: last, preset: 'votes', split: 'train' }
  } catch (error) {
    await sink.abort()
    throw error
  }
}

async function writeCompanions(
  snapshot: FrozenSnapshot,
  shards: Shard[],
  options: ExportOptions,
  context: ExportContext,
) {
  const { folder } = context
  const facts: CompanionFacts = {
    snapshot,
    options,
    shards,
    report: readReport(snapshot),
    codeVersion: context.codeVersion,
    sqliteVersion: context.sqliteVersion,
    keyId: options.voterIds === 'none' ? null : context.keyId(),
    site: context.site,
  }
  const files: Shard[] = [...shards]
  for (const { path, content } of companionsOf(facts)) {
    const written = await folder.put(path, content)
    files.push({ ...written, firstId: '', lastId: '', preset: '', split: '' })
  }
  const listed = new Set(files.map(({ path }) => path))
  for (const path of await folder.list()) {
    if (listed.has(path) || !/(^|\/)images\//.test(path)) continue
    // A picture's own hash is its name; it was checked before it was written.
    const sha256 = path.slice(path.lastIndexOf('/') + 1).split('.')[0] ?? ''
    const bytes = (await folder.has(path))?.bytes ?? 0
    files.push({ path, sha256, bytes, rows: 0, rowGroups: 0, firstId: '', lastId: '', preset: 'images', split: '' })
  }
  await folder.put('manifest.json', manifestJson(facts, files))
}

function manifestJson(
  { snapshot, options, report, codeVersion, sqliteVersion, keyId }: CompanionFacts,
  files: Shard[],
): string {
  const manifest = {
    format: 'sightline export 1',
    schema_version: schemaVersion,
    dataset: snapshot.dataset,
    snapshot_id: snapshot.id,
    parent_snapshot: snapshot.parent,
    created_at: options.timestamps === 'none' ? null : snapshot.at.toISOString(),
    watermark: snapshot.watermark,
    code_version: codeVersion,
    sqlite_version: sqliteVersion,
    seed: options.seed,
    scope: options.scope === 'internal' ? 'internal, not for publication' : 'public',
    options: JSON.parse(canonicalJson(options)) as unknown,
    voter_key_id: keyId,
    license: options.license ?? 'internal',
    consent_versions: report.consentVersions,
    policy_hash: report.policyHashes,
    funnel: report.stats.funnel,
    checks: { split_keys_in_both: 0, warnings: report.warnings },
    files: files
      .sort((left, right) => byCodeUnit(left.path, right.path))
      .map(({ path, sha256, bytes, rows, rowGroups, firstId, lastId, preset, split }) => ({
        path,
        sha256,
        bytes,
        rows,
        row_groups: rowGroups,
        first_id: firstId,
        last_id: lastId,
        preset,
        split,
      })),
  }
  return `${JSON.stringify(manifest, null, 1)}\n`
}

/** coreutils' format, by path bytes: `sha256sum -c SHA256SUMS` checks the folder anywhere. */
async function sealFolder(shards: Shard[], { folder }: ExportContext) {
  const known = new Map(shards.map(({ path, sha256 }) => [path, sha256]))
  const lines: string[] = []
  for (const path of await folder.list()) {
    if (path === 'SHA256SUMS') continue
    const named = /(?:^|\/)images\/[0-9a-f]{2}\/([0-9a-f]{64})\.[a-z]+$/.exec(path)?.[1]
    lines.push(`${named ?? known.get(path) ?? (await folder.sha256(path))}  ${path}\n`)
  }
  await folder.seal(lines.join(''))
}

async function resultOf(
  snapshot: FrozenSnapshot,
  state: ExportResult['state'],
  shards: Shard[],
  files: string[],
): Promise<ExportResult> {
  const { stats, warnings } = readReport(snapshot)
  return {
    snapshot: snapshot.id,
    state,
    rows: stats.rows,
    funnel: stats.funnel,
    files: files.length,
    bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0),
    warnings,
  }
}

// Written by `freezeSnapshot`.
const readReport = ({ report }: FrozenSnapshot) => JSON.parse(report) as SnapshotReport

const asList = <T>(value: T | null): T[] => (value === null ? [] : [value])
const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`

function asFailure(error: unknown): unknown {
  if (error instanceof ExportFailure || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL')
    return new ExportFailure('disk_full', 'the disk is full', { cause: error })
  if (/^E[A-Z]+$/.test(code)) return new ExportFailure('io', error.message, { cause: error })
  return error
}
