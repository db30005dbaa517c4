import type { Hono } from 'hono'
import type { Arena } from '../arena.ts'
import type { Env } from './env.ts'

/** `/healthz`: the process answers. `/readyz`: it can take battles and keep votes. */
export function mountHealth(app: Hono<Env>, arena: Arena) {
  app.get('/healthz', (c) => c.text('ok\n'))
  app.get('/readyz', async (c) => {
    const reason = arena.signal.aborted ? 'stopping' : !arena.isWritable() ? 'database not writable' : null
    if (reason) return c.text(`${reason}\n`, 503)
    await arena.leaderboards.lastChange()
    return c.text('ready\n')
  })
}
