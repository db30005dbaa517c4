// One function per schema: the only place that speaks the field's words (model_a, winner, chosen). Rows come ready: cleaned, filtered, placed in a split.

import { type Outcome, otherSide, type Side, sides } from '../battles/battle.ts'
import { countMarkup } from '../ranking/style-features.ts'
import type { Hash } from './canonical.ts'
import {
  answerOf,
  conversationOf,
  flatText,
  imagesOf,
  type Message,
  type PlacedImage,
  promptOf,
  said,
} from './conversation.ts'
import type { ExportItem, ExportRow, ItemFacts } from './export-store.ts'
import { languageName } from './languages.ts'
import type { ExportOptions } from './options.ts'
import { promptKey } from './row-keys.ts'
import { lmarenaCategories } from './tables.ts'

export type RecordContext = {
  options: ExportOptions
  snapshot: string
  hash: Hash
  voter(id: string): string | null
  session(battleId: string): string | null
  time(at: Date): Date | null
  /** The picture as the file format holds it: bytes for Parquet, nothing for formats that name files. */
  bytes(image: PlacedImage): Uint8Array | null
}
export type Row = Record<string, unknown>

const winners: Record<Outcome, string> = { a: 'model_a', b: 'model_b', tie: 'tie', both_bad: 'both_bad' }
export const winnerOf = (outcome: Outcome): string => winners[outcome]

export function dpoRecord(row: ExportRow, { facts, split }: ExportItem, context: RecordContext): Row {
  const chosen: Side = facts.outcome === 'b' ? 'b' : 'a'
  const rejected = otherSide(chosen)
  return {
    images: imageColumn(row, context),
    prompt: promptOf(row, chosen),
    chosen: [said(answerOf(row, chosen))],
    rejected: [said(answerOf(row, rejected))],
    model_chosen: row.models[chosen].id,
    model_rejected: row.models[rejected].id,
    chosen_side: chosen,
    voter_votes: facts.voterVotes,
    n_votes: facts.votes,
    agreement: facts.agreement,
    ...metaOf(row, facts, split, context),
    ...(context.options.aggregate === 'per_pair' ? { margin: 2 * (facts.agreement ?? 1) - 1 } : {}),
  }
}

export function ktoRecord(row: ExportRow, { side, facts, split }: ExportItem, context: RecordContext): Row {
  const judged = side ?? 'a'
  const { label, source } = judgementOf(facts.outcome, judged)
  return {
    images: imageColumn(row, context),
    prompt: promptOf(row, judged),
    completion: [said(answerOf(row, judged))],
    label,
    model: row.models[judged].id,
    side: judged,
    source,
    ...metaOf(row, facts, split, context),
  }
}

/** What an outcome says about one answer. */
export function judgementOf(outcome: Outcome, side: Side): { label: boolean; source: string } {
  if (outcome === 'both_bad') return { label: false, source: 'both_bad' }
  if (outcome === 'tie') return { label: true, source: 'tie' }
  return outcome === side ? { label: true, source: 'win' } : { label: false, source: 'loss' }
}

export function sftRecord(row: ExportRow, { facts, split }: ExportItem, context: RecordContext): Row {
  const chosen: Side = facts.outcome === 'b' ? 'b' : 'a'
  return {
    images: imageColumn(row, context),
    messages: conversationOf(row, chosen),
    model: row.models[chosen].id,
    ...metaOf(row, facts, split, context),
  }
}

export function battleRecord(row: ExportRow, { facts, split }: ExportItem, context: RecordContext): Row {
  const { vote, battle, models } = row
  const images = imagesOf(row)
  const counts = { a: markupOf(row, 'a'), b: markupOf(row, 'b') }
  const answers = row.turns.at(-1)!.answers
  const order = battle.votes.findIndex(({ id }) => id === vote.id)
  return {
    id: vote.id,
    battle_id: battle.id,
    session_id: context.session(battle.session ?? battle.id),
    prev_vote_id: battle.votes[order - 1]?.id ?? null,
    evaluation_order: order === -1 ? null : order + 1,
    model_a: models.a.id,
    model_b: models.b.id,
    provider_a: models.a.card.organization ?? null,
    provider_b: models.b.card.organization ?? null,
    winner: winnerOf(vote.outcome),
    ...countedColumns(row),
    mode: battle.mode,
    left_side: battle.leftSide,
    blinded_side: battle.blindedSide,
    pair_probability: battle.pairProbability,
    policy_hash: battle.policyHash,
    voter_id: context.voter(row.voter.id),
    voter_kind: row.voter.kind,
    reasons: vote.reasons.map(({ side, key }) => `${side}:${key}`),
    note: vote.note,
    images: imageColumn(row, context),
    image_turn: images.map(({ turn }) => turn),
    image_sha256: images.map(({ sha256 }) => sha256),
    image_phash: images.map(({ phash }) => phash),
    image_size: images.map(({ width, height, bytes, mediaType }) => ({
      w: width,
      h: height,
      bytes: BigInt(bytes),
      mime: mediaType,
    })),
    conversation_a: conversationOf(row, 'a'),
    conversation_b: conversationOf(row, 'b'),
    turn: vote.turn,
    num_turns: battle.turnsTotal,
    ...sided('finish_reason', (side) =>
      answers[side].state === 'stopped' ? 'stopped' : (answers[side].finish ?? null),
    ),
    ...sided('error', (side) => answers[side].reason),
    ...sided('tokens_in', (side) => answers[side].tokensIn),
    ...sided('tokens_out', (side) => answers[side].tokensOut),
    ...sided('latency_ms', (side) => wholeBig(answers[side].totalMs)),
    ...sided('ttft_ms', (side) => wholeBig(answers[side].firstTextMs)),
    ...sided('params', (side) => paramsOf(row, side, context)),
    conv_metadata: Object.fromEntries(
      (['chars', 'headers', 'lists', 'bold'] as const).flatMap((count) =>
        sides.map((side) => [`${count}_${side}`, counts[side][count]]),
      ),
    ),
    language: languageOf(row),
    categories: categoriesOf(row),
    flags: flagsOf(row, facts),
    prompt_sha256: promptKey(row, context.hash),
    consent_version: battle.consent.version,
    license: licenseOf(context.options),
    split,
    split_group: facts.group,
    voted_at: context.time(vote.castAt),
    created_at: battle.startedAt === null ? null : context.time(battle.startedAt),
    ...sided('marks', (side) => marksOf(row, side)),
  }
}

export function lmarenaRecord(row: ExportRow, _item: ExportItem, context: RecordContext): Row {
  const winner =
    context.options.winnerWords === 'standard' && row.vote.outcome === 'both_bad'
      ? 'tie (bothbad)'
      : winnerOf(row.vote.outcome)
  const at = context.time(row.vote.castAt)
  const markup = { a: countMarkup(answersText(row, 'a')), b: countMarkup(answersText(row, 'b')) }
  const big = (counts: Record<string, number>) =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, BigInt(count)]))
  return {
    images: imageColumn(row, context),
    question_id: row.vote.id,
    model_a: row.models.a.id,
    model_b: row.models.b.id,
    winner,
    judge: `arena_user_${context.voter(row.voter.id) ?? 'unknown'}`,
    conversation_a: plainMessages(conversationOf(row, 'a')),
    conversation_b: plainMessages(conversationOf(row, 'b')),
    num_turns: BigInt(row.turns.length),
    tstamp: at === null ? null : at.getTime() / 1000,
    language: languageName(languageOf(row)),
    categories: lmarenaCategoriesOf(row),
    conv_metadata: {
      sum_user_tokens: BigInt(row.turns.reduce((sum, { text }) => sum + tokensOf(text, null), 0)),
      ...Object.fromEntries(
        sides.map((side) => [
          `sum_assistant_${side}_tokens`,
          BigInt(row.turns.reduce((sum, { answers }) => sum + tokensOf(answers[side].raw, answers[side].tokensOut), 0)),
        ]),
      ),
      turns: BigInt(row.turns.length),
      ...sided('header_count', (side) => big(markup[side].headers)),
      ...sided('list_count', (side) => big(markup[side].lists)),
      ...sided('bold_count', (side) => big(markup[side].bold)),
    },
  }
}

/** Without consent to publish, in public scope, nothing ties the vote to a battle or a voter, and only its day is told. */
export function voteRecord(row: ExportRow, _item: ExportItem, context: RecordContext): Row {
  const { vote, battle, models } = row
  const isOpen = context.options.scope === 'internal' || battle.consent.publish
  const at = context.time(vote.castAt)
  const dayMs = 86_400_000
  return {
    id: vote.id,
    battle_id: isOpen ? battle.id : null,
    voted_at: isOpen || at === null ? at : new Date(Math.floor(at.getTime() / dayMs) * dayMs),
    voter_id: isOpen ? context.voter(row.voter.id) : null,
    model_a: models.a.id,
    model_b: models.b.id,
    winner: winnerOf(vote.outcome),
    left_side: battle.leftSide,
    turn: vote.turn,
    num_turns: battle.turnsTotal,
    language: languageOf(row),
    categories: categoriesOf(row),
    mode: battle.mode,
    ...countedColumns(row),
    ...Object.fromEntries(
      (['chars', 'headers', 'lists', 'bold'] as const).flatMap((count) =>
        sides.map((side) => [`${count}_${side}`, markupOf(row, side)[count]]),
      ),
    ),
    pair_probability: battle.pairProbability,
    snapshot: context.snapshot,
  }
}

/** LLaMA-Factory, DPO: leading system, then human and gpt in turn, odd without it, the last one human. */
export function llamafactoryDpoRecord(row: ExportRow, { facts }: ExportItem): Row {
  const chosen: Side = facts.outcome === 'b' ? 'b' : 'a'
  return {
    conversations: promptOf(row, chosen).map(sharegpt),
    chosen: sharegpt(said(answerOf(row, chosen))),
    rejected: sharegpt(said(answerOf(row, otherSide(chosen)))),
    images: imagePaths(row),
  }
}

export function llamafactoryKtoRecord(row: ExportRow, { side, facts }: ExportItem): Row {
  const judged = side ?? 'a'
  return {
    conversations: conversationOf(row, judged).map(sharegpt),
    kto_tag: judgementOf(facts.outcome, judged).label,
    images: imagePaths(row),
  }
}

/** ms-swift reads the chosen answer from the last message. */
export function swiftDpoRecord(row: ExportRow, { facts }: ExportItem, { options }: RecordContext): Row {
  const chosen: Side = facts.outcome === 'b' ? 'b' : 'a'
  return {
    messages: conversationOf(row, chosen).map(flatMessage),
    rejected_response: answerOf(row, otherSide(chosen)),
    images: imagePaths(row),
    ...(options.aggregate === 'per_pair' ? { margin: 2 * (facts.agreement ?? 1) - 1 } : {}),
  }
}

export function swiftKtoRecord(row: ExportRow, { side, facts }: ExportItem): Row {
  const judged = side ?? 'a'
  return {
    messages: conversationOf(row, judged).map(flatMessage),
    label: judgementOf(facts.outcome, judged).label,
    images: imagePaths(row),
  }
}

/** dpo's columns with file names in place of bytes, and times as numbers: date-like text would become a timestamp (T10). */
export function imagefolderRecord(row: ExportRow, item: ExportItem, context: RecordContext): Row {
  const { images: _, voted_at, voter_votes, agreement, session_id, voter_id, ...rest } = dpoRecord(row, item, context)
  return {
    images_file_names: imagePaths(row),
    ...rest,
    session_id: session_id ?? '',
    voter_id: voter_id ?? '',
    voter_votes: voter_votes ?? 0,
    // A column that holds only nulls has no type: these two are there when they say something.
    ...(agreement === null ? {} : { agreement }),
    ...(voted_at instanceof Date ? { voted_at: voted_at.getTime() } : {}),
  }
}

const ratings = { a: 0.9, b: -0.9, tie: 0, both_bad: 0 } as const
const ratingLabels = { a: 'A is better', b: 'B is better', tie: 'Both are good', both_bad: 'Both are bad' } as const

/** One example of LLM Comparator. `isSwapped` when the model with the smaller id stood on side b. Scores stay within 0.9 (T17). */
export function comparatorExample(row: ExportRow, { facts }: ExportItem, jpegs: string[]): Row {
  const isSwapped = row.models.b.id < row.models.a.id
  const sideOf = (shown: Side): Side => (isSwapped ? otherSide(shown) : shown)
  const { outcome } = facts
  const shownOutcome = outcome === 'a' || outcome === 'b' ? sideOf(outcome) : outcome
  const earlier = row.turns.slice(0, -1).map((turn) => ({
    type: 'text',
    data: `${turn.text}\n\n${turn.answers[sideOf('a')].raw}\n\n`,
  }))
  return {
    input_text: [
      ...jpegs.map((data) => ({ type: 'image_byte', data })),
      ...earlier,
      { type: 'text', data: row.turns.at(-1)!.text },
    ],
    tags: categoriesOf(row),
    output_text_a: answerOf(row, sideOf('a')),
    output_text_b: answerOf(row, sideOf('b')),
    score: ratings[shownOutcome],
    individual_rater_scores: [
      {
        score: ratings[shownOutcome],
        rating_label: ratingLabels[shownOutcome],
        is_flipped: isSwapped,
        rationale: row.vote.note ?? '',
      },
    ],
    custom_fields: { vote_id: row.vote.id },
  }
}

export const imagePath = (image: { sha256: string; mediaType: string }) =>
  `images/${image.sha256.slice(0, 2)}/${imageName(image)}`
/** Bare (T13). */
export const imageName = ({ sha256, mediaType }: { sha256: string; mediaType: string }) =>
  `${sha256}.${mediaType === 'image/png' ? 'png' : mediaType === 'image/webp' ? 'webp' : mediaType === 'image/gif' ? 'gif' : 'jpg'}`

export const languageOf = (row: ExportRow) => row.turns.at(-1)!.language
export const categoriesOf = (row: ExportRow) => [...new Set(row.turns.flatMap(({ categories }) => categories))]
/** An imported pool has the licence its publisher gave it, in every scope. */
export const licenseOf = ({ scope, license, source }: ExportOptions) =>
  source === null && scope === 'internal' ? 'internal' : (license ?? '')

/** Part of the ranking: counted, and no later turn of its battle is (a battle has one vote there, its newest). */
export const isRanked = ({ vote, battle }: ExportRow): boolean => {
  const own = battle.votes.find(({ id }) => id === vote.id)
  return own?.counts === true && !battle.votes.some(({ turn, counts }) => counts && turn > vote.turn)
}

function countedColumns(row: ExportRow) {
  const isIn = isRanked(row)
  const own = row.battle.votes.find(({ id }) => id === row.vote.id)
  const exclusion = isIn ? null : (row.vote.exclusion ?? (own?.counts ? 'earlier_turn' : row.vote.status))
  return { counted: isIn, exclusion }
}

export function flagsOf(row: ExportRow, facts: Pick<ItemFacts, 'flags'>): string[] {
  const turns = row.turns.flatMap(({ flags }) => flags as string[])
  const models = [row.models.a, row.models.b]
  return [
    ...new Set([
      ...turns,
      ...row.battle.flags,
      ...(models.some(({ isBaseline }) => isBaseline) ? ['baseline'] : []),
      ...(models.some(({ isReplay }) => isReplay) ? ['replay'] : []),
      ...facts.flags,
    ]),
  ]
}

/** characters, headers, lists, bold of all answers of the side up to the voted turn. */
export function markupOf(row: ExportRow, side: Side) {
  const sum = (count: 'characters' | 'headers' | 'lists' | 'bold') =>
    row.turns.reduce((total, { answers }) => total + answers[side].markup[count], 0)
  return { chars: sum('characters'), headers: sum('headers'), lists: sum('lists'), bold: sum('bold') }
}

const imageColumn = (row: ExportRow, context: RecordContext) =>
  imagesOf(row).map((image) => ({ bytes: context.bytes(image), path: imageName(image) }))
const imagePaths = (row: ExportRow) => imagesOf(row).map(imagePath)

const answersText = (row: ExportRow, side: Side) => row.turns.map(({ answers }) => answers[side].raw).join('\n\n')

/** The provider's count where it gave one, else a quarter of the code points. */
const tokensOf = (text: string, counted: number | null) => counted ?? Math.ceil([...text].length / 4)

const wholeBig = (value: number | null) => (value === null ? null : BigInt(Math.round(value)))

const sided = <T>(name: string, value: (side: Side) => T): Record<string, T> =>
  Object.fromEntries(sides.map((side) => [`${name}_${side}`, value(side)]))

function paramsOf(row: ExportRow, side: Side, { hash }: RecordContext) {
  const { temperature, topP, maxTokens } = row.turns.at(-1)!.answers[side].params
  const system = row.battle.system
  if (temperature === null && topP === null && maxTokens === null && system === null) return null
  return {
    temperature,
    top_p: topP,
    max_tokens: maxTokens,
    system_prompt_sha256: system === null ? null : hash(system),
  }
}

/** Models count images from 1; marks without one belong to the newest. The column counts the images of the row from 0. */
function marksOf(row: ExportRow, side: Side) {
  let seen = 0
  return row.turns.flatMap((turn) => {
    seen += turn.images.length
    return turn.answers[side].marks.map((mark) => ({
      turn: turn.number,
      image: mark.image === undefined ? Math.max(0, seen - 1) : mark.image - 1,
      kind: mark.kind,
      x: mark.kind === 'point' ? mark.x : mark.x1,
      y: mark.kind === 'point' ? mark.y : mark.y1,
      x2: mark.kind === 'point' ? null : mark.x2,
      y2: mark.kind === 'point' ? null : mark.y2,
      label: mark.label,
    }))
  })
}

function metaOf(row: ExportRow, facts: ItemFacts, _split: string, context: RecordContext) {
  const images = imagesOf(row)
  return {
    battle_id: row.battle.id,
    vote_id: row.vote.id,
    session_id: context.session(row.battle.session ?? row.battle.id),
    voter_id: context.voter(row.voter.id),
    language: languageOf(row),
    prompt_sha256: promptKey(row, context.hash),
    split_group: facts.group,
    consent_version: row.battle.consent.version,
    license: licenseOf(context.options),
    turn: row.vote.turn,
    num_turns: row.battle.turnsTotal,
    categories: categoriesOf(row),
    flags: flagsOf(row, facts),
    image_sha256: images.map(({ sha256 }) => sha256),
    image_phash: images.map(({ phash }) => phash),
    voted_at: context.time(row.vote.castAt),
  }
}

const plainMessages = (messages: Message[]) =>
  messages.map((message) => [{ content: flatText(message, ''), role: message.role }])

const speakers = { system: 'system', user: 'human', assistant: 'gpt' } as const
const sharegpt = (message: Message) => ({ from: speakers[message.role], value: flatText(message) })
const flatMessage = (message: Message) => ({ role: message.role, content: flatText(message) })

const ours: Record<(typeof lmarenaCategories)[number], string[]> = {
  captioning: ['describing', 'captioning'],
  ocr: ['ocr', 'document'],
  entity_recognition: ['entity', 'entity_recognition'],
  is_code: ['coding', 'is_code'],
  homework: ['homework'],
  diagram: ['diagram', 'chart'],
  humor: ['humor'],
  creative_writing: ['creative', 'creative_writing'],
  is_refusal: ['is_refusal'],
}

function lmarenaCategoriesOf(row: ExportRow) {
  const own = categoriesOf(row)
  const hasRefusal = sides.some((side) => row.turns.some(({ answers }) => answers[side].finish === 'declined'))
  return Object.fromEntries(
    lmarenaCategories.map((name) => [
      name,
      ours[name].some((word) => own.includes(word)) || (name === 'is_refusal' && hasRefusal),
    ]),
  )
}
