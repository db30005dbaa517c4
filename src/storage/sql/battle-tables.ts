import { sql } from 'drizzle-orm'
import { battleStates, type Chip, modes, pacings, sides, type TurnFlag, voidReasons } from '../../battles/battle.ts'
import type { Mark } from '../../models/grounding.ts'
import { failureReasons, type Receipt } from '../../models/provider.ts'
import { type Columns, isOneOf } from './columns.ts'
import type { RegistryTables } from './registry-tables.ts'

export const answerStates = ['writing', 'stopped', 'finished', 'failed'] as const
export const finishes = ['complete', 'cut', 'declined'] as const
export const inputMethods = ['typed', 'spoken', 'chosen'] as const
export const origins = ['arena', 'demo', 'import'] as const

/** One battle, its turns, and what both sides said. Small columns come first: what ranking reads must not walk past long texts. */
export function battleTables(c: Columns, { voters, images, modelVersions }: RegistryTables) {
  const battles = c.table(
    'battles',
    {
      id: c.id('id').notNull(),
      voterId: c.id('voter_id').notNull(),
      formKey: c.id('form_key').notNull(),
      state: c.oneOf('state', battleStates).notNull(),
      voidReason: c.oneOf('void_reason', voidReasons),
      mode: c.oneOf('mode', modes).notNull(),
      /** The mode it was drawn in; `mode` changes with the reveal, this never does. */
      startedMode: c.oneOf('started_mode', modes).notNull(),
      pacing: c.oneOf('pacing', pacings).notNull(),
      /** Demo battles and imported ones are told apart for ever. */
      origin: c.oneOf('origin', origins).notNull().default('arena'),
      modelA: c.id('model_a').notNull(),
      versionA: c.id('version_a').notNull(),
      modelB: c.id('model_b').notNull(),
      versionB: c.id('version_b').notNull(),
      pairProbability: c.real('pair_probability').notNull(),
      policyHash: c.text('policy_hash').notNull(),
      consentVersion: c.text('consent_version').notNull(),
      consentPublish: c.flag('consent_publish').notNull(),
      tries: c.integer('tries').notNull().default(0),
      stoppedByVoter: c.flag('stopped_by_voter').notNull().default(false),
      replacedSide: c.oneOf('replaced_side', sides),
      startedAt: c.time('started_at').notNull(),
      /** When the newest turn had both answers. */
      readyAt: c.time('ready_at'),
      revealedAt: c.time('revealed_at'),
      /** The last change of state. */
      movedAt: c.time('moved_at').notNull(),
      eligible: c.json<string[]>('eligible').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'battles_pk', columns: [t.id] }),
      c.unique('battles_form_key_unique').on(t.formKey),
      c.foreignKey({ name: 'battles_voter_fk', columns: [t.voterId], foreignColumns: [voters.id] }),
      c.foreignKey({
        name: 'battles_model_a_fk',
        columns: [t.modelA, t.versionA],
        foreignColumns: [modelVersions.modelId, modelVersions.version],
      }),
      c.foreignKey({
        name: 'battles_model_b_fk',
        columns: [t.modelB, t.versionB],
        foreignColumns: [modelVersions.modelId, modelVersions.version],
      }),
      c.check('battles_state_known', isOneOf(t.state, battleStates)),
      c.check('battles_void_reason_known', isOneOf(t.voidReason, voidReasons)),
      c.check('battles_void_has_reason', sql`(${t.state} = 'void') = (${t.voidReason} is not null)`),
      c.check('battles_mode_known', isOneOf(t.mode, modes)),
      c.check('battles_started_mode_known', isOneOf(t.startedMode, modes)),
      c.check('battles_pacing_known', isOneOf(t.pacing, pacings)),
      c.check('battles_origin_known', isOneOf(t.origin, origins)),
      c.check('battles_replaced_side_known', isOneOf(t.replacedSide, sides)),
      c.check('battles_revealed_has_time', sql`${t.state} <> 'revealed' or ${t.revealedAt} is not null`),
      c.check('battles_two_contestants', sql`${t.modelA} <> ${t.modelB} or ${t.startedMode} = 'ablation'`),
      c.check('battles_probability', sql`${t.pairProbability} > 0 and ${t.pairProbability} <= 1`),
      c.index('battles_by_voter').on(t.voterId, t.startedAt, t.id),
      c.index('battles_by_state').on(t.state, t.readyAt),
      c.index('battles_by_pair').on(t.startedMode, t.modelA, t.modelB),
    ],
  )

  const turns = c.table(
    'turns',
    {
      battleId: c.id('battle_id').notNull(),
      number: c.integer('number').notNull(),
      promptSha256: c.id('prompt_sha256').notNull(),
      language: c.text('language').notNull(),
      categories: c.json<string[]>('categories').notNull(),
      flags: c.json<TurnFlag[]>('flags').notNull(),
      /** Where the question came from. No foreign key: a set may be gone, its name here stays true. */
      promptId: c.id('prompt_id'),
      inputMethod: c.oneOf('input_method', inputMethods).notNull(),
      askedAt: c.time('asked_at').notNull(),
      readyAt: c.time('ready_at'),
      promptText: c.text('prompt_text').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'turns_pk', columns: [t.battleId, t.number] }),
      c.foreignKey({ name: 'turns_battle_fk', columns: [t.battleId], foreignColumns: [battles.id] }),
      c.check('turns_number_positive', sql`${t.number} > 0`),
      c.check('turns_input_method_known', isOneOf(t.inputMethod, inputMethods)),
      c.index('turns_by_prompt').on(t.promptSha256, t.battleId, t.number),
    ],
  )

  const turnImages = c.table(
    'turn_images',
    {
      battleId: c.id('battle_id').notNull(),
      turn: c.integer('turn').notNull(),
      position: c.integer('position').notNull(),
      image: c.id('image').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'turn_images_pk', columns: [t.battleId, t.turn, t.position] }),
      c.foreignKey({
        name: 'turn_images_turn_fk',
        columns: [t.battleId, t.turn],
        foreignColumns: [turns.battleId, turns.number],
      }),
      c.foreignKey({ name: 'turn_images_image_fk', columns: [t.image], foreignColumns: [images.sha256] }),
      c.index('turn_images_by_image').on(t.image, t.battleId),
    ],
  )

  const answers = c.table(
    'answers',
    {
      battleId: c.id('battle_id').notNull(),
      turn: c.integer('turn').notNull(),
      side: c.oneOf('side', sides).notNull(),
      /** Who was asked on this side in this turn; a replacement counts from its own turn on. */
      modelId: c.id('model_id').notNull(),
      version: c.id('version').notNull(),
      state: c.oneOf('state', answerStates).notNull(),
      finish: c.oneOf('finish', finishes),
      reason: c.oneOf('reason', failureReasons),
      ref: c.text('ref'),
      namedItself: c.flag('named_itself').notNull().default(false),
      characters: c.integer('characters').notNull().default(0),
      headers: c.integer('headers').notNull().default(0),
      lists: c.integer('lists').notNull().default(0),
      bold: c.integer('bold').notNull().default(0),
      /** Null while it is not written, and for ever when its model was never asked. */
      endedAt: c.time('ended_at'),
      detail: c.text('detail'),
      text: c.text('text').notNull().default(''),
      chips: c.json<Chip[]>('chips').notNull().default([]),
      marks: c.json<Mark[]>('marks').notNull().default([]),
      /** Untouched; null while there is none. */
      raw: c.text('raw'),
      receipt: c.json<Receipt>('receipt'),
    },
    (t) => [
      c.primaryKey({ name: 'answers_pk', columns: [t.battleId, t.turn, t.side] }),
      c.foreignKey({
        name: 'answers_turn_fk',
        columns: [t.battleId, t.turn],
        foreignColumns: [turns.battleId, turns.number],
      }),
      c.foreignKey({
        name: 'answers_model_fk',
        columns: [t.modelId, t.version],
        foreignColumns: [modelVersions.modelId, modelVersions.version],
      }),
      c.check('answers_side_known', isOneOf(t.side, sides)),
      c.check('answers_state_known', isOneOf(t.state, answerStates)),
      c.check('answers_finish_known', isOneOf(t.finish, finishes)),
      c.check('answers_reason_known', isOneOf(t.reason, failureReasons)),
      c.check('answers_finished_has_finish', sql`(${t.state} = 'finished') = (${t.finish} is not null)`),
      c.check('answers_failed_has_reason', sql`(${t.state} = 'failed') = (${t.reason} is not null)`),
      c.check('answers_failed_has_ref', sql`(${t.state} = 'failed') = (${t.ref} is not null)`),
      c.index('answers_markup').on(t.battleId, t.turn, t.side, t.finish, t.characters, t.headers, t.lists, t.bold),
      c.index('answers_by_model').on(t.modelId, t.state, t.endedAt),
    ],
  )

  // A retried answer is overwritten, but that its model failed once is counted for ever.
  const failedAnswers = c.table(
    'failed_answers',
    {
      seq: c.sequence('seq'),
      battleId: c.id('battle_id').notNull(),
      turn: c.integer('turn').notNull(),
      side: c.oneOf('side', sides).notNull(),
      modelId: c.id('model_id').notNull(),
      version: c.id('version').notNull(),
      reason: c.oneOf('reason', failureReasons).notNull(),
      ref: c.text('ref').notNull(),
      detail: c.text('detail'),
      failedAt: c.time('failed_at').notNull(),
    },
    (t) => [
      c.foreignKey({
        name: 'failed_answers_answer_fk',
        columns: [t.battleId, t.turn, t.side],
        foreignColumns: [answers.battleId, answers.turn, answers.side],
      }),
      c.check('failed_answers_side_known', isOneOf(t.side, sides)),
      c.check('failed_answers_reason_known', isOneOf(t.reason, failureReasons)),
      c.index('failed_answers_by_model').on(t.modelId),
      c.index('failed_answers_by_answer').on(t.battleId, t.turn, t.side),
    ],
  )

  // Public links. A removed one stays known, so that it can say that it was removed.
  const shares = c.table(
    'shares',
    {
      slug: c.id('slug').notNull(),
      battleId: c.id('battle_id').notNull(),
      withImage: c.flag('with_image').notNull(),
      sharedAt: c.time('shared_at').notNull(),
      removedAt: c.time('removed_at'),
    },
    (t) => [
      c.primaryKey({ name: 'shares_pk', columns: [t.slug] }),
      c.foreignKey({ name: 'shares_battle_fk', columns: [t.battleId], foreignColumns: [battles.id] }),
      c.index('shares_by_battle').on(t.battleId, t.removedAt, t.withImage),
    ],
  )

  return { battles, turns, turnImages, answers, failedAnswers, shares }
}
export type BattleTables = ReturnType<typeof battleTables>
