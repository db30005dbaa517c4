import type { ExportRow, ExportStore } from './export-store.ts'
import type { Frozen } from './freeze.ts'
import type { FunnelStep } from './funnel.ts'
import { type ExportOptions, lanesOf } from './options.ts'
import { winnerOf } from './record.ts'
import { sizeOf } from './report.ts'

/** What `/data` shows before anything is written. */
export type ExportPreview = {
  /** Votes there are, and rows and votes that would be in, by preset. */
  votes: number
  presets: { preset: string; votes: number; rows: number; funnel: FunnelStep[] }[]
  /** The first rows, shortened: what they are, not what exactly they say. */
  sample: {
    id: string
    question: string
    images: number
    model_a: string
    model_b: string
    winner: string
    answer_a: string
    answer_b: string
    language: string
    turn: number
  }[]
  bytes: number
  warnings: string[]
}

const sampleRows = 5
const shownCharacters = 160

export async function previewOf(frozen: Frozen, options: ExportOptions, store: ExportStore): Promise<ExportPreview> {
  const [first] = lanesOf(options.presets)
  const ids = [...new Set((first ? (frozen.kept.get(first) ?? []) : []).map(({ item }) => item.voteId))].slice(
    0,
    sampleRows,
  )
  const rows = await store.read((reader) => reader.rowsOf(ids))
  return {
    votes: frozen.votes,
    presets: [...frozen.kept].map(([preset, kept]) => ({
      preset,
      votes: new Set(kept.map(({ item }) => item.voteId)).size,
      rows: kept.length,
      funnel: frozen.funnels.get(preset) ?? [],
    })),
    sample: ids.flatMap((id) => rows.get(id) ?? []).map((row) => sampleOf(row, options)),
    bytes: sizeOf(frozen),
    warnings: frozen.warnings,
  }
}

/** Without consent to publish, a public preview says no more than the file would: `votes` holds no words. */
function sampleOf(
  { vote, battle, turns, models }: ExportRow,
  { scope }: ExportOptions,
): ExportPreview['sample'][number] {
  const turn = turns.at(-1)!
  const mayQuote = scope === 'internal' || battle.consent.publish
  const quoted = (text: string) => (mayQuote ? short(text) : '')
  return {
    id: vote.id,
    question: quoted(turn.text),
    images: turns.reduce((sum, { images }) => sum + images.length, 0),
    model_a: models.a.id,
    model_b: models.b.id,
    winner: winnerOf(vote.outcome),
    answer_a: quoted(turn.answers.a.raw),
    answer_b: quoted(turn.answers.b.raw),
    language: turn.language,
    turn: vote.turn,
  }
}

const short = (text: string) => {
  const points = [...text]
  return points.length <= shownCharacters ? text : `${points.slice(0, shownCharacters - 1).join('')}…`
}
