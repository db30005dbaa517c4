import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { usage } from './command-error.ts'
import { configTemplate, consentTemplate } from './init-templates.ts'
import { print, printJson } from './output.ts'

export function registerInit(program: Command) {
  program
    .command('init')
    .description('Write a commented sightline.yaml and a first consent.md.')
    .addHelpText('before', 'Example:\n  sightline init && sightline config check\n')
    .option('--dir <dir>', 'where to write them', '.')
    .option('--force', 'overwrite files that are already there')
    .option('--json', 'print the written files as JSON')
    .action(init)
}

function init({ dir, force = false, json }: { dir: string; force?: boolean; json?: boolean }) {
  const folder = resolve(dir)
  const files = [
    { path: join(folder, 'sightline.yaml'), text: configTemplate() },
    { path: join(folder, 'consent.md'), text: consentTemplate },
  ]
  const known = files.filter(({ path }) => existsSync(path)).map(({ path }) => path)
  if (known.length > 0 && !force) throw usage(`${known.join(' and ')} already there; --force overwrites.`)
  mkdirSync(folder, { recursive: true })
  for (const { path, text } of files) writeFileSync(path, text)
  if (json) printJson({ written: files.map(({ path }) => path) })
  else print(`Written: ${files.map(({ path }) => path).join(', ')}`)
}
