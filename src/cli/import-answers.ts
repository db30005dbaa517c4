import { existsSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { failed, usage } from './command-error.ts'
import { databaseOf } from './export-context.ts'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson, safe, tableText } from './output.ts'

type AnswerFlags = PlaceFlags & { id?: string; dryRun?: boolean; json?: boolean }

export function registerImportAnswers(command: Command) {
  withPlaces(command.command('answers'))
    .description('Answers made elsewhere (JSONL), for a replay contestant: what they cover, what is missing.')
    .argument('<file>', 'JSONL: item or image_sha256 and prompt, answer, model')
    .addHelpText('before', 'Example:\n  sightline import answers ckpt-1200.jsonl --id ckpt-1200 --dry-run\n')
    .option('--id <id>', 'id of the contestant (default: the model the file names)')
    .option('--dry-run', 'only check')
    .option('--json', 'print the result as JSON')
    .action(importAnswers)
}

async function importAnswers(file: string, flags: AnswerFlags) {
  const { data } = configFrom(flags, { isQuiet: true })
  if (!existsSync(file)) throw usage(`${file} does not exist.`)
  const { readAnswers } = await import('../providers/replay.ts')
  const answers = await readAnswers(file)
  if (answers.count === 0) throw failed(`${file} holds no answer that could be read.`)
  const coverage = await coverageOf(answers, data)
  const id = flags.id ?? (await modelIn(file))
  if (!flags.dryRun && (!id || !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(id)))
    throw usage('--id is missing: a lower-case id for the contestant that says these answers.')
  const kept = flags.dryRun || !id ? null : join(data, 'replays', `${id}.jsonl`)
  if (kept) {
    await mkdir(join(data, 'replays'), { recursive: true })
    await copyFile(file, kept)
  }
  const result = {
    answers: answers.count,
    duplicate_lines: answers.duplicates,
    unreadable_lines: answers.unreadable,
    sets: coverage.map(({ set, items, missing }) => ({ set, items, missing })),
    file: kept,
  }
  if (flags.json) return void printJson(result)
  print(
    `${answers.count} answers; ${linesText('repeated', answers.duplicates)}, ${linesText('unreadable', answers.unreadable)}.`,
  )
  if (coverage.length > 0)
    print(
      tableText(
        [
          ['set', 'prompts', 'without an answer', ''],
          ...coverage.map(({ set, items, missing }) => [
            set,
            String(items),
            String(missing.length),
            safe(missing.slice(0, 5).join(', ')),
          ]),
        ],
        { right: [1, 2] },
      ),
    )
  if (kept)
    print(
      `Kept as ${kept}. Add it to sightline.yaml:\n\nmodels:\n  - id: ${id}\n    name: ${id}\n    kind: replay\n    file: ${kept}`,
    )
}

const linesText = (what: string, lines: number[]) =>
  lines.length === 0
    ? `no ${what} lines`
    : `${lines.length} ${what} (line ${lines.slice(0, 5).join(', ')}${lines.length > 5 ? ', …' : ''})`

/** For each prompt set the arena has: which of its questions the file does not answer. */
async function coverageOf(
  answers: Awaited<ReturnType<typeof import('../providers/replay.ts').readAnswers>>,
  data: string,
) {
  if (!existsSync(databaseOf(data))) return []
  const { sqliteReader } = await import('../storage/sqlite/storage.ts')
  const storage = sqliteReader(databaseOf(data))
  try {
    const sets = await storage.prompts.sets()
    const coverage: { set: string; items: number; missing: string[] }[] = []
    for (const { id } of sets) {
      const prompts = await storage.prompts.inSet(id)
      const missing = prompts.filter(
        ({ id: promptId, text, image }) =>
          ![text.en, ...(text.zh ? [text.zh] : [])].some((question) =>
            answers.find(askedTurn(promptId, question, image)),
          ),
      )
      coverage.push({ set: id, items: prompts.length, missing: missing.map(({ id: promptId }) => promptId) })
    }
    return coverage
  } finally {
    await storage.close()
  }
}

/** As a replay contestant would be asked; it looks at names and hashes only. */
const askedTurn = (promptId: string, question: string, sha256: string) => ({
  promptId,
  question,
  answer: null,
  images: [{ bytes: new Uint8Array(), mediaType: 'image/jpeg' as const, width: 0, height: 0, sha256 }],
})

async function modelIn(file: string): Promise<string | null> {
  const { rowsOfFile } = await import('../storage/exports/import-files.ts')
  for await (const row of rowsOfFile(file)) {
    const model = 'skipped' in row ? null : row['model']
    if (typeof model === 'string' && model !== '') return model
  }
  return null
}
