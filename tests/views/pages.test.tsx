import { describe, expect, test } from 'vitest'
import { latestTurn, sides } from '../../src/battles/battle.ts'
import { refusalKeys } from '../../src/core/errors.ts'
import { BattleMain, BattlePage, BattleUpdate, type BattleView } from '../../views/battle.tsx'
import { ComposerPage } from '../../views/composer.tsx'
import { announcement, dockState } from '../../views/dock.tsx'
import { agreementWords, LeaderboardPage, rankWords } from '../../views/leaderboard.tsx'
import { answerRenderer, renderAnswer } from '../../views/markdown.ts'
import { delta, fullState, type StreamState } from '../../views/stream.tsx'
import { catalogues, languages, sayIn } from '../../views/strings/strings.ts'
import { composer, galleryPages } from './gallery-pages.tsx'
import { hostilePayloads } from './hostile.ts'
import {
  aBoard,
  aBoardView,
  aFrame,
  aTurn,
  aView,
  aVote,
  battleStates,
  blind,
  failed,
  finished,
  rankedModels,
  revealed,
  saidA,
  saidB,
  seedImage,
  writing,
} from './samples.ts'

const frame = aFrame()
const html = (view: BattleView) => String(<BattlePage frame={frame} {...view} />)
const views = Object.entries(battleStates) as [string, BattleView][]

describe('every page and state', () => {
  const pages = [...galleryPages()]
  test.each(pages)('%s: no inline style, script, handler or foreign address', (_, page) => {
    expect(page.startsWith('<!doctype html>')).toBe(true)
    const tags = page.match(/<[a-z][^>]*>/gi) ?? []
    for (const tag of tags) {
      expect(tag).not.toMatch(/\s(style|on[a-z]+|hx-on[a-z:-]*)=/i)
      expect(tag).not.toMatch(/\s(src|srcset|poster|action|formaction|data-hx-[a-z]+|hx-(get|post))="(?!\/(?!\/))/i)
      expect(tag).not.toMatch(/="(js|javascript):/i)
    }
    expect(page.match(/<script/g)).toHaveLength(1)
    expect(page).toContain('<script src="/static/none.js" defer="" nonce="test-nonce">')
    expect(page).not.toContain('<style')
  })
  test.each(pages)('%s: every POST form carries the token, every htmx element the nonce', (_, page) => {
    for (const form of page.match(/<form[^>]*method="post"[\s\S]*?<\/form>/g) ?? [])
      expect(form).toContain('name="csrf" value="test-csrf"')
    for (const tag of page.match(/<[a-z][^>]*\shx-(get|post|sse:connect)=[^>]*>/g) ?? [])
      expect(tag).toContain('hx-nonce="test-nonce"')
  })
  test.each(pages)('%s: ids occur once', (_, page) => {
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  })
})

describe('a battle before the reveal', () => {
  const beforeReveal = views.filter(([, view]) => view.battle.revealedAt === null)
  test.each(beforeReveal)('%s: names no model', (_, view) => {
    expect(html(view)).not.toMatch(/molmo|qwen|Ai2|Alibaba|vLLM/i)
  })
  test('is votable only when it is ready or voted, in the order A, Tie, Both bad, B', () => {
    const offered = (view: BattleView) =>
      [...html(view).matchAll(/name="outcome" value="([a-z_]+)"/g)].map(([, value]) => value)
    expect(offered(battleStates.ready)).toEqual(['a', 'tie', 'both_bad', 'b'])
    expect(offered(battleStates.stopped)).toEqual(['a', 'tie', 'both_bad', 'b'])
    expect(offered(battleStates.changing)).toEqual(['a', 'tie', 'both_bad', 'b'])
    expect(offered(battleStates.identical)).toEqual(['tie'])
    for (const state of [
      'queued',
      'preparing',
      'writing',
      'one failed',
      'both failed',
      'interrupted',
      'expired',
      'skipped',
      'revealed',
      'withdrawn',
    ] as const)
      expect(offered(battleStates[state]), state).toEqual([])
  })
  test('does not tell why a side failed, and shows none of its words', () => {
    const view = aView(
      blind({
        state: 'void',
        voidReason: 'side_failed',
        turns: [aTurn({ answers: { a: finished(saidA), b: failed('half a sentence') } })],
      }),
    )
    expect(html(view)).not.toMatch(/half a sentence|no answer in time|timed_out/)
    expect(html(view)).toContain('Ref 7F3K')
    const open = aView({ ...revealed(), turns: [aTurn({ answers: { a: finished(saidA), b: failed() } })] })
    expect(html(open)).toContain('no answer in time')
  })
  test('offers to try again only as often as it may, and to replace only where offered', () => {
    const view = battleStates['one failed']
    expect(html(view)).toContain('/retry"')
    expect(html({ ...view, battle: { ...view.battle, tries: 2 } })).not.toContain('/retry"')
    expect(html({ ...view, mayReplace: false })).not.toContain('/replace"')
  })
  test('runs with a stream and a refresh for readers without scripts, and only then', () => {
    for (const [name, view] of views) {
      const isRunning = view.battle.state === 'queued' || view.battle.state === 'writing'
      expect(html(view).includes('hx-sse:connect'), name).toBe(isRunning)
      expect(html(view).includes('<noscript><meta http-equiv="refresh"'), name).toBe(isRunning)
    }
  })
  test('reasons are asked for both sides, good of the winner and bad of the loser', () => {
    const asked = [...html(battleStates.voted).matchAll(/name="reasons" value="([ab]):(\w+)"/g)].map(
      ([, side, key]) => `${side} ${key}`,
    )
    expect(asked).toContain('a more_accurate')
    expect(asked).toContain('b made_up')
    expect(asked).not.toContain('b more_accurate')
    expect(html(battleStates.voted)).toContain('value="a:more_accurate" checked=""')
  })
  test('a changed vote says which revision it saw', () => {
    const view = { ...battleStates.changing, vote: aVote({ revision: 3 }) }
    expect(html(view)).toContain('name="seen_revision" value="3"')
  })
})

describe('a battle after the reveal', () => {
  test('names both, tells how they ran, and whether the vote counts', () => {
    const page = html(battleStates.revealed)
    for (const words of [
      'A was Molmo 2 8B.',
      'B was Qwen3-VL 32B.',
      '0.8 s',
      '131',
      'Counted in: overall and Reading text',
      '/models/molmo-2-8b',
    ])
      expect(page).toContain(words)
  })
  test('says why a vote does not count', () => {
    expect(html(battleStates['not counted'])).toContain('Not counted: an answer said who made it')
  })
  test('a withdrawn vote cannot be withdrawn again', () => {
    expect(html(battleStates.revealed)).toContain('/withdraw"')
    expect(html(battleStates.withdrawn)).not.toContain('/withdraw"')
  })
})

describe('an action’s answer', () => {
  test('is the battle and the polite line, or the place of the keyboard', () => {
    const update = (view: BattleView) => String(<BattleUpdate hands={frame} {...view} />)
    expect(update(battleStates.ready)).toContain('hx-target="#status"')
    expect(update(battleStates.voted)).toContain('autofocus')
    expect(update(battleStates.voted)).not.toContain('hx-target="#status"')
  })
  test('is inert without a nonce', () => {
    const main = String(<BattleMain hands={{ ...frame, nonce: null }} {...battleStates.ready} />)
    expect(main).not.toMatch(/\shx-(post|get)=/)
    expect(main).toContain('method="post" action="/b/')
  })
})

describe('the stream', () => {
  const state = (
    view: BattleView,
    renderers = sides.map((side) => answerRenderer({ side, say: frame.say })),
  ): StreamState => {
    const { a, b } = latestTurn(view.battle).answers
    return {
      ...view,
      focus: null,
      say: frame.say,
      csrf: 'test-csrf',
      rendered: {
        a: renderers[0]!.update(a, a.state !== 'writing'),
        b: renderers[1]!.update(b, b.state !== 'writing'),
      },
    }
  }
  test('restores everything a reader needs, without anything live', () => {
    const message = fullState(state(battleStates.ready))
    for (const target of [
      '#a-done',
      '#b-done',
      '#a-tail',
      '#b-tail',
      '#a-state',
      '#b-state',
      '#marks-1',
      '#marks-tools',
      '#dock',
      '#status',
    ])
      expect(message, target).toContain(`hx-target="${target}"`)
    expect(message).not.toMatch(/\shx-(post|get|trigger|nonce)=/)
  })
  test('sends what is new, once', () => {
    const renderers = sides.map((side) => answerRenderer({ side, say: frame.say }))
    const at = (a: string, b: string) =>
      state(
        aView(
          blind({ state: 'writing', turns: [aTurn({ answers: { a: writing(a), b: writing(b) }, readyAt: null })] }),
        ),
        renderers,
      )
    const first = at('', '')
    const second = at('One.\n\nTwo\nmore', '')
    const message = delta(second, first)
    expect(message).toContain('<hx-partial hx-target="#a-done" hx-swap="beforeend"><p dir="auto">One.</p>')
    expect(message).toContain('<hx-partial hx-target="#a-tail" hx-swap="innerHTML"><p dir="auto">Two\nmore</p>')
    expect(message).not.toContain('#b-tail')
    expect(message).toContain('hx-target="#dock"')
    const third = at('One.\n\nTwo\nmore', '')
    expect(delta(third, second)).toBe('')
    const grown = delta(at('One.\n\nTwo\nmore words', ''), third)
    expect(grown).toContain('<hx-partial hx-target="#a-tail" hx-swap="innerMorph"><p dir="auto">Two\nmore words</p>')
    expect(grown).not.toContain('#a-done')
  })
  test('says once that both are ready', () => {
    expect(fullState(state(battleStates.ready))).toContain('Both answers are ready. You can vote.')
    expect(announcement(frame, battleStates.writing)).toBe('')
  })
  test('a side that failed shows no words', () => {
    const view = aView(
      blind({
        state: 'void',
        voidReason: 'side_failed',
        turns: [aTurn({ answers: { a: finished(saidA), b: failed('half a sentence') } })],
      }),
    )
    expect(fullState(state(view))).not.toContain('half a sentence')
  })
})

describe('data in pages', () => {
  test('never opens an htmx element, wherever it stands', () => {
    for (const payload of hostilePayloads) {
      const turn = aTurn({
        prompt: { ...aTurn().prompt, text: payload },
        answers: { a: finished({ ...saidA, text: payload }), b: finished(saidB) },
      })
      const model = { ...revealed().contestants.a, name: payload, card: { organization: payload, license: payload } }
      const pages = [
        html(aView(blind({ turns: [turn] }))),
        html(
          aView(revealed({ turns: [turn, aTurn({ number: 2 })], contestants: { a: model, b: model } }), {
            vote: aVote({ note: payload }),
          }),
        ),
        String(
          <ComposerPage frame={frame} {...composer({ draft: { prompt: payload, promptId: null, images: [] } })} />,
        ),
      ]
      for (const page of pages) {
        expect(page.match(/<\/?hx-/gi) ?? [], payload).toEqual([])
        expect(page, payload).not.toMatch(/<(script(?! src="\/static)|iframe|object|embed|base|link rel="?preload)/i)
      }
    }
  })
  test('marks are drawn in the image’s own pixels, circles for A and diamonds for B', () => {
    const page = html(battleStates.ready)
    const { width, height } = seedImage('cafe-receipt')
    expect(page).toContain(`viewBox="0 0 ${width} ${height}"`)
    expect(page).toContain(`translate(${0.5 * width} ${0.83 * height})`)
    const markA = page.slice(page.indexOf('mark mark-a'), page.indexOf('mark mark-b'))
    expect(markA).toContain('<circle class="mark-line"')
    expect(page.slice(page.indexOf('mark mark-b'))).toContain('<path class="mark-line"')
  })
  test('more than fifty marks become dots with a list', () => {
    const marks = Array.from({ length: 60 }, (_, i) => ({
      kind: 'point' as const,
      x: i / 60,
      y: 0.5,
      label: `thing ${i}`,
    }))
    const page = html(
      aView(
        blind({ turns: [aTurn({ answers: { a: finished({ text: 'x', chips: [], marks }), b: finished(saidB) } })] }),
      ),
    )
    expect(page).toContain('60 marks')
    expect(page.slice(page.indexOf('mark mark-a'), page.indexOf('mark mark-b'))).not.toContain('mark-badge')
  })
})

describe('the leaderboard', () => {
  const board = (some = {}) => String(<LeaderboardPage frame={frame} {...aBoardView(some)} />)
  test('says in words when the first cannot be told apart', () => {
    expect(board()).toContain('2 models share first place')
    const rows = aBoard().rows.map((row, i) => (i === 0 ? { ...row, rankLow: 1, rankHigh: 1 } : { ...row, rankLow: 2 }))
    expect(board({ board: aBoard({ rows }) })).toContain('Qwen3-VL 32B leads.')
  })
  test('is greyed and says so below thirty votes', () => {
    expect(board({ board: aBoard({ votes: 29 }) })).toContain('too few to rank')
    expect(board({ board: aBoard({ votes: 30 }) })).not.toContain('too few to rank')
  })
  test('never puts models that did not meet into one table', () => {
    const rows = aBoard().rows.map((row, i) => ({ ...row, piece: i % 2 }))
    expect(board({ board: aBoard({ connected: false, rows }) }).match(/board-table/g)).toHaveLength(2)
  })
  test('filters are parameters: what is not default is in every link', () => {
    const page = board({ view: { ...aBoard().view, category: 'ocr', style: true } })
    expect(page).toContain('/leaderboard.csv?category=ocr&amp;style=1')
    expect(page).toContain('href="/leaderboard?style=1&amp;provisional=1"')
  })
  test('a rank is an interval', () => {
    expect(rankWords(frame.say, { rankLow: 2, rankHigh: 5 })).toBe('2–5')
    expect(rankWords(frame.say, { rankLow: 7, rankHigh: 7 })).toBe('7')
    expect(rankWords(frame.say, { rankLow: null, rankHigh: null })).toBe('–')
  })
  test('agreement with a benchmark is ρ with its interval, or says that it has too few', () => {
    const models = [...rankedModels().values()]
    const shown = aBoard().rows.map((row, i) => ({
      row: { ...row, provisional: false },
      known: { ...models[i]!, model: { ...models[i]!.model, card: { benchmarks: { mmmu: { value: 90 - i } } } } },
      name: row.model,
    }))
    expect(agreementWords(frame.say, shown, 'mmmu')).toBe('1.00, n 7')
    expect(agreementWords(frame.say, shown.slice(0, 4), 'mmmu')).toBe('too few: 4 of 4 models have a score')
    const swapped = shown.map((one, i) => ({
      ...one,
      known: {
        ...one.known,
        model: { ...one.known.model, card: { benchmarks: { mmmu: { value: [89, 90][i] ?? 90 - i } } } },
      },
    }))
    // Six ordered places and one exchange: ρ = 1 − 6·2 / (7·48).
    expect(agreementWords(frame.say, swapped, 'mmmu')).toMatch(/^0\.96 \[0\.\d\d, 1\.00\], n 7$/)
  })
})

describe('words', () => {
  const placeholders = (entry: string | { one?: string; other: string }) =>
    [...new Set((typeof entry === 'string' ? entry : entry.other).match(/\{\w+\}/g) ?? [])].toSorted()
  test('every language has every key, with the same placeholders', () => {
    for (const language of languages) {
      expect(Object.keys(catalogues[language]).toSorted()).toEqual(Object.keys(catalogues.en).toSorted())
      for (const [key, entry] of Object.entries(catalogues.en))
        expect(placeholders(catalogues[language][key as keyof typeof catalogues.en]), `${language} ${key}`).toEqual(
          placeholders(entry),
        )
    }
  })
  test('every refusal has a sentence', () => {
    for (const language of languages)
      for (const key of refusalKeys) expect(sayIn(language)(`refusal.${key}`), key).not.toBe('')
  })
  test('forms follow the language’s plural rules', () => {
    expect(sayIn('en')('lb.votes', { n: 1 })).toBe('One counted vote.')
    expect(sayIn('en')('lb.votes', { n: 1240 })).toBe('1,240 counted votes.')
    expect(sayIn('zh')('lb.votes', { n: 1 })).toBe('共 1 张计入的票。')
  })
  test('an operator can replace a sentence', () => {
    expect(sayIn('en', { consent: 'Ours: {n}' })('consent', { n: 2 })).toBe('Ours: 2')
  })
  test('Chinese pages say so and hold no English interface words', () => {
    const page = String(<BattlePage frame={aFrame('zh')} {...battleStates.ready} />)
    expect(page).toContain('<html lang="zh-Hans"')
    expect(page).not.toMatch(/Answer A|Finished|Skip</)
  })
})

test('an answer on the page is the answer the renderer makes', () => {
  const done = renderAnswer(saidA, { side: 'a', say: frame.say })
  expect(html(battleStates.ready)).toContain(done)
  expect(dockState(battleStates.ready)).toBe('ready')
})
