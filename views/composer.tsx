// Where a battle begins. A plain multipart form: POST /battles with csrf, form_key, image (files), image_id (uploaded ahead, repeated), prompt,
// prompt_id, input_method, consent, consent_version, publish. Without scripts it works as it stands.
// form#composer[data-image-bytes-max][data-images-max]
// #well[data-well]         drop zone; app.js adds .is-over; label for #image
// #image                   <input type=file name=image multiple>; #camera the same with capture (touch devices), no name: app.js hands its file on
// #thumbs                  list of chosen images; app.js copies <template id="thumb-template">: img[data-thumb], [data-thumb-size], button[data-remove],
//                          progress[data-progress], input[name=image_id]
// #prompt                  the question; [data-prompt-chip] buttons hold a question in data-text (fill and send)
// #image-error #prompt-error #consent-error   what is wrong, said beside the field
// #compare                 submit; data-words / data-words-uploading
// a.suggestion[data-prompt-id]  fills image and question: plain link /?prompt={id}, app.js need not do anything
// [data-dictate]           hidden until app.js finds speech recognition; #speech-note is shown at first use
import type { Child } from 'hono/jsx'
import type { RefusalKey, RefusalParams } from '../src/core/errors.ts'
import { promptCharactersMax } from '../src/core/limits.ts'
import { localised, type SetPrompt } from '../src/prompts/prompt.ts'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { Csrf } from './parts/form.tsx'
import { Icon } from './parts/icon.tsx'

export type DraftImage = { id: string; width: number; height: number }
export type Draft = { prompt: string; promptId: string | null; images: DraftImage[] }
export const emptyDraft: Draft = { prompt: '', promptId: null, images: [] }

export type ComposerError = {
  /** The field it belongs to; null: the whole form. */
  field: 'image' | 'prompt' | 'consent' | null
  key: RefusalKey
  params?: RefusalParams
  ref?: string
}

export type ComposerView = {
  draft: Draft
  suggestions: SetPrompt[]
  formKey: string
  /** Which models answer: real ones, only the built-in readers, or fewer than two. */
  pool: 'models' | 'baselines' | 'none'
  consent: {
    version: string
    /** Agreed already in this version: no box. */
    isGiven: boolean
    /** May the voter be asked to publish? */
    asksToPublish: boolean
    providers: string[]
    retainDays: number | null
  }
  uploadMegabytes: number
  imagesMax: number
  isOperator?: boolean
  /** Two models may be chosen by name. */
  mayCompare?: boolean
  error?: ComposerError | undefined
  /** A battle of this voter that is still being answered. */
  runningUrl?: string | undefined
}

export const ComposerPage = ({ frame, ...view }: ComposerView & { frame: Frame }) => {
  const { say } = frame
  return (
    <Page {...frame} title={frame.site.name} layout="column">
      <div class="composer">
        <div class="composer-head">
          <h1>{say('composer.title')}</h1>
          <p class="lead">{say('composer.lead')}</p>
        </div>
        {view.runningUrl ? (
          <p class="note">
            {say('composer.running')} <a href={view.runningUrl}>{say('composer.running_link')}</a>
          </p>
        ) : null}
        {view.pool === 'none' ? <p class="note note-warn">{say('no_models')}</p> : null}
        {view.pool === 'baselines' && view.isOperator ? <p class="note">{say('composer.add_model')}</p> : null}
        {view.error && view.error.field === null ? <FormError frame={frame} error={view.error} /> : null}
        <ComposerForm frame={frame} {...view} />
        <Suggestions frame={frame} suggestions={view.suggestions} />
        {view.mayCompare ? (
          <p class="hint">
            <a href="/compare">{say('compare.title')}</a>
          </p>
        ) : null}
      </div>
      <ThumbTemplate frame={frame} />
    </Page>
  )
}

export const FormError = ({ frame: { say }, error }: { frame: Frame; error: ComposerError }) => (
  <p class="note note-err" role="alert">
    {say(`refusal.${error.key}`, error.params)}{' '}
    {error.ref ? <span class="ref">{say('error.ref', { ref: error.ref })}</span> : null}
  </p>
)

/** `action` and `children`, which come before the picture, are for pages that ask for more. */
export const ComposerForm = ({
  frame,
  action = '/battles',
  children,
  ...view
}: ComposerView & { frame: Frame; action?: string; children?: Child }) => {
  const { say } = frame
  const { draft, error } = view
  const isPromptWrong = error?.field === 'prompt'
  return (
    <form
      id="composer"
      class="card composer-card"
      method="post"
      action={action}
      enctype="multipart/form-data"
      data-image-bytes-max={view.uploadMegabytes * 1024 * 1024}
      data-images-max={view.imagesMax}
    >
      <Csrf hands={frame} />
      <input type="hidden" name="form_key" value={view.formKey} />
      <input type="hidden" name="input_method" value={draft.promptId ? 'chosen' : 'typed'} />
      {draft.promptId ? <input type="hidden" name="prompt_id" value={draft.promptId} /> : null}
      {children ?? null}
      <Well frame={frame} {...view} />
      <div class="field question-field">
        <label for="prompt">{say('composer.prompt')}</label>
        <textarea
          id="prompt"
          name="prompt"
          rows={2}
          maxlength={promptCharactersMax}
          dir="auto"
          enterkeyhint="send"
          data-grow
          data-question
          {...(isPromptWrong ? { 'aria-invalid': 'true', 'aria-describedby': 'prompt-error' } : {})}
        >
          {draft.prompt}
        </textarea>
        <div id="prompt-error" class="field-error">
          {isPromptWrong && error ? <Complaint frame={frame} error={error} /> : null}
        </div>
        {isPromptWrong ? <PromptChips frame={frame} /> : null}
      </div>
      {view.consent.isGiven ? null : <Consent frame={frame} {...view} />}
      <div class="composer-row">
        <button class="button needs-speech" type="button" data-dictate="prompt" hidden>
          <Icon name="mic" /> <span>{say('dictate')}</span>
        </button>
        <button
          id="compare"
          class="button button-primary button-send"
          type="submit"
          disabled={view.pool === 'none'}
          data-words={say('composer.send')}
          data-words-uploading={say('composer.send_uploading')}
        >
          {say('composer.send')}
        </button>
      </div>
      <p id="speech-note" class="hint" hidden>
        {say(frame.hasSpeech ? 'speech_note_service' : 'speech_note')}
      </p>
      {view.consent.isGiven ? <ConsentGiven frame={frame} {...view} /> : null}
    </form>
  )
}

const Well = ({ frame: { say }, draft, error, uploadMegabytes, imagesMax }: ComposerView & { frame: Frame }) => {
  const isWrong = error?.field === 'image'
  const hasImages = draft.images.length > 0
  return (
    <div class="field">
      <div id="well" class={`well${hasImages ? ' has-images' : ''}`} data-well>
        <input
          id="image"
          class="file-input"
          type="file"
          name="image"
          accept="image/jpeg,image/png,image/webp"
          multiple={imagesMax > 1}
          {...(isWrong ? { 'aria-invalid': 'true', 'aria-describedby': 'image-error' } : {})}
        />
        <label for="image" class="well-label">
          <Icon name="image" />
          <span class="well-words">{say('composer.drop')}</span>
          <span class="hint">{say('composer.drop_note', { limit: uploadMegabytes })}</span>
        </label>
        <ul id="thumbs" class="thumbs">
          {draft.images.map((image, i) => (
            <li class="thumb">
              <img
                src={`/images/${image.id}`}
                width={image.width}
                height={image.height}
                alt={say('composer.image_n', { n: i + 1 })}
                data-thumb
              />
              <input type="hidden" name="image_id" value={image.id} />
              <button class="thumb-remove only-scripts" type="button" data-remove aria-label={say('composer.remove')}>
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
        <div class="well-buttons">
          <label class="button only-touch">
            <Icon name="camera" /> <span>{say('composer.camera')}</span>
            <input id="camera" class="file-input" type="file" accept="image/*" capture="environment" />
          </label>
          <label class="button" for="image">
            <Icon name="image" /> <span>{hasImages ? say('composer.add') : say('composer.choose')}</span>
          </label>
        </div>
      </div>
      <div id="image-error" class="field-error">
        {isWrong && error ? <p role="alert">{say(`refusal.${error.key}`, error.params)}</p> : null}
      </div>
    </div>
  )
}

const Complaint = ({ frame: { say }, error }: { frame: Frame; error: ComposerError }) => (
  <p role="alert">{say(`refusal.${error.key}`, error.params)}</p>
)

export const ThumbTemplate = ({ frame: { say } }: { frame: Frame }) => (
  <template id="thumb-template">
    <li class="thumb">
      <img data-thumb alt={say('composer.image')} />
      <progress data-progress max={1} value={0} aria-label={say('composer.uploading')} />
      <span class="thumb-size" data-thumb-size />
      <button class="thumb-remove" type="button" data-remove aria-label={say('composer.remove')}>
        <Icon name="close" />
      </button>
    </li>
  </template>
)

const PromptChips = ({ frame: { say } }: { frame: Frame }) => (
  <fieldset class="quick">
    <legend class="visually-hidden">{say('composer.chips')}</legend>
    {(['describe', 'read', 'unusual'] as const).map((chip) => (
      <button
        class="chip-button"
        type="submit"
        name="quick"
        value={chip}
        data-prompt-chip
        data-text={say(`composer.chip.${chip}_prompt`)}
      >
        {say(`composer.chip.${chip}`)}
      </button>
    ))}
  </fieldset>
)

/** What a quick question asks, for forms sent without scripts. */
export const quickQuestions = ['describe', 'read', 'unusual'] as const

const Consent = ({ frame, consent, pool, error }: ComposerView & { frame: Frame }) => {
  const { say } = frame
  const isWrong = error?.field === 'consent'
  return (
    <fieldset class="consent">
      <legend class="visually-hidden">{say('consent.agree')}</legend>
      <input type="hidden" name="consent_version" value={consent.version} />
      <label class="check">
        <input
          type="checkbox"
          name="consent"
          value="1"
          required
          {...(isWrong ? { 'aria-invalid': 'true', 'aria-describedby': 'consent-error' } : {})}
        />
        <span>
          {say(pool === 'baselines' ? 'consent.baselines' : 'consent')} <ConsentFacts frame={frame} consent={consent} />
        </span>
      </label>
      {consent.asksToPublish ? <Publish frame={frame} /> : null}
      <div id="consent-error" class="field-error">
        {isWrong && error ? <Complaint frame={frame} error={error} /> : null}
      </div>
    </fieldset>
  )
}

const ConsentFacts = ({ frame: { say }, consent }: { frame: Frame; consent: ComposerView['consent'] }): Child => (
  <>
    {consent.providers.length > 0 ? `${say('consent.providers', { providers: say.list(consent.providers) })} ` : ''}
    {consent.retainDays === null ? '' : `${say('consent.retain', { n: consent.retainDays })} `}
    <a href="/method#terms">{say('consent.read')}</a>
  </>
)

const Publish = ({ frame: { say } }: { frame: Frame }) => (
  <label class="check">
    <input type="checkbox" name="publish" value="1" /> <span>{say('consent.publish')}</span>
  </label>
)

const ConsentGiven = ({ frame, consent }: ComposerView & { frame: Frame }) => (
  <div class="consent consent-given">
    <p class="hint">
      {frame.say('consent.given', { version: consent.version })} <a href="/method#terms">{frame.say('consent.read')}</a>
    </p>
    {consent.asksToPublish ? <Publish frame={frame} /> : null}
  </div>
)

const Suggestions = ({ frame: { say, lang }, suggestions }: { frame: Frame; suggestions: SetPrompt[] }) =>
  suggestions.length === 0 ? null : (
    <section class="suggestions" aria-labelledby="suggestions-title">
      <div class="suggestions-head">
        <h2 id="suggestions-title">{say('composer.suggestions')}</h2>
        <a class="linklike" href="/?prompt=random">
          <Icon name="shuffle" /> {say('composer.random')}
        </a>
      </div>
      <ul class="suggestion-list">
        {suggestions.map((prompt) => (
          <li>
            <a class="suggestion" href={`/?prompt=${encodeURIComponent(prompt.id)}`} data-prompt-id={prompt.id}>
              <img src={`/images/${prompt.image}`} width={prompt.width} height={prompt.height} alt="" loading="lazy" />
              <span class="suggestion-text" dir="auto">
                {localised(prompt.text, lang)}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
