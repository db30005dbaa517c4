// Frozen: a dataset rebuilt years later must say the same words, so no locale data of the machine is asked.
const names: Record<string, string> = {
  af: 'Afrikaans', am: 'Amharic', ar: 'Arabic', az: 'Azerbaijani', be: 'Belarusian', bg: 'Bulgarian', bn: 'Bengali',
  bs: 'Bosnian', ca: 'Catalan', cs: 'Czech', cy: 'Welsh', da: 'Danish', de: 'German', el: 'Greek', en: 'English',
  eo: 'Esperanto', es: 'Spanish', et: 'Estonian', eu: 'Basque', fa: 'Persian', fi: 'Finnish', fil: 'Filipino',
  fr: 'French', ga: 'Irish', gl: 'Galician', gu: 'Gujarati', he: 'Hebrew', hi: 'Hindi', hr: 'Croatian', hu: 'Hungarian',
  hy: 'Armenian', id: 'Indonesian', is: 'Icelandic', it: 'Italian', ja: 'Japanese', jv: 'Javanese', ka: 'Georgian',
  kk: 'Kazakh', km: 'Khmer', kn: 'Kannada', ko: 'Korean', la: 'Latin', lo: 'Lao', lt: 'Lithuanian', lv: 'Latvian',
  mk: 'Macedonian', ml: 'Malayalam', mn: 'Mongolian', mr: 'Marathi', ms: 'Malay', my: 'Burmese', ne: 'Nepali',
  nl: 'Dutch', nb: 'Norwegian', no: 'Norwegian', pa: 'Punjabi', pl: 'Polish', ps: 'Pashto', pt: 'Portuguese',
  ro: 'Romanian', ru: 'Russian', si: 'Sinhala', sk: 'Slovak', sl: 'Slovenian', so: 'Somali', sq: 'Albanian',
  sr: 'Serbian', sv: 'Swedish', sw: 'Swahili', ta: 'Tamil', te: 'Telugu', tg: 'Tajik', th: 'Thai', tl: 'Tagalog',
  tr: 'Turkish', uk: 'Ukrainian', ur: 'Urdu', uz: 'Uzbek', vi: 'Vietnamese', xh: 'Xhosa', yi: 'Yiddish', yo: 'Yoruba',
  zh: 'Chinese', zu: 'Zulu',
}
const tags = new Map(Object.entries(names).reverse().map(([tag, name]) => [name.toLowerCase(), tag]))

/** English name of a BCP-47 tag, by its first subtag; `unknown` for `und` and everything that is not in the table. */
export const languageName = (tag: string): string => names[tag.toLowerCase().split('-')[0] ?? ''] ?? 'unknown'

/** BCP-47 tag of an English name or of a tag itself; `und` for everything else. */
export function languageTag(word: string): string {
  const lower = word.trim().toLowerCase()
  return tags.get(lower) ?? (lower in names || /^[a-z]{2,3}(-[a-z0-9]{2,8})+$/.test(lower) ? word.trim() : 'und')
}
