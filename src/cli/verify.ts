import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Verification } from '../exports/verify-export.ts'
import { failed, usage } from './command-error.ts'
import { print, printJson, safe } from './output.ts'
import { progressOf } from './progress.ts'

export function registerVerify(program: Command) {
  program
    .command('verify')
    .description('Check an export: every file, and its leaderboard recomputed from its rows.')
    .argument('<dir>', 'the folder of the export')
    .addHelpText('before', 'Example:\n  sightline verify ./dataset\n')
    .option('--json', 'print the result as JSON')
    .action(verify)
}

async function verify(dir: string, { json = false }: { json?: boolean }) {
  const { exportFolder } = await import('../storage/exports/export-folder.ts')
  const { verifyExport } = await import('../exports/verify-export.ts')
  const progress = progressOf('Checked', { unit: ' files' })
  const hash = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
  const found = await verifyExport(exportFolder(resolve(dir)), { hash, onFile: progress.at })
  progress.end()
  if (!found) throw usage(`${dir} is not a complete export: it has no SHA256SUMS.`)
  if (json) printJson({ ok: found.findings.length === 0, ...found })
  else print(reportText(dir, found))
  if (found.findings.length > 0)
    throw failed(`${dir} does not verify: ${found.findings.length} of its files or rows are not what they should be.`)
}

function reportText(dir: string, { snapshot, files, bytes, board, findings }: Verification): string {
  const lines = findings.map(({ path, row, what }) => safe(`${path}${row ? `, ${row}` : ''}: ${what}.`))
  if (lines.length > 0) return lines.join('\n')
  return [
    `${files} files, ${(bytes / 1e6).toFixed(1)} MB, as SHA256SUMS says.`,
    board
      ? `The leaderboard of ${board.models} models, recomputed from ${board.votes} counted votes in ${board.from}/, is the published one, bit by bit.`
      : 'It holds neither votes nor battles, so there is no leaderboard to recompute.',
    `${dir} verifies${snapshot ? `: snapshot ${snapshot}` : ''}.`,
  ].join('\n')
}
