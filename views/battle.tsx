// A battle is a page from its first second. The same components draw the page, what actions swap and what the stream sends.
// #battle                  everything of the page that changes; actions answer with <BattleMain> (hx-target="#battle" hx-swap="outerMorph")
// #stream                  the SSE element, only while running; its closing `done` event bubbles to [data-refresh], which fetches <BattleMain> again
// #pane-a #pane-b          sections of the newest turn; earlier turns have #t1-pane-a …
// #a-state                 state word; #a-body scroller (hx-ignore); #a-done finished blocks; #a-tail open block; #a-foot failure or facts
// #together                checkbox "Show answers when finished": the style sheet hides running answers
// #scroll-together         checkbox for app.js
// form#ask                 follow-up: fields prompt, image, key, csrf
// ?change=1                the four buttons again
import type { Child } from 'hono/jsx'
import {
  type Answer,
  type Battle,
  failedSides,
  isRevealed,
  isRunning,
  latestTurn,
  mayRetry,
  type RevealedBattle,
  type Side,
  sides,
  type Turn,
} from '../src/battles/battle.ts'
import type { Model } from '../src/models/model.ts'
import type { Receipt } from '../src/models/provider.ts'
import { announcement, Dock, type DockProps, dockState } from './dock.tsx'
import type { Frame, Hands } from './frame.ts'
import { Page } from './layout.tsx'
import { answerRenderer, type Rendered } from './markdown.ts'
import { imagesOf, MarksTools, Picture, Viewer } from './overlay.tsx'
import { Action } from './parts/form.tsx'
import { Icon } from './parts/icon.tsx'
import { Raw } from './parts/raw.tsx'
import type { Say } from './strings/strings.ts'

/** What the arena knows of a model in this battle, told after the reveal. */
export type Standing = {
  rank: { low: number; high: number } | null
  /** How often this voter preferred the model, in how many of their battles with it. */
  preferred: { of: number; total: number } | null
}

export type BattleView = Omit<DockProps, 'hands' | 'focus'> & {
  /** Where the keyboard goes; only in answers to actions, never on a fresh page. */
  focus?: 'vote' | 'reveal' | 'question' | null
  turnsMax: number
  imagesPerTurnMax: number
  /** Fresh key of the follow-up form. */
  askKey: string
  /** The model of a failed side may be replaced. */
  mayReplace?: boolean
  /** After the reveal. */
  standing?: Record<Side, Standing> | undefined
  /** After the reveal of an ablation: which side was blinded, and how. */
  ablation?: { blindedSide: Side; kind: 'none' | 'other' } | undefined
}

export const BattlePage = ({ frame, ...view }: BattleView & { frame: Frame }) => (
  <Page
    {...frame}
    title={frame.say('battle.title')}
    layout="battle"
    isPrivate
    refreshSeconds={isRunning(view.battle) ? 2 : undefined}
    status={frame.status ?? (isRunning(view.battle) ? '' : announcement(frame, view))}
  >
    <BattleMain hands={frame} {...view} />
    <Viewer say={frame.say} />
  </Page>
)

/** An action's answer: the new state of the battle, and what is said about it. */
export const BattleUpdate = (props: BattleView & { hands: Hands }) => (
  <>
    <BattleMain {...props} />
    {props.focus ? null : (
      <hx-partial hx-target="#status" hx-swap="innerHTML">
        {announcement(props.hands, props)}
      </hx-partial>
    )}
  </>
)

export const BattleMain = (props: BattleView & { hands: Hands }) => {
  const { hands, battle } = props
  const { say } = hands
  const turn = latestTurn(battle)
  const images = imagesOf(battle.turns)
  const isSeveral = battle.turns.length > 1
  const state = dockState(props)
  const isEmptyVoid = state === 'void' && sides.every((side) => turn.answers[side].text === '')
  return (
    <div
      id="battle"
      class={`battle${images.length === 0 ? ' battle-text' : ''}`}
      data-state={battle.state}
      data-battle={battle.id}
    >
      <h1 class="visually-hidden">{say('battle.title')}</h1>
      {battle.mode === 'named' ? <p class="bar">{say('named.banner')}</p> : null}
      <div class="evidence">
        <div class={`pictures pictures-${Math.min(images.length, 3)}`}>
          {images.map((image) => (
            <Picture say={say} turns={battle.turns} image={image} total={images.length} />
          ))}
        </div>
        <MarksTools say={say} answers={turn.answers} />
        {isSeveral ? null : <Question say={say} turn={turn} title={say('battle.asked')} />}
      </div>
      <div class="answers">
        {battle.turns.slice(0, -1).map((earlier) => (
          <EarlierTurn say={say} battle={battle} turn={earlier} />
        ))}
        {isSeveral ? <Question say={say} turn={turn} title={say('battle.asked_n', { n: turn.number })} /> : null}
        {state === 'both_failed' || isEmptyVoid ? null : <Panes {...props} turn={turn} />}
        <Dock {...props} focus={props.focus === 'question' ? null : (props.focus ?? null)} />
        <FollowUp {...props} />
      </div>
      {isRunning(battle) ? <Stream hands={hands} battle={battle} /> : null}
    </div>
  )
}

/** Readers follow the present state; when it is over they ask once for the page as it then is, with its forms. */
const Stream = ({ hands, battle }: { hands: Hands; battle: Battle }) => (
  <div
    data-refresh
    hx-get={`/b/${battle.id}`}
    hx-trigger="done"
    hx-target="#battle"
    hx-swap="outerMorph"
    {...{ 'hx-status:4xx': 'swap:none', 'hx-status:5xx': 'swap:none' }}
    hx-nonce={hands.nonce ?? ''}
  >
    <div
      id="stream"
      data-stream={`/b/${battle.id}/stream`}
      hx-sse:connect={`/b/${battle.id}/stream`}
      hx-sse:close="done"
      hx-swap="none"
      hx-nonce={hands.nonce ?? ''}
    />
  </div>
)

const Question = ({ say, turn, title }: { say: Say; turn: Turn; title: string }) => (
  <div class="question">
    <h2 class="question-title">{title}</h2>
    <p class="question-text" dir="auto" lang={turn.prompt.language === 'und' ? undefined : turn.prompt.language}>
      {turn.prompt.text}
    </p>
    {turn.number > 1 && turn.prompt.images.length > 0 ? (
      <p class="hint">{turn.prompt.images.map((_, i) => say('chip.image', { n: i + 1 })).join(', ')}</p>
    ) : null}
  </div>
)

const EarlierTurn = ({ say, battle, turn }: { say: Say; battle: Battle; turn: Turn }) => (
  <details class="earlier">
    <summary>
      <span class="question-title">{say('battle.asked_n', { n: turn.number })}</span>
      <span class="earlier-text" dir="auto">
        {turn.prompt.text}
      </span>
    </summary>
    <div class="panes">
      {sides.map((side) => (
        <Pane
          say={say}
          side={side}
          turn={turn}
          isRevealed={isRevealed(battle)}
          name={isRevealed(battle) ? battle.contestants[side].name : null}
          prefix={`t${turn.number}-`}
        />
      ))}
    </div>
  </details>
)

const Panes = (props: BattleView & { hands: Hands; turn: Turn }) => {
  const { hands, battle, turn, vote } = props
  const { say } = hands
  const chosen = vote && vote.turn === turn.number && vote.status !== 'withdrawn' ? vote.outcome : null
  const state = dockState(props)
  const shown = state === 'voted' || state === 'revealed' ? chosen : null
  return (
    <div class="arena">
      <nav class="jump" aria-label={say('side.jump')}>
        {sides.map((side) => (
          <a class={`jump-${side}`} href={`#pane-${side}`} data-jump={side}>
            {say(`battle.answer_${side}`)}
          </a>
        ))}
      </nav>
      <div class={`panes${shown === 'a' || shown === 'b' ? ` chose-${shown}` : ''}`} id="panes">
        {sides.map((side) => (
          <Pane
            say={say}
            side={side}
            turn={turn}
            isRevealed={isRevealed(battle)}
            name={isRevealed(battle) ? battle.contestants[side].name : null}
            isQueued={battle.state === 'queued'}
            isChosen={shown === side}
            foot={footOf(props, side)}
          />
        ))}
      </div>
      <div class="arena-tools">
        {isRunning(battle) ? (
          <label class="check check-small only-scripts">
            <input type="checkbox" id="together" /> {say('together')}
          </label>
        ) : (
          <label class="check check-small only-scripts only-wide">
            <input type="checkbox" id="scroll-together" /> {say('scroll_together')}
          </label>
        )}
      </div>
    </div>
  )
}

type PaneProps = {
  say: Say
  side: Side
  turn: Turn
  isRevealed: boolean
  name: string | null
  isQueued?: boolean
  isChosen?: boolean
  /** Before the ids of an earlier turn. */
  prefix?: string
  foot?: Child
  /** What a shared battle does to the words; it gets and gives safe HTML. */
  mapHtml?: ((html: string) => string) | undefined
}

export const Pane = ({
  say,
  side,
  turn,
  name,
  isQueued = false,
  isChosen = false,
  prefix = '',
  foot,
  ...props
}: PaneProps) => {
  const answer = turn.answers[side]
  const id = `${prefix}pane-${side}`
  return (
    <section
      class={`pane pane-${side}${isChosen ? ' is-chosen' : ''}${answer.state === 'failed' ? ' is-failed' : ''}`}
      id={id}
      aria-labelledby={`${id}-title`}
      aria-busy={answer.state === 'writing' ? 'true' : 'false'}
    >
      <header class="pane-head">
        <span class={`tag tag-${side}`} aria-hidden="true">
          {side.toUpperCase()}
        </span>
        <h2 id={`${id}-title`} class="pane-title">
          {name === null ? (
            say(`battle.answer_${side}`)
          ) : (
            <>
              <span class="visually-hidden">{say(`battle.answer_${side}`)}: </span>
              <span class="model-name">{name}</span>
            </>
          )}
        </h2>
        <span class="pane-state" id={`${prefix}${side}-state`}>
          {stateWord(say, answer, isQueued)}
        </span>
      </header>
      <div
        class="answer"
        id={`${prefix}${side}-body`}
        tabindex={0}
        role="group"
        aria-labelledby={`${id}-title`}
        hx-ignore=""
      >
        <Said say={say} side={side} turn={turn} prefix={prefix} isRevealed={props.isRevealed} mapHtml={props.mapHtml} />
      </div>
      {foot ? <footer class="pane-foot">{foot}</footer> : null}
    </section>
  )
}

type SaidProps = {
  say: Say
  side: Side
  turn: Turn
  prefix: string
  isRevealed: boolean
  mapHtml: PaneProps['mapHtml']
}

const Said = ({ say, side, turn, prefix, isRevealed, mapHtml = (html) => html }: SaidProps) => {
  const answer = turn.answers[side]
  const { done, tail } = renderedSide(say, side, turn, isRevealed)
  return (
    <>
      <div id={`${prefix}${side}-done`} class="answer-done">
        <Raw html={mapHtml(done)} />
        {answer.state !== 'writing' && answer.state !== 'failed' && answer.text.trim() === '' ? (
          <p class="hint">{say('battle.nothing_said')}</p>
        ) : null}
      </div>
      <div id={`${prefix}${side}-tail`} class="answer-tail">
        <Tail answer={answer} html={mapHtml(tail)} />
      </div>
    </>
  )
}

/** Words of a failed side are not shown: half an answer beside a whole one asks to be judged. */
const renderedSide = (say: Say, side: Side, turn: Turn, isRevealed: boolean): Pick<Rendered, 'done' | 'tail'> => {
  const answer = turn.answers[side]
  if (answer.state === 'failed') return { done: '', tail: '' }
  return answerRenderer({ say, side, isRevealed, turn: turn.number }).update(answer, answer.state !== 'writing')
}

/** The open block; before there is any text, lines that keep its place. */
export const Tail = ({ answer, html }: { answer: Answer; html: string }) =>
  answer.state === 'writing' && answer.text === '' ? (
    <div class="skeleton" aria-hidden="true">
      <i />
      <i />
      <i />
    </div>
  ) : (
    <Raw html={html} />
  )

export function stateWord(say: Say, answer: Answer, isQueued = false): string {
  switch (answer.state) {
    case 'writing':
      return isQueued ? '' : answer.text === '' ? '' : say('battle.writing')
    case 'finished':
      return answer.finish === 'cut' ? say('battle.cut') : say('battle.finished')
    case 'stopped':
      return say('battle.stopped')
    case 'failed':
      return say('battle.failed')
  }
}

function footOf(props: BattleView & { hands: Hands; turn: Turn }, side: Side): Child {
  const { battle, turn, hands } = props
  const answer = turn.answers[side]
  if (answer.state === 'failed') return <Failure {...props} side={side} answer={answer} />
  if (isRevealed(battle)) return <Facts {...props} battle={battle} side={side} say={hands.say} />
  return null
}

const Failure = ({
  hands,
  battle,
  turn,
  side,
  answer,
  sideTriesMax,
  mayReplace = false,
}: BattleView & { hands: Hands; turn: Turn; side: Side; answer: Extract<Answer, { state: 'failed' }> }) => {
  const { say } = hands
  const x = side.toUpperCase()
  const isAlone = failedSides(turn).length === 1
  const isOpen = battle.state === 'void' && battle.voidReason === 'side_failed' && !isRevealed(battle)
  return (
    <div class="failure">
      <p>
        <strong>{say('fail.one', { x })}</strong> <span class="ref">{say('fail.ref', { ref: answer.ref })}</span>
      </p>
      {isRevealed(battle) ? (
        <p class="hint">
          {say('fact.cause')}: {say(`failure.${answer.reason}`)}
        </p>
      ) : null}
      {isAlone && isOpen ? (
        <>
          <div class="failure-actions">
            {mayRetry(battle, sideTriesMax) ? (
              <Action hands={hands} to={`/b/${battle.id}/retry`}>
                <input type="hidden" name="side" value={side} />
                <button class="button button-primary" type="submit">
                  {say('retry', { x })}
                </button>
              </Action>
            ) : (
              <p class="hint">{say('retry.used_up')}</p>
            )}
            {mayReplace ? (
              <Action hands={hands} to={`/b/${battle.id}/replace`}>
                <input type="hidden" name="side" value={side} />
                <button class="button" type="submit">
                  {say('replace')}
                </button>
              </Action>
            ) : null}
          </div>
          {mayReplace ? <p class="hint">{say('replace.note')}</p> : null}
        </>
      ) : null}
    </div>
  )
}

/** Who answered, told with everything that would have told it before. */
export const Facts = ({
  say,
  battle,
  side,
  turn,
  standing,
  ablation,
}: {
  say: Say
  battle: RevealedBattle
  side: Side
  turn: Turn
  standing?: Record<Side, Standing> | undefined
  ablation?: BattleView['ablation']
}) => {
  const model = battle.contestants[side]
  const receipt = battle.receipts[battle.turns.indexOf(turn)]?.[side] ?? null
  const { rank = null, preferred = null } = standing?.[side] ?? {}
  return (
    <>
      {model.isReplay ? <p class="hint">{say('reveal.replay')}</p> : null}
      {model.isBaseline ? <p class="hint">{say('reveal.baseline')}</p> : null}
      {ablation?.blindedSide === side ? (
        <p class="hint">
          {say(ablation.kind === 'none' ? 'ablation.reveal_none' : 'ablation.reveal_other', {
            model: model.name,
            x: side.toUpperCase(),
          })}
        </p>
      ) : null}
      <dl class="facts">
        {factsOf(say, model, receipt, rank).map(([term, value]) => (
          <div>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="facts-links">
        <a href={`/models/${encodeURIComponent(model.id)}`}>{say('fact.model_page')}</a>
      </p>
      {preferred && preferred.total > 1 ? (
        <p class="hint">
          {say('reveal.preferred', { x: model.name, n: preferred.total, of: preferred.of, total: preferred.total })}
        </p>
      ) : null}
    </>
  )
}

function factsOf(say: Say, model: Model, receipt: Receipt | null, rank: Standing['rank']): [string, string][] {
  const { card } = model
  const cost = costOf(say, model, receipt)
  const tokens = receipt?.usage.output
  return [
    card.organization ? ([say('fact.organization'), card.organization] as const) : null,
    card.license ? ([say('fact.license'), card.license] as const) : null,
    card.size ? ([say('fact.size'), card.size] as const) : null,
    card.servedBy ? ([say('fact.ran'), card.servedBy] as const) : null,
    rank
      ? ([
          say('fact.rank'),
          rank.low === rank.high ? say.number(rank.low) : `${say.number(rank.low)}–${say.number(rank.high)}`,
        ] as const)
      : null,
    receipt && receipt.firstTextMs !== null
      ? ([say('fact.first_text'), say.seconds(receipt.firstTextMs)] as const)
      : null,
    receipt ? ([say('fact.total'), say.seconds(receipt.totalMs)] as const) : null,
    tokens === undefined ? null : ([say('fact.tokens'), say.number(tokens)] as const),
    cost === null ? null : ([say('fact.cost'), cost] as const),
    receipt && receipt.attempts > 1 ? ([say('fact.attempts'), say.number(receipt.attempts)] as const) : null,
    receipt?.servedModel && receipt.servedModel !== model.model
      ? ([say('fact.served'), receipt.servedModel] as const)
      : null,
  ].flatMap((fact) => (fact === null ? [] : [[fact[0], fact[1]] as [string, string]]))
}

function costOf(say: Say, { card }: Model, receipt: Receipt | null): string | null {
  const { input, output } = receipt?.usage ?? {}
  if (!card.price || input === undefined || output === undefined) return null
  if (card.price.input === 0 && card.price.output === 0) return null
  const cost = (input * card.price.input + output * card.price.output) / 1_000_000
  return `${card.price.currency} ${say.number(cost, cost < 0.01 ? 5 : 3)}`
}

const FollowUp = ({ hands, battle, turnsMax, imagesPerTurnMax, askKey, focus }: BattleView & { hands: Hands }) => {
  const { say } = hands
  const isOpen = battle.state === 'ready' || battle.state === 'voted' || battle.state === 'revealed'
  const isWhole = failedSides(latestTurn(battle)).length === 0
  const left = turnsMax - battle.turns.length
  if (!isOpen || !isWhole || turnsMax <= 1) return null
  if (left <= 0) return <p class="hint ask-over">{say('ask.used_up')}</p>
  return (
    <details class="ask" open={focus === 'question'}>
      <summary class="linklike">{say('ask')}</summary>
      <AskForm
        hands={hands}
        battle={battle}
        askKey={askKey}
        imagesPerTurnMax={imagesPerTurnMax}
        hasFocus={focus === 'question'}
      />
      <p class="hint">
        {isRevealed(battle) ? say('ask.named') : ''} {say('ask.left', { n: left })}
      </p>
    </details>
  )
}

const AskForm = ({
  hands,
  battle,
  askKey,
  imagesPerTurnMax,
  hasFocus,
}: {
  hands: Hands
  battle: Battle
  askKey: string
  imagesPerTurnMax: number
  hasFocus: boolean
}) => {
  const { say } = hands
  const url = `/b/${battle.id}/turns`
  return (
    <form
      id="ask"
      class="ask-form"
      method="post"
      action={url}
      enctype="multipart/form-data"
      {...(hands.nonce === null
        ? {}
        : {
            'hx-post': url,
            'hx-encoding': 'multipart/form-data',
            'hx-target': '#battle',
            'hx-swap': 'outerMorph',
            'hx-status:4xx': 'target:#notice swap:innerHTML',
            'hx-status:5xx': 'target:#notice swap:innerHTML',
            'hx-nonce': hands.nonce,
          })}
    >
      <input type="hidden" name="csrf" value={hands.csrf} />
      <input type="hidden" name="key" value={askKey} />
      <label class="visually-hidden" for="ask-prompt">
        {say('ask.label')}
      </label>
      <textarea
        id="ask-prompt"
        name="prompt"
        rows={1}
        required
        placeholder={say('ask.label')}
        dir="auto"
        data-grow
        data-question
        {...(hasFocus ? { autofocus: true, 'data-focus': '' } : {})}
      />
      <div class="ask-row">
        {imagesPerTurnMax > 0 ? (
          <label class="file">
            <Icon name="image" /> <span>{say('ask.image')}</span>
            <input type="file" name="image" accept="image/jpeg,image/png,image/webp" multiple={imagesPerTurnMax > 1} />
          </label>
        ) : null}
        <button class="button button-primary" type="submit">
          {say('ask.send')}
        </button>
      </div>
    </form>
  )
}
