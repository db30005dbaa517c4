import type { Hono } from 'hono'
import type { Arena } from '../arena.ts'
import type { Env } from './env.ts'

/** `/healthz`: the process answers. `/readyz`: it can take battles and keep votes. */
export function mountHealth(app: Hono<Env>, arena: Arena) {
  app.get('/healthz', (c) => c.text('ok\n'))
  app.get('/readyz', async (c) => {
    const reason = arena.signal.aborted ? 'stopping' : (await arena.isWritable()) ? null : 'database not writable'
    if (reason) return c.text(`${reason}\n`, 503)
    return c.text('ready\n')
  })
}
