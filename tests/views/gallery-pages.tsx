// Pages and states with sample data, by name. The voter's own pages are photographed from a running server (tests/browser/shots.ts).

import { wholeBoard } from '../../src/leaderboards/leaderboard.ts'
import { BattlePage } from '../../views/battle.tsx'
import { ComposerPage, type ComposerView, emptyDraft } from '../../views/composer.tsx'
import { DataPage } from '../../views/data.tsx'
import { ErrorPage } from '../../views/errors.tsx'
import { document, Page } from '../../views/layout.tsx'
import { LeaderboardPage, type LeaderboardView } from '../../views/leaderboard.tsx'
import { MethodPage } from '../../views/method.tsx'
import { ModelPage } from '../../views/model.tsx'
import type { Language } from '../../views/strings/strings.ts'
import { aBoard, aBoardView, aDataView, aFrame, battleStates, molmo, seedImage, seedPrompts } from './samples.ts'

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
  'image too large': composer({
    error: { field: 'image', key: 'image_too_large', params: { size: '31 MB', limit: '15 MB' } },
  }),
  'no models': composer({ pool: 'none', runningUrl: '/b/x' }),
}

const boards: Record<string, LeaderboardView> = {
  whole: aBoardView(),
  style: aBoardView({
    view: { ...wholeBoard, style: true, category: 'ocr', since: new Date('2026-11-01') },
    board: aBoard({
      view: { ...wholeBoard, style: true },
      style: {
        estimable: true,
        reason: null,
        coefficients: [
          { feature: 'length', coefficient: 0.2, se: 0.03, pointsPerSd: 34.2 },
          { feature: 'headers', coefficient: 0.02, se: 0.02, pointsPerSd: 3.5 },
          { feature: 'lists', coefficient: -0.03, se: 0.02, pointsPerSd: -4.1 },
          { feature: 'bold', coefficient: 0.08, se: 0.02, pointsPerSd: 13.9 },
        ],
      },
    }),
  }),
  benchmarks: aBoardView({ columns: 'benchmarks' }),
  openness: aBoardView({ columns: 'openness' }),
  speed: aBoardView({ columns: 'speed', sort: 'price' }),
  early: aBoardView({ board: aBoard({ votes: 21 }), votesThisMonth: 21, mineNeeds: 12 }),
  pieces: aBoardView({
    board: aBoard({ connected: false, rows: aBoard().rows.map((row, i) => ({ ...row, piece: i % 2 })) }),
  }),
  none: aBoardView({ board: null }),
}

export function galleryPages(): Map<string, string> {
  const pages = new Map<string, string>()
  const add = (name: string, page: unknown) => pages.set(name, String(document(page as never)))
  for (const [name, view] of Object.entries(composers))
    add(`composer ${name}`, <ComposerPage frame={aFrame()} {...view} />)
  for (const [name, view] of Object.entries(battleStates))
    add(`battle ${name}`, <BattlePage frame={aFrame()} {...view} />)
  for (const language of ['zh'] satisfies Language[]) {
    add(`composer ${language}`, <ComposerPage frame={aFrame(language)} {...composer()} />)
    add(`battle ready ${language}`, <BattlePage frame={aFrame(language)} {...battleStates.ready} />)
    add(`battle voted ${language}`, <BattlePage frame={aFrame(language)} {...battleStates.voted} />)
    add(`battle revealed ${language}`, <BattlePage frame={aFrame(language)} {...battleStates.revealed} />)
  }
  for (const [name, view] of Object.entries(boards))
    add(`board ${name}`, <LeaderboardPage frame={aFrame('en', { current: 'leaderboard' })} {...view} />)
  add('board zh', <LeaderboardPage frame={aFrame('zh', { current: 'leaderboard' })} {...boards['whole']!} />)
  const dataFrame = aFrame('en', { current: 'data' })
  add('data', <DataPage frame={dataFrame} {...aDataView()} />)
  add(
    'data running',
    <DataPage frame={dataFrame} {...aDataView({ running: { done: 1200, of: 2961 }, failure: 'disk_full' })} />,
  )
  add('data nothing', <DataPage frame={dataFrame} {...aDataView({ preview: null, snapshots: [] })} />)
  add('data private', <DataPage frame={dataFrame} {...aDataView({ mayExport: false })} />)
  const row = aBoard().rows[1]!
  add(
    'model',
    <ModelPage
      frame={aFrame('en', { current: 'leaderboard' })}
      model={molmo}
      row={row}
      byCategory={[
        { category: 'ocr', row },
        { category: 'counting', row: { ...row, rating: 1066, low: 1020, high: 1112, votes: 210 } },
        { category: 'pointing', row: { ...row, rating: 1180, low: 1120, high: 1240, votes: 96, provisional: true } },
      ]}
      headToHead={aBoard()
        .rows.filter(({ model }) => model !== molmo.id)
        .map((other, i) => ({
          opponent: { id: other.model, name: other.model },
          wins: 60 + i * 9,
          ties: 20,
          bothBad: 11,
          losses: 62 - i * 8,
        }))}
      reasons={[
        { key: 'more_accurate', count: 412 },
        { key: 'read_image_better', count: 318 },
        { key: 'made_up', count: 77 },
      ]}
      behaviour={{
        answers: 1880,
        failed: 14,
        medianCharacters: 431,
        medianFirstTextMs: 912,
        failures: [{ reason: 'timed_out', count: 14 }],
      }}
      versions={[
        { version: 'a3f9c2e1d4b58877', seenAt: new Date('2026-09-01') },
        { version: 'b7f9c2e1d4b58801', seenAt: new Date('2026-11-01') },
      ]}
    />,
  )
  add(
    'method',
    <MethodPage
      frame={aFrame('en', { current: 'method' })}
      excluded={[
        { reason: 'truncated', votes: 231 },
        { reason: 'leaked_identity', votes: 88 },
      ]}
      policy={{
        hash: 'c2e1d4b58877',
        weights: [
          ['below 100 counted votes', '5'],
          ['otherwise', '1'],
        ],
      }}
      retainDays={365}
      terms={{ version: '1', html: '<p>Images and questions are kept for research.</p>' }}
    />,
  )
  add(
    'error',
    <Page {...aFrame()} title="Not there">
      <ErrorPage
        hands={aFrame()}
        code="not_found"
        status={404}
        sentence="There is no such battle, or it is not yours."
        ref="7F3K"
      />
    </Page>,
  )
  return pages
}
