import { Command, CommanderError } from 'commander'
import { CommandError } from './command-error.ts'
import { commands } from './commands.ts'
import { say } from './output.ts'
import { packageVersion } from './package.ts'

/** Runs one command to its end and says how it ended: 0 done, 1 the thing asked about failed, 2 wrong usage or configuration. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...argv], { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : 0
  } catch (error) {
    return reported(error, argv.includes('--verbose'))
  }
}

export function program(): Command {
  const root = new Command('sightline')
    .description('The arena where people judge vision-language models.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('--help', 'show this')
    .helpCommand(false)
    .addHelpText('before', 'Example:\n  sightline serve --port 3000\n')
    .configureHelp({ showGlobalOptions: false })
  for (const register of commands) register(root)
  for (const command of allUnder(root)) prepared(command)
  return root
}

/** The same manners for all: our help option, one-sentence errors, and never an exit in the middle of something. */
function prepared(command: Command) {
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: (text, write) => write(`${sentenceOf(text)}\n`) })
  if (command.parent) command.helpOption('--help', 'show this').option('--verbose', 'show where an error arose')
  if (command.commands.length > 0 && command.parent) command.helpCommand(false)
}

const allUnder = (command: Command): Command[] => [command, ...command.commands.flatMap(allUnder)]

/** "error: unknown command 'serv'\n(Did you mean serve?)" becomes one sentence. */
function sentenceOf(text: string): string {
  const [first = '', hint = ''] = text.trim().split('\n')
  const what = first.replace(/^error: /, '').replace(/\.$/, '')
  const near = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(hint)?.[1]
  return `${what[0]?.toUpperCase() ?? ''}${what.slice(1)}${near ? `; did you mean ${near}?` : '; see sightline --help.'}`
}

function reported(error: unknown, isVerbose: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (!(error instanceof Error)) {
    say(String(error))
    return 1
  }
  say(isVerbose ? (error.stack ?? error.message) : firstSentence(error))
  return error instanceof CommandError ? error.exitCode : 1
}

function firstSentence(error: Error): string {
  const { code, path } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' && path) return `${path} does not exist.`
  if (code === 'EACCES' && path) return `${path} may not be opened by you.`
  if (code === 'ENOSPC') return 'The disk is full.'
  return error.message
}
