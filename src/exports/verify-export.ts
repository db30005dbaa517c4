import type { Outcome } from '../battles/battle.ts'
import { boardJson, boardOf, type RankedVote } from './board.ts'
import { byCodeUnit, type Hash } from './canonical.ts'
import { csvRecords, plainCell } from './csv.ts'
import type { ExportFolder } from './export-folder.ts'

export type Finding = { path: string; row: string | null; what: string }
export type Verification = {
  snapshot: string | null
  files: number
  bytes: number
  /** Where the leaderboard came from; null when the export holds no board. */
  board: { from: 'votes' | 'battles'; votes: number; models: number } | null
  findings: Finding[]
}

/**
 * Checks a dataset folder by itself: every file against SHA256SUMS, none missing, none more, every picture against its hash where a file is
 * damaged, and the published leaderboard against one recomputed from the rows, character by character. Null when it is no dataset folder.
 */
export async function verifyExport(
  folder: Pick<ExportFolder, 'read' | 'list' | 'sha256' | 'has' | 'rows'>,
  { hash, onFile }: { hash: Hash; onFile?(done: number, of: number): void },
): Promise<Verification | null> {
  const sums = await folder.read('SHA256SUMS')
  if (!sums) return null
  const findings: Finding[] = []
  const listed = new Map<string, string>()
  for (const line of text(sums).split('\n').filter(Boolean)) {
    const [, sha256, path] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
    if (sha256 && path) listed.set(path, sha256)
    else findings.push({ path: 'SHA256SUMS', row: null, what: `a line is not a checksum: ${line.slice(0, 80)}` })
  }
  const there = (await folder.list()).filter((path) => path !== 'SHA256SUMS')
  for (const path of there) if (!listed.has(path)) findings.push({ path, row: null, what: 'is not in SHA256SUMS' })
  let bytes = 0
  let done = 0
  for (const [path, sha256] of listed) {
    const held = await folder.has(path)
    if (!held) findings.push({ path, row: null, what: 'is missing' })
    else if ((await folder.sha256(path)) !== sha256) findings.push(await damageIn(path, folder, hash))
    bytes += held?.bytes ?? 0
    done += 1
    onFile?.(done, listed.size)
  }
  const board = await checkBoard(there, folder, findings)
  return { snapshot: await snapshotOf(folder), files: there.length, bytes, board, findings }
}

/** The row whose picture is not what its hash says, or the row group that cannot be read, or the line that is not what its twin says. */
async function damageIn(
  path: string,
  folder: Pick<ExportFolder, 'rows' | 'read' | 'list'>,
  hash: Hash,
): Promise<Finding> {
  const what = 'does not have the bytes that SHA256SUMS promises'
  if (path === 'votes/votes.csv') return { path, row: await oddLine(folder), what }
  if (!path.endsWith('.parquet')) return { path, row: null, what }
  let last = 'its first row'
  try {
    for await (const row of folder.rows(path, ['id', 'vote_id', 'question_id', 'images', 'image_sha256'])) {
      const id = String(row['vote_id'] ?? row['id'] ?? row['question_id'] ?? '')
      last = `the row after vote ${id}`
      const images = Array.isArray(row['images']) ? (row['images'] as { bytes: Uint8Array; path: string }[]) : []
      const damaged = images.some((image) => hash(image.bytes) !== image.path.split('.')[0])
      if (damaged) return { path, row: `vote ${id}`, what }
    }
  } catch {
    return { path, row: `at or after ${last}`, what }
  }
  return { path, row: null, what }
}

/** The first line of votes.csv that its Parquet twin contradicts. */
async function oddLine(folder: Pick<ExportFolder, 'rows' | 'read' | 'list'>): Promise<string | null> {
  const twin = new Map<string, string>()
  for (const path of await folder.list())
    if (/^votes\/.*\.parquet$/.test(path))
      try {
        for await (const row of folder.rows(path, ['id', 'model_a', 'model_b', 'winner', 'counted']))
          twin.set(String(row['id']), voteText(row))
      } catch {
        return null
      }
  if (twin.size === 0) return null
  for (const row of csvRows(text((await folder.read('votes/votes.csv')) ?? new Uint8Array())))
    if (twin.get(String(row['id'])) !== voteText(row)) return `line with id ${String(row['id'])}`
  return null
}

const voteText = (row: Record<string, unknown>) =>
  ['model_a', 'model_b', 'winner', 'counted'].map((name) => String(row[name])).join('\0')

async function checkBoard(
  paths: string[],
  folder: Pick<ExportFolder, 'rows' | 'read'>,
  findings: Finding[],
): Promise<Verification['board']> {
  const published = await folder.read('leaderboard.json')
  const from = paths.some((path) => /^votes\/.*\.parquet$/.test(path))
    ? 'votes'
    : paths.some((path) => /^battles\/.*\.parquet$/.test(path))
      ? 'battles'
      : null
  if (!from) return null
  try {
    const votes = await countedVotes(from, paths, folder)
    const board = boardOf(votes)
    if (!published) findings.push({ path: 'leaderboard.json', row: null, what: 'is missing' })
    else if (boardJson(board) !== text(published))
      findings.push({
        path: 'leaderboard.json',
        row: null,
        what: `is not the leaderboard of the ${votes.length} counted votes in ${from}/${firstDifference(boardJson(board), text(published))}`,
      })
    return { from, votes: votes.length, models: board.models.length }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    findings.push({ path: `${from}/`, row: null, what: `could not be ranked: ${why}` })
    return null
  }
}

/** By vote id, as the export ranked them; the comparisons do not depend on it, and Elo would. */
export async function countedVotes(
  from: 'votes' | 'battles',
  paths: string[],
  folder: Pick<ExportFolder, 'rows'>,
): Promise<RankedVote[]> {
  const votes: (RankedVote & { id: string })[] = []
  for (const path of paths.filter((held) => held.startsWith(`${from}/`) && held.endsWith('.parquet')))
    for await (const row of folder.rows(path, ['id', 'model_a', 'model_b', 'winner', 'counted', 'voter_id'])) {
      if (row['counted'] !== true) continue
      votes.push({
        id: String(row['id']),
        modelA: String(row['model_a']),
        modelB: String(row['model_b']),
        outcome: outcomeOf(row['winner']),
        voter: typeof row['voter_id'] === 'string' ? row['voter_id'] : null,
      })
    }
  return votes.sort((left, right) => byCodeUnit(left.id, right.id)).map(({ id: _, ...vote }) => vote)
}

const outcomes: Record<string, Outcome> = { model_a: 'a', model_b: 'b', tie: 'tie', both_bad: 'both_bad' }
function outcomeOf(winner: unknown): Outcome {
  const outcome = outcomes[String(winner)]
  if (!outcome) throw new Error(`unknown winner ${JSON.stringify(winner)}`)
  return outcome
}

export function* csvRows(content: string): Iterable<Record<string, string>> {
  let names: string[] | null = null
  for (const cells of csvRecords(content)) {
    if (names) yield Object.fromEntries(names.map((name, index) => [name, plainCell(cells[index] ?? '')]))
    else names = cells
  }
}

function firstDifference(made: string, held: string): string {
  const ours = made.split('\n')
  const theirs = held.split('\n')
  const line = ours.findIndex((content, index) => content !== theirs[index])
  return line === -1
    ? ''
    : ` (line ${line + 1}: ${(theirs[line] ?? '').trim()} where the rows give ${(ours[line] ?? '').trim()})`
}

async function snapshotOf(folder: Pick<ExportFolder, 'read'>): Promise<string | null> {
  const manifest = await folder.read('manifest.json')
  try {
    const parsed: unknown = manifest && JSON.parse(text(manifest))
    return parsed && typeof parsed === 'object' && 'snapshot_id' in parsed ? String(parsed.snapshot_id) : null
  } catch {
    return null
  }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
