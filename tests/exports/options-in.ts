import { defaultOptions, type ExportOptions, type Preset } from '../../src/exports/options.ts'

export type Wanted = Partial<Omit<ExportOptions, 'filters'>> & { filters?: Partial<ExportOptions['filters']> }
/** The defaults, with a test split large enough to be there in forty votes. */
export function optionsIn(presets: Preset[], some: Wanted = {}): ExportOptions {
  const base = defaultOptions(presets)
  return { ...base, test: 0.2, ...some, filters: { ...base.filters, ...some.filters } }
}
