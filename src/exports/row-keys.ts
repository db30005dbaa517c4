import { sides } from '../battles/battle.ts'
import { normalisedPrompt } from '../prompts/prompt.ts'
import type { Hash } from './canonical.ts'
import { answerOf, imagesOf } from './conversation.ts'
import type { ExportRow } from './export-store.ts'

/** From this many characters on, two equal questions count as one content even about different pictures. */
export const longPromptCharacters = 40

/** SHA-256 of the voted question as people would say it is the same. */
export const promptKey = (row: ExportRow, hash: Hash) => hash(normalisedPrompt(row.turns.at(-1)!.text))

/** Same pictures, same question. */
export const questionKey = (row: ExportRow, hash: Hash) =>
  hash(JSON.stringify([imageSet(row), row.turns.map(({ text }) => normalisedPrompt(text))]))

/** Same pictures, same question, same two answers whichever stood where (EXPORTS.md 5). */
export const answersKey = (row: ExportRow, hash: Hash) =>
  hash(JSON.stringify([questionKey(row, hash), sides.map((side) => hash(answerOf(row, side))).sort()]))

/** What must not be in two splits: each picture (`i:`), each long question and each question without a picture (`t:`). */
export function contentKeys(row: ExportRow, hash: Hash): { key: string; phash: string | null }[] {
  const images = imagesOf(row)
  const texts = row.turns
    .map(({ text }) => normalisedPrompt(text))
    .filter((text) => images.length === 0 || [...text].length >= longPromptCharacters)
  return [
    ...images.map(({ sha256, phash }) => ({ key: `i:${sha256}`, phash: /^[0-9a-f]{16}$/.test(phash) ? phash : null })),
    ...texts.map((text) => ({ key: `t:${hash(text)}`, phash: null })),
  ]
}

const imageSet = (row: ExportRow) => [...new Set(imagesOf(row).map(({ sha256 }) => sha256))].sort()
