export const presets = [
  'battles',
  'lmarena',
  'dpo',
  'kto',
  'sft',
  'llamafactory',
  'swift',
  'imagefolder',
  'votes',
  'llm-comparator',
  'sqlite',
] as const
export type Preset = (typeof presets)[number]
export const isPreset = (word: string): word is Preset => (presets as readonly string[]).includes(word)

/** Presets that hold one preference or answer for training; the others tell what happened in the arena. */
export const trainingPresets: readonly Preset[] = ['dpo', 'kto', 'sft', 'llamafactory', 'swift', 'imagefolder']
export const isTraining = (preset: Preset) => trainingPresets.includes(preset)
/** Of these, the ones that cannot say "both" or "neither". */
export const needsPreference = (preset: Preset) => preset === 'dpo' || preset === 'sft' || preset === 'imagefolder'
/** Presets whose rows stand in train or test; the others are one piece. */
export const isSplit = (preset: Preset) => preset === 'battles' || preset === 'sqlite' || isTraining(preset)
export const parquetPresets: readonly Preset[] = ['battles', 'lmarena', 'dpo', 'kto', 'sft', 'votes']

/** A stream of rows with one fate: most presets are one, the file formats for trainers hold pairs and single judgements. */
export type Lane = Preset | `${'llamafactory' | 'swift'}/${'dpo' | 'kto'}`
export const lanesOf = (wanted: readonly Preset[]): Lane[] =>
  wanted.flatMap((preset): Lane[] =>
    preset === 'llamafactory' || preset === 'swift' ? [`${preset}/dpo`, `${preset}/kto`] : [preset],
  )
/** The preset whose tests the rows of a lane must pass. */
export function rulesOf(lane: Lane): Preset {
  if (lane === 'llamafactory/dpo' || lane === 'swift/dpo' || lane === 'imagefolder') return 'dpo'
  if (lane === 'llamafactory/kto' || lane === 'swift/kto') return 'kto'
  return lane
}
export const presetOf = (lane: Lane): Preset => {
  const [preset = ''] = lane.split('/')
  if (!isPreset(preset)) throw new RangeError(lane)
  return preset
}

export type ExportFilters = {
  since: Date | null
  until: Date | null
  categories: string[]
  languages: string[]
  models: string[]
  excludeModels: string[]
  pairs: [string, string][]
  groups: string[]
  mode: 'anonymous' | 'revealed' | 'named' | 'ablation' | 'any'
  hasReason: boolean
  minTurns: number
  maxTurns: number | null
  /** null: 1, or 0 where text-only rows are welcome. */
  minImages: number | null
  maxImages: number | null
  includeUncounted: boolean
  includeFlags: string[]
  maxPerVoter: number | null
  /** null: the 99.9th percentile of how often one question was asked. */
  maxPerPrompt: number | null
  minSeconds: number | null
}

export type ExportOptions = {
  dataset: string
  presets: Preset[]
  filters: ExportFilters
  includeTies: boolean
  includeBothBad: boolean
  aggregate: 'per_vote' | 'per_pair'
  minAgreement: number
  multiTurn: 'shared' | 'winner'
  placeholders: 'exclude' | 'escape'
  pii: 'exclude' | 'redact' | 'keep'
  timestamps: 'ms' | 'minute' | 'hour' | 'day' | 'none'
  voterIds: 'dataset' | 'snapshot' | 'none'
  test: number
  seed: number
  splitBy: 'content' | 'voter' | 'time'
  /** Hamming distance up to which two pictures are one for the split; 0 joins only equal bytes. */
  splitPhash: number
  scope: 'internal' | 'public'
  /** SPDX-like identifier of the licence; null only in internal scope. */
  license: string | null
  winnerWords: 'standard' | '140k'
  embedImages: boolean
  /** Voters' own words about their vote: only where the operator asks for them. */
  notes: boolean
  /** An imported pool instead of the arena's own battles. */
  source: string | null
}

export const wholeArena: ExportFilters = {
  since: null,
  until: null,
  categories: [],
  languages: [],
  models: [],
  excludeModels: [],
  pairs: [],
  groups: [],
  mode: 'anonymous',
  hasReason: false,
  minTurns: 1,
  maxTurns: null,
  minImages: null,
  maxImages: null,
  includeUncounted: false,
  includeFlags: [],
  maxPerVoter: null,
  maxPerPrompt: null,
  minSeconds: null,
}

export const defaultOptions = (presets: Preset[]): ExportOptions => ({
  dataset: 'main',
  presets,
  filters: wholeArena,
  includeTies: false,
  includeBothBad: true,
  aggregate: 'per_vote',
  minAgreement: 0.6,
  multiTurn: 'shared',
  placeholders: 'exclude',
  pii: 'exclude',
  timestamps: 'hour',
  voterIds: 'dataset',
  test: 0.05,
  seed: 1,
  splitBy: 'content',
  splitPhash: 5,
  scope: 'internal',
  license: null,
  winnerWords: 'standard',
  embedImages: false,
  notes: false,
  source: null,
})

/** What cannot be asked for together, one sentence each; empty when the options make sense. */
export function problemsOf(options: ExportOptions): string[] {
  const { presets, filters } = options
  const problems: string[] = []
  const only = (...allowed: Preset[]) => presets.every((preset) => allowed.includes(preset))
  if (presets.length === 0) problems.push('no preset is named')
  if (options.includeTies && only('dpo', 'sft', 'imagefolder'))
    problems.push('--include-ties has no meaning for dpo, sft and imagefolder: a tie prefers nobody; use kto')
  if (!options.includeBothBad && only('dpo', 'sft', 'imagefolder'))
    problems.push('--no-both-bad has no meaning for dpo, sft and imagefolder, which never hold such votes; use kto')
  if (filters.includeUncounted && !only('battles', 'lmarena'))
    problems.push('--include-uncounted is for battles and lmarena only')
  if (filters.includeFlags.length > 0 && !only('battles', 'lmarena'))
    problems.push('--include-flag is for battles and lmarena only')
  if (options.scope === 'public' && !options.license)
    problems.push('--scope public needs a licence: set `exports.license` in sightline.yaml or give --license')
  if (options.source !== null && !options.license)
    problems.push('an imported pool needs --license: what its publisher allows')
  if (!(options.test >= 0 && options.test < 1)) problems.push('--test is a share from 0 up to, not including, 1')
  if (!(options.minAgreement >= 0.5 && options.minAgreement <= 1)) problems.push('--min-agreement is from 0.5 to 1')
  if (!/^[a-z0-9][a-z0-9.-]{0,63}$/.test(options.dataset))
    problems.push('--dataset is up to 64 lower-case letters, digits, dots and dashes, starting with a letter or digit')
  if (filters.since && filters.until && filters.since >= filters.until) problems.push('--since must be before --until')
  return problems
}
