import type { Outcome } from '../battles/battle.ts'
import { type Exclusion, exclusions } from '../votes/vote.ts'
import { hasPersonalData, hasPlaceholder } from './clean-text.ts'
import { answerOf, imagesOf, textsOf } from './conversation.ts'
import type { ExportRow } from './export-store.ts'
import { type ExportOptions, isTraining, needsPreference, type Preset } from './options.ts'
import { categoriesOf, languageOf } from './record.ts'

/** Why a row is not in a dataset, in the order in which the tests are asked: the first failing one is the reason. */
export const rowReasons = [
  'outside_dates',
  'mode_filter',
  'demo',
  'withdrawn',
  'no_consent',
  'output_terms',
  'open',
  'held',
  'quarantined',
  ...exclusions,
  'side_failed',
  'empty_answer',
  'moderated',
  'pii',
  'model_filter',
  'category_filter',
  'language_filter',
  'turns',
  'image_count',
  'image_undecodable',
  'no_reason',
  'too_fast',
] as const
/** These need to know the other rows. */
export const crowdReasons = ['too_many_by_voter', 'too_many_same_prompt', 'duplicate', 'split_bridge'] as const
export const trainingReasons = [
  'no_preference',
  'diverged_history',
  'identical_answers',
  'both_refused',
  'placeholder_tokens',
  'low_agreement',
] as const
export type Reason = (typeof rowReasons)[number] | (typeof crowdReasons)[number] | (typeof trainingReasons)[number]
export const reasonOrder: readonly Reason[] = [...rowReasons, ...crowdReasons, ...trainingReasons]

export type FunnelStep = { reason: Reason; removed: number; remaining: number }

/** What the tests need to know besides the row: whether a stored picture can be read. */
export type RowFacts = { isImageThere(sha256: string): boolean }

/** Every test of one row by itself that fails for this preset, in order. Empty: the row may go on. */
export function failuresOf(row: ExportRow, preset: Preset, options: ExportOptions, facts: RowFacts): Reason[] {
  const tests = preset === 'votes' ? votesTests : preset === 'battles' || preset === 'lmarena' ? openTests : rowTests
  const failing = tests.filter(({ fails }) => fails(row, preset, options, facts)).map(({ reason }) => reason)
  const mayStay = new Set<string>(preset === 'battles' || preset === 'lmarena' ? options.filters.includeFlags : [])
  if (!options.filters.includeUncounted) return failing.filter((reason) => !mayStay.has(reason))
  return failing.filter((reason) => !mayStay.has(reason) && !(exclusions as readonly string[]).includes(reason))
}

/** Whether the outcome can be trained on in this preset, and enough voters agree on it. */
export function preferenceFailuresOf(
  preset: Preset,
  options: ExportOptions,
  said: { outcome: Outcome; agreement: number | null },
): Reason[] {
  if (!isTraining(preset)) return []
  const failing: Reason[] = []
  const isPreference = said.outcome === 'a' || said.outcome === 'b'
  if (!isPreference && (needsPreference(preset) || !mayBeJudged(said.outcome, options))) failing.push('no_preference')
  if (said.agreement !== null && said.agreement < options.minAgreement) failing.push('low_agreement')
  return failing
}

/** Tests of the texts that only training rows can fail. */
export function trainingFailuresOf(row: ExportRow, preset: Preset, options: ExportOptions): Reason[] {
  if (!isTraining(preset)) return preset === 'llm-comparator' ? comparatorFailures(row, options) : []
  const failing: Reason[] = []
  const needsOneHistory = preset === 'dpo' || preset === 'imagefolder'
  if (needsOneHistory && row.turns.length > 1 && options.multiTurn === 'shared') failing.push('diverged_history')
  if (answerOf(row, 'a') === answerOf(row, 'b')) failing.push('identical_answers')
  const answers = row.turns.at(-1)!.answers
  if (hasRefused(answers.a) && hasRefused(answers.b)) failing.push('both_refused')
  if (options.placeholders === 'exclude' && textsOf(row).some(hasPlaceholder)) failing.push('placeholder_tokens')
  return failing
}

/** Whether an outcome without a preference still says something about single answers (kto). */
export const mayBeJudged = (outcome: Outcome, options: ExportOptions) =>
  outcome === 'tie' ? options.includeTies : outcome === 'both_bad' ? options.includeBothBad : true

export type Contender = { voteId: string; voterId: string; question: string; answers: string }

/** The crowd's tests, over rows in id order (random, so that nobody's newest or oldest votes are preferred). */
export function crowdFailures(
  candidates: readonly Contender[],
  preset: Preset,
  options: ExportOptions,
): Map<string, Reason> {
  const failed = new Map<string, Reason>()
  if (preset === 'votes') return failed
  const { maxPerVoter, maxPerPrompt } = options.filters
  const keepFirst = (rows: readonly Contender[], key: (row: Contender) => string, most: number, reason: Reason) => {
    const seen = new Map<string, number>()
    return rows.filter((row) => {
      const count = (seen.get(key(row)) ?? 0) + 1
      seen.set(key(row), count)
      if (count > most) failed.set(row.voteId, reason)
      return count <= most
    })
  }
  const byVoter = keepFirst(candidates, ({ voterId }) => voterId, maxPerVoter ?? Infinity, 'too_many_by_voter')
  const asked = new Map<string, number>()
  for (const { question } of byVoter) asked.set(question, (asked.get(question) ?? 0) + 1)
  const most = maxPerPrompt ?? highPercentile([...asked.values()])
  const byPrompt = keepFirst(byVoter, ({ question }) => question, most, 'too_many_same_prompt')
  if (options.aggregate === 'per_vote' || !isTraining(preset))
    keepFirst(byPrompt, ({ answers }) => answers, 1, 'duplicate')
  return failed
}

/** Steps with counts that add up, or an error: a funnel that leaks rows is a bug, not a statistic. */
export function funnelOf(total: number, reasons: Map<Reason, number>, kept: number): FunnelStep[] {
  let remaining = total
  const steps = reasonOrder.flatMap((reason): FunnelStep[] => {
    const removed = reasons.get(reason) ?? 0
    if (removed === 0) return []
    remaining -= removed
    return [{ reason, removed, remaining }]
  })
  if (remaining !== kept) throw new Error(`the funnel ends at ${remaining} rows, the dataset has ${kept}`)
  return steps
}

/** The 99.9th percentile by nearest rank: at least this many rows of one question stay (TRUST.md B9). */
export function highPercentile(counts: number[]): number {
  if (counts.length === 0) return Infinity
  const sorted = counts.sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.999) - 1)]!
}

type RowTest = {
  reason: Reason
  fails(row: ExportRow, preset: Preset, options: ExportOptions, facts: RowFacts): boolean
}

const exclusionTests = exclusions.map(
  (exclusion: Exclusion): RowTest => ({ reason: exclusion, fails: ({ vote }) => vote.exclusion === exclusion }),
)

const rowTests: RowTest[] = [
  {
    reason: 'outside_dates',
    fails: ({ vote }, _preset, { filters: { since, until } }) =>
      (since !== null && vote.castAt < since) || (until !== null && vote.castAt >= until),
  },
  {
    reason: 'mode_filter',
    fails: ({ battle }, _preset, { filters }) => filters.mode !== 'any' && battle.mode !== filters.mode,
  },
  { reason: 'demo', fails: ({ battle }) => battle.isDemo },
  { reason: 'withdrawn', fails: ({ vote, battle }) => vote.status === 'withdrawn' || battle.isErased },
  { reason: 'no_consent', fails: ({ battle }, _preset, { scope }) => scope === 'public' && !battle.consent.publish },
  { reason: 'output_terms', fails: ({ models }) => !models.a.exportOutputs || !models.b.exportOutputs },
  // Its voter has not seen the names yet, may still change it, and could look them up in a dataset.
  { reason: 'open', fails: ({ vote }) => vote.status === 'open' },
  { reason: 'held', fails: ({ vote }) => vote.status === 'held' },
  { reason: 'quarantined', fails: ({ vote }) => vote.status === 'quarantined' },
  ...exclusionTests,
  {
    reason: 'side_failed',
    fails: ({ turns }) =>
      turns.some(({ answers }) =>
        [answers.a, answers.b].some(({ state }) => state === 'failed' || state === 'writing'),
      ),
  },
  {
    reason: 'empty_answer',
    fails: ({ turns }) => turns.some(({ answers }) => answers.a.raw.trim() === '' || answers.b.raw.trim() === ''),
  },
  { reason: 'moderated', fails: (row) => imagesOf(row).some(({ isQuarantined }) => isQuarantined) },
  { reason: 'pii', fails: (row, _preset, { pii }) => pii === 'exclude' && isPersonal(row) },
  { reason: 'model_filter', fails: (row, _preset, options) => !isModelWanted(row, options) },
  {
    reason: 'category_filter',
    fails: (row, _preset, { filters: { categories } }) =>
      categories.length > 0 && !categoriesOf(row).some((category) => categories.includes(category)),
  },
  {
    reason: 'language_filter',
    fails: (row, _preset, { filters: { languages } }) =>
      languages.length > 0 && !languages.some((language) => isSameLanguage(languageOf(row), language)),
  },
  {
    reason: 'turns',
    fails: ({ vote }, _preset, { filters: { minTurns, maxTurns } }) =>
      vote.turn < minTurns || vote.turn > (maxTurns ?? Infinity),
  },
  {
    reason: 'image_count',
    fails: (row, preset, { filters: { minImages, maxImages } }) => {
      const images = imagesOf(row).length
      return images < (minImages ?? defaultMinImages(preset)) || images > (maxImages ?? Infinity)
    },
  },
  {
    reason: 'image_undecodable',
    fails: (row, _preset, _options, { isImageThere }) =>
      row.battle.flags.includes('image_missing') || imagesOf(row).some(({ sha256 }) => !isImageThere(sha256)),
  },
  {
    reason: 'no_reason',
    fails: ({ vote }, _preset, { filters }) => filters.hasReason && vote.reasons.length === 0 && !vote.note,
  },
  {
    reason: 'too_fast',
    fails: ({ vote }, _preset, { filters: { minSeconds } }) =>
      minSeconds !== null && (vote.dwellMs ?? 0) < minSeconds * 1000,
  },
]

/** Imported rows whose picture could not be read are ranked and told, but trained on by nobody. */
const openTests: RowTest[] = rowTests.map((test) =>
  test.reason === 'image_undecodable'
    ? {
        ...test,
        fails: (row, _preset, _options, { isImageThere }) => imagesOf(row).some(({ sha256 }) => !isImageThere(sha256)),
      }
    : test,
)

const ofVotes: Reason[] = [
  'outside_dates',
  'demo',
  'withdrawn',
  'open',
  'model_filter',
  'category_filter',
  'language_filter',
]
const votesTests = rowTests.filter(({ reason }) => ofVotes.includes(reason))

const defaultMinImages = (preset: Preset) => (isTraining(preset) || preset === 'llm-comparator' ? 1 : 0)

/** Several presets ask about the same row; looking once is enough. */
const personal = new WeakMap<ExportRow, boolean>()
function isPersonal(row: ExportRow): boolean {
  const known = personal.get(row)
  if (known !== undefined) return known
  const found = [...textsOf(row), ...notes(row)].some(hasPersonalData)
  personal.set(row, found)
  return found
}
const notes = ({ vote }: ExportRow) => (vote.note === null ? [] : [vote.note])

function isModelWanted(
  { models, voter }: ExportRow,
  { filters: { models: wanted, excludeModels, pairs, groups } }: ExportOptions,
): boolean {
  const ids = [models.a.id, models.b.id]
  if (wanted.length > 0 && !ids.some((id) => wanted.includes(id))) return false
  if (ids.some((id) => excludeModels.includes(id))) return false
  if (pairs.length > 0 && !pairs.some((pair) => pair.every((id) => ids.includes(id)))) return false
  return groups.length === 0 || groups.includes(voter.kind)
}

const isSameLanguage = (tag: string, wanted: string) =>
  tag.toLowerCase() === wanted.toLowerCase() || tag.toLowerCase().startsWith(`${wanted.toLowerCase()}-`)

const comparatorFailures = (row: ExportRow, options: ExportOptions): Reason[] =>
  row.turns.length > 1 && options.multiTurn === 'shared' ? ['diverged_history'] : []

/** A provider said so, or a short answer opens with the usual words of a refusal. */
const hasRefused = ({ finish, raw }: { finish: string | null; raw: string }) =>
  finish === 'declined' ||
  (raw.length < 600 &&
    /^\s*(?:i['’]?m sorry|i am sorry|sorry|i apologi[sz]e|unfortunately)?[,.]?\s*(?:but\s+)?i\s+(?:can(?:no|['’])?t|cannot|am unable to|['’]m unable to|won['’]?t)\s+(?:help|assist|comply|provide|answer|do that|identify|engage)/i.test(
      raw,
    ))
