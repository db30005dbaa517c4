import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { ImportTotals } from '../exports/import-battles.ts'
import { formatOf, type ImportFormat, importFormats, isImportFormat } from '../exports/import-formats.ts'
import { failed, usage } from './command-error.ts'
import { registerImportAnswers } from './import-answers.ts'
import { registerImportPrompts } from './import-prompts.ts'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson, say, tableText } from './output.ts'
import { progressOf } from './progress.ts'

type BattleFlags = PlaceFlags & {
  source?: string
  format: string
  images?: string
  models?: string
  license?: string
  limit?: number
  dryRun?: boolean
  undo?: string
  json?: boolean
}

export function registerImport(program: Command) {
  const command = program
    .command('import')
    .description('Bring in published arena votes, prompt sets, or answers made elsewhere.')
    .addHelpText('before', 'Example:\n  sightline import battles ./VisionArena-Battle --source visionarena --dry-run\n')
  withPlaces(command.command('battles'))
    .description('Votes of a published arena set, into a pool of their own.')
    .argument('[files...]', '.jsonl, .jsonl.gz, .parquet, or folders of them')
    .addHelpText(
      'before',
      'Example:\n  sightline import battles data/train-*.parquet --source visionarena --license cc-by-4.0\n',
    )
    .option('--source <name>', 'name of the pool')
    .option('--format <format>', `auto, ${importFormats.join(', ')}`, 'auto')
    .option('--images <dir>', 'where picture paths in the rows lead to; addresses are never fetched')
    .option('--models <file>', 'YAML: their name: id of yours')
    .option('--license <id>', "what the set's publisher allows; needed to export it again")
    .option('--limit <n>', 'read at most so many rows', toWhole)
    .option('--dry-run', 'say what would come in, keep nothing')
    .option('--undo <source>', 'take a whole source out again')
    .option('--json', 'print the result as JSON')
    .action(importBattlesCommand)
  registerImportPrompts(command)
  registerImportAnswers(command)
}

async function importBattlesCommand(paths: string[], flags: BattleFlags) {
  const { data } = configFrom(flags, { isQuiet: true })
  const { importPool } = await import('../storage/exports/import-pool.ts')
  const { importsOf } = await import('./export-context.ts')
  if (flags.undo !== undefined) {
    const pool = importPool(importsOf(data))
    const removed = await pool.remove(flags.undo)
    pool.close()
    if (removed === null) throw usage(`--undo: there is no source ${flags.undo}.`)
    if (flags.json) printJson({ source: flags.undo, removed })
    else print(`Removed ${removed} votes of ${flags.undo}.`)
    return
  }
  const source = flags.source
  if (!source) throw usage('--source is missing: the name under which these votes are kept.')
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(source))
    throw usage('--source is lower-case letters, digits, dots, dashes and underscores, at most 64.')
  if (paths.length === 0) throw usage('Name the files to import.')
  const missing = paths.find((path) => !existsSync(path))
  if (missing) throw usage(`${missing} does not exist.`)

  const { columnsOf, importFiles, rowsOfFile } = await import('../storage/exports/import-files.ts')
  const { importBattles } = await import('../exports/import-battles.ts')
  const { diskBlobStore } = await import('../storage/disk/blob-store.ts')
  const { sharpCodec } = await import('../providers/sharp-codec.ts')
  const { importedImages } = await import('./import-images.ts')
  const { idFrom } = await import('../core/ids.ts')
  const files = await importFiles(paths)
  const [first] = files
  if (!first) throw usage('There is no .jsonl or .parquet file in what you named.')
  const format = await chosenFormat(flags.format, first, columnsOf)
  const names = flags.models ? await modelNames(flags.models) : new Map<string, string>()
  const pool = importPool(importsOf(data))
  const progress = progressOf('Imported', { unit: ' rows' })
  await using codec = sharpCodec()
  try {
    const totals = await importBattles(rowsOf(files, rowsOfFile), {
      pool,
      source,
      format,
      license: flags.license ?? null,
      isDryRun: flags.dryRun ?? false,
      modelId: (name) => names.get(name) ?? name,
      keepImage: importedImages({
        codec,
        blobs: flags.dryRun ? null : diskBlobStore(importsOf(data)),
        folder: flags.images ? resolve(flags.images) : null,
      }),
      newId: (seed) => idFrom(createHash('sha256').update(seed).digest()),
      hash: (content) => createHash('sha256').update(content).digest('hex'),
      limit: flags.limit ?? null,
      onRows: (rows) => progress.at(rows, null),
    })
    progress.end()
    if (flags.json) printJson({ source, format, files: files.length, dry_run: flags.dryRun ?? false, ...totals })
    else printTotals(source, format, totals, flags.dryRun ?? false)
    for (const warning of totals.warnings) if (!flags.json) say(`Warning: ${warning}.`)
    if (totals.read > 0 && totals.added === 0 && !totals.skipped.duplicate) throw failed('No row could be read.')
  } finally {
    progress.end()
    pool.close()
  }
}

async function* rowsOf<T>(files: string[], rowsOfFile: (path: string) => AsyncIterable<T>): AsyncIterable<T> {
  for (const file of files) {
    try {
      yield* rowsOfFile(file)
    } catch (error) {
      throw failed(`${file} could not be read: ${error instanceof Error ? error.message : String(error)}.`, error)
    }
  }
}

async function chosenFormat(
  word: string,
  file: string,
  columnsOf: (path: string) => Promise<string[]>,
): Promise<ImportFormat> {
  if (isImportFormat(word)) return word
  if (word !== 'auto') throw usage(`--format is auto, ${importFormats.join(', ')}.`)
  const columns = await columnsOf(file)
  const format = formatOf(columns)
  if (!format)
    throw usage(`${file}: no known format has these columns: ${columns.join(', ') || 'none'}. Name one with --format.`)
  return format
}

async function modelNames(file: string): Promise<Map<string, string>> {
  const { parse } = await import('yaml')
  const held: unknown = parse(readFileSync(file, 'utf8'))
  if (typeof held !== 'object' || held === null || Array.isArray(held))
    throw usage(`${file} must be a list of name: id.`)
  return new Map(Object.entries(held).map(([name, id]) => [name, String(id)]))
}

function printTotals(source: string, format: string, totals: ImportTotals, isDryRun: boolean) {
  const { read, added, skipped, flagged, images, models } = totals
  print(
    `${isDryRun ? 'Would import' : 'Imported'} ${added} of ${read} rows (${format}) into ${source}, with ${images} pictures, ${Object.keys(models).length} models.`,
  )
  const notes = [
    ...Object.entries(skipped).map(([reason, count]) => ['skipped', reason, String(count)]),
    ...Object.entries(flagged).map(([flag, count]) => ['flagged', flag, String(count)]),
  ]
  if (notes.length > 0) print(tableText(notes, { right: [2] }))
}

function toWhole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is needed.')
  return Number(text)
}
