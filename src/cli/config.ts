import type { Command } from 'commander'
import { CommandError, usage } from './command-error.ts'
import { loadFrom, type PlaceFlags, problemText, withPlaces } from './load.ts'
import { print, printJson, safe, say, tableText } from './output.ts'

export function registerConfig(program: Command) {
  const group = program
    .command('config')
    .description('Validate the configuration; show each value and where it comes from.')
    .addHelpText('before', 'Example:\n  sightline config check\n')
  withPlaces(
    group
      .command('check')
      .description('Name every problem at once.')
      .addHelpText('before', 'Example:\n  sightline config check --config sightline.yaml\n'),
  )
    .option('--json', 'print the problems as JSON')
    .action(check)
  withPlaces(
    group
      .command('print')
      .description('Show every value as it stands; secrets are never shown.')
      .addHelpText('before', 'Example:\n  sightline config print --origin\n'),
  )
    .option('--origin', 'say where each value comes from')
    .option('--json', 'print JSON')
    .action(printConfig)
}

function check({ json, ...flags }: PlaceFlags & { json?: boolean }) {
  const { config, problems } = loadFrom(flags)
  if (json) printJson({ ok: config !== null, problems })
  else
    for (const problem of problems) say(`${problem.severity === 'warning' ? 'Warning: ' : ''}${problemText(problem)}`)
  if (!config) throw new CommandError(countText(problems.filter(({ severity }) => severity === 'error').length), 2)
  if (json) return
  const models = config.models.length === 0 ? 'the built-in image readers' : `${config.models.length} models`
  print(`${config.file ?? 'No sightline.yaml; the defaults'}: in order. ${models}, data in ${config.data}.`)
}

const countText = (count: number) => `${count} ${count === 1 ? 'problem' : 'problems'} to mend.`

function printConfig({ json, origin, ...flags }: PlaceFlags & { json?: boolean; origin?: boolean }) {
  const { config, origins, problems } = loadFrom(flags)
  const rows = [...origins].map(([key, { value, origin }]) => ({ key, value, origin: origin.where }))
  if (json) printJson(origin ? rows : Object.fromEntries(rows.map(({ key, value }) => [key, value])))
  else print(tableText(rows.map((row) => [row.key, shown(row.value), ...(origin ? [row.origin] : [])])))
  if (!config)
    throw usage(
      problems
        .filter(({ severity }) => severity === 'error')
        .map(problemText)
        .join('\n'),
    )
}

const shown = (value: unknown) => safe(typeof value === 'string' ? value : JSON.stringify(value))
