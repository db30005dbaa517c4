import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

// Who may import whom, besides itself. A name with a slash or `.ts` is a place of ours; `node:` any built-in; the rest are packages.
const anything = null
const product = [
  'core',
  'images',
  'models',
  'voters',
  'prompts',
  'battles',
  'votes',
  'leaderboards',
  'moderation',
  'exports',
]
const mayImport: Record<string, string[] | null> = {
  core: [],
  ranking: [],
  images: ['core'],
  models: ['core'],
  voters: ['core'],
  prompts: ['core', 'images'],
  battles: ['core', 'images', 'models', 'prompts', 'voters'],
  votes: ['core', 'battles', 'voters'],
  leaderboards: ['core', 'battles', 'models', 'prompts', 'voters', 'votes', 'ranking'],
  moderation: ['core', 'images', 'prompts', 'battles', 'votes', 'voters'],
  exports: [...product, 'ranking'],
  providers: ['core', 'models', 'images', 'moderation', 'node:', '@ai-sdk/', 'undici', 'sharp', 'zxing-wasm'],
  storage: [...product, 'node:', 'drizzle-orm', 'better-sqlite3', 'hyparquet', 'hyparquet-writer'],
  http: [...product, 'ranking', 'arena.ts', 'views', 'hono', '@hono/node-server', 'prom-client', 'zod', 'node:'],
  cli: anything,
}
const joining = ['src/main.ts', 'src/arena.ts', 'src/config.ts', 'src/jobs.ts']

const filesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(join(root, path)).isDirectory()) return filesUnder(path)
    return /\.tsx?$/.test(name) ? [path] : []
  })

const withoutComments = (source: string) => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')

function specifiers(file: string): string[] {
  const source = withoutComments(readFileSync(join(root, file), 'utf8'))
  const found = source.matchAll(/(?:^|[\s}])from\s+'([^'\s]+)'|\bimport\s*\(\s*'([^'\s]+)'|^import\s+'([^'\s]+)'/gm)
  return [...found].map(([, from, called, bare]) => {
    const name = (from ?? called ?? bare)!
    return name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name
  })
}

const isUnder = (target: string, places: string[]) =>
  places.some((place) => {
    if (place.endsWith(':') || place.endsWith('/')) return target.startsWith(place)
    if (place === 'views') return target.startsWith('views/')
    if (place.endsWith('.ts')) return target === `src/${place}`
    return target.startsWith(`src/${place}/`) || target === place || target.startsWith(`${place}/`)
  })

describe('who may import whom', () => {
  test('every folder of src has a line', () => {
    const folders = readdirSync(join(root, 'src')).filter((name) => statSync(join(root, 'src', name)).isDirectory())
    expect(folders.filter((folder) => !(folder in mayImport))).toEqual([])
  })

  test.each(Object.entries(mayImport).filter(([folder, allowed]) => allowed && hasFiles(folder)))(
    '%s imports only what its line allows',
    (folder, allowed) => {
      const wrong = filesUnder(`src/${folder}`).flatMap((file) =>
        specifiers(file)
          .filter((target) => !isUnder(target, [folder, ...allowed!]))
          .map((target) => `${file} -> ${target}`),
      )
      expect(wrong).toEqual([])
    },
  )

  test('views import product folders, hono and the Markdown renderers only', () => {
    // `ranking` is pure arithmetic: a view may ask it for a statistic of what it shows.
    const allowed = [
      ...product,
      'ranking',
      'views',
      'hono',
      'markdown-it',
      'highlight.js',
      'katex',
      'd3-scale',
      'd3-array',
      'd3-format',
      'd3-shape',
    ]
    const wrong = filesUnder('views').flatMap((file) =>
      specifiers(file)
        .filter((target) => !isUnder(target, allowed))
        .map((target) => `${file} -> ${target}`),
    )
    expect(wrong).toEqual([])
  })

  test('the two sides and the two engines never meet, and workers never reach http or views', () => {
    const wrong = [
      ...filesUnder('src/storage/sql'),
      ...filesUnder('src/cli').filter((file) => /job[^/]*\.tsx?$/.test(file)),
    ].flatMap((file) =>
      specifiers(file)
        .filter((target) =>
          file.startsWith('src/cli')
            ? isUnder(target, ['http', 'views'])
            : isUnder(target, ['better-sqlite3', 'postgres']),
        )
        .map((target) => `${file} -> ${target}`),
    )
    expect(wrong).toEqual([])
  })
})

describe('who may know the time, chance and the environment', () => {
  const forbidden = /Date\.now\(|new Date\(\)|Math\.random\(|randomUUID\(|process\.env/
  test('only the joining files', () => {
    const wrong = filesUnder('src')
      .filter((file) => !joining.includes(file) && !file.startsWith('src/cli/'))
      .filter((file) => forbidden.test(withoutComments(readFileSync(join(root, file), 'utf8'))))
    expect(wrong).toEqual([])
  })
})

describe('habits', () => {
  test('src never talks to a vendor gateway through the package `ai`', () => {
    expect(filesUnder('src').filter((file) => specifiers(file).includes('ai'))).toEqual([])
  })

  test('no htmx feature that needs eval, no inline script, no strict-dynamic', () => {
    const risky = /hx-on|hx-vals=["']js:|strict-dynamic|hx-swap-oob|dangerouslySetInnerHTML=\{\{\s*__html:\s*`<script/
    const wrong = [...filesUnder('views'), ...filesUnder('src/http')].filter((file) =>
      risky.test(withoutComments(readFileSync(join(root, file), 'utf8'))),
    )
    expect(wrong).toEqual([])
  })

  test('Parquet is read with utf8:false, or image bytes are ruined', () => {
    const wrong = [...filesUnder('src'), ...filesUnder('tests')].filter((file) => {
      const source = readFileSync(join(root, file), 'utf8')
      return /\bparquetRead(?:Objects)?\(/.test(withoutComments(source)) && !/utf8:\s*false/.test(source)
    })
    expect(wrong).toEqual([])
  })

  test('no migration drops a table without a review', () => {
    const wrong = readdirSync(join(root, 'migrations'), { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.sql'))
      .filter((name) => {
        const sql = readFileSync(join(root, 'migrations', name), 'utf8')
        return /drop\s+table/i.test(sql) && !/-- reviewed: drop table/i.test(sql)
      })
    expect(wrong).toEqual([])
  })
})

function hasFiles(folder: string) {
  return (
    statSync(join(root, 'src', folder), { throwIfNoEntry: false })?.isDirectory() &&
    filesUnder(`src/${folder}`).length > 0
  )
}
