// Every page and state with sample data, by name.
import { BattlePage } from '../../views/battle.tsx'
import { ComposerPage, type ComposerView, emptyDraft } from '../../views/composer.tsx'
import { ErrorPage } from '../../views/errors.tsx'
import { document, Page } from '../../views/layout.tsx'
import type { Language } from '../../views/strings/strings.ts'
import { aFrame, battleStates, seedImage, seedPrompts } from './samples.ts'

export const composer = (some: Partial<ComposerView> = {}): ComposerView => ({
  draft: emptyDraft,
  suggestions: seedPrompts().slice(0, 3),
  formKey: 'form-1',
  pool: 'models',
  consent: { version: '1', isGiven: false, asksToPublish: true, providers: ['Ai2', 'Mistral'], retainDays: 365 },
  uploadMegabytes: 15,
  imagesMax: 4,
  ...some,
})

const composers: Record<string, ComposerView> = {
  empty: composer(),
  'consent given, draft': composer({
    consent: { ...composer().consent, isGiven: true },
    draft: {
      prompt: 'What was the total, and what did they order?',
      promptId: 'cafe-receipt-total',
      images: [{ id: seedImage('cafe-receipt').sha256, width: 1050, height: 1400 }],
    },
  }),
  errors: composer({ error: { field: 'prompt', key: 'prompt_empty' }, pool: 'baselines', isOperator: true }),
  'image too large': composer({ error: { field: 'image', key: 'image_too_large', params: { size: '31 MB', limit: '15 MB' } } }),
  'no models': composer({ pool: 'none', runningUrl: '/b/x' }),
}

export function galleryPages(): Map<string, string> {
  const pages = new Map<string, string>()
  const add = (name: string, page: unknown) => pages.set(name, String(document(page as never)))
  for (const [name, view] of Object.entries(composers)) add(`composer ${name}`, <ComposerPage frame={aFrame()} {...view} />)
  for (const [name, view] of Object.entries(battleStates)) add(`battle ${name}`, <BattlePage frame={aFrame()} {...view} />)
  for (const language of ['zh'] satisfies Language[]) {
    add(`composer ${language}`, <ComposerPage frame={aFrame(language)} {...composer()} />)
    add(`battle ready ${language}`, <BattlePage frame={aFrame(language)} {...battleStates.ready} />)
    add(`battle voted ${language}`, <BattlePage frame={aFrame(language)} {...battleStates.voted} />)
    add(`battle revealed ${language}`, <BattlePage frame={aFrame(language)} {...battleStates.revealed} />)
  }
  add(
    'error',
    <Page {...aFrame()} title="Not there">
      <ErrorPage hands={aFrame()} code="not_found" status={404} sentence="There is no such battle, or it is not yours." ref="7F3K" />
    </Page>,
  )
  return pages
}
