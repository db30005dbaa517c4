import type { ImageHash, PromptId } from '../core/ids.ts'
import type { ImageRef } from '../images/image.ts'

/** What both contestants are asked: text plus images, in order. */
export type Prompt = {
  text: string
  images: ImageRef[]
  /** BCP-47 or `und`. */
  language: string
  /** Tags of `categories`: what kind of question it is. */
  categories: string[]
  /** Where it came from, if from a set. */
  promptId: PromptId | null
  inputMethod: 'typed' | 'spoken' | 'chosen'
}

export type Localised = { en: string; zh?: string | undefined }

/** One question about one image of a set, ready to be asked with one tap. */
export type SetPrompt = {
  id: PromptId
  setId: string
  title: Localised
  text: Localised
  reference: Localised | null
  image: ImageHash
  width: number
  height: number
  tags: string[]
  needsImage: boolean
}
export type PromptSet = { id: string; title: Localised; license: string; prompts: SetPrompt[] }

export const localised = (text: Localised, language: string) =>
  language.startsWith('zh') && text.zh ? text.zh : text.en

/** NFC, lower case, white space collapsed: two prompts with the same key are one question (EXPORTS.md 6). */
export const normalisedPrompt = (text: string) => text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()
