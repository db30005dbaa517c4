import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { buildExport, rebuildSnapshot } from '../../src/exports/build-export.ts'
import { ExportFailure } from '../../src/exports/failures.ts'
import { presets } from '../../src/exports/options.ts'
import { exportFolder } from '../../src/storage/exports/export-folder.ts'
import { sqliteLedger } from '../../src/storage/exports/ledger.ts'
import { exported, filesIn, folders, lineRows, optionsOf, sums, tableRows, text } from './helpers.ts'
import { aContext, aRow, aTurn, fortyVotes } from './rows.ts'

const folder = folders()
const golden = fileURLToPath(new URL('../golden/exports/forty-votes.sha256', import.meta.url))

// The database file's bytes belong to the version of SQLite that wrote it.
const sameEverywhere = (lines: string) =>
  lines
    .split('\n')
    .filter((line) => !/ {2}(?:sightline\.sqlite|manifest\.json)$/.test(line))
    .join('\n')

test('forty votes give the bytes they always gave', async () => {
  const root = folder()
  await exported(root, [...presets], { includeTies: true, notes: true })
  if (process.env['UPDATE'] === '1' || !existsSync(golden)) {
    mkdirSync(dirname(golden), { recursive: true })
    writeFileSync(golden, sameEverywhere(sums(root)))
  }
  expect(sameEverywhere(sums(root))).toBe(readFileSync(golden, 'utf8'))
})

test('the same export twice has the same checksums, the database included', async () => {
  const [first, second] = [folder(), folder()]
  await exported(first, [...presets])
  await exported(second, [...presets])
  expect(sums(first)).toBe(sums(second))
})

test.each(['tr_TR.UTF-8', 'de_DE.UTF-8'])(
  'in the locale %s and another time zone the bytes are the same',
  async (locale) => {
    const [here, there] = [folder(), folder()]
    await exported(here, [...presets])
    const script = fileURLToPath(new URL('./export-forty.ts', import.meta.url))
    const tsx = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url))
    execFileSync(process.execPath, [tsx, script, there], {
      env: { ...process.env, LANG: locale, LC_ALL: locale, TZ: 'Asia/Kathmandu' },
    })
    expect(sums(there)).toBe(sums(here))
  },
)

describe('an export that was stopped', () => {
  test('goes on from every shard to the same bytes', async () => {
    const whole = folder()
    // Small shards, so that there are many places to stop.
    const sizes = { groupRows: 2, groupBytes: 1e6, shardBytes: 6_000 }
    await exported(whole, ['dpo', 'swift', 'votes'], {}, { context: { sizes } })
    const shards = filesIn(whole, '**/*.parquet').length
    expect(shards).toBeGreaterThan(6)
    for (let stopAfter = 0; stopAfter < shards; stopAfter += 1) {
      const root = folder()
      const ledger = sqliteLedger(':memory:')
      const stopping = new AbortController()
      let kept = 0
      const counting = {
        ...ledger,
        keepShard: async (id: string, shard: Parameters<typeof ledger.keepShard>[1]) => {
          await ledger.keepShard(id, shard)
          kept += 1
          if (kept > stopAfter) stopping.abort()
        },
      }
      const options = optionsOf(['dpo', 'swift', 'votes'])
      const arena = fortyVotes()
      await expect(
        buildExport(options, aContext(arena, root, { sizes, ledger: counting, signal: stopping.signal })),
      ).rejects.toMatchObject({ code: 'interrupted' })
      expect(existsSync(join(root, 'SHA256SUMS'))).toBe(false)
      // What a kill leaves behind: a file half written.
      writeFileSync(join(root, 'dpo', 'half.parquet.tmp'), 'half')
      const { state } = await buildExport(options, aContext(arena, root, { sizes, ledger }))
      expect(state).toBe('resumed')
      expect(sums(root)).toBe(sums(whole))
      ledger.close()
    }
  }, 120_000)

  test('notices a committed shard that is not what it was and writes it again', async () => {
    const [whole, root] = [folder(), folder()]
    const sizes = { groupRows: 2, groupBytes: 1e6, shardBytes: 6_000 }
    await exported(whole, ['battles'], {}, { context: { sizes } })
    const ledger = sqliteLedger(':memory:')
    const stopping = new AbortController()
    const context = aContext(fortyVotes(), root, {
      sizes,
      signal: stopping.signal,
      ledger: {
        ...ledger,
        keepShard: async (id, shard) => {
          await ledger.keepShard(id, shard)
          if ((await ledger.shards(id)).length === 4) stopping.abort()
        },
      },
    })
    await expect(buildExport(optionsOf(['battles']), context)).rejects.toBeInstanceOf(ExportFailure)
    writeFileSync(join(root, filesIn(root, 'battles/*.parquet')[1]!), 'damaged')
    await buildExport(optionsOf(['battles']), aContext(fortyVotes(), root, { sizes, ledger }))
    expect(sums(root)).toBe(sums(whole))
  })

  test('begins anew when a vote it had frozen was withdrawn in the meantime', async () => {
    const root = folder()
    const arena = fortyVotes()
    const ledger = sqliteLedger(':memory:')
    const stopping = new AbortController()
    const withStop = {
      ...ledger,
      keepShard: async (...args: Parameters<typeof ledger.keepShard>) => {
        await ledger.keepShard(...args)
        stopping.abort()
      },
    }
    await expect(
      buildExport(
        optionsOf(['battles']),
        aContext(arena, root, {
          ledger: withStop,
          signal: stopping.signal,
          sizes: { groupRows: 2, groupBytes: 1e6, shardBytes: 6_000 },
        }),
      ),
    ).rejects.toMatchObject({ code: 'interrupted' })
    const gone = arena.rows[0]!
    arena.rows[0] = { ...gone, vote: { ...gone.vote, status: 'withdrawn' } }
    await buildExport(
      optionsOf(['battles']),
      aContext(arena, root, { ledger, sizes: { groupRows: 2, groupBytes: 1e6, shardBytes: 6_000 } }),
    )
    const ids = (await tableRows(root, 'battles/*.parquet')).map(({ id }) => id)
    expect(ids).toHaveLength(39)
    expect(ids).not.toContain(gone.vote.id)
  })
})

describe('a snapshot', () => {
  test('is rebuilt byte for byte under its id, though newer votes came', async () => {
    const [first, again] = [folder(), folder()]
    const arena = fortyVotes()
    const ledger = sqliteLedger(':memory:')
    const { snapshot } = await buildExport(optionsOf(['battles', 'dpo']), aContext(arena, first, { ledger }))
    arena.rows.push(
      aRow('newer', { turns: [aTurn({ images: [], text: 'A newer question that is long enough to be a key?' })] }),
    )
    await rebuildSnapshot(snapshot, aContext(arena, again, { ledger }))
    expect(sums(again)).toBe(sums(first))
  })

  test('cannot be rebuilt with a row that is not what it was', async () => {
    const arena = fortyVotes()
    const ledger = sqliteLedger(':memory:')
    const { snapshot } = await buildExport(optionsOf(['battles']), aContext(arena, folder(), { ledger }))
    const row = arena.rows[5]!
    arena.rows[5] = { ...row, vote: { ...row.vote, outcome: row.vote.outcome === 'a' ? 'b' : 'a' } }
    await expect(rebuildSnapshot(snapshot, aContext(arena, folder(), { ledger }))).rejects.toMatchObject({
      code: 'not_reproducible',
    })
  })

  test('that is complete is recognised, and a folder with something else is left alone', async () => {
    const root = folder()
    const ledger = sqliteLedger(':memory:')
    const options = optionsOf(['votes'])
    await buildExport(options, aContext(fortyVotes(), root, { ledger }))
    expect((await buildExport(options, aContext(fortyVotes(), root, { ledger }))).state).toBe('already_complete')
    const other = optionsOf(['votes', 'battles'])
    await expect(buildExport(other, aContext(fortyVotes(), root, { ledger }))).rejects.toMatchObject({
      code: 'dir_in_use',
    })
    const foreign = folder()
    mkdirSync(foreign, { recursive: true })
    writeFileSync(join(foreign, 'thesis.tex'), 'mine')
    await expect(buildExport(options, aContext(fortyVotes(), foreign))).rejects.toMatchObject({ code: 'dir_in_use' })
    expect(filesIn(foreign)).toEqual(['thesis.tex'])
  })

  test('says so when nothing is left, when the disk is too small, and when a picture is damaged', async () => {
    const since = new Date('2030-01-01')
    await expect(exported(folder(), ['dpo'], { filters: { since } })).rejects.toMatchObject({ code: 'nothing_left' })
    const root = folder()
    const small = { ...exportFolder(root), freeBytes: async () => 1000 }
    await expect(exported(root, ['dpo'], {}, { context: { folder: small } })).rejects.toMatchObject({
      code: 'disk_full',
    })
    const arena = fortyVotes()
    const [sha256] = arena.pictures.keys()
    arena.pictures.set(sha256!, new Uint8Array([1, 2, 3]))
    await expect(exported(folder(), ['battles'], {}, { arena })).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining(sha256!),
    })
  })
})

describe('an export that continues another', () => {
  const grown = () => {
    const arena = fortyVotes()
    const half = { rows: arena.rows.filter((_, n) => n % 2 === 0), pictures: arena.pictures }
    return { arena, half }
  }

  test('keeps its Parquet files as they are and adds the new rows beside them', async () => {
    const { arena, half } = grown()
    const [first, second] = [folder(), folder()]
    const ledger = sqliteLedger(':memory:')
    const options = optionsOf(['battles', 'dpo', 'swift'])
    const before = await buildExport(options, aContext(half, first, { ledger }))
    const base = { folder: first, snapshot: before.snapshot }
    const after = await buildExport(options, aContext(arena, second, { ledger, base }))
    const old = filesIn(first, '**/*.parquet')
    expect(filesIn(second, '**/*.parquet')).toEqual(expect.arrayContaining(old))
    expect(filesIn(second, '**/*.parquet').length).toBeGreaterThan(old.length)
    for (const line of sums(first)
      .split('\n')
      .filter((held) => held.endsWith('.parquet')))
      expect(sums(second)).toContain(line)
    expect((await tableRows(second, 'battles/*.parquet')).map(({ id }) => id).sort()).toEqual(
      arena.rows.map(({ vote }) => vote.id),
    )
    const splitOf = async (root: string) =>
      new Map((await tableRows(root, 'battles/*.parquet')).map(({ id, split }) => [id, split]))
    const [was, is] = [await splitOf(first), await splitOf(second)]
    for (const [id, split] of was) expect(is.get(id)).toBe(split)
    expect(JSON.parse(text(second, 'manifest.json'))).toMatchObject({
      snapshot_id: after.snapshot,
      parent_snapshot: before.snapshot,
    })
  })

  test('gives up a file with a withdrawn row, and lists the row as retracted', async () => {
    const { arena, half } = grown()
    const [first, second] = [folder(), folder()]
    const ledger = sqliteLedger(':memory:')
    const options = optionsOf(['battles'])
    const before = await buildExport(options, aContext(half, first, { ledger }))
    const at = arena.rows.findIndex(({ vote }) => vote.id === half.rows[3]!.vote.id)
    const gone = arena.rows[at]!
    arena.rows[at] = { ...gone, vote: { ...gone.vote, status: 'withdrawn' } }
    await buildExport(options, aContext(arena, second, { ledger, base: { folder: first, snapshot: before.snapshot } }))
    const ids = (await tableRows(second, 'battles/*.parquet')).map(({ id }) => id)
    expect(ids).toHaveLength(39)
    expect(new Set(ids).size).toBe(39)
    expect(ids).not.toContain(gone.vote.id)
    expect(lineRows(second, 'retractions.jsonl')).toEqual([
      { vote_id: gone.vote.id, battle_id: gone.battle.id, reason: 'withdrawn', snapshot: before.snapshot },
    ])
  })

  test('wants the options of the one before', async () => {
    const { arena, half } = grown()
    const first = folder()
    const ledger = sqliteLedger(':memory:')
    const { snapshot } = await buildExport(optionsOf(['battles']), aContext(half, first, { ledger }))
    const base = { folder: first, snapshot }
    await expect(
      buildExport(optionsOf(['battles'], { timestamps: 'day' }), aContext(arena, folder(), { ledger, base })),
    ).rejects.toMatchObject({ code: 'usage' })
    const since = new Date('2026-11-01T00:00:00Z')
    await buildExport(optionsOf(['battles'], { filters: { since } }), aContext(arena, folder(), { ledger, base }))
  })
})
