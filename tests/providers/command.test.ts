import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type CommandEntry, providerFor } from '../../src/providers/provider-for.ts'
import type { Fault } from '../../src/providers/upstream-error.ts'
import { anImage, aRequest, aTurn, commandModel, hear, outcomeOf, testDeps } from './asking.ts'

const entry = (scenario: string, more: Partial<CommandEntry> = {}): CommandEntry => ({
  id: 'm',
  kind: 'command',
  command: [process.execPath, commandModel, scenario],
  ...more,
})

test('the program gets the whole question as one line of JSON', async () => {
  const turns = [aTurn({ question: 'First?', answer: 'One.' }), aTurn({ question: 'Second?', images: [] })]
  const heard = await hear(providerFor(entry('echo'), testDeps()), aRequest({ turns, system: 'Be brief.' }))
  expect(JSON.parse(heard.text)).toMatchObject({
    v: 1,
    system: 'Be brief.',
    turns: [
      {
        question: 'First?',
        images: [
          {
            media_type: 'image/jpeg',
            width: 640,
            height: 480,
            base64: Buffer.from(anImage().bytes).toString('base64'),
          },
        ],
        answer: 'One.',
      },
      { question: 'Second?', images: [], answer: null },
    ],
    sampling: { temperature: 0.7, top_p: 1, max_tokens: 1024 },
  })
  expect(heard.receipt.usage).toEqual({ input: 7, output: 7, reasoning: undefined })
})

test('its environment holds what was named for it, and no secret of ours', async () => {
  const heard = await hear(providerFor(entry('echo', { env: ['NAMED'] }), testDeps()))
  const { environment } = JSON.parse(heard.text)
  expect(environment.NAMED).toBe('may-be-seen')
  expect(environment.PATH).toBe(process.env['PATH'])
  expect(environment).not.toHaveProperty('SECRET_OF_OURS')
})

test('arguments are not read by a shell', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'command-'))
  const trap = join(folder, 'trap')
  await hear(
    providerFor(entry('ok', { command: [process.execPath, commandModel, 'ok', `; touch ${trap}`] }), testDeps()),
  )
  expect(() => readFileSync(trap)).toThrow()
})

test('a program that is not there breaks the answer, and the operator hears why', async () => {
  const faults: Fault[] = []
  const provider = providerFor(
    entry('ok', { command: ['/nowhere/program'] }),
    testDeps({ onFault: (fault) => faults.push(fault) }),
  )
  expect(outcomeOf(await hear(provider))).toBe('broken (command_failed)')
  expect(faults[0]?.words).toContain('ENOENT')
})

test('what a crashing program wrote to stderr reaches the operator only', async () => {
  const faults: Fault[] = []
  const heard = await hear(providerFor(entry('crash'), testDeps({ onFault: (fault) => faults.push(fault) })))
  expect(outcomeOf(heard)).toBe('broken (command_failed)')
  expect(faults[0]?.words).toContain('Traceback: boom')
  expect(JSON.stringify(heard.events)).not.toContain('boom')
})

/** One process for all: answers are told apart by their ids. */
const serverScript = `
  import { createInterface } from 'node:readline'
  import { appendFileSync } from 'node:fs'
  const log = process.argv[2]
  appendFileSync(log, 'start ' + process.pid + '\\n')
  const open = new Map()
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line)
    if (request.cancel) { appendFileSync(log, 'cancel\\n'); continue }
    const { question } = request.turns[0]
    const say = (more) => process.stdout.write(JSON.stringify({ id: request.id, ...more }) + '\\n')
    if (question === 'die') process.exit(1)
    if (question === 'noise') { process.stdout.write('loading...\\n'); continue }
    if (question === 'wait') { say({ text: 'thinking' }); continue }
    open.set(request.id, say)
    if (question === 'pair' && open.size < 2) continue
    for (const [id, answer] of open) { answer({ text: 'for ' + id }); answer({ done: true, finish: 'stop' }) }
    open.clear()
  }
`
function aServer() {
  const folder = mkdtempSync(join(tmpdir(), 'command-server-'))
  const [script, log] = [join(folder, 'server.mjs'), join(folder, 'log')]
  writeFileSync(script, serverScript)
  const provider = providerFor(entry('', { command: [process.execPath, script, log], lifetime: 'server' }), testDeps())
  const ask = (question: string, signal = new AbortController().signal) =>
    hear(provider, aRequest({ signal, turns: [aTurn({ question, images: [] })] }))
  const logged = () => readFileSync(log, 'utf8')
  return { provider, ask, logged, starts: () => logged().match(/start/g)?.length ?? 0 }
}

test('one process answers many at once', async () => {
  const { provider, ask, starts } = aServer()
  const [first, second] = await Promise.all([ask('pair'), ask('pair')])
  const third = await ask('alone')
  expect([first, second, third].map(outcomeOf)).toEqual(['complete', 'complete', 'complete'])
  expect(first.text).not.toBe(second.text)
  expect(starts()).toBe(1)
  await provider[Symbol.asyncDispose]?.()
})

test('a server that dies fails its open answers and is started again for the next', async () => {
  const { provider, ask, starts } = aServer()
  const stop = new AbortController()
  const waiting = ask('wait', stop.signal)
  await expect.poll(() => starts()).toBe(1)
  expect(outcomeOf(await ask('die'))).toBe('broken (command_failed)')
  expect(outcomeOf(await waiting)).toBe('broken (command_failed)')
  expect(outcomeOf(await ask('alone'))).toBe('complete')
  expect(starts()).toBe(2)
  await provider[Symbol.asyncDispose]?.()
})

test('a server that writes noise is not believed any more', async () => {
  const { provider, ask } = aServer()
  expect(outcomeOf(await ask('noise'))).toBe('broken (malformed_stream)')
  expect(outcomeOf(await ask('alone'))).toBe('complete')
  await provider[Symbol.asyncDispose]?.()
})

test('a server is told of an abort and lives on', async () => {
  const { provider, ask, logged, starts } = aServer()
  const stop = new AbortController()
  const waiting = ask('wait', stop.signal)
  await expect.poll(() => starts()).toBe(1)
  stop.abort()
  expect(outcomeOf(await waiting)).toBe('interrupted (interrupted)')
  expect(outcomeOf(await ask('alone'))).toBe('complete')
  expect(logged()).toContain('cancel')
  expect(starts()).toBe(1)
  await provider[Symbol.asyncDispose]?.()
})
