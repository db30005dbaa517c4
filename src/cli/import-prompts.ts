import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { idFrom } from '../core/ids.ts'
import { imageBytesMaxDefault, promptCharactersMax } from '../core/limits.ts'
import type { ExportImage } from '../exports/export-store.ts'
import { csvRows } from '../exports/verify-export.ts'
import { normalisedPrompt, type PromptSet, type SetPrompt } from '../prompts/prompt.ts'
import { failed, usage } from './command-error.ts'
import { databaseOf } from './export-context.ts'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson, safe, tableText } from './output.ts'
import { progressOf } from './progress.ts'

type PromptFlags = PlaceFlags & {
  set?: string
  title?: string
  license?: string
  images?: string
  dryRun?: boolean
  json?: boolean
}
type Problem =
  | 'broken_picture'
  | 'oversized_picture'
  | 'no_picture'
  | 'no_prompt'
  | 'prompt_too_long'
  | 'duplicate'
  | 'unreadable'

export function registerImportPrompts(command: Command) {
  withPlaces(command.command('prompts'))
    .description(
      'A set of pictures with questions: CSV, JSONL or Parquet, or a folder with one of them and the pictures.',
    )
    .argument('<path>', 'columns: image, prompt, lang, tags (with | between), reference, id')
    .addHelpText(
      'before',
      'Example:\n  sightline import prompts ./receipts --set receipts --license cc0-1.0 --dry-run\n',
    )
    .option('--set <id>', 'id of the set (default: name of the file or folder)')
    .option('--title <text>', 'its title (default: the id)')
    .option('--license <id>', 'licence of pictures and questions')
    .option('--images <dir>', 'where picture paths lead to (default: beside the file)')
    .option('--dry-run', 'only check')
    .option('--json', 'print the result as JSON')
    .action(importPrompts)
}

async function importPrompts(path: string, flags: PromptFlags) {
  const { data } = configFrom(flags, { isQuiet: true })
  if (!existsSync(path)) throw usage(`${path} does not exist.`)
  const file = tableIn(path)
  const set =
    flags.set ??
    basename(path)
      .replace(/\.(csv|jsonl|jsonl\.gz|parquet)$/, '')
      .toLowerCase()
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(set))
    throw usage(`--set: ${set} is no id; use lower-case letters, digits, dots and dashes.`)
  if (!flags.license && !flags.dryRun)
    throw usage('--license is missing: what the pictures and questions may be used for.')
  if (!flags.dryRun && !existsSync(databaseOf(data)))
    throw usage(`There is no arena in ${data}: no sightline.db. Start it once, or name its folder with --data.`)

  const { rowsOfFile } = await import('../storage/exports/import-files.ts')
  const { diskBlobStore } = await import('../storage/disk/blob-store.ts')
  const { sharpCodec } = await import('../providers/sharp-codec.ts')
  const { acceptImage } = await import('../images/accept-image.ts')
  const { sqliteStorage } = await import('../storage/sqlite/storage.ts')
  await using codec = sharpCodec()
  const storage = flags.dryRun ? null : await sqliteStorage(databaseOf(data))
  const folder = flags.images ? resolve(flags.images) : dirname(resolve(file))
  const accepted = new Map<string, Pick<ExportImage, 'sha256' | 'width' | 'height'> | null>()
  const accept = async (bytes: Uint8Array) => {
    const name = createHash('sha256').update(bytes).digest('hex')
    const known = accepted.get(name)
    if (known !== undefined) return known
    const image = await (storage
      ? acceptImage(
          { bytes, uploadedBy: null, isPublic: true },
          {
            codec,
            blobs: diskBlobStore(data),
            images: storage.images,
            imageBytesMax: imageBytesMaxDefault,
            now: () => new Date(),
          },
        )
      : codec.decode(bytes)
    ).catch(() => null)
    accepted.set(name, image)
    return image
  }
  const progress = progressOf('Looked at', { unit: ' prompts' })
  try {
    const rows = file.endsWith('.csv') ? csvFile(file) : rowsOfFile(file)
    const { prompts, problems } = await promptsFrom(rows, { set, folder, accept, onRow: (n) => progress.at(n, null) })
    progress.end()
    if (prompts.length === 0) throw failed(`${path} holds no prompt that could be read.${problemsText(problems)}`)
    const kept: PromptSet = { id: set, title: { en: flags.title ?? set }, license: flags.license ?? '', prompts }
    await storage?.prompts.keepSet(kept)
    report(set, prompts.length, problems, flags)
  } finally {
    progress.end()
    await storage?.close()
  }
}

/** The table itself, or the one in the folder. */
function tableIn(path: string): string {
  if (!statSync(path).isDirectory()) return path
  const names = readdirSync(path)
  const found = ['prompts', 'metadata', 'index'].flatMap((name) =>
    ['.jsonl', '.csv', '.parquet', '.jsonl.gz'].map((ending) => `${name}${ending}`),
  )
  const name =
    found.find((candidate) => names.includes(candidate)) ?? names.find((held) => /\.(jsonl|csv|parquet)$/.test(held))
  if (!name) throw usage(`${path} holds no prompts.jsonl, prompts.csv or .parquet.`)
  return join(path, name)
}

async function* csvFile(file: string): AsyncIterable<Record<string, unknown>> {
  yield* csvRows(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
}

async function promptsFrom(
  rows: AsyncIterable<Record<string, unknown>>,
  {
    set,
    folder,
    accept,
    onRow,
  }: {
    set: string
    folder: string
    accept(bytes: Uint8Array): Promise<Pick<ExportImage, 'sha256' | 'width' | 'height'> | null>
    onRow(rows: number): void
  },
) {
  const { fileUnder } = await import('../storage/exports/import-files.ts')
  const prompts: SetPrompt[] = []
  const problems: { row: number; problem: Problem }[] = []
  const seen = new Set<string>()
  let number = 0
  for await (const row of rows) {
    number += 1
    onRow(number)
    const problem = (name: Problem) => problems.push({ row: number, problem: name })
    const text = wordOf(row['prompt'] ?? row['question'] ?? row['text'])
    if ('skipped' in row) problem('unreadable')
    else if (!text) problem('no_prompt')
    else if ([...text].length > promptCharactersMax) problem('prompt_too_long')
    else {
      const bytes = await bytesOf(row['image'] ?? row['file_name'], (path) => fileUnder(folder, path))
      if (!bytes) problem('no_picture')
      else if (bytes.length > imageBytesMaxDefault) problem('oversized_picture')
      else {
        const image = await accept(bytes)
        const key = `${image?.sha256 ?? ''}\0${normalisedPrompt(text)}`
        if (!image) problem('broken_picture')
        else if (seen.has(key)) problem('duplicate')
        else {
          seen.add(key)
          prompts.push(setPrompt(row, text, image, set, key))
        }
      }
    }
  }
  return { prompts, problems }
}

function setPrompt(
  row: Record<string, unknown>,
  text: string,
  { sha256, width, height }: Pick<ExportImage, 'sha256' | 'width' | 'height'>,
  set: string,
  key: string,
): SetPrompt {
  const language = wordOf(row['lang'] ?? row['language']) ?? 'en'
  const localised = (words: string) => (language.startsWith('zh') ? { en: words, zh: words } : { en: words })
  const reference = wordOf(row['reference'])
  const title = wordOf(row['title']) ?? text
  return {
    id: wordOf(row['id']) ?? idFrom(createHash('sha256').update(`${set}\0${key}`).digest()),
    setId: set,
    title: localised(title.length > 80 ? `${title.slice(0, 79).toWellFormed()}…` : title),
    text: localised(text),
    reference: reference ? localised(reference) : null,
    image: sha256,
    width,
    height,
    tags: tagsOf(row['tags']),
    needsImage: true,
  }
}

async function bytesOf(value: unknown, open: (path: string) => Promise<Uint8Array | null>): Promise<Uint8Array | null> {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'object' && value !== null && 'bytes' in value && value.bytes instanceof Uint8Array)
    return value.bytes
  const path = typeof value === 'object' && value !== null && 'path' in value ? value.path : value
  return typeof path === 'string' && path !== '' ? await open(path) : null
}

function report(set: string, count: number, problems: { row: number; problem: Problem }[], flags: PromptFlags) {
  const missingLicense = !flags.license
  if (flags.json)
    return printJson({ set, prompts: count, dry_run: flags.dryRun ?? false, missing_license: missingLicense, problems })
  print(
    `${flags.dryRun ? 'Would import' : 'Imported'} ${count} prompts into the set ${set}.${missingLicense ? ' Its licence is missing: name it with --license.' : ''}`,
  )
  const byProblem = Map.groupBy(problems, ({ problem }) => problem)
  if (problems.length > 0)
    print(
      tableText([
        ['left out', 'rows', 'first'],
        ...[...byProblem].map(([problem, rows]) => [
          problem,
          String(rows.length),
          safe(
            rows
              .slice(0, 5)
              .map(({ row }) => row)
              .join(', '),
          ),
        ]),
      ]),
    )
}

const problemsText = (problems: { problem: Problem }[]) =>
  problems.length === 0
    ? ''
    : ` All ${problems.length} rows were left out: ${[...new Set(problems.map(({ problem }) => problem))].join(', ')}.`

const wordOf = (value: unknown): string | null => (typeof value === 'string' && value.trim() !== '' ? value : null)
const tagsOf = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.flatMap((tag) => wordOf(tag) ?? [])
    : (wordOf(value)
        ?.split('|')
        .map((tag) => tag.trim())
        .filter(Boolean) ?? [])
