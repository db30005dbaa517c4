export type Split = { text: string; thinking: number }

/**
 * Takes `<think>…</think>` out of a stream of text, wherever the tags are cut. Thinking is counted, never passed on.
 * `end` gives what was held back because it could have become a tag.
 */
export function thinkSplitter(): { push(text: string): Split; end(): Split } {
  let isThinking = false
  let held = ''

  function push(text: string): Split {
    held += text
    const split: Split = { text: '', thinking: 0 }
    for (;;) {
      const tag = isThinking ? '</think>' : '<think>'
      const at = held.indexOf(tag)
      if (at === -1) {
        keep(split, held.length - possibleStart(held, tag))
        return split
      }
      keep(split, at)
      held = held.slice(tag.length)
      isThinking = !isThinking
    }
  }

  function keep(split: Split, length: number) {
    const part = held.slice(0, length)
    held = held.slice(length)
    if (isThinking) split.thinking += part.length
    else split.text += part
  }

  return {
    push,
    end() {
      const rest = held
      held = ''
      return isThinking ? { text: '', thinking: rest.length } : { text: rest, thinking: 0 }
    },
  }
}

/** Length of the longest end of `text` that is a beginning of `tag`. */
function possibleStart(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--)
    if (text.endsWith(tag.slice(0, length))) return length
  return 0
}
