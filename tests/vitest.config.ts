// An editor's runner may start us on the machine's own, older Node; better-sqlite3 dies there without a word.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18))
  throw new Error(`Sightline's tests need Node 22.18 or newer; this is ${process.versions.node}. Run \`npm test\`.`)

const root = fileURLToPath(new URL('..', import.meta.url))
if (!existsSync(root)) throw new Error(`no such folder: ${root}`)

export default defineConfig({
  root,
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
