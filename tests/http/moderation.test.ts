import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { imageKey } from '../../src/images/image.ts'
import { anArena, aPicture, type TestArena } from '../arena.ts'
import { startWireServer, type WireServer } from '../providers/wire-server.ts'

const flagged = new Set<string>()
let server: WireServer
let folder: string
beforeAll(async () => {
  server = await startWireServer({
    flagged,
    answers: { 'guard-safe': { words: ['safe'] }, 'guard-unsafe': { words: ['unsafe\n', 'S4'] } },
  })
  folder = await mkdtemp(join(tmpdir(), 'sightline-moderation-'))
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  server.requests.length = 0
})

/** An arena that is set up by a file, as an operator would. */
async function guarded(entries: string[], more = ''): Promise<TestArena> {
  const file = join(folder, `${createHash('sha256').update(entries.join()).digest('hex').slice(0, 12)}.yaml`)
  await writeFile(file, `${more}moderation:\n${entries.map((entry) => `  - ${entry}`).join('\n')}\n`)
  return anArena({ flags: { config: file } })
}
const openai = (more = '') =>
  `{ type: http, format: openai, base_url: '${server.url}/v1', model: omni-moderation-latest${more} }`

async function ask(site: TestArena, prompt: string, image?: File) {
  const visitor = site.visitor()
  const response = await visitor.post('/battles', { image: image ?? (await aPicture()), prompt })
  return {
    visitor,
    response,
    body: (await response.json()) as { id?: string; error?: { code: string; message: string } },
  }
}
const battlesIn = async ({ arena }: TestArena) => (await arena.battles.exposure()).battles.size

describe('what is looked at before a pair is drawn', () => {
  test('a harmless question goes on; the doors were asked with the words and the picture as it is stored', async () => {
    await using site = await guarded([openai()])
    const { response } = await ask(site, 'What is it?')
    expect(response.status).toBe(201)
    const [asked] = server.requests
    const { input } = asked!.body as { input: { type: string }[] }
    expect(input.map(({ type }) => type)).toEqual(['text', 'image_url'])
  })

  test('refused words start no battle and draw no pair', async () => {
    await using site = await guarded([openai()])
    const { response, body } = await ask(site, 'something bad')
    expect(response.status).toBe(422)
    expect(body.error?.message).toContain('question')
    expect(await battlesIn(site)).toBe(0)
    const told = site.events.filter(({ event }) => event === 'screen_found')
    expect(told).toMatchObject([
      { door: '127.0.0.1', action: 'block', outcome: 'found', categories: 'violence', images: '' },
    ])
    expect(JSON.stringify(site.events)).not.toContain('something bad')
  })

  test('of a blocked picture only the hash is kept, and it is refused at once the next time', async () => {
    await using site = await guarded([openai()])
    const picture = await aPicture()
    const visitor = site.visitor()
    const { id } = (await (await visitor.post('/images', { image: picture })).json()) as { id: string }
    flagged.add(id)
    const response = await visitor.post('/battles', { image_id: id, prompt: 'What is it?' })
    expect(response.status).toBe(415)
    const row = await site.arena.images.find(id)
    expect(row?.state).toBe('quarantined')
    expect(await site.arena.blobs.get(imageKey(row!))).toBeUndefined()
    expect((await visitor.get(`/images/${id}`)).status).toBe(404)
    server.requests.length = 0
    expect((await ask(site, 'What is it?', picture)).response.status).toBe(415)
    expect(server.requests).toHaveLength(0)
  })

  test('a quarantined picture is kept for the operator and served to nobody', async () => {
    await using site = await guarded([openai(', action: quarantine')])
    const visitor = site.visitor()
    const { id } = (await (await visitor.post('/images', { image: await aPicture() })).json()) as { id: string }
    flagged.add(id)
    expect((await visitor.post('/battles', { image_id: id, prompt: 'What is it?' })).status).toBe(415)
    const row = await site.arena.images.find(id)
    expect(row?.state).toBe('quarantined')
    expect(await site.arena.blobs.get(imageKey(row!))).toBeDefined()
    expect((await visitor.get(`/images/${id}`)).status).toBe(404)
  })

  test('a flag lets the battle go on and names it to the operator', async () => {
    await using site = await guarded([openai(', action: flag')])
    const { response, body } = await ask(site, 'something bad')
    expect(response.status).toBe(201)
    expect(site.events.filter(({ event }) => event === 'screen_found')).toMatchObject([
      { battle: body.id, action: 'flag' },
    ])
  })

  test('a door that does not answer refuses where it fails closed, condemns nothing, and lets pass where it fails open', async () => {
    const gone = await startWireServer()
    await gone.close()
    const shut = (more: string) =>
      `{ type: http, format: openai, base_url: '${gone.url}/v1', model: m, timeout_ms: 500${more} }`
    await using closed = await guarded([shut('')])
    const { response, body } = await ask(closed, 'What is it?')
    expect(response.status).toBe(503)
    expect(body.error?.message).toContain('checked')
    expect(await battlesIn(closed)).toBe(0)
    await using open = await guarded([shut(', fail_closed: false')])
    expect((await ask(open, 'What is it?')).response.status).toBe(201)
  })

  test("Llama Guard, a word list, a list of known pictures and a program of one's own each refuse", async () => {
    const guard = (model: string) =>
      `{ type: http, format: llama-guard, base_url: '${server.url}/v1', model: ${model} }`
    await using safe = await guarded([guard('guard-safe')])
    expect((await ask(safe, 'What is it?')).response.status).toBe(201)
    await using unsafe = await guarded([guard('guard-unsafe')])
    expect((await ask(unsafe, 'What is it?')).response.status).toBe(422)
    expect(unsafe.events.filter(({ event }) => event === 'screen_found')).toMatchObject([
      { categories: 'child exploitation' },
    ])

    await writeFile(join(folder, 'words.txt'), '# ours\nforbidden thing\n')
    await using words = await guarded(['{ type: builtin, words: words.txt }'])
    expect((await ask(words, 'Show the FORBIDDEN  thing')).response.status).toBe(422)
    expect((await ask(words, 'Show the allowed thing')).response.status).toBe(201)

    const known = await aPicture()
    const upload = new Uint8Array(await known.arrayBuffer())
    await writeFile(join(folder, 'hashes.txt'), `${createHash('sha256').update(upload).digest('hex')}\n`)
    await using hashes = await guarded(['{ type: builtin, hashes: hashes.txt }'])
    expect((await ask(hashes, 'What is it?', known)).response.status).toBe(415)

    await writeFile(
      join(folder, 'judge.mjs'),
      `let said = ''
       for await (const chunk of process.stdin) said += chunk
       const { text, images } = JSON.parse(said)
       if (text === 'crash') process.exit(3)
       console.log(JSON.stringify({ outcome: text === 'no' ? 'found' : 'clear', categories: ['ours'], images: text === 'no' ? images.map((_, i) => i) : [] }))`,
    )
    await using program = await guarded([
      `{ type: command, command: ['${process.execPath}', '${join(folder, 'judge.mjs')}'] }`,
    ])
    expect((await ask(program, 'yes')).response.status).toBe(201)
    expect((await ask(program, 'no')).response.status).toBe(415)
    expect((await ask(program, 'crash')).response.status).toBe(503)
  })

  test('a follow-up is looked at as well', async () => {
    await using site = await guarded([openai()])
    const visitor = site.visitor()
    const { id } = await visitor.battle('What is it?')
    expect((await visitor.post(`/b/${id}/turns`, { prompt: 'a bad one' })).status).toBe(422)
    expect((await visitor.json<{ turns: unknown[] }>(`/b/${id}.json`)).turns).toHaveLength(1)
  })

  test('the form comes back with the words, without the picture that was refused', async () => {
    await using site = await guarded([openai()])
    const visitor = site.visitor()
    const { id } = (await (await visitor.post('/images', { image: await aPicture() })).json()) as { id: string }
    flagged.add(id)
    const response = await visitor.post(
      '/battles',
      { image_id: id, prompt: 'What is this thing?' },
      { Accept: 'text/html' },
    )
    const page = await response.text()
    expect(page).toContain('This image cannot be used here.')
    expect(page).toContain('What is this thing?')
    expect(page).not.toContain(id)
  })

  test('what the doors say depends on the question only: the same calls whoever would be drawn', async () => {
    await using site = await guarded([openai()])
    for (let i = 0; i < 6; i++) await ask(site, 'What is it?', await aPicture({ colour: 'red' }))
    const calls = new Set(
      server.requests.filter(({ path }) => path.endsWith('/moderations')).map(({ body }) => JSON.stringify(body)),
    )
    expect(calls.size).toBe(1)
  })

  test('third parties are named to voters before their first upload, services on this machine are not', async () => {
    await writeFile(join(folder, 'consent.md'), 'Be kind.')
    const hosted =
      "{ type: http, format: openai, base_url: 'https://screen.example.org/v1', model: m, fail_closed: false, timeout_ms: 100 }"
    await using site = await guarded(
      [hosted, openai()],
      'access: { vote: anyone }\nspeech: { base_url: "https://hear.example.org/v1", model: w }\n',
    )
    expect(site.arena.recipients).toEqual(['hear.example.org', 'screen.example.org'])
    const page = await (await site.visitor().get('/', { Accept: 'text/html' })).text()
    expect(page).toMatch(/hear\.example\.org.*screen\.example\.org/s)
    expect(page).not.toContain('127.0.0.1')
  })
})

describe('what an operator may write', () => {
  test.each([
    ['{ type: builtin }', 'needs words or hashes'],
    ['{ type: builtin, words: nowhere.txt }', 'cannot be read'],
    [
      "{ type: http, format: openai, base_url: 'https://x.example/v1', model: m, key_env: NOT_SET_HERE }",
      'NOT_SET_HERE, which is not set',
    ],
    ["{ type: http, format: openai, base_url: 'https://u:p@x.example/v1', model: m }", 'holds credentials'],
  ])('%s is refused in words', async (entry, sentence) => {
    await expect(guarded([entry])).rejects.toThrow(sentence)
  })
})
