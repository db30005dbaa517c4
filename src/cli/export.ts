import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ExportProgress, ExportResult } from '../exports/build-export.ts'
import { defaultOptions, type ExportOptions, isPreset, type Preset, presets } from '../exports/options.ts'
import { failed, usage } from './command-error.ts'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson, say, tableText } from './output.ts'

export type ExportFlags = PlaceFlags & {
  out?: string
  since?: Date
  until?: Date
  category?: string[]
  language?: string[]
  model?: string[]
  excludeModel?: string[]
  pair?: [string, string][]
  group?: string[]
  mode?: ExportOptions['filters']['mode']
  hasReason?: boolean
  minTurns?: number
  maxTurns?: number
  minImages?: number
  maxImages?: number
  includeTies?: boolean
  bothBad?: boolean
  includeUncounted?: boolean
  includeFlag?: string[]
  aggregate?: ExportOptions['aggregate']
  minAgreement?: number
  multiTurn?: ExportOptions['multiTurn']
  maxPerVoter?: number
  maxPerPrompt?: number
  minSeconds?: number
  placeholders?: ExportOptions['placeholders']
  pii?: ExportOptions['pii']
  timestamps?: ExportOptions['timestamps']
  voterIds?: ExportOptions['voterIds']
  test?: number
  seed?: number
  splitBy?: ExportOptions['splitBy']
  splitPhash?: number
  scope?: ExportOptions['scope']
  license?: string
  dataset?: string
  source?: string
  base?: string
  snapshot?: string
  winnerWords?: ExportOptions['winnerWords']
  embedImages?: boolean
  notes?: boolean
  dryRun?: boolean
  json?: boolean
  quiet?: boolean
}

const list = (value: string, held: string[] = []) => [...held, ...value.split(',').filter(Boolean)]
const choice = (flags: string, about: string, choices: readonly string[], preset?: string) => {
  const option = new Option(flags, about).choices([...choices])
  return preset === undefined ? option : option.default(preset)
}

export function registerExport(program: Command) {
  withPlaces(program.command('export'))
    .description(`Write votes as a dataset. Presets: ${presets.join(', ')}.`)
    .argument('[presets]', 'one preset, or several with commas between')
    .addHelpText(
      'before',
      'Example:\n  sightline export dpo,battles --out ./dataset --since 2026-11-01 --category ocr\n',
    )
    .option('--out <dir>', 'where to write; empty, or an unfinished export of the same command')
    .option('--since <time>', 'votes from then on (UTC)', toTime)
    .option('--until <time>', 'votes before then (UTC)', toTime)
    .option('--category <name>', 'only these categories; repeatable', list)
    .option('--language <tag>', 'only these languages; repeatable', list)
    .option('--model <id>', 'only battles with one of these models; repeatable', list)
    .option('--exclude-model <id>', 'no battles with these models; repeatable', list)
    .option('--pair <a,b>', 'only battles between these two; repeatable', toPair)
    .option('--group <kind>', 'only these voters: anon, user, annotator; repeatable', list)
    .addOption(
      choice('--mode <mode>', 'how the battle ran', ['anonymous', 'revealed', 'named', 'ablation', 'any'], 'anonymous'),
    )
    .option('--has-reason', 'only votes with a reason or a note')
    .option('--min-turns <n>', 'voted turn at least', toWhole)
    .option('--max-turns <n>', 'voted turn at most', toWhole)
    .option('--min-images <n>', 'pictures at least (default: 1; battles, votes, lmarena, sqlite: 0)', toWhole)
    .option('--max-images <n>', 'pictures at most', toWhole)
    .option('--include-ties', 'kto: ties as two good answers')
    .option('--no-both-bad', 'kto: leave out votes for neither')
    .option('--include-uncounted', 'battles, lmarena: also votes that are not ranked')
    .option('--include-flag <flag>', 'battles, lmarena: keep rows that this test would remove; repeatable', list)
    .addOption(
      choice('--aggregate <how>', 'one row per vote, or per pair of answers', ['per_vote', 'per_pair'], 'per_vote'),
    )
    .option('--min-agreement <share>', 'per_pair: least agreement', toShare)
    .addOption(choice('--multi-turn <how>', 'dpo after turn 1', ['shared', 'winner'], 'shared'))
    .option('--max-per-voter <n>', 'rows of one voter at most', toWhole)
    .option('--max-per-prompt <n>', 'rows of one question at most (default: 99.9th percentile)', toWhole)
    .option('--min-seconds <n>', 'least time from both answers to the vote', toWhole)
    .addOption(choice('--placeholders <how>', 'special tokens in texts', ['exclude', 'escape'], 'exclude'))
    .addOption(choice('--pii <how>', 'detected personal data', ['exclude', 'redact', 'keep'], 'exclude'))
    .addOption(
      choice('--timestamps <unit>', 'times are rounded down to', ['ms', 'minute', 'hour', 'day', 'none'], 'hour'),
    )
    .addOption(choice('--voter-ids <how>', 'pseudonyms that join', ['dataset', 'snapshot', 'none'], 'dataset'))
    .option('--test <share>', 'share of the test split (default: 0.05)', toShare)
    .option('--seed <n>', 'of the split (default: 1)', toWhole)
    .addOption(choice('--split-by <what>', 'what never crosses the split', ['content', 'voter', 'time'], 'content'))
    .option('--split-phash <bits>', 'pictures this alike are one for the split (default: 5)', toWhole)
    .addOption(
      choice('--scope <scope>', 'internal: for you; public: consented rows only', ['internal', 'public'], 'internal'),
    )
    .option('--license <id>', 'licence of a public export (default: exports.license)')
    .option('--dataset <name>', 'voter pseudonyms join within one dataset')
    .option('--source <name>', 'an imported pool in place of the own battles')
    .option('--base <dir>', 'continue an earlier export: its Parquet files stay, new rows come beside them')
    .option('--snapshot <id>', 'write an earlier snapshot again, byte for byte')
    .addOption(choice('--winner-words <words>', 'lmarena: how both bad is spelt', ['standard', '140k'], 'standard'))
    .option('--embed-images', 'sqlite: pictures inside the file')
    .option('--notes', "battles, llm-comparator: with the voters' own words")
    .option('--dry-run', 'say what would be written, write nothing')
    .option('--json', 'print the result as JSON')
    .option('--quiet', 'no progress')
    .action(runExport)
}

async function runExport(words: string | undefined, flags: ExportFlags) {
  const config = configFrom(flags, { isQuiet: flags.json === true || flags.quiet === true })
  const { databaseOf, openExport, placeOf } = await import('./export-context.ts')
  const { buildExport, dryRun, rebuildSnapshot } = await import('../exports/build-export.ts')
  const { ExportFailure } = await import('../exports/failures.ts')
  const options = optionsFrom(words, flags, config.exports)
  if (!flags.out && !flags.dryRun) throw usage('--out is missing: the folder to write to.')
  if (!options.source && !existsSync(databaseOf(config.data)))
    throw usage(`There is no arena in ${config.data}: no sightline.db. Name its folder with --data.`)
  // Rows are garbage as soon as they are written: a nursery that does not grow keeps 100 MB out of the process (measured).
  setFlagsFromString('--semi-space-growth-factor=1')
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const progress = exportProgress(flags.quiet === true)
  try {
    await using context = await openExport(placeOf(config, options.dataset), {
      out: resolve(flags.out ?? '.'),
      source: options.source,
    })
    const base = flags.base ? await baseOf(resolve(flags.base)) : null
    const run = { ...context, base, onProgress: progress.at, signal: stopping.signal }
    if (flags.dryRun) {
      const frozen = await dryRun(options, run)
      const { statsOf } = await import('../exports/stats.ts')
      const { sizeOf } = await import('../exports/report.ts')
      const { seeded } = await import('../ranking/random.ts')
      const stats = statsOf(frozen, seeded)
      progress.end()
      printPlan(
        { rows: stats.rows, funnel: stats.funnel, bytes: sizeOf(frozen), warnings: frozen.warnings },
        flags.json === true,
      )
      return
    }
    const result = flags.snapshot ? await rebuildSnapshot(flags.snapshot, run) : await buildExport(options, run)
    progress.end()
    printResult(result, resolve(flags.out ?? '.'), flags.json === true)
  } catch (error) {
    progress.end()
    if (!(error instanceof ExportFailure)) throw error
    if (error.code === 'usage') throw usage(`${sentence(error.message)}`, error)
    if (flags.json)
      printJson({ code: error.code, message: error.message, ...(error.funnel ? { funnel: error.funnel } : {}) })
    if (error.code === 'nothing_left' && error.funnel && !flags.json) say(funnelText(Object.entries(error.funnel)))
    if (error.code !== 'interrupted') throw failed(`${sentence(error.message)} (${error.code})`, error)
    say(sentence(error.message))
    process.exitCode = 130
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

export function optionsFrom(
  words: string | undefined,
  flags: ExportFlags,
  exports: { dataset: string; license: string | null },
): ExportOptions {
  const named = (words ?? '').split(',').filter(Boolean)
  if (named.length === 0 && !flags.snapshot) throw usage(`Name a preset: ${presets.join(', ')}.`)
  const unknown = named.find((word) => !isPreset(word))
  if (unknown !== undefined) throw usage(`There is no preset ${unknown}; there are ${presets.join(', ')}.`)
  const wanted: Preset[] = presets.filter((preset) => named.includes(preset))
  const base = defaultOptions(wanted)
  return {
    ...base,
    dataset: flags.dataset ?? exports.dataset,
    filters: {
      ...base.filters,
      since: flags.since ?? null,
      until: flags.until ?? null,
      categories: flags.category ?? [],
      languages: flags.language ?? [],
      models: flags.model ?? [],
      excludeModels: flags.excludeModel ?? [],
      pairs: flags.pair ?? [],
      groups: flags.group ?? [],
      mode: flags.mode ?? 'anonymous',
      hasReason: flags.hasReason ?? false,
      minTurns: flags.minTurns ?? 1,
      maxTurns: flags.maxTurns ?? null,
      minImages: flags.minImages ?? null,
      maxImages: flags.maxImages ?? null,
      includeUncounted: flags.includeUncounted ?? false,
      includeFlags: flags.includeFlag ?? [],
      maxPerVoter: flags.maxPerVoter ?? null,
      maxPerPrompt: flags.maxPerPrompt ?? null,
      minSeconds: flags.minSeconds ?? null,
    },
    includeTies: flags.includeTies ?? false,
    includeBothBad: flags.bothBad ?? true,
    aggregate: flags.aggregate ?? base.aggregate,
    minAgreement: flags.minAgreement ?? base.minAgreement,
    multiTurn: flags.multiTurn ?? base.multiTurn,
    placeholders: flags.placeholders ?? base.placeholders,
    pii: flags.pii ?? base.pii,
    timestamps: flags.timestamps ?? base.timestamps,
    voterIds: flags.voterIds ?? base.voterIds,
    test: flags.test ?? base.test,
    seed: flags.seed ?? base.seed,
    splitBy: flags.splitBy ?? base.splitBy,
    splitPhash: flags.splitPhash ?? base.splitPhash,
    scope: flags.scope ?? base.scope,
    license: flags.license ?? exports.license,
    winnerWords: flags.winnerWords ?? base.winnerWords,
    embedImages: flags.embedImages ?? false,
    notes: flags.notes ?? false,
    source: flags.source ?? null,
  }
}

async function baseOf(folder: string): Promise<{ folder: string; snapshot: string }> {
  const { exportFolder } = await import('../storage/exports/export-folder.ts')
  const state = await exportFolder(folder).state()
  if (state.is !== 'complete') throw usage(`--base ${folder} is not a complete export.`)
  return { folder, snapshot: state.snapshot }
}

type Plan = {
  rows: ExportResult['rows']
  funnel: ExportResult['funnel']
  bytes: number
  warnings: string[]
}

function printPlan(plan: Plan, isJson: boolean) {
  if (isJson) return printJson({ dry_run: true, ...plan })
  print(rowsText(plan.rows))
  print(funnelText(plan.funnel.map(({ preset, steps }) => [preset, steps])))
  print(`About ${sizeText(plan.bytes)}. Nothing was written.`)
  for (const warning of plan.warnings) say(`Warning: ${warning}.`)
}

function printResult(result: ExportResult, out: string, isJson: boolean) {
  if (isJson) return printJson({ ...result, out })
  const said = { written: 'Written', resumed: 'Finished', already_complete: 'Already complete' }[result.state]
  print(`${said}: snapshot ${result.snapshot} in ${out}, ${result.files} files.`)
  print(rowsText(result.rows))
  print(funnelText(result.funnel.map(({ preset, steps }) => [preset, steps])))
  for (const warning of result.warnings) say(`Warning: ${warning}.`)
}

const rowsText = (rows: ExportResult['rows']) =>
  tableText(
    [['preset', 'split', 'rows'], ...rows.map(({ preset, split, rows: count }) => [preset, split, String(count)])],
    {
      right: [2],
    },
  )

type Steps = { reason: string; removed: number; remaining: number }[]
function funnelText(funnels: [string, unknown][]): string {
  // Written by `funnelOf`.
  const lines = funnels.flatMap(([preset, steps]) =>
    (steps as Steps).map(({ reason, removed, remaining }) => [preset, reason, String(removed), String(remaining)]),
  )
  if (lines.length === 0) return 'No vote was left out.'
  return tableText([['preset', 'left out', 'votes', 'remaining'], ...lines], { right: [2, 3] })
}

const lineEveryMs = 10_000
const barEveryMs = 200
/** Rows, MB/s and the time left: a line that rewrites itself on a terminal, else one every ten seconds. */
function exportProgress(isQuiet: boolean) {
  const isTerminal = process.stderr.isTTY === true
  const startedAt = performance.now()
  let shownAt = startedAt
  let isShown = false
  return {
    at({ phase, rows, of, bytes }: ExportProgress) {
      const now = performance.now()
      if (isQuiet || now - shownAt < (isTerminal ? barEveryMs : lineEveryMs)) return
      shownAt = now
      isShown = true
      const seconds = (now - startedAt) / 1000
      const left = of > 0 && rows > 0 ? `, ${Math.ceil((seconds * (of - rows)) / rows)} s left` : ''
      const speed = bytes > 0 ? `, ${(bytes / 1e6 / seconds).toFixed(0)} MB/s` : ''
      const text = `${phase}: ${rows}${of > 0 ? ` of ${of}` : ''} rows${speed}${left}`
      process.stderr.write(isTerminal ? `\r\u001b[K${text}` : `${text}\n`)
    },
    end() {
      if (isShown && isTerminal) process.stderr.write('\r\u001b[K')
    },
  }
}

const sizeText = (bytes: number) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`)
const sentence = (text: string) => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`

function toTime(text: string): Date {
  const shaped = /^\d{4}-\d{2}-\d{2}$/.test(text)
    ? `${text}T00:00:00Z`
    : /(?:Z|[+-]\d{2}:?\d{2})$/.test(text)
      ? text
      : `${text}Z`
  const at = new Date(shaped)
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('a date such as 2026-11-01 or 2026-11-01T12:00:00Z is needed.')
  return at
}

function toWhole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is needed.')
  return Number(text)
}

function toShare(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 1) || text.trim() === '')
    throw new InvalidArgumentError('a share from 0 to 1 is needed.')
  return value
}

function toPair(text: string, held: [string, string][] = []): [string, string][] {
  const [a, b, ...more] = text.split(',')
  if (!a || !b || more.length > 0) throw new InvalidArgumentError('two model ids with a comma between are needed.')
  return [...held, [a, b]]
}
