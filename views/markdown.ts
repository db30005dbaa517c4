// Model answers as HTML. Three walls: markdown-it without raw HTML; an allow-list over whatever it made (`sanitise`); the page's CSP.
// An answer grows while people read it, so it is cut at its top-level blocks: every block but the last is rendered once and kept.
// That block by block equals the whole needs the `reference` rule off (definitions act on text before them).
import hljs from 'highlight.js/lib/common'
import katex from 'katex'
import MarkdownIt, { type StateBlock, type StateInline, type Token } from 'markdown-it'
import type { Said, Side } from '../src/battles/battle.ts'
import { chipHtml, chipText } from './parts/chip.tsx'
import { escaped, sanitise } from './parts/sanitise.ts'
import type { Say } from './strings/strings.ts'

/** Past this an open block is shown as text until it closes: re-rendering it at every tick would cost its square. */
const tailCharactersMax = 4096
const tailRenderMsMax = 20
/** All renderings of open blocks of one answer together; afterwards they stay text until they close. */
const tailsRenderMsMax = 400
/** Past this the whole answer is shown as text. */
const answerRenderMsMax = 200
const formulasMax = 500
const formulaCharactersMax = 2000
const highlightCharactersMax = 8192
/**
 * Whether an open block past the limit has closed is asked again when it has grown by this factor, or by this much with an empty line in it.
 * An answer ends at 16 KB (`answerCharactersMax`), so these looks stay few.
 */
const relookGrowth = 1.25
const relookCharacters = 256

export type AnswerOptions = {
  side: Side
  say: Say
  /** Links become real once names are shown. */
  isRevealed?: boolean
  /** Turn the answer belongs to; its chips point at the marks of this turn. */
  turn?: number
  /** Milliseconds from any start; to give slow text up in time. */
  clock?: () => number
}

/** `done` is every finished block; `appended` those finished since the last update; `tail` the block still open. */
export type Rendered = {
  done: string
  appended: string
  tail: string
  /** What was finished before no longer holds (the text was replaced, or given up as too slow): show `done`, not `appended`. */
  restarted: boolean
}
export type AnswerRenderer = { update(said: Said, isFinal: boolean): Rendered }

/** One side of one running turn, shared by all readers of one language. Give it each state of the answer; the last with `isFinal`. */
export function answerRenderer(options: AnswerOptions): AnswerRenderer {
  const clock = options.clock ?? (() => performance.now())
  let finished = ''
  let done = ''
  let spentMs = 0
  let spentOnTailsMs = 0
  let isTailPlain = false
  let lookedAt = 0
  let isGivenUp = false

  const timed = (render: () => string) => {
    const start = clock()
    const html = render()
    return { html, ms: clock() - start }
  }

  return {
    update(said, isFinal) {
      if (isGivenUp) return wholeAsText(said)
      let restarted = false
      if (!said.text.startsWith(finished)) {
        finished = done = ''
        isTailPlain = false
        lookedAt = 0
        restarted = true
      }
      const pending = said.text.slice(finished.length)
      let closed = 0
      if (isFinal) closed = pending.length
      else if (mayHaveClosed(pending, lookedAt)) {
        closed = closedLength(pending)
        lookedAt = pending.length - closed
      }

      let appended = ''
      if (closed > 0) {
        const text = pending.slice(0, closed)
        const { html, ms } = timed(() => rendered(text, said, options, clock, answerRenderMsMax - spentMs))
        spentMs += ms
        appended = html
        finished += text
        done += appended
        isTailPlain = false
      }
      const open = pending.slice(closed)
      const tail = open.trim() === '' ? '' : openBlock(open, said)
      if (spentMs > answerRenderMsMax) {
        isGivenUp = true
        return { ...wholeAsText(said), restarted: true }
      }
      return { done, appended, tail, restarted }
    },
  }

  function openBlock(text: string, said: Said) {
    if (isTailPlain || text.length > tailCharactersMax || spentOnTailsMs > tailsRenderMsMax)
      return asText(text, said, options, 'p')
    const { html, ms } = timed(() => rendered(text, said, options, clock, tailRenderMsMax))
    spentOnTailsMs += ms
    isTailPlain = ms > tailRenderMsMax
    return html
  }

  function wholeAsText(said: Said): Rendered {
    const html = asText(said.text, said, options, 'pre')
    return { done: html, appended: '', tail: '', restarted: true }
  }
}

/** An answer that will not grow any more. */
export const renderAnswer = (said: Said, options: AnswerOptions) => answerRenderer(options).update(said, true).done

function mayHaveClosed(pending: string, lookedAt: number) {
  if (lookedAt <= tailCharactersMax || pending.length >= lookedAt * relookGrowth) return true
  return pending.length >= lookedAt + relookCharacters && /\n[ \t]*\n/.test(pending.slice(lookedAt - 1))
}

/** Length of the blocks at the start of `text` that no later line can change: all but the last one of its complete lines. */
function closedLength(text: string): number {
  const complete = text.slice(0, text.lastIndexOf('\n') + 1)
  if (complete === '') return 0
  const tokens: Token[] = []
  markdown.block.parse(normalised(complete), markdown, {}, tokens)
  const last = tokens.findLast((token) => token.level === 0 && token.map !== null && token.nesting >= 0)
  const firstLine = last?.map?.[0] ?? 0
  return firstLine === 0 ? 0 : startOfLine(complete, firstLine)
}

function startOfLine(text: string, line: number) {
  const ends = /\r\n?|\n/g
  for (let i = 0; i < line; i++) if (ends.exec(text) === null) return text.length
  return ends.lastIndex
}

/** As markdown-it's own first step does it; characters of ours that stand for chips and buttons keep their place and lose their meaning. */
const normalised = (text: string) =>
  text
    .replace(/\r\n?/g, '\n')
    .replaceAll('\0', '\uFFFD')
    .replace(/[\uE002-\uE00F]/g, '\uFFFD')

/** markdown-it hands its environment through as it came; this is what we put into it. */
const asked = (env: unknown) => env as Environment
type Environment = { options: AnswerOptions; formulas: number; isLate(): boolean }

function rendered(text: string, said: Said, options: AnswerOptions, clock: () => number, budgetMs: number) {
  const start = clock()
  const env: Environment = { options, formulas: 0, isLate: () => clock() - start > budgetMs }
  return sanitise(markdown.render(normalised(text), env), textWith(said, options))
}

function asText(text: string, said: Said, options: AnswerOptions, tag: 'p' | 'pre') {
  return sanitise(`<${tag} class="plain" dir="auto">${escaped(normalised(text))}</${tag}>`, textWith(said, options))
}

/** What our own characters become, once everything else is safe: buttons, or `[n]` where a button cannot be. */
const copyMark = '\uE002'
function textWith(said: Said, options: AnswerOptions) {
  return {
    chip: (n: number, isPlain: boolean) =>
      isPlain ? escaped(chipText(said, n)) : chipHtml(said, n, { ...options, turn: options.turn ?? 1 }),
    copy: `<button type="button" class="copy only-scripts" data-copy>${escaped(options.say('answer.copy'))}</button>`,
  }
}

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false, breaks: false })
markdown.disable('reference')
// All are let in here, so that an image is replaced by words whatever it points at; `link_open` and `sanitise` decide which links remain.
markdown.validateLink = () => true
const isWebLink = (url: string) => /^(https?:\/\/|mailto:)/i.test(url)

const rules = markdown.renderer.rules
rules['heading_open'] = () => '<p class="heading" dir="auto"><strong>'
rules['heading_close'] = () => '</strong></p>\n'
rules['paragraph_open'] = (tokens, i) => (tokens[i]!.hidden ? '' : '<p dir="auto">')
rules['table_open'] = () => '<div class="table" tabindex="0"><table dir="auto">\n'
rules['table_close'] = () => '</table></div>\n'
rules['th_open'] = (tokens, i) => `<th${alignment(tokens[i]!)}>`
rules['td_open'] = (tokens, i) => `<td${alignment(tokens[i]!)}>`
rules['bullet_list_open'] = () => '<ul dir="auto">\n'
rules['blockquote_open'] = () => '<blockquote dir="auto">\n'
rules['ordered_list_open'] = (tokens, i) => {
  const start = tokens[i]!.attrGet('start')
  return `<ol dir="auto"${start === null ? '' : ` start="${Number(start)}"`}>\n`
}
rules['image'] = (tokens, i, _options, env) => {
  const alt = tokens[i]!.content.trim()
  const removed = asked(env).options.say('answer.image_removed')
  return `<span class="removed">[${escaped(alt === '' ? removed : `${removed}: ${alt}`)}]</span>`
}
rules['link_open'] = (tokens, i, _options, env) => {
  const href = String(tokens[i]!.attrGet('href') ?? '')
  if (!isWebLink(href)) return ''
  const host = hostOf(href)
  return asked(env).options.isRevealed
    ? `<a href="${escaped(href)}" title="${escaped(host)}" rel="noopener noreferrer nofollow ugc" target="_blank">`
    : `<span class="link" title="${escaped(host)}">`
}
rules['link_close'] = (tokens, i, _options, env) => {
  const href = String(opening(tokens, i)?.attrGet('href') ?? '')
  if (!isWebLink(href)) return ''
  if (!asked(env).options.isRevealed) return '</span>'
  const host = hostOf(href)
  return `</a>${host === '' ? '' : ` <span class="host">(${escaped(host)})</span>`}`
}
rules['fence'] = (tokens, i, _options, env) => {
  const token = tokens[i]!
  return codeBlock(token.content, token.info.trim().split(/\s+/)[0] ?? '', asked(env))
}
rules['code_block'] = (tokens, i, _options, env) => codeBlock(tokens[i]!.content, '', asked(env))
rules['math_inline'] = (tokens, i, _options, env) => formula(tokens[i]!, false, asked(env))
rules['math_display'] = (tokens, i, _options, env) => formula(tokens[i]!, true, asked(env))
rules['math_block'] = (tokens, i, _options, env) =>
  `<div class="math-block" tabindex="0">${formula(tokens[i]!, true, asked(env))}</div>\n`

function alignment(token: Token) {
  const align = /text-align:(center|right)/.exec(String(token.attrGet('style') ?? ''))?.[1]
  return align ? ` class="${align}"` : ''
}

function opening(tokens: Token[], closing: number) {
  let depth = 0
  for (let i = closing - 1; i >= 0; i--) {
    const type = tokens[i]!.type
    if (type === 'link_close') depth++
    else if (type === 'link_open' && depth-- === 0) return tokens[i]
  }
  return undefined
}

function hostOf(url: string) {
  if (/^mailto:/i.test(url)) return url.slice(7).split('?')[0] ?? ''
  return URL.canParse(url) ? new URL(url).host : ''
}

function codeBlock(code: string, language: string, env: Environment) {
  const known = /^[a-z0-9+#-]{1,20}$/i.test(language) && hljs.getLanguage(language) ? language : null
  const html =
    known && code.length <= highlightCharactersMax && !env.isLate() && !code.includes('\uE000')
      ? highlighted(code, known)
      : escaped(code)
  const name = language === '' ? '' : `<span class="code-language">${escaped(language.slice(0, 20))}</span>`
  return `<div class="code"><div class="code-head">${name}${copyMark}</div><pre tabindex="0"><code class="hljs">${html}</code></pre></div>\n`
}

function highlighted(code: string, language: string) {
  try {
    return hljs.highlight(code, { language, ignoreIllegals: true }).value
  } catch {
    return escaped(code)
  }
}

/** KaTeX gives up by throwing, also past its own `throwOnError` (deep nesting): the formula is then shown as it was written. */
function formula(token: Token, displayMode: boolean, env: Environment) {
  const asWritten = `<code class="formula">${escaped(token.markup + token.content + token.info)}</code>`
  if (token.content.length > formulaCharactersMax || token.content.includes('\uE000')) return asWritten
  if (++env.formulas > formulasMax || env.isLate()) return asWritten
  try {
    const html = katex.renderToString(token.content, {
      displayMode,
      output: 'mathml',
      trust: false,
      maxExpand: 200,
      maxSize: 10,
      strict: 'ignore',
      throwOnError: true,
    })
    const math = html.slice(html.indexOf('<math'), html.lastIndexOf('</math>') + '</math>'.length)
    return `<span class="math">${math.replace(/<annotation[^>]*>[^<]*<\/annotation>/, '')}</span>`
  } catch {
    return asWritten
  }
}

// Formulas. `$` follows pandoc's rule, so that prices stay prices: no space inside the signs, no digit after the closing one.
markdown.block.ruler.before('fence', 'math_block', mathBlock, { alt: ['paragraph', 'blockquote', 'list'] })
markdown.inline.ruler.before('escape', 'math_inline', mathInline)

const blockFences = [
  ['$$', '$$'],
  ['\\[', '\\]'],
] as const

/** From a line that opens to one that closes, a blank line or the end. Never closed: shown as it was written. */
function mathBlock(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const lineAt = (line: number) => state.src.slice(state.bMarks[line]! + state.tShift[line]!, state.eMarks[line]!)
  if (state.sCount[startLine]! - state.blkIndent >= 4) return false
  const first = lineAt(startLine).trimEnd()
  const fence = blockFences.find(([open]) => first.startsWith(open))
  if (!fence) return false
  const [open, close] = fence
  const rest = first.slice(open.length)
  const closeAt = rest.indexOf(close)
  if (closeAt >= 0 && closeAt + close.length < rest.length) return false
  if (silent) return true

  const lines = [rest]
  let line = startLine
  while (!lines.at(-1)!.trimEnd().endsWith(close)) {
    line++
    if (line >= endLine || state.isEmpty(line) || state.sCount[line]! < state.blkIndent) {
      line--
      break
    }
    lines.push(lineAt(line))
  }
  const body = lines.join('\n').trimEnd()
  const isClosed = body.endsWith(close)
  const token = state.push(isClosed ? 'math_block' : 'math_unclosed', '', 0)
  token.block = true
  token.map = [startLine, line + 1]
  token.content = isClosed ? body.slice(0, -close.length) : body
  token.markup = open
  token.info = isClosed ? close : ''
  state.line = line + 1
  return true
}
rules['math_unclosed'] = (tokens, i) =>
  `<p class="plain" dir="auto">${escaped(tokens[i]!.markup + tokens[i]!.content)}</p>\n`

/** Where no closing sign was found once, none is looked for again: the search stays linear. */
const searchedInVain = new WeakMap<StateInline, Set<string>>()

function mathInline(state: StateInline, silent: boolean): boolean {
  const { src, pos } = state
  const sign = src[pos]
  if (sign !== '$' && sign !== '\\') return false
  const two = src.slice(pos, pos + 2)
  const [open, close] =
    two === '$$'
      ? ['$$', '$$']
      : two === '\\('
        ? ['\\(', '\\)']
        : two === '\\['
          ? ['\\[', '\\]']
          : sign === '$'
            ? ['$', '$']
            : ['', '']
  if (open === '') return false
  if (open === '$' && /\s|^$/.test(src[pos + 1] ?? '')) return false

  let vain = searchedInVain.get(state)
  if (!vain) {
    vain = new Set()
    searchedInVain.set(state, vain)
  }
  if (vain.has(close)) return false
  const end = closing(src, pos + open.length, close, state.posMax)
  if (end < 0) {
    if (close !== '$') vain.add(close)
    return false
  }
  if (end === pos + open.length) return false
  if (open === '$' && isPrices(src.slice(pos + 1, end))) return false
  if (!silent) {
    const token = state.push(open === '$' || open === '\\(' ? 'math_inline' : 'math_display', '', 0)
    token.content = src.slice(pos + open.length, end)
    token.markup = open
    token.info = close
  }
  state.pos = end + close.length
  return true
}

/** "10, or US" between two signs: a number, then words, and nothing that only formulas have. */
const isPrices = (text: string) => /^\d/.test(text) && /\s[a-z]{2}/i.test(text) && !/[\\^_=]/.test(text)

function closing(src: string, from: number, close: string, max: number) {
  for (let at = src.indexOf(close, from); at >= 0 && at < max; at = src.indexOf(close, at + 1)) {
    if (close !== '$') {
      if (close === '$$' || src[at - 1] !== '\\') return at
      continue
    }
    if (src[at - 1] === '\\') continue
    return /\s/.test(src[at - 1] ?? ' ') || /[\d$]/.test(src[at + 1] ?? '') ? -1 : at
  }
  return -1
}
