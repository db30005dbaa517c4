import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { program } from '../../src/cli/program.ts'
import { folderWith } from '../config/folder.ts'
import { sightline } from './sightline.ts'

// The first run builds what is stale; the others then start at once.
beforeAll(async () => void (await sightline(['--version'])), 120_000)

const everyCommand = () => {
  const under = (command: ReturnType<typeof program>, words: string[]): string[][] =>
    command.commands.flatMap((child) => [[...words, child.name()], ...under(child, [...words, child.name()])])
  return under(program(), [])
}

test('the version and the help are results; without a command the help is an error', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(await sightline(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' })
  const help = await sightline(['--help'])
  expect(help).toMatchObject({ code: 0, err: '' })
  expect(help.out).toMatch(/^Example:\n {2}sightline serve/)
  const nothing = await sightline([])
  expect(nothing).toMatchObject({ code: 2, out: '' })
  expect(nothing.err).toContain('Usage: sightline')
})

test('every command shows an example first and takes --verbose', async () => {
  const commands = everyCommand()
  expect(commands.length).toBeGreaterThan(12)
  for (const words of commands) {
    let help = ''
    let command = program()
    for (const word of words) command = command.commands.find((child) => child.name() === word)!
    command.configureOutput({ writeOut: (text) => (help += text) })
    command.outputHelp()
    expect(help, words.join(' ')).toMatch(/^Example:\n {2}\S/)
    expect(help, words.join(' ')).toContain('--verbose')
  }
})

test.each([
  [['confg'], "Unknown command 'confg'; did you mean config?\n"],
  [['config', 'chek'], "Unknown command 'chek'; did you mean check?\n"],
  [['serve', '--prt', '3'], "Unknown option '--prt'; did you mean --port?\n"],
  [['rank'], "Required option '--in <file...>' not specified; see sightline --help.\n"],
  [['serve', '--port', 'x'], '--port: server.port must be a whole number from 0 to 65535, not "x".\n'],
  [['serve', '--config', 'gone.yaml'], 'gone.yaml: The file does not exist.\n'],
])('%j is wrong usage: one sentence, exit 2, nothing on stdout', async (args, err) => {
  expect(await sightline(args, { cwd: folderWith({}) })).toEqual({ code: 2, out: '', err })
})

test('config check names every problem and exits 2, and is content with exit 0', async () => {
  const bad = folderWith({ 'sightline.yaml': 'dat: x\nserver: { prot: 3 }\n' })
  const checked = await sightline(['config', 'check'], { cwd: bad })
  expect(checked).toEqual({
    code: 2,
    out: '',
    err: 'sightline.yaml:1: dat is not a key; did you mean data?\nsightline.yaml:2: server.prot is not a key; did you mean server.port?\n2 problems to mend.\n',
  })
  const asJson = await sightline(['config', 'check', '--json'], { cwd: bad })
  expect(JSON.parse(asJson.out)).toMatchObject({
    ok: false,
    problems: [{ where: 'sightline.yaml:1' }, { where: 'sightline.yaml:2' }],
  })
  expect(asJson.code).toBe(2)
  expect(await sightline(['config', 'check'], { cwd: folderWith({}) })).toMatchObject({ code: 0, err: '' })
})

test('config print --origin shows values with where they come from, and no secret', async () => {
  const cwd = folderWith({
    'sightline.yaml':
      'site: { name: Lab }\nmodels:\n  - { id: a, kind: openai, model: m, headers: { x-team: CANARY } }\n',
  })
  const env = { SIGHTLINE_SERVER_PORT: '8080', OPENAI_API_KEY: 'CANARY' }
  const { code, out, err } = await sightline(['config', 'print', '--origin', '--data', 'votes'], { cwd, env })
  expect(code).toBe(0)
  const lines = out.split('\n').map((line) => line.split(/ {2,}/))
  expect(lines).toContainEqual(['data', 'votes', '--data'])
  expect(lines).toContainEqual(['site.name', 'Lab', 'sightline.yaml:1'])
  expect(lines).toContainEqual(['server.port', '8080', 'SIGHTLINE_SERVER_PORT'])
  expect(lines).toContainEqual(['server.host', '127.0.0.1', 'default'])
  expect(lines).toContainEqual(['models[0].model', 'm', 'sightline.yaml:3'])
  expect(out + err).not.toContain('CANARY')
})

test('init writes two files that are in order, and overwrites nothing unasked', async () => {
  const cwd = folderWith({})
  expect(await sightline(['init'], { cwd })).toMatchObject({ code: 0, err: '' })
  expect(await sightline(['config', 'check'], { cwd })).toMatchObject({ code: 0, err: '' })
  const again = await sightline(['init'], { cwd })
  expect(again).toMatchObject({ code: 2, out: '' })
  expect(again.err).toContain('--force overwrites')
})

test('a stack trace is shown with --verbose only', async () => {
  const cwd = folderWith({})
  const plain = await sightline(['rank', '--in', 'gone.jsonl'], { cwd })
  expect(plain).toEqual({ code: 2, out: '', err: '--in gone.jsonl: there is no such file.\n' })
  const verbose = await sightline(['rank', '--in', 'gone.jsonl', '--verbose'], { cwd })
  expect(verbose.err).toMatch(/\n {4}at /)
})
