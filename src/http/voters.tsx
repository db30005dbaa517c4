import { randomBytes } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { document } from '../../views/layout.tsx'
import { MePage, type MeSaid, type MeView, type MyBattle, PhrasePage } from '../../views/me.tsx'
import type { Arena } from '../arena.ts'
import { type Battle, isRevealed, latestTurn } from '../battles/battle.ts'
import { ownBattle } from '../battles/change-battle.ts'
import { eraseBattle, eraseVoter } from '../battles/erase-data.ts'
import { removeShare } from '../battles/share-battle.ts'
import { Refusal } from '../core/errors.ts'
import { isId, type VoterId } from '../core/ids.ts'
import { type ImageRef, imageExtension, imageKey } from '../images/image.ts'
import { giveRecoveryPhrase, recoverVoter } from '../voters/recover-voter.ts'
import { withdrawVote } from '../votes/withdraw-vote.ts'
import { csv } from './csv.ts'
import type { Env } from './env.ts'
import { checkForm, type Form, readForm } from './forms.ts'
import type { Pages } from './pages.tsx'
import { rate } from './rate.ts'
import { statusOf } from './refusals.ts'
import { battlePath, sharePath } from './routes.ts'
import { forgetVoter, rememberVoter } from './session.ts'
import { battleTwin, countsTwin, outsideState, voteTwin } from './twins.ts'
import { streamOf, type ZipEntry, zipOf } from './zip.ts'

const pageBattles = 20
/** A board of one's own says nothing before (UX 8). */
const ownBoardVotes = 30
const anHour = 60 * 60 * 1000

export function mountVoters(app: Hono<Env>, arena: Arena, pages: Pages) {
  const guesses = rate(10, anHour, arena.now)
  const downloads = rate(12, anHour, arena.now)

  app.get('/me', async (c) => {
    if (c.get('wantsJson')) return c.json(await twinOf(c, arena))
    return c.html(document(<MePage frame={pages.frame(c, 'me')} {...(await viewOf(c, arena))} />))
  })
  app.get('/me.json', async (c) => c.json(await twinOf(c, arena)))
  app.get('/me.csv', async (c) => {
    c.header('Content-Type', 'text/csv; charset=utf-8')
    c.header('Content-Disposition', 'attachment; filename="my-votes.csv"')
    return c.body(await table(c.get('voterId'), arena))
  })
  app.get('/me/download', (c) => {
    const voterId = c.get('voterId')
    if (!voterId) throw new Refusal('not_found', 'no_such_page')
    const seconds = downloads.take(voterId)
    if (seconds > 0) throw new Refusal('too_many', 'slow_down', { params: { seconds } })
    const at = arena.now()
    c.header('Content-Type', 'application/zip')
    c.header('Content-Disposition', `attachment; filename="my-votes-${at.toISOString().slice(0, 10)}.zip"`)
    return c.body(streamOf(zipOf(everything(voterId, arena), at)))
  })

  const action = (path: string, said: MeSaid, act: (form: Form, voterId: VoterId, c: Context<Env>) => Promise<void>) =>
    app.post(path, async (c) => {
      const form = await readForm(c, arena)
      checkForm(c, form, arena)
      const voterId = c.get('voterId')
      if (!voterId) throw new Refusal('not_found', 'no_such_page')
      await act(form, voterId, c)
      return c.get('wantsJson') ? c.json({ said }) : c.redirect(`/me?said=${said}`, 303)
    })
  const battleId = (c: Context<Env>) => {
    const id = c.req.param('id') ?? ''
    if (!isId(id)) throw new Refusal('not_found', 'no_such_battle')
    return id
  }

  action('/me/battles/:id/withdraw', 'withdrawn', async (_form, voterId, c) => {
    await withdrawVote({ battleId: battleId(c), voterId }, arena)
  })
  action('/me/battles/:id/unshare', 'link_removed', (_form, voterId, c) =>
    removeShare({ battleId: battleId(c), voterId }, arena),
  )
  action('/me/battles/:id/delete', 'deleted_one', (_form, voterId, c) =>
    eraseBattle({ battleId: battleId(c), voterId }, arena),
  )
  action('/me/deletion', 'deleted', async (form, voterId, c) => {
    if (form.text('confirm') === undefined) throw new Refusal('invalid', 'confirm_needed')
    await eraseVoter(voterId, arena)
    forgetVoter(c, arena)
  })
  app.post('/me/recover', async (c) => {
    const form = await readForm(c, arena)
    checkForm(c, form, arena)
    const seconds = guesses.take(c.get('network'))
    if (seconds > 0) throw new Refusal('too_many', 'slow_down', { params: { seconds } })
    const typed = form.text('phrase') ?? ''
    try {
      const voter = await recoverVoter(typed, arena)
      rememberVoter(c, voter.id, arena)
    } catch (error) {
      if (!(error instanceof Refusal) || c.get('wantsJson')) throw error
      const frame = pages.frame(c, 'me')
      const recovery = { typed, complaint: frame.say(`refusal.${error.key}`, error.params) }
      return c.html(
        document(<MePage frame={frame} {...(await viewOf(c, arena))} recovery={recovery} />),
        statusOf[error.code],
      )
    }
    return c.get('wantsJson') ? c.json({ said: 'recovered' }) : c.redirect('/me?said=recovered', 303)
  })
  app.post('/me/phrase', async (c) => {
    checkForm(c, await readForm(c, arena), arena)
    const phrase = await giveRecoveryPhrase(await c.get('voter')(), randomBytes(16), arena)
    if (c.get('wantsJson')) return c.json({ phrase }, 201)
    return c.html(document(<PhrasePage frame={pages.frame(c, 'me')} phrase={phrase} />))
  })
}

async function viewOf(c: Context<Env>, arena: Arena): Promise<MeView> {
  const voterId = c.get('voterId')
  const { mine, older, tally } = await pageOf(c, arena)
  return {
    battles: mine,
    tally,
    ownBoardVotes,
    olderUrl: older,
    isFirstPage: c.req.query('before') === undefined,
    hasPhrase: voterId !== null && (await arena.voters.hasRecovery(voterId)),
    published: voterId === null ? [] : await publishedOf(voterId, arena),
    isVoter: voterId !== null,
    said: saidOf(c.req.query('said')),
  }
}

async function publishedOf(voterId: VoterId, arena: Arena): Promise<MeView['published']> {
  const held = await arena.exports.holding(await arena.votes.idsOf(voterId))
  return held.map(({ votes, createdAt }) => ({ votes, at: createdAt === null ? null : new Date(createdAt) }))
}

const saidOf = (text: string | undefined): MeSaid | null =>
  (['deleted', 'deleted_one', 'withdrawn', 'link_removed', 'recovered'] as const).find((one) => one === text) ?? null

async function pageOf(c: Context<Env>, arena: Arena) {
  const voterId = c.get('voterId')
  if (!voterId) return { mine: [], older: null, tally: { battles: 0, votes: 0, counted: 0 } }
  const from = c.req.query('before')
  const before = from && isId(from) ? await ownBattle({ battleId: from, voterId }, arena.battles) : undefined
  const battles = await arena.battles.ofVoter(voterId, { limit: pageBattles + 1, before })
  const shown = battles.slice(0, pageBattles)
  const mine = await Promise.all(shown.map((battle) => withVote(battle, arena)))
  const older = battles.length > pageBattles ? `/me?before=${shown.at(-1)!.id}` : null
  return { mine, older, tally: await arena.votes.tally(voterId) }
}

async function withVote(battle: Battle, arena: Arena): Promise<MyBattle> {
  const [vote, share] = await Promise.all([arena.votes.find(battle.id), arena.shares.ofBattle(battle.id)])
  return {
    battle,
    vote: vote ?? null,
    share: share ? { url: sharePath(share.slug), withImage: share.withImage } : null,
  }
}

async function* allOf(voterId: VoterId, arena: Arena): AsyncGenerator<MyBattle> {
  for (let before: Battle | undefined; ; ) {
    const page: Battle[] = await arena.battles.ofVoter(voterId, { limit: 100, before })
    for (const battle of page) yield withVote(battle, arena)
    before = page.at(-1)
    if (page.length < 100) return
  }
}

async function twinOf(c: Context<Env>, arena: Arena) {
  const voterId = c.get('voterId')
  const { mine, older, tally } = await pageOf(c, arena)
  return {
    ...tally,
    own_board: { needs: ownBoardVotes, url: tally.counted >= ownBoardVotes ? '/leaderboard?voters=mine' : null },
    published:
      voterId === null
        ? []
        : (await publishedOf(voterId, arena)).map(({ votes, at }) => ({ votes, at: at?.toISOString() ?? null })),
    recovery_phrase: voterId !== null && (await arena.voters.hasRecovery(voterId)),
    history: mine.map(rowTwin),
    older: older?.replace('/me?', '/me.json?') ?? null,
  }
}

const rowTwin = ({ battle, vote, share }: MyBattle) => ({
  id: battle.id,
  url: battlePath(battle.id),
  state: outsideState(battle),
  mode: battle.mode,
  started_at: battle.startedAt.toISOString(),
  prompt: latestTurn(battle).prompt.text,
  images: battle.turns.flatMap(({ prompt }) => prompt.images.map(({ sha256 }) => `/images/${sha256}`)),
  vote: vote && voteTwin(vote),
  models: isRevealed(battle) ? { a: battle.contestants.a.id, b: battle.contestants.b.id } : null,
  counts: isRevealed(battle) && vote ? countsTwin(vote) : null,
  share: share && { url: share.url, with_image: share.withImage },
})

const columns = [
  'started_at',
  'battle',
  'prompt',
  'outcome',
  'model_a',
  'model_b',
  'counted',
  'not_counted_reason',
  'note',
  'shared',
] as const

async function table(voterId: VoterId | null, arena: Arena): Promise<string> {
  const rows = []
  if (voterId)
    for await (const mine of allOf(voterId, arena)) {
      const { started_at, id, prompt, vote, models, counts, share } = rowTwin(mine)
      rows.push([
        started_at,
        id,
        prompt,
        vote?.outcome,
        models?.a,
        models?.b,
        counts?.counted,
        counts?.reason,
        vote?.note,
        share?.url,
      ])
    }
  return csv(columns, rows)
}

/** Everything kept of this voter, as blind as the pages: names that are hidden stay hidden. */
async function* everything(voterId: VoterId, arena: Arena): AsyncGenerator<ZipEntry> {
  const text = (name: string, words: string): ZipEntry => ({ name, bytes: new TextEncoder().encode(words) })
  const json = (name: string, value: unknown) => text(name, `${JSON.stringify(value, null, 2)}\n`)
  const voter = await arena.voters.find(voterId)
  yield json('about.json', {
    arena: arena.config.site.name,
    made_at: arena.now().toISOString(),
    here_since: voter?.createdAt.toISOString() ?? null,
    consent: voter?.consent && { ...voter.consent, at: voter.consent.at.toISOString() },
  })
  yield text('votes.csv', await table(voterId, arena))
  const images = new Map<string, ImageRef>(
    (await arena.images.uploadsOf(voterId)).map((image) => [image.sha256, image]),
  )
  for await (const { battle, vote, share } of allOf(voterId, arena)) {
    for (const { prompt } of battle.turns) for (const image of prompt.images) images.set(image.sha256, image)
    yield json(`battles/${battle.id}.json`, {
      ...battleTwin(battle, vote ?? undefined, arena.feed.now(battle.id)),
      started_at: battle.startedAt.toISOString(),
      revealed_at: battle.revealedAt?.toISOString() ?? null,
      consent: battle.consent,
      votes: (await arena.votes.ofBattle(battle.id)).map((one) => ({
        ...voteTwin(one),
        cast_at: one.castAt.toISOString(),
      })),
      share,
    })
  }
  for (const image of images.values()) {
    const served = await arena.images.findFor(image.sha256, voterId)
    const bytes = served && (await arena.blobs.get(imageKey(image)))
    if (bytes) yield { name: `images/${image.sha256}.${imageExtension(image.mediaType)}`, bytes }
  }
}
