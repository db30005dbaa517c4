import type { Context } from 'hono'
import type { DataFilter } from '../../views/data.tsx'
import { Refusal } from '../core/errors.ts'
import { defaultOptions, type ExportOptions, isPreset, wholeArena } from '../exports/options.ts'
import type { Env } from './env.ts'

/** Where filters are read from: the query of the page, or the form that starts an export. */
export type Fields = { one(name: string): string | undefined; all(name: string): string[] }

export const fieldsOfQuery = (c: Context<Env>): Fields => ({
  one: (name) => c.req.query(name),
  all: (name) => c.req.queries(name) ?? [],
})

/** The words are those of the command's flags, with `_` for `-`. An unknown one is refused, never left out in silence. */
export function dataFilterFrom(fields: Fields): DataFilter {
  const one = (name: string) => fields.one(name)?.trim() || undefined
  const preset = one('preset') ?? 'dpo'
  if (!isPreset(preset)) throw new Refusal('invalid', 'unknown_preset')
  const scope = one('scope') ?? 'internal'
  if (scope !== 'internal' && scope !== 'public') throw new Refusal('invalid', 'unknown_filter')
  return {
    preset,
    scope,
    since: time(one('since')),
    until: time(one('until')),
    categories: fields.all('category').filter(Boolean),
    language: one('language') ?? null,
    hasReason: one('has_reason') === '1',
    includeUncounted: one('include_uncounted') === '1',
    minSeconds: seconds(one('min_seconds')),
  }
}

export const toOptions = (filter: DataFilter, site: { dataset: string; license: string | null }): ExportOptions => ({
  ...defaultOptions([filter.preset]),
  dataset: site.dataset,
  license: site.license,
  scope: filter.scope,
  filters: {
    ...wholeArena,
    since: filter.since,
    until: filter.until,
    categories: filter.categories,
    languages: filter.language === null ? [] : [filter.language],
    hasReason: filter.hasReason,
    // Only the forms that tell what happened can hold votes that do not count.
    includeUncounted: filter.includeUncounted && (filter.preset === 'battles' || filter.preset === 'lmarena'),
    minSeconds: filter.minSeconds,
  },
})

/** The query that gives this filter again. */
export function dataQuery(filter: DataFilter): string {
  const query = new URLSearchParams({ preset: filter.preset })
  if (filter.scope === 'public') query.set('scope', filter.scope)
  for (const category of filter.categories) query.append('category', category)
  if (filter.language) query.set('language', filter.language)
  if (filter.since) query.set('since', filter.since.toISOString())
  if (filter.until) query.set('until', filter.until.toISOString())
  if (filter.hasReason) query.set('has_reason', '1')
  if (filter.includeUncounted) query.set('include_uncounted', '1')
  if (filter.minSeconds !== null) query.set('min_seconds', String(filter.minSeconds))
  return query.toString()
}

/** The same export from a shell. */
export function exportCommand({ presets, scope, filters }: ExportOptions): string {
  const words = ['npx sightline export', presets.join(','), '--out ./dataset']
  if (scope === 'public') words.push('--scope public')
  for (const category of filters.categories) words.push(`--category ${category}`)
  for (const language of filters.languages) words.push(`--language ${language}`)
  if (filters.since) words.push(`--since ${filters.since.toISOString()}`)
  if (filters.until) words.push(`--until ${filters.until.toISOString()}`)
  if (filters.hasReason) words.push('--has-reason')
  if (filters.includeUncounted) words.push('--include-uncounted')
  if (filters.minSeconds !== null) words.push(`--min-seconds ${filters.minSeconds}`)
  return words.join(' ')
}

function time(text: string | undefined): Date | null {
  if (text === undefined) return null
  const date = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  if (Number.isNaN(date.getTime())) throw new Refusal('invalid', 'unknown_filter')
  return date
}

function seconds(text: string | undefined): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (!(value >= 0 && value <= 3600)) throw new Refusal('invalid', 'unknown_filter')
  return value === 0 ? null : value
}
