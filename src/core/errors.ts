/** What kind of no it is. `http/refusals.ts` alone knows the status each one becomes. */
export type RefusalCode =
  | 'unreadable'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'gone'
  | 'conflict'
  | 'too_large'
  | 'unsupported'
  | 'invalid'
  | 'too_many'
  | 'unavailable'

/** Every expected no, by name. `views/strings` has a sentence for each; the type makes a missing one an error. */
export const refusalKeys = [
  'answers_unfinished',
  'battle_closed',
  'battle_over',
  'board_private',
  'budget_spent',
  'confirm_needed',
  'consent_needed',
  'data_private',
  'export_running',
  'form_expired',
  'form_unreadable',
  'image_bomb',
  'image_busy',
  'image_broken',
  'image_heic',
  'image_missing',
  'image_not_image',
  'image_refused',
  'image_too_large',
  'image_too_many',
  'language_unknown',
  'names_shown',
  'no_models',
  'no_such_battle',
  'no_such_image',
  'no_such_model',
  'no_such_page',
  'no_such_prompt',
  'no_such_set',
  'no_such_snapshot',
  'no_vote',
  'not_saved',
  'not_screened',
  'one_at_a_time',
  'origin_foreign',
  'prompt_empty',
  'prompt_refused',
  'prompt_too_long',
  'recording_too_large',
  'recording_unreadable',
  'recovery_unknown',
  'recovery_unreadable',
  'recovery_word',
  'retry_used_up',
  'same_model',
  'share_gone',
  'share_not_revealed',
  'side_not_failed',
  'sign_in_needed',
  'slow_down',
  'speech_failed',
  'stopping',
  'turns_used_up',
  'unknown_filter',
  'unknown_outcome',
  'unknown_preset',
  'vote_duplicate_key',
  'vote_frozen',
  'vote_stale',
] as const
export type RefusalKey = (typeof refusalKeys)[number]

/** Values a sentence may need: sizes already formatted for people, seconds to wait. */
export type RefusalParams = Record<string, string | number>

/** An expected no, for the person who asked. Anything else thrown is a fault, for the operator. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  readonly key: RefusalKey
  readonly params: RefusalParams
  constructor(code: RefusalCode, key: RefusalKey, options: { cause?: unknown; params?: RefusalParams } = {}) {
    super(key, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.key = key
    this.params = options.params ?? {}
  }
}
