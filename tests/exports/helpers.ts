import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { buildExport, type ExportContext } from '../../src/exports/build-export.ts'
import type { Preset } from '../../src/exports/options.ts'
import { parquetRows } from '../../src/storage/exports/parquet-rows.ts'
import { optionsIn, type Wanted } from './options-in.ts'

export type { Wanted } from './options-in.ts'

import { aContext, fortyVotes, type SmallArena } from './rows.ts'

/** Folders that are gone after the tests of a file. */
export function folders() {
  const root = mkdtempSync(join(tmpdir(), 'sightline-exports-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  let n = 0
  return () => join(root, String(++n))
}

export const optionsOf = optionsIn

export async function exported(
  folder: string,
  presets: Preset[],
  some: Wanted = {},
  { arena = fortyVotes(), context = {} }: { arena?: SmallArena; context?: Partial<ExportContext> } = {},
) {
  const result = await buildExport(optionsIn(presets, some), aContext(arena, folder, context))
  return { result, arena }
}

export type AnyRow = Record<string, unknown>
export async function tableRows(folder: string, pattern: string): Promise<AnyRow[]> {
  const rows: AnyRow[] = []
  for (const path of filesIn(folder, pattern)) for await (const row of parquetRows(join(folder, path))) rows.push(row)
  return rows
}
export const lineRows = (folder: string, path: string): AnyRow[] =>
  readFileSync(join(folder, path), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AnyRow)

export const filesIn = (folder: string, pattern = '**'): string[] =>
  globSync(pattern, { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
export const text = (folder: string, path: string) => readFileSync(join(folder, path), 'utf8')
export const sums = (folder: string) => text(folder, 'SHA256SUMS')
