// Charts are server-made SVG of a fixed width in a scroll box, each with a title that states the finding, a description and a table twin.
// figure.chart#chart-{name}; button[data-download-svg={figure id}] saves the drawing, button[data-copy-text] copies a Vega-Lite spec
import { extent, max } from 'd3-array'
import { scaleLinear, scaleSqrt } from 'd3-scale'
import type { Child } from 'hono/jsx'
import type { Say } from '../strings/strings.ts'

export type ChartProps = {
  say: Say
  name: string
  /** What the chart shows. */
  title: string
  /** What it finds. */
  finding?: string | null
  table: Child
  vega: unknown
  children?: Child
}

export const Chart = ({ say, name, title, finding, table, vega, children }: ChartProps) => (
  <figure class="chart" id={`chart-${name}`}>
    <figcaption>
      <h2>{title}</h2>
      {finding ? <p class="hint">{finding}</p> : null}
    </figcaption>
    <div class="chart-scroll table-scroll" tabindex={0} role="group" aria-label={title}>
      {children}
    </div>
    <details class="chart-table">
      <summary class="linklike">{say('chart.table')}</summary>
      <div class="table-scroll" tabindex={0} role="group" aria-label={title}>
        {table}
      </div>
    </details>
    <p class="chart-tools only-scripts">
      <button class="linklike" type="button" data-download-svg={`chart-${name}`}>
        {say('chart.svg')}
      </button>
      <button class="linklike" type="button" data-copy-text={JSON.stringify(vega)}>
        {say('chart.vega')}
      </button>
    </p>
  </figure>
)

export type Interval = { name: string; value: number; low: number; high: number; isProvisional?: boolean }

const rowHeight = 26
/** Room for the longest name, about seven pixels a letter. */
const widthOfNames = (names: string[]) => 24 + 7.4 * Math.min(24, max(names, (name) => name.length) ?? 0)
const plotWidth = 520

/** One line for each, best first; a second set of values draws hollow dots (you and everyone). */
export const DotPlot = ({
  say,
  items,
  title,
  description,
}: {
  say: Say
  items: Interval[]
  title: string
  description: string
}) => {
  const [low, high] = extent(items.flatMap((item) => [item.low, item.high]))
  const x = scaleLinear([low ?? 0, high ?? 1], [0, plotWidth]).nice()
  const nameWidth = widthOfNames(items.map(({ name }) => name))
  const height = items.length * rowHeight + 40
  const width = nameWidth + plotWidth + 70
  return (
    <svg
      class="plot"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${title}. ${description}`}
    >
      <g transform={`translate(${nameWidth} 8)`}>
        {x.ticks(6).map((tick) => (
          <g transform={`translate(${at(x(tick))} 0)`}>
            <line class="plot-grid" y1="0" y2={items.length * rowHeight} />
            <text class="plot-tick" y={items.length * rowHeight + 18} text-anchor="middle">
              {say.number(tick)}
            </text>
          </g>
        ))}
        {items.map((item, i) => (
          <g
            transform={`translate(0 ${i * rowHeight + rowHeight / 2})`}
            class={item.isProvisional ? 'is-faint' : undefined}
          >
            <text class="plot-name" x={-12} text-anchor="end" dominant-baseline="central">
              {shortened(item.name, 24)}
            </text>
            <line class="plot-bar" x1={at(x(item.low))} x2={at(x(item.high))} />
            <circle class="plot-dot" cx={at(x(item.value))} r="4.5" />
            <text class="plot-value" x={at(x(item.high)) + 8} dominant-baseline="central">
              {say.number(item.value)}
            </text>
          </g>
        ))}
      </g>
    </svg>
  )
}

/** In the table: rating and interval on the scale all rows share. */
export const IntervalBar = ({ item, low, high }: { item: Interval; low: number; high: number }) => {
  const x = scaleLinear([low, high], [5, 171])
  return (
    <svg class="interval" width="176" height="16" viewBox="0 0 176 16" aria-hidden="true" focusable="false">
      <line class="plot-grid" x1="5" x2="171" y1="8" y2="8" />
      <line class="plot-bar" x1={at(x(item.low))} x2={at(x(item.high))} y1="8" y2="8" />
      <circle class="plot-dot" cx={at(x(item.value))} cy="8" r="4" />
    </svg>
  )
}

export type Cell = { row: number; column: number; share: number; battles: number }

const cellSize = 46
const fewBattles = 10

/** Share of decided battles the row won against the column: side blue above one half, side orange below, text always ink. */
export const HeatMap = ({
  say,
  names,
  cells,
  title,
  description,
}: {
  say: Say
  names: string[]
  cells: Cell[]
  title: string
  description: string
}) => (
  <Matrix names={names} title={title} description={description}>
    <pattern id="few" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <line class="plot-hatch" y2="6" />
    </pattern>
    {cells.map((cell) => (
      <g transform={`translate(${cell.column * cellSize} ${cell.row * cellSize})`}>
        <title>{`${names[cell.row]} – ${names[cell.column]}: ${say.percent(cell.share)}, ${say.number(cell.battles)}`}</title>
        <rect
          class={cell.share >= 0.5 ? 'heat-a' : 'heat-b'}
          width={cellSize - 1}
          height={cellSize - 1}
          fill-opacity={Math.abs(cell.share - 0.5).toFixed(2)}
        />
        {cell.battles < fewBattles ? <rect width={cellSize - 1} height={cellSize - 1} fill="url(#few)" /> : null}
        <text class="plot-cell" x={cellSize / 2} y={cellSize / 2} text-anchor="middle" dominant-baseline="central">
          {say.number(cell.share * 100)}
        </text>
      </g>
    ))}
  </Matrix>
)

/** How often each pair met: one hue, ink on paper. */
export const CountMatrix = ({
  say,
  names,
  cells,
  title,
  description,
}: {
  say: Say
  names: string[]
  cells: Cell[]
  title: string
  description: string
}) => {
  const shade = scaleSqrt([0, max(cells, (cell) => cell.battles) ?? 1], [0, 0.24])
  return (
    <Matrix names={names} title={title} description={description}>
      {cells.map((cell) => (
        <g transform={`translate(${cell.column * cellSize} ${cell.row * cellSize})`}>
          <title>{`${names[cell.row]} – ${names[cell.column]}: ${say.number(cell.battles)}`}</title>
          <rect
            class="heat-ink"
            width={cellSize - 1}
            height={cellSize - 1}
            fill-opacity={shade(cell.battles).toFixed(3)}
          />
          <text class="plot-cell" x={cellSize / 2} y={cellSize / 2} text-anchor="middle" dominant-baseline="central">
            {say.number(cell.battles)}
          </text>
        </g>
      ))}
    </Matrix>
  )
}

const Matrix = ({
  names,
  title,
  description,
  children,
}: {
  names: string[]
  title: string
  description: string
  children?: Child
}) => {
  const nameWidth = widthOfNames(names)
  const top = 28 + 0.64 * widthOfNames(names.map((name) => shortened(name, 18)))
  const side = names.length * cellSize
  const width = nameWidth + side + 90
  const height = top + side + 4
  return (
    <svg
      class="plot"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${title}. ${description}`}
    >
      {names.map((name, i) => (
        <>
          <text
            class="plot-name"
            x={nameWidth - 10}
            y={top + i * cellSize + cellSize / 2}
            text-anchor="end"
            dominant-baseline="central"
          >
            {shortened(name, 24)}
          </text>
          <text
            class="plot-name"
            transform={`translate(${nameWidth + i * cellSize + cellSize / 2} ${top - 10}) rotate(-40)`}
          >
            {shortened(name, 18)}
          </text>
        </>
      ))}
      <g transform={`translate(${nameWidth} ${top})`}>
        {names.map((_, i) => (
          <rect class="plot-self" x={i * cellSize} y={i * cellSize} width={cellSize - 1} height={cellSize - 1} />
        ))}
        {children}
      </g>
    </svg>
  )
}

const at = (value: number) => Math.round(value * 10) / 10
const shortened = (text: string, max: number) => (text.length > max ? `${text.slice(0, max - 1)}…` : text)
