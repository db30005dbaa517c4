import { defineConfig } from 'drizzle-kit'

const database = process.env['SIGHTLINE_STORAGE_DATABASE'] ?? 'sqlite'
if (database !== 'sqlite')
  throw new Error(`SIGHTLINE_STORAGE_DATABASE is ${database}; only sqlite has migrations so far.`)

// `drizzle-kit generate` writes a draft of the next step; it is reviewed as SQL (STRICT, names, no silent rebuild) before it is kept.
export default defineConfig({
  dialect: 'sqlite',
  schema: './src/storage/sqlite/schema.ts',
  out: './migrations/sqlite',
})
