// GET /compare?a=&b=: two models chosen by name. The composer's form with two selects before the picture, sent to POST /compare.
// a[data-swap]   a link to the other order; app.js exchanges the selects instead, so that what was typed stays
import { ComposerForm, type ComposerView, FormError, ThumbTemplate } from './composer.tsx'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { Icon } from './parts/icon.tsx'

export type CompareChoice = {
  models: { id: string; name: string; baseline: boolean; answering: boolean }[]
  a: string | null
  b: string | null
  /** Pairs this voter compared, newest first. */
  recent: { a: string; b: string }[]
}

export const ComparePage = ({ frame, choice, ...view }: ComposerView & { frame: Frame; choice: CompareChoice }) => {
  const { say } = frame
  const isPossible = choice.models.filter(({ answering }) => answering).length >= 2
  return (
    <Page {...frame} title={say('compare.title')} layout="column" isPrivate>
      <div class="composer">
        <div class="composer-head">
          <h1>{say('compare.title')}</h1>
          <p class="lead">{say('compare.lead')}</p>
        </div>
        {isPossible ? null : <p class="note note-warn">{say('compare.few')}</p>}
        {view.error && view.error.field === null ? <FormError frame={frame} error={view.error} /> : null}
        <ComposerForm frame={frame} {...view} action="/compare">
          <Sides frame={frame} choice={choice} />
        </ComposerForm>
        <Recent frame={frame} choice={choice} />
      </div>
      <ThumbTemplate frame={frame} />
    </Page>
  )
}

const addressOf = (a: string | null, b: string | null) => {
  const query = new URLSearchParams([...(a ? [['a', a]] : []), ...(b ? [['b', b]] : [])])
  return `/compare?${query}`
}

const Sides = ({ frame, choice }: { frame: Frame; choice: CompareChoice }) => {
  const { say } = frame
  return (
    <div class="compare-sides">
      <ModelSelect frame={frame} choice={choice} side="a" />
      <a
        class="button"
        href={addressOf(choice.b, choice.a)}
        data-swap
        aria-label={say('compare.swap')}
        title={say('compare.swap')}
      >
        <Icon name="swap" />
      </a>
      <ModelSelect frame={frame} choice={choice} side="b" />
    </div>
  )
}

const ModelSelect = ({ frame: { say }, choice, side }: { frame: Frame; choice: CompareChoice; side: 'a' | 'b' }) => {
  const other = side === 'a' ? choice.b : choice.a
  const able = choice.models.filter(({ answering }) => answering)
  // Whoever has chosen nothing gets two that answer and differ.
  const chosen = choice[side] ?? able.filter(({ id }) => id !== other)[other === null && side === 'b' ? 1 : 0]?.id
  return (
    <label class="compare-side">
      <span>
        <span class={`tag tag-${side}`} aria-hidden="true">
          {side.toUpperCase()}
        </span>
        {say('compare.side', { x: side.toUpperCase() })}
      </span>
      <select name={side} id={`compare-${side}`} required>
        {choice.models.map(({ id, name, baseline, answering }) => (
          <option value={id} selected={id === chosen} disabled={!answering}>
            {name}
            {baseline ? ` · ${say('lb.baseline')}` : ''}
            {answering ? '' : ` · ${say('compare.paused')}`}
          </option>
        ))}
      </select>
    </label>
  )
}

const Recent = ({ frame: { say }, choice: { models, recent } }: { frame: Frame; choice: CompareChoice }) => {
  const nameOf = (id: string) => models.find((model) => model.id === id)?.name ?? id
  return recent.length === 0 ? null : (
    <section class="suggestions" aria-labelledby="recent-title">
      <h2 id="recent-title">{say('compare.recent')}</h2>
      <ul class="compare-recent">
        {recent.map(({ a, b }) => (
          <li>
            <a href={addressOf(a, b)}>{say('compare.pair', { a: nameOf(a), b: nameOf(b) })}</a>
          </li>
        ))}
      </ul>
    </section>
  )
}
