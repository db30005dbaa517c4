import { type Outcome, otherSide, sides } from '../battles/battle.ts'
import { byCodeUnit, type Hash } from './canonical.ts'
import { answerOf, imagesOf } from './conversation.ts'
import type { ExportItem, ExportModel, ExportReader, ExportRow, ItemFacts, SplitKey } from './export-store.ts'
import {
  crowdFailures,
  type FunnelStep,
  failuresOf,
  funnelOf,
  preferenceFailuresOf,
  type Reason,
  trainingFailuresOf,
} from './funnel.ts'
import { type ExportOptions, isSplit, isTraining, type Lane, lanesOf, rulesOf } from './options.ts'
import { withoutPersonalData } from './prepare-row.ts'
import { categoriesOf, flagsOf, isRanked, languageOf, markupOf } from './record.ts'
import { answersKey, contentKeys, questionKey } from './row-keys.ts'
import { type Placement, placeByTime, placeRows, type Split } from './splits.ts'

/** What is kept of a row between the pass that chooses and the one that writes: small, so that a million fit. */
export type Candidate = {
  voteId: string
  voterId: string
  battleId: string
  digest: string
  outcome: Outcome
  question: string
  answers: string
  /** Whether side b holds the answer that sorts first: votes on the same two answers then speak of the same one. */
  isFlipped: boolean
  keys: { key: string; phash: string | null }[]
  at: Date
  models: [string, string]
  language: string
  categories: string[]
  turn: number
  turnsTotal: number
  isRanked: boolean
  hasReason: boolean
  leftSide: 'a' | 'b' | null
  markup: [ReturnType<typeof markupOf>, ReturnType<typeof markupOf>]
  pairProbability: number | null
  images: { sha256: string; mime: string; width: number; height: number; bytes: number }[]
  textBytes: number
  flags: string[]
  consentVersion: string
  mayPublish: boolean
  policyHash: string | null
}

export type Frozen = {
  /** In the order they are written: preset, then split, then vote id. */
  items: ExportItem[]
  kept: Map<Lane, { candidate: Candidate; item: ExportItem }[]>
  funnels: Map<Lane, FunnelStep[]>
  reasonsAny: Map<Lane, Partial<Record<Reason, number>>>
  models: Map<string, ExportModel>
  /** Votes seen and a digest over every row: the same arena gives the same watermark, any change another. */
  watermark: string
  votes: number
  newestAt: Date
  placement: Pick<Placement, 'largestShare'>
  splitKeys: SplitKey[]
  warnings: string[]
}

export type FreezeContext = {
  hash: Hash
  /** Looked up once per picture. */
  isImageThere(image: { sha256: string; mediaType: string }): Promise<boolean>
  knownKeys: SplitKey[]
  onRow?(rows: number): void
}

/** Reads every vote once, decides for each preset which go in and why the others do not, and where each stands. */
export async function freezeRows(
  reader: ExportReader,
  options: ExportOptions,
  { hash, isImageThere, knownKeys, onRow }: FreezeContext,
): Promise<Frozen> {
  const tallies = new Map(lanesOf(options.presets).map((lane) => [lane, emptyTally()]))
  const there = new Map<string, boolean>()
  const models = new Map<string, ExportModel>()
  const intern = interner()
  let votes = 0
  let newestAt = new Date(0)
  let chain = hash('')
  for await (const row of reader.rows()) {
    votes += 1
    onRow?.(votes)
    if (row.vote.castAt > newestAt) newestAt = row.vote.castAt
    const digest = digestOf(row, hash)
    chain = hash(`${chain}${row.vote.id}${digest}`)
    for (const image of imagesOf(row)) if (!there.has(image.sha256)) there.set(image.sha256, await isImageThere(image))
    const facts = { isImageThere: (sha256: string) => there.get(sha256) ?? false }
    let candidate: Candidate | null = null
    for (const [lane, tally] of tallies) {
      tally.total += 1
      const failing = failuresOf(row, rulesOf(lane), options, facts)
      const later = trainingFailuresOf(row, rulesOf(lane), options)
      for (const reason of [...failing, ...later]) count(tally.any, reason)
      if (failing[0]) {
        count(tally.reasons, failing[0])
        continue
      }
      candidate ??= candidateOf(withoutPersonalData(row, options), digest, hash, intern)
      for (const side of sides) models.set(row.models[side].id, row.models[side])
      tally.candidates.push({ candidate, later })
    }
  }

  const survivors = new Map<Lane, Survivor[]>()
  for (const [lane, tally] of tallies) survivors.set(lane, crowdOf(lane, tally, options))
  const { placed, bridges, keys, largestShare } = placeAll(survivors, knownKeys, options, hash)

  const frozen: Frozen = {
    items: [],
    kept: new Map(),
    funnels: new Map(),
    reasonsAny: new Map(),
    models,
    watermark: `${votes}-${chain.slice(0, 32)}`,
    votes,
    newestAt,
    placement: { largestShare },
    splitKeys: keys,
    warnings: warningsOf(largestShare, options),
  }
  for (const [lane, tally] of tallies) {
    const kept = chooseRows(lane, survivors.get(lane)!, tally, placed, bridges, options)
    frozen.kept.set(lane, kept)
    for (const { item } of kept) frozen.items.push(item)
    const rows = new Set(kept.map(({ item }) => item.voteId)).size
    frozen.funnels.set(lane, funnelOf(tally.total, tally.reasons, rows))
    frozen.reasonsAny.set(lane, Object.fromEntries(tally.any))
  }
  return frozen
}

function chooseRows(
  lane: Lane,
  survivors: Survivor[],
  tally: Tally,
  placed: Placement['placed'],
  bridges: Set<string>,
  options: ExportOptions,
) {
  const rules = rulesOf(lane)
  const kept = survivors.flatMap((survivor) => {
    const isBridge = isSplit(rules) && bridges.has(survivor.candidate.voteId)
    const preference = preferenceFailuresOf(rules, options, survivor)
    for (const reason of [...(isBridge ? ['split_bridge' as const] : []), ...preference]) count(tally.any, reason)
    const reason = isBridge ? 'split_bridge' : firstOf(preference, survivor.later)
    if (reason) count(tally.reasons, reason)
    if (survivor.merged > 0) tally.reasons.set('duplicate', (tally.reasons.get('duplicate') ?? 0) + survivor.merged)
    return reason ? [] : itemsOf(survivor, lane, placed.get(survivor.candidate.voteId), options)
  })
  withVoterVotes(kept)
  return kept.sort(
    (left, right) =>
      byCodeUnit(left.item.split, right.item.split) ||
      // Loaders of JSON lines take a column's type from its first rows: those with pictures come first.
      (isText(lane) ? Number(isBare(left)) - Number(isBare(right)) : 0),
  )
}

const isText = (lane: Lane) => lane.includes('/') || lane === 'imagefolder'
const isBare = ({ candidate }: { candidate: Candidate }) => candidate.images.length === 0

/** `no_preference` is asked first and `low_agreement` last (EXPORTS.md 5). */
const firstOf = (preference: Reason[], later: Reason[]): Reason | undefined =>
  preference.includes('no_preference') ? 'no_preference' : (later[0] ?? preference[0])

const warningsOf = (largestShare: number, { test, splitBy, splitPhash }: ExportOptions) =>
  largestShare > 0.2 && test > 0 && splitBy === 'content'
    ? [
        `${Math.round(largestShare * 100)} % of the rows hang together through shared pictures or questions and stand in one split` +
          (splitPhash > 0 ? '; --split-phash 0 stops joining look-alike pictures' : ''),
      ]
    : []

/** Of everything a written row depends on; a model's card may be corrected without making its rows others. */
export function digestOf(row: ExportRow, hash: Hash): string {
  const model = ({ id, version, exportOutputs, card }: ExportModel) => ({
    id,
    version,
    exportOutputs,
    organization: card.organization ?? null,
  })
  // Stores build their rows key by key in one order, so plain JSON is canonical here, and four times as fast.
  return hash(JSON.stringify({ ...row, models: { a: model(row.models.a), b: model(row.models.b) } })).slice(0, 32)
}

type Tally = {
  total: number
  reasons: Map<Reason, number>
  any: Map<Reason, number>
  candidates: { candidate: Candidate; later: Reason[] }[]
}
type Survivor = {
  candidate: Candidate
  later: Reason[]
  outcome: Outcome
  agreement: number | null
  votes: number
  /** Votes on the same answers that this row speaks for and that are rows no more. */
  merged: number
}

const emptyTally = (): Tally => ({ total: 0, reasons: new Map(), any: new Map(), candidates: [] })
const count = (counts: Map<Reason, number>, reason: Reason) => counts.set(reason, (counts.get(reason) ?? 0) + 1)

function crowdOf(lane: Lane, tally: Tally, options: ExportOptions): Survivor[] {
  const failed = crowdFailures(
    tally.candidates.map(({ candidate }) => candidate),
    rulesOf(lane),
    options,
  )
  for (const reason of failed.values()) {
    count(tally.reasons, reason)
    count(tally.any, reason)
  }
  const left = tally.candidates.filter(({ candidate }) => !failed.has(candidate.voteId))
  if (options.aggregate === 'per_vote' || !isTraining(rulesOf(lane)))
    return left.map(({ candidate, later }) => ({
      candidate,
      later,
      outcome: candidate.outcome,
      agreement: null,
      votes: 1,
      merged: 0,
    }))
  return mergePairs(left)
}

/** All votes on the same two answers become one row that says what most of them say; a tie counts half for each answer. */
function mergePairs(rows: Tally['candidates']): Survivor[] {
  const groups = new Map<string, Tally['candidates']>()
  for (const row of rows) {
    const group = groups.get(row.candidate.answers)
    if (group) group.push(row)
    else groups.set(row.candidate.answers, [row])
  }
  return [...groups.values()].map((group) => {
    const counts = { a: 0, b: 0, tie: 0, both_bad: 0 }
    for (const { candidate } of group) counts[canonical(candidate)] += 1
    const winner: Outcome =
      counts.a !== counts.b
        ? counts.a > counts.b
          ? 'a'
          : 'b'
        : counts.both_bad > counts.tie + counts.a
          ? 'both_bad'
          : 'tie'
    const first = group.find(({ candidate }) => canonical(candidate) === winner) ?? group[0]!
    const wins = Math.max(counts.a, counts.b)
    return {
      ...first,
      outcome:
        winner === 'tie' || winner === 'both_bad' ? winner : first.candidate.isFlipped ? otherSide(winner) : winner,
      agreement: (wins + (counts.tie + counts.both_bad) / 2) / group.length,
      votes: group.length,
      merged: group.length - 1,
    }
  })
}

const canonical = ({ outcome, isFlipped }: Candidate): Outcome =>
  isFlipped && (outcome === 'a' || outcome === 'b') ? otherSide(outcome) : outcome

function placeAll(survivors: Map<Lane, Survivor[]>, known: SplitKey[], options: ExportOptions, hash: Hash) {
  const { test, seed, splitBy, splitPhash } = options
  const candidates = new Map<string, Candidate>()
  for (const [lane, rows] of survivors)
    if (isSplit(rulesOf(lane))) for (const { candidate } of rows) candidates.set(candidate.voteId, candidate)
  const rows = [...candidates.values()].sort((left, right) => byCodeUnit(left.voteId, right.voteId))
  if (splitBy === 'time') {
    const boundary = known.find(({ key }) => key === 'time')?.component
    const { placed, boundary: next } = placeByTime(rows, boundary ? new Date(Number(boundary)) : null, test)
    const keys: SplitKey[] =
      next === null ? [] : [{ key: 'time', component: String(next.getTime()), split: 'test', phash: null }]
    return { placed, bridges: new Set<string>(), keys, largestShare: 0 }
  }
  return placeRows(
    splitBy === 'voter'
      ? rows.map(({ voteId, voterId }) => ({ voteId, keys: [{ key: `u:${hash(`voter\0${voterId}`)}`, phash: null }] }))
      : rows,
    known,
    { test, seed, near: splitPhash, hash },
  )
}

/** One row each, or for kto one per answer that the outcome says something about. */
function itemsOf(
  { candidate, outcome, agreement, votes }: Survivor,
  lane: Lane,
  place: { split: Split; group: string } | undefined,
  { multiTurn }: ExportOptions,
): { candidate: Candidate; item: ExportItem }[] {
  const rules = rulesOf(lane)
  const facts: ItemFacts = {
    battleId: candidate.battleId,
    group: place?.group ?? '',
    voterVotes: null,
    votes,
    agreement,
    outcome,
    flags: candidate.turn > 1 && multiTurn === 'winner' && rules === 'dpo' ? ['winner_history'] : [],
  }
  const split = isSplit(rules) ? (place?.split ?? 'train') : 'train'
  return (rules === 'kto' ? sides : [null]).map((side) => ({
    candidate,
    item: { preset: lane, split, voteId: candidate.voteId, side, rowDigest: candidate.digest, facts: { ...facts } },
  }))
}

function withVoterVotes(kept: { candidate: Candidate; item: ExportItem }[]) {
  const byVoter = new Map<string, number>()
  for (const { candidate } of kept) byVoter.set(candidate.voterId, (byVoter.get(candidate.voterId) ?? 0) + 1)
  for (const { candidate, item } of kept)
    if (item.side === null) item.facts.voterVotes = byVoter.get(candidate.voterId)!
}

function candidateOf(row: ExportRow, digest: string, hash: Hash, intern: (text: string) => string): Candidate {
  const images = imagesOf(row)
  const texts = row.turns.reduce(
    (sum, { text, answers }) => sum + text.length + answers.a.raw.length + answers.b.raw.length,
    0,
  )
  return {
    voteId: row.vote.id,
    voterId: intern(row.voter.id),
    battleId: row.battle.id,
    digest,
    outcome: row.vote.outcome,
    question: intern(questionKey(row, hash)),
    answers: answersKey(row, hash),
    isFlipped: hash(answerOf(row, 'b')) < hash(answerOf(row, 'a')),
    keys: contentKeys(row, hash).map(({ key, phash }) => ({ key: intern(key), phash })),
    at: row.vote.castAt,
    models: [intern(row.models.a.id), intern(row.models.b.id)],
    language: intern(languageOf(row)),
    categories: categoriesOf(row).map(intern),
    turn: row.vote.turn,
    turnsTotal: row.battle.turnsTotal,
    isRanked: isRanked(row),
    hasReason: row.vote.reasons.length > 0 || row.vote.note !== null,
    leftSide: row.battle.leftSide,
    markup: [markupOf(row, 'a'), markupOf(row, 'b')],
    pairProbability: row.battle.pairProbability,
    images: images.map(({ sha256, mediaType, width, height, bytes }) => ({
      sha256: intern(sha256),
      mime: intern(mediaType),
      width,
      height,
      bytes,
    })),
    textBytes: texts,
    flags: flagsOf(row, { flags: [] }),
    consentVersion: intern(row.battle.consent.version),
    mayPublish: row.battle.consent.publish,
    policyHash: row.battle.policyHash === null ? null : intern(row.battle.policyHash),
  }
}

/** One copy of each repeated text. */
function interner() {
  const held = new Map<string, string>()
  return (text: string) => {
    const known = held.get(text)
    if (known !== undefined) return known
    held.set(text, text)
    return text
  }
}
