import { always, type Column, type FieldType, listOf, maybe, type Table } from './columns.ts'
import type { ExportOptions, Preset } from './options.ts'

/** Grows by a minor step when columns are added at the end, by a major one when any other thing changes. */
export const schemaVersion = '1.0'

const part: FieldType = { struct: { type: 'string', text: 'string' } }
const message: FieldType = { struct: { role: 'string', content: listOf(part) } }
const messages = listOf(message)
const mark: FieldType = {
  struct: {
    turn: 'int32',
    image: 'int32',
    kind: 'string',
    x: 'float64',
    y: 'float64',
    x2: 'float64',
    y2: 'float64',
    label: 'string',
  },
}

const images = always('images', listOf('image'), 'Pictures of all questions up to the voted turn, in order.')

/** Ends the rows of dpo, kto, sft and imagefolder; trainers ignore it. */
const meta: Column[] = [
  always('battle_id', 'string', 'Battle, a random id that carries no time.'),
  always('vote_id', 'string', 'Vote, a random id that carries no time.'),
  maybe('session_id', 'string', 'Pseudonym of the conversation this vote belongs to.'),
  maybe('voter_id', 'string', 'Pseudonym of the voter: a keyed hash, the same in all snapshots of this dataset.'),
  always('language', 'string', 'BCP-47 tag of the question, or und.'),
  always('prompt_sha256', 'string', 'SHA-256 of the voted question: NFC, lower case, white space collapsed.'),
  always(
    'split_group',
    'string',
    'Rows that share pictures or long questions, directly or through others; never in two splits.',
  ),
  always('consent_version', 'string', 'Wording of the consent under which the row was collected.'),
  always('license', 'string', 'Licence of this row; internal means not for publication.'),
  always('turn', 'int32', 'The voted turn, from 1.'),
  always('num_turns', 'int32', 'Turns the battle had in the end.'),
  always('categories', listOf('string'), 'What kind of question it is.'),
  always('flags', listOf('string'), 'What a reader may want to leave out: see the card.'),
  always('image_sha256', listOf('string'), 'SHA-256 of each picture.'),
  always('image_phash', listOf('string'), '64-bit difference hash of each picture, 16 hex digits.'),
  maybe('voted_at', 'timestamp', 'When the vote was cast, made coarse (see the card).'),
]

const dpo: Table = [
  images,
  always('prompt', messages, 'The conversation up to the question that was voted on; ends on user.'),
  always('chosen', messages, 'The preferred answer, one assistant message.'),
  always('rejected', messages, 'The other answer, one assistant message.'),
  always('model_chosen', 'string', 'Model of the preferred answer.'),
  always('model_rejected', 'string', 'Model of the other answer.'),
  always('chosen_side', 'string', 'Side of the preferred answer in the battle: a or b.'),
  maybe('voter_votes', 'int32', 'Votes of the same voter among the rows of this preset.'),
  always('n_votes', 'int32', 'Votes this row stands for.'),
  maybe('agreement', 'float64', 'Share of those votes that prefer the chosen answer, a tie counting half.'),
  ...meta,
]
const margin = always('margin', 'float64', 'Twice the agreement minus one.')

const kto: Table = [
  images,
  always('prompt', messages, 'The conversation up to the question; ends on user.'),
  always('completion', messages, 'The answer, one assistant message.'),
  always('label', 'bool', 'Whether the voter found it good.'),
  always('model', 'string', 'Model of the answer.'),
  always('side', 'string', 'Its side in the battle: a or b.'),
  always('source', 'string', 'What the label comes from: win, loss, both_bad or tie.'),
  ...meta,
]

const sft: Table = [
  images,
  always('messages', messages, 'The conversation, the preferred answer last.'),
  always('model', 'string', 'Model of the answer.'),
  ...meta,
]

const sided = (column: (side: 'a' | 'b') => Column) => [column('a'), column('b')]

const battles: Table = [
  always('id', 'string', 'Vote, a random id that carries no time.'),
  always('battle_id', 'string', 'Battle, a random id that carries no time.'),
  maybe('session_id', 'string', 'Pseudonym of the conversation this vote belongs to.'),
  maybe('prev_vote_id', 'string', 'The vote on an earlier turn of the same battle.'),
  maybe('evaluation_order', 'int32', 'Position of this vote among those of its conversation, from 1.'),
  always('model_a', 'string', 'Model on side a.'),
  always('model_b', 'string', 'Model on side b.'),
  maybe('provider_a', 'string', 'Who made the model on side a.'),
  maybe('provider_b', 'string', 'Who made the model on side b.'),
  always('winner', 'string', 'model_a, model_b, tie or both_bad.'),
  always('counted', 'bool', 'Whether the vote is part of the ranking.'),
  maybe('exclusion', 'string', 'Why it is not.'),
  always('mode', 'string', 'anonymous, revealed, named or ablation.'),
  maybe('left_side', 'string', 'The side that stood left on the page: a or b.'),
  maybe('blinded_side', 'string', 'In an ablation, the side asked without the picture.'),
  maybe('pair_probability', 'float64', 'Chance with which this pair was drawn.'),
  maybe('policy_hash', 'string', 'Hash of the rule that drew it.'),
  maybe('voter_id', 'string', 'Pseudonym of the voter: a keyed hash.'),
  always('voter_kind', 'string', 'anon, user or annotator.'),
  always('reasons', listOf('string'), 'What decided the vote, as side:key.'),
  maybe('note', 'string', "The voter's own words, where the operator exports them."),
  images,
  always('image_turn', listOf('int32'), 'Turn of each picture, from 1.'),
  always('image_sha256', listOf('string'), 'SHA-256 of each picture.'),
  always('image_phash', listOf('string'), '64-bit difference hash of each picture, 16 hex digits.'),
  always(
    'image_size',
    listOf({ struct: { w: 'int32', h: 'int32', bytes: 'int64', mime: 'string' } }),
    'Width, height, bytes and type of each picture.',
  ),
  always('conversation_a', messages, 'What was asked and what side a answered, up to the voted turn.'),
  always('conversation_b', messages, 'What was asked and what side b answered, up to the voted turn.'),
  always('turn', 'int32', 'The voted turn, from 1.'),
  always('num_turns', 'int32', 'Turns the battle had in the end.'),
  ...sided((side) => maybe(`finish_reason_${side}`, 'string', 'complete, cut, declined or stopped.')),
  ...sided((side) => maybe(`error_${side}`, 'string', 'Why the answer failed, in our own words.')),
  ...sided((side) => maybe(`tokens_in_${side}`, 'int32', 'Tokens read, as the provider counts them.')),
  ...sided((side) => maybe(`tokens_out_${side}`, 'int32', 'Tokens written, as the provider counts them.')),
  ...sided((side) => maybe(`latency_ms_${side}`, 'int64', 'From question to end, milliseconds.')),
  ...sided((side) => maybe(`ttft_ms_${side}`, 'int64', 'From question to first text, milliseconds.')),
  ...sided((side) =>
    maybe(
      `params_${side}`,
      { struct: { temperature: 'float64', top_p: 'float64', max_tokens: 'int32', system_prompt_sha256: 'string' } },
      'Parameters as they were sent.',
    ),
  ),
  always(
    'conv_metadata',
    {
      struct: Object.fromEntries(
        ['chars', 'headers', 'lists', 'bold'].flatMap((count) =>
          (['a', 'b'] as const).map((side): [string, FieldType] => [`${count}_${side}`, 'int32']),
        ),
      ),
    },
    'Length and markup of each side, the counters of style control.',
  ),
  always('language', 'string', 'BCP-47 tag of the voted question, or und.'),
  always('categories', listOf('string'), 'What kind of question it is.'),
  always('flags', listOf('string'), 'What a reader may want to leave out: see the card.'),
  always('prompt_sha256', 'string', 'SHA-256 of the voted question: NFC, lower case, white space collapsed.'),
  always('consent_version', 'string', 'Wording of the consent under which the row was collected.'),
  always('license', 'string', 'Licence of this row; internal means not for publication.'),
  always('split', 'string', 'train or test.'),
  always(
    'split_group',
    'string',
    'Rows that share pictures or long questions, directly or through others; never in two splits.',
  ),
  maybe('voted_at', 'timestamp', 'When the vote was cast, made coarse (see the card).'),
  maybe('created_at', 'timestamp', 'When the battle began, made coarse.'),
  ...sided((side) =>
    always(
      `marks_${side}`,
      listOf(mark),
      'Points (x, y) and boxes (x, y to x2, y2) the answers drew, 0 to 1 from the top left; image counts from 0.',
    ),
  ),
]

export const lmarenaCategories = [
  'captioning',
  'ocr',
  'entity_recognition',
  'is_code',
  'homework',
  'diagram',
  'humor',
  'creative_writing',
  'is_refusal',
] as const

const lmarenaCounters = ['sum_user_tokens', 'sum_assistant_a_tokens', 'sum_assistant_b_tokens', 'turns'] as const
const levels = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6']
const counts = (...names: string[]): FieldType => ({
  struct: Object.fromEntries(names.map((name): [string, FieldType] => [name, 'int64'])),
})
const plainMessages = listOf(listOf({ struct: { content: 'string', role: 'string' } }))

const lmarena: Table = [
  always('images', listOf('image'), 'Pictures of all questions up to the voted turn, in order.'),
  always('question_id', 'string', 'Vote id.'),
  always('model_a', 'string', 'Model on side a.'),
  always('model_b', 'string', 'Model on side b.'),
  always('winner', 'string', 'model_a, model_b, tie or tie (bothbad).'),
  always('judge', 'string', 'arena_user_ and the pseudonym of the voter.'),
  always('conversation_a', plainMessages, 'Messages of side a, one inner list each.'),
  always('conversation_b', plainMessages, 'Messages of side b, one inner list each.'),
  always('num_turns', 'int64', 'Turns up to the voted one.'),
  maybe('tstamp', 'float64', 'When the vote was cast, unix seconds, made coarse.'),
  always('language', 'string', 'English name of the language, or unknown.'),
  always(
    'categories',
    { struct: Object.fromEntries(lmarenaCategories.map((name): [string, FieldType] => [name, 'bool'])) },
    'What kind of question it is.',
  ),
  always(
    'conv_metadata',
    {
      struct: {
        ...Object.fromEntries(lmarenaCounters.map((name): [string, FieldType] => [name, 'int64'])),
        header_count_a: counts(...levels),
        header_count_b: counts(...levels),
        list_count_a: counts('ordered', 'unordered'),
        list_count_b: counts('ordered', 'unordered'),
        bold_count_a: counts('**', '__'),
        bold_count_b: counts('**', '__'),
      },
    },
    'Tokens and markup of each side.',
  ),
]

const votes: Table = [
  always('id', 'string', 'Vote, a random id that carries no time.'),
  maybe('battle_id', 'string', 'Battle; null without consent to publish.'),
  maybe('voted_at', 'timestamp', 'When the vote was cast, made coarse; the day only without consent to publish.'),
  maybe('voter_id', 'string', 'Pseudonym of the voter; null without consent to publish.'),
  always('model_a', 'string', 'Model on side a.'),
  always('model_b', 'string', 'Model on side b.'),
  always('winner', 'string', 'model_a, model_b, tie or both_bad.'),
  maybe('left_side', 'string', 'The side that stood left on the page: a or b.'),
  always('turn', 'int32', 'The voted turn, from 1.'),
  always('num_turns', 'int32', 'Turns the battle had in the end.'),
  always('language', 'string', 'BCP-47 tag of the voted question, or und.'),
  always('categories', listOf('string'), 'What kind of question it is.'),
  always('mode', 'string', 'anonymous, revealed, named or ablation.'),
  always('counted', 'bool', 'Whether the vote is part of the ranking: the ratings recompute from these rows.'),
  maybe('exclusion', 'string', 'Why it is not.'),
  ...['chars', 'headers', 'lists', 'bold'].flatMap((count) =>
    sided((side) => always(`${count}_${side}`, 'int32', 'Length and markup of the side, for style control.')),
  ),
  maybe('pair_probability', 'float64', 'Chance with which this pair was drawn.'),
  always('snapshot', 'string', 'Snapshot this row was written in.'),
]

/** The columns of a Parquet preset under these options; dpo's also describe imagefolder. */
export function tableOf(preset: Preset, options: Pick<ExportOptions, 'aggregate'>): Table {
  switch (preset) {
    case 'battles':
      return battles
    case 'lmarena':
      return lmarena
    case 'dpo':
    case 'imagefolder':
      return options.aggregate === 'per_pair' ? [...dpo, margin] : dpo
    case 'kto':
      return kto
    case 'sft':
      return sft
    case 'votes':
      return votes
    default:
      throw new RangeError(`${preset} is not a table`)
  }
}
