import { expect, test } from 'vitest'
import { dryRun } from '../../src/exports/build-export.ts'
import { escapePlaceholders, hasPlaceholder } from '../../src/exports/clean-text.ts'
import type { ExportRow } from '../../src/exports/export-store.ts'
import { funnelOf, highPercentile, reasonOrder } from '../../src/exports/funnel.ts'
import type { Preset } from '../../src/exports/options.ts'
import { exclusions } from '../../src/votes/vote.ts'
import { exported, folders, lineRows, optionsOf, tableRows, type Wanted } from './helpers.ts'
import { aContext, anAnswer, anExportModel, aPicture, aRow, aTurn, fortyVotes, type RowParts } from './rows.ts'

const folder = folders()
const picture = aPicture(500)
const pictures = new Map([[picture.image.sha256, picture.bytes]])
const turn = (some: Parameters<typeof aTurn>[0] = {}) => aTurn({ images: [picture.image], ...some })
const said = (a: string, b: string) => ({ answers: { a: anAnswer(a), b: anAnswer(b) } })

async function reasonFor(parts: RowParts, preset: Preset = 'dpo', some: Wanted = {}, others: ExportRow[] = []) {
  const row = aRow('judged', { turns: [turn()], ...parts })
  const rows = [...others, row]
  const frozen = await dryRun(optionsOf([preset], some), aContext({ rows, pictures }, folder()))
  const [lane] = frozen.funnels.keys()
  return (frozen.funnels.get(lane!) ?? []).map(({ reason }) => reason)
}

test('an ordinary vote goes in', async () => {
  expect(await reasonFor({})).toEqual([])
})

const failing: [string, RowParts, Wanted?, Preset?][] = [
  ['outside_dates', {}, { filters: { since: new Date('2026-12-01') } }],
  ['outside_dates', {}, { filters: { until: new Date('2026-11-01T12:01:00Z') } }],
  ['mode_filter', { battle: { mode: 'named' } }],
  ['demo', { battle: { isDemo: true } }],
  ['withdrawn', { vote: { status: 'withdrawn' } }],
  ['withdrawn', { battle: { isErased: true } }],
  ['no_consent', { battle: { consent: { version: '1', publish: false } } }, { scope: 'public', license: 'cc-by-4.0' }],
  ['output_terms', { models: { a: anExportModel('ant'), b: anExportModel('bee', { exportOutputs: false }) } }],
  ['open', { vote: { status: 'open' } }],
  ['open', { vote: { status: 'open' } }, {}, 'votes'],
  ['held', { vote: { status: 'held' } }],
  ['quarantined', { vote: { status: 'quarantined' } }],
  [
    'side_failed',
    { turns: [turn({ answers: { a: anAnswer('x'), b: anAnswer('', { state: 'failed', reason: 'broken' }) } })] },
  ],
  ['empty_answer', { turns: [turn(said('Something', ' \n'))] }],
  ['moderated', { turns: [turn({ images: [{ ...picture.image, isQuarantined: true }] })] }],
  ['pii', { turns: [turn({ text: 'Is this a.person@example.org?' })] }],
  ['model_filter', {}, { filters: { models: ['cat'] } }],
  ['model_filter', {}, { filters: { excludeModels: ['bee'] } }],
  ['model_filter', {}, { filters: { pairs: [['ant', 'cat']] } }],
  ['model_filter', {}, { filters: { groups: ['annotator'] } }],
  ['category_filter', {}, { filters: { categories: ['chart'] } }],
  ['language_filter', {}, { filters: { languages: ['zh'] } }],
  ['turns', {}, { filters: { minTurns: 2 } }],
  ['image_count', { turns: [turn({ images: [] })] }],
  ['image_count', { turns: [turn({ images: [picture.image, picture.image] })] }, { filters: { maxImages: 1 } }],
  ['image_undecodable', { turns: [turn({ images: [aPicture(501).image] })] }],
  ['image_undecodable', { battle: { flags: ['image_missing'] } }],
  ['no_reason', {}, { filters: { hasReason: true } }],
  ['too_fast', {}, { filters: { minSeconds: 10 } }],
  ['no_preference', { vote: { outcome: 'tie' } }],
  ['no_preference', { vote: { outcome: 'both_bad' } }, {}, 'sft'],
  ['no_preference', { vote: { outcome: 'tie' } }, {}, 'kto'],
  ['no_preference', { vote: { outcome: 'both_bad' } }, { includeBothBad: false }, 'kto'],
  ['diverged_history', { turns: [turn(), turn({ number: 2, images: [] })] }],
  ['identical_answers', { turns: [turn(said('Same', 'Same'))] }],
  [
    'both_refused',
    {
      turns: [
        turn({
          answers: {
            a: anAnswer('No.', { finish: 'declined' }),
            b: anAnswer("I'm sorry, but I can't help with that."),
          },
        }),
      ],
    },
  ],
  ['placeholder_tokens', { turns: [turn(said('<|im_end|>', 'x'))] }],
]
test.each(failing)('%s is why a row is left out (case %#)', async (reason, parts, some = {}, preset = 'dpo') => {
  expect(await reasonFor(parts, preset, some)).toEqual([reason])
})

test.each(exclusions)(
  'a vote that is not ranked because of %s is left out under that name, and kept on request',
  async (exclusion) => {
    const parts: RowParts = { vote: { status: 'uncounted', exclusion } }
    expect(await reasonFor(parts)).toEqual([exclusion])
    expect(await reasonFor(parts, 'battles')).toEqual([exclusion])
    expect(await reasonFor(parts, 'battles', { filters: { includeUncounted: true } })).toEqual([])
    expect(await reasonFor(parts, 'votes')).toEqual([])
  },
)

test('the first failing test is the reason, in the documented order', async () => {
  const everything: RowParts = {
    vote: { status: 'withdrawn', outcome: 'tie' },
    battle: { mode: 'named', isDemo: true },
  }
  expect(await reasonFor(everything)).toEqual(['mode_filter'])
  expect(await reasonFor(everything, 'dpo', { filters: { mode: 'any' } })).toEqual(['demo'])
  expect(reasonOrder.slice(0, 8)).toEqual([
    'outside_dates',
    'mode_filter',
    'demo',
    'withdrawn',
    'no_consent',
    'output_terms',
    'open',
    'held',
  ])
})

test('--include-flag keeps what the named test would remove, in battles only', async () => {
  const parts: RowParts = { turns: [turn({ text: 'Is this a.person@example.org?' })] }
  expect(await reasonFor(parts, 'battles')).toEqual(['pii'])
  expect(await reasonFor(parts, 'battles', { filters: { includeFlags: ['pii'] } })).toEqual([])
})

test('the same answers to the same question are one row, whichever side they stood on; other answers are not', async () => {
  const twin = (name: string, answers: [string, string]) => aRow(name, { turns: [turn(said(...answers))] })
  expect(await reasonFor({ turns: [turn(said('x', 'y'))] }, 'dpo', {}, [twin('t', ['y', 'x'])])).toEqual(['duplicate'])
  expect(await reasonFor({ turns: [turn(said('x', 'y'))] }, 'dpo', {}, [twin('t', ['z', 'x'])])).toEqual([])
})

test('one voter, and one question, give at most so many rows', async () => {
  const others = Array.from({ length: 5 }, (_, n) =>
    aRow(`o${n}`, { voter: { id: 'voter-judged', kind: 'anon' }, turns: [turn(said(`x${n}`, `y${n}`))] }),
  )
  expect(await reasonFor({}, 'dpo', { filters: { maxPerVoter: 3 } }, others)).toEqual(['too_many_by_voter'])
  expect(await reasonFor({}, 'dpo', { filters: { maxPerPrompt: 2 } }, others)).toEqual(['too_many_same_prompt'])
  expect(await reasonFor({}, 'dpo', {}, others)).toEqual([])
  expect(highPercentile([...Array.from({ length: 998 }, () => 1), 500, 600])).toBe(500)
})

test('low agreement takes a merged row out', async () => {
  const votes = (['a', 'b', 'tie'] as const).map((outcome, n) => aRow(`m${n}`, { vote: { outcome }, turns: [turn()] }))
  expect(
    await reasonFor({ vote: { outcome: 'a' } }, 'dpo', { aggregate: 'per_pair', minAgreement: 0.7 }, votes),
  ).toEqual(['duplicate', 'low_agreement'])
})

test('the steps add up, and a funnel that does not is an error', async () => {
  const arena = fortyVotes()
  const frozen = await dryRun(optionsOf(['dpo', 'kto', 'battles', 'votes']), aContext(arena, folder()))
  for (const [lane, steps] of frozen.funnels) {
    const removed = steps.reduce((sum, step) => sum + step.removed, 0)
    expect(removed + new Set(frozen.kept.get(lane)!.map(({ item }) => item.voteId)).size).toBe(40)
  }
  expect(() => funnelOf(10, new Map([['demo', 3]]), 6)).toThrow(/ends at 7/)
})

const tokens = [
  '<|im_start|>',
  '<|vision_start|>',
  '<|turn>',
  '<turn|>',
  '<image>',
  '</image>',
  '<video>',
  '<audio>',
  '<img>',
  '</s>',
  '<s>',
  '<bos>',
  '<eos>',
  '<start_of_image>',
  '<end_of_image>',
  '<image_soft_token>',
  '<start_of_turn>',
  '<end_of_turn>',
  '<IMG_CONTEXT>',
  '<fake_token_around_image>',
  '[IMG]',
  '[IMG_BREAK]',
  '[IMG_END]',
  '[INST]',
  '[/INST]',
]
test.each(tokens)('%s is excluded from training data, or made harmless, and kept in battles', async (token) => {
  expect(hasPlaceholder(`so ${token} it says`)).toBe(true)
  const escaped = escapePlaceholders(`so ${token} it says`)
  expect(hasPlaceholder(escaped)).toBe(false)
  expect(escaped.replaceAll('\u200b', '')).toBe(`so ${token} it says`)
  expect(await reasonFor({ turns: [turn({ text: token })] })).toEqual(['placeholder_tokens'])
  expect(await reasonFor({ turns: [turn({ text: token })] }, 'battles')).toEqual([])
})

test('escaped rows say so and keep the marker of the picture itself', async () => {
  const root = folder()
  const rows = [aRow('e', { turns: [turn({ text: 'What is <image> for?' })] })]
  await exported(root, ['swift', 'dpo'], { placeholders: 'escape', test: 0 }, { arena: { rows, pictures } })
  const [line] = lineRows(root, 'swift/dpo_train.jsonl')
  expect((line!['messages'] as { content: string }[])[0]!.content).toBe('<image>What is <\u200bimage> for?')
  expect((await tableRows(root, 'dpo/*.parquet'))[0]!['flags']).toEqual(['escaped'])
})

test('words that only look like tokens stay', () => {
  for (const text of ['a < b and b > c', '<b>bold</b>', '[1] note', 'x <| y', 'List<String>'])
    expect(hasPlaceholder(text)).toBe(false)
})
