import type { Command } from 'commander'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson, say } from './output.ts'

export function registerServe(program: Command) {
  withPlaces(
    program
      .command('serve')
      .description('Run the arena.')
      .addHelpText('before', 'Example:\n  sightline serve --port 8080 --data /srv/arena\n'),
  )
    .option('--host <address>', 'address to listen on')
    .option('--port <number>', 'port to listen on; 0 takes any free one')
    .option('--json', 'print the address as JSON')
    .action(serve)
}

async function serve({ json, ...flags }: PlaceFlags & { json?: boolean }) {
  const config = configFrom(flags)
  const { main } = await import('../main.ts')
  const running = await main(config)
  if (json) printJson({ url: running.url, data: config.data })
  else print(`Sightline is open at ${running.url} (Ctrl-C stops it).`)
  await stopSignal()
  say('Stopping: no new battles; answers being written have 30 seconds, votes stay open until then.')
  await running.stop()
}

/** A supervisor may signal us and whoever started us, who passes it on: two signals this close are one. */
const oneSignalMs = 1000

/** The first signal ends the wait; a second one, later, ends the process. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let stoppingSince: number | undefined
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (stoppingSince !== undefined && performance.now() - stoppingSince > oneSignalMs) process.exit(1)
        stoppingSince ??= performance.now()
        resolve()
      })
  })
}
