import { matchAt } from './numbers.ts'
import { isTagBegun, tokenCharactersMax } from './tag-names.ts'

/** Between an opening tag and its closing one; further apart they do not belong together, and the words between them stay text. */
export const contentCharactersMax = 1000
/** Where another construct begins or ends, the content of an open tag is over. */
const interruption =
  /<(?:\/?(?:ref|phrase|box|quad|object|poly)>|\/?(?:points?|tracks)(?=[\s/>])|\|\/?[a-z_]{1,30}\|>|loc_?\d|patch_index_\d)/g

type Content = { state: 'closed' | 'open' | 'cut'; text: string; end: number }

/** From an opening tag up to its closing one. `open`: there is none near enough; `cut`: the text ended first. */
export function readContent(text: string, from: number, closing: RegExp): Content {
  const window = text.slice(from, from + contentCharactersMax + tokenCharactersMax)
  interruption.lastIndex = 0
  const found = interruption.exec(window)
  if (found !== null && found.index <= contentCharactersMax) {
    const at = from + found.index
    const content = window.slice(0, found.index)
    const close = matchAt(closing, text, at)
    if (close !== null) return { state: 'closed', text: content, end: at + close[0].length }
    return { state: isTagBegun(text, at) ? 'cut' : 'open', text: content, end: from }
  }
  const isCut = found === null && window.length < contentCharactersMax + tokenCharactersMax
  return { state: isCut ? 'cut' : 'open', text: withoutBegun(window), end: from }
}

/** Without the beginning of a tag at its end. */
function withoutBegun(content: string): string {
  const last = content.lastIndexOf('<')
  return last >= 0 && isTagBegun(content, last) ? content.slice(0, last) : content
}
