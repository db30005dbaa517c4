import { raw } from 'hono/html'

/** HTML that is already safe: what `markdown.ts` made, and nothing else. */
export const Raw = ({ html }: { html: string }) => raw(html)
