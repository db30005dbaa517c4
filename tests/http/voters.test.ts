import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { defaultOptions } from '../../src/exports/options.ts'
import { whyGone } from '../../src/exports/retractions.ts'
import { zipOf } from '../../src/http/zip.ts'
import { diskBlobStore } from '../../src/storage/disk/blob-store.ts'
import { exportStore } from '../../src/storage/sql/export-store.ts'
import { sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { anArena, aPicture, type BattleTwin, type Visitor } from '../arena.ts'

type Mine = {
  battles: number
  votes: number
  counted: number
  own_board: { needs: number; url: string | null }
  recovery_phrase: boolean
  history: {
    id: string
    state: string
    prompt: string
    images: string[]
    vote: { outcome: string; withdrawn: boolean; note: string | null } | null
    models: { a: string; b: string } | null
    counts: { counted: boolean } | null
    share: { url: string } | null
  }[]
  older: string | null
}
const mine = (voter: Visitor, path = '/me.json') => voter.json<Mine>(path)

async function aVotedBattle(voter: Visitor, question: string, { outcome = 'a', isRevealed = true } = {}) {
  const { id } = await voter.battle(question)
  await voter.post(`/b/${id}/vote`, { outcome })
  if (isRevealed) await voter.post(`/b/${id}/reveal`)
  return voter.json<BattleTwin>(`/b/${id}.json`)
}

test('my votes are listed newest first, with names only where they were shown', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const open = await aVotedBattle(voter, 'Hidden?', { isRevealed: false })
  const shown = await aVotedBattle(voter, 'Shown?', { outcome: 'tie' })
  const { history, ...tally } = await mine(voter)
  expect(tally).toMatchObject({ battles: 2, votes: 2, counted: 2, own_board: { needs: 30, url: null }, older: null })
  expect(history.map(({ id }) => id)).toEqual([shown.id, open.id])
  expect(history[0]).toMatchObject({ vote: { outcome: 'tie' }, counts: { counted: true } })
  expect(Object.values(history[0]!.models!).sort()).toEqual(['ant', 'bee'])
  expect(history[1]).toMatchObject({ prompt: 'Hidden?', vote: { outcome: 'a' }, models: null, counts: null })

  const page = await (await voter.get('/me')).text()
  expect(page).toContain('Hidden?')
  expect(page).toContain('Model ant')
  expect(page).toContain(history[0]!.images[0]!)
  expect(page).toContain('28 more votes to see yours')
  const csv = await (await voter.get('/me.csv')).text()
  expect(csv.split('\n')).toHaveLength(4)
  expect(csv).toContain(`${shown.id},Shown?,tie`)
})

test('nothing of a battle whose names are hidden names its models, on any form of the page', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  await aVotedBattle(voter, 'Who?', { isRevealed: false })
  for (const path of ['/me', '/me.json', '/me.csv', '/me/download']) {
    const body = Buffer.from(await (await voter.get(path)).arrayBuffer()).toString('latin1')
    expect(body, path).not.toMatch(/\bant\b|\bbee\b|Model (ant|bee)|maker\//)
  }
})

test('a stranger sees an empty page and nobody else’s votes', async () => {
  await using place = await anArena()
  await aVotedBattle(place.visitor(), 'Mine?')
  const stranger = place.visitor()
  expect(await mine(stranger)).toMatchObject({ battles: 0, history: [] })
  expect(await (await stranger.get('/me')).text()).toContain('You have not voted yet.')
  expect((await stranger.get('/me/download')).status).toBe(404)
})

test('pages hold twenty and lose none, also where many began in one moment', async () => {
  await using place = await anArena({
    now: () => new Date('2026-11-24T12:00:00Z'),
    flags: { 'limits.battles_per_hour': '100' },
  })
  const voter = place.visitor()
  const ids = new Set<string>()
  for (let i = 0; i < 23; i++) ids.add((await voter.battle(`Question ${i}`)).id)
  const first = await mine(voter)
  expect(first.history).toHaveLength(20)
  const second = await mine(voter, first.older!)
  expect(second.older).toBeNull()
  expect(new Set([...first.history, ...second.history].map(({ id }) => id))).toEqual(ids)
  const page = await (await voter.get('/me')).text()
  const link = /href="(\/me\?before=[a-z0-9]+)"/.exec(page)![1]!
  const older = await (await voter.get(link)).text()
  for (const { id } of second.history) expect(older).toContain(`/b/${id}`)
})

test('a vote is withdrawn from the list, and only by its voter', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const { id } = await aVotedBattle(voter, 'Oops?')
  const other = place.visitor()
  await other.battle()
  expect((await other.post(`/me/battles/${id}/withdraw`)).status).toBe(404)
  expect((await other.post(`/me/battles/${id}/delete`)).status).toBe(404)
  const response = await voter.post(`/me/battles/${id}/withdraw`, {}, { Accept: 'text/html' })
  expect([response.status, response.headers.get('location')]).toEqual([303, '/me?said=withdrawn'])
  expect(await mine(voter)).toMatchObject({
    votes: 0,
    counted: 0,
    history: [{ vote: { withdrawn: true }, counts: { counted: false } }],
  })
})

test('deleting one battle takes its picture and words, keeps the counted vote, and leaves the other battle alone', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const gone = await aVotedBattle(voter, 'Delete me?')
  const kept = await aVotedBattle(voter, 'Keep me?')
  const image = gone.turns[0]!.images[0]!.url
  await place.arena.boards.refresh()
  expect((await voter.post(`/me/battles/${gone.id}/delete`)).status).toBe(200)
  expect((await mine(voter)).history.map(({ id }) => id)).toEqual([kept.id])
  expect((await voter.get(image)).status).toBe(404)
  expect((await voter.get(`/b/${gone.id}`)).status).toBe(404)
  expect((await voter.get(kept.turns[0]!.images[0]!.url)).status).toBe(200)
  const sha256 = image.slice('/images/'.length)
  expect(await place.arena.images.find(sha256)).toBeUndefined()
  expect(await place.arena.blobs.get(`images/${sha256.slice(0, 2)}/${sha256}.png`)).toBeUndefined()
  expect(await place.arena.blobs.get(`images/${sha256.slice(0, 2)}/${sha256}.jpg`)).toBeUndefined()
  expect(await place.arena.votes.find(gone.id)).toMatchObject({ outcome: 'a', status: 'counted' })
})

test('a picture that two people brought stays with the other one', async () => {
  await using place = await anArena()
  const picture = await aPicture({ colour: 'teal' })
  const ask = async (voter: Visitor) => {
    const { id } = (await (await voter.post('/battles', { image: picture, prompt: 'What?' })).json()) as { id: string }
    return voter.whenOver(id)
  }
  const [one, two] = [place.visitor(), place.visitor()]
  const mineToo = await ask(one)
  const theirs = await ask(two)
  expect(theirs.turns[0]!.images[0]!.url).toBe(mineToo.turns[0]!.images[0]!.url)
  await one.post('/me/deletion', { confirm: '1' })
  expect((await one.get(mineToo.turns[0]!.images[0]!.url)).status).toBe(404)
  expect((await two.get(theirs.turns[0]!.images[0]!.url)).status).toBe(200)
})

test('deleting everything needs the box, and afterwards this browser is nobody', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const { id } = await aVotedBattle(voter, 'Mine?')
  const { voterId } = (await place.arena.battles.find(id))!
  expect((await voter.post('/me/deletion')).status).toBe(422)
  expect((await mine(voter)).battles).toBe(1)
  const done = await voter.post('/me/deletion', { confirm: '1' }, { Accept: 'text/html' })
  expect([done.status, done.headers.get('location')]).toEqual([303, '/me?said=deleted'])
  expect(await (await voter.get('/me?said=deleted')).text()).toContain('Your data was deleted.')
  expect(await mine(voter)).toMatchObject({ battles: 0, votes: 0 })
  const vote = (await place.arena.votes.find(id))!
  expect(vote).toMatchObject({ outcome: 'a', status: 'counted', note: null })
  expect(vote.voterId).not.toBe(voterId)
  expect((await place.arena.battles.find(id))!.voterId).toBe(vote.voterId)
  await place.arena.boards.refresh()
  expect((await voter.json<{ votes: number }>('/leaderboard.json')).votes).toBe(1)
  // Their cookie in another browser still opens the door, to an empty room in which one can begin again.
  expect((await voter.battle('New?')).state).toBe('ready')
})

test('after a deletion neither the database, its log nor the images hold a word or a byte of it, and exports name the row', async () => {
  const data = await mkdtemp(join(tmpdir(), 'sightline-erase-'))
  try {
    const database = join(data, 'sightline.db')
    let voteId = ''
    {
      await using place = await anArena({ database, blobs: diskBlobStore(data) })
      const voter = place.visitor()
      const canary = 'canary-question-8471'
      const { id } = await voter.battle(canary)
      await voter.post(`/b/${id}/vote`, { outcome: 'b', note: 'canary-note-8471' })
      await voter.post(`/b/${id}/vote`, { outcome: 'a', note: 'canary-again-8471' })
      await voter.post(`/b/${id}/reveal`)
      voteId = (await place.arena.votes.find(id))!.id
      expect(await everyFile(data)).toContain('canary-again-8471')
      await voter.post('/me/deletion', { confirm: '1' })
      expect(JSON.stringify(place.events)).not.toContain('8471')
    }
    expect(await everyFile(data)).not.toMatch(/8471|It is a cat|Surely a dog/)
    expect(
      await readdir(join(data, 'images'), { recursive: true }).then((names) =>
        names.filter((name) => /\.(jpg|png)$/.test(name)),
      ),
    ).toEqual([])
    const storage = await sqliteStorage(database)
    try {
      const rows = await exportStore(storage.engine).read((reader) => reader.rowsOf([voteId]))
      expect(whyGone(rows.get(voteId))).toBe('deleted')
    } finally {
      await storage.close()
    }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
})

test('which of my votes were published is said, and by when; internal exports are nobody’s business', async () => {
  const data = await mkdtemp(join(tmpdir(), 'sightline-published-'))
  try {
    await using place = await anArena({
      database: join(data, 'sightline.db'),
      blobs: diskBlobStore(data),
      flags: { data },
    })
    const voter = place.visitor()
    const { id } = (await (
      await voter.post('/battles', { image: await aPicture(), prompt: 'Open?', publish: '1' })
    ).json()) as { id: string }
    await voter.whenOver(id)
    await voter.post(`/b/${id}/vote`, { outcome: 'a' })
    await voter.post(`/b/${id}/reveal`)
    const publish = async (scope: 'internal' | 'public') => {
      await place.arena.exports.start({
        ...defaultOptions(['votes']),
        scope,
        license: scope === 'public' ? 'CC-BY-4.0' : null,
      })
      await vi.waitFor(() => expect(place.arena.exports.status()).toMatchObject({ state: 'done' }), { timeout: 15_000 })
    }
    const published = async (who: Visitor) =>
      (await who.json<{ published: { votes: number; at: string }[] }>('/me.json')).published
    expect(await published(voter)).toEqual([])
    await publish('internal')
    expect(await published(voter)).toEqual([])
    await publish('public')
    expect(await published(voter)).toEqual([{ votes: 1, at: expect.any(String) }])
    expect(await (await voter.get('/me')).text()).toContain('One of your votes is in the public dataset of')
    const other = place.visitor()
    await other.battle()
    expect(await published(other)).toEqual([])
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}, 40_000)

async function everyFile(folder: string) {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const texts = await Promise.all(
    names.filter((name) => name.isFile()).map((name) => readFile(join(name.parentPath, name.name), 'latin1')),
  )
  return texts.join('\n')
}

test('a battle that is deleted while it is being answered stops, and no answer comes back', async () => {
  await using place = await anArena({ flags: { 'battles.pacing': 'paced' } })
  const voter = place.visitor()
  const { id } = (await (await voter.post('/battles', { image: await aPicture(), prompt: 'Long?' })).json()) as {
    id: string
  }
  expect((await voter.post(`/me/battles/${id}/delete`)).status).toBe(200)
  await place.arena.runner.settled()
  const battle = (await place.arena.battles.find(id))!
  expect(battle.state).toBe('erased')
  expect(JSON.stringify(battle)).not.toMatch(/a cat|a dog|Long/)
})

test('twelve words bring my votes to another browser, and a new phrase replaces the old one', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const { id } = await aVotedBattle(voter, 'Mine?')
  const { phrase: old } = (await (await voter.post('/me/phrase')).json()) as { phrase: string }
  const { phrase } = (await (await voter.post('/me/phrase')).json()) as { phrase: string }
  expect(phrase.split(' ')).toHaveLength(12)
  expect((await mine(voter)).recovery_phrase).toBe(true)

  const elsewhere = place.visitor()
  const tooOld = await elsewhere.post('/me/recover', { phrase: old })
  expect([tooOld.status, ((await tooOld.json()) as { error: { key: string } }).error.key]).toEqual([
    422,
    'recovery_unknown',
  ])
  expect((await elsewhere.post('/me/recover', { phrase: phrase.toUpperCase().replaceAll(' ', ', ') })).status).toBe(200)
  expect((await mine(elsewhere)).history.map((one) => one.id)).toEqual([id])
  expect((await elsewhere.get(`/b/${id}`)).status).toBe(200)
})

test('a mistaken word is named beside the field, and what was typed stays', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const words = 'millford oakham zebra'
  const response = await voter.post('/me/recover', { phrase: words }, { Accept: 'text/html' })
  expect(response.status).toBe(422)
  const page = await response.text()
  expect(page).toContain('The word “zebra” is in no phrase.')
  expect(page).toContain(words)
})

test('phrases cannot be tried out', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const statuses = []
  for (let i = 0; i < 11; i++) statuses.push((await voter.post('/me/recover', { phrase: 'oakham' })).status)
  expect(statuses).toEqual([...Array(10).fill(422), 429])
})

test('everything is downloaded as one ZIP file', async () => {
  await using place = await anArena()
  const voter = place.visitor()
  const { id, turns } = await aVotedBattle(voter, 'Pack me?')
  const response = await voter.get('/me/download')
  expect(response.headers.get('content-type')).toBe('application/zip')
  const files = unzipped(Buffer.from(await response.arrayBuffer()))
  const sha256 = turns[0]!.images[0]!.url.slice('/images/'.length)
  expect([...files.keys()].sort()).toEqual([
    'about.json',
    `battles/${id}.json`,
    expect.stringMatching(`images/${sha256}\\.(jpg|png)`),
    'votes.csv',
  ])
  expect(JSON.parse(files.get(`battles/${id}.json`)!.toString())).toMatchObject({
    id,
    vote: { outcome: 'a' },
    turns: [{ prompt: 'Pack me?' }],
  })
  const picture = [...files].find(([name]) => name.startsWith('images/'))![1]
  expect(Buffer.compare(picture, Buffer.from(await (await voter.get(turns[0]!.images[0]!.url)).arrayBuffer()))).toBe(0)
})

test('an archive of seventy thousand files is one, too', async () => {
  async function* many() {
    for (let i = 0; i < 70_000; i++) yield { name: `${i}.txt`, bytes: Buffer.from(String(i)) }
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of zipOf(many(), new Date('2026-11-24T12:00:00Z'))) chunks.push(chunk)
  const files = unzipped(Buffer.concat(chunks))
  expect([files.size, files.get('69999.txt')!.toString()]).toEqual([70_000, '69999'])
})

/** Read from its end, as other programs do: directory first, then each entry where the directory says, its checksum compared. */
function unzipped(archive: Buffer): Map<string, Buffer> {
  const end = archive.length - 22
  expect(archive.readUInt32LE(end)).toBe(0x06054b50)
  let [count, size, offset] = [
    archive.readUInt16LE(end + 10),
    archive.readUInt32LE(end + 12),
    archive.readUInt32LE(end + 16),
  ]
  if (archive.readUInt32LE(end - 20) === 0x07064b50) {
    const wide = Number(archive.readBigUInt64LE(end - 12))
    expect(archive.readUInt32LE(wide)).toBe(0x06064b50)
    ;[count, size, offset] = [32, 40, 48].map((at) => Number(archive.readBigUInt64LE(wide + at))) as [
      number,
      number,
      number,
    ]
  }
  const files = new Map<string, Buffer>()
  let at = offset
  for (let i = 0; i < count; i++) {
    expect(archive.readUInt32LE(at)).toBe(0x02014b50)
    const [nameLength, extraLength, start] = [
      archive.readUInt16LE(at + 28),
      archive.readUInt16LE(at + 30),
      archive.readUInt32LE(at + 42),
    ]
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength)
    const from = start + 30 + archive.readUInt16LE(start + 26) + archive.readUInt16LE(start + 28)
    const bytes = archive.subarray(from, from + archive.readUInt32LE(at + 24))
    expect(archive.readUInt32LE(start)).toBe(0x04034b50)
    if (crc32(bytes) !== archive.readUInt32LE(at + 16)) throw new Error(`${name} is damaged`)
    files.set(name, bytes)
    at += 46 + nameLength + extraLength
  }
  expect(at).toBe(offset + size)
  return files
}
