import type { Context, Hono } from 'hono'
import type { Child } from 'hono/jsx'
import {
  type ComposerError,
  ComposerPage,
  type ComposerView,
  type Draft,
  emptyDraft,
  quickQuestions,
} from '../../views/composer.tsx'
import { document } from '../../views/layout.tsx'
import type { Arena } from '../arena.ts'
import { type Challenge, startBattle } from '../battles/start-battle.ts'
import { Refusal, type RefusalKey } from '../core/errors.ts'
import { isId, isImageHash, type VoterId } from '../core/ids.ts'
import { acceptImage } from '../images/accept-image.ts'
import { type Image, toImageRef } from '../images/image.ts'
import { localised, type SetPrompt } from '../prompts/prompt.ts'
import { demandVoting, mayCompare } from './access.ts'
import type { Env } from './env.ts'
import { checkForm, type Form, readForm } from './forms.ts'
import type { Pages } from './pages.tsx'
import { statusOf } from './refusals.ts'
import { battlePath } from './routes.ts'

const anHour = 60 * 60 * 1000
const suggestionsShown = 3

export function mountComposer(app: Hono<Env>, arena: Arena, pages: Pages) {
  app.get('/', async (c) => {
    const view = await composerView(c, arena, await draftFrom(c, arena))
    if (c.get('wantsJson')) return c.json(twinOf(view, c.get('language')))
    return c.html(document(<ComposerPage frame={pages.frame(c, 'battle')} {...view} />))
  })
  app.get('/index.json', async (c) => c.json(twinOf(await composerView(c, arena, emptyDraft), c.get('language'))))

  app.post('/battles', (c) =>
    submitted(c, arena, pages, { page: (view) => <ComposerPage frame={pages.frame(c, 'battle')} {...view} /> }),
  )
}

/** Starts a battle from the composer's form; `page` is that form again when something is refused. */
export async function submitted(
  c: Context<Env>,
  arena: Arena,
  pages: Pages,
  {
    page,
    pairOf = () => undefined,
  }: { page(view: ComposerView, form: Form): Child; pairOf?: (form: Form) => Challenge['pair'] },
): Promise<Response> {
  demandVoting(c, arena)
  const form = await readForm(c, arena)
  checkForm(c, form, arena)
  if (arena.signal.aborted) throw new Refusal('unavailable', 'stopping')
  const voterId = await c.get('voter')()
  const draft: Draft = { prompt: questionText(form, c, pages), promptId: form.text('prompt_id') || null, images: [] }
  try {
    const { id, isNew } = await start(form, draft, voterId, c, arena, pairOf)
    if (isNew) {
      arena.log({ event: 'battle_started', battle: id })
      await arena.votes.freezeOf(voterId, id, arena.now())
      arena.runner.start(id)
    }
    const url = battlePath(id)
    return c.get('wantsJson') ? c.json({ id, url }, 201) : c.redirect(url, 303)
  } catch (error) {
    if (!(error instanceof Refusal) || c.get('wantsJson')) throw error
    // The same page again, with everything that was given and the sentence beside its field: nothing typed or uploaded is lost.
    const kept = { ...draft, images: await stillServed(draft.images, voterId, arena) }
    const seconds = error.params['seconds']
    const wait = typeof seconds === 'number' ? { time: pages.say(c.get('language')).clock(seconds) } : {}
    const view = await composerView(c, arena, kept, {
      field: fieldOf[error.key] ?? null,
      key: error.key,
      params: { ...error.params, ...wait },
      ref: c.get('requestId'),
    })
    if (seconds !== undefined) c.header('Retry-After', String(seconds))
    else if (error.code === 'unavailable') c.header('Retry-After', '5')
    return c.html(document(page(view, form)), statusOf[error.code])
  }
}

const fieldOf: Partial<Record<RefusalKey, ComposerError['field']>> = {
  image_missing: 'image',
  image_bomb: 'image',
  image_broken: 'image',
  image_busy: 'image',
  image_heic: 'image',
  image_not_image: 'image',
  image_refused: 'image',
  image_too_large: 'image',
  image_too_many: 'image',
  no_such_image: 'image',
  no_such_prompt: 'prompt',
  prompt_empty: 'prompt',
  prompt_too_long: 'prompt',
  prompt_refused: 'prompt',
  consent_needed: 'consent',
  not_screened: 'prompt',
}

/** Fills `draft.images` as they are accepted, so that a refusal of something else keeps them. */
async function start(
  form: Form,
  draft: Draft,
  voterId: VoterId,
  c: Context<Env>,
  arena: Arena,
  pairOf: (form: Form) => Challenge['pair'],
) {
  await demandPace(voterId, arena)
  const prompt = draft.promptId ? await arena.prompts.find(draft.promptId) : undefined
  const images = prompt ? [await setImage(prompt, arena)] : await imagesFrom(form, voterId, arena, draft.images)
  if (draft.promptId && !prompt) throw new Refusal('invalid', 'no_such_prompt')
  const typed = draft.prompt.trim()
  const isSetQuestion = prompt !== undefined && (typed === '' || [prompt.text.en, prompt.text.zh].includes(typed))
  const consent = await consentFrom(form, voterId, arena)
  return startBattle(
    {
      voterId,
      formKey: form.text('form_key') || arena.newId(),
      text: isSetQuestion ? typed || localised(prompt.text, c.get('language')) : typed,
      images: images.map(toImageRef),
      promptId: isSetQuestion ? prompt.id : null,
      tags: isSetQuestion ? prompt.tags : [],
      inputMethod: isSetQuestion ? 'chosen' : form.text('input_method') === 'spoken' ? 'spoken' : 'typed',
      consent,
      pair: pairOf(form),
    },
    { ...arena, pacing: arena.config.battles.pacing, imagesMax: arena.config.battles.images.firstTurn },
  )
}

async function setImage(prompt: SetPrompt, arena: Arena): Promise<Image> {
  const image = await arena.images.find(prompt.image)
  if (image?.state !== 'served') throw new Refusal('invalid', 'no_such_prompt')
  return image
}

/** Images sent ahead, then files. Each is told to `kept` as soon as it is stored. */
export async function imagesFrom(
  form: Form,
  voterId: VoterId,
  arena: Arena,
  kept: { id: string; width: number; height: number }[] = [],
): Promise<Image[]> {
  const images: Image[] = []
  const keep = (image: Image) => {
    images.push(image)
    kept.push({ id: image.sha256, width: image.width, height: image.height })
  }
  for (const id of form.all('image_id').filter((one) => one !== '')) {
    const image = isImageHash(id) ? await arena.images.findFor(id, voterId) : undefined
    if (!image) throw new Refusal('not_found', 'no_such_image')
    keep(image)
  }
  const files = form.files('image')
  const { firstTurn } = arena.config.battles.images
  if (images.length + files.length > firstTurn)
    throw new Refusal('invalid', 'image_too_many', { params: { limit: firstTurn } })
  for (const file of files)
    keep(await acceptImage({ bytes: new Uint8Array(await file.arrayBuffer()), uploadedBy: voterId }, arena))
  return images
}

/** A picture that was refused is gone: the form does not offer it again. */
async function stillServed(images: Draft['images'], voterId: VoterId, arena: Arena): Promise<Draft['images']> {
  const found = await Promise.all(images.map(({ id }) => arena.images.findFor(id, voterId)))
  return images.filter((_, at) => found[at])
}

async function demandPace(voterId: VoterId, arena: Arena) {
  const { battlesPerHour } = arena.config.limits
  const started = await arena.battles.startedSince(voterId, new Date(arena.now().getTime() - anHour))
  if (started >= battlesPerHour)
    throw new Refusal('too_many', 'slow_down', { params: { seconds: Math.ceil(anHour / 1000 / battlesPerHour) } })
}

/** What the voter agreed to, kept with the battle. The form asks for it where others than the operator vote. */
async function consentFrom(form: Form, voterId: VoterId, arena: Arena) {
  const { version } = arena.consent
  const known = (await arena.voters.find(voterId))?.consent
  const isAsked = form.text('consent_version') !== undefined
  if (isAsked && known?.version !== version && form.text('consent') === undefined)
    throw new Refusal('invalid', 'consent_needed')
  const publish = arena.config.privacy.publish === 'ask' && form.text('publish') !== undefined
  if (known?.version !== version) await arena.voters.consent(voterId, { version, publish, at: arena.now() })
  return { version, publish }
}

function questionText(form: Form, c: Context<Env>, pages: Pages) {
  const quick = quickQuestions.find((one) => one === form.text('quick'))
  return quick ? pages.say(c.get('language'))(`composer.chip.${quick}_prompt`) : (form.text('prompt') ?? '')
}

/** `?prompt=` is a question of a set or `random`; `?from=` is what a battle of one's own asked. */
export async function draftFrom(c: Context<Env>, arena: Arena): Promise<Draft> {
  const from = c.req.query('from')
  if (from) return draftOf(from, c.get('voterId'), arena)
  const asked = c.req.query('prompt')
  if (!asked) return emptyDraft
  const prompt = asked === 'random' ? await randomPrompt(arena) : await arena.prompts.find(asked)
  if (!prompt) return emptyDraft
  return {
    prompt: localised(prompt.text, c.get('language')),
    promptId: prompt.id,
    images: [{ id: prompt.image, width: prompt.width, height: prompt.height }],
  }
}

async function draftOf(id: string, voterId: VoterId | null, arena: Arena): Promise<Draft> {
  const battle = isId(id) ? await arena.battles.find(id) : undefined
  if (battle?.voterId !== voterId || battle.state === 'erased') return emptyDraft
  const { text, promptId, images } = battle.turns[0]!.prompt
  return { prompt: text, promptId, images: images.map(({ sha256, width, height }) => ({ id: sha256, width, height })) }
}

async function randomPrompt(arena: Arena) {
  const sets = await arena.prompts.sets()
  const all = (await Promise.all(sets.map((set) => arena.prompts.inSet(set.id)))).flat()
  return all[Math.floor(arena.random() * all.length)]
}

export async function composerView(
  c: Context<Env>,
  arena: Arena,
  draft: Draft,
  error?: ComposerError,
): Promise<ComposerView> {
  const voterId = c.get('voterId')
  const active = arena.contestants.filter((model) => model.state === 'active')
  const well = active.filter((model) => arena.health.isWell(model.id))
  const known = voterId ? (await arena.voters.find(voterId))?.consent : null
  const running = voterId ? await arena.battles.runningOf(voterId) : undefined
  return {
    draft,
    suggestions: await suggestions(arena, draft),
    formKey: arena.newId(),
    pool: well.length < 2 ? 'none' : well.every((model) => model.isBaseline) ? 'baselines' : 'models',
    consent: {
      version: arena.consent.version,
      isGiven: arena.config.access.vote === 'me' || known?.version === arena.consent.version,
      asksToPublish: arena.config.privacy.publish === 'ask' && arena.config.access.vote !== 'me',
      providers: arena.recipients,
      retainDays: arena.config.privacy.retainDays,
    },
    uploadMegabytes: arena.config.limits.uploadMb,
    imagesMax: arena.config.battles.images.firstTurn,
    isOperator: arena.config.access.vote === 'me',
    mayCompare: mayCompare(arena),
    error,
    runningUrl: running && battlePath(running),
  }
}

/** Three images of the seed set, another three each day; the first visit begins with the first. */
async function suggestions(arena: Arena, draft: Draft): Promise<SetPrompt[]> {
  const all = await arena.prompts.inSet('seed')
  const images = [...new Set(all.map((prompt) => prompt.image))]
  const day = Math.floor(arena.now().getTime() / (24 * anHour))
  const start = images.length > 0 ? (day * suggestionsShown) % images.length : 0
  const turned = [...images.slice(start), ...images.slice(0, start)]
  return turned
    .filter((image) => image !== draft.images[0]?.id)
    .slice(0, suggestionsShown)
    .flatMap((image) => all.find((prompt) => prompt.image === image) ?? [])
}

const twinOf = (view: ComposerView, language: string) => ({
  pool: view.pool,
  limits: { upload_mb: view.uploadMegabytes, images: view.imagesMax },
  consent: { version: view.consent.version, given: view.consent.isGiven },
  prompts: view.suggestions.map((prompt) => ({
    prompt_id: prompt.id,
    prompt: localised(prompt.text, language),
    image: { url: `/images/${prompt.image}`, width: prompt.width, height: prompt.height },
  })),
})
