import type { Hono } from 'hono'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import { isImageHash } from '../core/ids.ts'
import { acceptImage } from '../images/accept-image.ts'
import { imageKey } from '../images/image.ts'
import type { Env } from './env.ts'
import { checkForm, readForm } from './forms.ts'
import { blobPolicy } from './security.ts'

export function mountImages(app: Hono<Env>, arena: Arena) {
  app.get('/images/:sha256', async (c) => {
    const sha256 = c.req.param('sha256')
    const image = isImageHash(sha256) ? await arena.images.findFor(sha256, c.get('voterId')) : undefined
    const bytes = image && (await arena.blobs.get(imageKey(image)))
    // An image somebody else uploaded and one that never existed look the same: a hash must not tell what was uploaded.
    if (!image || !bytes) throw new Refusal('not_found', 'no_such_image')
    c.header('Content-Type', image.mediaType)
    c.header('Content-Security-Policy', blobPolicy)
    c.header('Cache-Control', image.isPublic ? 'public, max-age=86400, immutable' : 'private, max-age=3600, immutable')
    return c.body(new Uint8Array(bytes))
  })

  app.post('/images', async (c) => {
    const form = await readForm(c, arena)
    checkForm(c, form, arena)
    const [file] = form.files('image')
    if (!file) throw new Refusal('invalid', 'image_missing')
    const image = await acceptImage(
      { bytes: new Uint8Array(await file.arrayBuffer()), uploadedBy: await c.get('voter')() },
      arena,
    )
    return c.json({ id: image.sha256, url: `/images/${image.sha256}`, width: image.width, height: image.height }, 201)
  })
}
