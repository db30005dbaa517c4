// GET /leaderboard: sentence, filters, table, charts. Every filter is a query parameter; the form works without scripts, app.js may submit it
// on change and hide [data-apply]. Parameters: category, style=1, language, voters, turns=one|several, library=0, since, until (dates),
// open=weights,data,code,vision_encoder, license, baselines=1, provisional=1,
// columns=basics|openness|benchmarks|speed, sort=rating|name|votes|both_bad|win_rate|failures|price|first_text
// #board            the table (one for each piece when models never met); #chart-rating #chart-wins #chart-counts, and those of
//                  board-charts.tsx; #robustness in words
// textarea#bibtex   the citation
import { extent, max, min } from 'd3-array'
import type { Child } from 'hono/jsx'
import type { ModelId } from '../src/core/ids.ts'
import { agreementModelsMin, benchmarkAgreement } from '../src/leaderboards/benchmark-agreement.ts'
import { boardCategories } from '../src/leaderboards/category.ts'
import type { BoardRow, BoardView, Leaderboard } from '../src/leaderboards/leaderboard.ts'
import type { LossReasons, PastBoard } from '../src/leaderboards/leaderboard-store.ts'
import type { Model } from '../src/models/model.ts'
import { MoreCharts, YouChart } from './board-charts.tsx'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { type Cell, Chart, CountMatrix, DotPlot, HeatMap, type Interval, IntervalBar } from './parts/chart.tsx'
import { Icon } from './parts/icon.tsx'
import { RobustnessNotes } from './parts/robustness.tsx'
import type { Say } from './strings/strings.ts'

export const boardColumns = ['basics', 'openness', 'benchmarks', 'speed'] as const
export type BoardColumns = (typeof boardColumns)[number]
export const boardSorts = [
  'rating',
  'name',
  'votes',
  'both_bad',
  'win_rate',
  'failures',
  'price',
  'first_text',
] as const
export type BoardSort = (typeof boardSorts)[number]

export const openParts = ['weights', 'data', 'code', 'vision_encoder'] as const
export type OpenPart = (typeof openParts)[number]
/** Models of some openness or licence: a choice among rows, not among votes. */
export type ModelFilter = { open: OpenPart[]; license: string | null }

export const isOfFilter = ({ card }: Pick<Model, 'card'>, { open, license }: ModelFilter): boolean =>
  (license === null || card.license === license) &&
  open.every((part) => card.openness?.[part === 'vision_encoder' ? 'visionEncoder' : part] === 'open')

/** What is known of a model beside its votes. */
export type RankedModel = {
  model: Model
  failureRate: number | null
  /** Medians of our own battles. */
  firstTextMs: number | null
  tokensPerSecond: number | null
}

export type LeaderboardView = {
  /** The view asked for; `board.view` when there is a board. */
  view: BoardView
  /** null: nothing was ever counted in this view. */
  board: Leaderboard | null
  models: Map<ModelId, RankedModel>
  filter?: ModelFilter
  /** Boards of past days, oldest first. */
  history?: PastBoard[]
  losses?: LossReasons[]
  /** Beside one's own board: the ratings of all voters. */
  everyone?: Map<ModelId, number> | null
  showsBaselines: boolean
  showsProvisional: boolean
  columns: BoardColumns
  sort: BoardSort
  /** Newer votes are being counted. */
  isUpdating: boolean
  provisionalBelow: number
  votesThisMonth: number | null
  /** Own votes still missing for the voter's own board. */
  mineNeeds: number | null
  /** Languages that have votes. */
  languages: string[]
  /** Absolute address of this view. */
  permalink: string
  now: Date
}

/** Fewer votes than this in a view are too few to rank. */
const votesToRankMin = 30

export const LeaderboardPage = ({ frame, ...view }: LeaderboardView & { frame: Frame }) => {
  const { say } = frame
  const rows = shownRows(view)
  return (
    <Page {...frame} title={say('lb.title')} layout="wide">
      <div class="board-page">
        <div class="board-head">
          <h1>{say('lb.title')}</h1>
          <p class="board-lead">{sentence(say, view, rows)}</p>
          <BoardFacts say={say} {...view} />
        </div>
        <Filters say={say} {...view} />
        {view.mineNeeds ? <p class="note">{say('lb.mine_need', { n: view.mineNeeds })}</p> : null}
        {view.mineNeeds ? null : view.board === null || rows.length === 0 ? (
          <Nothing say={say} {...view} />
        ) : (
          <Board say={say} {...view} board={view.board} rows={rows} />
        )}
        <p class="hint board-method">
          {say('lb.interval_note')} <a href="/method">{say('lb.method')}</a>
        </p>
      </div>
    </Page>
  )
}

type Shown = { row: BoardRow; known: RankedModel; name: string }

function shownRows({ board, models, filter, showsBaselines, showsProvisional, sort }: LeaderboardView): Shown[] {
  const rows = (board?.rows ?? []).flatMap((row) => {
    const known = models.get(row.model)
    if (!known || (!showsBaselines && known.model.isBaseline)) return []
    if (!showsProvisional && row.provisional) return []
    if (filter && !isOfFilter(known.model, filter)) return []
    return [{ row, known, name: known.model.name }]
  })
  const by: Record<BoardSort, (one: Shown) => number | string> = {
    rating: ({ row }) => -(row.rating ?? Number.NEGATIVE_INFINITY),
    name: ({ name }) => name.toLowerCase(),
    votes: ({ row }) => -row.votes,
    both_bad: ({ row }) => -row.bothBad / Math.max(1, row.votes),
    win_rate: ({ row }) => -(row.winRate ?? -1),
    failures: ({ known }) => -(known.failureRate ?? -1),
    price: ({ known }) => known.model.card.price?.output ?? Number.POSITIVE_INFINITY,
    first_text: ({ known }) => known.firstTextMs ?? Number.POSITIVE_INFINITY,
  }
  const key = by[sort]
  return rows.toSorted((one, other) => {
    const [x, y] = [key(one), key(other)]
    return x < y ? -1 : x > y ? 1 : 0
  })
}

function sentence(say: Say, { board, provisionalBelow, votesThisMonth }: LeaderboardView, rows: Shown[]): string {
  if (board === null || board.votes === 0) return say('lb.none')
  if (rows.length < 2) return say(rows.length === 1 ? 'lb.one_model' : 'lb.no_models')
  const short = rows.filter(({ row }) => row.votes < provisionalBelow).length
  if (board.votes < votesToRankMin || short === rows.length)
    return say('lb.early', { votes: board.votes, short, models: rows.length })
  const first = rows.filter(({ row }) => row.rankLow === 1)
  const lead =
    first.length === 1
      ? say('lb.lead', { x: first[0]!.name })
      : first.length > 1
        ? say('lb.tie', { n: first.length })
        : ''
  const votes =
    votesThisMonth === null ? say('lb.votes', { n: board.votes }) : say('lb.votes_month', { n: votesThisMonth })
  return `${lead} ${votes}`.trim()
}

const BoardFacts = ({ say, board, isUpdating, now }: LeaderboardView & { say: Say }) =>
  board === null ? null : (
    <p class="hint board-facts">
      <span>{say('lb.votes', { n: board.votes })}</span>
      <span>
        <time datetime={board.updatedAt.toISOString()} title={say.dateTime(board.updatedAt)}>
          {say('lb.updated', { when: say.ago(board.updatedAt, now) })}
        </time>
      </span>
      <span class="mono">{say('lb.snapshot', { id: board.snapshot })}</span>
      {board.left.decisive > 0 ? (
        <span>{say('lb.position', { n: say.percent(board.left.wins / board.left.decisive) })}</span>
      ) : null}
      {isUpdating ? <span>{say('lb.updating')}</span> : null}
    </p>
  )

/** The parameters of a view; what is default is left out, so that equal views have equal addresses. */
function query(view: LeaderboardView, change: Record<string, string | null> = {}): string {
  const { view: board, columns, sort } = view
  const parameters: Record<string, string | null> = {
    category: board.category === 'all' ? null : board.category,
    style: board.style ? '1' : null,
    language: board.language,
    voters: board.voters === 'all' ? null : board.voters,
    since: day(board.since),
    until: day(board.until),
    turns: board.turns === 'any' ? null : board.turns,
    library: board.withoutLibrary ? '0' : null,
    open: view.filter?.open.length ? view.filter.open.join(',') : null,
    license: view.filter?.license ?? null,
    baselines: view.showsBaselines ? '1' : null,
    provisional: view.showsProvisional ? '1' : null,
    columns: columns === 'basics' ? null : columns,
    sort: sort === 'rating' ? null : sort,
    ...change,
  }
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== null) search.set(name, value)
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}
const day = (at: Date | null) => (at === null ? null : at.toISOString().slice(0, 10))

const Filters = (view: LeaderboardView & { say: Say }) => {
  const { say, view: board } = view
  return (
    <form class="filters" method="get" action="/leaderboard" data-submits-itself aria-label={say('lb.filters')}>
      {view.columns === 'basics' ? null : <input type="hidden" name="columns" value={view.columns} />}
      {view.sort === 'rating' ? null : <input type="hidden" name="sort" value={view.sort} />}
      <label class="filter">
        <span>{say('lb.category')}</span>
        <select name="category">
          {boardCategories.map((category) => (
            <option value={category} selected={category === board.category}>
              {say(`category.${category}`)}
            </option>
          ))}
        </select>
      </label>
      <label class="filter">
        <span>{say('lb.voters')}</span>
        <select name="voters">
          {(['all', 'public', 'annotators', 'mine'] as const).map((voters) => (
            <option value={voters} selected={voters === board.voters}>
              {say(`lb.voters.${voters}`)}
            </option>
          ))}
        </select>
      </label>
      <label class="filter">
        <span>{say('lb.language')}</span>
        <select name="language">
          <option value="">{say('lb.any_language')}</option>
          {view.languages.map((language) => (
            <option value={language} selected={language === board.language}>
              {languageName(say, language)}
            </option>
          ))}
        </select>
      </label>
      <label class="filter">
        <span>{say('lb.turns')}</span>
        <select name="turns">
          {(['any', 'one', 'several'] as const).map((turns) => (
            <option value={turns} selected={turns === board.turns}>
              {say(`lb.turns.${turns}`)}
            </option>
          ))}
        </select>
      </label>
      <LicenseFilter {...view} />
      <label class="filter filter-date">
        <span>{say('lb.since')}</span>
        <input type="date" name="since" value={day(board.since) ?? ''} />
      </label>
      <label class="filter filter-date">
        <span>{say('lb.until')}</span>
        <input type="date" name="until" value={day(board.until) ?? ''} />
      </label>
      <div class="filter-checks">
        <label class="check">
          <input type="checkbox" name="style" value="1" checked={board.style} /> {say('lb.style')}
        </label>
        <label class="check">
          <input type="checkbox" name="library" value="0" checked={board.withoutLibrary} /> {say('lb.library')}
        </label>
        {openParts.map((part) => (
          <label class="check">
            <input type="checkbox" name="open" value={part} checked={view.filter?.open.includes(part)} />{' '}
            {say(`lb.open.${part}`)}
          </label>
        ))}
        <label class="check">
          <input type="checkbox" name="baselines" value="1" checked={view.showsBaselines} /> {say('lb.baselines')}
        </label>
        <label class="check">
          <input type="checkbox" name="provisional" value="1" checked={view.showsProvisional} />{' '}
          {say('lb.provisional_show')}
        </label>
      </div>
      <button class="button" type="submit" data-apply>
        {say('lb.apply')}
      </button>
      <ActiveFilters {...view} />
    </form>
  )
}

const LicenseFilter = ({ say, models, filter }: LeaderboardView & { say: Say }) => {
  const licenses = [...new Set([...models.values()].flatMap(({ model }) => model.card.license ?? []))].toSorted()
  if (licenses.length === 0) return null
  return (
    <label class="filter">
      <span>{say('lb.col.license')}</span>
      <select name="license">
        <option value="">{say('lb.license_any')}</option>
        {licenses.map((license) => (
          <option value={license} selected={license === filter?.license}>
            {license}
          </option>
        ))}
      </select>
    </label>
  )
}

const ActiveFilters = (view: LeaderboardView & { say: Say }) => {
  const { say, view: board } = view
  const active: [name: string, words: string, rest?: string | null][] = []
  if (board.category !== 'all') active.push(['category', say(`category.${board.category}`)])
  if (board.style) active.push(['style', say('lb.style')])
  if (board.voters !== 'all') active.push(['voters', `${say('lb.voters')}: ${say(`lb.voters.${board.voters}`)}`])
  if (board.language) active.push(['language', languageName(say, board.language)])
  if (board.since) active.push(['since', `${say('lb.since')} ${say.date(board.since)}`])
  if (board.until) active.push(['until', `${say('lb.until')} ${say.date(board.until)}`])
  if (board.turns !== 'any') active.push(['turns', `${say('lb.turns')}: ${say(`lb.turns.${board.turns}`)}`])
  if (board.withoutLibrary) active.push(['library', say('lb.library')])
  const { open, license } = view.filter ?? { open: [], license: null }
  for (const part of open)
    active.push(['open', say(`lb.open.${part}`), open.filter((other) => other !== part).join(',') || null])
  if (license !== null) active.push(['license', `${say('lb.col.license')}: ${license}`])
  if (active.length === 0) return null
  return (
    <ul class="active-filters" aria-label={say('lb.active')}>
      {active.map(([name, words, rest = null]) => (
        <li>
          <a
            class="active-filter"
            href={`/leaderboard${query(view, { [name]: rest })}`}
            title={say('lb.remove', { x: words })}
          >
            {words} <Icon name="close" />
          </a>
        </li>
      ))}
      {view.board ? <li class="hint">{say('lb.votes', { n: view.board.votes })}</li> : null}
    </ul>
  )
}

export function languageName(say: Say, language: string): string {
  if (language === 'und') return '–'
  try {
    return new Intl.DisplayNames([say.lang], { type: 'language' }).of(language) ?? language
  } catch {
    return language
  }
}

const Nothing = ({ say, board }: LeaderboardView & { say: Say }) => (
  <div class="card empty">
    <p>{board === null || board.votes === 0 ? say('lb.none') : say('lb.no_models')}</p>
    <a class="button button-primary" href="/">
      {say('nav.battle')}
    </a>
  </div>
)

const Board = (view: LeaderboardView & { say: Say; board: Leaderboard; rows: Shown[] }) => {
  const { say, board, rows } = view
  const isFew = board.votes < votesToRankMin
  const pieces = board.connected ? [rows] : piecesOf(rows)
  return (
    <>
      {isFew ? <p class="note">{say('lb.few')}</p> : null}
      {board.style && !board.style.estimable ? (
        <p class="note note-warn">{say('lb.style_off', { reason: board.style.reason ?? '–' })}</p>
      ) : null}
      {pieces.length > 1 ? <p class="note note-warn">{say('lb.pieces')}</p> : null}
      <ColumnChoice {...view} />
      <div id="board" class={`board${isFew ? ' is-faint-board' : ''}`}>
        {pieces.map((piece, i) => (
          <BoardTable
            {...view}
            rows={piece}
            caption={pieces.length > 1 ? say('lb.piece_n', { n: i + 1 }) : say('lb.title')}
            isLone={pieces.length === 1}
          />
        ))}
      </div>
      <RobustnessNotes say={say} board={board} nameOf={(model) => view.models.get(model)?.model.name ?? model} />
      <TakeAway {...view} />
      <Charts {...view} />
      {board.style?.estimable ? <StyleTable say={say} board={board} /> : null}
    </>
  )
}

const piecesOf = (rows: Shown[]) => {
  const pieces = new Map<number, Shown[]>()
  for (const one of rows) pieces.set(one.row.piece, [...(pieces.get(one.row.piece) ?? []), one])
  return [...pieces.values()].toSorted((one, other) => other.length - one.length)
}

const ColumnChoice = (view: LeaderboardView & { say: Say }) => (
  <nav class="column-choice" aria-label={view.say('lb.columns')}>
    {boardColumns.map((columns) => (
      <a
        href={`/leaderboard${query(view, { columns: columns === 'basics' ? null : columns })}`}
        {...(columns === view.columns ? { 'aria-current': 'true' } : {})}
      >
        {view.say(`lb.columns.${columns}`)}
      </a>
    ))}
  </nav>
)

type Column = {
  name: string
  title: Child
  sort?: BoardSort
  isNumber?: boolean
  class?: string
  cell(one: Shown): Child
}

const BoardTable = (
  view: LeaderboardView & { say: Say; board: Leaderboard; rows: Shown[]; caption: string; isLone: boolean },
) => {
  const { say, rows, caption, isLone, sort } = view
  const columns = columnsOf(view)
  const benchmarks = view.columns === 'benchmarks' ? benchmarkNames(rows) : []
  return (
    <div class="table-scroll card" tabindex={0} role="group" aria-label={caption}>
      <table class="data board-table">
        <caption class={isLone ? 'visually-hidden' : undefined}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                scope="col"
                class={[column.isNumber ? 'num' : '', column.class ?? ''].join(' ').trim() || undefined}
                {...(column.sort === sort
                  ? {
                      'aria-sort':
                        sort === 'name' || sort === 'price' || sort === 'first_text' ? 'ascending' : 'descending',
                    }
                  : {})}
              >
                {column.sort ? (
                  <a href={`/leaderboard${query(view, { sort: column.sort === 'rating' ? null : column.sort })}`}>
                    {column.title}
                  </a>
                ) : (
                  column.title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr>
              {columns.map((column, i) =>
                i === 0 ? (
                  <th scope="row" class={column.class}>
                    {column.cell(one)}
                  </th>
                ) : (
                  <td class={[column.isNumber ? 'num' : '', column.class ?? ''].join(' ').trim() || undefined}>
                    {column.cell(one)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
        {benchmarks.length > 0 ? (
          <Agreement say={say} rows={rows} names={benchmarks} before={columns.length - benchmarks.length} />
        ) : null}
      </table>
    </div>
  )
}

function columnsOf(view: LeaderboardView & { say: Say; board: Leaderboard; rows: Shown[] }): Column[] {
  const { say, columns, rows, board } = view
  const [low = 0, high = 1] = extent(rows.flatMap(({ row }) => [row.low, row.high]).filter((value) => value !== null))
  const name: Column = {
    name: 'model',
    title: say('lb.col.model'),
    sort: 'name',
    class: 'sticky',
    cell: (one) => <ModelCell {...view} one={one} />,
  }
  const rank: Column = {
    name: 'rank',
    title: say('lb.col.rank'),
    isNumber: true,
    cell: ({ row }) => rankWords(say, row),
  }
  const rating: Column = {
    name: 'rating',
    title: say('lb.col.rating'),
    sort: 'rating',
    isNumber: true,
    cell: ({ row }) => <RatingCell say={say} row={row} />,
  }
  const bar: Column = {
    name: 'interval',
    title: <span class="visually-hidden">{say('lb.col.interval')}</span>,
    class: 'only-wide',
    cell: (one) => {
      const item = toInterval(one)
      return item ? <IntervalBar item={item} low={low} high={high} /> : null
    },
  }
  const text = (title: string, of: (one: Shown) => string | undefined): Column => ({
    name: title,
    title,
    cell: (one) => of(one) ?? '–',
  })
  const head = [name, rank, rating]
  switch (columns) {
    case 'basics':
      return [
        ...head,
        bar,
        ...(board.view.style ? [styleChange(say)] : []),
        {
          name: 'votes',
          title: say('lb.col.votes'),
          sort: 'votes',
          isNumber: true,
          cell: ({ row }) => say.number(row.votes),
        },
        {
          name: 'both_bad',
          title: say('lb.col.both_bad'),
          sort: 'both_bad',
          isNumber: true,
          cell: ({ row }) => (row.votes === 0 ? '–' : say.percent(row.bothBad / row.votes)),
        },
        {
          name: 'win_rate',
          title: say('lb.col.win_rate'),
          sort: 'win_rate',
          isNumber: true,
          cell: ({ row }) => (
            <span title={say('lb.wtbl', { wins: row.wins, ties: row.ties, bad: row.bothBad, losses: row.losses })}>
              {row.winRate === null ? '–' : say.percent(row.winRate)}
            </span>
          ),
        },
        {
          name: 'failures',
          title: say('lb.col.failures'),
          sort: 'failures',
          isNumber: true,
          cell: ({ known }) => (known.failureRate === null ? '–' : say.percent(known.failureRate, 1)),
        },
        text(say('lb.col.organization'), ({ known }) => known.model.card.organization),
        text(say('lb.col.license'), ({ known }) => known.model.card.license),
      ]
    case 'openness':
      return [
        ...head,
        text(say('lb.col.organization'), ({ known }) => known.model.card.organization),
        text(say('lb.col.license'), ({ known }) => known.model.card.license),
        text(say('lb.col.size'), ({ known }) => known.model.card.size),
        text(say('lb.col.weights'), ({ known }) => known.model.card.openness?.weights),
        text(say('lb.col.data'), ({ known }) => known.model.card.openness?.data),
        text(say('lb.col.code'), ({ known }) => known.model.card.openness?.code),
        text(say('lb.col.vision_encoder'), ({ known }) => known.model.card.openness?.visionEncoder),
      ]
    case 'benchmarks':
      return [...head, ...benchmarkNames(rows).map((benchmark) => benchmarkColumn(say, benchmark))]
    case 'speed':
      return [
        ...head,
        {
          name: 'price',
          title: say('lb.col.price'),
          sort: 'price',
          isNumber: true,
          cell: ({ known: { model } }) => priceWords(say, model),
        },
        {
          name: 'first_text',
          title: say('lb.col.first_text'),
          sort: 'first_text',
          isNumber: true,
          cell: ({ known }) => (known.firstTextMs === null ? '–' : say.seconds(known.firstTextMs)),
        },
        {
          name: 'tokens',
          title: say('lb.col.tokens_per_second'),
          isNumber: true,
          cell: ({ known }) => (known.tokensPerSecond === null ? '–' : say.number(known.tokensPerSecond)),
        },
        text(say('fact.ran'), ({ known }) => known.model.card.servedBy),
      ]
  }
}

const ModelCell = ({
  say,
  one: { row, known, name },
  provisionalBelow,
}: LeaderboardView & { say: Say; one: Shown }) => (
  <>
    <a href={`/models/${encodeURIComponent(row.model)}`}>{name}</a>
    {labelsOf(say, row, known, provisionalBelow).map(([words, title]) => (
      <>
        {' '}
        <span class="label" title={title}>
          {words}
        </span>
      </>
    ))}
  </>
)

function labelsOf(say: Say, row: BoardRow, { model }: RankedModel, provisionalBelow: number): [string, string?][] {
  const labels: [string, string?][] = []
  if (row.status === 'no_votes') labels.push([say('lb.no_votes')])
  else if (row.provisional) labels.push([say('lb.provisional_short'), say('lb.provisional', { n: provisionalBelow })])
  if (row.status === 'undefeated') labels.push([say('lb.undefeated')])
  if (row.status === 'winless') labels.push([say('lb.winless')])
  if (model.isBaseline) labels.push([say('lb.baseline')])
  if (model.isReplay) labels.push([say('lb.replay')])
  if (model.state === 'retired') labels.push([say('lb.retired')])
  return labels
}

export const rankWords = (say: Say, row: Pick<BoardRow, 'rankLow' | 'rankHigh'>) =>
  row.rankLow === null || row.rankHigh === null
    ? '–'
    : row.rankLow === row.rankHigh
      ? say.number(row.rankLow)
      : `${say.number(row.rankLow)}–${say.number(row.rankHigh)}`

const RatingCell = ({ say, row }: { say: Say; row: BoardRow }) => {
  if (row.rating === null) return <>–</>
  const half = row.low === null || row.high === null ? null : (row.high - row.low) / 2
  return (
    <span {...(row.prior ? { title: say('lb.prior', { prior: row.prior }) } : {})}>
      {say.number(row.rating)}
      {row.prior ? '*' : ''} {half === null ? null : <span class="plus-minus">±{say.number(half)}</span>}
    </span>
  )
}

const styleChange = (say: Say): Column => ({
  name: 'style_change',
  title: say('lb.col.style_change'),
  isNumber: true,
  cell: ({ row }) => {
    if (row.rating === null || row.plainRating === null) return '–'
    const change = Math.round(row.rating - row.plainRating)
    const rank =
      row.plainRank !== null && row.rank !== null && row.plainRank !== row.rank
        ? ` (${row.plainRank} → ${row.rank})`
        : ''
    return `${change > 0 ? '↑' : change < 0 ? '↓' : '='} ${say.number(Math.abs(change))}${rank}`
  },
})

function priceWords(say: Say, { card }: Model): string {
  if (!card.price) return '–'
  if (card.price.input === 0 && card.price.output === 0) return say('lb.local')
  const amount = (value: number) => say.number(value, value < 10 ? 2 : 0)
  return `${card.price.currency} ${amount(card.price.input)} · ${amount(card.price.output)}`
}

/** Columns whose setting is known; other names follow as they are written. */
const benchmarkTitles: Record<string, string> = {
  mmmu: 'MMMU val',
  mathvista: 'MathVista testmini',
  chartqa: 'ChartQA relaxed',
  ai2d: 'AI2D test',
  docvqa: 'DocVQA ANLS×100',
  vqav2: 'VQAv2 test-dev',
}
export const benchmarkTitle = (name: string) => benchmarkTitles[name] ?? name
const benchmarkNames = (rows: Shown[]) => {
  const names = new Set(rows.flatMap(({ known }) => Object.keys(known.model.card.benchmarks ?? {})))
  const known = Object.keys(benchmarkTitles)
  return [...known.filter((name) => names.has(name)), ...[...names].filter((name) => !known.includes(name)).toSorted()]
}
const benchmarkOf = ({ known }: Shown, name: string) => known.model.card.benchmarks?.[name]

const benchmarkColumn = (say: Say, name: string): Column => ({
  name,
  title: benchmarkTitle(name),
  isNumber: true,
  cell: (one) => {
    const benchmark = benchmarkOf(one, name)
    if (!benchmark) return '–'
    const words = `${say.number(benchmark.value, 1)}${benchmark.setting ? '†' : ''}`
    const title = [benchmark.split, benchmark.setting, benchmark.by, benchmark.source, benchmark.date]
      .filter(Boolean)
      .join(' · ')
    return benchmark.source && /^https?:\/\//.test(benchmark.source) ? (
      <a href={benchmark.source} title={title} rel="noopener noreferrer nofollow">
        {words}
      </a>
    ) : (
      <span title={title}>{words}</span>
    )
  },
})

/** Spearman between the ratings of this view and each benchmark, over models that have both and are neither provisional nor baselines. */
const Agreement = ({ say, rows, names, before }: { say: Say; rows: Shown[]; names: string[]; before: number }) => (
  <tfoot>
    <tr>
      <th scope="row" class="sticky">
        {say('lb.rho')}
      </th>
      {Array.from({ length: before - 1 }, () => (
        <td />
      ))}
      {names.map((name) => (
        <td class="num">{agreementWords(say, rows, name)}</td>
      ))}
    </tr>
  </tfoot>
)

export function agreementWords(say: Say, rows: Shown[], name: string): string {
  const { n, of, rho, interval } = benchmarkAgreement(
    rows.map((one) => {
      const benchmark = benchmarkOf(one, name)
      return {
        rating: one.row.rating,
        provisional: one.row.provisional,
        isBaseline: one.known.model.isBaseline,
        score: benchmark && !benchmark.setting ? benchmark.value : null,
      }
    }),
  )
  if (n < agreementModelsMin) return say('lb.rho_few', { n, of })
  if (rho === null) return '–'
  const digits = (value: number) => say.number(value, 2)
  return `${digits(rho)}${interval ? ` [${digits(interval[0])}, ${digits(interval[1])}]` : ''}, n ${n}`
}

const TakeAway = (view: LeaderboardView & { say: Say; board: Leaderboard }) => {
  const { say, board, permalink } = view
  const search = query(view)
  return (
    <div class="take-away">
      <p class="take-links">
        <a href={`/leaderboard.csv${search}`} download>
          <Icon name="download" /> CSV
        </a>
        <a href={`/leaderboard.json${search}`}>
          <Icon name="download" /> JSON
        </a>
      </p>
      <details class="cite">
        <summary class="linklike">{say('lb.cite')}</summary>
        <p class="hint">{say('lb.cite_note')}</p>
        <pre class="command" tabindex={0} id="bibtex">
          <code>{bibtex(board, permalink)}</code>
        </pre>
      </details>
    </div>
  )
}

function bibtex(board: Leaderboard, permalink: string) {
  const year = board.updatedAt.getUTCFullYear()
  return [
    `@misc{sightline-${board.snapshot.slice(0, 8)},`,
    `  title  = {Sightline leaderboard, snapshot ${board.snapshot}},`,
    `  year   = {${year}},`,
    `  note   = {${board.votes} votes, ${board.method}, ${board.updatedAt.toISOString().slice(0, 10)}},`,
    `  url    = {${permalink}}`,
    '}',
  ].join('\n')
}

const toInterval = ({ row, name }: Shown): Interval | null =>
  row.rating === null || row.low === null || row.high === null
    ? null
    : { name, value: row.rating, low: row.low, high: row.high, isProvisional: row.provisional }

const Charts = ({
  say,
  board,
  rows,
  history = [],
  losses = [],
  everyone = null,
}: LeaderboardView & { say: Say; board: Leaderboard; rows: Shown[] }) => {
  const rated = rows.toSorted((one, other) => (other.row.rating ?? -1e9) - (one.row.rating ?? -1e9))
  const items = rated.map(toInterval).filter((item) => item !== null)
  const cells = cellsOf(board, rated)
  const names = rated.map(({ name }) => name)
  return (
    <div class="charts">
      {everyone ? <YouChart say={say} rows={rated} everyone={everyone} /> : null}
      {items.length > 1 ? <RatingChart say={say} items={items} /> : null}
      {cells.length > 0 ? <WinsChart say={say} names={names} cells={cells} /> : null}
      {cells.length > 0 ? <CountsChart say={say} names={names} cells={cells} /> : null}
      <MoreCharts
        say={say}
        rows={rated}
        board={board}
        history={history}
        losses={losses}
        benchmarks={benchmarkNames(rows).map((name) => ({ name, title: benchmarkTitle(name) }))}
      />
    </div>
  )
}

function cellsOf(board: Leaderboard, rows: Shown[]): Cell[] {
  const place = new Map(rows.map(({ row }, i) => [row.model, i]))
  return board.pairs.flatMap(({ a, b, winsA, winsB, ties, bothBad }) => {
    const [row, column] = [place.get(a), place.get(b)]
    const decided = winsA + winsB + ties
    if (row === undefined || column === undefined) return []
    const battles = decided + bothBad
    const share = decided === 0 ? 0.5 : (winsA + ties / 2) / decided
    return [
      { row, column, share, battles },
      { row: column, column: row, share: 1 - share, battles },
    ]
  })
}

const RatingChart = ({ say, items }: { say: Say; items: Interval[] }) => {
  const [first, ...others] = items
  const overlapping = others.filter((item) => item.high >= first!.low).length
  return (
    <Chart
      say={say}
      name="rating"
      title={say('chart.rating')}
      finding={
        overlapping === 0 ? say('chart.rating_lead', { x: first!.name }) : say('chart.rating_tie', { n: overlapping })
      }
      vega={{
        $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
        data: { values: items.map(({ name, value, low, high }) => ({ model: name, rating: value, low, high })) },
        encoding: { y: { field: 'model', type: 'nominal', sort: '-x', title: null } },
        layer: [
          {
            mark: 'rule',
            encoding: {
              x: { field: 'low', type: 'quantitative', scale: { zero: false }, title: 'rating' },
              x2: { field: 'high' },
            },
          },
          { mark: { type: 'point', filled: true }, encoding: { x: { field: 'rating', type: 'quantitative' } } },
        ],
      }}
      table={
        <table class="data">
          <thead>
            <tr>
              <th scope="col">{say('lb.col.model')}</th>
              <th scope="col" class="num">
                {say('lb.col.rating')}
              </th>
              <th scope="col" class="num">
                {say('lb.col.interval')}
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr>
                <th scope="row">{item.name}</th>
                <td class="num">{say.number(item.value, 1)}</td>
                <td class="num">
                  {say.number(item.low, 1)} – {say.number(item.high, 1)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      }
    >
      <DotPlot say={say} items={items} title={say('chart.rating')} description={say('chart.rating_desc')} />
    </Chart>
  )
}

const WinsChart = ({ say, names, cells }: { say: Say; names: string[]; cells: Cell[] }) => {
  const clearest = cells.filter(({ battles }) => battles >= 10).toSorted((one, other) => other.share - one.share)[0]
  return (
    <Chart
      say={say}
      name="wins"
      title={say('chart.wins')}
      finding={`${
        clearest
          ? `${say('chart.wins_lead', { a: names[clearest.row]!, p: say.percent(clearest.share), b: names[clearest.column]! })}. `
          : ''
      }${say('chart.row_beats')}; ${say('chart.few', { n: 10 })}`}
      vega={matrixSpec(names, cells, 'share')}
      table={<MatrixTable say={say} names={names} cells={cells} word={(cell) => say.percent(cell.share)} />}
    >
      <HeatMap say={say} names={names} cells={cells} title={say('chart.wins')} description={say('chart.wins_desc')} />
    </Chart>
  )
}

const CountsChart = ({ say, names, cells }: { say: Say; names: string[]; cells: Cell[] }) => (
  <Chart
    say={say}
    name="counts"
    title={say('chart.counts')}
    finding={say('chart.counts_lead', {
      min: min(cells, ({ battles }) => battles) ?? 0,
      max: max(cells, ({ battles }) => battles) ?? 0,
    })}
    vega={matrixSpec(names, cells, 'battles')}
    table={<MatrixTable say={say} names={names} cells={cells} word={(cell) => say.number(cell.battles)} />}
  >
    <CountMatrix
      say={say}
      names={names}
      cells={cells}
      title={say('chart.counts')}
      description={say('chart.counts_desc')}
    />
  </Chart>
)

const matrixSpec = (names: string[], cells: Cell[], field: 'share' | 'battles') => ({
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  data: { values: cells.map((cell) => ({ row: names[cell.row], column: names[cell.column], [field]: cell[field] })) },
  mark: 'rect',
  encoding: {
    y: { field: 'row', type: 'nominal', sort: names },
    x: { field: 'column', type: 'nominal', sort: names },
    color: { field, type: 'quantitative' },
  },
})

const MatrixTable = ({
  say,
  names,
  cells,
  word,
}: {
  say: Say
  names: string[]
  cells: Cell[]
  word(cell: Cell): string
}) => {
  const at = new Map(cells.map((cell) => [`${cell.row} ${cell.column}`, cell]))
  return (
    <table class="data">
      <thead>
        <tr>
          <th scope="col">{say('chart.row_beats')}</th>
          {names.map((name) => (
            <th scope="col" class="num">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {names.map((name, row) => (
          <tr>
            <th scope="row">{name}</th>
            {names.map((_, column) => {
              const cell = at.get(`${row} ${column}`)
              return <td class="num">{cell ? word(cell) : '–'}</td>
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const StyleTable = ({ say, board }: { say: Say; board: Leaderboard }) => (
  <section class="section" aria-labelledby="style-title">
    <h2 id="style-title">{say('lb.style.title')}</h2>
    <p class="hint">{say('lb.style.note')}</p>
    <div class="table-scroll card fit" tabindex={0}>
      <table class="data">
        <thead>
          <tr>
            <th scope="col">{say('lb.style.feature')}</th>
            <th scope="col" class="num">
              {say('lb.style.points')}
            </th>
          </tr>
        </thead>
        <tbody>
          {(board.style?.coefficients ?? []).map(({ feature, pointsPerSd, coefficient, se }) => (
            <tr>
              <th scope="row">{featureName(say, feature)}</th>
              <td class="num">
                {pointsPerSd === null ? '–' : say.number(pointsPerSd, 1)}{' '}
                {pointsPerSd !== null && coefficient && se ? (
                  <span class="plus-minus">±{say.number(Math.abs((1.96 * se * pointsPerSd) / coefficient), 1)}</span>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </section>
)

function featureName(say: Say, feature: string) {
  switch (feature) {
    case 'length':
    case 'headers':
    case 'lists':
    case 'bold':
      return say(`lb.style.${feature}`)
    default:
      return feature
  }
}
