// The second wall (TRUST.md D2): whatever made the HTML, only these tags and attributes come out of it, in balance.
const voids = new Set(['br', 'hr', 'mspace', 'mprescripts', 'none'])
const plainTags = [
  'p',
  'strong',
  'em',
  's',
  'code',
  'pre',
  'ul',
  'ol',
  'li',
  'blockquote',
  'br',
  'hr',
  'span',
  'div',
  'a',
]
const tableTags = ['table', 'thead', 'tbody', 'tr', 'th', 'td']
const mathTags =
  'math semantics annotation mrow mi mn mo mtext ms mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mpadded mphantom menclose mstyle mprescripts mmultiscripts none'.split(
    ' ',
  )
const allowed = new Set([...plainTags, ...tableTags, ...mathTags])

const ownClasses =
  /^(heading|table|link|host|removed|code|code-head|code-language|formula|math|math-block|plain|center|right|hljs|hljs-[a-z_-]+|[a-z]+_)$/
const mathAttributes = new Set(
  'mathvariant stretchy fence separator lspace rspace columnalign rowspacing columnspacing columnlines rowlines scriptlevel displaystyle linethickness width height depth voffset mathcolor mathbackground mathsize accent accentunder minsize maxsize xmlns encoding display notation side movablelimits form symmetric largeop'.split(
    ' ',
  ),
)
const numberAttributes = new Set(['start', 'tabindex'])

const tag = /<(\/?)([a-z][a-z0-9-]*)((?:\s+[a-z][a-z0-9:-]*(?:="[^"]*")?)*)\s*\/?>/iy
const attribute = /\s+([a-z][a-z0-9:-]*)(?:="([^"]*)")?/gi

export const escaped = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')

/** HTML of ours that takes the place of single characters in the text: chips (`U+E000 n U+E001`) and the copy button (`U+E002`). */
export type Replacements = { chip(n: number, isPlain: boolean): string; copy: string }

export function sanitise(html: string, replacements: Replacements): string {
  const out: string[] = []
  const open: string[] = []
  let at = 0
  while (at < html.length) {
    const next = html.indexOf('<', at)
    out.push(safeText(next < 0 ? html.slice(at) : html.slice(at, next), open, replacements))
    if (next < 0) break
    tag.lastIndex = next
    const match = tag.exec(html)
    if (match === null) {
      out.push('&lt;')
      at = next + 1
      continue
    }
    at = tag.lastIndex
    const [, slash, name, attributes] = match as unknown as [string, string, string, string]
    const lower = name.toLowerCase()
    if (!allowed.has(lower)) continue
    if (slash === '') {
      out.push(`<${lower}${safeAttributes(lower, attributes)}>`)
      if (!voids.has(lower)) open.push(lower)
      else if (lower !== 'br' && lower !== 'hr') out.push(`</${lower}>`)
    } else if (open.includes(lower)) {
      while (true) {
        const closing = open.pop()!
        out.push(`</${closing}>`)
        if (closing === lower) break
      }
    }
  }
  while (open.length > 0) out.push(`</${open.pop()}>`)
  return out.join('')
}

const bidiControls = /[\u202A-\u202E\u2066-\u2069]/g
const ours = /\uE000(\d{1,6})\uE001|[\uE000-\uE00F]/g

function safeText(text: string, open: string[], { chip, copy }: Replacements) {
  if (!/[\u202A-\u202E\u2066-\u2069\uE000-\uE00F>]/.test(text)) return text
  return text
    .replaceAll('>', '&gt;')
    .replace(
      bidiControls,
      (control) => `<span class="bidi">U+${control.codePointAt(0)!.toString(16).toUpperCase()}</span>`,
    )
    .replace(ours, (found, n: string | undefined) => {
      if (n !== undefined) return chip(Number(n), open.some(takesNoButton))
      return found === '\uE002' && open.at(-1) === 'div' ? copy : ''
    })
}

const takesNoButton = (name: string) => name === 'code' || name === 'pre' || name === 'a' || name === 'math'

function safeAttributes(tag: string, attributes: string) {
  if (attributes === '') return ''
  let kept = ''
  for (const [, name, value] of attributes.matchAll(attribute)) {
    const safe = safeAttribute(tag, name!.toLowerCase(), value ?? '')
    if (safe !== null) kept += ` ${name!.toLowerCase()}="${safe}"`
  }
  return kept
}

function safeAttribute(tag: string, name: string, raw: string): string | null {
  const value = raw.replace(bidiControls, '').replace(/[\uE000-\uE00F]/g, '')
  if (value.includes('<')) return null
  if (name === 'class') {
    const classes = value.split(/\s+/).filter((word) => ownClasses.test(word))
    return classes.length > 0 ? classes.join(' ') : null
  }
  if (name === 'dir') return value === 'auto' ? value : null
  if (name === 'title') return tag === 'a' || tag === 'span' ? value : null
  if (numberAttributes.has(name)) return /^\d{1,9}$/.test(value) ? value : null
  if (tag === 'a' && name === 'href') return /^(https?:\/\/|mailto:)/i.test(value) ? value : null
  if (tag === 'a' && name === 'rel') return value
  if (tag === 'a' && name === 'target') return value === '_blank' ? value : null
  if (mathTags.includes(tag) && mathAttributes.has(name)) return /^[\w\s.:/#%+-]*$/.test(value) ? value : null
  return null
}
