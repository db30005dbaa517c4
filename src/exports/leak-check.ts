import { normalisedPrompt } from '../prompts/prompt.ts'
import type { Hash } from './canonical.ts'
import type { Message } from './conversation.ts'
import type { ExportFolder } from './export-folder.ts'
import type { Shard } from './export-store.ts'
import type { ExportOptions } from './options.ts'
import { longPromptCharacters } from './row-keys.ts'
import { leaksBetween } from './splits.ts'

const columns = ['image_sha256', 'voter_id', 'voted_at', 'prompt', 'messages', 'conversation_a']

/** Keys that the written files hold both in train and in test; read from the files, so that no mistake on the way can hide. */
export async function findLeaks(
  shards: Shard[],
  {
    folder,
    hash,
    splitBy,
  }: { folder: Pick<ExportFolder, 'rows' | 'lines'>; hash: Hash; splitBy: ExportOptions['splitBy'] },
): Promise<string[]> {
  const leaks: string[] = []
  for (const preset of new Set(shards.filter(({ split }) => split === 'test').map(({ preset }) => preset))) {
    const keys = { train: new Set<string>(), test: new Set<string>() }
    for (const shard of shards.filter((held) => held.preset === preset && held.path !== 'votes/votes.csv')) {
      const into = shard.split === 'test' ? keys.test : keys.train
      for await (const row of rowsIn(shard, folder)) for (const key of keysOf(row, splitBy, hash)) into.add(key)
    }
    leaks.push(...(splitBy === 'time' ? overlapInTime(keys) : leaksBetween(keys.train, keys.test)))
  }
  return leaks
}

async function* rowsIn(
  { path }: Shard,
  folder: Pick<ExportFolder, 'rows' | 'lines'>,
): AsyncIterable<Record<string, unknown>> {
  if (path.endsWith('.parquet')) yield* folder.rows(path, columns)
  if (path.endsWith('.jsonl'))
    // Lines we wrote a moment ago.
    for await (const line of folder.lines(path)) yield JSON.parse(line) as Record<string, unknown>
}

function keysOf(row: Record<string, unknown>, splitBy: ExportOptions['splitBy'], hash: Hash): string[] {
  if (splitBy === 'voter') return typeof row['voter_id'] === 'string' && row['voter_id'] ? [`u:${row['voter_id']}`] : []
  if (splitBy === 'time') {
    const at = row['voted_at']
    return at instanceof Date ? [String(at.getTime())] : typeof at === 'number' ? [String(at)] : []
  }
  const images = imagesIn(row)
  const questions = questionsIn(row)
    .map((text) => normalisedPrompt(text.replaceAll('<image>', '')))
    .filter((text) => images.length === 0 || [...text].length >= longPromptCharacters)
  return [...images.map((sha256) => `i:${sha256}`), ...questions.map((text) => `t:${hash(text)}`)]
}

function imagesIn(row: Record<string, unknown>): string[] {
  if (Array.isArray(row['image_sha256'])) return row['image_sha256'].map(String)
  const paths = row['images'] ?? row['images_file_names']
  return Array.isArray(paths) ? paths.map((path) => /([0-9a-f]{64})\./.exec(String(path))?.[1] ?? '') : []
}

type FlatMessage = { from?: string; value?: string; role?: string; content?: string | Message['content'] }
function questionsIn(row: Record<string, unknown>): string[] {
  const messages = row['prompt'] ?? row['messages'] ?? row['conversation_a'] ?? row['conversations']
  if (!Array.isArray(messages)) return []
  return (messages as FlatMessage[])
    .filter(({ from, role }) => from === 'human' || role === 'user')
    .map(({ value, content }) =>
      typeof content === 'object' ? content.map(({ text }) => text ?? '').join('') : (value ?? content ?? ''),
    )
}

/** The newest of train may share its rounded moment with the oldest of test, and no more. */
function overlapInTime({ train, test }: { train: Set<string>; test: Set<string> }): string[] {
  const newest = [...train].map(Number).reduce((most, at) => Math.max(most, at), -Infinity)
  return [...test].filter((at) => Number(at) < newest)
}
