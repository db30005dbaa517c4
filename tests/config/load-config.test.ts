import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { type Config, type LoadOptions, loadConfig } from '../../src/config.ts'
import { folderWith } from './folder.ts'

type Files = Record<string, string>

const load = (yaml: string | null, options: Partial<LoadOptions> = {}, files: Files = {}) =>
  loadConfig({ cwd: folderWith({ ...(yaml !== null && { 'sightline.yaml': yaml }), ...files }), env: {}, ...options })

const loaded = (yaml: string | null, options: Partial<LoadOptions> = {}, files: Files = {}): Config => {
  const { config, problems } = load(yaml, options, files)
  if (!config) throw new Error(problems.map(({ where, sentence }) => `${where}: ${sentence}`).join('\n'))
  return config
}

const sentences = (yaml: string, options: Partial<LoadOptions> = {}, files: Files = {}) =>
  load(yaml, options, files).problems.map(({ where, sentence }) => `${where}: ${sentence}`)

test('without a file, a variable or a flag the arena listens on this machine with SQLite in ./data', () => {
  const { config, problems } = load(null)
  expect(problems).toEqual([])
  expect(config).toMatchObject({
    file: null,
    server: { host: '127.0.0.1', port: 3000, trustedProxies: [] },
    storage: { database: 'sqlite', blobs: 'disk' },
    access: { vote: 'me', board: 'public', data: 'operator' },
    battles: { pacing: 'paced', startWaitS: 10, tickMs: 300, images: { firstTurn: 4, perTurn: 2, perBattle: 6 } },
    sampling: { temperature: 0.7, topP: 1, maxTokens: 1024 },
    models: [],
  })
})

test('a flag outranks a variable, a variable the file, the file the admin page, and that the default', () => {
  const yaml = 'server: { port: 2000 }\n'
  const all = {
    settings: { 'server.port': 1000 },
    env: { SIGHTLINE_SERVER_PORT: '3000' },
    flags: { 'server.port': '4000' },
  }
  const origin = (yaml: string | null, options: Partial<LoadOptions>) => {
    const shown = load(yaml, options).origins.get('server.port')
    return [shown?.value, shown?.origin.where]
  }
  expect(origin(yaml, all)).toEqual([4000, '--port'])
  expect(origin(yaml, { ...all, flags: {} })).toEqual([3000, 'SIGHTLINE_SERVER_PORT'])
  expect(origin(yaml, { settings: all.settings, flags: {} })).toEqual([2000, 'sightline.yaml:1'])
  expect(origin(null, { settings: all.settings })).toEqual([1000, 'set on the admin page'])
  expect(origin(null, {})).toEqual([3000, 'default'])
})

test('the file is the one named, else the one here, else the one in the data folder', () => {
  const files = {
    'named.yaml': 'site: { name: named }',
    'sightline.yaml': 'site: { name: here }',
    'data/sightline.yaml': 'site: { name: in the data folder }',
    'other/sightline.yaml': 'site: { name: in another data folder }',
  }
  const { 'sightline.yaml': _, ...without } = files
  const nameOf = (files: Files, options: Partial<LoadOptions> = {}) => loaded(null, options, files).site.name
  expect(nameOf(files, { flags: { config: 'named.yaml' } })).toBe('named')
  expect(nameOf(files, { env: { SIGHTLINE_CONFIG: 'named.yaml' } })).toBe('named')
  expect(nameOf(files)).toBe('here')
  expect(nameOf(without)).toBe('in the data folder')
  expect(nameOf(without, { env: { SIGHTLINE_DATA: 'other' } })).toBe('in another data folder')
  expect(sentences('', { flags: { config: 'none.yaml' } })).toEqual(['none.yaml: The file does not exist.'])
})

test('every problem is named at once, in the order of the file, with its line and the nearest key', () => {
  const yaml = [
    'dat: ./x',
    'server:',
    '  prot: 3000',
    '  port: 99999',
    'port: 3',
    'battles:',
    '  pacing: pacd',
    '  images: { first_turn: 9 }',
    'access: { vote: anyone, board: off }',
    'storage: { blobs: { disk: here, s3: there } }',
    'models:',
    '  - id: x',
    '    kind: opnai',
    '  - { id: y, kind: openai, num_ctx: 5, model: m }',
  ].join('\n')
  expect(sentences(yaml)).toEqual([
    'sightline.yaml:1: dat is not a key; did you mean data?',
    'sightline.yaml:3: server.prot is not a key; did you mean server.port?',
    'sightline.yaml:4: server.port must be a whole number from 0 to 65535, not 99999.',
    'sightline.yaml:5: port is not a key; did you mean server.port?',
    'sightline.yaml:7: battles.pacing must be one of live, paced, together, not "pacd"; did you mean paced?',
    'sightline.yaml:8: battles.images.first_turn is 9, more than battles.images.per_battle (6).',
    'sightline.yaml:9: access.board must be one of public, voters, operator, not "off".',
    expect.stringMatching(/^sightline.yaml:9: access.vote: anyone needs a consent text/),
    'sightline.yaml:10: storage.blobs names one place, `disk` or `s3://bucket/prefix`, never both.',
    expect.stringMatching(/^sightline.yaml:13: models\[0\].kind must be one of .*; did you mean openai\?$/),
    'sightline.yaml:14: models[1].num_ctx is not a key of this kind of entry, only of ollama.',
    expect.stringMatching(/^sightline.yaml:14: model y is never drawn until OPENAI_API_KEY is set\.$/),
  ])
})

test.each([
  ['a: [', /^sightline.yaml:\d: This is not valid YAML: /],
  ['server:\n\tport: 3', 'sightline.yaml:2: YAML is indented with spaces, not with tabs.'],
  ['data: a\ndata: b', 'sightline.yaml:2: This key stands twice; keep one of them.'],
  ['- a', 'sightline.yaml:1: The file must hold keys and values, such as `data: ./data`.'],
])('a file that is no configuration is refused by line: %j', (yaml, expected) => {
  const { config, problems } = load(yaml)
  expect(config).toBeNull()
  const [first] = problems
  expect(`${first?.where}: ${first?.sentence}`).toMatch(expected)
})

test('a variable of the wrong kind is named by its name, and one that sets nothing is a warning', () => {
  const { config, problems } = load(null, {
    env: {
      SIGHTLINE_SERVER_PORT: 'abc',
      SIGHTLINE_PROMPTS_SEED: 'maybe',
      SIGHTLINE_SERVR_HOST: 'x',
      SIGHTLINE_PORT_3000_TCP: 'y',
    },
  })
  expect(config).toBeNull()
  expect(problems).toEqual([
    {
      severity: 'error',
      where: 'SIGHTLINE_SERVER_PORT',
      sentence: 'server.port must be a whole number from 0 to 65535, not "abc".',
    },
    {
      severity: 'error',
      where: 'SIGHTLINE_PROMPTS_SEED',
      sentence: 'prompts.seed must be true or false, not "maybe".',
    },
    {
      severity: 'warning',
      where: 'SIGHTLINE_SERVR_HOST',
      sentence: 'This variable sets nothing; did you mean SIGHTLINE_SERVER_HOST?',
    },
    { severity: 'warning', where: 'SIGHTLINE_PORT_3000_TCP', sentence: 'This variable sets nothing.' },
  ])
})

test('variables say numbers, truth, lists, nothing and null', () => {
  const config = loaded('privacy: { retain_days: 30 }', {
    env: {
      SIGHTLINE_BATTLES_ABLATION_SHARE: '0.1',
      SIGHTLINE_PROMPTS_SEED: 'false',
      SIGHTLINE_SITE_LANGUAGES: 'zh, en',
      SIGHTLINE_SERVER_TRUSTED_PROXIES: '10.0.0.0/8,::1',
      SIGHTLINE_RANKING_HIDE_BASELINES: 'true',
      SIGHTLINE_PRIVACY_RETAIN_DAYS: 'null',
      SIGHTLINE_SITE_NAME: '2024',
      SIGHTLINE_SERVER_PORT: '',
    },
  })
  expect(config.battles.ablation.share).toBe(0.1)
  expect(config.prompts.seed).toBe(false)
  expect(config.site.languages).toEqual(['zh', 'en'])
  expect(config.server.trustedProxies).toEqual(['10.0.0.0/8', '::1'])
  expect(config.ranking.hideBaselines).toBe(true)
  expect(config.privacy.retainDays).toBeNull()
  expect(config.site.name).toBe('2024')
  expect(config.server.port).toBe(3000)
})

test('paths of the file are relative to the file, those of variables and flags to where one is', () => {
  const cwd = folderWith({
    'conf/sightline.yaml': 'data: ./votes\nprivacy: { consent: ours.md }\n',
    'conf/ours.md': 'Our text.',
  })
  const config = loadConfig({ cwd, env: {}, flags: { config: 'conf/sightline.yaml' } }).config
  expect(config?.data).toBe(join(cwd, 'conf', 'votes'))
  expect(config?.privacy.consent).toMatchObject({ text: 'Our text.' })
  const moved = loadConfig({
    cwd,
    env: { SIGHTLINE_DATA: 'elsewhere' },
    flags: { config: 'conf/sightline.yaml' },
  }).config
  expect(moved?.data).toBe(join(cwd, 'elsewhere'))
})

test('a file found in the data folder cannot name another data folder', () => {
  const { config, problems } = load(null, {}, { 'data/sightline.yaml': 'data: ./more\n' })
  expect(config).toBeNull()
  expect(problems[0]).toMatchObject({ where: 'data/sightline.yaml:1' })
})

test('anyone may vote once there is a consent text, and a changed text is a new version', () => {
  const yaml = 'access: { vote: anyone }\n'
  expect(sentences(yaml)).toEqual([expect.stringContaining('access.vote: anyone needs a consent text')])
  expect(sentences(yaml, {}, { 'consent.md': '  \n' })).toHaveLength(1)
  const first = loaded(yaml, {}, { 'consent.md': 'One.' }).privacy.consent
  const second = loaded(yaml, {}, { 'consent.md': 'Two.' }).privacy.consent
  expect(first?.text).toBe('One.')
  expect(first?.version).not.toBe(second?.version)
  expect(sentences('privacy: { consent: gone.md }')).toEqual([
    'sightline.yaml:1: privacy.consent names gone.md, which does not exist or is empty.',
  ])
})

test.each([
  ['access: { vote: link }', 'access.vote: this version has no invitations yet; write me or anyone.'],
  ['metrics: { enabled: true }', 'metrics.enabled needs a token: set the environment variable METRICS_TOKEN.'],
  ['speech: { base_url: "http://127.0.0.1:9000/v1" }', 'speech.base_url needs speech.model beside it.'],
  [
    'speech: { base_url: "http://127.0.0.1:9000/v1", model: w, key_env: NO }',
    'speech.key_env names NO, which is not set.',
  ],
  ['exports: { key_file: gone.key }', 'exports.key_file names gone.key, which holds no key.'],
  ['exports: { key_env: GONE }', 'exports.key_env names GONE, which is not set.'],
  ['prompts: { sets: [gone] }', 'prompts.sets names gone, which does not exist.'],
  ['battles: { images: { per_turn: 7 } }', 'battles.images.per_turn is 7, more than battles.images.per_battle (6).'],
  [
    'storage: { database: "postgres://me@db/arena" }',
    'storage.database: this version keeps its data in SQLite only; write sqlite.',
  ],
  ['storage: { blobs: "s3://bucket/x" }', 'storage.blobs: this version keeps images on disk only; write disk.'],
  [
    'server: { trusted_proxies: [10.0.0.1, proxy] }',
    'server.trusted_proxies[1] must be an address or block such as 10.0.0.1 or 10.0.0.0/8, not "proxy".',
  ],
  ['ranking: { hide_baselines: off }', 'ranking.hide_baselines must be true or false or auto, not "off".'],
  ['site: { url: "ftp://x" }', 'site.url must be an address that begins with http:// or https://, not "ftp://x".'],
  [
    'api_key: abc',
    'api_key is not a key: secrets are never written here; name a variable with key_env or a file with key_file.',
  ],
])('%s is refused with its line', (yaml, sentence) => {
  const { config, problems } = load(`# a comment\n${yaml}\n`)
  expect(config).toBeNull()
  expect(problems).toEqual([{ severity: 'error', where: 'sightline.yaml:2', sentence }])
})

test('an arena for me alone that answers other machines is warned of', () => {
  const { config, problems } = load('server: { host: 0.0.0.0 }\n')
  expect(config).not.toBeNull()
  expect(problems).toMatchObject([{ severity: 'warning', where: 'sightline.yaml:1' }])
})

test('a public address behind a proxy of this machine that nobody named is warned of', () => {
  const yaml = 'site: { url: "https://arena.example.org" }\n'
  expect(load(yaml).problems).toMatchObject([{ severity: 'warning', where: 'sightline.yaml:1' }])
  expect(load(`${yaml}server: { trusted_proxies: [127.0.0.1] }\n`).problems).toEqual([])
  expect(load('site: { url: "http://localhost:3000" }\n').problems).toEqual([])
})

test('no secret is ever printed: not by a problem, an origin, a log line or an inspector', () => {
  const canary = 'sk-CANARY-7f3k9'
  const yaml = [
    'speech: { base_url: "http://127.0.0.1:9000/v1", model: w, key_file: speech.key }',
    'metrics: { enabled: true }',
    'exports: { key_env: EXPORT_KEY }',
    'models:',
    '  - { id: a, kind: openai, model: m, key_env: A_KEY, headers: { x-team: CANARY-header } }',
    '  - { id: b, kind: openai, model: m, key_file: b.key }',
  ].join('\n')
  const { config, origins, problems } = load(
    yaml,
    { env: { METRICS_TOKEN: canary, EXPORT_KEY: canary, A_KEY: canary } },
    { 'speech.key': `${canary}\n`, 'b.key': `${canary}\n` },
  )
  expect(problems).toEqual([])
  const said = [
    JSON.stringify(config),
    inspect(config, { depth: 20, showHidden: true }),
    String(config?.speech.key),
    `${config?.metrics.token}`,
    JSON.stringify([...origins]),
  ]
  for (const text of said) expect(text).not.toContain('CANARY-7f3k9')
  expect(JSON.stringify([...origins])).not.toContain('CANARY-header')
  expect(JSON.stringify(config?.models.map(({ model }) => model))).not.toContain('CANARY')
  expect(config?.speech.key?.reveal()).toBe(canary)
  expect(config?.metrics.token?.reveal()).toBe(canary)
  expect(config?.exports.key?.reveal()).toBe(canary)
})

test.each([
  ['models: [{ id: a, kind: openai, model: m, key_env: sk-CANARY }]'],
  ['models: [{ id: a, kind: openai, model: m, api_key: sk-CANARY }]'],
  ['models: [{ id: a, kind: openai, model: m, headers: { Authorization: Bearer CANARY } }]'],
  ['models: [{ id: a, kind: openai, model: m, headers: { x: [CANARY] } }]'],
  ['models: [{ id: a, kind: openai, model: m, base_url: "https://me:CANARY@example.org/v1" }]'],
  ['models: [{ id: a, kind: openai, model: m, base_url: "ftp://me:CANARY@example.org/v1" }]'],
  ['storage: { database: "postgres://me:CANARY@db/x" }'],
  ['storage: { database: "mysql://me:CANARY@db/x" }'],
  ['speech: { key_env: CANARY-1 }'],
])('a secret pasted into the file is refused without being repeated: %s', (yaml) => {
  const { config, origins, problems } = load(yaml)
  expect(config).toBeNull()
  expect(problems.some(({ severity }) => severity === 'error')).toBe(true)
  expect(JSON.stringify(problems)).not.toContain('CANARY')
  expect(JSON.stringify([...origins])).not.toContain('CANARY')
})
