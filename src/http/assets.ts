import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Hono } from 'hono'
import type { Env } from './env.ts'

export type Assets = { css: string; js: string; icon: string }

type Asset = { path: string; type: string; bytes: Uint8Array<ArrayBuffer>; zipped: Uint8Array<ArrayBuffer> }

// htmx, its two extensions and our own script are one file: as two deferred scripts they race, and the stream sometimes never opens.
const scripts = ['vendor/htmx.min.js', 'vendor/hx-sse.min.js', 'vendor/hx-csp.min.js', 'app.js']

/** Files under a name with their content's hash: cached for ever, never stale. */
export function loadAssets(): { assets: Assets; mount(app: Hono<Env>): void } {
  const root = join(packageRoot(), 'static')
  const read = (name: string) => readFileSync(join(root, name))
  const js = asset(
    'app',
    'js',
    'text/javascript; charset=utf-8',
    Buffer.concat(scripts.flatMap((name) => [read(name), Buffer.from('\n;')])),
  )
  const css = asset('app', 'css', 'text/css; charset=utf-8', read('app.css'))
  const icon = asset('favicon', 'svg', 'image/svg+xml', read('icons/favicon.svg'))
  const all = new Map([js, css, icon].map((one) => [one.path, one]))
  return {
    assets: { css: css.path, js: js.path, icon: icon.path },
    mount(app) {
      app.get('/assets/:file', (c) => {
        const found = all.get(c.req.path)
        if (!found) return c.notFound()
        c.header('Content-Type', found.type)
        c.header('Cache-Control', 'public, max-age=31536000, immutable')
        c.header('Vary', 'Accept-Encoding')
        // Compressed once at start, as small as it gets; the middleware would do it for every visitor.
        if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(found.bytes)
        c.header('Content-Encoding', 'gzip')
        return c.body(found.zipped)
      })
      for (const path of ['/favicon.ico', '/static/icons/favicon.svg']) app.get(path, (c) => c.redirect(icon.path, 302))
    },
  }
}

function asset(name: string, extension: string, type: string, bytes: Buffer): Asset {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
  const zipped = new Uint8Array(gzipSync(bytes, { level: 9 }))
  return { path: `/assets/${name}-${hash}.${extension}`, type, bytes: new Uint8Array(bytes), zipped }
}

/** From the package, never from the current folder: the same from `src` and from `dist/src`. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('package.json not found above the program')
    folder = parent
  }
  return folder
}
