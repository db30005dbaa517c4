import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Outcome } from '../../src/battles/battle.ts'
import { idFrom } from '../../src/core/ids.ts'
import { signVoter } from '../../src/http/session.ts'
import { openConnection } from '../../src/storage/sqlite/open.ts'
import { sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { aPicture } from '../arena.ts'
import { aReadyBattle, aVoter, introduce } from '../characters.ts'
import { startWireServer } from '../providers/wire-server.ts'

// The real program, killed in the middle of everything, again and again. SIGHTLINE_KILL_CYCLES=100 is the acceptance size.
const cycles = Number(process.env['SIGHTLINE_KILL_CYCLES'] ?? 20)
const lanes = 8
const battlesPerCycle = 400

const root = fileURLToPath(new URL('../..', import.meta.url))
const outcomes: Outcome[] = ['a', 'tie', 'both_bad', 'b']

/** What one voter did to one battle: every ballot in order, how many of them were acknowledged, and whether the names were. */
type History = {
  id: string
  cookie: string
  ballots: { key: string; outcome: Outcome }[]
  acknowledged: number
  wantsNames: boolean
  hasNames: boolean
}

test(`no acknowledged vote is lost or doubled by ${cycles} kills under load`, async () => {
  const data = await mkdtemp(join(tmpdir(), 'sightline-kill-'))
  const path = join(data, 'sightline.db')
  const upstream = await startWireServer({ answers: { '*': { words: Array(40).fill('word '), pauseMs: 50 } } })
  await writeFile(join(data, 'sightline.yaml'), configuration(upstream.url))
  const histories = await prepare(data, path, Math.min(cycles, 30) * battlesPerCycle)
  let next = 0
  let recovered = 0
  let interrupted = 0
  const boots: number[] = []

  for (let cycle = 0; cycle <= cycles; cycle++) {
    const startedAt = performance.now()
    const { child, url } = await serve(data)
    boots.push(performance.now() - startedAt)
    interrupted = check(path, histories, cycle)

    // First everything whose answer got lost, with the same keys, as browsers do.
    const unsure = histories.filter(
      ({ ballots, acknowledged, wantsNames, hasNames }) => ballots.length > acknowledged || wantsNames !== hasNames,
    )
    recovered += unsure.length
    if (cycle === cycles) {
      for (const history of unsure) await settle(history, url)
      child.kill('SIGKILL')
      await once(child, 'exit')
      break
    }
    const dying = new AbortController()
    const hasBegun = Promise.withResolvers<void>()
    const load = Promise.all([
      ...Array.from({ length: lanes }, async () => {
        while (!dying.signal.aborted) {
          const history = unsure.pop() ?? histories[next++ % histories.length]!
          try {
            await act(history, url)
            hasBegun.resolve()
          } catch {
            return hasBegun.resolve()
          }
        }
      }),
      keepWriting(url, dying.signal),
    ])
    await hasBegun.promise
    await wait(Math.random() * 700)
    child.kill('SIGKILL')
    dying.abort()
    await once(child, 'exit')
    await load
  }

  check(path, histories, cycles + 1)
  const acknowledged = histories.reduce((sum, history) => sum + history.acknowledged, 0)
  const connection = openConnection(path, { isReader: true })
  const rows = connection.prepare('select count(*) from votes').pluck().get() as number
  const revisions = connection.prepare('select count(*) from vote_revisions').pluck().get() as number
  connection.close()
  // At the end nothing is unsure any more: as many ballots were stored as were acknowledged, not one more.
  expect(revisions).toBe(acknowledged)
  expect(rows).toBe(histories.filter((history) => history.acknowledged > 0).length)
  expect(acknowledged).toBeGreaterThan(cycles * 10)
  const boot = boots.toSorted((a, b) => a - b)[Math.floor(boots.length / 2)]!
  console.log(
    `kill -9: ${cycles} cycles, ${acknowledged} ballots acknowledged in ${rows} votes, 0 lost, 0 doubled, ${recovered} unanswered ones sent again, ${interrupted} battles interrupted, boot ${Math.round(boot)} ms`,
  )
  await upstream.close()
  await rm(data, { recursive: true, force: true })
}, 1_200_000)

/** What the database says after a boot; gives how many battles it has interrupted. */
function check(path: string, histories: History[], cycle: number): number {
  const connection = openConnection(path, { isReader: true })
  try {
    const count = (sql: string) => connection.prepare(sql).pluck().get() as number
    expect(connection.pragma('integrity_check', { simple: true }), `cycle ${cycle}`).toBe('ok')
    expect(connection.pragma('foreign_key_check'), `cycle ${cycle}`).toEqual([])
    if (cycle <= cycles)
      expect(count(`select count(*) from battles where state in ('queued', 'writing')`), `cycle ${cycle}`).toBe(0)
    const votes = new Map(
      (
        connection.prepare('select battle_id as id, outcome, revision from votes').all() as {
          id: string
          outcome: Outcome
          revision: number
        }[]
      ).map((row) => [row.id, row]),
    )
    const states = new Map(
      (connection.prepare('select id, state from battles').all() as { id: string; state: string }[]).map((row) => [
        row.id,
        row.state,
      ]),
    )
    for (const { id, ballots, acknowledged, wantsNames, hasNames } of histories) {
      const vote = votes.get(id)
      const revision = vote?.revision ?? 0
      if (revision < acknowledged)
        throw new Error(`cycle ${cycle}, ${id}: lost; ${acknowledged} acknowledged, ${revision} stored`)
      if (revision > ballots.length)
        throw new Error(`cycle ${cycle}, ${id}: doubled; ${ballots.length} sent, ${revision} stored`)
      if (vote && vote.outcome !== ballots[revision - 1]!.outcome)
        throw new Error(`cycle ${cycle}, ${id}: ${vote.outcome} is none of theirs`)
      const state = states.get(id)
      const allowed = hasNames
        ? ['revealed']
        : wantsNames
          ? ['voted', 'revealed']
          : revision > 0
            ? ['voted']
            : ['ready']
      if (!allowed.includes(state!)) throw new Error(`cycle ${cycle}, ${id}: ${state}, not ${allowed}`)
    }
    const told = count('select count(*) from vote_revisions')
    expect(told, `cycle ${cycle}`).toBe([...votes.values()].reduce((sum, { revision }) => sum + revision, 0))
    return count(`select count(*) from battles where void_reason = 'interrupted'`)
  } finally {
    connection.close()
  }
}

/** A first vote, sometimes another opinion, sometimes the names. */
async function act(history: History, url: string) {
  await settle(history, url)
  if (history.hasNames) return
  const dice = Math.random()
  if (history.acknowledged > 0 && dice < 0.2) history.wantsNames = true
  else {
    const last = history.ballots.at(-1)?.outcome
    const others = outcomes.filter((outcome) => outcome !== last)
    history.ballots.push({ key: idFrom(randomBytes(16)), outcome: others[Math.floor(Math.random() * others.length)]! })
  }
  await settle(history, url)
}

/** Sends what was not acknowledged until it is. */
async function settle(history: History, url: string) {
  const { id, ballots, cookie } = history
  while (history.acknowledged < ballots.length) {
    const { key, outcome } = ballots[history.acknowledged]!
    const seen = String(history.acknowledged || '')
    const answer = await post(`${url}/b/${id}/vote`, cookie, { outcome, key, seen_revision: seen })
    const { vote } = answer as { vote: { outcome: Outcome; revision: number } }
    if (vote.outcome !== outcome || vote.revision !== history.acknowledged + 1)
      throw new Broken(`${id}: ${JSON.stringify(vote)} after ${key} ${outcome}`)
    history.acknowledged++
  }
  if (history.wantsNames && !history.hasNames) {
    const answer = await post(`${url}/b/${id}/reveal`, cookie, {})
    if (answer['models'] === null) throw new Broken(`${id}: revealed without names`)
    history.hasNames = true
  }
}

class Broken extends Error {}
const broken: Broken[] = []

async function post(address: string, cookie: string, fields: Record<string, string>): Promise<Record<string, unknown>> {
  const { status, text } = await send(address, new URLSearchParams(fields), { Cookie: cookie })
  if (status !== 200) {
    const error = new Broken(`${address}: ${status} ${text}`)
    broken.push(error)
    throw error
  }
  return JSON.parse(text)
}

/** Not `fetch`: when its server is killed in the middle of a body, Node's may reject a promise that nobody can catch. */
async function send(
  address: string,
  body: URLSearchParams | FormData,
  headers: Record<string, string>,
  signal?: AbortSignal,
) {
  const encoded = new Response(body)
  const bytes = Buffer.from(await encoded.arrayBuffer())
  return await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asking = request(
      address,
      {
        method: 'POST',
        headers: { ...headers, Accept: 'application/json', 'Content-Type': encoded.headers.get('content-type') ?? '' },
        ...(signal ? { signal } : {}),
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => (text += piece))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        response.on('error', reject)
      },
    )
    asking.on('error', reject)
    asking.end(bytes)
  })
}

/** Meanwhile battles are asked and written, so that some are in the middle when the end comes. */
async function keepWriting(url: string, dying: AbortSignal) {
  for (let battle = 0; battle < 3 && !dying.aborted; battle++) {
    try {
      const body = new FormData()
      body.set('prompt', 'What is this?')
      body.set('image', await aPicture())
      const { status, text } = await send(`${url}/battles`, body, {}, dying)
      if (status !== 201) broken.push(new Broken(`POST /battles: ${status} ${text}`))
    } catch {
      return
    }
  }
}

async function serve(data: string): Promise<{ child: ChildProcess; url: string }> {
  if (broken[0]) throw broken[0]
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'src/cli/cli.ts', 'serve', '--port', '0', '--json', '--data', data],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000)
  })
  let out = ''
  const opened = (async () => {
    for await (const line of createInterface({ input: child.stdout! })) {
      out += line
      const url = /"url":\s*"(http[^"]+)"/.exec(out)?.[1]
      if (url) return url
    }
    throw new Error(`the program ended: ${said}`)
  })()
  const url = await Promise.race([
    opened,
    wait(60_000, undefined, { ref: false }).then(() => {
      throw new Error(`not open after a minute: ${out} ${said}`)
    }),
  ])
  return { child, url }
}

/** Battles that wait for a vote, and the cookies of whose they are. */
async function prepare(data: string, path: string, count: number): Promise<History[]> {
  const secret = randomBytes(32)
  await mkdir(join(data, 'keys'), { recursive: true })
  await writeFile(join(data, 'keys', 'session.key'), secret, { mode: 0o600 })
  const storage = await sqliteStorage(path)
  await introduce(storage)
  const voters = Array.from({ length: 40 }, () => idFrom(randomBytes(16)))
  for (const id of voters) await storage.voters.keep(aVoter({ id }))
  const histories: History[] = []
  const startedAt = new Date()
  for (let from = 0; from < count; from += 400)
    await Promise.all(
      Array.from({ length: Math.min(400, count - from) }, async (_, i) => {
        const id = idFrom(randomBytes(16))
        const voterId = voters[(from + i) % voters.length]!
        await aReadyBattle(storage, { id, voterId, formKey: id, startedAt })
        histories.push({
          id,
          cookie: `sid=${signVoter(voterId, secret)}`,
          ballots: [],
          acknowledged: 0,
          wantsNames: false,
          hasNames: false,
        })
      }),
    )
  await storage.close()
  return histories
}

const configuration = (url: string) => `
prompts: { seed: false }
battles: { tick_ms: 100 }
limits: { battles_per_hour: 100000 }
models:
${['one', 'two', 'three'].map((id) => `  - { id: ${id}, name: Model ${id}, kind: openai-compatible, base_url: "${url}/v1", model: ${id}, concurrency: 8 }`).join('\n')}
`
