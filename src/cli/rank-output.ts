import type { Leaderboard, LeaderboardRow } from '../ranking/rate.ts'
import { safe, tableText } from './output.ts'
import type { VotesRead } from './read-votes.ts'

/** The board for reading: one table for each piece, and in words what the numbers rest on. */
export function boardTable(board: Leaderboard, votes: VotesRead): string {
  const tables = board.pieces.map(({ piece, models, votes }) => {
    const rows = board.models.filter((row) => row.piece === piece)
    const title = board.connected ? [] : [`Piece ${piece + 1}: ${models.length} models, ${votes} votes`]
    return [
      ...title,
      tableText([header(board), ...rows.map(cells(board))], { right: [0, 2, 3, 4, 5, 6, 7, 8, 9] }),
    ].join('\n')
  })
  return [...tables, notes(board, votes).join('\n')].join('\n\n')
}

const header = (board: Leaderboard) => [
  'rank',
  'model',
  'rating',
  `${Math.round(board.confidence * 1000) / 10} % interval`,
  'votes',
  'wins',
  'losses',
  'ties',
  'of them bad',
  'win rate',
  ...(board.style ? ['plain'] : []),
  '',
]

const cells = (board: Leaderboard) => (row: LeaderboardRow) => [
  row.rank === null
    ? '-'
    : row.rank_low === row.rank_high
      ? `${row.rank}`
      : `${row.rank} (${row.rank_low}-${row.rank_high})`,
  safe(row.model),
  fixed(row.rating, 1),
  row.low === null ? '-' : `${fixed(row.low, 1)} .. ${fixed(row.high, 1)}`,
  String(row.votes),
  String(row.wins),
  String(row.losses),
  String(row.ties),
  String(row.both_bad),
  row.win_rate === null ? '-' : `${fixed(100 * row.win_rate, 1)} %`,
  ...(board.style ? [fixed(row.plain_rating ?? null, 1)] : []),
  remark(row),
]

const remarks: Partial<Record<LeaderboardRow['status'], string>> = {
  undefeated: 'never lost: provisional, from a prior',
  winless: 'never won: provisional, from a prior',
  one_way: 'won or lost only against one group: provisional, from a prior',
}
const remark = (row: LeaderboardRow) => (row.prior ? (remarks[row.status_in_piece] ?? 'provisional, from a prior') : '')

const fixed = (value: number | null, digits: number) => (value === null ? '-' : value.toFixed(digits))

function notes(board: Leaderboard, votes: VotesRead): string[] {
  const lines = [
    `${board.votes} votes, ${board.method}, ties ${ruleOf(board.ties)}, both bad ${ruleOf(board.both_bad)}, errors ${board.se_kind}.`,
  ]
  if (board.skipped > 0) {
    const reasons = Object.entries(votes.skipped).map(([reason, count]) => `${count} ${reason.replaceAll('_', ' ')}`)
    lines.push(`${board.skipped} rows left out: ${reasons.join(', ')}.`)
  }
  if (!board.connected)
    lines.push(
      `The models fall into ${board.pieces.length} pieces that never met: numbers of different pieces cannot be compared.`,
    )
  if (board.models.some(({ prior }) => prior === 'ghost-0.5'))
    lines.push('Prior ghost-0.5: half a win and half a loss against an average model, only for those marked.')
  if (board.style) {
    const effects = board.style.coefficients.map(
      ({ feature, points_per_sd }) => `${feature} ${points_per_sd === null ? 'left out' : fixed(points_per_sd, 1)}`,
    )
    lines.push(
      board.style.estimable
        ? `Controlled for style, points for one standard deviation: ${effects.join(', ')} (length in ${votes.lengthIn ?? 'nothing'}; ${board.style.votes_without_style} votes without style left out).`
        : `Style cannot be controlled for: ${board.style.reason}.`,
    )
  }
  if (board.tie_parameter)
    lines.push(`Tie parameter ${board.tie_parameter.name} ${fixed(board.tie_parameter.value, 4)}.`)
  if (board.method === 'elo') lines.push('Elo depends on the order of the votes.')
  for (const flag of board.flags) lines.push(`Note: ${flag.replaceAll('_', ' ')}.`)
  return lines
}

const ruleOf = (rule: 'half' | 'drop') => (rule === 'half' ? 'count half' : 'dropped')

const csvColumns = [
  'model',
  'rating',
  'low',
  'high',
  'se',
  'rank',
  'rank_low',
  'rank_high',
  'votes',
  'wins',
  'losses',
  'ties',
  'both_bad',
  'win_rate',
  'status',
  'piece',
  'provisional',
  'prior',
] as const

export function boardCsv(board: Leaderboard): string {
  const extra = board.style ? (['plain_rating', 'plain_rank', 'change'] as const) : []
  const names = [...csvColumns, ...extra]
  return [names, ...board.models.map((row) => names.map((name) => row[name]))]
    .map((cells) => cells.map(csvCell).join(','))
    .join('\n')
}

/** RFC 4180, and an apostrophe before what a spreadsheet would take for a formula. */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
