import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folderWith } from '../config/folder.ts'
import { type Ended, launcher } from './sightline.ts'

const text = readFileSync(launcher, 'utf8')
const old = ['--import', 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"12.22.0"})']

/** A checkout of its own around the launcher, with these files. */
function checkout(files: Record<string, string>): string {
  const root = folderWith({
    'package.json': '{"type":"module"}',
    'src/cli/sightline.js': text,
    'views/a.tsx': '',
    ...files,
  })
  for (const program of ['node_modules/.bin/node', 'node_modules/typescript/bin/tsc'])
    if (existsSync(join(root, program))) chmodSync(join(root, program), 0o755)
  return root
}

function run(root: string, args: readonly string[], node: readonly string[] = []): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...node, join(root, 'src/cli/sightline.js'), ...args], { cwd: root })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

const built = { 'dist/src/cli/cli.js': 'console.log("ran", process.argv.slice(2).join(" "))\n' }
/** Stands in for the compiler: writes the program, and one line for each time it ran. */
const compiler = {
  'node_modules/typescript/bin/tsc': `
    const fs = require('fs')
    fs.appendFileSync('compiled', process.argv.slice(2).join(' ') + '\\n')
    const until = Date.now() + 300
    while (Date.now() < until);
    fs.mkdirSync('dist/src/cli', { recursive: true })
    fs.writeFileSync('dist/src/cli/cli.js', 'console.log("ran")')
    if (fs.existsSync('broken')) { console.log('src/x.ts(1,1): error TS1005'); process.exitCode = 1 }
  `,
  'node_modules/typescript/package.json': '{"type":"commonjs"}',
  'tsconfig.json': '{}',
  '.tsconfig.build.json': '{}',
}

test('on a Node that is too old it says in one sentence what is needed, and exits 2', async () => {
  const { code, out, err } = await run(checkout(built), ['serve'], old)
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toMatch(/^Sightline needs Node 22\.18 or newer; this is 12\.22\.0\. [^\n]+\n$/)
})

test('on a Node that is too old it hands over to the one npm brought along, with its arguments and exit code', async () => {
  const root = checkout({ ...built, 'node_modules/.bin/node': '#!/bin/sh\nshift\necho "handed over: $@"\nexit 7\n' })
  expect(await run(root, ['rank', '--in', '-'], old)).toEqual({ code: 7, out: 'handed over: rank --in -\n', err: '' })
})

test('without a compiler it runs what was built, and says so where there is nothing', async () => {
  expect(await run(checkout(built), ['serve', '--port', '1'])).toEqual({
    code: 0,
    out: 'ran serve --port 1\n',
    err: '',
  })
  expect(await run(checkout({}), ['serve'])).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('npm install'),
  })
})

test('it builds what is missing or stale, and only that', async () => {
  const root = checkout(compiler)
  const builds = () => readFileSync(join(root, 'compiled'), 'utf8').split('\n').length - 1
  const first = await run(root, [])
  expect(first).toMatchObject({ code: 0, out: 'ran\n', err: expect.stringMatching(/^Built in [\d.]+ s\.\n$/) })
  expect(await run(root, [])).toEqual({ code: 0, out: 'ran\n', err: '' })
  expect(builds()).toBe(1)
  const later = Date.now() / 1000 + 5
  utimesSync(join(root, 'views/a.tsx'), later, later)
  await run(root, [])
  expect(builds()).toBe(2)
})

test('commands started at once build once', async () => {
  const root = checkout(compiler)
  const ended = await Promise.all([1, 2, 3, 4].map(() => run(root, [])))
  expect(ended.map(({ code, out }) => [code, out])).toEqual(Array(4).fill([0, 'ran\n']))
  expect(readFileSync(join(root, 'compiled'), 'utf8').split('\n')).toHaveLength(2)
})

test('a lock left behind by a killed build is no hindrance', async () => {
  const root = checkout({ ...compiler, 'dist/.building': '2147483646' })
  expect(await run(root, [])).toMatchObject({ code: 0, out: 'ran\n' })
})

test('build checks the types and exits 1 where they are wrong; a start does not wait for that', async () => {
  const root = checkout({ ...compiler, broken: '' })
  const { code, err } = await run(root, ['build'])
  expect(code).toBe(1)
  expect(err).toContain('error TS1005')
  const lines = readFileSync(join(root, 'compiled'), 'utf8')
  expect(lines).toContain('--noCheck false')
})

test('the first file keeps to syntax that Node 12 reads', () => {
  const newer = [
    /\?\?/,
    /\?\.[a-z[(]/i,
    /\|\|=|&&=/,
    /from 'node:/,
    /^\s*await /m,
    /\.at\(/,
    /\.replaceAll\(/,
    /\.flat(Map)?\(/,
  ]
  for (const syntax of newer) expect(text).not.toMatch(syntax)
})
