import { sides } from '../battles/battle.ts'
import { byCodeUnit } from './canonical.ts'
import { conversationOf, flatText, imagesOf, textsOf } from './conversation.ts'
import type { WrittenFile } from './export-folder.ts'
import type { ExportRow, Shard } from './export-store.ts'
import {
  categoriesOf,
  comparatorExample,
  flagsOf,
  imagePath,
  isRanked,
  languageOf,
  licenseOf,
  winnerOf,
} from './record.ts'
import { checked, frozenRows, keepImage, type LaneContext } from './write-lanes.ts'

/** The viewer reads a file whole; more examples make it slow. */
const examplesMax = 2000
/** Names of models are long, of files must not be. */
const slugLengthMax = 60

/** One file per unordered pair of models, at most `examplesMax` votes each. */
export async function writeComparator(
  context: LaneContext,
  smallJpeg: (bytes: Uint8Array) => Promise<string>,
): Promise<Shard[]> {
  const slugs = slugger()
  const shards: Shard[] = []
  for (const { a, b, rows } of await pairsIn(context)) {
    const open = { rows: 0, first: '', last: '', part: 0, text: '' }
    const close = async () => {
      if (open.rows === 0) return
      const name = `${slugs(a)}__${slugs(b)}${open.part === 0 ? '' : `-${String(open.part).padStart(3, '0')}`}`
      const written: WrittenFile = await context.folder.put(`llm-comparator/${name}.json`, `${open.text}]}\n`)
      shards.push({
        ...written,
        rows: open.rows,
        firstId: open.first,
        lastId: open.last,
        preset: 'llm-comparator',
        split: 'train',
      })
      Object.assign(open, { rows: 0, first: '', last: '', part: open.part + 1, text: '' })
    }
    for await (const { item, row } of rowsAt(rows, context)) {
      const jpegs: string[] = []
      for (const image of imagesOf(row)) jpegs.push(await smallJpeg(await checked(image, context)))
      open.text += open.rows === 0 ? headOf(a, b, context.snapshot) : ','
      open.text += `\n${JSON.stringify(comparatorExample(row, item, jpegs))}`
      open.rows += 1
      open.first ||= item.voteId
      open.last = item.voteId
      context.onRows(
        1,
        jpegs.reduce((sum, { length }) => sum + length, 0),
      )
      if (open.rows === examplesMax) await close()
    }
    await close()
  }
  return shards
}

const headOf = (a: string, b: string, snapshot: string) => {
  const metadata = {
    source_path: `sightline ${snapshot}`,
    custom_fields_schema: [{ name: 'vote_id', type: 'string' }],
  }
  return `{"metadata":${JSON.stringify(metadata)},"models":${JSON.stringify([{ name: a }, { name: b }])},"examples":[`
}

const pairKey = ({ models }: ExportRow) => sortedPair(models.a.id, models.b.id).join('\0')
const sortedPair = (a: string, b: string): [string, string] => (b < a ? [b, a] : [a, b])

/** Positions of each pair's rows in the frozen list, so that a file per pair needs one more reading, not one per pair. */
async function pairsIn(context: LaneContext): Promise<{ a: string; b: string; rows: number[] }[]> {
  const pairs = new Map<string, { a: string; b: string; rows: number[] }>()
  let at = 0
  for await (const { row } of frozenRows('llm-comparator', 'train', 0, context)) {
    const key = pairKey(row)
    const [a, b] = sortedPair(row.models.a.id, row.models.b.id)
    const pair = pairs.get(key) ?? { a, b, rows: [] }
    pairs.set(key, pair)
    pair.rows.push(at)
    at += 1
  }
  return [...pairs].sort(([left], [right]) => byCodeUnit(left, right)).map(([, pair]) => pair)
}

async function* rowsAt(positions: number[], context: LaneContext) {
  for (const at of positions)
    for await (const found of frozenRows('llm-comparator', 'train', at, context)) {
      yield found
      break
    }
}

/** File names of ours from names of others (T19): letters, digits, dots; two that would clash get a number. */
function slugger() {
  const given = new Map<string, string>()
  const taken = new Set<string>()
  return (name: string): string => {
    const known = given.get(name)
    if (known) return known
    const plain =
      name
        .toLowerCase()
        .replace(/[^a-z0-9.]+/g, '-')
        .replace(/^[-.]+|[-.]+$/g, '')
        .slice(0, slugLengthMax) || 'model'
    let slug = plain
    for (let n = 2; taken.has(slug); n++) slug = `${plain}-${n}`
    taken.add(slug)
    given.set(name, slug)
    return slug
  }
}

const databaseTables = [
  'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT',
  'CREATE TABLE models (id TEXT PRIMARY KEY, name TEXT NOT NULL, provider TEXT, license TEXT, version TEXT NOT NULL) STRICT',
  'CREATE TABLE images (sha256 TEXT PRIMARY KEY, mime TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL, phash TEXT NOT NULL, path TEXT NOT NULL, data BLOB) STRICT',
  'CREATE TABLE battles (id TEXT PRIMARY KEY, model_a TEXT NOT NULL REFERENCES models (id), model_b TEXT NOT NULL REFERENCES models (id), num_turns INTEGER NOT NULL, language TEXT NOT NULL, categories TEXT NOT NULL, split TEXT NOT NULL, split_group TEXT NOT NULL, consent_version TEXT NOT NULL, license TEXT NOT NULL, flags TEXT NOT NULL, created_at INTEGER) STRICT',
  'CREATE TABLE messages (battle_id TEXT NOT NULL REFERENCES battles (id), side TEXT NOT NULL, ord INTEGER NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (battle_id, side, ord)) STRICT',
  'CREATE TABLE battle_images (battle_id TEXT NOT NULL REFERENCES battles (id), ord INTEGER NOT NULL, sha256 TEXT NOT NULL REFERENCES images (sha256), turn INTEGER NOT NULL, PRIMARY KEY (battle_id, ord)) STRICT',
  'CREATE TABLE votes (id TEXT PRIMARY KEY, battle_id TEXT NOT NULL REFERENCES battles (id), winner TEXT NOT NULL, turn INTEGER NOT NULL, voter_id TEXT, voted_at INTEGER, counted INTEGER NOT NULL, exclusion TEXT, mode TEXT NOT NULL, reasons TEXT NOT NULL) STRICT',
]

/** Votes, battles, messages and pictures as tables, for everything that reads SQLite. */
export async function writeDatabase(context: LaneContext): Promise<Shard | null> {
  const { options, snapshot, record, folder } = context
  const sink = await folder.database('sightline.sqlite', databaseTables)
  let rows = 0
  let first = ''
  let last = ''
  try {
    sink.write('meta', ['dataset', options.dataset])
    sink.write('meta', ['license', licenseOf(options)])
    sink.write('meta', ['snapshot', snapshot])
    const seen = { models: new Set<string>(), images: new Set<string>() }
    // A battle with several votes is written with its longest conversation.
    const longest = new Map<string, number>()
    for (const split of ['test', 'train'])
      for await (const { row } of frozenRows('sqlite', split, 0, context))
        longest.set(row.battle.id, Math.max(longest.get(row.battle.id) ?? 0, row.vote.turn))
    for (const split of ['test', 'train'])
      for await (const { item, row } of frozenRows('sqlite', split, 0, context)) {
        for (const side of sides) {
          const { id, name, card, version } = row.models[side]
          if (!seen.models.has(id))
            sink.write('models', [id, name, card.organization ?? null, card.license ?? null, version])
          seen.models.add(id)
        }
        for (const image of imagesOf(row)) {
          if (seen.images.has(image.sha256)) continue
          seen.images.add(image.sha256)
          const { sha256, mediaType, width, height, bytes, phash } = image
          const data = options.embedImages ? await checked(image, context) : null
          if (!data) await keepImage(image, context)
          sink.write('images', [sha256, mediaType, width, height, bytes, phash, imagePath(image), data])
        }
        if (longest.get(row.battle.id) === row.vote.turn) writeBattle(row)
        const { vote, battle } = row
        const at = record.time(vote.castAt)
        const counted = isRanked(row)
        sink.write('votes', [
          vote.id,
          battle.id,
          winnerOf(vote.outcome),
          vote.turn,
          record.voter(row.voter.id),
          at === null ? null : at.getTime(),
          counted ? 1 : 0,
          counted ? null : (vote.exclusion ?? vote.status),
          battle.mode,
          JSON.stringify(vote.reasons.map(({ side, key }) => `${side}:${key}`)),
        ])
        rows += 1
        first ||= item.voteId
        last = item.voteId
        context.onRows(
          1,
          textsOf(row).reduce((sum, text) => sum + text.length, 0),
        )

        function writeBattle(held: ExportRow) {
          const started = held.battle.startedAt === null ? null : record.time(held.battle.startedAt)
          sink.write('battles', [
            held.battle.id,
            held.models.a.id,
            held.models.b.id,
            held.battle.turnsTotal,
            languageOf(held),
            JSON.stringify(categoriesOf(held)),
            item.split,
            item.facts.group,
            held.battle.consent.version,
            licenseOf(options),
            JSON.stringify(flagsOf(held, item.facts)),
            started === null ? null : started.getTime(),
          ])
          for (const side of sides)
            conversationOf(held, side).forEach((message, ord) => {
              sink.write('messages', [held.battle.id, side, ord, message.role, flatText(message, '')])
            })
          imagesOf(held).forEach(({ sha256, turn }, ord) => {
            sink.write('battle_images', [held.battle.id, ord, sha256, turn])
          })
        }
      }
    return { ...(await sink.finish(rows)), firstId: first, lastId: last, preset: 'sqlite', split: 'train' }
  } catch (error) {
    await sink.abort()
    throw error
  }
}
