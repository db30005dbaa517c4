import type { Language, Say } from './strings/strings.ts'

export type Theme = 'system' | 'light' | 'dark'
export const themes: readonly Theme[] = ['system', 'light', 'dark']
export const pageNames = ['battle', 'prompts', 'leaderboard', 'me', 'data', 'method'] as const
export type PageName = (typeof pageNames)[number]

/** What a fragment with forms needs. `nonce: null` makes plain forms without htmx, as stream messages must be (they get no nonce). */
export type Hands = { say: Say; csrf: string; nonce: string | null }

/** What every page needs, whoever asks for it. */
export type Frame = Hands & {
  lang: Language
  theme: Theme
  nonce: string
  current: PageName | null
  /** Path and query of this page: where the language and theme forms come back to. */
  path: string
  site: { name: string; languages: Language[] }
  /** There is `POST /speech`: recordings go there in place of the browser's own recognition. */
  hasSpeech?: boolean | undefined
  assets: { css: string; js: string }
  /** Said once, politely, when the page opens. */
  status?: string | undefined
  /** Progress of an annotator. */
  today?: { done: number; quota: number } | undefined
}
