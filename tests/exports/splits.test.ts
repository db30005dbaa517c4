import { expect, test } from 'vitest'
import { buildExport } from '../../src/exports/build-export.ts'
import type { SplitKey } from '../../src/exports/export-store.ts'
import { findLeaks } from '../../src/exports/leak-check.ts'
import { type Placeable, placeByTime, placeRows } from '../../src/exports/splits.ts'
import { seeded } from '../../src/ranking/random.ts'
import { exportFolder } from '../../src/storage/exports/export-folder.ts'
import { sqliteLedger } from '../../src/storage/exports/ledger.ts'
import { exported, folders, optionsOf, tableRows } from './helpers.ts'
import { aContext, aRow, aTurn, fortyVotes, hash, idOf } from './rows.ts'

const folder = folders()
const options = { test: 0.3, seed: 1, near: 5, hash }

/** A hash and, often, one that differs from an earlier one in a few bits. */
function aPhash(random: () => number, known: string[]): string {
  const fresh = () => Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join('')
  if (known.length === 0 || random() < 0.7) return fresh()
  let bits = BigInt(`0x${known[Math.floor(random() * known.length)]}`)
  for (let flips = Math.floor(random() * 8); flips > 0; flips--) bits ^= 1n << BigInt(Math.floor(random() * 64))
  return bits.toString(16).padStart(16, '0')
}

const distance = (left: string, right: string) => {
  let bits = BigInt(`0x${left}`) ^ BigInt(`0x${right}`)
  let count = 0
  for (; bits > 0n; bits &= bits - 1n) count += 1
  return count
}

test('in a thousand arenas that grow through five snapshots no content is in both splits and no row ever moves', () => {
  let placedRows = 0
  let bridges = 0
  for (let arena = 0; arena < 1000; arena++) {
    const random = seeded(7, arena)
    const images: { key: string; phash: string | null }[] = []
    const rows: Placeable[] = []
    const was = new Map<string, string>()
    let known: SplitKey[] = []
    for (let snapshot = 0; snapshot < 5; snapshot++) {
      for (let fresh = 0; fresh < 6; fresh++) {
        const keys = Array.from({ length: 1 + Math.floor(random() * 2) }, () => {
          if (images.length > 0 && random() < 0.4) return images[Math.floor(random() * images.length)]!
          const image = {
            key: `i:${hash(`${arena} ${images.length}`)}`,
            phash:
              random() < 0.9
                ? aPhash(
                    random,
                    images.flatMap(({ phash }) => phash ?? []),
                  )
                : null,
          }
          images.push(image)
          return image
        })
        if (random() < 0.3) keys.push({ key: `t:${Math.floor(random() * 8)}`, phash: null })
        rows.push({ voteId: idOf(`${arena} ${snapshot} ${fresh}`), keys })
      }
      // Some rows are withdrawn or filtered out, and may come back.
      const present = rows.filter(() => random() < 0.85).sort((left, right) => (left.voteId < right.voteId ? -1 : 1))
      const { placed, bridges: out, keys } = placeRows(present, known, options)
      expect(placed.size + out.size).toBe(present.length)
      bridges += out.size
      placedRows += placed.size
      const splitOf = new Map<string, string>()
      const hashes: { phash: string; split: string }[] = []
      for (const { voteId, keys: own } of present) {
        const place = placed.get(voteId)
        if (!place) {
          expect(was.has(voteId)).toBe(false)
          continue
        }
        expect(was.get(voteId) ?? place.split).toBe(place.split)
        was.set(voteId, place.split)
        for (const { key, phash } of own) {
          expect(splitOf.get(key) ?? place.split).toBe(place.split)
          splitOf.set(key, place.split)
          if (phash) hashes.push({ phash, split: place.split })
        }
      }
      for (const left of hashes)
        for (const right of hashes)
          if (left.split === 'train' && right.split === 'test')
            expect(distance(left.phash, right.phash)).toBeGreaterThan(5)
      known = [...new Map([...known, ...keys].map((key) => [key.key, key])).values()]
    }
  }
  expect(placedRows).toBeGreaterThan(50_000)
  expect(bridges).toBeGreaterThan(100)
}, 120_000)

test('about the wanted share is test, drawn by the seed', () => {
  const rows = Array.from({ length: 4000 }, (_, n) => ({
    voteId: idOf(`r${n}`),
    keys: [{ key: `i:${hash(`${n}`)}`, phash: null }],
  }))
  const share = (seed: number) => {
    const { placed } = placeRows(rows, [], { ...options, seed, test: 0.05 })
    return [...placed.values()].filter(({ split }) => split === 'test').length / rows.length
  }
  expect(share(1)).toBeGreaterThan(0.035)
  expect(share(1)).toBeLessThan(0.065)
  expect(share(2)).not.toBe(share(1))
})

test('by time the newest share is the test, and a later snapshot keeps the boundary', () => {
  const rows = Array.from({ length: 100 }, (_, n) => ({ voteId: `v${n}`, at: new Date(n * 1000) }))
  const first = placeByTime(rows, null, 0.2)
  expect([...first.placed.values()].filter(({ split }) => split === 'test')).toHaveLength(20)
  const more = [...rows, ...Array.from({ length: 50 }, (_, n) => ({ voteId: `w${n}`, at: new Date(200_000 + n) }))]
  const later = placeByTime(more, first.boundary, 0.2)
  for (const [id, { split }] of first.placed) expect(later.placed.get(id)!.split).toBe(split)
})

test('--split-by voter leaves no voter in both splits', async () => {
  const root = folder()
  await exported(root, ['battles'], { splitBy: 'voter', test: 0.4 })
  const rows = await tableRows(root, 'battles/*.parquet')
  const voters = (split: string) =>
    new Set(rows.filter((row) => row['split'] === split).map(({ voter_id }) => voter_id))
  expect(voters('test').size).toBeGreaterThan(0)
  expect([...voters('train')].filter((id) => voters('test').has(id))).toEqual([])
})

test('a leak in the written files is found, whatever the splitting thought', async () => {
  const root = folder()
  const arena = fortyVotes()
  await buildExport(optionsOf(['dpo'], { test: 0.3 }), aContext(arena, root))
  const shards = (await exportFolder(root).list())
    .filter((path) => path.endsWith('.parquet'))
    .map((path) => ({
      path,
      sha256: '',
      bytes: 0,
      rows: 0,
      rowGroups: 0,
      firstId: '',
      lastId: '',
      preset: 'dpo',
      split: path.includes('test-') ? 'test' : 'train',
    }))
  const check = (some: typeof shards) => findLeaks(some, { folder: exportFolder(root), hash, splitBy: 'content' })
  expect(await check(shards)).toEqual([])
  const [one] = shards
  expect(
    (await check([...shards, { ...one!, split: one!.split === 'test' ? 'train' : 'test' }])).length,
  ).toBeGreaterThan(0)
})

test('rows with the same question of forty characters stand together, with a shorter one they need not', async () => {
  const root = folder()
  const pictures = fortyVotes()
  const images = [
    ...new Map(
      pictures.rows.flatMap(({ turns }) => turns.flatMap((turn) => turn.images)).map((image) => [image.sha256, image]),
    ).values(),
  ]
  const long = 'This question is exactly long enough to be one thing.'
  const rows = images
    .slice(0, 30)
    .map((image, n) => aRow(`t${n}`, { turns: [aTurn({ images: [image], text: n < 15 ? long : 'Short?' })] }))
  await exported(root, ['battles'], { test: 0.5 }, { arena: { rows, pictures: pictures.pictures } })
  const written = await tableRows(root, 'battles/*.parquet')
  const groups = (from: number, to: number) =>
    new Set(
      written
        .filter(({ id }) => rows.slice(from, to).some(({ vote }) => vote.id === id))
        .map(({ split_group }) => split_group),
    )
  expect(groups(0, 15).size).toBe(1)
  expect(groups(15, 30).size).toBeGreaterThan(5)
})

test('growing arenas keep their splits through the ledger', async () => {
  const ledger = sqliteLedger(':memory:')
  const arena = fortyVotes()
  const all = arena.rows
  const seen = new Map<unknown, unknown>()
  for (let share = 1; share <= 4; share++) {
    const root = folder()
    const some = { ...arena, rows: all.slice(0, share * 10) }
    await buildExport(optionsOf(['battles']), aContext(some, root, { ledger }))
    for (const { id, split } of await tableRows(root, 'battles/*.parquet')) {
      expect(seen.get(id) ?? split).toBe(split)
      seen.set(id, split)
    }
  }
  expect(seen.size).toBe(40)
})

test('thirty thousand pictures of one colour are one component, and quickly', () => {
  const rows = Array.from({ length: 30_000 }, (_, n) => ({
    voteId: idOf(`flat ${n}`),
    keys: [{ key: `i:${hash(`flat ${n}`)}`, phash: '0000000000000000' }],
  }))
  const { placed, largestShare, keys } = placeRows(rows, [], options)
  expect(new Set([...placed.values()].map(({ group }) => group)).size).toBe(1)
  expect(largestShare).toBe(1)
  expect(placeRows(rows, keys, options).placed).toEqual(placed)
})
