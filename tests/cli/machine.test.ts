import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { folderWith } from '../config/folder.ts'
import { startWireServer } from '../providers/wire-server.ts'
import { inside, launcher, sightline } from './sightline.ts'

beforeAll(async () => void (await sightline(['--version'])), 120_000)

type Found = { check: string; state: 'ok' | 'warning' | 'failed'; sentence: string }
const doctor = async (cwd: string, args: string[] = []) => {
  const { code, out } = await inside(['doctor', '--json', ...args], { cwd })
  const findings = JSON.parse(out) as Found[]
  return { code, findings, of: (check: string) => findings.filter((finding) => finding.check === check) }
}
const listening = async (answer: number) => {
  const server = createServer((_, response) => void response.writeHead(answer).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('doctor finds a sound machine sound', async () => {
  const { code, findings } = await doctor(folderWith({ 'sightline.yaml': 'server: { port: 0 }' }))
  expect(findings.filter(({ state }) => state === 'failed')).toEqual([])
  expect(code).toBe(0)
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['node', 'configuration', 'data folder', 'clock', 'disk', 'database', 'port', 'images']),
  )
})

test('doctor names what is wrong and exits 1: configuration, data folder, database, port', async () => {
  expect((await doctor(folderWith({ 'sightline.yaml': 'dat: x' }))).of('configuration')).toMatchObject([
    { state: 'failed' },
  ])
  const blocked = await doctor(folderWith({ 'sightline.yaml': 'data: ./file\nserver: { port: 0 }', file: 'x' }))
  expect(blocked.code).toBe(1)
  expect(blocked.of('data folder')).toMatchObject([
    { state: 'failed', sentence: expect.stringContaining('cannot be written') },
  ])
  const spoiled = await doctor(
    folderWith({ 'sightline.yaml': 'server: { port: 0 }', 'data/sightline.db': 'x'.repeat(9000) }),
  )
  expect(spoiled.of('database')).toMatchObject([{ state: 'failed' }])
  const taken = await listening(404)
  expect((await doctor(folderWith({ 'sightline.yaml': `server: { port: ${taken} }` }))).of('port')).toMatchObject([
    { state: 'failed' },
  ])
  const running = await listening(200)
  expect((await doctor(folderWith({ 'sightline.yaml': `server: { port: ${running} }` }))).of('port')).toMatchObject([
    { state: 'ok', sentence: expect.stringContaining('running arena') },
  ])
})

test('models list shows the built-in readers where none are configured, else the configured ones', async () => {
  const ids = async (yaml: string) =>
    (
      JSON.parse((await inside(['models', 'list', '--json'], { cwd: folderWith({ 'sightline.yaml': yaml }) })).out) as {
        id: string
      }[]
    ).map(({ id }) => id)
  expect(await ids('')).toEqual(expect.arrayContaining(['palette-and-light', 'code-reader']))
  expect(await ids('models: [{ id: mine, kind: ollama, model: m }]')).toEqual(['mine'])
})

test('models check asks about a picture and says in words what is wrong; exit 1 where something is', async () => {
  const server = await startWireServer({
    answers: {
      sees: { words: ['Seven ', 'sailing boats ', '<point x="50" y="40" alt="boat">boat</point>'] },
      blind: { words: ['A cat on a mat.'] },
    },
  })
  onTestFinished(() => server.close())
  const entry = (id: string, model: string, more = '') =>
    `  - { id: ${id}, kind: openai-compatible, base_url: "${server.url}/v1", model: "${model}", key_env: THEIR_KEY, retries: 0${more} }`
  const cwd = folderWith({
    'sightline.yaml': [
      'models:',
      entry('good', 'sees', ', grounding: molmo'),
      entry('other', 'sees', ', grounding: none'),
      entry('blind', 'blind'),
      entry('locked', 'sees+401'),
    ].join('\n'),
  })
  process.env['THEIR_KEY'] = 'sk-CANARY'
  onTestFinished(() => void delete process.env['THEIR_KEY'])

  const { code, out, err } = await inside(['models', 'check', '--json'], { cwd })
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject([
    { id: 'good', ok: true, verdict: 'answers', pointing: { marks: 1, readsAs: null }, total_ms: expect.any(Number) },
    {
      id: 'other',
      ok: true,
      pointing: { marks: 0, readsAs: 'auto', sentence: expect.stringContaining('try grounding: auto') },
    },
    { id: 'blind', ok: false, verdict: 'seems_blind' },
    { id: 'locked', ok: false, verdict: 'wrong_key' },
  ])
  expect(out + err).not.toContain('CANARY')
  expect(await inside(['models', 'check', 'good'], { cwd })).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ok {5}good: /),
  })
  expect(await inside(['models', 'check', 'goood'], { cwd })).toMatchObject({
    code: 2,
    err: 'There is no model goood; did you mean good?\n',
  })
})

test('models discover offers services whose key is set without asking them, and never shows the key', async () => {
  process.env['OPENROUTER_API_KEY'] = 'sk-CANARY'
  onTestFinished(() => void delete process.env['OPENROUTER_API_KEY'])
  const { code, out, err } = await inside(['models', 'discover', '--json'], { cwd: folderWith({}) })
  expect(code).toBe(0)
  expect((JSON.parse(out) as { offers: unknown[] }).offers).toContainEqual(
    expect.objectContaining({ preset: 'openrouter', keyEnv: 'OPENROUTER_API_KEY' }),
  )
  expect(out + err).not.toContain('CANARY')
})

test('serve says where it is, answers, and leaves with exit 0 on a signal, also when it comes twice at once', async () => {
  const child = spawn(process.execPath, [launcher, 'serve', '--port', '0', '--json'], { cwd: folderWith({}) })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  for await (const line of createInterface(child.stdout)) {
    text += line
    if (line === '}') break
  }
  const { url } = JSON.parse(text) as { url: string }
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
  child.kill('SIGTERM')
  child.kill('SIGTERM')
  expect(await ended).toEqual({ code: 0, signal: null })
}, 60_000)
