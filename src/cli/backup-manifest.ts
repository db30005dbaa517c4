import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { z } from 'zod'
import { archiveEntries, chunksOf, type Entry } from './archive.ts'
import { failed } from './command-error.ts'
import type { Progress } from './progress.ts'

export const manifestName = 'manifest.json'

const manifestSchema = z.object({
  format: z.literal('sightline-backup-1'),
  version: z.string(),
  made_at: z.string(),
  /** Rows by table, counted in the copy. */
  tables: z.record(z.string(), z.number()),
  images: z.number(),
  /** Images the database names that were not on the disk. */
  missing: z.number(),
  members: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
})
export type Manifest = z.output<typeof manifestSchema>

/** Reads a backup to its end and compares every byte with its manifest. */
export async function checkArchive(path: string, progress: Progress): Promise<Manifest> {
  const handle = await open(path, 'r')
  try {
    const { manifest, entries } = await readManifest(handle, path)
    let done = 0
    const total = entries.reduce((sum, { bytes }) => sum + bytes, 0)
    for (const [at, member] of manifest.members.entries()) {
      const entry = entries[at]!
      const hash = createHash('sha256')
      for await (const chunk of chunksOf(handle, entry.offset, entry.bytes)) {
        hash.update(chunk)
        done += chunk.length
        progress.at(done, total)
      }
      if (hash.digest('hex') !== member.sha256)
        throw failed(`${path} is damaged: ${member.name} is not what was written.`)
    }
    return manifest
  } finally {
    progress.end()
    await handle.close()
  }
}

/** The manifest and the members it lists, one to one and in order. */
export async function readManifest(
  handle: FileHandle,
  path: string,
): Promise<{ manifest: Manifest; entries: Entry[] }> {
  const all = await archiveEntries(handle, path)
  const last = all.at(-1)
  if (last?.name !== manifestName) throw failed(`${path} is not a backup of Sightline: it has no manifest.`)
  const chunks: Buffer[] = []
  for await (const chunk of chunksOf(handle, last.offset, last.bytes)) chunks.push(chunk)
  const parsed = manifestSchema.safeParse(parsedJson(Buffer.concat(chunks).toString('utf8')))
  if (!parsed.success) throw failed(`${path} was made by another version: its manifest cannot be read.`)
  const entries = all.slice(0, -1)
  const { members } = parsed.data
  if (
    entries.length !== members.length ||
    entries.some(({ name, bytes }, at) => name !== members[at]!.name || bytes !== members[at]!.bytes)
  )
    throw failed(`${path} is damaged: it does not hold what its manifest lists.`)
  return { manifest: parsed.data, entries }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
