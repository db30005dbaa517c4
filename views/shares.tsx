// GET /s/{slug}: a battle its voter chose to show. Nothing here can be voted on.
import { type RevealedBattle, sides } from '../src/battles/battle.ts'
import type { Vote } from '../src/votes/vote.ts'
import { Pane } from './battle.tsx'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { imagesOf, MarksTools, Picture, Viewer } from './overlay.tsx'

export type ShareView = { battle: RevealedBattle; vote: Vote | null; showsImage: boolean }

export const SharePage = ({ frame, battle, vote, showsImage }: ShareView & { frame: Frame }) => {
  const { say } = frame
  const images = imagesOf(battle.turns)
  return (
    <Page {...frame} title={say('share.page')} layout="battle" isPrivate>
      <div class="stack">
        <div class="page-head">
          <h1>{say('share.page')}</h1>
          <p class="lead">{say('share.lead')}</p>
        </div>
        <div id="battle" class="battle" data-state="shared">
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
              <p class="note">{say('share.no_image')}</p>
            )}
          </div>
          <div class="answers">
            {battle.turns.map((turn) => (
              <section class="stack-small" aria-label={say('battle.asked_n', { n: turn.number })}>
                <div class="question">
                  <h2 class="question-title">{battle.turns.length > 1 ? say('battle.asked_n', { n: turn.number }) : say('share.asked')}</h2>
                  <p class="question-text" dir="auto">
                    {turn.prompt.text}
                  </p>
                </div>
                <div class={`panes${vote?.turn === turn.number && (vote.outcome === 'a' || vote.outcome === 'b') ? ` chose-${vote.outcome}` : ''}`}>
                  {sides.map((side) => (
                    <Pane say={say} side={side} turn={turn} isRevealed name={battle.contestants[side].name} prefix={`t${turn.number}-`} />
                  ))}
                </div>
              </section>
            ))}
            {vote && vote.status !== 'withdrawn' ? <Verdict frame={frame} vote={vote} /> : null}
            <p>
              <a class="button button-primary" href="/">
                {say('share.try')}
              </a>
            </p>
          </div>
        </div>
        <Viewer say={say} />
      </div>
    </Page>
  )
}

const Verdict = ({ frame: { say }, vote }: { frame: Frame; vote: Vote }) => (
  <section class="card verdict">
    <h2>{say('share.vote')}</h2>
    <p>{say('share.chose', { x: say(`outcome.${vote.outcome}`) })}</p>
    {vote.reasons.length > 0 ? (
      <dl class="settings">
        {sides.map((side) => {
          const reasons = vote.reasons.filter((reason) => reason.side === side)
          return reasons.length === 0 ? null : (
            <div>
              <dt>{say('why.side', { x: side.toUpperCase() })}</dt>
              <dd>{reasons.map(({ key }) => say(`reason.${key}`)).join(', ')}</dd>
            </div>
          )
        })}
      </dl>
    ) : null}
  </section>
)

/** The link was removed by whoever made it: answered with 410. */
export const ShareGonePage = ({ frame }: { frame: Frame }) => (
  <Page {...frame} title={frame.say('share.page')} isPrivate>
    <div class="error-page">
      <h1>{frame.say('share.page')}</h1>
      <p class="lead">{frame.say('share.gone')}</p>
      <div class="after-actions">
        <a class="button button-primary" href="/">
          {frame.say('share.try')}
        </a>
      </div>
    </div>
  </Page>
)
