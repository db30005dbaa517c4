import { en } from './en.ts'
import { zh } from './zh.ts'

/** A sentence, or its plural forms. */
export type Entry = string | { one?: string; other: string }
export type Key = keyof typeof en
export type Catalogue = Record<Key, Entry>
export type Params = Record<string, string | number>

export const catalogues = { en, zh } as const satisfies Record<string, Catalogue>
export type Language = keyof typeof catalogues
export const languages = Object.keys(catalogues) as Language[]
export const languageNames: Record<Language, string> = { en: 'English', zh: '中文' }
export const isLanguage = (text: string): text is Language => Object.hasOwn(catalogues, text)

/** Speaks one language: sentences, numbers, dates. Operators may replace sentences key by key (`site.strings`). */
export type Say = {
  (key: Key, params?: Params): string
  lang: Language
  number(value: number, digits?: number): string
  percent(value: number, digits?: number): string
  date(at: Date): string
  dateTime(at: Date): string
  /** "2 minutes ago", told from a given now. */
  ago(at: Date, now: Date): string
  /** Milliseconds as "0.8 s". */
  seconds(ms: number): string
  /** Seconds to wait as "0:42". */
  clock(seconds: number): string
  bytes(bytes: number): string
  list(items: string[]): string
}

export function sayIn(lang: Language, overrides: Partial<Record<string, string>> = {}): Say {
  const catalogue: Catalogue = catalogues[lang]
  const locale = lang === 'zh' ? 'zh-CN' : 'en-GB'
  const plurals = new Intl.PluralRules(locale)
  const whole = new Intl.NumberFormat(locale)
  const number = (value: number, digits = 0) =>
    digits === 0 ? whole.format(Math.round(value)) : decimals(locale, digits).format(value)

  const say = (key: Key, params: Params = {}) => {
    const entry = overrides[key] ?? catalogue[key]
    const sentence = typeof entry === 'string' ? entry : formOf(entry, params['n'])
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = params[name]
      if (value === undefined) return whole
      return typeof value === 'number' ? number(value) : value
    })
  }
  const formOf = (entry: { one?: string; other: string }, n: string | number | undefined) =>
    typeof n === 'number' && plurals.select(n) === 'one' && entry.one ? entry.one : entry.other

  return Object.assign(say, {
    lang,
    number,
    percent: (value: number, digits = 0) => `${number(value * 100, digits)}${lang === 'zh' ? '' : ' '}%`,
    date: (at: Date) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(at),
    dateTime: (at: Date) =>
      `${new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }).format(at)} UTC`,
    ago: (at: Date, now: Date) => ago(locale, at, now),
    seconds: (ms: number) => `${number(ms / 1000, ms < 10_000 ? 1 : 0)} s`,
    clock: (seconds: number) => {
      const whole = Math.max(0, Math.ceil(seconds))
      return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
    },
    bytes: (bytes: number) => readableBytes(bytes, number),
    list: (items: string[]) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(items),
  })
}

const decimalsKept = new Map<string, Intl.NumberFormat>()
function decimals(locale: string, digits: number) {
  const key = `${locale} ${digits}`
  const kept = decimalsKept.get(key)
  if (kept) return kept
  const made = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
  decimalsKept.set(key, made)
  return made
}

function ago(locale: string, at: Date, now: Date) {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000)
  if (Math.abs(seconds) < 60) return format.format(seconds, 'second')
  if (Math.abs(seconds) < 3600) return format.format(Math.round(seconds / 60), 'minute')
  if (Math.abs(seconds) < 86_400) return format.format(Math.round(seconds / 3600), 'hour')
  return format.format(Math.round(seconds / 86_400), 'day')
}

function readableBytes(bytes: number, number: (value: number, digits?: number) => string) {
  if (bytes < 1000) return `${number(bytes)} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = -1
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${number(value, value < 10 ? 1 : 0)} ${units[unit]}`
}
