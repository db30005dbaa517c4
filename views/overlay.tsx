// The picture and what the answers point at on it.
// .picture[data-image="n"]     one image of the battle, numbered from 1; holds the <img> and #marks-n
// #marks-n                     swapped as a whole by stream messages (an <svg> must arrive in one piece to be parsed as SVG)
// g.mark[data-side][data-turn][data-mark="k"]  one mark; app.js adds .on (with .has-on on .picture) and .pinned
// .marks-tools #marks-tools    radio buttons name=marks value=a|b|both|none; the style sheet does the hiding, no script needed
// a.picture-open[data-viewer-open]  opens #viewer; without scripts it opens the image itself
import { type Answers, type Side, sides, type Turn } from '../src/battles/battle.ts'
import type { ImageRef } from '../src/images/image.ts'
import type { Mark } from '../src/models/grounding.ts'
import { Icon } from './parts/icon.tsx'
import type { Say } from './strings/strings.ts'

/** Past this many marks of a side they are dots without numbers. */
const numberedMarksMax = 50

export type NumberedImage = { image: ImageRef; number: number }

/** All images of a battle, numbered through its turns as the models saw them. */
export const imagesOf = (turns: Pick<Turn, 'prompt'>[]): NumberedImage[] =>
  turns.flatMap(({ prompt }) => prompt.images).map((image, i) => ({ image, number: i + 1 }))

type PointedTurn = Pick<Turn, 'number' | 'prompt' | 'answers'>

/** Marks of one turn on one image. Marks that name no image belong to the newest one of their turn. */
function marksOn(turns: PointedTurn[], turn: PointedTurn, side: Side, imageNumber: number) {
  const newest = imagesOf(turns.filter(({ number }) => number <= turn.number)).length
  const answer = turn.answers[side]
  const marks = answer.state === 'failed' ? [] : answer.marks
  return marks.map((mark, i) => ({ mark, number: i + 1 })).filter(({ mark }) => (mark.image ?? newest) === imageNumber)
}

export const Picture = ({
  say,
  turns,
  image: { image, number },
  total,
}: {
  say: Say
  turns: PointedTurn[]
  image: NumberedImage
  total: number
}) => {
  const url = `/images/${image.sha256}`
  return (
    <figure class="picture" data-image={number}>
      <a class="picture-open" href={url} data-viewer-open={number} title={say('battle.view_image')}>
        <img
          src={url}
          width={image.width}
          height={image.height}
          alt={total > 1 ? say('battle.image_alt_n', { n: number }) : say('battle.image_alt')}
        />
        <div class="marks" id={`marks-${number}`}>
          <Overlay image={image} number={number} turns={turns} />
        </div>
        <span class="picture-expand">
          <Icon name="expand" />
        </span>
      </a>
      {total > 1 ? <figcaption class="picture-number">{number}</figcaption> : null}
    </figure>
  )
}

/** Drawn in the image's own pixels; signs are sized so that they come out well where the picture is 20rem wide. */
export const Overlay = ({ image, number, turns }: { image: ImageRef; number: number; turns: PointedTurn[] }) => {
  const { width, height } = image
  const unit = Math.max(width / 320, height / 520)
  const latest = turns.at(-1)?.number
  return (
    <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true" focusable="false">
      {turns.map((turn) => (
        <g class={turn.number === latest ? 'marks-now' : 'marks-past'}>
          {sides.map((side) => {
            const marks = marksOn(turns, turn, side, number)
            const isCrowded = turn.answers[side].marks.length > numberedMarksMax
            return marks.map(({ mark, number }) => (
              <MarkSign
                mark={mark}
                number={number}
                side={side}
                turn={turn.number}
                width={width}
                height={height}
                unit={unit}
                isCrowded={isCrowded}
              />
            ))
          })}
        </g>
      ))}
    </svg>
  )
}

type SignProps = {
  mark: Mark
  number: number
  side: Side
  turn: number
  width: number
  height: number
  unit: number
  isCrowded: boolean
}

const MarkSign = ({ mark, number, side, turn, width, height, unit, isCrowded }: SignProps) => {
  const isPoint = mark.kind === 'point'
  const x = (isPoint ? mark.x : mark.x1) * width
  const y = (isPoint ? mark.y : mark.y1) * height
  const reach = 20 * unit
  const right = x + reach < width
  const up = isPoint ? y > reach : y > 10 * unit
  const badge = isPoint
    ? { x: (right ? 11 : -11) * unit, y: (up ? -11 : 11) * unit }
    : { x: (x > 10 * unit ? 0 : 9) * unit, y: up ? 0 : 9 * unit }
  return (
    <g class={`mark mark-${side}`} data-side={side} data-turn={turn} data-mark={number}>
      {isPoint ? null : (
        <>
          <rect class="mark-halo" {...boxOf(mark, width, height)} />
          <rect class="mark-line" {...boxOf(mark, width, height)} />
        </>
      )}
      <g transform={`translate(${round(x)} ${round(y)})`}>
        <g class="mark-sign">
          {isPoint ? (
            <>
              <Sign side={side} class="mark-halo" radius={(isCrowded ? 4 : 10) * unit} />
              <Sign side={side} class="mark-line" radius={(isCrowded ? 4 : 10) * unit} />
            </>
          ) : null}
          {isCrowded ? null : (
            <g class="mark-badge" transform={`translate(${round(badge.x)} ${round(badge.y)})`}>
              <Sign side={side} class="mark-badge-back" radius={8.5 * unit} />
              <text text-anchor="middle" dominant-baseline="central" font-size={round((number > 9 ? 9 : 11) * unit)}>
                {number}
              </text>
            </g>
          )}
        </g>
      </g>
    </g>
  )
}

const Sign = ({ side, class: name, radius }: { side: Side; class: string; radius: number }) =>
  side === 'a' ? (
    <circle class={name} r={round(radius)} />
  ) : (
    <path
      class={name}
      d={`M0 ${round(-radius * 1.25)}L${round(radius * 1.25)} 0 0 ${round(radius * 1.25)} ${round(-radius * 1.25)} 0Z`}
    />
  )

function boxOf(mark: Extract<Mark, { kind: 'box' }>, width: number, height: number) {
  return {
    x: round(mark.x1 * width),
    y: round(mark.y1 * height),
    width: round((mark.x2 - mark.x1) * width),
    height: round((mark.y2 - mark.y1) * height),
  }
}

const round = (value: number) => Math.round(value * 10) / 10

export const MarksTools = ({ say, answers }: { say: Say; answers: Answers }) => {
  const count = (side: Side) => (answers[side].state === 'failed' ? 0 : answers[side].marks.length)
  const [a, b] = [count('a'), count('b')]
  return (
    <div id="marks-tools" class="marks-tools">
      {a + b === 0 ? null : (
        <>
          <fieldset class="segments">
            <legend class="visually-hidden">{say('marks.legend')}</legend>
            <MarksChoice value="a" label={say('marks.a', { n: a })} class="is-a" />
            <MarksChoice value="b" label={say('marks.b', { n: b })} class="is-b" />
            <MarksChoice value="both" label={say('marks.both')} isChosen />
            <MarksChoice value="none" label={say('marks.none')} />
          </fieldset>
          {sides.map((side) =>
            count(side) > numberedMarksMax ? <MarkList say={say} side={side} marks={answers[side].marks} /> : null,
          )}
        </>
      )}
    </div>
  )
}

const MarksChoice = ({
  value,
  label,
  class: name,
  isChosen = false,
}: {
  value: string
  label: string
  class?: string
  isChosen?: boolean
}) => (
  <label class={name}>
    <input type="radio" name="marks" value={value} checked={isChosen} />
    <span>{label}</span>
  </label>
)

const MarkList = ({ say, side, marks }: { say: Say; side: Side; marks: Mark[] }) => (
  <details class="mark-list">
    <summary>
      {side.toUpperCase()} · {say('marks.list', { n: marks.length })}
    </summary>
    <ol>
      {marks.map((mark) => (
        <li dir="auto">{mark.label ?? '–'}</li>
      ))}
    </ol>
  </details>
)

/** app.js fills the stage with a copy of the picture and moves it; the buttons say what they do in data-viewer. */
export const Viewer = ({ say }: { say: Say }) => (
  <dialog id="viewer" class="viewer" aria-label={say('viewer.title')}>
    <div class="viewer-tools">
      <button class="tool" type="button" data-viewer="fit">
        {say('viewer.fit')}
      </button>
      <button class="tool" type="button" data-viewer="full">
        {say('viewer.full')}
      </button>
      <button class="tool tool-icon" type="button" data-viewer="out" aria-label={say('viewer.out')}>
        <Icon name="minus" />
      </button>
      <button class="tool tool-icon" type="button" data-viewer="in" aria-label={say('viewer.in')}>
        <Icon name="plus" />
      </button>
      <form method="dialog">
        <button class="tool tool-icon" type="submit" aria-label={say('site.close')}>
          <Icon name="close" />
        </button>
      </form>
    </div>
    <div id="viewer-stage" class="viewer-stage" data-stage />
  </dialog>
)
