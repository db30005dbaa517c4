import type { Command } from 'commander'
import { type Config, type Loaded, loadConfig, type Problem } from '../config.ts'
import { usage } from './command-error.ts'
import { say } from './output.ts'

/** Flags that say where the configuration and the data are; every command that reads the arena has them. */
export type PlaceFlags = { config?: string; data?: string; host?: string; port?: string }

export const withPlaces = (command: Command): Command =>
  command
    .option('--config <file>', 'the configuration (default: sightline.yaml here, else in the data folder)')
    .option('--data <dir>', 'the data folder')

export function loadFrom({ config, data, host, port }: PlaceFlags): Loaded {
  return loadConfig({ flags: { config, data, 'server.host': host, 'server.port': port } })
}

/** The configuration, or every problem on stderr and exit 2. Warnings are said and change nothing. */
export function configFrom(flags: PlaceFlags, { isQuiet = false }: { isQuiet?: boolean } = {}): Config {
  const { config, problems } = loadFrom(flags)
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (!config) throw usage(errors.map(problemText).join('\n'))
  if (!isQuiet) for (const problem of problems) say(`Warning: ${problemText(problem)}`)
  return config
}

export const problemText = ({ where, sentence }: Problem) => (where === 'default' ? sentence : `${where}: ${sentence}`)
