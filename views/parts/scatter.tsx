// More kinds of drawing for `Chart`: points against a scale, lines over days, shares in a grid. Fixed widths, as in chart.tsx.
import { extent, max, min } from 'd3-array'
import { scaleLinear, scaleLog, scaleUtc } from 'd3-scale'
import { area, line } from 'd3-shape'
import type { Say } from '../strings/strings.ts'
import type { Interval } from './chart.tsx'

export type Point = {
  name: string
  x: number
  y: number
  low: number | null
  high: number | null
  isOnFrontier?: boolean
}

const [width, height] = [640, 360]
const [left, right, top, bottom] = [56, 150, 12, 44]
const [plotWidth, plotHeight] = [width - left - right, height - top - bottom]

/** Ratings with their intervals against something else; models nobody beats at that price or speed are joined. */
export const Scatter = ({
  say,
  points,
  title,
  description,
  xTitle,
  isLog = false,
}: {
  say: Say
  points: Point[]
  title: string
  description: string
  xTitle: string
  isLog?: boolean
}) => {
  const [x0 = 0, x1 = 1] = extent(points, (point) => point.x)
  const room = (x1 - x0 || Math.abs(x1) || 1) * 0.05
  const x =
    isLog && x0 > 0
      ? scaleLog([x0 / 1.2, x1 * 1.2], [0, plotWidth])
      : scaleLinear([x0 - room, x1 + room], [0, plotWidth])
  const y = yScale(points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]))
  const frontier = points.filter(({ isOnFrontier }) => isOnFrontier).toSorted((one, other) => one.x - other.x)
  // On a logarithmic scale 1, 2 and 5 of each power of ten stand apart; the others would run into each other.
  const ticks = x.ticks(6).filter((tick) => !isLog || /^[125]/.test(tick.toExponential(6)))
  return (
    <svg
      class="plot"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${title}. ${description}`}
    >
      <g transform={`translate(${left} ${top})`}>
        <YAxis say={say} y={y} />
        {ticks.map((tick) => (
          <g transform={`translate(${at(x(tick))} 0)`}>
            <line class="plot-grid" y2={plotHeight} />
            <text class="plot-tick" y={plotHeight + 18} text-anchor="middle">
              {say.number(tick, tick !== 0 && Math.abs(tick) < 1 ? 2 : Number.isInteger(tick) ? 0 : 1)}
            </text>
          </g>
        ))}
        <text class="plot-tick" x={plotWidth / 2} y={plotHeight + 38} text-anchor="middle">
          {xTitle}
        </text>
        {frontier.length > 1 ? (
          <path
            class="plot-line"
            fill="none"
            d={
              line<Point>(
                (point) => at(x(point.x)),
                (point) => at(y(point.y)),
              )(frontier)!
            }
          />
        ) : null}
        {points.map((point) => (
          <g transform={`translate(${at(x(point.x))} 0)`}>
            {point.low === null || point.high === null ? null : (
              <line class="plot-bar" y1={at(y(point.low))} y2={at(y(point.high))} />
            )}
            <circle class="plot-dot" cy={at(y(point.y))} r="4.5" />
            <text class="plot-name" x="9" y={at(y(point.y))} dominant-baseline="central">
              {shortened(point.name)}
            </text>
          </g>
        ))}
      </g>
    </svg>
  )
}

export type Series = {
  name: string
  isShown: boolean
  values: { at: Date; value: number; low: number | null; high: number | null }[]
}

/** One line a model over days, the named ones with their band and their name at the end, the rest faint. */
export const LinesOverTime = ({
  say,
  series,
  events,
  title,
  description,
}: {
  say: Say
  series: Series[]
  events: { at: Date; words: string }[]
  title: string
  description: string
}) => {
  const values = series.flatMap(({ values }) => values)
  const days = values.map(({ at }) => at.getTime())
  const x = scaleUtc([min(days) ?? 0, max(days) ?? 1], [0, plotWidth])
  const y = yScale(
    series
      .filter(({ isShown }) => isShown)
      .flatMap(({ values }) => values.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value])),
  )
  type Value = Series['values'][number]
  const path = line<Value>(
    (one) => at(x(one.at)),
    (one) => at(y(one.value)),
  )
  const band = area<Value>(
    (one) => at(x(one.at)),
    (one) => at(y(one.low ?? one.value)),
    (one) => at(y(one.high ?? one.value)),
  )
  const shown = series.filter(({ isShown }) => isShown)
  const places = apart(
    shown.map(({ values }) => y(values.at(-1)!.value)),
    15,
  )
  return (
    <svg
      class="plot"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${title}. ${description}`}
    >
      <g transform={`translate(${left} ${top})`}>
        <YAxis say={say} y={y} />
        {x.ticks(5).map((tick) => (
          <text class="plot-tick" x={at(x(tick))} y={plotHeight + 18} text-anchor="middle">
            {say.date(tick)}
          </text>
        ))}
        {events.map((event) => (
          <g transform={`translate(${at(x(event.at))} 0)`}>
            <title>{`${say.date(event.at)}: ${event.words}`}</title>
            <line class="plot-grid" y2={plotHeight} stroke-dasharray="3 4" />
            <text class="plot-tick" y="10" x="4">
              {shortened(event.words)}
            </text>
          </g>
        ))}
        {series
          .filter(({ isShown }) => !isShown)
          .map(({ name, values }) => (
            <path class="plot-line is-faint-line" fill="none" d={path(values)!}>
              <title>{name}</title>
            </path>
          ))}
        {shown.map(({ values }) => (
          <path class="plot-band" d={band(values)!} />
        ))}
        {shown.map(({ name, values }, i) => (
          <g>
            <path class="plot-line" fill="none" d={path(values)!} stroke-dasharray={dashes[i % dashes.length]} />
            <text class="plot-name" x={plotWidth + 8} y={at(places[i]!)} dominant-baseline="central">
              {shortened(name)}
            </text>
          </g>
        ))}
      </g>
    </svg>
  )
}

/** Lines are told apart by their names and dashes: never by a colour alone. */
const dashes = ['none', '7 3', '2 3', '9 3 2 3', '12 4', '4 2', '1 4', '8 2 2 2']

/** Names of ends that lie close together, moved apart from the top down. */
function apart(places: number[], least: number): number[] {
  const order = [...places.keys()].sort((i, j) => places[i]! - places[j]!)
  const moved = [...places]
  let before = Number.NEGATIVE_INFINITY
  for (const i of order) {
    moved[i] = Math.max(places[i]!, before + least)
    before = moved[i]!
  }
  return moved
}

export type Two = { name: string; own: Interval; all: number }

/** Two dots a model: the full one with its interval is your own, the ring is everyone's. */
export const TwoDots = ({
  say,
  items,
  title,
  description,
}: {
  say: Say
  items: Two[]
  title: string
  description: string
}) => {
  const [names, row] = [190, 26]
  const [low = 0, high = 1] = extent(items.flatMap(({ own, all }) => [own.low, own.high, all]))
  const x = scaleLinear([low, high], [0, plotWidth]).nice()
  const [wide, tall] = [names + plotWidth + 70, items.length * row + 40]
  return (
    <svg
      class="plot"
      width={wide}
      height={tall}
      viewBox={`0 0 ${wide} ${tall}`}
      role="img"
      aria-label={`${title}. ${description}`}
    >
      <g transform={`translate(${names} 8)`}>
        {x.ticks(6).map((tick) => (
          <g transform={`translate(${at(x(tick))} 0)`}>
            <line class="plot-grid" y1="0" y2={items.length * row} />
            <text class="plot-tick" y={items.length * row + 18} text-anchor="middle">
              {say.number(tick)}
            </text>
          </g>
        ))}
        {items.map(({ name, own, all }, i) => (
          <g transform={`translate(0 ${i * row + row / 2})`}>
            <text class="plot-name" x={-12} text-anchor="end" dominant-baseline="central">
              {shortened(name, 24)}
            </text>
            <line class="plot-bar" x1={at(x(own.low))} x2={at(x(own.high))} />
            <circle class="plot-dot" cx={at(x(own.value))} r="4.5" />
            <g class="is-faint">
              <circle class="plot-dot" cx={at(x(all))} r="4.5" />
            </g>
          </g>
        ))}
      </g>
    </svg>
  )
}

const cell = { width: 84, height: 30 }
const rowNames = 190

/** Shares in a grid of one hue, each with its number. */
export const ShareGrid = ({
  say,
  rows,
  columns,
  share,
  title,
  description,
}: {
  say: Say
  rows: string[]
  columns: string[]
  share(row: number, column: number): number
  title: string
  description: string
}) => {
  const above = 96
  const [wide, high] = [rowNames + columns.length * cell.width + 60, above + rows.length * cell.height + 4]
  return (
    <svg
      class="plot"
      width={wide}
      height={high}
      viewBox={`0 0 ${wide} ${high}`}
      role="img"
      aria-label={`${title}. ${description}`}
    >
      {columns.map((name, i) => (
        <text class="plot-name" transform={`translate(${rowNames + i * cell.width + 16} ${above - 10}) rotate(-24)`}>
          {shortened(name)}
        </text>
      ))}
      {rows.map((name, row) => (
        <g transform={`translate(${rowNames} ${above + row * cell.height})`}>
          <text class="plot-name" x="-10" y={cell.height / 2} text-anchor="end" dominant-baseline="central">
            {shortened(name)}
          </text>
          {columns.map((_, column) => (
            <g transform={`translate(${column * cell.width} 0)`}>
              <rect
                class="heat-ink"
                width={cell.width - 1}
                height={cell.height - 1}
                fill-opacity={(0.24 * share(row, column)).toFixed(3)}
              />
              <text
                class="plot-cell"
                x={cell.width / 2}
                y={cell.height / 2}
                text-anchor="middle"
                dominant-baseline="central"
              >
                {say.percent(share(row, column))}
              </text>
            </g>
          ))}
        </g>
      ))}
    </svg>
  )
}

const yScale = (values: number[]) => {
  const [low = 0, high = 1] = extent(values)
  return scaleLinear([low, high], [plotHeight, 0]).nice()
}

const YAxis = ({ say, y }: { say: Say; y: ReturnType<typeof yScale> }) => (
  <>
    {y.ticks(6).map((tick) => (
      <g transform={`translate(0 ${at(y(tick))})`}>
        <line class="plot-grid" x2={plotWidth} />
        <text class="plot-tick" x="-8" text-anchor="end" dominant-baseline="central">
          {say.number(tick)}
        </text>
      </g>
    ))}
  </>
)

const at = (value: number) => Math.round(value * 10) / 10
const shortened = (text: string, most = 22) => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
