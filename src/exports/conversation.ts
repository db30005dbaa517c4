import type { Side } from '../battles/battle.ts'
import type { ExportImage, ExportRow } from './export-store.ts'

export type Part = { type: 'image' | 'text'; text: string | null }
export type Message = { role: 'system' | 'user' | 'assistant'; content: Part[] }

const text = (words: string): Part => ({ type: 'text', text: words })

/** What was asked and what this side answered before the voted turn, ending on the voted question. */
export function promptOf(row: ExportRow, side: Side): Message[] {
  const asked = row.turns.flatMap((turn, index): Message[] => {
    const question: Message = {
      role: 'user',
      content: [...turn.images.map((): Part => ({ type: 'image', text: null })), text(turn.text)],
    }
    return index === row.turns.length - 1 ? [question] : [question, said(turn.answers[side].raw)]
  })
  return row.battle.system === null ? asked : [{ role: 'system', content: [text(row.battle.system)] }, ...asked]
}

export const said = (words: string): Message => ({ role: 'assistant', content: [text(words)] })
export const answerOf = (row: ExportRow, side: Side): string => row.turns.at(-1)!.answers[side].raw
export const conversationOf = (row: ExportRow, side: Side): Message[] => [
  ...promptOf(row, side),
  said(answerOf(row, side)),
]

export type PlacedImage = ExportImage & { turn: number }
/** Every picture of the row in the order of its image parts. */
export const imagesOf = (row: ExportRow): PlacedImage[] =>
  row.turns.flatMap(({ number, images }) => images.map((image) => ({ ...image, turn: number })))

/** The text of a message, with the marker before it that file formats without parts use for each picture. */
export const flatText = ({ content }: Message, imageMarker = '<image>'): string =>
  content.map((part) => (part.type === 'image' ? imageMarker : part.text)).join('')

/** Every text a voter or a model wrote in this row. */
export const textsOf = (row: ExportRow): string[] => [
  ...(row.battle.system === null ? [] : [row.battle.system]),
  ...row.turns.flatMap((turn) => [turn.text, turn.answers.a.raw, turn.answers.b.raw]),
]
