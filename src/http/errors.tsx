import type { Context } from 'hono'
import { ErrorNotice, ErrorPage } from '../../views/errors.tsx'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import type { Env } from './env.ts'
import type { Pages } from './pages.tsx'
import { statusOf } from './refusals.ts'

/** The one handler of everything that goes wrong: a sentence and a reference for the person, the cause for the operator. */
export function refuse(error: unknown, c: Context<Env>, arena: Arena, pages: Pages): Response | Promise<Response> {
  const refusal = error instanceof Refusal ? error : null
  const ref = c.get('requestId') ?? ''
  if (!refusal) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    arena.log({ event: 'fault', id: ref, path: c.req.path, error: message, stack })
    return answer(c, pages, {
      status: 500,
      code: 'fault',
      ref,
      sentence: pages.hands(c).say('error.fault'),
      key: null,
      params: {},
    })
  }
  const status = statusOf[refusal.code]
  arena.log({ event: 'request_refused', id: ref, path: c.req.path, key: refusal.key, status })
  const seconds = refusal.params['seconds']
  if (typeof seconds === 'number') c.header('Retry-After', String(seconds))
  else if (status === 503) c.header('Retry-After', '5')
  const say = pages.hands(c).say
  const params = typeof seconds === 'number' ? { ...refusal.params, time: say.clock(seconds) } : refusal.params
  const sentence = say(`refusal.${refusal.key}`, params)
  return answer(c, pages, { status, code: refusal.code, ref, sentence, key: refusal.key, params: refusal.params })
}

type Answered = {
  status: (typeof statusOf)[keyof typeof statusOf] | 500
  code: string
  ref: string
  sentence: string
  key: Refusal['key'] | null
  params: Refusal['params']
}

function answer(c: Context<Env>, pages: Pages, { status, code, ref, sentence, key, params }: Answered) {
  c.header('Cache-Control', 'no-store')
  if (c.get('wantsJson')) {
    const { seconds: _, ...told } = params
    return c.json({ error: { code, message: sentence, ref, ...(key ? { key } : {}), ...told } }, status)
  }
  const props = { code, sentence, ref, status }
  if (c.get('isFragment')) return c.html(<ErrorNotice hands={pages.hands(c)} {...props} />, status)
  return pages.send(
    c,
    { title: pages.hands(c).say('error.title'), current: null },
    <ErrorPage hands={pages.hands(c)} {...props} />,
    status,
  )
}
