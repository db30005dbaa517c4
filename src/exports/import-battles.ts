import { modes, type Side } from '../battles/battle.ts'
import type { Mark } from '../models/grounding.ts'
import { countMarkup, styleOf } from '../ranking/style-features.ts'
import { type ReasonKey, reasonKeys, type VoteReason } from '../votes/vote.ts'
import { canonicalJson, type Hash } from './canonical.ts'
import type { ExportAnswer, ExportImage, ExportModel, ExportRow, ExportTurn } from './export-store.ts'
import {
  type ImportFormat,
  knownColumns,
  type RawImage,
  type RawMessage,
  type RawVote,
  type SkipReason,
  timeOf,
  toRawVote,
} from './import-formats.ts'
import type { ImportedRow, ImportPool } from './import-pool.ts'
import { languageTag } from './languages.ts'

export type ImportTotals = {
  read: number
  added: number
  skipped: Partial<Record<SkipReason | 'duplicate', number>>
  flagged: Partial<Record<'image_missing' | 'prompt_mismatch', number>>
  images: number
  models: Record<string, number>
  warnings: string[]
}

export type ImportContext = {
  pool: Pick<ImportPool, 'keep' | 'keepSource'>
  source: string
  format: ImportFormat
  license: string | null
  isDryRun: boolean
  /** Id of ours for a name of theirs. */
  modelId(name: string): string
  /** The picture decoded, stored and described; null when it is none, too large, or only an address: nothing is ever fetched. */
  keepImage(image: RawImage): Promise<ExportImage | null>
  /** 26 characters from a hash, for datasets whose ids are not ours. */
  newId(seed: string): string
  hash: Hash
  limit: number | null
  onRows?(rows: number): void
}

/** Reads votes of one format into their pool. Idempotent on (source, source id); what could not be read is counted by reason. */
export async function importBattles(
  rows: AsyncIterable<Record<string, unknown> | { skipped: SkipReason }>,
  context: ImportContext,
): Promise<ImportTotals> {
  const totals: ImportTotals = { read: 0, added: 0, skipped: {}, flagged: {}, images: 0, models: {}, warnings: [] }
  const seen = new Set<string>()
  let guessed = 0
  let timeless = 0
  let batch: ImportedRow[] = []
  const skip = (reason: SkipReason | 'duplicate') => {
    totals.skipped[reason] = (totals.skipped[reason] ?? 0) + 1
  }
  const flush = async () => {
    if (context.isDryRun) totals.added += batch.length
    else {
      const added = await context.pool.keep(context.source, batch)
      totals.added += added
      for (let known = added; known < batch.length; known++) skip('duplicate')
    }
    batch = []
  }
  if (!context.isDryRun)
    await context.pool.keepSource({ name: context.source, format: context.format, license: context.license })
  for await (const row of rows) {
    if (context.limit !== null && totals.read >= context.limit) break
    totals.read += 1
    context.onRows?.(totals.read)
    if (isSkipped(row)) {
      skip(row.skipped)
      continue
    }
    const vote = toRawVote(context.format, row)
    if (typeof vote === 'string') {
      skip(vote)
      continue
    }
    const sourceId =
      vote.sourceId ||
      context.hash(canonicalJson([vote.modelA, vote.modelB, vote.outcome, vote.conversations, vote.voter]))
    if (seen.has(sourceId)) {
      skip('duplicate')
      continue
    }
    seen.add(sourceId)
    const time = timeOf(vote.at)
    if (time?.isGuessed) guessed += 1
    if (!time) timeless += 1
    const imported = await toExportRow({ ...vote, sourceId }, time?.at ?? new Date(0), context)
    for (const flag of ['image_missing', 'prompt_mismatch'] as const)
      if (imported.row.battle.flags.includes(flag)) totals.flagged[flag] = (totals.flagged[flag] ?? 0) + 1
    totals.images += imported.row.turns.reduce((sum, { images }) => sum + images.length, 0)
    for (const { id } of [imported.row.models.a, imported.row.models.b])
      totals.models[id] = (totals.models[id] ?? 0) + 1
    batch.push(imported)
    if (batch.length >= 200) await flush()
  }
  await flush()
  if (guessed > 0) totals.warnings.push(`${guessed} times had no zone and were read as UTC`)
  if (timeless > 0) totals.warnings.push(`${timeless} rows have no time and stand at 1970-01-01`)
  return totals
}

const isSkipped = (row: Record<string, unknown> | { skipped: SkipReason }): row is { skipped: SkipReason } =>
  'skipped' in row && typeof row['skipped'] === 'string' && Object.keys(row).length === 1

async function toExportRow(vote: RawVote, at: Date, context: ImportContext): Promise<ImportedRow> {
  const { source, format, newId } = context
  const ours = format === 'battles' ? ourColumns(vote.row) : null
  const { turns, system, flags } = await turnsOf(vote, context)
  const voteId = ours && isOurId(vote.sourceId) ? vote.sourceId : newId(`vote\0${source}\0${vote.sourceId}`)
  const turn = ours?.turn ?? turns.length
  const counts = ours?.counted ?? true
  const row: ExportRow = {
    vote: {
      id: voteId,
      turn,
      outcome: vote.outcome,
      reasons: ours?.reasons ?? [],
      note: ours?.note ?? null,
      status: ours?.exclusion && ours.exclusion !== 'earlier_turn' ? 'uncounted' : 'counted',
      exclusion: ours?.exclusion ?? null,
      dwellMs: null,
      castAt: at,
    },
    voter: {
      id: ours ? (vote.voter ?? `${source}:${vote.sourceId}`) : `${source}:${vote.voter ?? vote.sourceId}`,
      kind: ours?.voterKind ?? 'anon',
    },
    battle: {
      id: ours?.battleId ?? newId(`battle\0${source}\0${vote.session ?? vote.sourceId}`),
      mode: ours?.mode ?? (vote.isBlind ? 'anonymous' : 'named'),
      isErased: false,
      isDemo: false,
      replacedSide: null,
      // The publisher's own terms; what may be done with it is the operator's --license to say.
      consent: { version: ours?.consentVersion ?? `import:${source}`, publish: true },
      leftSide: ours?.leftSide ?? null,
      blindedSide: ours?.blindedSide ?? null,
      pairProbability: ours?.pairProbability ?? null,
      policyHash: ours?.policyHash ?? null,
      system,
      turnsTotal: ours?.turnsTotal ?? turns.length,
      startedAt: ours?.createdAt ?? null,
      votes: votesOf(voteId, turn, vote.order, ours?.prevVoteId ?? null, counts),
      session: vote.session,
      flags: [...new Set([...(ours?.flags ?? []), ...flags])],
    },
    turns: ours ? withOurAnswers(turns, ours) : turns,
    models: { a: modelOf(vote.modelA, 'a', ours, context), b: modelOf(vote.modelB, 'b', ours, context) },
  }
  const extra = Object.fromEntries(
    Object.entries(vote.row).filter(([name]) => !knownColumns.has(name) && !ours?.isKnown(name)),
  )
  return { sourceId: vote.sourceId, row, extra: JSON.parse(jsonOf(extra)) as Record<string, unknown> }
}

/** Earlier votes of the conversation that we do not have are there as places, so that order and predecessor stay what they were. */
function votesOf(
  id: string,
  turn: number,
  order: number | null,
  previous: string | null,
  counts: boolean,
): ExportRow['battle']['votes'] {
  const before = Array.from({ length: Math.max(0, (order ?? 1) - 1) }, (_, n) => {
    const isLast = n === (order ?? 1) - 2
    return { id: isLast && previous ? previous : `${id}#${n + 1}`, turn: Math.min(turn, n + 1), counts: false }
  })
  return [...before, { id, turn, counts }]
}

async function turnsOf(
  vote: RawVote,
  { keepImage }: ImportContext,
): Promise<{ turns: ExportTurn[]; system: string | null; flags: string[] }> {
  const flags = new Set<string>()
  const a = exchangesOf(vote.conversations.a)
  const b = exchangesOf(vote.conversations.b)
  const length = Math.min(a.exchanges.length, b.exchanges.length)
  const isSame =
    a.exchanges.length === b.exchanges.length &&
    a.exchanges.every(({ question }, n) => question === b.exchanges[n]?.question)
  if (!isSame) flags.add('prompt_mismatch')
  const turns: ExportTurn[] = []
  for (let n = 0; n < length; n++) {
    const images: ExportImage[] = []
    const parts = [
      ...(a.exchanges[n]?.images ?? []),
      ...vote.images.filter(({ turn }) => Math.min(Math.max(turn ?? 1, 1), length) === n + 1).map(({ image }) => image),
    ]
    for (const part of parts) {
      const image = await keepImage(part)
      if (image) images.push(image)
      else flags.add('image_missing')
    }
    turns.push({
      number: n + 1,
      text: a.exchanges[n]?.question ?? '',
      language: languageTag(vote.language),
      categories: n === length - 1 ? vote.categories : [],
      flags: [],
      images,
      answers: { a: answerOf(a.exchanges[n]?.answer ?? ''), b: answerOf(b.exchanges[n]?.answer ?? '') },
    })
  }
  return { turns, system: a.system, flags: [...flags] }
}

/** Questions with their answers; several messages of one speaker in a row are one. */
function exchangesOf(messages: RawMessage[]) {
  const exchanges: { question: string; answer: string; images: RawImage[] }[] = []
  const system = messages
    .filter(({ role }) => role === 'system')
    .map(({ text }) => text)
    .join('\n\n')
  let isAnswered = true
  for (const { role, text, images } of messages) {
    if (role === 'system') continue
    const open = exchanges.at(-1)
    if (role === 'user') {
      if (isAnswered || !open) exchanges.push({ question: text, answer: '', images: [...images] })
      else {
        open.question += `\n\n${text}`
        open.images.push(...images)
      }
      isAnswered = false
    } else {
      if (!open) exchanges.push({ question: '', answer: text, images: [] })
      else open.answer = isAnswered && open.answer ? `${open.answer}\n\n${text}` : text
      isAnswered = true
    }
  }
  return { exchanges, system: system === '' ? null : system }
}

const answerOf = (raw: string): ExportAnswer => ({
  state: 'finished',
  raw,
  finish: null,
  reason: null,
  marks: [],
  markup: markupOf(raw),
  tokensIn: null,
  tokensOut: null,
  firstTextMs: null,
  totalMs: null,
  params: { temperature: null, topP: null, maxTokens: null },
})

function markupOf(text: string): ExportAnswer['markup'] {
  const [characters, headers, lists, bold] = styleOf(countMarkup(text))
  return { characters, headers, lists, bold }
}

function modelOf(name: string, side: Side, ours: OurColumns | null, { modelId }: ImportContext): ExportModel {
  const id = modelId(name)
  const organization = ours?.providers[side]
  return {
    id,
    name,
    kind: null,
    model: name,
    version: 'imported',
    card: organization ? { organization } : {},
    isBaseline: false,
    isReplay: false,
    exportOutputs: true,
  }
}

type OurColumns = NonNullable<ReturnType<typeof ourColumns>>
/** A row of our own `battles`: everything it says comes back. */
function ourColumns(row: Record<string, unknown>) {
  const text = (name: string): string | null => {
    const value = row[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const number = (name: string) => {
    const value = row[name]
    return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null
  }
  const side = (name: string): Side | null => (row[name] === 'a' || row[name] === 'b' ? row[name] : null)
  const mode = text('mode')
  const kind = text('voter_kind')
  const created = timeOf(row['created_at'])
  return {
    isKnown: (name: string) => ourNames.has(name),
    battleId: text('battle_id'),
    prevVoteId: text('prev_vote_id'),
    counted: row['counted'] === true,
    exclusion: text('exclusion'),
    mode: modes.find((known) => known === mode) ?? null,
    leftSide: side('left_side'),
    blindedSide: side('blinded_side'),
    pairProbability: number('pair_probability'),
    policyHash: text('policy_hash'),
    voterKind: voterKinds.find((known) => known === kind) ?? 'anon',
    reasons: listOf(row['reasons']).flatMap((word): VoteReason[] => {
      const [where, key] = String(word).split(':')
      return (where === 'a' || where === 'b') && isReason(key) ? [{ side: where, key }] : []
    }),
    note: text('note'),
    turn: number('turn'),
    turnsTotal: number('num_turns'),
    consentVersion: text('consent_version'),
    flags: listOf(row['flags']).map(String),
    phashes: listOf(row['image_phash']).map(String),
    createdAt: created?.at ?? null,
    providers: { a: text('provider_a'), b: text('provider_b') },
    row,
    number,
    text,
  }
}
const voterKinds = ['anon', 'user', 'annotator'] as const
const ourNames = new Set([
  'battle_id',
  'prev_vote_id',
  'provider_a',
  'provider_b',
  'counted',
  'exclusion',
  'mode',
  'left_side',
  'blinded_side',
  'pair_probability',
  'policy_hash',
  'voter_kind',
  'reasons',
  'note',
  'image_sha256',
  'image_phash',
  'image_size',
  'turn',
  'num_turns',
  'finish_reason_a',
  'finish_reason_b',
  'error_a',
  'error_b',
  'tokens_in_a',
  'tokens_in_b',
  'tokens_out_a',
  'tokens_out_b',
  'latency_ms_a',
  'latency_ms_b',
  'ttft_ms_a',
  'ttft_ms_b',
  'params_a',
  'params_b',
  'conv_metadata',
  'flags',
  'prompt_sha256',
  'consent_version',
  'license',
  'split',
  'split_group',
  'created_at',
  'marks_a',
  'marks_b',
])

/** What our rows tell of the voted answers goes to the last turn; sums over turns are told there too. */
function withOurAnswers(turns: ExportTurn[], ours: OurColumns): ExportTurn[] {
  const counters = ours.row['conv_metadata'] as Record<string, number> | null
  let image = 0
  return turns.map((turn, index) => {
    const isLast = index === turns.length - 1
    const answer = (side: Side): ExportAnswer => {
      const held = turn.answers[side]
      const marks = marksOf(ours.row[`marks_${side}`], turn.number)
      const markup = isLast
        ? {
            characters: counters?.[`chars_${side}`] ?? 0,
            headers: counters?.[`headers_${side}`] ?? 0,
            lists: counters?.[`lists_${side}`] ?? 0,
            bold: counters?.[`bold_${side}`] ?? 0,
          }
        : { characters: 0, headers: 0, lists: 0, bold: 0 }
      if (!isLast) return { ...held, marks, markup }
      const finish = ours.text(`finish_reason_${side}`)
      const params = ours.row[`params_${side}`] as { temperature?: number; top_p?: number; max_tokens?: number } | null
      return {
        ...held,
        state: finish === 'stopped' ? 'stopped' : 'finished',
        finish: finish === 'complete' || finish === 'cut' || finish === 'declined' ? finish : null,
        marks,
        markup,
        tokensIn: ours.number(`tokens_in_${side}`),
        tokensOut: ours.number(`tokens_out_${side}`),
        firstTextMs: ours.number(`ttft_ms_${side}`),
        totalMs: ours.number(`latency_ms_${side}`),
        params: {
          temperature: params?.temperature ?? null,
          topP: params?.top_p ?? null,
          maxTokens: params?.max_tokens ?? null,
        },
      }
    }
    const images = turn.images.map((held) => ({ ...held, phash: ours.phashes[image++] ?? held.phash }))
    return { ...turn, images, answers: { a: answer('a'), b: answer('b') } }
  })
}

type MarkRow = {
  turn: number
  image: number
  kind: string
  x: number
  y: number
  x2: number | null
  y2: number | null
  label: string | null
}
function marksOf(value: unknown, turn: number): Mark[] {
  return (listOf(value) as MarkRow[])
    .filter((mark) => mark.turn === turn)
    .map((mark): Mark => {
      const place = { label: mark.label ?? null, image: mark.image + 1 }
      return mark.kind === 'box'
        ? { kind: 'box', x1: mark.x, y1: mark.y, x2: mark.x2 ?? mark.x, y2: mark.y2 ?? mark.y, ...place }
        : { kind: 'point', x: mark.x, y: mark.y, ...place }
    })
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const isReason = (key: string | undefined): key is ReasonKey => (reasonKeys as readonly string[]).includes(key ?? '')
const isOurId = (id: string) => /^[0-9a-z]{26}$/.test(id)
const jsonOf = (value: unknown) =>
  JSON.stringify(value, (_key, held: unknown) =>
    typeof held === 'bigint' ? Number(held) : held instanceof Uint8Array ? null : held,
  )
