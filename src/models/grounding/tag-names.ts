// Every tag and token that says by itself what it is, and how to tell that the text broke off in the name of one.

export const callOpen = '<tool_call>'
export const callClose = '</tool_call>'
export const tokenCharactersMax = 48

export const references: Record<string, RegExp> = {
  '<ref>': /<\/ref>/y,
  '<|object_ref_start|>': /<\|object_ref_end\|>/y,
  '<|ref|>': /<\|\/ref\|>/y,
  '<phrase>': /<\/phrase>/y,
}
export const containers: Record<string, string> = {
  '<box>': '</box>',
  '<quad>': '</quad>',
  '<|box_start|>': '<|box_end|>',
  '<|quad_start|>': '<|quad_end|>',
  '<|det|>': '<|/det|>',
  '<object>': '</object>',
}
export const answerOpen = '<|begin_of_box|>'
export const answerClose = '<|end_of_box|>'
export const polygonOpen = '<poly>'
export const polygonClose = '</poly>'
export const delimiter = '</delimiter_of_multi_objects/>'

/** Tokens that say nothing by themselves: where one stands alone it is left out. */
export const silent = new Set([
  '</ref>',
  '<|object_ref_end|>',
  '<|/ref|>',
  '</phrase>',
  ...Object.values(containers),
  answerClose,
  polygonClose,
  delimiter,
  '<grounding>',
  '<|grounding|>',
])
const literals = [
  ...Object.keys(references),
  ...Object.keys(containers),
  answerOpen,
  polygonOpen,
  callOpen,
  callClose,
  ...silent,
]

export const literalTag = /<[^<>\s]{1,40}>/y
const numberedBegun =
  /^<(?:loc_?|seg|patch_index_)\d{0,5}$|^<\|?(?:points?|patch|subpatch|location)[a-z_]{0,20}\d{0,6}\|?$/i
const pointBegun = /^<(?:points?|tracks|\/(?:points?|tracks)\s{0,9})$/
const names = [
  ...['<point', '<points', '<tracks', '</point', '</points', '</tracks', '<loc_', '<seg', '<patch_index_'],
  ...['point', 'points', 'patch', 'subpatch', 'location'].flatMap((name) => [`<${name}_`, `<|${name}`]),
]

/** Whether the text ends within one of `marks`, begun at `at`. */
export function isBeginning(text: string, at: number, marks: readonly string[]): boolean {
  if (text.length - at > 40) return false
  const rest = text.slice(at)
  return marks.some((mark) => mark.length > rest.length && mark.startsWith(rest))
}

/** Whether the text ends within a tag or token begun at `at`. */
export function isTagBegun(text: string, at: number): boolean {
  if (text.length - at > tokenCharactersMax) return false
  const rest = text.slice(at)
  const isName = isBeginning(rest, 0, literals) || isBeginning(rest.toLowerCase(), 0, names)
  return isName || pointBegun.test(rest) || numberedBegun.test(rest)
}

/** The same, of one kind of token. */
export const isTagBegunAs = (text: string, at: number, name: string) =>
  isTagBegun(text, at) && (text.startsWith(name, at) || name.startsWith(text.slice(at)))
