import { typeName } from './columns.ts'
import type { CompanionFacts } from './companions.ts'
import { type Preset, parquetPresets } from './options.ts'
import { tableOf } from './tables.ts'

/** Which config loads when nobody names one. */
const defaultOrder: Preset[] = ['dpo', 'battles', 'kto', 'sft', 'lmarena', 'votes']

/** README.md: what loaders read (YAML) and what people should know before they train on it. */
export function cardOf(facts: CompanionFacts): string {
  return `${yamlOf(facts)}\n${textOf(facts)}`
}

/** Every text is quoted: names may hold `[`, `:` or a quote (T12). Only Parquet presets are configs (T1), and empty splits are left out. */
function yamlOf({ options, shards, report, snapshot }: CompanionFacts): string {
  const quoted = (text: string) => JSON.stringify(text)
  const presets = defaultOrder.filter((preset) => options.presets.includes(preset))
  const [main] = presets
  const configs = presets.flatMap((preset) => {
    const splits = ['train', 'test'].filter((split) =>
      shards.some((shard) => shard.preset === preset && shard.split === split && shard.path.endsWith('.parquet')),
    )
    if (splits.length === 0) return []
    return [
      `- config_name: ${preset}`,
      ...(preset === main ? ['  default: true'] : []),
      '  data_files:',
      ...splits.map((split) => `  - {split: ${split}, path: ${quoted(`${preset}/${split}-*.parquet`)}}`),
    ]
  })
  const languages = Object.keys(report.stats.languages).map((tag) => tag.toLowerCase().split('-')[0] ?? '')
  return [
    '---',
    `pretty_name: ${quoted(`${snapshot.dataset}: votes on answers about pictures`)}`,
    ...(options.scope === 'public'
      ? [`license: ${quoted(options.license ?? 'other')}`]
      : ['license: other', 'license_name: internal-not-for-publication']),
    'language:',
    ...[...new Set(languages)]
      .filter((tag) => /^[a-z]{2,3}$/.test(tag) && tag !== 'und')
      .map((tag) => `- ${quoted(tag)}`),
    'tags:',
    '- vision-language',
    '- preference',
    '- human-feedback',
    'task_categories:',
    '- visual-question-answering',
    ...(configs.length > 0 ? ['configs:', ...configs] : []),
    '---',
    '',
  ]
    .join('\n')
    .replace('language:\ntags:', 'tags:')
}

function textOf(facts: CompanionFacts): string {
  const { snapshot, options, report, site, shards } = facts
  const { stats } = report
  const parquet = options.presets.filter((preset) => parquetPresets.includes(preset))
  const sections = [
    `# ${plain(snapshot.dataset)}`,
    '',
    `Votes of people on pairs of anonymous answers to questions about pictures, collected by ${plain(site.name)} with Sightline.`,
    `Snapshot \`${snapshot.id}\`, ${options.timestamps === 'none' ? 'undated' : snapshot.at.toISOString()}, ${stats.votes} votes, ${stats.images.unique} pictures, ${report.models.length} models.`,
    options.scope === 'internal'
      ? '\n**Scope: internal, not for publication.** Its rows were not selected for consent to publish.'
      : `\nEvery voter whose content is here agreed to publication (consent ${report.consentVersions.map((version) => `\`${version}\``).join(', ')}).`,
    '',
    '## Load',
    '',
    '```python',
    'from datasets import load_dataset',
    ...parquet.map((preset) => `${preset.replaceAll('-', '_')} = load_dataset("PATH_OF_THIS_FOLDER", "${preset}")`),
    ...(options.presets.includes('imagefolder')
      ? ['imagefolder = load_dataset("PATH_OF_THIS_FOLDER/imagefolder")']
      : []),
    '```',
    ...(options.presets.includes('llamafactory')
      ? ['', 'LLaMA-Factory: `dataset_dir: PATH_OF_THIS_FOLDER`, dataset `sightline_dpo` or `sightline_kto`.']
      : []),
    ...(options.presets.includes('swift')
      ? [
          '',
          'ms-swift: `ROOT_IMAGE_DIR=PATH swift rlhf --dataset PATH/swift/dpo_train.jsonl`, rows of pairs; `kto_train.jsonl`, single judgements.',
        ]
      : []),
    '',
    'Check: `sha256sum -c SHA256SUMS`, and `sightline verify PATH` recomputes the leaderboard from these rows.',
    '',
    '## Rows',
    '',
    '| preset | split | rows |',
    '|---|---|---|',
    ...stats.rows.map(({ preset, split, rows }) => `| ${preset} | ${split} | ${rows} |`),
    '',
    '### Rows left out',
    '',
    '| preset | reason | removed | remaining |',
    '|---|---|---|---|',
    ...stats.funnel.flatMap(({ preset, steps }) =>
      steps.map(({ reason, removed, remaining }) => `| ${preset} | ${reason} | ${removed} | ${remaining} |`),
    ),
    '',
    'Tests run in this order and the first failing one is the reason; `stats.json` also counts every failing test (`reasons_any`).',
    '',
    '## How it was collected',
    '',
    'A person brings a picture and a question. Two models, drawn at random and shown without names, answer side by side. The person',
    'chooses the better answer, a tie, or that both are bad, and only then sees who answered. Before the first battle the person agrees',
    'to the terms of collection; publication is a second, optional box.',
    '',
    'Voters read: *Which answer is better for this picture and this question? Names are shown after your vote.*',
    '',
    '## What the labels mean',
    '',
    '- `dpo`: the answer that was chosen, and the other. Ties and votes for neither are not in it.',
    '- `kto`: a win gives one true and one false row; both bad gives two false rows' +
      (options.includeTies ? '; a tie gives two true rows.' : '; ties are left out.'),
    '- `sft`: chosen answers only.',
    '- After the first turn the two sides have different histories. ' +
      (options.multiTurn === 'winner'
        ? 'dpo rows of later turns have the history of the chosen side and the flag `winner_history`.'
        : 'dpo holds first turns only; kto and sft use the history of their own side.'),
    ...(options.aggregate === 'per_pair'
      ? [
          '- Votes on the same two answers are one row; `agreement` is the share for its side, `margin` twice that minus one.',
        ]
      : ['- One row per vote.']),
    '',
    '## Biases and limits',
    '',
    `- Position: the left answer won ${percent(stats.left_wins)} of the decided votes. Length: the longer one won ${percent(stats.longer_wins)}.`,
    `- Ties ${percent(stats.tie_rate)}, both bad ${percent(stats.both_bad_rate)}.`,
    stats.repeated.questions === 0
      ? '- No two voters judged the same two answers, so their agreement is not known.'
      : `- On ${stats.repeated.questions} repeated pairs two voters agreed ${percent(stats.repeated.agreement)} (Krippendorff's alpha ${stats.repeated.krippendorff_alpha ?? 'not defined'}).`,
    '- Voters chose themselves; they are not a sample of anybody else.',
    '- No detector is perfect: personal data and unwanted pictures may remain. Tell us and we remove them.',
    '- Voter ids are pseudonyms under a secret key, times are ' +
      (options.timestamps === 'none' ? 'left out' : `rounded down (${options.timestamps})`) +
      '. Somebody who knows what a person asked may still recognise it: rows are not k-anonymous.',
    '- TRL: `RewardTrainer` ignores images; vision DPO needs `--max_length null`; rows without a picture need transformers 4.57 or newer.',
    '',
    '## Fields',
    ...parquet.flatMap((preset) => [
      '',
      `### ${preset}`,
      '',
      '| column | type | null | |',
      '|---|---|---|---|',
      ...tableOf(preset, options).map(
        ({ name, type, isNullable, about }) =>
          `| \`${name}\` | \`${typeName(type)}\` | ${isNullable ? 'may be' : 'never'} | ${about} |`,
      ),
    ]),
    '',
    'Flags: `redacted` personal data was replaced, `escaped` special tokens were made harmless, `truncated` an answer was cut at its limit,',
    '`identical` both answers say the same, `identity_probe` and `leaked_identity` the question asked or an answer said who is answering,',
    '`baseline` a fixed-rule reader took part, `replay` an answer was made beforehand, `image_missing` a picture of an imported row could not be read, `prompt_mismatch` its sides were asked different things.',
    '',
    '## Models',
    '',
    '| model | organisation | licence | terms |',
    '|---|---|---|---|',
    ...report.models.map(
      ({ id, card }) =>
        `| ${plain(id)} | ${plain(card.organization ?? '')} | ${plain(card.license ?? 'not recorded')} | ${plain(card.url ?? '')} |`,
    ),
    '',
    'Terms of the models may restrict training on their outputs. See `LICENSE-DATA.md`.',
    '',
    '## Removal and changes',
    '',
    `\`retractions.jsonl\` names rows of earlier snapshots that were withdrawn, deleted or flagged since: drop them from your copies.${site.contact ? ` Contact: ${plain(site.contact)}.` : site.url ? ` Contact: ${plain(site.url)}.` : ''}`,
    snapshot.parent ? `This snapshot continues \`${snapshot.parent}\`.` : 'This snapshot continues no other.',
    '',
    '## Cite',
    '',
    '```bibtex',
    `@misc{sightline_${snapshot.id}, title = {${bibtex(snapshot.dataset)}}, author = {${bibtex(site.name)}}, note = {Snapshot ${snapshot.id}}${site.url ? `, url = {${bibtex(site.url)}}` : ''}}`,
    '```',
    '',
    `Files: ${shards.length} data files; see \`manifest.json\`.`,
    '',
  ]
  return sections.join('\n')
}

const percent = (share: number | null) => (share === null ? 'not known' : `${(share * 100).toFixed(1)} %`)
/** A name inside Markdown: no line ends, no cell borders. */
const plain = (text: string) => text.replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;')
const bibtex = (text: string) => text.replace(/[{}\\]/g, '').replace(/\s+/g, ' ')
