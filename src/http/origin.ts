import type { Context } from 'hono'
import type { Arena } from '../arena.ts'
import type { Env } from './env.ts'

/** Where other sites find us: the public address, or whatever this request was sent to. */
export const originOf = (c: Context<Env>, { config }: Pick<Arena, 'config'>) =>
  new URL(config.site.url ?? c.req.url).href.replace(/^(\w+:\/\/[^/]+).*$/, '$1')
