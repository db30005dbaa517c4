import { scaleLinear } from 'd3-scale'
import { countComparisons, pairTally, winFractions } from '../ranking/comparison.ts'
import type { Leaderboard } from '../ranking/rate.ts'
import type { VotesRead } from './read-votes.ts'

const row = 22
const gap = 48
const labelChars = 28
const plotWidth = 520
const modelsInMatrixMax = 60

/** Three pictures above one another: ratings with intervals, who beats whom how often, how often each pair met. */
export function boardPlot(
  board: Leaderboard,
  { comparisons, names }: Pick<VotesRead, 'comparisons' | 'names'>,
): string {
  const counts = countComparisons(comparisons)
  const shown = board.models.slice(0, modelsInMatrixMax)
  const order = shown.map(({ model }) => names.indexOf(model))
  const fractions = winFractions(counts)
  const labels = shown.map(({ model }) => model)
  const met = (i: number, j: number) => {
    const { wins, losses, ties, bothBad } = pairTally(counts, i, j)
    return wins + losses + ties + bothBad
  }
  const most = Math.max(1, ...order.flatMap((i) => order.map((j) => (i === j ? 0 : met(i, j)))))
  const labelWidth =
    24 + Math.ceil(7.2 * Math.max(...board.models.map(({ model }) => Math.min(labelChars, [...model].length))))
  const parts = [
    dotPlot(board, labelWidth),
    matrix(
      'Share of wins of the row against the column (ties left out)',
      labels,
      labelWidth,
      (i, j) => fractions[order[i]! * names.length + order[j]!]!,
      (share) => ({
        text: `${Math.round(100 * share)}`,
        colour: diverging(share),
        isDark: Math.abs(share - 0.5) > 0.32,
      }),
    ),
    matrix(
      'Votes between row and column',
      labels,
      labelWidth,
      (i, j) => met(order[i]!, order[j]!) || Number.NaN,
      (count) => ({ text: short(count), colour: sequential(count / most), isDark: count / most > 0.55 }),
    ),
  ]
  const width = Math.max(labelWidth + plotWidth + 120, ...parts.map((part) => part.width))
  const height = parts.reduce((sum, part) => sum + part.height + gap, gap)
  let y = gap
  const placed = parts.map((part) => {
    const text = `<g transform="translate(24 ${y})">${part.svg}</g>`
    y += part.height + gap
    return text
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width + 48}" height="${height}" viewBox="0 0 ${width + 48} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="#1d2433" role="img" aria-label="${escaped(summary(board))}">
<rect width="100%" height="100%" fill="#ffffff"/>
${placed.join('\n')}
</svg>
`
}

type Part = { svg: string; width: number; height: number }

function dotPlot(board: Leaderboard, labelWidth: number): Part {
  const rated = board.models.filter(({ rating }) => rating !== null)
  const ends = rated.flatMap(({ low, high, rating }) => [low ?? rating!, high ?? rating!])
  const x = scaleLinear([Math.min(...ends), Math.max(...ends)], [0, plotWidth]).nice()
  const height = 34 + rated.length * row + 26
  const ticks = x.ticks(8)
  const lines = ticks.map((tick) => {
    const at = labelWidth + x(tick)
    return `<line x1="${px(at)}" x2="${px(at)}" y1="28" y2="${height - 24}" stroke="#e3e6ec"/><text x="${px(at)}" y="${height - 8}" text-anchor="middle" fill="#5b6475" font-size="11">${tick}</text>`
  })
  const rows = rated.map(({ model, rating, low, high, prior }, at) => {
    const y = 34 + at * row + row / 2
    const colour = prior ? '#8b93a3' : '#2456c9'
    const at_ = (value: number) => px(labelWidth + x(value))
    const bar =
      low === null || high === null
        ? ''
        : `<line x1="${at_(low)}" x2="${at_(high)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2" stroke-linecap="round"/>`
    const dot = `<circle cx="${at_(rating!)}" cy="${y}" r="4.5" fill="${prior ? '#ffffff' : colour}" stroke="${colour}" stroke-width="2"/>`
    const value = `<text x="${px(labelWidth + plotWidth + 12)}" y="${y + 4}" font-size="12" fill="#5b6475">${rating!.toFixed(0)}</text>`
    return `<text x="${labelWidth - 12}" y="${y + 4}" text-anchor="end">${label(model)}</text>${bar}${dot}${value}`
  })
  const title = `Ratings, ${Math.round(board.confidence * 1000) / 10} % intervals (${board.method}, ${board.votes.toLocaleString('en-US')} votes)`
  const pieces = board.connected ? '' : ' Several pieces: compare only models that met.'
  return {
    svg: `<text font-size="15" font-weight="600" y="12">${escaped(title + pieces)}</text>${lines.join('')}${rows.join('')}`,
    width: labelWidth + plotWidth + 60,
    height,
  }
}

type Cell = { text: string; colour: string; isDark: boolean }

function matrix(
  title: string,
  labels: readonly string[],
  labelWidth: number,
  value: (i: number, j: number) => number,
  cellOf: (value: number) => Cell,
): Part {
  const size = 34
  const top = 24 + Math.round(labelWidth * 0.8)
  const columns = labels.map((model, at) => {
    const x = labelWidth + at * size + size / 2
    return `<text transform="translate(${x + 4} ${top - 8}) rotate(-60)" font-size="11">${label(model)}</text>`
  })
  const rows = labels.map((model, i) => {
    const y = top + i * size
    const cells = labels.map((_, j) => {
      const x = labelWidth + j * size
      const number = i === j ? Number.NaN : value(i, j)
      if (Number.isNaN(number))
        return `<rect x="${x}" y="${y}" width="${size - 2}" height="${size - 2}" fill="#f3f4f7"/>`
      const { text, colour, isDark } = cellOf(number)
      return `<rect x="${x}" y="${y}" width="${size - 2}" height="${size - 2}" fill="${colour}"/><text x="${x + size / 2 - 1}" y="${y + size / 2 + 3}" text-anchor="middle" font-size="10" fill="${isDark ? '#ffffff' : '#1d2433'}">${text}</text>`
    })
    return `<text x="${labelWidth - 12}" y="${y + size / 2 + 4}" text-anchor="end">${label(model)}</text>${cells.join('')}`
  })
  return {
    svg: `<text font-size="15" font-weight="600" y="12">${escaped(title)}</text>${columns.join('')}${rows.join('')}`,
    width: labelWidth + labels.length * size + 80,
    height: top + labels.length * size,
  }
}

/** Blue above one half, orange below: told apart also without red and green. */
function diverging(share: number): string {
  const strength = Math.min(1, Math.abs(share - 0.5) * 2)
  return share >= 0.5 ? mix([245, 247, 251], [36, 86, 201], strength) : mix([250, 246, 242], [190, 84, 16], strength)
}
const sequential = (share: number) => mix([240, 244, 250], [20, 62, 120], share)

const mix = (from: readonly number[], to: readonly number[], share: number) =>
  `rgb(${from.map((value, at) => Math.round(value + (to[at]! - value) * share)).join(' ')})`

const px = (value: number) => Math.round(value * 10) / 10
const short = (count: number) => (count >= 10_000 ? `${Math.round(count / 1000)}k` : String(count))
const label = (model: string) => {
  const characters = [...model]
  return escaped(characters.length > labelChars ? `${characters.slice(0, labelChars - 1).join('')}…` : model)
}

const summary = ({ models, votes }: Leaderboard) => {
  const [first] = models
  return `Leaderboard of ${models.length} models from ${votes} votes${first?.rating != null ? `; ${first.model} leads with ${first.rating.toFixed(0)}` : ''}`
}

/** Control characters are not allowed in XML at all. */
const escaped = (text: string) =>
  text
    .replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
