// GET /s/{slug}: a battle its voter chose to show. Nothing here is a vote.
// Without a query: both answers without names, and four buttons (a GET form, guess=a|tie|both_bad|b) to guess first; ?show=1 is without guessing.
// With one of them: names, the vote, its reasons, and #words, a checkbox that underlines words in both (the style sheet does it).
import { type Outcome, type outcomes, type RevealedBattle, type Side, sides, type Turn } from '../src/battles/battle.ts'
import type { Vote } from '../src/votes/vote.ts'
import { Pane } from './battle.tsx'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { imagesOf, MarksTools, Picture, Viewer } from './overlay.tsx'
import { markWords, wordsInBoth } from './shared-words.ts'

export type ShareView = {
  battle: RevealedBattle
  vote: Vote | null
  showsImage: boolean
  /** What this visitor guessed; 'shown' who would not; null who has not yet said. */
  guess: Outcome | 'shown' | null
  /** Absolute addresses for other sites. */
  url: string
  previewUrl: string
  previewSize: { width: number; height: number }
}

export const SharePage = ({ frame, ...view }: ShareView & { frame: Frame }) => {
  const { say } = frame
  const { battle, showsImage, guess } = view
  const images = imagesOf(battle.turns)
  const isNamed = battle.mode === 'named'
  const isBlind = guess === null && !isNamed
  return (
    <Page {...frame} title={say('share.page')} layout="battle" isPrivate head={<OpenGraph frame={frame} {...view} />}>
      <div class="stack shared">
        <div class="page-head">
          <h1>{say('share.page')}</h1>
          <p class="lead">{say(isNamed ? 'share.lead_named' : 'share.lead')}</p>
        </div>
        <div id="battle" class={`battle${showsImage ? '' : ' battle-text'}`} data-state="shared">
          <div class="evidence">
            {showsImage ? (
              <>
                <div class={`pictures pictures-${Math.min(images.length, 3)}`}>
                  {images.map((image) => (
                    <Picture say={say} turns={battle.turns} image={image} total={images.length} />
                  ))}
                </div>
                <MarksTools say={say} answers={battle.turns.at(-1)!.answers} />
              </>
            ) : (
              <p class="hint">{say('share.no_image')}</p>
            )}
          </div>
          <div class="answers">
            {battle.turns.map((turn) => (
              <SharedTurn frame={frame} {...view} turn={turn} isBlind={isBlind} />
            ))}
            {isBlind ? <Guess frame={frame} {...view} /> : <Told frame={frame} {...view} />}
          </div>
        </div>
        <Viewer say={say} />
      </div>
    </Page>
  )
}

const SharedTurn = ({
  frame: { say },
  battle,
  vote,
  turn,
  isBlind,
}: ShareView & { frame: Frame; turn: Turn; isBlind: boolean }) => {
  const isSeveral = battle.turns.length > 1
  const chosen =
    !isBlind && vote?.turn === turn.number && (vote.outcome === 'a' || vote.outcome === 'b') ? vote.outcome : null
  const words = isBlind ? new Set<string>() : wordsInBoth(turn.answers.a.text, turn.answers.b.text)
  const prefix = `t${turn.number}-`
  return (
    <section class="stack-small" aria-label={say('battle.asked_n', { n: turn.number })}>
      <div class="question">
        <h2 class="question-title">{isSeveral ? say('battle.asked_n', { n: turn.number }) : say('share.asked')}</h2>
        <p class="question-text" dir="auto" lang={turn.prompt.language === 'und' ? undefined : turn.prompt.language}>
          {turn.prompt.text}
        </p>
      </div>
      <div class={`panes${chosen ? ` chose-${chosen}` : ''}`}>
        {sides.map((side) => (
          <Pane
            say={say}
            side={side}
            turn={turn}
            isRevealed={!isBlind}
            isChosen={chosen === side}
            name={isBlind ? null : nameOf(battle, side)}
            prefix={prefix}
            mapHtml={(html) => markWords(html, words)}
          />
        ))}
      </div>
    </section>
  )
}

const nameOf = (battle: RevealedBattle, side: Side) => battle.contestants[side].name

const order = ['a', 'tie', 'both_bad', 'b'] as const satisfies readonly (typeof outcomes)[number][]

const Guess = ({ frame: { say } }: ShareView & { frame: Frame }) => (
  <section class="card verdict" aria-labelledby="guess-title">
    <h2 id="guess-title">{say('share.guess')}</h2>
    <form method="get" class="guess">
      {order.map((outcome) => (
        <button class={`button vote-button vote-${outcome}`} type="submit" name="guess" value={outcome}>
          {say(`vote.${outcome}`)}
        </button>
      ))}
    </form>
    <p class="hint">
      {say('share.guess_note')} <a href="?show=1">{say('share.guess_skip')}</a>
    </p>
  </section>
)

const Told = ({ frame, battle, vote, guess }: ShareView & { frame: Frame }) => {
  const { say } = frame
  const hasWords = battle.turns.some(({ answers }) => wordsInBoth(answers.a.text, answers.b.text).size > 0)
  const standing = vote && vote.status !== 'withdrawn' ? vote : null
  return (
    <>
      {hasWords ? (
        <p class="shared-words">
          <label class="check check-small">
            <input type="checkbox" id="words" /> {say('share.words')}
          </label>
          <span class="hint">{say('share.words_note')}</span>
        </p>
      ) : null}
      {battle.mode === 'named' ? null : <Verdict frame={frame} vote={standing} guess={guess} />}
      <p>
        <a class="button button-primary" href="/">
          {say('share.try')}
        </a>
      </p>
    </>
  )
}

const Verdict = ({ frame: { say }, vote, guess }: { frame: Frame; vote: Vote | null; guess: ShareView['guess'] }) => {
  const guessed = guess === null || guess === 'shown' ? null : guess
  return (
    <section class="card verdict" aria-labelledby="verdict-title">
      <h2 id="verdict-title">{say('share.vote')}</h2>
      <p>
        {guessed ? `${say('share.you_guessed', { x: say(`outcome.${guessed}`) })} ` : ''}
        {vote === null
          ? say('share.no_vote')
          : guessed === vote.outcome
            ? say('share.same')
            : say('share.chose', { x: say(`outcome.${vote.outcome}`) })}
      </p>
      {vote && vote.reasons.length > 0 ? (
        <dl class="settings">
          {sides.map((side) => {
            const reasons = vote.reasons.filter((reason) => reason.side === side)
            return reasons.length === 0 ? null : (
              <div>
                <dt>{say('why.side', { x: side.toUpperCase() })}</dt>
                <dd>{say.list(reasons.map(({ key }) => say(`reason.${key}`)))}</dd>
              </div>
            )
          })}
        </dl>
      ) : null}
    </section>
  )
}

const titleCharactersMax = 120

const OpenGraph = ({ frame: { say, site }, battle, url, previewUrl, previewSize }: ShareView & { frame: Frame }) => {
  const question = battle.turns[0]!.prompt.text.replace(/\s+/g, ' ')
  const title =
    question.length > titleCharactersMax ? `${question.slice(0, titleCharactersMax - 1).toWellFormed()}…` : question
  return (
    <>
      <meta name="description" content={say('share.description')} />
      <meta property="og:type" content="article" />
      <meta property="og:site_name" content={site.name} />
      <meta property="og:title" content={title} />
      <meta property="og:description" content={say('share.description')} />
      <meta property="og:url" content={url} />
      <meta property="og:image" content={previewUrl} />
      <meta property="og:image:width" content={String(previewSize.width)} />
      <meta property="og:image:height" content={String(previewSize.height)} />
      <meta name="twitter:card" content="summary_large_image" />
    </>
  )
}

/** The link was removed by whoever made it: answered with 410. */
export const ShareGonePage = ({ frame }: { frame: Frame }) => (
  <Page {...frame} title={frame.say('share.page_gone')} isPrivate>
    <div class="error-page">
      <h1>{frame.say('share.page_gone')}</h1>
      <p class="lead">{frame.say('share.gone')}</p>
      <div class="after-actions">
        <a class="button button-primary" href="/">
          {frame.say('share.try')}
        </a>
      </div>
    </div>
  </Page>
)
