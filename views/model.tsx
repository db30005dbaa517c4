// GET /models/{id}: one model, everything public about it.
import type { Child } from 'hono/jsx'
import type { BoardCategory } from '../src/leaderboards/category.ts'
import type { BoardRow } from '../src/leaderboards/leaderboard.ts'
import type { Model } from '../src/models/model.ts'
import type { FailureReason } from '../src/models/provider.ts'
import type { ReasonKey } from '../src/votes/vote.ts'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { rankWords } from './leaderboard.tsx'
import { DotPlot } from './parts/chart.tsx'

export type ModelView = {
  model: Model
  row: BoardRow | null
  /** Boards of single categories, where there is one. */
  byCategory: { category: BoardCategory; row: BoardRow }[]
  headToHead: { opponent: Pick<Model, 'id' | 'name'>; wins: number; ties: number; bothBad: number; losses: number }[]
  reasons: { key: ReasonKey; count: number }[]
  behaviour: {
    answers: number
    failed: number
    medianCharacters: number | null
    medianFirstTextMs: number | null
    failures: { reason: FailureReason; count: number }[]
  } | null
  versions: { version: string; seenAt: Date }[]
}

export const ModelPage = ({ frame, ...view }: ModelView & { frame: Frame }) => {
  const { say } = frame
  const { model, row } = view
  return (
    <Page {...frame} title={model.name} layout="column">
      <div class="stack">
        <div class="page-head">
          <h1>{model.name}</h1>
          {model.isBaseline ? <p class="note note-warn">{say('model.baseline')}</p> : null}
          {model.isReplay ? <p class="note">{say('model.replay')}</p> : null}
          <p class="stats">
            <Stat name={say('lb.col.rank')} value={row ? rankWords(say, row) : '–'} />
            <Stat
              name={say('lb.col.rating')}
              value={
                row?.rating == null ? (
                  '–'
                ) : (
                  <>
                    {say.number(row.rating)}{' '}
                    {row.low === null || row.high === null ? null : (
                      <span class="plus-minus">±{say.number((row.high - row.low) / 2)}</span>
                    )}
                  </>
                )
              }
            />
            <Stat name={say('lb.col.votes')} value={say.number(row?.votes ?? 0)} />
            <Stat name={say('lb.col.win_rate')} value={row?.winRate == null ? '–' : say.percent(row.winRate)} />
          </p>
          {row?.prior ? <p class="hint">{say('lb.prior', { prior: row.prior })}</p> : null}
        </div>
        <Card frame={frame} model={model} />
        {view.headToHead.length > 0 ? (
          <HeadToHead frame={frame} {...view} />
        ) : (
          <p class="hint">{say('model.no_votes')}</p>
        )}
        {view.byCategory.length > 0 ? <ByCategory frame={frame} {...view} /> : null}
        {view.reasons.length > 0 ? <Reasons frame={frame} reasons={view.reasons} /> : null}
        <Benchmarks frame={frame} model={model} />
        {view.behaviour ? <Behaviour frame={frame} behaviour={view.behaviour} /> : null}
        <HowItIsRun frame={frame} {...view} />
      </div>
    </Page>
  )
}

const Stat = ({ name, value }: { name: string; value: Child }) => (
  <span class="stat">
    <span class="stat-name">{name}</span>
    <span class="stat-value">{value}</span>
  </span>
)

const Settings = ({ items }: { items: [string, Child][] }) => (
  <dl class="settings">
    {items.map(([name, value]) => (
      <div>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
)

const Card = ({ frame: { say }, model }: { frame: Frame; model: Model }) => {
  const { card } = model
  const items: [string, Child][] = []
  const add = (name: string, value: string | undefined) => value !== undefined && items.push([name, value])
  add(say('lb.col.organization'), card.organization)
  add(say('lb.col.license'), card.license)
  add(say('lb.col.size'), card.size)
  add(say('model.released'), card.released)
  add(say('fact.ran'), card.servedBy)
  add(say('lb.col.weights'), card.openness?.weights)
  add(say('lb.col.data'), card.openness?.data)
  add(say('lb.col.code'), card.openness?.code)
  add(say('lb.col.vision_encoder'), card.openness?.visionEncoder)
  if (card.price)
    add(
      say('lb.col.price'),
      `${card.price.currency} ${say.number(card.price.input, 2)} · ${say.number(card.price.output, 2)}`,
    )
  if (card.url && /^https?:\/\//.test(card.url))
    items.push([
      say('share.link'),
      <a href={card.url} rel="noopener noreferrer nofollow">
        {card.url.replace(/^https?:\/\//, '')}
      </a>,
    ])
  items.push(['ID', <span class="mono">{model.id}</span>])
  items.push([say('model.state'), say(`model.state.${model.state}`)])
  return (
    <section class="section" aria-labelledby="card-title">
      <h2 id="card-title">{say('model.card')}</h2>
      <Settings items={items} />
    </section>
  )
}

const HeadToHead = ({ frame: { say }, headToHead }: ModelView & { frame: Frame }) => (
  <section class="section" aria-labelledby="head-title">
    <h2 id="head-title">{say('model.head_to_head')}</h2>
    <div class="table-scroll card" tabindex={0} role="group" aria-labelledby="head-title">
      <table class="data">
        <thead>
          <tr>
            <th scope="col">{say('model.against')}</th>
            <th scope="col" class="only-wide">
              <span class="visually-hidden">{say('model.head_to_head')}</span>
            </th>
            <th scope="col" class="num">
              {say('model.wins')}
            </th>
            <th scope="col" class="num">
              {say('model.ties')}
            </th>
            <th scope="col" class="num">
              {say('model.both_bad')}
            </th>
            <th scope="col" class="num">
              {say('model.losses')}
            </th>
          </tr>
        </thead>
        <tbody>
          {headToHead.map(({ opponent, wins, ties, bothBad, losses }) => (
            <tr>
              <th scope="row">
                <a href={`/models/${encodeURIComponent(opponent.id)}`}>{opponent.name}</a>
              </th>
              <td class="only-wide">
                <Record wins={wins} ties={ties} bothBad={bothBad} losses={losses} />
              </td>
              <td class="num">{say.number(wins)}</td>
              <td class="num">{say.number(ties)}</td>
              <td class="num">{say.number(bothBad)}</td>
              <td class="num">{say.number(losses)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </section>
)

/** Wins, ties, both bad, losses as one bar, dark to light. */
const Record = ({ wins, ties, bothBad, losses }: { wins: number; ties: number; bothBad: number; losses: number }) => {
  const total = Math.max(1, wins + ties + bothBad + losses)
  const width = 160
  let x = 0
  return (
    <svg class="record" width={width} height="12" viewBox={`0 0 ${width} 12`} aria-hidden="true" focusable="false">
      {[wins, ties, bothBad, losses].map((count, i) => {
        const part = (count / total) * width
        const from = x
        x += part
        return (
          <rect
            class={`record-${['wins', 'ties', 'bad', 'losses'][i]}`}
            x={from.toFixed(1)}
            width={Math.max(0, part - 1).toFixed(1)}
            height="12"
          />
        )
      })}
    </svg>
  )
}

const ByCategory = ({ frame: { say }, byCategory }: ModelView & { frame: Frame }) => {
  const items = byCategory.flatMap(({ category, row }) =>
    row.rating === null || row.low === null || row.high === null
      ? []
      : [
          {
            name: say(`category.${category}`),
            value: row.rating,
            low: row.low,
            high: row.high,
            isProvisional: row.provisional,
          },
        ],
  )
  return (
    <section class="section" aria-labelledby="category-title">
      <h2 id="category-title">{say('model.by_category')}</h2>
      {items.length > 0 ? (
        <div class="chart-scroll table-scroll" tabindex={0} role="group" aria-labelledby="category-title">
          <DotPlot say={say} items={items} title={say('model.by_category')} description={say('chart.rating_desc')} />
        </div>
      ) : null}
      <div class="table-scroll card fit" tabindex={0}>
        <table class="data">
          <thead>
            <tr>
              <th scope="col">{say('model.category')}</th>
              <th scope="col" class="num">
                {say('lb.col.rank')}
              </th>
              <th scope="col" class="num">
                {say('lb.col.rating')}
              </th>
              <th scope="col" class="num">
                {say('lb.col.votes')}
              </th>
            </tr>
          </thead>
          <tbody>
            {byCategory.map(({ category, row }) => (
              <tr>
                <th scope="row">
                  <a href={`/leaderboard?category=${category}`}>{say(`category.${category}`)}</a>
                </th>
                <td class="num">{rankWords(say, row)}</td>
                <td class="num">{row.rating === null ? '–' : say.number(row.rating)}</td>
                <td class="num">{say.number(row.votes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const Reasons = ({ frame: { say }, reasons }: { frame: Frame; reasons: ModelView['reasons'] }) => (
  <section class="section" aria-labelledby="reasons-title">
    <h2 id="reasons-title">{say('model.reasons')}</h2>
    <Settings items={reasons.map(({ key, count }) => [say(`reason.${key}`), say.number(count)])} />
  </section>
)

const Benchmarks = ({ frame: { say }, model }: { frame: Frame; model: Model }) => {
  const benchmarks = Object.entries(model.card.benchmarks ?? {})
  if (benchmarks.length === 0) return null
  return (
    <section class="section" aria-labelledby="benchmarks-title">
      <h2 id="benchmarks-title">{say('model.benchmarks')}</h2>
      <div class="table-scroll card fit" tabindex={0}>
        <table class="data">
          <thead>
            <tr>
              <th scope="col">{say('model.benchmark')}</th>
              <th scope="col" class="num">
                {say('model.benchmark_value')}
              </th>
              <th scope="col">{say('model.benchmark_by')}</th>
              <th scope="col">{say('model.benchmark_source')}</th>
            </tr>
          </thead>
          <tbody>
            {benchmarks.map(([name, { value, by, source, split, setting, date }]) => (
              <tr>
                <th scope="row">{name}</th>
                <td class="num">{say.number(value, 1)}</td>
                <td>{by ?? '–'}</td>
                <td>{[source, split, setting, date].filter(Boolean).join(' · ') || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const Behaviour = ({ frame: { say }, behaviour }: { frame: Frame; behaviour: NonNullable<ModelView['behaviour']> }) => {
  const { answers, failed, medianCharacters, medianFirstTextMs, failures } = behaviour
  const items: [string, Child][] = [
    [say('model.answers'), say.number(answers)],
    [say('model.failed'), `${say.number(failed)}${answers > 0 ? ` (${say.percent(failed / answers, 1)})` : ''}`],
  ]
  if (medianCharacters !== null) items.push([say('model.length'), say('model.characters', { n: medianCharacters })])
  if (medianFirstTextMs !== null) items.push([say('model.first_text'), say.seconds(medianFirstTextMs)])
  for (const { reason, count } of failures) items.push([say(`failure.${reason}`), say.number(count)])
  return (
    <section class="section" aria-labelledby="behaviour-title">
      <h2 id="behaviour-title">{say('model.behaviour')}</h2>
      <Settings items={items} />
    </section>
  )
}

const HowItIsRun = ({ frame: { say }, model, versions }: ModelView & { frame: Frame }) => (
  <section class="section" aria-labelledby="run-title">
    <h2 id="run-title">{say('model.how_run')}</h2>
    <Settings
      items={[
        [say('model.kind'), <span class="mono">{model.kind}</span>],
        [say('model.string'), <span class="mono">{model.model}</span>],
        ['grounding', <span class="mono">{model.grounding}</span>],
        ...Object.entries(model.settings).map(([name, value]): [string, Child] => [
          name,
          <span class="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</span>,
        ]),
        [say('model.version'), <span class="mono">{model.version.slice(0, 16)}</span>],
      ]}
    />
    {versions.length > 1 ? (
      <details>
        <summary class="linklike">{say('model.versions')}</summary>
        <Settings
          items={versions.map(({ version, seenAt }) => [
            say.date(seenAt),
            <span class="mono">{version.slice(0, 16)}</span>,
          ])}
        />
      </details>
    ) : null}
  </section>
)
