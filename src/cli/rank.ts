import { existsSync, writeFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Leaderboard, LeaderboardOptions } from '../ranking/rate.ts'
import { failed, usage } from './command-error.ts'
import { nearest } from './config-keys.ts'
import { print, printJson, say } from './output.ts'
import { progressOf } from './progress.ts'
import { boardCsv, boardTable } from './rank-output.ts'
import type { VotesRead } from './read-votes.ts'

export function registerRank(program: Command) {
  program
    .command('rank')
    .description('Rank any vote file, without a server.')
    .addHelpText('before', 'Example:\n  sightline rank --in votes.jsonl.gz --style --plot board.svg\n')
    .requiredOption('--in <file...>', 'votes: .jsonl, .csv, either with .gz, or .parquet; - is standard input (JSONL)')
    .addOption(
      new Option('--method <method>', 'rating model')
        .choices(['bradley-terry', 'elo', 'davidson', 'rao-kupper'])
        .default('bradley-terry'),
    )
    .addOption(
      new Option('--ties <rule>', 'ties: half a win each way, or left out').choices(['half', 'drop']).default('half'),
    )
    .addOption(new Option('--both-bad <rule>', 'both bad: the same').choices(['half', 'drop']).default('half'))
    .addOption(new Option('--ci <kind>', 'intervals').choices(['sandwich', 'bootstrap', 'none']).default('sandwich'))
    .option('--samples <n>', 'resamples of the bootstrap', wholeIn(1, 1_000_000), 1000)
    .option('--seed <n>', 'seed of the resamples', wholeIn(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--confidence <share>', 'of the intervals', shareOf, 0.95)
    .option('--style', 'control for length, headers, lists and bold')
    .option('--category <name>', 'only votes of this category')
    .option('--anchor <model=rating>', 'shift so that this model has this rating', anchorOf)
    .option('--k <n>', 'step of --method elo (4)', positive)
    .option('--lenient', 'rank even if more than 1 % of the rows are bad')
    .addOption(new Option('--format <format>', 'of the result').choices(['table', 'json', 'csv']).default('table'))
    .option('--json', 'the same as --format json')
    .option('--plot <file>', 'also write a picture (SVG): ratings, win fractions, battle counts')
    .action(rank)
}

type RankFlags = {
  in: string[]
  method: NonNullable<LeaderboardOptions['method']>
  ties: 'half' | 'drop'
  bothBad: 'half' | 'drop'
  ci: 'sandwich' | 'bootstrap' | 'none'
  samples: number
  seed: number
  confidence: number
  style?: boolean
  category?: string
  anchor?: { model: string; rating: number }
  k?: number
  lenient?: boolean
  format: 'table' | 'json' | 'csv'
  json?: boolean
  plot?: string
}

const badShareMax = 0.01

async function rank(flags: RankFlags) {
  refusePairs(flags)
  const { readVotes } = await import('./read-votes.ts')
  const votes = await readVotes(flags.in, {
    category: flags.category,
    hasStyle: flags.style === true,
    isOrdered: flags.method === 'elo',
    hasVoters: flags.ci !== 'none' || flags.style === true,
    progress: progressOf('Reading votes', { unit: ' bytes' }),
  })
  reportRows(votes, flags)
  const { leaderboardOf } = await import('../ranking/rate.ts')
  if (flags.ci === 'bootstrap' || flags.method === 'elo')
    say(`Fitting ${votes.comparisons.a.length.toLocaleString('en-US')} votes with ${flags.samples} resamples …`)
  const board = leaderboardOf(votes.comparisons, {
    names: votes.names,
    method: flags.method,
    ties: flags.ties,
    bothBad: flags.bothBad,
    ci: flags.ci,
    samples: flags.samples,
    seed: flags.seed,
    confidence: flags.confidence,
    anchor: anchorIn(votes.names, flags),
    skipped: sum(votes.skipped),
    ...(votes.style && { style: votes.style }),
    ...(flags.k !== undefined && { k: flags.k }),
  })
  if (!board.converged) throw failed('The fit did not converge, so there is no ranking to show.')
  if (flags.plot !== undefined) {
    const { boardPlot } = await import('./rank-plot.ts')
    writeFileSync(flags.plot, boardPlot(board, votes))
  }
  show(board, votes, flags.json ? 'json' : flags.format)
}

function refusePairs({ in: files, method, style, k, plot }: RankFlags) {
  if (style && method !== 'bradley-terry')
    throw usage(`--style works with --method bradley-terry only, not with ${method}.`)
  if (k !== undefined && method !== 'elo') throw usage(`--k belongs to --method elo, not to ${method}.`)
  if (files.filter((file) => file === '-').length > 1) throw usage('--in: standard input (-) can be read once.')
  if (plot !== undefined && !plot.endsWith('.svg')) throw usage(`--plot ${plot}: the picture is an SVG; name it so.`)
  for (const file of files) if (file !== '-' && !existsSync(file)) throw usage(`--in ${file}: there is no such file.`)
}

/** Bad rows by file and line; too many of them, or no votes at all, end here. */
function reportRows(votes: VotesRead, { lenient, category, in: files }: RankFlags) {
  const { rows, skipped, badRows } = votes
  for (const { file, line, why } of badRows) say(`${file === '-' ? 'standard input' : file}:${line}: skipped, ${why}.`)
  const badCount = (skipped.unreadable ?? 0) + (skipped.unknown_winner ?? 0) + (skipped.same_model ?? 0)
  if (badCount > badRows.length) say(`… and ${badCount - badRows.length} more bad rows.`)
  if (badCount > badShareMax * rows && !lenient)
    throw failed(`${badCount} of ${rows} rows are bad, more than 1 %; mend them, or rank the rest with --lenient.`)
  if (votes.comparisons.a.length > 0) return
  if (category === undefined || votes.otherCategories === 0) throw failed(`There is no vote in ${files.join(', ')}.`)
  const near = nearest(category, votes.categories)
  throw failed(
    `--category ${category}: no vote is in it${near ? `; did you mean ${near}?` : `; the file has ${votes.categories.join(', ') || 'none'}.`}`,
  )
}

function anchorIn(names: readonly string[], { anchor }: RankFlags) {
  if (!anchor || names.includes(anchor.model)) return anchor
  const near = nearest(anchor.model, names)
  throw usage(`--anchor: ${anchor.model} is not among the models${near ? `; did you mean ${near}?` : '.'}`)
}

function show(board: Leaderboard, votes: VotesRead, format: RankFlags['format']) {
  if (format === 'csv') return void print(boardCsv(board))
  if (format === 'table') return void print(boardTable(board, votes))
  const { skipped, lengthIn } = votes
  printJson({
    ...board,
    skipped_by_reason: skipped,
    ...(board.style && { style: { ...board.style, length_in: lengthIn } }),
  })
}

const sum = (counts: VotesRead['skipped']) => Object.values(counts).reduce((total, count) => total + count, 0)

function wholeIn(low: number, high: number) {
  return (text: string) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= low && value <= high) return value
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`)
  }
}

function shareOf(text: string): number {
  const value = Number(text)
  if (value > 0 && value < 1) return value
  throw new InvalidArgumentError('It must be between 0 and 1, such as 0.95.')
}

function positive(text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new InvalidArgumentError('It must be a number above 0.')
}

function anchorOf(text: string): { model: string; rating: number } {
  const at = text.lastIndexOf('=')
  const rating = Number(text.slice(at + 1))
  if (at > 0 && at < text.length - 1 && Number.isFinite(rating)) return { model: text.slice(0, at), rating }
  throw new InvalidArgumentError('It must be MODEL=RATING, such as gpt-4o=1000.')
}
