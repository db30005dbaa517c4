// What a battle's event stream says (UX 4.3). Messages are inert: forms in them are plain ones, for they carry no nonce; after `done` the page
// fetches <BattleMain> once and has its live forms back. Each function gives one message, to be sent as `data:` lines of an unnamed event.
import { type Answers, type Battle, isRunning, latestTurn, type Side, sides } from '../src/battles/battle.ts'
import { stateWord, Tail } from './battle.tsx'
import { announcement, Dock, type DockProps, dockState } from './dock.tsx'
import type { Rendered } from './markdown.ts'
import { imagesOf, MarksTools, Overlay } from './overlay.tsx'
import { Raw } from './parts/raw.tsx'
import type { Say } from './strings/strings.ts'

export type StreamState = Omit<DockProps, 'hands'> & {
  say: Say
  csrf: string
  /** The battle with the answers as they are shown now. */
  battle: Battle
  rendered: Record<Side, Rendered>
}

/** Restores a reader who knows nothing, and tells one whose battle is over its last state. */
export const fullState = (state: StreamState): string =>
  message(
    <>
      {sides.map((side) => (
        <>
          <hx-partial hx-target={`#${side}-done`} hx-swap="innerMorph">
            <Raw html={shown(state, side).done} />
          </hx-partial>
          <OpenBlock state={state} side={side} />
          <StateWord state={state} side={side} />
        </>
      ))}
      <Marks state={state} />
      <DockPart state={state} />
      <StatusLine state={state} />
    </>,
  )

/** What changed since `before` was sent; an empty string where nothing did. */
export function delta(state: StreamState, before: StreamState): string {
  const [now, then] = [latestTurn(state.battle).answers, latestTurn(before.battle).answers]
  if (sides.some((side) => state.rendered[side].restarted)) return fullState(state)
  const word = (one: StreamState, answers: Answers, side: Side) =>
    stateWord(one.say, answers[side], one.battle.state === 'queued')
  const isOver = !isRunning(state.battle)
  return message(
    <>
      {sides.map((side) => (
        <>
          {shown(state, side).appended === '' ? null : (
            <hx-partial hx-target={`#${side}-done`} hx-swap="beforeend">
              <Raw html={shown(state, side).appended} />
            </hx-partial>
          )}
          {openLook(state, side) === openLook(before, side) ? null : <OpenBlock state={state} side={side} />}
          {word(state, now, side) === word(before, then, side) ? null : <StateWord state={state} side={side} />}
        </>
      ))}
      {sides.some((side) => now[side].marks.length !== then[side].marks.length) ? <Marks state={state} /> : null}
      {dockState(state) === dockState(before) && state.queueAhead === before.queueAhead ? null : (
        <DockPart state={state} />
      )}
      {isOver ? <StatusLine state={state} /> : null}
    </>,
  )
}

/** The polite line; also what `/reasons saved` and other small answers may use. */
export const statusMessage = (text: string): string =>
  message(
    <hx-partial hx-target="#status" hx-swap="innerHTML">
      {text}
    </hx-partial>,
  )

/** Answer to reasons that saved themselves (form#why swaps nothing itself). */
export const reasonsSaved = (say: Say): string =>
  message(
    <hx-partial hx-target="#why-saved" hx-swap="innerHTML">
      {say('why.saved')}
    </hx-partial>,
  )

/** Same look, nothing to send. */
function openLook(state: StreamState, side: Side) {
  const answer = latestTurn(state.battle).answers[side]
  return answer.state === 'writing' && answer.text === '' ? null : shown(state, side).tail
}

/** A failed side shows no words, however far it came. */
function shown(state: StreamState, side: Side): Pick<Rendered, 'done' | 'appended' | 'tail'> {
  const isFailed = latestTurn(state.battle).answers[side].state === 'failed'
  return isFailed ? { done: '', appended: '', tail: '' } : state.rendered[side]
}

/** A block that has just been finished left the tail; the next one is new, not the old one moved down. */
const OpenBlock = ({ state, side }: { state: StreamState; side: Side }) => (
  <hx-partial hx-target={`#${side}-tail`} hx-swap={shown(state, side).appended === '' ? 'innerMorph' : 'innerHTML'}>
    <Tail answer={latestTurn(state.battle).answers[side]} html={shown(state, side).tail} />
  </hx-partial>
)

const StateWord = ({ state, side }: { state: StreamState; side: Side }) => (
  <hx-partial hx-target={`#${side}-state`} hx-swap="innerHTML">
    {stateWord(state.say, latestTurn(state.battle).answers[side], state.battle.state === 'queued')}
  </hx-partial>
)

const Marks = ({ state }: { state: StreamState }) => (
  <>
    {imagesOf(state.battle.turns).map(({ image, number }) => (
      <hx-partial hx-target={`#marks-${number}`} hx-swap="innerHTML">
        <Overlay image={image} number={number} turns={state.battle.turns} />
      </hx-partial>
    ))}
    <hx-partial hx-target="#marks-tools" hx-swap="outerMorph">
      <MarksTools say={state.say} answers={latestTurn(state.battle).answers} />
    </hx-partial>
  </>
)

const DockPart = ({ state: { say, csrf, rendered: _, ...dock } }: { state: StreamState }) => (
  <hx-partial hx-target="#dock" hx-swap="outerMorph">
    <Dock {...dock} hands={{ say, csrf, nonce: null }} />
  </hx-partial>
)

const StatusLine = ({ state }: { state: StreamState }) => (
  <hx-partial hx-target="#status" hx-swap="innerHTML">
    {announcement(state, state)}
  </hx-partial>
)

const message = (part: unknown) => String(part)
