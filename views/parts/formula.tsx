import katex from 'katex'
import { Raw } from './raw.tsx'

/** A formula of ours as MathML; what screen readers and browsers without it get is the sentence beside it. */
export const Formula = ({ tex }: { tex: string }) => <Raw html={mathOf(tex)} />

const made = new Map<string, string>()

function mathOf(tex: string): string {
  const known = made.get(tex)
  if (known !== undefined) return known
  const html = katex.renderToString(tex, { displayMode: true, output: 'mathml', throwOnError: true })
  const math = html.slice(html.indexOf('<math'), html.lastIndexOf('</math>') + '</math>'.length)
  const plain = `<span class="math formula" tabindex="0">${math.replace(/<annotation[^>]*>[^<]*<\/annotation>/, '')}</span>`
  made.set(tex, plain)
  return plain
}
