import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tarOf } from '../../src/storage/exports/tar.ts'
import { exported, filesIn, folders, sums } from './helpers.ts'

const folder = folders()
async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const held: Uint8Array[] = []
  for await (const piece of pieces) held.push(piece)
  return Buffer.concat(held)
}

test('the archive has the length it announced, opens with tar, and holds the files as they are, checksums last', async () => {
  const root = folder()
  await exported(root, ['dpo', 'imagefolder', 'votes'])
  const tar = await tarOf(root, '0123456789abcdef', new Date('2026-11-02T12:00:00Z'))
  const whole = await bytesOf(tar.slice(0, tar.bytes))
  expect(whole.length).toBe(tar.bytes)
  const away = folder()
  execFileSync('mkdir', ['-p', away])
  writeFileSync(join(away, 'x.tar'), whole)
  const listed = execFileSync('tar', ['tf', 'x.tar'], { cwd: away, encoding: 'utf8' }).trim().split('\n')
  const inOrder = sums(root)
    .split('\n')
    .filter(Boolean)
    .map((line) => `0123456789abcdef/${line.slice(66)}`)
  expect(listed).toEqual([...inOrder, '0123456789abcdef/SHA256SUMS'])
  execFileSync('tar', ['xf', 'x.tar'], { cwd: away })
  execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: join(away, '0123456789abcdef') })
  expect(listed.some((path) => path.length > 100)).toBe(true)
  expect(filesIn(root)).toHaveLength(listed.length)
})

test('every cut is a slice of the whole', async () => {
  const root = folder()
  await exported(root, ['dpo'])
  const tar = await tarOf(root, '0123456789abcdef', null)
  const whole = await bytesOf(tar.slice(0, tar.bytes))
  const places = [0, 1, 511, 512, 513, 1024, 5000, tar.bytes - 1025, tar.bytes - 1024, tar.bytes - 1, tar.bytes]
  for (const start of places)
    for (const end of places.filter((at) => at >= start))
      expect((await bytesOf(tar.slice(start, end))).equals(whole.subarray(start, end)), `${start}-${end}`).toBe(true)
})

test('a file of more than 8 GiB is announced by a pax header that tar understands', async () => {
  const root = folder()
  execFileSync('mkdir', ['-p', root])
  writeFileSync(join(root, 'large.parquet'), '')
  // Sparse: a size without its bytes.
  truncateSync(join(root, 'large.parquet'), 9 * 1024 ** 3)
  writeFileSync(join(root, 'SHA256SUMS'), `${createHash('sha256').digest('hex')}  large.parquet\n`)
  const tar = await tarOf(root, '0123456789abcdef', null)
  expect(tar.bytes % 512).toBe(0)
  const head = await bytesOf(tar.slice(0, 512 * 3))
  expect(head.subarray(512, 512 + 20).toString()).toBe('19 size=9663676416\n\0')
  const away = folder()
  execFileSync('mkdir', ['-p', away])
  writeFileSync(join(away, 'head.tar'), head)
  expect(
    execFileSync('sh', ['-c', 'tar tvf head.tar 2>/dev/null | head -1'], { cwd: away, encoding: 'utf8' }),
  ).toContain('9663676416')
})
