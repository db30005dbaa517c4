// GET /data: what to take, in which form; what is left out and why. Filters are a GET form; POST /data/exports with the same fields starts one.
// Fields: preset, scope, since, until, category (repeated), language, has_reason=1, include_uncounted=1, min_seconds
import type { Reason } from '../src/exports/funnel.ts'
import { type Preset, presets } from '../src/exports/options.ts'
import { categories } from '../src/prompts/category.ts'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { Csrf } from './parts/form.tsx'
import { Icon } from './parts/icon.tsx'
import type { Say } from './strings/strings.ts'

export type DataFilter = {
  preset: Preset
  scope: 'internal' | 'public'
  since: Date | null
  until: Date | null
  categories: string[]
  language: string | null
  hasReason: boolean
  includeUncounted: boolean
  minSeconds: number | null
}

export type DataPreview = {
  battles: number
  counted: number
  rows: number
  /** In the order of the tests; `remaining` after each. */
  funnel: { reason: Reason; removed: number; remaining: number }[]
  sizeBytes: number | null
  /** A few rows as they would be written, cut to what fits a table. */
  columns: string[]
  sample: string[][]
}

export type DataView = {
  filter: DataFilter
  /** null while nothing was ever voted on. */
  preview: DataPreview | null
  running: { done: number; of: number } | null
  failure: string | null
  snapshots: { id: string; presets: string[]; rows: number; bytes: number; cutOff: Date; tarUrl: string }[]
  /** Column reference of the chosen preset. */
  columns: { name: string; type: string; about: string }[]
  /** The same export from a shell, and the fetch of a finished one. */
  command: string
  curl: string | null
  mayExport: boolean
}

export const DataPage = ({ frame, ...view }: DataView & { frame: Frame }) => {
  const { say } = frame
  return (
    <Page {...frame} title={say('data.title')} layout="wide" refreshSeconds={view.running ? 3 : undefined}>
      <div class="stack">
        <div class="page-head">
          <h1>{say('data.title')}</h1>
          <p class="lead">{say('data.lead')}</p>
        </div>
        {view.mayExport ? (
          <div class="data-page">
            <FilterForm say={say} filter={view.filter} />
            <div class="stack">
              <Result frame={frame} {...view} />
              <Shell say={say} {...view} />
              <Snapshots say={say} {...view} />
              <Columns say={say} {...view} />
            </div>
          </div>
        ) : (
          <p class="card empty">{say('data.private')}</p>
        )}
      </div>
    </Page>
  )
}

const day = (at: Date | null) => (at === null ? '' : at.toISOString().slice(0, 10))

const FilterForm = ({ say, filter }: { say: Say; filter: DataFilter }) => (
  <form class="data-filters card" method="get" action="/data" data-submits-itself aria-labelledby="data-filters">
    <h2 id="data-filters">{say('data.filters')}</h2>
    <label class="filter">
      <span>{say('data.preset')}</span>
      <select name="preset">
        {presets.map((preset) => (
          <option value={preset} selected={preset === filter.preset}>
            {say(`data.preset.${preset}`)}
          </option>
        ))}
      </select>
    </label>
    <fieldset class="filter-group">
      <legend>{say('data.scope')}</legend>
      {(['internal', 'public'] as const).map((scope) => (
        <label class="check">
          <input type="radio" name="scope" value={scope} checked={scope === filter.scope} />{' '}
          {say(`data.scope.${scope}`)}
        </label>
      ))}
    </fieldset>
    <div class="filter-pair">
      <label class="filter">
        <span>{say('lb.since')}</span>
        <input type="date" name="since" value={day(filter.since)} />
      </label>
      <label class="filter">
        <span>{say('lb.until')}</span>
        <input type="date" name="until" value={day(filter.until)} />
      </label>
    </div>
    <label class="filter">
      <span>{say('lb.language')}</span>
      <input type="text" name="language" value={filter.language ?? ''} placeholder="en, zh, …" autocomplete="off" />
    </label>
    <details class="filter-group" open={filter.categories.length > 0}>
      <summary class="linklike">{say('lb.category')}</summary>
      <fieldset>
        <legend class="visually-hidden">{say('lb.category')}</legend>
        {categories.map((category) => (
          <label class="check">
            <input type="checkbox" name="category" value={category} checked={filter.categories.includes(category)} />{' '}
            {say(`category.${category}`)}
          </label>
        ))}
      </fieldset>
    </details>
    <label class="check">
      <input type="checkbox" name="has_reason" value="1" checked={filter.hasReason} /> {say('data.has_reason')}
    </label>
    <label class="check">
      <input type="checkbox" name="include_uncounted" value="1" checked={filter.includeUncounted} />{' '}
      {say('data.include_uncounted')}
    </label>
    <label class="filter">
      <span>{say('data.min_seconds')}</span>
      <input
        type="number"
        name="min_seconds"
        min={0}
        step={1}
        value={filter.minSeconds === null ? '' : String(filter.minSeconds)}
      />
    </label>
    <button class="button" type="submit" data-apply>
      {say('data.update')}
    </button>
  </form>
)

const Result = ({ frame, filter, preview, running, failure }: DataView & { frame: Frame }) => {
  const { say } = frame
  if (preview === null)
    return (
      <div class="card empty">
        <p>{say('data.none_yet')}</p>
        <a class="button button-primary" href="/">
          {say('nav.battle')}
        </a>
      </div>
    )
  return (
    <section class="section" aria-labelledby="data-count">
      <div class="row-between">
        <h2 id="data-count">{say('data.count', { n: preview.battles, votes: say.number(preview.counted) })}</h2>
        <p class="hint">
          {say('data.rows', { n: preview.rows })}
          {preview.sizeBytes === null ? '' : ` · ${say('data.size', { size: say.bytes(preview.sizeBytes) })}`}
        </p>
      </div>
      {preview.rows === 0 ? <p class="note">{say('data.none')}</p> : null}
      {running ? (
        <div class="note" role="status">
          <p>
            {say('data.running')} {say('data.running_rows', { done: running.done, total: running.of })}
          </p>
          <progress value={running.done} max={Math.max(1, running.of)} aria-label={say('data.running')} />
        </div>
      ) : (
        <form method="post" action="/data/exports">
          <Csrf hands={frame} />
          <FilterFields filter={filter} />
          <button class="button button-primary" type="submit" disabled={preview.rows === 0}>
            {say('data.start')}
          </button>
        </form>
      )}
      {failure ? (
        <p class="note note-err">
          {say('data.failed')} {failure}
        </p>
      ) : null}
      <Funnel say={say} preview={preview} />
      <Sample say={say} preview={preview} />
    </section>
  )
}

/** The filter once more, so that what is built is what was counted. */
const FilterFields = ({ filter }: { filter: DataFilter }) => (
  <>
    <input type="hidden" name="preset" value={filter.preset} />
    <input type="hidden" name="scope" value={filter.scope} />
    {filter.since ? <input type="hidden" name="since" value={day(filter.since)} /> : null}
    {filter.until ? <input type="hidden" name="until" value={day(filter.until)} /> : null}
    {filter.language ? <input type="hidden" name="language" value={filter.language} /> : null}
    {filter.categories.map((category) => (
      <input type="hidden" name="category" value={category} />
    ))}
    {filter.hasReason ? <input type="hidden" name="has_reason" value="1" /> : null}
    {filter.includeUncounted ? <input type="hidden" name="include_uncounted" value="1" /> : null}
    {filter.minSeconds === null ? null : <input type="hidden" name="min_seconds" value={String(filter.minSeconds)} />}
  </>
)

/** Each step: what is left as a bar, what went as a number. */
const Funnel = ({ say, preview }: { say: Say; preview: DataPreview }) => {
  const steps = preview.funnel.filter(({ removed }) => removed > 0)
  const all = (preview.funnel[0]?.remaining ?? 0) + (preview.funnel[0]?.removed ?? 0)
  if (all === 0) return null
  return (
    <div class="funnel">
      <h3 id="funnel-title">{say('data.funnel')}</h3>
      <div class="table-scroll card" tabindex={0} role="group" aria-labelledby="funnel-title">
        <table class="data">
          <thead>
            <tr>
              <th scope="col">{say('data.funnel_reason')}</th>
              <th scope="col" class="num">
                {say('data.funnel_removed')}
              </th>
              <th scope="col" class="num">
                {say('data.funnel_left')}
              </th>
              <th scope="col" class="only-wide">
                <span class="visually-hidden">{say('data.funnel_left')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            <FunnelRow say={say} words={say('data.funnel_start')} removed={null} left={all} all={all} />
            {steps.map(({ reason, removed, remaining }) => (
              <FunnelRow say={say} words={reasonWords(say, reason)} removed={removed} left={remaining} all={all} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

const FunnelRow = ({
  say,
  words,
  removed,
  left,
  all,
}: {
  say: Say
  words: string
  removed: number | null
  left: number
  all: number
}) => (
  <tr>
    <th scope="row">{words}</th>
    <td class="num">{removed === null ? '' : `−${say.number(removed)}`}</td>
    <td class="num">{say.number(left)}</td>
    <td class="only-wide">
      <svg class="record" width="180" height="10" viewBox="0 0 180 10" aria-hidden="true" focusable="false">
        <rect class="record-losses" width="180" height="10" />
        <rect class="record-wins" width={((left / all) * 180).toFixed(1)} height="10" />
      </svg>
    </td>
  </tr>
)

/** Reasons of votes and reasons of exports share one list of words. */
function reasonWords(say: Say, reason: Reason): string {
  switch (reason) {
    case 'leaked_identity':
    case 'identity_probe':
    case 'truncated':
    case 'stopped_by_voter':
    case 'named_mode':
    case 'replaced_side':
    case 'over_daily_limit':
    case 'repeat_prompt':
    case 'duplicate_excess':
    case 'operator_excluded':
      return say(`exclusion.${reason}`)
    default:
      return say(`funnel.${reason}`)
  }
}

const Sample = ({ say, preview }: { say: Say; preview: DataPreview }) =>
  preview.sample.length === 0 ? null : (
    <div>
      <h3 id="sample-title">{say('data.preview')}</h3>
      <div class="table-scroll card" tabindex={0} role="group" aria-labelledby="sample-title">
        <table class="data data-sample">
          <thead>
            <tr>
              {preview.columns.map((column) => (
                <th scope="col" class="mono">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {preview.sample.map((row) => (
              <tr>
                {row.map((cell) => (
                  <td class="mono" dir="auto">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )

const Command = ({ say, text }: { say: Say; text: string }) => (
  <div class="command-box">
    <pre class="command" tabindex={0}>
      <code>{text}</code>
    </pre>
    <button class="tool only-scripts" type="button" data-copy-text={text}>
      {say('data.copy')}
    </button>
  </div>
)

const Shell = ({ say, command, curl }: DataView & { say: Say }) => (
  <section class="section" aria-labelledby="shell-title">
    <h2 id="shell-title">{say('data.command')}</h2>
    <p class="hint">{say('data.command_note')}</p>
    <Command say={say} text={command} />
    {curl ? (
      <>
        <p class="hint">{say('data.curl_note')}</p>
        <Command say={say} text={curl} />
      </>
    ) : null}
  </section>
)

const Snapshots = ({ say, snapshots }: DataView & { say: Say }) =>
  snapshots.length === 0 ? null : (
    <section class="section" aria-labelledby="snapshots-title">
      <h2 id="snapshots-title">{say('data.snapshots')}</h2>
      <div class="table-scroll card" tabindex={0} role="group" aria-labelledby="snapshots-title">
        <table class="data">
          <thead>
            <tr>
              <th scope="col">{say('data.snapshot')}</th>
              <th scope="col">{say('data.preset')}</th>
              <th scope="col">{say('data.made')}</th>
              <th scope="col" class="num">
                {say('data.col.rows')}
              </th>
              <th scope="col">
                <span class="visually-hidden">{say('data.download')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {snapshots.map((snapshot) => (
              <tr>
                <th scope="row" class="mono">
                  {snapshot.id}
                </th>
                <td>{snapshot.presets.join(', ')}</td>
                <td>{say.dateTime(snapshot.cutOff)}</td>
                <td class="num">{say.number(snapshot.rows)}</td>
                <td>
                  <a class="take-link" href={snapshot.tarUrl} download>
                    <Icon name="download" /> {say('data.download')} ({say.bytes(snapshot.bytes)})
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )

const Columns = ({ say, columns }: DataView & { say: Say }) =>
  columns.length === 0 ? null : (
    <details class="section">
      <summary class="linklike">{say('data.columns')}</summary>
      <div class="table-scroll card" tabindex={0} role="group" aria-label={say('data.columns')}>
        <table class="data">
          <thead>
            <tr>
              <th scope="col">{say('data.column')}</th>
              <th scope="col">{say('data.type')}</th>
              <th scope="col">{say('data.meaning')}</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <tr>
                <th scope="row" class="mono">
                  {column.name}
                </th>
                <td class="mono">{column.type}</td>
                <td>{column.about}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
