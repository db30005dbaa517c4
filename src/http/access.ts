import type { Context } from 'hono'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import type { Env } from './env.ts'

/** Until there is a sign-in, the operator is who sits at the machine. `access.vote: me` is whoever sits at this machine; `anyone` is anyone. */
export function demandVoting(c: Context<Env>, arena: Pick<Arena, 'config'>) {
  if (arena.config.access.vote === 'me' && !c.get('isLocal')) throw new Refusal('forbidden', 'sign_in_needed')
}

export function maySeeBoard(c: Context<Env>, arena: Pick<Arena, 'config'>): boolean {
  const { board } = arena.config.access
  return c.get('isLocal') || board === 'public' || (board === 'voters' && c.get('voterId') !== null)
}

export function demandBoard(c: Context<Env>, arena: Pick<Arena, 'config'>) {
  const { board } = arena.config.access
  if (board === 'operator' && !c.get('isLocal')) throw new Refusal('forbidden', 'board_private')
  if (board === 'voters' && !c.get('voterId') && !c.get('isLocal'))
    throw new Refusal('unauthenticated', 'board_private')
}

export function mayTakeData(c: Context<Env>, { config }: Pick<Arena, 'config'>): boolean {
  const { data } = config.access
  return data === 'public' || c.get('isLocal') || (data === 'voters' && c.get('voterId') !== null)
}

export function demandData(c: Context<Env>, arena: Pick<Arena, 'config'>) {
  if (!mayTakeData(c, arena)) throw new Refusal('forbidden', 'data_private')
}

/** Choosing models by name is for those the operator knows: strangers would take battles from the draw for it (UX 7). */
export const mayCompare = ({ config }: Pick<Arena, 'config'>) => config.access.vote !== 'anyone'
