import type { CompanionFacts } from './companions.ts'

export function licenseText({ options, report, site }: CompanionFacts): string {
  const models = report.models.map(
    ({ id, name, card }) =>
      `- \`${id}\` (${name}): ${card.license ?? 'licence not recorded'}${card.url ? `, ${card.url}` : ''}`,
  )
  const head =
    options.scope === 'internal'
      ? [
          '# Not for publication',
          '',
          `This dataset was collected by ${site.name} for its own training and analysis. Its rows were not selected for`,
          'consent to publish. Do not pass it on. `sightline export --scope public` writes the part that may be published.',
        ]
      : [
          '# Licence of this dataset',
          '',
          `Questions, pictures, votes and their arrangement: ${options.license}.`,
          'Every voter whose content is here agreed to its publication before voting; the consent versions are in `manifest.json`.',
        ]
  return [
    ...head,
    '',
    '## Model outputs',
    '',
    'The answers were written by the models below. Their makers may restrict what outputs may be used for, training of',
    'competing models in particular. Read their terms before you train on them.',
    '',
    ...models,
    '',
    '## Removal',
    '',
    `A voter may withdraw a vote or have a battle deleted. Such rows are listed in \`retractions.jsonl\` of later snapshots:`,
    `drop them from your copies.${site.contact ? ` Contact: ${site.contact}.` : ''}`,
    '',
  ].join('\n')
}
