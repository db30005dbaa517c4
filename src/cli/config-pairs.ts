import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { isAbsolute, resolve } from 'node:path'
import { nearest, type Path } from './config-keys.ts'
import type { Finding } from './config-problems.ts'
import type { FileConfig } from './config-schema.ts'

/** What each value alone cannot show: pairs that cannot be true together, and things that are named but not there. */
export function pairFindings(config: FileConfig, { has, folder }: PairFacts): Finding[] {
  return [
    ...accessPairs(config, has),
    ...proxyPairs(config),
    ...notYet(config),
    ...battlePairs(config),
    ...secretPairs(config, has),
    ...config.models.flatMap((_, at) => [...modelPairs(config, at, folder)]),
    ...budgetPairs(config),
    ...fileFindings(config, folder),
  ]
}

export type PairFacts = {
  /** The text exists, the token or key is there. */
  has: { consent: boolean; metricsToken: boolean; speechKey: boolean; exportsKey: boolean }
  /** Paths of the file are relative to this. */
  folder: string
}

const error = (path: Path, sentence: string): Finding => ({ path, severity: 'error', sentence })
const warning = (path: Path, sentence: string): Finding => ({ path, severity: 'warning', sentence })

function* accessPairs({ access, server, privacy }: FileConfig, has: PairFacts['has']): Generator<Finding> {
  if (access.vote === 'anyone' && !has.consent)
    yield error(
      ['access', 'vote'],
      `access.vote: anyone needs a consent text: write one to ${privacy.consent ?? 'a file and name it in privacy.consent'} (sightline init makes a first version).`,
    )
  if (access.vote === 'me' && !isLoopback(server.host))
    yield warning(
      ['server', 'host'],
      `access.vote is me, but server.host ${server.host} answers other machines too: they will see the pages and cannot vote.`,
    )
}

/** A public address and a door for this machine only: somebody on this machine passes visitors on, and they look local. */
function* proxyPairs({ server, site }: FileConfig): Generator<Finding> {
  if (site.url === null || !isLoopback(server.host) || server.trusted_proxies.length > 0) return
  if (!isLoopback(new URL(site.url).hostname))
    yield warning(
      ['site', 'url'],
      'site.url is public while server.trusted_proxies names nobody: visitors that a proxy on this machine passes on count as sitting at it; name the proxy, such as 127.0.0.1.',
    )
}

export const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** What the configuration can already say but this version cannot yet do: refused, so that nobody relies on it. */
function notYet({ access, battles, ranking, storage }: FileConfig): Finding[] {
  const wishes: [boolean, Path, string][] = [
    [access.vote === 'link', ['access', 'vote'], 'this version has no invitations yet; write me or anyone'],
    [
      storage.database !== 'sqlite',
      ['storage', 'database'],
      'this version keeps its data in SQLite only; write sqlite',
    ],
    [battles.render !== 'markdown', ['battles', 'render'], 'this version always renders Markdown; write markdown'],
    [battles.min_read_s > 0, ['battles', 'min_read_s'], 'this version opens the vote at once; write 0'],
    [battles.ablation.mode !== 'none', ['battles', 'ablation', 'mode'], 'this version runs no ablations; write none'],
    [ranking.turns !== 'last', ['ranking', 'turns'], "this version ranks a battle's newest vote; write last"],

    [storage.blobs !== 'disk', ['storage', 'blobs'], 'this version keeps images on disk only; write disk'],
  ]
  return wishes.filter(([isAsked]) => isAsked).map(([, path, why]) => error(path, `${path.join('.')}: ${why}.`))
}

function* battlePairs({ battles, models }: FileConfig): Generator<Finding> {
  const { images, ablation } = battles
  for (const part of ['first_turn', 'per_turn'] as const)
    if (images[part] > images.per_battle)
      yield error(
        ['battles', 'images', part],
        `battles.images.${part} is ${images[part]}, more than battles.images.per_battle (${images.per_battle}).`,
      )
  const ids = models.map(({ id }) => id)
  for (const [at, id] of ablation.models.entries())
    if (ids.length > 0 && !ids.includes(id)) {
      const near = nearest(id, ids)
      yield error(
        ['battles', 'ablation', 'models', at],
        `battles.ablation.models names ${id}, which is not a model${near ? `; did you mean ${near}?` : '.'}`,
      )
    }
}

function* secretPairs({ metrics, speech, exports }: FileConfig, has: PairFacts['has']): Generator<Finding> {
  if (metrics.enabled && !has.metricsToken)
    yield error(
      ['metrics', 'enabled'],
      metrics.token_file
        ? `metrics.token_file names ${metrics.token_file}, which holds no token.`
        : `metrics.enabled needs a token: set the environment variable ${metrics.token_env ?? 'METRICS_TOKEN'}.`,
    )
  if (speech.key_env && speech.key_file) yield twoKeys(['speech', 'key_file'], 'speech')
  if (exports.key_env && exports.key_file) yield twoKeys(['exports', 'key_file'], 'exports')
  if (speech.base_url && !speech.model)
    yield error(['speech', 'base_url'], 'speech.base_url needs speech.model beside it.')
  if (speech.base_url && !has.speechKey) yield noKey(['speech'], speech)
  if (!has.exportsKey) yield noKey(['exports'], exports)
}

const twoKeys = (path: Path, name: string) =>
  error(path, `${name} names both key_env and key_file; keep the one that holds the key.`)

function noKey(path: Path, { key_env, key_file }: { key_env: string | null; key_file: string | null }): Finding {
  return key_file !== null
    ? error([...path, 'key_file'], `${path[0]}.key_file names ${key_file}, which holds no key.`)
    : error([...path, 'key_env'], `${path[0]}.key_env names ${key_env}, which is not set.`)
}

/** A budget needs prices, all in one currency. */
function* budgetPairs({ limits, models }: FileConfig): Generator<Finding> {
  if (limits.spend_per_day === null) return
  const path: Path = ['limits', 'spend_per_day']
  const currencies = [...new Set(models.flatMap(({ card }) => card.price?.currency ?? []))]
  if (currencies.length > 1)
    yield error(path, `limits.spend_per_day needs prices in one currency; the cards name ${currencies.join(' and ')}.`)
  for (const [at, { id, kind, card }] of models.entries())
    if (!card.price && kind !== 'builtin' && kind !== 'replay')
      yield warning(
        ['models', at],
        `model ${id} has no card.price, so limits.spend_per_day takes its answers as free; write one, 0 if it is.`,
      )
}

const secretHeaders = ['authorization', 'proxy-authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie']

function* modelPairs(config: FileConfig, at: number, folder: string): Generator<Finding> {
  const model = config.models[at]!
  const path: Path = ['models', at]
  const name = `model ${model.id}`
  const first = config.models.findIndex(({ id }) => id === model.id)
  if (first !== at) yield error([...path, 'id'], `${name}: an earlier model already has this id.`)
  if ('key_env' in model && model.key_env && model.key_file) yield twoKeys([...path, 'key_file'], name)
  if (model.kind === 'openai-compatible' && !model.base_url && !model.preset)
    yield error(path, `${name}: kind openai-compatible needs base_url or preset.`)
  if ('base_url' in model && model.base_url && new URL(model.base_url).username !== '')
    yield error([...path, 'base_url'], `${name}: base_url holds credentials; name them with key_env or key_file.`)
  if ('headers' in model)
    for (const header of Object.keys(model.headers))
      if (secretHeaders.includes(header.toLowerCase()))
        yield error(
          [...path, 'headers', header],
          `${name}: the header ${header} is refused here; name the key with key_env or key_file.`,
        )
  if (config.sampling_policy === 'vendor' && Object.keys(model.sampling ?? {}).some((key) => key !== 'max_tokens'))
    yield warning([...path, 'sampling'], `${name}: under sampling_policy: vendor its own sampling is not sent.`)
  if ('timeouts' in model)
    for (const part of ['first_token_ms', 'idle_ms'] as const)
      if (model.timeouts[part] > model.timeouts.total_ms)
        yield error(
          [...path, 'timeouts'],
          `${name}: timeouts.${part} (${model.timeouts[part]}) is longer than timeouts.total_ms (${model.timeouts.total_ms}).`,
        )
  if (model.resize && model.resize.min_pixels > model.resize.max_pixels)
    yield error([...path, 'resize'], `${name}: resize.min_pixels is more than resize.max_pixels.`)
  if (model.kind === 'replay' && !existsSync(resolve(folder, model.file)))
    yield error([...path, 'file'], `${name}: the file ${model.file} does not exist.`)
  if (model.image.max_images < config.battles.images.per_battle && model.kind !== 'builtin')
    yield warning(
      [...path, 'image', 'max_images'],
      `${name} takes ${model.image.max_images} images, fewer than battles.images.per_battle (${config.battles.images.per_battle}), so it is never drawn.`,
    )
}

function* fileFindings({ prompts }: FileConfig, folder: string): Generator<Finding> {
  for (const [at, set] of prompts.sets.entries())
    if (!existsSync(isAbsolute(set) ? set : resolve(folder, set)))
      yield error(['prompts', 'sets', at], `prompts.sets names ${set}, which does not exist.`)
}
