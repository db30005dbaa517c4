import { escapePlaceholders, redact, withTexts } from './clean-text.ts'
import { textsOf } from './conversation.ts'
import type { ExportRow } from './export-store.ts'
import { type ExportOptions, isTraining, type Preset } from './options.ts'

/** Texts as they leave: whole code points, personal data replaced where that was asked for, and said so in a flag. */
export function withoutPersonalData(whole: ExportRow, { pii, notes }: ExportOptions): ExportRow {
  const row = notes ? whole : { ...whole, vote: { ...whole.vote, note: null } }
  const clean = withTexts(row, (text) => (pii === 'redact' ? redact(text.toWellFormed()) : text.toWellFormed()))
  return pii === 'redact' && isChanged(row, clean) ? withFlag(clean, 'redacted') : clean
}

/** In training presets, special tokens made harmless where that was asked for. `battles` and `lmarena` keep what was said. */
export function withoutPlaceholders(row: ExportRow, rules: Preset, { placeholders }: ExportOptions): ExportRow {
  if (placeholders !== 'escape' || !isTraining(rules)) return row
  const clean = withTexts(row, escapePlaceholders)
  return isChanged(row, clean) ? withFlag(clean, 'escaped') : row
}

const isChanged = (before: ExportRow, after: ExportRow) => {
  const was = textsOf(before)
  return textsOf(after).some((text, index) => text !== was[index]?.toWellFormed())
}
const withFlag = (row: ExportRow, flag: string): ExportRow => ({
  ...row,
  battle: { ...row.battle, flags: [...row.battle.flags, flag] },
})
