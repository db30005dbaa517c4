import type { Context, Hono } from 'hono'
import { document } from '../../views/layout.tsx'
import { ShareGonePage, SharePage } from '../../views/shares.tsx'
import type { Arena } from '../arena.ts'
import { outcomes, type RevealedBattle } from '../battles/battle.ts'
import { sharedBattle } from '../battles/share-battle.ts'
import { Refusal } from '../core/errors.ts'
import { isId } from '../core/ids.ts'
import { imageKey } from '../images/image.ts'
import type { Env } from './env.ts'
import { originOf } from './origin.ts'
import type { Pages } from './pages.tsx'
import { sharePath } from './routes.ts'
import { battleTwin } from './twins.ts'

const previewsKeptMax = 64
const previewSize = { width: 1200, height: 630 }

export function mountShares(app: Hono<Env>, arena: Arena, pages: Pages) {
  // Drawing takes a tenth of a second or more, and a link that is posted somewhere is fetched by many at once.
  const previews = new Map<string, Promise<Uint8Array>>()

  app.get('/s/:slug{[a-z0-9]+}', async (c) => {
    if (c.get('wantsJson')) return c.json(await twinOf(c.req.param('slug'), arena))
    const frame = pages.frame(c, null)
    const found = await shareOf(c.req.param('slug'), arena).catch((error: unknown) => {
      if (error instanceof Refusal && error.code === 'gone') return null
      throw error
    })
    if (!found) return c.html(document(<ShareGonePage frame={frame} />), 410)
    const { share, battle } = found
    const url = originOf(c, arena) + sharePath(share.slug)
    const guess =
      outcomes.find((one) => one === c.req.query('guess')) ?? (c.req.query('show') === undefined ? null : 'shown')
    return c.html(
      document(
        <SharePage
          frame={frame}
          battle={battle}
          vote={(await arena.votes.find(battle.id)) ?? null}
          showsImage={share.withImage}
          guess={guess}
          url={url}
          previewUrl={`${url}.png`}
          previewSize={previewSize}
        />,
      ),
    )
  })
  app.get('/s/:file{[a-z0-9]+\\.json}', async (c) => c.json(await twinOf(stem(c), arena)))
  app.get('/s/:file{[a-z0-9]+\\.png}', async (c) => {
    const { share, battle } = await shareOf(stem(c), arena)
    const key = `${share.slug} ${share.withImage}`
    const drawn = previews.get(key) ?? draw(battle, share.withImage, arena)
    previews.set(key, drawn)
    drawn.catch(() => previews.delete(key))
    if (previews.size > previewsKeptMax) previews.delete(previews.keys().next().value!)
    c.header('Content-Type', 'image/png')
    c.header('Cache-Control', 'public, max-age=3600')
    return c.body(new Uint8Array(await drawn))
  })
}

const stem = (c: Context<Env>) => (c.req.param('file') ?? '').replace(/\.\w+$/, '')

function shareOf(slug: string, arena: Arena) {
  if (!isId(slug)) throw new Refusal('not_found', 'no_such_page')
  return sharedBattle(slug, arena)
}

async function draw(battle: RevealedBattle, withImage: boolean, arena: Arena): Promise<Uint8Array> {
  const ref = withImage ? battle.turns[0]!.prompt.images[0] : undefined
  const image = ref && (await arena.images.find(ref.sha256))
  const picture = image?.state === 'served' ? ((await arena.blobs.get(imageKey(image))) ?? null) : null
  return arena.codec.drawPreview({ picture, question: battle.turns[0]!.prompt.text, site: arena.config.site.name })
}

/** The facts of the page: not the battle's own id, and no addresses of images that are not shown. */
async function twinOf(slug: string, arena: Arena) {
  const { share, battle } = await shareOf(slug, arena)
  const vote = await arena.votes.find(battle.id)
  const { turns, models, mode } = battleTwin(battle, undefined, undefined)
  return {
    url: sharePath(share.slug),
    mode,
    with_image: share.withImage,
    turns: share.withImage ? turns : turns.map((turn) => ({ ...turn, images: [] })),
    models,
    vote:
      vote && vote.status !== 'withdrawn' ? { outcome: vote.outcome, turn: vote.turn, reasons: vote.reasons } : null,
  }
}
