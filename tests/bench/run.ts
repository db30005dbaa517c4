/** `npm run bench -- <name>`: each bench is a file of its own that exports `run`. */
import { existsSync } from 'node:fs'
import { argv, exit } from 'node:process'

const benches: Record<string, string> = {
  ranking: './ranking/bench.ts',
  board: './board.ts',
  rank: './rank.ts',
  streaming: './streaming.ts',
  export: './export.ts',
}

const [, , name = ''] = argv
const file = Object.hasOwn(benches, name) ? new URL(benches[name]!, import.meta.url) : undefined
if (file === undefined) {
  console.error(`Name a bench: ${Object.keys(benches).join(', ')}.`)
  exit(2)
}
if (!existsSync(file)) {
  console.error(`The bench ${name} is not written yet: there is no tests/bench/${benches[name]!.slice(2)}.`)
  exit(1)
}
const { run } = (await import(file.href)) as { run(): Promise<unknown> }
if ((await run()) === false) exit(1)
