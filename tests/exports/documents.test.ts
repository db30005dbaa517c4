import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { typeName } from '../../src/exports/columns.ts'
import { reasonOrder } from '../../src/exports/funnel.ts'
import { parquetPresets, presets } from '../../src/exports/options.ts'
import { tableOf } from '../../src/exports/tables.ts'

const path = fileURLToPath(new URL('../../docs/dataset.md', import.meta.url))

const reasons = `\`${reasonOrder.join('`, `')}\``
const columns = parquetPresets
  .map((preset) =>
    [
      `### ${preset}`,
      '',
      '| column | type | null | |',
      '|---|---|---|---|',
      ...tableOf(preset, { aggregate: preset === 'dpo' ? 'per_pair' : 'per_vote' }).map(
        ({ name, type, isNullable, about }) =>
          `| \`${name}\` | \`${typeName(type)}\` | ${isNullable ? 'may be' : 'never'} | ${about}${name === 'margin' ? ' Only with `--aggregate per_pair`.' : ''} |`,
      ),
    ].join('\n'),
  )
  .join('\n\n')

const withBetween = (text: string, mark: string, content: string) =>
  text.replace(
    new RegExp(`<!-- ${mark} -->[\\s\\S]*<!-- /${mark} -->`),
    () => `<!-- ${mark} -->\n${content}\n<!-- /${mark} -->`,
  )

test('docs/dataset.md describes every column, every reason and every preset there is', () => {
  const text = readFileSync(path, 'utf8')
  const current = withBetween(withBetween(text, 'reasons', reasons), 'columns', columns)
  if (process.env['UPDATE'] === '1') writeFileSync(path, current)
  expect(readFileSync(path, 'utf8')).toBe(current)
  for (const preset of presets) expect(text).toContain(`\`${preset}\``)
})
