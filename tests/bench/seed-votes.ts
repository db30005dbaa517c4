// A large arena quickly: the schema and the models come through the real storage, the battles straight into the tables.
import Sqlite from 'better-sqlite3'
import { normal, seeded } from '../../src/ranking/random.ts'
import { sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import { aModel, noon, promptKey } from '../characters.ts'

export type Seeding = {
  votes: number
  models: number
  voters: number
  seed?: number
  /** Also battles with two voted turns, and votes that are open, withdrawn or do not count. */
  isMixed?: boolean
}

const secondMs = 1000

/**
 * Fills a new database file with voted, revealed battles and gives the ids of its models. Strengths, drawn pairs, lengths and outcomes are
 * seeded, the longer answer wins a little more often, and a tenth of the models are drawn seldom.
 */
export async function seedVotes(
  path: string,
  { votes, models, voters, seed = 1, isMixed = false }: Seeding,
): Promise<string[]> {
  const ids = Array.from({ length: models }, (_, i) => `model-${String(i).padStart(3, '0')}`)
  const storage = await sqliteStorage(path)
  await storage.models.register(
    ids.map((id) => aModel(id)),
    noon,
  )
  await storage.close()

  const db = new Sqlite(path)
  // Nothing here outlives the process that made it.
  for (const pragma of ['synchronous = off', 'foreign_keys = off', 'cache_size = -262144']) db.pragma(pragma)
  const write = writerOf(db)
  const random = seeded(seed)
  const strengths = Float64Array.from(ids, () => 0.6 * normal(random))
  const draw = () => {
    for (;;) {
      const i = Math.floor(random() * models)
      if (i < 0.9 * models || random() < 0.1) return i
    }
  }
  const length = () => Math.floor(40 + 900 * random() ** 2)
  const outcomeOf = (a: number, b: number, longer: number) => {
    const u = random()
    if (u < 0.23) return u < 0.15 ? 'tie' : 'both_bad'
    return random() < 1 / (1 + Math.exp(strengths[b]! - strengths[a]! - 0.15 * longer)) ? 'a' : 'b'
  }
  db.exec('begin')
  for (let n = 0; n < voters; n++) write.voter(`voter-${n}`, n % 5 === 0 ? 'annotator' : 'anon', noon.getTime())
  for (let n = 0; n < votes; n++) {
    const a = draw()
    let b = draw()
    while (b === a) b = draw()
    const [lengthA, lengthB] = [length(), length()]
    const at = noon.getTime() + n * secondMs
    const voter = `voter-${Math.floor(voters * random() ** 2)}`
    const battle = `battle-${String(n).padStart(9, '0')}`
    write.battle({ battle, voter, a: ids[a]!, b: ids[b]!, probability: 2 / (models * (models - 1)), at })
    const last = isMixed && n % 7 === 3 ? 2 : 1
    for (let turn = 1; turn <= last; turn++) {
      write.turn({
        battle,
        turn,
        models: [ids[a]!, ids[b]!],
        lengths: [lengthA, lengthB],
        markup: n % 4,
        at,
        category: n % 3,
      })
      write.vote({
        vote: `vote-${String(n).padStart(9, '0')}-${turn}`,
        battle,
        turn,
        voter,
        outcome: outcomeOf(a, b, Math.sign(lengthA - lengthB)),
        status: isMixed ? ((['withdrawn', 'open', 'uncounted'] as const)[n % 20] ?? 'counted') : 'counted',
        at: at + turn,
      })
    }
  }
  db.exec('commit')
  db.close()
  return ids
}

/** One more counted vote, as a running arena writes it: how a bench tells the board that something happened. */
export function oneMoreVote(path: string, n: number, ids: readonly string[]) {
  const db = new Sqlite(path, { timeout: 5000 })
  db.pragma('foreign_keys = off')
  const write = writerOf(db)
  const at = noon.getTime() + n
  db.exec('begin immediate')
  const battle = `later-${n}`
  const [a, b] = [ids[n % ids.length]!, ids[(n + 1 + (n % (ids.length - 1))) % ids.length]!]
  write.battle({ battle, voter: 'voter-0', a, b, probability: 0.01, at })
  write.turn({ battle, turn: 1, models: [a, b], lengths: [100, 90], markup: 0, at, category: 0 })
  write.vote({
    vote: `later-${n}`,
    battle,
    turn: 1,
    voter: 'voter-0',
    outcome: n % 2 ? 'a' : 'b',
    status: 'counted',
    at,
  })
  db.exec('commit')
  db.close()
}

type Status = 'counted' | 'withdrawn' | 'open' | 'uncounted'

function writerOf(db: Sqlite.Database) {
  const versions = new Map(
    db
      .prepare('select model_id, version from model_versions')
      .all()
      .map((row) => row as { model_id: string; version: string })
      .map(({ model_id, version }) => [model_id, version]),
  )
  const voters = db.prepare('insert into voters (id, kind, created_at) values (?, ?, ?)')
  const battles = db.prepare(
    `insert into battles (id, voter_id, form_key, state, mode, started_mode, pacing, model_a, version_a, model_b, version_b,
       pair_probability, policy_hash, consent_version, consent_publish, started_at, ready_at, revealed_at, moved_at, eligible)
     values (@battle, @voter, @battle, 'revealed', 'anonymous', 'anonymous', 'paced', @a, @versionA, @b, @versionB,
       @probability, 'policy-1', 'consent-1', 1, @at, @at, @at, @at, '[]')`,
  )
  const turns = db.prepare(
    `insert into turns (battle_id, number, prompt_sha256, language, categories, flags, input_method, asked_at, ready_at, prompt_text)
     values (@battle, @turn, @key, @language, @categories, '[]', 'typed', @at, @at, @text)`,
  )
  const answers = db.prepare(
    `insert into answers (battle_id, turn, side, model_id, version, state, finish, characters, headers, lists, bold, ended_at, text)
     values (@battle, @turn, @side, @model, @version, 'finished', 'complete', @characters, @headers, @lists, @bold, @at, 'An answer.')`,
  )
  const votes = db.prepare(
    `insert into votes (id, battle_id, turn, voter_id, outcome, status, exclusion, revision, cast_at, frozen_at, withdrawn_at, reasons)
     values (@vote, @battle, @turn, @voter, @outcome, @status, @exclusion, 1, @at, @frozen, @withdrawn, '[]')`,
  )
  const changes = db.prepare('insert into vote_changes (vote_id, is_counted, changed_at) values (?, ?, ?)')
  return {
    voter: (id: string, kind: string, at: number) => void voters.run(id, kind, at),
    battle: (row: { battle: string; voter: string; a: string; b: string; probability: number; at: number }) =>
      void battles.run({ ...row, versionA: versions.get(row.a), versionB: versions.get(row.b) }),
    turn(row: {
      battle: string
      turn: number
      models: [string, string]
      lengths: [number, number]
      markup: number
      at: number
      category: number
    }) {
      const { battle, turn, models, lengths, markup, at, category } = row
      const text = `What is in picture ${battle}, ${turn}?`
      const categories = JSON.stringify([['counting'], ['ocr'], ['counting', 'chart']][category])
      turns.run({
        battle,
        turn,
        key: promptKey({ text }),
        language: category === 1 ? 'fr' : 'en',
        categories,
        at,
        text,
      })
      for (const [i, side] of (['a', 'b'] as const).entries())
        answers.run({
          battle,
          turn,
          side,
          model: models[i],
          version: versions.get(models[i]!),
          characters: lengths[i],
          headers: (markup + i) % 3,
          lists: (markup * 2 + i) % 5,
          bold: markup === i ? 2 : 0,
          at,
        })
    },
    vote(row: {
      vote: string
      battle: string
      turn: number
      voter: string
      outcome: string
      status: Status
      at: number
    }) {
      votes.run({
        ...row,
        exclusion: row.status === 'uncounted' ? 'truncated' : null,
        frozen: row.status === 'open' ? null : row.at,
        withdrawn: row.status === 'withdrawn' ? row.at : null,
      })
      if (row.status === 'counted') changes.run(row.vote, row.outcome, row.at)
    },
  }
}
