// Further charts of the leaderboard: #chart-you #chart-time #chart-price #chart-first_text #chart-losses #chart-benchmark-{name}
import { benchmarkAgreement } from '../src/leaderboards/benchmark-agreement.ts'
import type { BoardRow, Leaderboard } from '../src/leaderboards/leaderboard.ts'
import type { LossReasons, PastBoard } from '../src/leaderboards/leaderboard-store.ts'
import { badReasons } from '../src/votes/vote.ts'
import type { RankedModel } from './leaderboard.tsx'
import { Chart } from './parts/chart.tsx'
import { LinesOverTime, type Point, Scatter, type Series, ShareGrid, TwoDots } from './parts/scatter.tsx'
import type { Say } from './strings/strings.ts'

type Shown = { row: BoardRow; known: RankedModel; name: string }
type Props = { say: Say; rows: Shown[] }

const vega = 'https://vega.github.io/schema/vega-lite/v5.json'
/** Lines that are named; the others stay faint. */
const linesShown = 8
/** A model with fewer losses that gave a reason says nothing about what it loses by. */
export const lossesMin = 5

export const MoreCharts = ({
  say,
  rows,
  board,
  history,
  losses,
  benchmarks,
}: Props & {
  board: Leaderboard
  history: PastBoard[]
  losses: LossReasons[]
  benchmarks: { name: string; title: string }[]
}) => (
  <>
    <TimeChart say={say} rows={rows} history={history} board={board} />
    <CostChart say={say} rows={rows} name="price" />
    <CostChart say={say} rows={rows} name="first_text" />
    <LossChart say={say} rows={rows} losses={losses} />
    {benchmarks.map(({ name, title }) => (
      <BenchmarkChart say={say} rows={rows} name={name} title={title} />
    ))}
  </>
)

/**
 * Ratings of past days. The mean of a board moves when models come and go, so every day is shifted to where the models that were there on all
 * days have the mean they have today.
 */
export function seriesOf(rows: Shown[], history: PastBoard[]): Series[] {
  const last = history.at(-1)
  if (!last || history.length < 2) return []
  const ratingOn = (day: PastBoard) =>
    new Map(
      day.rows.flatMap(({ model, rating, low, high }) =>
        rating === null ? [] : [[model, { rating, low, high }] as const],
      ),
    )
  const days = history.map((day) => ({ at: day.at, ratings: ratingOn(day) }))
  const lasting = [...days.at(-1)!.ratings.keys()].filter((model) => days.every(({ ratings }) => ratings.has(model)))
  const meanOn = ({ ratings }: (typeof days)[number]) =>
    lasting.reduce((sum, model) => sum + ratings.get(model)!.rating, 0) / Math.max(1, lasting.length)
  const today = meanOn(days.at(-1)!)
  return rows
    .filter(({ row }) => row.rating !== null)
    .toSorted((one, other) => other.row.rating! - one.row.rating!)
    .map(({ row, name }, i) => ({
      name,
      isShown: i < linesShown,
      values: days.flatMap((day) => {
        const own = day.ratings.get(row.model)
        const shift = today - meanOn(day)
        if (!own) return []
        const moved = (value: number | null) => (value === null ? null : value + shift)
        return { at: day.at, value: own.rating + shift, low: moved(own.low), high: moved(own.high) }
      }),
    }))
    .filter(({ values }) => values.length > 1)
}

/** One's own board beside everyone's: models that both have. */
export const YouChart = ({ say, rows, everyone }: Props & { everyone: Map<string, number> }) => {
  const items = rows.flatMap(({ row: { model, rating, low, high }, name }) => {
    const all = everyone.get(model)
    if (rating === null || low === null || high === null || all === undefined) return []
    return [{ name, own: { name, value: rating, low, high }, all }]
  })
  if (items.length < 2) return null
  const apart = items.toSorted(
    (one, other) => Math.abs(other.own.value - other.all) - Math.abs(one.own.value - one.all),
  )[0]!
  return (
    <Chart
      say={say}
      name="you"
      title={say('chart.you_title')}
      finding={say('chart.you_lead', { x: apart.name, n: Math.abs(Math.round(apart.own.value - apart.all)) })}
      vega={{
        $schema: vega,
        data: {
          values: items.flatMap(({ name, own, all }) => [
            { model: name, whose: 'you', rating: own.value, low: own.low, high: own.high },
            { model: name, whose: 'everyone', rating: all },
          ]),
        },
        encoding: { y: { field: 'model', type: 'nominal', sort: null } },
        layer: [
          {
            mark: 'rule',
            encoding: { x: { field: 'low', type: 'quantitative', scale: { zero: false } }, x2: { field: 'high' } },
          },
          {
            mark: 'point',
            encoding: { x: { field: 'rating', type: 'quantitative' }, shape: { field: 'whose', type: 'nominal' } },
          },
        ],
      }}
      table={
        <Table
          head={[say('lb.col.model'), say('chart.you'), say('lb.col.interval'), say('chart.everyone')]}
          rows={items.map(({ name, own, all }) => [
            name,
            say.number(own.value, 1),
            `${say.number(own.low, 1)} – ${say.number(own.high, 1)}`,
            say.number(all, 1),
          ])}
        />
      }
    >
      <TwoDots say={say} items={items} title={say('chart.you_title')} description={say('chart.you_desc')} />
    </Chart>
  )
}

const TimeChart = ({ say, rows, history, board }: Props & { history: PastBoard[]; board: Leaderboard }) => {
  const series = seriesOf(rows, history)
  if (series.length === 0) return null
  const change = ({ values }: Series) => values.at(-1)!.value - values[0]!.value
  const moved = series.toSorted((one, other) => Math.abs(change(other)) - Math.abs(change(one)))[0]!
  const points = Math.round(change(moved))
  // A model's first board is the event that a line can be read by.
  const events = series
    .filter(({ isShown, values }) => isShown && values[0]!.at > history[0]!.at)
    .map(({ name, values }) => ({ at: values[0]!.at, words: name }))
  const times = [...new Set(series.flatMap(({ values }) => values.map(({ at }) => at.getTime())))].sort((x, y) => x - y)
  return (
    <Chart
      say={say}
      name="time"
      title={say('chart.time')}
      finding={
        points === 0
          ? say('chart.time_still')
          : say('chart.time_lead', {
              x: moved.name,
              points: `${points > 0 ? '+' : '−'}${say.number(Math.abs(points))}`,
              when: say.date(history[0]!.at),
            })
      }
      vega={{
        $schema: vega,
        title: `${say('chart.time')}, ${board.snapshot}`,
        data: {
          values: series.flatMap(({ name, values }) =>
            values.map(({ at, value, low, high }) => ({
              model: name,
              day: at.toISOString(),
              rating: value,
              low,
              high,
            })),
          ),
        },
        encoding: { x: { field: 'day', type: 'temporal' }, color: { field: 'model', type: 'nominal' } },
        layer: [
          {
            mark: { type: 'area', opacity: 0.15 },
            encoding: { y: { field: 'low', type: 'quantitative', scale: { zero: false } }, y2: { field: 'high' } },
          },
          { mark: 'line', encoding: { y: { field: 'rating', type: 'quantitative', scale: { zero: false } } } },
        ],
      }}
      table={
        <Table
          head={[say('lb.col.model'), ...times.map((time) => say.date(new Date(time)))]}
          rows={series.map(({ name, values }) => [
            name,
            ...times.map((time) => {
              const value = values.find(({ at }) => at.getTime() === time)
              return value ? say.number(value.value, 1) : '–'
            }),
          ])}
        />
      }
    >
      <LinesOverTime
        say={say}
        series={series}
        events={events}
        title={say('chart.time')}
        description={say('chart.time_desc')}
      />
    </Chart>
  )
}

/** Models that no other equals or beats at the same cost or less. */
export function onFrontier<T extends { x: number; y: number }>(points: readonly T[]): Set<T> {
  return new Set(
    points.filter(
      (one) =>
        !points.some(
          (other) => other !== one && other.x <= one.x && other.y >= one.y && (other.x < one.x || other.y > one.y),
        ),
    ),
  )
}

const CostChart = ({ say, rows, name }: Props & { name: 'price' | 'first_text' }) => {
  const currency = rows.find(({ known }) => known.model.card.price)?.known.model.card.price?.currency
  const cost = ({ known }: Shown): number | null => {
    const { price } = known.model.card
    if (name === 'first_text') return known.firstTextMs === null ? null : known.firstTextMs / 1000
    // Prices of two currencies have no common axis; a local model has no price.
    return price && price.currency === currency && price.output > 0 ? price.output : null
  }
  const points = rows.flatMap((one): Point[] => {
    const x = cost(one)
    const { rating, low, high } = one.row
    return x === null || rating === null ? [] : [{ name: one.name, x, y: rating, low, high }]
  })
  if (points.length < 2) return null
  const frontier = onFrontier(points)
  const drawn = points.map((point) => ({ ...point, isOnFrontier: frontier.has(point) }))
  const names = drawn.filter(({ isOnFrontier }) => isOnFrontier).toSorted((one, other) => one.x - other.x)
  const title = say(`chart.${name}`)
  const xTitle = name === 'price' ? say('chart.price_axis', { currency: currency ?? '' }) : say('chart.first_text_axis')
  const digits = name === 'price' ? 2 : 1
  return (
    <Chart
      say={say}
      name={name}
      title={title}
      finding={say('chart.frontier', { names: say.list(names.map(({ name }) => name)) })}
      vega={scatterSpec(title, xTitle, drawn, name === 'price')}
      table={
        <Table
          head={[say('lb.col.model'), xTitle, say('lb.col.rating'), say('chart.on_frontier')]}
          rows={drawn.map((point) => [
            point.name,
            say.number(point.x, digits),
            say.number(point.y, 1),
            point.isOnFrontier ? say('chart.yes') : '–',
          ])}
        />
      }
    >
      <Scatter
        say={say}
        points={drawn}
        title={title}
        description={say('chart.scatter_desc')}
        xTitle={xTitle}
        isLog={name === 'price'}
      />
    </Chart>
  )
}

const LossChart = ({ say, rows, losses }: Props & { losses: LossReasons[] }) => {
  const of = new Map(losses.map((one) => [one.model, one]))
  const shown = rows.flatMap(({ row, name }) => {
    const found = of.get(row.model)
    return found && found.losses >= lossesMin
      ? [{ name, losses: found.losses, count: new Map(found.reasons.map(({ key, count }) => [key, count])) }]
      : []
  })
  if (shown.length === 0) return null
  const keys = badReasons.filter((key) => shown.some(({ count }) => count.has(key)))
  const share = (row: number, column: number) => (shown[row]!.count.get(keys[column]!) ?? 0) / shown[row]!.losses
  const cells = shown.flatMap((one, row) =>
    keys.map((key, column) => ({ name: one.name, key, share: share(row, column) })),
  )
  const largest = cells.toSorted((one, other) => other.share - one.share)[0]!
  return (
    <Chart
      say={say}
      name="losses"
      title={say('chart.losses')}
      finding={say('chart.losses_lead', {
        x: largest.name,
        p: say.percent(largest.share),
        reason: say(`reason.${largest.key}`),
      })}
      vega={{
        $schema: vega,
        data: { values: cells.map(({ name, key, share }) => ({ model: name, reason: key, share })) },
        mark: 'rect',
        encoding: {
          y: { field: 'model', type: 'nominal', sort: null },
          x: { field: 'reason', type: 'nominal', sort: null },
          color: { field: 'share', type: 'quantitative' },
        },
      }}
      table={
        <Table
          head={[say('lb.col.model'), say('chart.losses_n'), ...keys.map((key) => say(`reason.${key}`))]}
          rows={shown.map((one, row) => [
            one.name,
            say.number(one.losses),
            ...keys.map((_, column) => say.percent(share(row, column))),
          ])}
        />
      }
    >
      <ShareGrid
        say={say}
        rows={shown.map(({ name }) => name)}
        columns={keys.map((key) => say(`reason.${key}`))}
        share={share}
        title={say('chart.losses')}
        description={say('chart.losses_desc', { n: lossesMin })}
      />
    </Chart>
  )
}

const BenchmarkChart = ({ say, rows, name, title }: Props & { name: string; title: string }) => {
  const scored = rows.map((one) => {
    const benchmark = one.known.model.card.benchmarks?.[name]
    return {
      name: one.name,
      rating: one.row.rating,
      low: one.row.low,
      high: one.row.high,
      provisional: one.row.provisional,
      isBaseline: one.known.model.isBaseline,
      score: benchmark && !benchmark.setting ? benchmark.value : null,
    }
  })
  const points = scored.flatMap(({ name, rating, low, high, provisional, isBaseline, score }): Point[] =>
    rating === null || score === null || provisional || isBaseline ? [] : [{ name, x: score, y: rating, low, high }],
  )
  if (points.length < 2) return null
  const agreement = benchmarkAgreement(scored)
  const words = say('chart.benchmark', { x: title })
  return (
    <Chart
      say={say}
      name={`benchmark-${name.replace(/[^a-z0-9]+/gi, '-')}`}
      title={agreement.rho === null ? words : `${words}: ρ ${say.number(agreement.rho, 2)}`}
      finding={
        agreement.rho === null
          ? say('lb.rho_few', { n: agreement.n, of: agreement.of })
          : agreement.interval
            ? say('chart.rho_interval', {
                low: say.number(agreement.interval[0], 2),
                high: say.number(agreement.interval[1], 2),
                n: agreement.n,
              })
            : say('chart.rho_perfect', { n: agreement.n })
      }
      vega={scatterSpec(words, title, points, false)}
      table={
        <Table
          head={[say('lb.col.model'), title, say('lb.col.rating')]}
          rows={points.map((point) => [point.name, say.number(point.x, 1), say.number(point.y, 1)])}
        />
      }
    >
      <Scatter say={say} points={points} title={words} description={say('chart.scatter_desc')} xTitle={title} />
    </Chart>
  )
}

const scatterSpec = (title: string, xTitle: string, points: Point[], isLog: boolean) => ({
  $schema: vega,
  title,
  data: { values: points.map(({ name, x, y, low, high }) => ({ model: name, x, rating: y, low, high })) },
  encoding: {
    x: { field: 'x', type: 'quantitative', title: xTitle, scale: { zero: false, ...(isLog ? { type: 'log' } : {}) } },
  },
  layer: [
    {
      mark: 'rule',
      encoding: { y: { field: 'low', type: 'quantitative', scale: { zero: false } }, y2: { field: 'high' } },
    },
    {
      mark: { type: 'point', filled: true },
      encoding: { y: { field: 'rating', type: 'quantitative', scale: { zero: false } } },
    },
    {
      mark: { type: 'text', align: 'left', dx: 8 },
      encoding: { y: { field: 'rating', type: 'quantitative' }, text: { field: 'model' } },
    },
  ],
})

const Table = ({ head, rows }: { head: string[]; rows: string[][] }) => (
  <table class="data">
    <thead>
      <tr>
        {head.map((words, i) => (
          <th scope="col" class={i > 0 ? 'num' : undefined}>
            {words}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map(([first, ...others]) => (
        <tr>
          <th scope="row">{first}</th>
          {others.map((words) => (
            <td class="num">{words}</td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
)
