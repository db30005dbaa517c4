import type { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { themes } from '../../views/frame.ts'
import { isLanguage } from '../../views/strings/strings.ts'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import type { Env } from './env.ts'
import { checkForm, readForm } from './forms.ts'

const aYear = 365 * 24 * 60 * 60

/** Language and theme, as a plain form: back to the page it came from. */
export function mountPreferences(app: Hono<Env>, arena: Arena) {
  app.post('/preferences', async (c) => {
    const form = await readForm(c, arena)
    checkForm(c, form, arena)
    const cookie = { path: '/', sameSite: 'Lax', maxAge: aYear, secure: arena.isSecure } as const
    const language = form.text('lang')
    if (language !== undefined) {
      if (!isLanguage(language)) throw new Refusal('invalid', 'language_unknown')
      setCookie(c, 'lang', language, cookie)
    }
    const theme = form.text('theme')
    if (theme !== undefined && (themes as readonly string[]).includes(theme)) setCookie(c, 'theme', theme, cookie)
    return c.redirect(ownPath(form.text('back')), 303)
  })
}

/** Only a path of ours: `//elsewhere` and `\elsewhere` are other sites to a browser. */
export const ownPath = (path: string | undefined) => (path && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : '/')
