// GET /me: what this browser's voter did, and how to take it back. /me.json and /me.csv are the same facts, /me/download is everything as a ZIP file.
// POST /me/battles/{id}/withdraw, unshare, delete; POST /me/deletion (field confirm=1), /me/phrase, /me/recover (field phrase). All plain forms.
import { type Battle, isRevealed, isRunning, latestTurn, sides } from '../src/battles/battle.ts'
import type { Vote } from '../src/votes/vote.ts'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { Csrf } from './parts/form.tsx'
import { Icon } from './parts/icon.tsx'
import type { Say } from './strings/strings.ts'

export type MyBattle = { battle: Battle; vote: Vote | null; share: { url: string; withImage: boolean } | null }
export type MeSaid = 'deleted' | 'deleted_one' | 'withdrawn' | 'link_removed' | 'recovered'
export type MeView = {
  /** One page of them, newest first. */
  battles: MyBattle[]
  tally: { battles: number; votes: number; counted: number }
  /** Counted votes from which there is a board of one's own. */
  ownBoardVotes: number
  /** Address of the next page, if there is one. */
  olderUrl: string | null
  isFirstPage: boolean
  hasPhrase: boolean
  /** Public datasets that hold votes of theirs, newest first. */
  published: { votes: number; at: Date | null }[]
  /** This browser has an identity already. */
  isVoter: boolean
  /** What was just done. */
  said: MeSaid | null
  /** A phrase that was given and could not be read. */
  recovery?: { typed: string; complaint: string } | undefined
}

export const MePage = ({ frame, ...view }: MeView & { frame: Frame }) => {
  const { say } = frame
  return (
    <Page {...frame} title={say('me.title')} layout="wide" isPrivate>
      <div class="stack">
        <div class="page-head">
          <h1>{say('me.title')}</h1>
          {view.tally.battles > 0 ? <Summary frame={frame} {...view} /> : null}
        </div>
        {view.said ? (
          <p class="note note-ok" role="status">
            {say(saidKeys[view.said])}
          </p>
        ) : null}
        {view.battles.length === 0 ? <Nothing frame={frame} {...view} /> : <History frame={frame} {...view} />}
        <YourData frame={frame} {...view} />
      </div>
    </Page>
  )
}

const saidKeys = {
  deleted: 'me.deleted',
  deleted_one: 'me.deleted_one',
  withdrawn: 'me.withdrawn_one',
  link_removed: 'me.link_removed',
  recovered: 'me.recovered',
} as const

const Summary = ({ frame: { say }, tally, ownBoardVotes }: MeView & { frame: Frame }) => {
  const missing = ownBoardVotes - tally.counted
  return (
    <p class="lead">
      {say('me.lead', { n: tally.battles })} {say('me.tally', { n: tally.votes, counted: tally.counted })}{' '}
      {missing > 0 ? say('lb.mine_need', { n: missing }) : <a href="/leaderboard?voters=mine">{say('me.my_board')}</a>}
    </p>
  )
}

const Nothing = ({ frame: { say }, isFirstPage }: MeView & { frame: Frame }) => (
  <div class="card empty">
    <p>{say('me.none')}</p>
    {isFirstPage ? (
      <a class="button button-primary" href="/">
        {say('me.first')}
      </a>
    ) : (
      <a class="button" href="/me">
        {say('me.older_first')}
      </a>
    )}
  </div>
)

const History = ({ frame, battles, olderUrl, isFirstPage }: MeView & { frame: Frame }) => {
  const { say } = frame
  return (
    <section class="stack-small" aria-label={say('me.title')}>
      <ul class="my-battles">
        {battles.map((mine) => (
          <MyBattleRow frame={frame} {...mine} />
        ))}
      </ul>
      <div class="my-pages">
        {isFirstPage ? null : (
          <a class="button" href="/me">
            {say('me.older_first')}
          </a>
        )}
        {olderUrl ? (
          <a class="button" href={olderUrl}>
            {say('me.more')}
          </a>
        ) : null}
      </div>
    </section>
  )
}

const MyBattleRow = ({ frame, battle, vote, share }: MyBattle & { frame: Frame }) => {
  const { say } = frame
  const turn = latestTurn(battle)
  const image = battle.turns.flatMap(({ prompt }) => prompt.images)[0]
  return (
    <li class="my-battle card">
      <span class="my-image">
        {image ? (
          <img src={`/images/${image.sha256}`} width={image.width} height={image.height} alt="" loading="lazy" />
        ) : null}
      </span>
      <div class="my-words">
        <a class="my-question" href={`/b/${battle.id}`} dir="auto">
          {turn.prompt.text}
        </a>
        <p class="my-names">
          {isRevealed(battle) ? (
            sides.map((side) => (
              <span class="my-name">
                <span class={`tag tag-${side}`} aria-hidden="true">
                  {side.toUpperCase()}
                </span>
                <span class="visually-hidden">{side.toUpperCase()}: </span>
                {battle.contestants[side].name}
              </span>
            ))
          ) : (
            <span class="hint">{say('me.hidden')}</span>
          )}
        </p>
        <p class="hint">
          <time datetime={battle.startedAt.toISOString()}>{say.dateTime(battle.startedAt)}</time>
          {share ? (
            <>
              {' · '}
              <a href={share.url}>{say(share.withImage ? 'me.shared' : 'me.shared_no_image')}</a>
            </>
          ) : null}
        </p>
      </div>
      <div class="my-vote">
        <p>
          {vote ? (
            <strong>{say('vote.chose', { x: say(`outcome.${vote.outcome}`) })}</strong>
          ) : (
            noVoteWords(say, battle)
          )}
        </p>
        {vote ? <p class="hint">{countsWords(say, battle, vote)}</p> : null}
      </div>
      <RowActions frame={frame} battle={battle} vote={vote} share={share} />
    </li>
  )
}

const RowActions = ({ frame, battle, vote, share }: MyBattle & { frame: Frame }) => {
  const { say } = frame
  const to = (action: string) => `/me/battles/${battle.id}/${action}`
  return (
    <div class="my-actions">
      {vote && vote.status !== 'withdrawn' ? (
        <form method="post" action={to('withdraw')}>
          <Csrf hands={frame} />
          <button class="linklike" type="submit">
            {say('me.withdraw')}
          </button>
        </form>
      ) : null}
      {share ? (
        <form method="post" action={to('unshare')}>
          <Csrf hands={frame} />
          <button class="linklike" type="submit">
            {say('me.remove_link')}
          </button>
        </form>
      ) : null}
      <details class="my-delete">
        <summary class="linklike">{say('me.delete_one')}</summary>
        <form method="post" action={to('delete')}>
          <Csrf hands={frame} />
          <p class="hint">{say('me.delete_one_note')}</p>
          <button class="button button-danger" type="submit">
            {say('me.delete_confirm')}
          </button>
        </form>
      </details>
    </div>
  )
}

function noVoteWords(say: Say, battle: Battle): string {
  if (isRunning(battle)) return say('me.running')
  if (battle.mode === 'named') return say('me.named')
  if (battle.state === 'void') return say(battle.voidReason === 'side_failed' ? 'me.void.side_failed' : 'me.void.other')
  return say('me.no_vote')
}

/** Why a vote does not count is told only once names are shown: before, it could tell who answered. */
function countsWords(say: Say, battle: Battle, vote: Vote): string {
  if (vote.status === 'withdrawn') return say('status.withdrawn')
  if (!isRevealed(battle)) return say(vote.status === 'open' ? 'me.open_vote' : 'me.kept_vote')
  if (vote.exclusion !== null) return say('not_counted', { reason: say(`exclusion.${vote.exclusion}`) })
  return say(`status.${vote.status}`)
}

const YourData = ({ frame, hasPhrase, isVoter, published, recovery }: MeView & { frame: Frame }) => {
  const { say } = frame
  return (
    <section class="my-data" aria-labelledby="my-data-title">
      <h2 id="my-data-title">{say('me.data')}</h2>
      <p class="hint">{say('me.identity')}</p>
      <div class="my-rights">
        {isVoter ? (
          <div class="card my-right">
            <h3>{say('me.download')}</h3>
            <p class="hint">{say('me.download_note')}</p>
            <a class="button" href="/me/download" download>
              <Icon name="download" /> {say('me.download')}
            </a>
          </div>
        ) : null}
        <div class="card my-right">
          <h3>{say('me.phrase')}</h3>
          <p class="hint">
            {say('me.phrase_note')} {hasPhrase ? say('me.phrase_has') : ''}
          </p>
          {isVoter ? (
            <form method="post" action="/me/phrase">
              <Csrf hands={frame} />
              <button class="button" type="submit">
                {say(hasPhrase ? 'me.phrase_again' : 'me.phrase_make')}
              </button>
            </form>
          ) : null}
          <Recover frame={frame} isVoter={isVoter} recovery={recovery} />
        </div>
        {isVoter ? (
          <div class="card my-right">
            <h3>{say('me.delete')}</h3>
            <p class="hint">
              {say('me.delete_note')} {say('me.public_note')}
            </p>
            {published.map(({ votes, at }) => (
              <p class="hint">{say('me.published', { n: votes, when: at ? say.date(at) : '–' })}</p>
            ))}
            <form class="stack-small" method="post" action="/me/deletion">
              <Csrf hands={frame} />
              <label class="check">
                <input type="checkbox" name="confirm" value="1" required /> {say('me.delete_confirm')}
              </label>
              <button class="button button-danger" type="submit">
                {say('me.delete')}
              </button>
            </form>
          </div>
        ) : null}
      </div>
    </section>
  )
}

const Recover = ({ frame, isVoter, recovery }: Pick<MeView, 'isVoter' | 'recovery'> & { frame: Frame }) => {
  const { say } = frame
  return (
    <details class="my-recover" open={!isVoter || recovery !== undefined}>
      <summary class="linklike">{say('me.recover')}</summary>
      <form class="stack-small" method="post" action="/me/recover">
        <Csrf hands={frame} />
        <label class="my-label" for="phrase">
          {say('me.recover_label')}
        </label>
        <textarea
          id="phrase"
          name="phrase"
          rows={3}
          required
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          {...(recovery ? { 'aria-invalid': 'true', 'aria-describedby': 'phrase-error', autofocus: true } : {})}
        >
          {recovery?.typed ?? ''}
        </textarea>
        <div id="phrase-error" class="field-error">
          {recovery ? <p role="alert">{recovery.complaint}</p> : null}
        </div>
        {isVoter ? <p class="hint">{say('me.recover_note')}</p> : null}
        <button class="button" type="submit">
          {say('me.recover_send')}
        </button>
      </form>
    </details>
  )
}

/** Answer to the form that makes a phrase; nothing leads back here. */
export const PhrasePage = ({ frame, phrase }: { frame: Frame; phrase: string }) => {
  const { say } = frame
  return (
    <Page {...frame} title={say('me.phrase_yours')} isPrivate>
      <div class="stack">
        <div class="page-head">
          <h1>{say('me.phrase_yours')}</h1>
          <p class="lead">{say('me.phrase_note')}</p>
        </div>
        <ol class="card phrase" lang="en" translate="no">
          {phrase.split(' ').map((word) => (
            <li>{word}</li>
          ))}
        </ol>
        <p class="note note-warn">{say('me.phrase_once')}</p>
        <p>
          <a class="button button-primary" href="/me">
            {say('me.phrase_done')}
          </a>
        </p>
      </div>
    </Page>
  )
}
