import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { BattlePage, BattleUpdate, type BattleView } from '../../views/battle.tsx'
import { document } from '../../views/layout.tsx'
import { reasonsSaved } from '../../views/stream.tsx'
import type { Arena } from '../arena.ts'
import { type Battle, isRevealed, latestTurn, outcomes, sides } from '../battles/battle.ts'
import { askAgain, ownBattle, replaceSide, retryBattle, skipBattle, stopBattle } from '../battles/change-battle.ts'
import { removeShare, shareBattle } from '../battles/share-battle.ts'
import { Refusal } from '../core/errors.ts'
import { isId, type VoterId } from '../core/ids.ts'
import { sideTriesMax } from '../core/limits.ts'
import { toImageRef } from '../images/image.ts'
import { wholeBoard } from '../leaderboards/leaderboard.ts'
import { castVote } from '../votes/cast-vote.ts'
import { revealBattle } from '../votes/reveal-battle.ts'
import { type ReasonKey, reasonKeys, type VoteReason } from '../votes/vote.ts'
import { withdrawVote } from '../votes/withdraw-vote.ts'
import { demandVoting } from './access.ts'
import { imagesFrom } from './composer.tsx'
import type { Env } from './env.ts'
import { checkForm, type Form, readForm } from './forms.ts'
import { originOf } from './origin.ts'
import type { Pages } from './pages.tsx'
import { battlePath, sharePath } from './routes.ts'
import { mountStream } from './stream.ts'
import { battleTwin } from './twins.ts'

export function mountBattles(app: Hono<Env>, arena: Arena, pages: Pages) {
  mountStream(app, arena, pages)

  app.get('/b/:id{[a-z0-9]+}', async (c) => {
    const battle = await battleOf(c, arena)
    if (c.get('wantsJson')) return c.json(await twinOf(battle, arena))
    const view = { ...(await viewOf(battle, arena, originOf(c, arena))), isChanging: c.req.query('change') === '1' }
    if (c.get('isFragment')) return c.html(<BattleUpdate hands={pages.hands(c)} {...view} />)
    return c.html(document(<BattlePage frame={pages.frame(c, 'battle')} {...view} />))
  })
  app.get('/b/:file{[a-z0-9]+\\.json}', async (c) =>
    c.json(await twinOf(await battleOf(c, arena, c.req.param('file').slice(0, -'.json'.length)), arena)),
  )

  const action = (
    name: string,
    act: (
      c: Context<Env>,
      form: Form,
      whose: { battleId: string; voterId: VoterId },
    ) => Promise<BattleView['focus'] | Response | undefined>,
  ) =>
    app.post(`/b/:id{[a-z0-9]+}/${name}`, async (c) => {
      const form = await readForm(c, arena)
      checkForm(c, form, arena)
      const voterId = c.get('voterId')
      const battleId = c.req.param('id')
      if (!voterId || !isId(battleId)) throw new Refusal('not_found', 'no_such_battle')
      const acted = await act(c, form, { battleId, voterId })
      if (acted instanceof Response) return acted
      const battle = await ownBattle({ battleId, voterId }, arena.battles)
      if (c.get('wantsJson')) return c.json(await twinOf(battle, arena))
      if (!c.get('isFragment')) return c.redirect(battlePath(battleId), 303)
      return c.html(
        <BattleUpdate
          hands={pages.hands(c)}
          {...(await viewOf(battle, arena, originOf(c, arena)))}
          focus={acted ?? null}
        />,
      )
    })

  action('vote', async (c, form, whose) => {
    const { outcome } = parsed(
      z.object({ outcome: z.enum(outcomes) }),
      { outcome: form.text('outcome') },
      'unknown_outcome',
    )
    const reasons = reasonsFrom(form)
    const isWhy = form.text('reasons_only') !== undefined || form.text('note') !== undefined || reasons !== undefined
    await castVote(
      {
        ...whose,
        outcome,
        turn: wholeNumber(form.text('turn')),
        reasons,
        note: form.text('note'),
        idempotencyKey: form.text('key') || null,
        seenRevision: await seenRevision(form, whose.battleId, arena),
      },
      arena,
    )
    // Reasons save themselves as they are chosen: the page stays as it is.
    if (isWhy && c.get('isFragment')) return c.html(reasonsSaved(pages.hands(c).say))
    if (arena.config.battles.reveal === 'after_vote') {
      await revealBattle(whose, arena)
      return 'reveal'
    }
    return 'vote'
  })
  action('reveal', async (_c, form, whose) => {
    await saveReasons(form, whose, arena)
    await revealBattle(whose, arena)
    return 'reveal'
  })
  action('withdraw', async (_c, _form, whose) => {
    await withdrawVote(whose, arena)
    return 'reveal'
  })
  action('share', async (c, form, whose) => {
    if (form.text('remove') !== undefined) {
      await removeShare(whose, arena)
      return
    }
    const withImage = !['', '0', 'false'].includes(form.text('with_image') ?? '')
    const share = await shareBattle({ ...whose, withImage }, arena)
    if (!c.get('wantsJson')) return
    return c.json({ url: originOf(c, arena) + sharePath(share.slug), with_image: share.withImage })
  })
  action('stop', async (_c, _form, whose) => {
    await stopBattle(whose, arena)
    await ended(whose.battleId, arena)
  })
  action('retry', async (_c, _form, whose) => {
    await retryBattle(whose, arena)
  })
  action('replace', async (_c, form, whose) => {
    const side = sides.find((one) => one === form.text('side'))
    await replaceSide({ ...whose, side }, arena)
  })
  action('skip', async (c, _form, whose) => {
    await skipBattle(whose, arena)
    if (c.get('wantsJson') || c.get('isFragment')) return
    return c.redirect('/', 303)
  })
  action('report', async (_c, form, whose) => {
    const battle = await ownBattle(whose, arena.battles)
    const reason = ['private', 'harmful', 'copyright', 'other'].find((one) => one === form.text('reason')) ?? 'other'
    for (const turn of battle.turns)
      for (const image of turn.prompt.images) {
        const row = await arena.images.find(image.sha256)
        // A seed image is everybody's; a report about it goes to the operator and does not take it from the others.
        if (row && !row.isPublic) await arena.images.quarantine(image.sha256)
        arena.log({ event: 'image_reported', image: image.sha256, battle: battle.id, reason })
      }
    await skipBattle(whose, arena).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error
    })
  })
  action('turns', async (c, form, whose) => {
    demandVoting(c, arena)
    const { images } = arena.config.battles
    if (!mayAskNow(await ownBattle(whose, arena.battles), arena)) throw new Refusal('conflict', 'turns_used_up')
    await askAgain(
      {
        ...whose,
        text: form.text('prompt') ?? '',
        images: (await imagesFrom(form, whose.voterId, arena)).map(toImageRef),
        inputMethod: form.text('input_method') === 'spoken' ? 'spoken' : 'typed',
      },
      {
        ...arena,
        turnsMax: arena.config.battles.turns,
        imagesPerTurnMax: images.perTurn,
        imagesPerBattleMax: images.perBattle,
      },
    )
  })
}

/** What a page of this battle is given: the answers as the feed shows them now, and the vote. */
export async function viewOf(battle: Battle, arena: Arena, origin: string): Promise<BattleView> {
  const shown = withShown(battle, arena)
  const vote = (await arena.votes.find(battle.id)) ?? null
  return {
    battle: shown,
    vote,
    voteKey: arena.newId(),
    askKey: arena.newId(),
    sideTriesMax,
    turnsMax: mayAskNow(battle, arena) ? arena.config.battles.turns : 1,
    imagesPerTurnMax: arena.config.battles.images.perTurn,
    mayReplace: battle.state === 'void' && arena.contestants.filter((model) => model.state === 'active').length > 2,
    ...(isRevealed(battle)
      ? { standing: await standingOf(battle, arena), share: await linkOf(battle, arena, origin) }
      : {}),
  }
}

/** `battles.followup`: questions before the vote, after it, or both. */
function mayAskNow(battle: Battle, { config }: Pick<Arena, 'config'>): boolean {
  const { followup } = config.battles
  if (battle.state === 'ready') return followup !== 'after'
  return battle.state === 'voted' || battle.state === 'revealed' ? followup !== 'before' : true
}

/** A running battle's newest answers are in the feed; the rows get them when they have ended. */
export function withShown<B extends Battle>(battle: B, arena: Pick<Arena, 'feed'>): B {
  const now = battle.state === 'queued' || battle.state === 'writing' ? arena.feed.now(battle.id) : undefined
  if (!now) return battle
  return { ...battle, turns: [...battle.turns.slice(0, -1), { ...latestTurn(battle), answers: now }] }
}

async function linkOf(battle: Battle, arena: Arena, origin: string): Promise<BattleView['share']> {
  const share = await arena.shares.ofBattle(battle.id)
  return { url: share ? origin + sharePath(share.slug) : null, withImage: share?.withImage ?? false }
}

async function standingOf(battle: Battle, arena: Arena): Promise<BattleView['standing']> {
  if (!isRevealed(battle)) return undefined
  const { board } = await arena.boards.of(wholeBoard, null)
  const rankOf = (id: string) => {
    const row = board.rows.find(({ model }) => model === id)
    return row && row.rankLow !== null && row.rankHigh !== null ? { low: row.rankLow, high: row.rankHigh } : null
  }
  const { a, b } = battle.contestants
  const preferred = await arena.votes.preferences(battle.voterId, [a.id, b.id])
  return {
    a: { rank: rankOf(a.id), preferred: preferred.get(a.id) ?? null },
    b: { rank: rankOf(b.id), preferred: preferred.get(b.id) ?? null },
  }
}

async function twinOf(battle: Battle, arena: Arena) {
  return battleTwin(battle, await arena.votes.find(battle.id), arena.feed.now(battle.id))
}

async function battleOf(c: Context<Env>, arena: Arena, id = c.req.param('id') ?? ''): Promise<Battle> {
  const voterId = c.get('voterId')
  if (!voterId || !isId(id)) throw new Refusal('not_found', 'no_such_battle')
  return ownBattle({ battleId: id, voterId }, arena.battles)
}

/**
 * Our own page says which revision it showed (empty: none), so that a vote changed in another window is noticed. A client that does not say means the
 * vote as it stands; of two first votes at once, both saw none, and one is refused.
 */
async function seenRevision(form: Form, battleId: string, arena: Arena): Promise<number | null> {
  const told = form.text('seen_revision')
  if (told !== undefined) return wholeNumber(told) ?? null
  return (await arena.votes.find(battleId, wholeNumber(form.text('turn'))))?.revision ?? null
}

/** Chips send `side:key`; none at all sends nothing, so the reason form says that it is there by its note. */
function reasonsFrom(form: Form): VoteReason[] | undefined {
  const sent = form.all('reasons')
  if (sent.length === 0) return form.text('note') === undefined ? undefined : []
  return sent.flatMap((text) => {
    const [side, key] = text.split(':')
    const isKnown = (side === 'a' || side === 'b') && (reasonKeys as readonly string[]).includes(key ?? '')
    return isKnown ? [{ side, key: key as ReasonKey }] : []
  })
}

/** "Show names" brings the reasons along, so that nothing typed is lost. */
async function saveReasons(form: Form, whose: { battleId: string; voterId: VoterId }, arena: Arena) {
  if (form.text('note') === undefined && form.all('reasons').length === 0) return
  const vote = await arena.votes.find(whose.battleId)
  if (vote?.status !== 'open') return
  await castVote(
    {
      ...whose,
      outcome: vote.outcome,
      reasons: reasonsFrom(form),
      note: form.text('note'),
      idempotencyKey: null,
      seenRevision: vote.revision,
    },
    arena,
  )
}

/** After a stop the answers end within a second; the answer to the request then shows the open vote. */
async function ended(id: string, arena: Arena) {
  const limit = AbortSignal.timeout(2_000)
  for await (const _ of arena.feed.follow(id, limit)) if (limit.aborted) return
}

const wholeNumber = (text: string | undefined) => (text && /^\d{1,9}$/.test(text) ? Number(text) : undefined)

function parsed<T>(schema: z.ZodType<T>, value: unknown, key: 'unknown_outcome'): T {
  const result = schema.safeParse(value)
  if (!result.success) throw new Refusal('invalid', key)
  return result.data
}
