import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const withoutMap = (script: string) => script.replace(/^.*sourceMappingURL.*$/gm, '').trim()

test.each(['htmx.min.js', 'ext/hx-sse.min.js', 'ext/hx-csp.min.js'])(
  'the vendored %s is the one of the package',
  (file) => {
    const vendored = read(`static/vendor/${file.split('/').at(-1)}`)
    expect(withoutMap(vendored)).toBe(withoutMap(read(`node_modules/htmx.org/dist/${file}`)))
    expect(JSON.parse(read('node_modules/htmx.org/package.json')).version).toBe('4.0.1')
  },
)
