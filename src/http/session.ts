import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { Refusal } from '../core/errors.ts'
import { isId, type VoterId } from '../core/ids.ts'
import { voterCookieDays } from '../core/limits.ts'
import type { VoterStore } from '../voters/voter-store.ts'
import type { Env } from './env.ts'

// The cookie is the voter: an id and our signature under a named key, so that keys can be changed and nobody can become somebody else.

const keyId = '1'
const secureName = '__Host-sid'
const plainName = 'sid'

export function session({
  secret,
  isSecure,
  voters,
  newId,
  now,
}: {
  secret: Uint8Array
  isSecure: boolean
  voters: VoterStore
  newId(): VoterId
  now(): Date
}): MiddlewareHandler<Env> {
  const name = cookieName(isSecure)
  return async (c, next) => {
    const known = readVoter(getCookie(c, name), secret)
    let voterId = known
    c.set('voter', async () => {
      if (voterId) return voterId
      // A visitor becomes a voter at the first thing they do, not at the first page they look at.
      voterId = newId()
      await voters.keep({ id: voterId, kind: 'anon', consent: null, createdAt: now() })
      rememberVoter(c, voterId, { secret, isSecure })
      return voterId
    })
    c.set('voterId', voterId ?? null)
    await next()
  }
}

type Signing = { secret: Uint8Array; isSecure: boolean }
const cookieName = (isSecure: boolean) => (isSecure ? secureName : plainName)
const cookieOptions = (isSecure: boolean) => ({ httpOnly: true, sameSite: 'Lax', path: '/', secure: isSecure }) as const

/** From now on this browser is that voter. */
export function rememberVoter(c: Context<Env>, id: VoterId, { secret, isSecure }: Signing) {
  setCookie(c, cookieName(isSecure), signVoter(id, secret), {
    ...cookieOptions(isSecure),
    maxAge: voterCookieDays * 24 * 60 * 60,
  })
}

/** From now on this browser is nobody. */
export function forgetVoter(c: Context<Env>, { isSecure }: Pick<Signing, 'isSecure'>) {
  setCookie(c, cookieName(isSecure), '', { ...cookieOptions(isSecure), maxAge: 0 })
}

export const signVoter = (id: VoterId, secret: Uint8Array) => `${keyId}.${id}.${mac(`voter\0${id}`, secret)}`

export function readVoter(cookie: string | undefined, secret: Uint8Array): VoterId | undefined {
  const [key, id, signature] = cookie?.split('.') ?? []
  if (key !== keyId || !id || !isId(id) || !signature) return undefined
  return isSame(signature, mac(`voter\0${id}`, secret)) ? id : undefined
}

/** The hidden field of every form, bound to the voter who was shown it. */
export const csrfToken = (voterId: VoterId | null, secret: Uint8Array) => mac(`csrf\0${voterId ?? 'nobody'}`, secret)

/**
 * A browser must bring the token of its own form. A client that is no browser (it sends neither Origin nor Sec-Fetch-Site) cannot be tricked by
 * another site, so scripts need none; a wrong token is refused from anybody.
 */
export function demandToken(c: Context<Env>, given: string | undefined, secret: Uint8Array) {
  if (given === undefined || given === '') {
    if (isBrowser(c) && !c.req.header('content-type')?.startsWith('application/json'))
      throw new Refusal('forbidden', 'form_expired')
    return
  }
  const own = csrfToken(c.get('voterId'), secret)
  // A form opened before the cookie existed was given to nobody in particular.
  if (!isSame(given, own) && !isSame(given, csrfToken(null, secret))) throw new Refusal('forbidden', 'form_expired')
}

/** Every browser names the page a form came from, or how far away it is. */
export const isBrowser = (c: Context<Env>) =>
  c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') !== undefined

const mac = (text: string, secret: Uint8Array) => createHmac('sha256', secret).update(text).digest('base64url')
const isSame = (given: string, expected: string) => {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
