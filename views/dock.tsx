// Where the voter acts: one dock for each state of a battle (UX 4.5, 5).
// #dock[data-dock="queued|preparing|writing|ready|changing|voted|revealed|one_failed|both_failed|void|erased"]
// form.vote            four buttons name=outcome value=a|tie|both_bad|b, data-key=1..4; hidden turn, seen_revision, key, csrf
// form#why             reasons (value "a:more_accurate"), note; saves itself on change (POST vote, same outcome, hx-swap=none)
// #why-saved           app.js or the response's partial writes why.saved here
// form.reveal          [data-key=Enter] shows names; includes the fields of #why, so that nothing typed is lost
// a[data-key=n]        next battle
import type { Child } from 'hono/jsx'
import {
  type Battle,
  failedSides,
  isReadyForVote,
  isRevealed,
  latestTurn,
  mayRetry,
  type Outcome,
  otherSide,
  type outcomes,
  type RevealedBattle,
  type Side,
  sides,
} from '../src/battles/battle.ts'
import { badReasons, goodReasons, type ReasonKey, type Vote } from '../src/votes/vote.ts'
import type { Hands } from './frame.ts'
import { Action, live } from './parts/form.tsx'
import { Icon } from './parts/icon.tsx'

export type DockState =
  | 'queued'
  | 'preparing'
  | 'writing'
  | 'ready'
  | 'changing'
  | 'voted'
  | 'revealed'
  | 'one_failed'
  | 'both_failed'
  | 'void'
  | 'erased'

export type DockProps = {
  hands: Hands
  battle: Battle
  /** The newest vote of this battle. */
  vote: Vote | null
  /** Fresh idempotency key for the vote buttons. */
  voteKey: string
  /** Battles waiting before this one; null where unknown. */
  queueAhead?: number | null
  sideTriesMax: number
  /** "Change" was pressed: the four buttons again. */
  isChanging?: boolean
  /** Where the keyboard goes after an action. */
  focus?: 'vote' | 'reveal' | null
  /** Boards this vote is part of, as words; after the reveal. */
  countedIn?: string[]
  /** Link of the shared battle, or that none was made; undefined where sharing is not offered. */
  share?: { url: string | null; withImage: boolean } | undefined
}

export function dockState({
  battle,
  vote,
  isChanging = false,
}: Pick<DockProps, 'battle' | 'vote' | 'isChanging'>): DockState {
  const turn = latestTurn(battle)
  const hasText = sides.some((side) => turn.answers[side].text !== '')
  switch (battle.state) {
    case 'queued':
      return 'queued'
    case 'writing':
      return hasText ? 'writing' : 'preparing'
    case 'ready':
      return 'ready'
    case 'voted':
      if (isChanging && vote?.status === 'open') return 'changing'
      return vote !== null && vote.turn === turn.number ? 'voted' : 'ready'
    case 'revealed':
      return 'revealed'
    case 'erased':
      return 'erased'
    case 'void':
      if (isRevealed(battle)) return 'revealed'
      if (battle.voidReason === 'side_failed') return failedSides(turn).length === 2 ? 'both_failed' : 'one_failed'
      return 'void'
  }
}

export const Dock = (props: DockProps) => {
  const state = dockState(props)
  return (
    <section id="dock" class="dock" data-dock={state} aria-label={props.hands.say('vote.legend')}>
      {content(state, props)}
    </section>
  )
}

function content(state: DockState, props: DockProps): Child {
  switch (state) {
    case 'queued':
    case 'preparing':
    case 'writing':
      return <Running {...props} state={state} />
    case 'ready':
    case 'changing':
      return <Ballot {...props} isChanging={state === 'changing'} />
    case 'voted':
      return props.vote ? <AfterVote {...props} vote={props.vote} /> : null
    case 'revealed':
      return isRevealed(props.battle) ? <AfterReveal {...props} battle={props.battle} /> : null
    case 'one_failed':
      return <OneFailed {...props} />
    case 'both_failed':
      return <BothFailed {...props} />
    case 'void':
      return <Over {...props} />
    case 'erased':
      return (
        <p class="dock-help">
          {props.hands.say('erased')} <NextLink hands={props.hands} />
        </p>
      )
  }
}

const to = (battle: Battle, action: string) => `/b/${battle.id}/${action}`

const Running = ({ hands, battle, queueAhead, state }: DockProps & { state: 'queued' | 'preparing' | 'writing' }) => {
  const { say } = hands
  const isWriting = state === 'writing'
  const words =
    state === 'queued'
      ? queueAhead
        ? say('battle.queued', { n: queueAhead })
        : say('battle.waiting')
      : state === 'preparing'
        ? say('battle.preparing')
        : say('vote.closed')
  return (
    <div id="dock-row" class="dock-row">
      {isRevealed(battle) ? (
        <p class="dock-help">{say('vote.named_note')}</p>
      ) : (
        <ClosedButtons hands={hands} words={words} />
      )}
      <Action hands={hands} to={to(battle, 'stop')} class="dock-side">
        <button class="button" type="submit">
          {isWriting ? say('stop') : say('cancel')}
        </button>
      </Action>
    </div>
  )
}

/** Reserved, so that nothing moves when votes open; why they are closed is said beside them. */
const ClosedButtons = ({ hands, words }: { hands: Hands; words: string }) => (
  <div class="ballot-closed">
    <div class="ballot" aria-hidden="true">
      {order.map((outcome) => (
        <span class={`button vote-button vote-${outcome} is-closed`}>
          <VoteWords hands={hands} outcome={outcome} />
        </span>
      ))}
    </div>
    <p class="dock-help" id="dock-why">
      {words}
    </p>
  </div>
)

const order = ['a', 'tie', 'both_bad', 'b'] as const satisfies readonly (typeof outcomes)[number][]

/** On narrow screens the letter is what is seen; the whole words stay what is heard. */
const VoteWords = ({ hands: { say }, outcome }: { hands: Hands; outcome: Outcome }) =>
  outcome === 'a' || outcome === 'b' ? (
    <>
      <span class="vote-long">{say(`vote.${outcome}`)}</span>
      <span class="vote-short" aria-hidden="true">
        {say(`vote.${outcome}_short`)}
      </span>
    </>
  ) : (
    <span>{say(`vote.${outcome}`)}</span>
  )

const Ballot = ({ hands, battle, vote, voteKey, isChanging }: DockProps & { isChanging: boolean }) => {
  const { say } = hands
  const turn = latestTurn(battle)
  const current = vote !== null && vote.turn === turn.number && vote.status === 'open' ? vote : null
  const isIdentical = turn.flags.includes('identical')
  const offered = isIdentical ? (['tie'] as const) : order
  const note =
    isChanging && current
      ? say('vote.changing', { x: say(`outcome.${current.outcome}`) })
      : isIdentical
        ? say('vote.identical')
        : battle.stoppedByVoter
          ? say('vote.stopped_note')
          : battle.replacedSide
            ? say('vote.replaced_note')
            : turn.flags.includes('truncated')
              ? say('vote.cut_note')
              : say('vote.help')
  return (
    <>
      <Action hands={hands} to={to(battle, 'vote')} class="vote">
        <input type="hidden" name="turn" value={String(turn.number)} />
        <input type="hidden" name="seen_revision" value={current ? String(current.revision) : ''} />
        <input type="hidden" name="key" value={voteKey} />
        <fieldset class={`ballot${isIdentical ? ' ballot-one' : ''}`} aria-describedby="dock-help">
          <legend class="visually-hidden">{say('vote.legend')}</legend>
          {offered.map((outcome) => (
            <button
              class={`button vote-button vote-${outcome}`}
              type="submit"
              name="outcome"
              value={outcome}
              data-key={String(order.indexOf(outcome) + 1)}
              {...(current ? { 'aria-pressed': String(current.outcome === outcome) } : {})}
            >
              <VoteWords hands={hands} outcome={outcome} />
              <span class="key" aria-hidden="true">
                {order.indexOf(outcome) + 1}
              </span>
            </button>
          ))}
        </fieldset>
      </Action>
      <div class="dock-foot">
        <p class="dock-help" id="dock-help">
          {note}
        </p>
        {isChanging ? (
          <a class="linklike" href={`/b/${battle.id}`} {...live(hands, `/b/${battle.id}`, { method: 'get' })}>
            {say('vote.keep')}
          </a>
        ) : (
          <Leave hands={hands} battle={battle} />
        )}
      </div>
    </>
  )
}

const Leave = ({ hands, battle }: { hands: Hands; battle: Battle }) => {
  const { say } = hands
  return (
    <div class="dock-links">
      <Action hands={hands} to={to(battle, 'skip')}>
        <button class="linklike" type="submit">
          {say('vote.skip')}
        </button>
      </Action>
      <details class="report">
        <summary class="linklike">{say('vote.report')}</summary>
        <Action hands={hands} to={to(battle, 'report')} class="report-form">
          <fieldset>
            <legend>{say('report.why')}</legend>
            {(['private', 'harmful', 'copyright', 'other'] as const).map((reason, i) => (
              <label class="check">
                <input type="radio" name="reason" value={reason} checked={i === 0} /> {say(`report.${reason}`)}
              </label>
            ))}
          </fieldset>
          <button class="button" type="submit">
            <Icon name="flag" /> {say('report.send')}
          </button>
        </Action>
      </details>
    </div>
  )
}

const AfterVote = ({ hands, battle, vote, focus }: DockProps & { vote: Vote }) => {
  const { say } = hands
  const change = `/b/${battle.id}?change=1`
  return (
    <div class="after">
      <div class="after-head">
        <h2 id="vote-title" tabindex={-1} {...(focus === 'vote' ? { autofocus: true, 'data-focus': '' } : {})}>
          <span class="after-sign">
            <Icon name="check" />
          </span>
          {say('vote.chose', { x: say(`outcome.${vote.outcome}`) })}
        </h2>
        {vote.status === 'open' ? (
          <>
            <p class="dock-help">{say('vote.saved_note')}</p>
            <a class="linklike" href={change} {...live(hands, change, { method: 'get' })}>
              {say('vote.change')}
            </a>
          </>
        ) : (
          <p class="dock-help">{say('vote.frozen_note')}</p>
        )}
      </div>
      {vote.status === 'open' ? <Why hands={hands} battle={battle} vote={vote} /> : null}
      <div class="after-actions">
        <Action hands={hands} to={to(battle, 'reveal')} class="reveal" swap="outerMorph transition:true" include="#why">
          <button class="button button-primary" type="submit" data-key="Enter">
            {say('reveal')}{' '}
            <span class="key" aria-hidden="true">
              Enter
            </span>
          </button>
        </Action>
        <a class="button" href="/" data-key="n">
          {say('reveal.skip')}{' '}
          <span class="key" aria-hidden="true">
            n
          </span>
        </a>
        <button class="linklike no-scripts" type="submit" form="why">
          {say('why.save')}
        </button>
        <span id="why-saved" class="dock-help" />
      </div>
    </div>
  )
}

/** One row for each side: after a win good things of the winner and bad ones of the loser, else all of both. */
const Why = ({ hands, battle, vote }: { hands: Hands; battle: Battle; vote: Vote }) => {
  const { say } = hands
  return (
    <Action hands={hands} to={to(battle, 'vote')} id="why" class="why" trigger="change, submit" swap="none">
      <input type="hidden" name="outcome" value={vote.outcome} />
      <input type="hidden" name="turn" value={String(vote.turn)} />
      <p class="why-title">
        {say('why.title')} <span class="dock-help">{say('why.optional')}</span>
      </p>
      {sides.map((side) => (
        <ReasonRow hands={hands} vote={vote} side={side} />
      ))}
      <label class="why-note">
        <span class="visually-hidden">{say('why.note')}</span>
        <textarea name="note" rows={1} maxlength={2000} placeholder={say('why.note')} dir="auto" data-grow>
          {vote.note ?? ''}
        </textarea>
        <button
          class="tool tool-icon needs-speech"
          type="button"
          data-dictate="note"
          aria-label={say('dictate')}
          hidden
        >
          <Icon name="mic" />
        </button>
      </label>
    </Action>
  )
}

const ReasonRow = ({ hands: { say }, vote, side }: { hands: Hands; vote: Vote; side: Side }) => {
  const { keys, title } = reasonsFor(vote.outcome, side)
  const x = side.toUpperCase()
  return (
    <fieldset class={`reasons reasons-${side}`}>
      <legend>
        <span class={`tag tag-${side}`} aria-hidden="true">
          {x}
        </span>
        <span class="visually-hidden">{say(title, { x })}</span>
      </legend>
      <div class="reason-chips">
        {keys.map((key) => (
          <label class={`reason ${goodReasons.includes(key) ? 'is-good' : 'is-bad'}`}>
            <input
              type="checkbox"
              name="reasons"
              value={`${side}:${key}`}
              checked={vote.reasons.some((reason) => reason.side === side && reason.key === key)}
            />
            <span>{say(`reason.${key}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function reasonsFor(outcome: Outcome, side: Side) {
  if (outcome === side) return { keys: goodReasons, title: 'why.side_good' as const }
  if (outcome === otherSide(side) || outcome === 'both_bad') return { keys: badReasons, title: 'why.side_bad' as const }
  return { keys: [...goodReasons, ...badReasons] as readonly ReasonKey[], title: 'why.side' as const }
}

const AfterReveal = ({ hands, battle, vote, focus, countedIn = [], share }: DockProps & { battle: RevealedBattle }) => {
  const { say } = hands
  const { a, b } = battle.contestants
  const isOne = a.id === b.id
  return (
    <div class="after">
      <div class="after-head">
        <h2 id="reveal-title" tabindex={-1} {...(focus === 'reveal' ? { autofocus: true, 'data-focus': '' } : {})}>
          {battle.mode === 'named'
            ? say('compare.pair', { a: a.name, b: b.name })
            : isOne
              ? say('reveal.same', { model: a.name })
              : sides.map((side) => (
                  <span class="who">
                    {say('reveal.was', { x: side.toUpperCase(), model: battle.contestants[side].name })}{' '}
                  </span>
                ))}
        </h2>
      </div>
      <p class="counts">
        {battle.mode === 'named' ? (
          say('named.banner')
        ) : vote ? (
          <>
            <strong>{say('reveal.your_vote', { x: say(`outcome.${vote.outcome}`) })}</strong>{' '}
            {countsSentence(hands, vote, countedIn)}
          </>
        ) : (
          say('reveal.no_vote')
        )}
      </p>
      <div class="after-actions">
        {battle.mode === 'named' ? (
          <CompareAgain hands={hands} battle={battle} />
        ) : (
          <a class="button button-primary" href="/" data-key="n">
            {say('next')}{' '}
            <span class="key" aria-hidden="true">
              n
            </span>
          </a>
        )}
        {share ? <ShareForms hands={hands} battle={battle} share={share} /> : null}
        {vote && vote.status !== 'withdrawn' ? (
          <Action hands={hands} to={to(battle, 'withdraw')}>
            <button class="linklike" type="submit">
              {say('withdraw')}
            </button>
          </Action>
        ) : null}
      </div>
    </div>
  )
}

/** The same question to the same two, the other way round, or to a challenger. */
const CompareAgain = ({ hands: { say }, battle }: { hands: Hands; battle: RevealedBattle }) => {
  const { a, b } = battle.contestants
  const link = (sides: Record<string, string>) => `/compare?${new URLSearchParams({ ...sides, from: battle.id })}`
  return (
    <>
      <a class="button button-primary" href={`/compare?${new URLSearchParams({ a: a.id, b: b.id })}`} data-key="n">
        {say('compare.again')}{' '}
        <span class="key" aria-hidden="true">
          n
        </span>
      </a>
      <a class="button" href={link({ a: b.id, b: a.id })}>
        {say('compare.swap')}
      </a>
      <a class="linklike" href={link({ a: a.id })}>
        {say('compare.challenger', { x: a.name })}
      </a>
      <a class="linklike" href={link({ b: b.id })}>
        {say('compare.challenger', { x: b.name })}
      </a>
    </>
  )
}

/** Whether the vote counts, and why not. */
export function countsSentence({ say }: Pick<Hands, 'say'>, vote: Vote, countedIn: string[]) {
  if (vote.status === 'withdrawn') return say('withdraw.done')
  if (vote.exclusion !== null) return say('not_counted', { reason: say(`exclusion.${vote.exclusion}`) })
  if (vote.status === 'held') return say('counted.held')
  if (vote.status === 'quarantined') return say('not_counted', { reason: say('status.quarantined') })
  return say('counted', { list: say.list(countedIn.length > 0 ? countedIn : [say('counted.list.overall')]) })
}

const ShareForms = ({
  hands,
  battle,
  share,
}: {
  hands: Hands
  battle: Battle
  share: NonNullable<DockProps['share']>
}) => {
  const { say } = hands
  return (
    <details class="share" open={share.url !== null}>
      <summary class="button">
        <Icon name="link" /> {say('share.title')}
      </summary>
      <div class="share-body">
        {share.url === null ? (
          <Action hands={hands} to={to(battle, 'share')} class="share-form">
            <p class="dock-help">{say('share.note')}</p>
            <label class="check">
              <input type="checkbox" name="with_image" value="1" checked /> {say('share.with_image')}
            </label>
            <button class="button" type="submit">
              {say('share.create')}
            </button>
          </Action>
        ) : (
          <>
            <label class="share-link">
              {say('share.link')}
              <input type="text" readonly value={share.url} data-select />
            </label>
            <div class="share-links">
              <a class="linklike" href={share.url}>
                {say('share.open')}
              </a>
              <Action hands={hands} to={to(battle, 'share')}>
                {share.withImage ? null : <input type="hidden" name="with_image" value="1" />}
                <button class="linklike" type="submit">
                  {say(share.withImage ? 'share.hide_image' : 'share.add_image')}
                </button>
              </Action>
              <Action hands={hands} to={to(battle, 'share')}>
                <input type="hidden" name="remove" value="1" />
                <button class="linklike" type="submit">
                  {say('share.remove')}
                </button>
              </Action>
            </div>
          </>
        )}
      </div>
    </details>
  )
}

const OneFailed = ({ hands, battle }: DockProps) => {
  const [failed] = failedSides(latestTurn(battle))
  if (!failed) return null
  const [x, y] = [failed.toUpperCase(), otherSide(failed).toUpperCase()]
  return (
    <div class="dock-foot">
      <p class="dock-help">{hands.say('fail.one_dock', { x, y })}</p>
      <Leave hands={hands} battle={battle} />
    </div>
  )
}

const BothFailed = (props: DockProps) => {
  const { hands, battle } = props
  const turn = latestTurn(battle)
  const refs = sides.flatMap((side) => {
    const answer = turn.answers[side]
    return answer.state === 'failed' ? [answer.ref] : []
  })
  return (
    <div class="after">
      <p class="dock-lead">{hands.say('fail.both')}</p>
      <div class="after-actions">
        <AgainActions {...props} words={hands.say('retry.both')} />
        <span class="ref">{hands.say('fail.ref', { ref: refs.join(' ') })}</span>
      </div>
    </div>
  )
}

const AgainActions = ({ hands, battle, sideTriesMax, words }: DockProps & { words: string }) => (
  <>
    {mayRetry(battle, sideTriesMax) ? (
      <Action hands={hands} to={to(battle, 'retry')}>
        <button class="button button-primary" type="submit">
          {words}
        </button>
      </Action>
    ) : null}
    <a class="button" href={`/?from=${battle.id}`}>
      {hands.say('new_pair')}
    </a>
  </>
)

/** Void without a failed side: what happened, and the way on. */
const Over = (props: DockProps) => {
  const { hands, battle } = props
  const { say } = hands
  const reason = battle.voidReason
  if (reason === null || reason === 'side_failed') return null
  return (
    <div class="after">
      <p class="dock-lead">{reason === 'interrupted' ? say('fail.interrupted') : say(`void.${reason}`)}</p>
      <div class="after-actions">
        {reason === 'interrupted' ? (
          <AgainActions {...props} words={say('retry.both')} />
        ) : reason === 'skipped' || reason === 'expired' ? (
          <>
            <NextLink hands={hands} />
            {latestTurn(battle).readyAt === null ? null : (
              <Action hands={hands} to={to(battle, 'reveal')} swap="outerMorph transition:true">
                <button class="button" type="submit">
                  {say('void.names')}
                </button>
              </Action>
            )}
          </>
        ) : (
          <a class="button button-primary" href={`/?from=${battle.id}`}>
            {say('void.again')}
          </a>
        )}
      </div>
    </div>
  )
}

const NextLink = ({ hands: { say } }: { hands: Hands }) => (
  <a class="button button-primary" href="/" data-key="n">
    {say('next')}{' '}
    <span class="key" aria-hidden="true">
      n
    </span>
  </a>
)

/** What is said once, politely, when the battle has come to this state; empty where nothing is. */
export function announcement(
  { say }: Pick<Hands, 'say'>,
  props: Pick<DockProps, 'battle' | 'vote' | 'isChanging'>,
): string {
  const { battle, vote } = props
  const turn = latestTurn(battle)
  const [failed] = failedSides(turn)
  switch (dockState(props)) {
    case 'ready':
      return isReadyForVote(battle) ? (turn.flags.includes('identical') ? say('status.both_same') : say('ready')) : ''
    case 'one_failed':
      return failed ? say('status.one_failed', { x: failed.toUpperCase(), y: otherSide(failed).toUpperCase() }) : ''
    case 'both_failed':
      return say('fail.both')
    case 'voted':
      return vote ? `${say('vote.chose', { x: say(`outcome.${vote.outcome}`) })}.` : ''
    case 'revealed':
      if (vote?.status === 'withdrawn') return say('status.withdrawn')
      return isRevealed(battle)
        ? sides
            .map((side) => say('reveal.was', { x: side.toUpperCase(), model: battle.contestants[side].name }))
            .join(' ')
        : ''
    default:
      return ''
  }
}
