// Every error is a designed fragment: what happened, what was kept, what to do, and a reference for the operator's log.
// ErrorNotice  goes into #notice (htmx puts 4xx and 5xx of forms there)
// ErrorPage    content of a whole page
import type { Hands } from './frame.ts'

export type ErrorView = {
  hands: Hands
  /** Word for programs, as in the JSON answer. */
  code: string
  /** What happened, in the reader's language. */
  sentence: string
  ref: string
  status: number
}

export const ErrorNotice = ({ hands: { say }, code, sentence, ref, status }: ErrorView) => (
  <div class="note note-err notice" role="alert" data-code={code}>
    <p>
      <strong>{sentence}</strong>
    </p>
    <p class="notice-foot">
      {status === 409 ? (
        <a class="linklike" href="?">
          {say('error.reload')}
        </a>
      ) : (
        <span>{say('error.kept')}</span>
      )}
      <span class="ref">{say('error.ref', { ref })}</span>
    </p>
  </div>
)

export const ErrorPage = ({ hands: { say }, code, sentence, ref, status }: ErrorView) => (
  <div class="error-page" data-code={code}>
    <p class="error-status" aria-hidden="true">
      {status}
    </p>
    <h1>{status === 404 ? say('error.not_found') : say('error.title')}</h1>
    <p class="lead">{sentence}</p>
    <div class="after-actions">
      <a class="button button-primary" href="/">
        {say('error.home')}
      </a>
      <span class="ref">{say('error.ref', { ref })}</span>
    </div>
  </div>
)
