import { byCodeUnit, type Hash } from './canonical.ts'
import { inOrder } from './carry-base.ts'
import { imagesOf, type PlacedImage, textsOf } from './conversation.ts'
import type { ExportFolder } from './export-folder.ts'
import type { ExportItem, ExportReader, ExportRow, Shard, SnapshotLedger } from './export-store.ts'
import { ExportFailure } from './failures.ts'
import { digestOf } from './freeze.ts'
import { type ExportOptions, type Lane, rulesOf } from './options.ts'
import { withoutPersonalData, withoutPlaceholders } from './prepare-row.ts'
import type { Row } from './record.ts'
import {
  battleRecord,
  dpoRecord,
  imagefolderRecord,
  imagePath,
  ktoRecord,
  llamafactoryDpoRecord,
  llamafactoryKtoRecord,
  lmarenaRecord,
  type RecordContext,
  sftRecord,
  swiftDpoRecord,
  swiftKtoRecord,
  voteRecord,
} from './record.ts'
import { tableOf } from './tables.ts'

/** A row group closes at this much of picture bytes or this many rows, a shard at this size (EXPORTS.md 3.2). */
export type Sizes = { groupBytes: number; groupRows: number; shardBytes: number }
export const usualSizes: Sizes = { groupBytes: 16 * 1024 * 1024, groupRows: 1000, shardBytes: 450 * 1024 * 1024 }
const pageRows = 200

export type LaneContext = {
  snapshot: string
  options: ExportOptions
  reader: ExportReader
  ledger: SnapshotLedger
  folder: ExportFolder
  hash: Hash
  record: Omit<RecordContext, 'bytes'>
  /** The stored bytes; a missing or damaged picture is an error that names it. */
  imageBytes(image: { sha256: string; mediaType: string }, room?: Room): Promise<Uint8Array>
  onRows(rows: number, bytes: number): void
  throwIfStopped(): void
  sizes: Sizes
  /** Paths of pictures already written or found in this run. */
  imagesThere: Set<string>
}

/** The items of one lane and split with their rows, in order, each proven to be what was frozen. */
export async function* frozenRows(
  lane: Lane,
  split: string,
  from: number,
  context: LaneContext,
): AsyncIterable<{ item: ExportItem; row: ExportRow }> {
  const { snapshot, options, reader, ledger, hash, throwIfStopped } = context
  for (let after = from; ; after += pageRows) {
    throwIfStopped()
    const items = await ledger.items(snapshot, { preset: lane, split, after, limit: pageRows })
    const rows = await reader.rowsOf([...new Set(items.map(({ voteId }) => voteId))])
    for (const item of items) {
      const row = rows.get(item.voteId)
      if (!row || digestOf(row, hash) !== item.rowDigest)
        throw new ExportFailure(
          'not_reproducible',
          `vote ${item.voteId} is not what it was when the snapshot was frozen`,
        )
      yield { item, row: withoutPlaceholders(withoutPersonalData(row, options), rulesOf(lane), options) }
    }
    if (items.length < pageRows) return
  }
}

const tableRecords = {
  battles: battleRecord,
  lmarena: lmarenaRecord,
  dpo: dpoRecord,
  kto: ktoRecord,
  sft: sftRecord,
  votes: voteRecord,
}
export type TableLane = keyof typeof tableRecords
export const isTableLane = (lane: Lane): lane is TableLane => lane in tableRecords

/** Writes what is missing of one Parquet lane and split; committed shards are verified and stay. */
export async function writeTable(lane: TableLane, split: string, context: LaneContext): Promise<Shard[]> {
  const { snapshot, options, ledger, folder, record, sizes } = context
  const shards = await committedShards(lane, split, context)
  let done = shards.reduce((sum, { rows }) => sum + rows, 0)
  const table = tableOf(lane, options)
  const toRecord = tableRecords[lane]
  const carried = shards.filter(({ path }) => !path.includes(snapshot)).length
  let number = shards.length - carried

  const open = async () => {
    const path = `${lane}/${split}-${snapshot}-${String(number).padStart(5, '0')}.parquet`
    number += 1
    return { path, sink: await folder.table(path, table), first: '', last: '' }
  }
  let shard: Awaited<ReturnType<typeof open>> | null = null
  let group: Row[] = []
  let groupBytes = 0
  const shelf = pictureShelf(sizes.groupBytes * 2)
  const flush = async () => {
    if (group.length === 0 || !shard) return
    await shard.sink.write(group)
    shelf.clear()
    context.onRows(group.length, groupBytes)
    group = []
    groupBytes = 0
  }
  const commit = async () => {
    if (!shard) return
    await flush()
    const written = await shard.sink.finish()
    const kept: Shard = { ...written, firstId: shard.first, lastId: shard.last, preset: lane, split }
    await ledger.keepShard(snapshot, kept)
    shards.push(kept)
    done += kept.rows
    shard = null
  }
  try {
    for await (const { item, row } of frozenRows(lane, split, done, context)) {
      shard ??= await open()
      const bytes = await bytesOf(row, lane, context, shelf.room)
      const ready = toRecord(row, item, { ...record, bytes: (image) => bytes.get(image.sha256) ?? null })
      shard.first ||= item.voteId
      shard.last = item.voteId
      group.push(ready)
      for (const held of imagesOf(row)) groupBytes += bytes.get(held.sha256)?.length ?? 0
      if (group.length >= sizes.groupRows || groupBytes >= sizes.groupBytes) await flush()
      if (group.length === 0 && shard.sink.bytes() >= sizes.shardBytes) await commit()
      context.throwIfStopped()
    }
    await commit()
  } catch (error) {
    await shard?.sink.abort()
    throw error
  }
  return shards.sort((left, right) => byCodeUnit(left.path, right.path))
}

/** Shards that are on disk as the ledger remembers them, up to the first that is not; one taken over from a base must be whole. */
async function committedShards(lane: Lane, split: string, { snapshot, ledger, folder }: LaneContext): Promise<Shard[]> {
  const known = (await ledger.shards(snapshot)).filter((shard) => shard.preset === lane && shard.split === split)
  const good: Shard[] = []
  for (const shard of inOrder(known, snapshot)) {
    const isWhole =
      (await folder.has(shard.path))?.bytes === shard.bytes && (await folder.sha256(shard.path)) === shard.sha256
    if (!isWhole && !shard.path.includes(snapshot))
      throw new ExportFailure('io', `${shard.path} of the base is not as it was written`)
    if (!isWhole) break
    good.push(shard)
  }
  return good
}

/** Where the next picture's bytes may be put. */
export type Room = (bytes: number) => Uint8Array

/**
 * Pictures of one row group lie side by side in memory that is used again for the next: as thousands of buffers of their own, they would
 * keep the garbage collector busy for a third of the time (measured). What does not fit gets memory of its own.
 */
function pictureShelf(size: number): { room: Room; clear(): void } {
  let shelf: Uint8Array | null = null
  let used = 0
  return {
    room(bytes) {
      shelf ??= new Uint8Array(size)
      if (used + bytes > size) return new Uint8Array(bytes)
      used += bytes
      return shelf.subarray(used - bytes, used)
    },
    clear() {
      used = 0
    },
  }
}

async function bytesOf(
  row: ExportRow,
  lane: Lane,
  { imageBytes, hash }: LaneContext,
  room: Room,
): Promise<Map<string, Uint8Array>> {
  const bytes = new Map<string, Uint8Array>()
  if (lane === 'votes') return bytes
  for (const image of imagesOf(row))
    if (!bytes.has(image.sha256)) bytes.set(image.sha256, await checked(image, { imageBytes, hash }, room))
  return bytes
}

/** A stored picture is named by its hash, so damage on disk is found before it is published. */
export async function checked(
  image: { sha256: string; mediaType: string },
  { imageBytes, hash }: Pick<LaneContext, 'imageBytes' | 'hash'>,
  room?: Room,
): Promise<Uint8Array> {
  const bytes = await imageBytes(image, room)
  if (hash(bytes) !== image.sha256)
    throw new ExportFailure('io', `the stored picture ${image.sha256} does not have the bytes its name promises`)
  return bytes
}

const lineRecords = {
  'llamafactory/dpo': llamafactoryDpoRecord,
  'llamafactory/kto': llamafactoryKtoRecord,
  'swift/dpo': swiftDpoRecord,
  'swift/kto': swiftKtoRecord,
  imagefolder: imagefolderRecord,
}
export type LineLane = keyof typeof lineRecords
export const isLineLane = (lane: Lane): lane is LineLane => lane in lineRecords
export const linePath = (lane: LineLane, split: string): string =>
  lane === 'imagefolder' ? `imagefolder/${split}/metadata.jsonl` : `${lane}_${split}.jsonl`

/** One JSON object a line, pictures as files under `images/`. Written whole each time: the pictures are what takes long, and they stay. */
export async function writeLines(lane: LineLane, split: string, context: LaneContext): Promise<Shard | null> {
  const { folder, record } = context
  const path = linePath(lane, split)
  const sink = await folder.text(path)
  let rows = 0
  let first = ''
  let last = ''
  let held: string[] = []
  let heldLength = 0
  const drain = async () => {
    if (held.length > 0) await sink.write(held.join(''))
    held = []
    heldLength = 0
  }
  try {
    for await (const { item, row } of frozenRows(lane, split, 0, context)) {
      for (const image of imagesOf(row)) {
        await keepImage(image, context)
        if (lane === 'imagefolder') await linkImage(image, split, context)
      }
      const line = `${JSON.stringify(lineRecords[lane](row, item, { ...record, bytes: () => null }))}\n`
      held.push(line)
      heldLength += line.length
      rows += 1
      first ||= item.voteId
      last = item.voteId
      if (heldLength > 1024 * 1024) await drain()
      context.onRows(
        1,
        textsOf(row).reduce((sum, text) => sum + text.length, 0),
      )
    }
    await drain()
    if (rows === 0) {
      await sink.abort()
      return null
    }
    return { ...(await sink.finish(rows)), firstId: first, lastId: last, preset: lane, split }
  } catch (error) {
    await sink.abort()
    throw error
  }
}

/** Once per picture, under its hash. */
export async function keepImage(image: PlacedImage, context: LaneContext) {
  const path = imagePath(image)
  if (context.imagesThere.has(path)) return
  context.imagesThere.add(path)
  // Left by a run that ended early: a power cut may have taken its bytes and kept its size.
  if ((await context.folder.has(path)) && (await context.folder.sha256(path)) === image.sha256) return
  await context.folder.putLater(path, await checked(image, context))
}

async function linkImage(image: PlacedImage, split: string, { folder, imagesThere }: LaneContext) {
  const path = `imagefolder/${split}/${imagePath(image)}`
  if (imagesThere.has(path)) return
  imagesThere.add(path)
  if ((await folder.has(path)) && (await folder.sha256(path)) === image.sha256) return
  await folder.link(imagePath(image), path)
}
