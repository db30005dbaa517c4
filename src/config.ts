import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Camel, camel } from './cli/config-camel.ts'
import type { Path } from './cli/config-keys.ts'
import { type ConfiguredModel, configuredModel, fileKey, type MissingKey } from './cli/config-models.ts'
import { type ConfiguredDoor, configuredDoor } from './cli/config-moderation.ts'
import { pairFindings } from './cli/config-pairs.ts'
import { type Finding, findingsOf } from './cli/config-problems.ts'
import { readablePart } from './cli/config-salvage.ts'
import { configSchema, type FileConfig } from './cli/config-schema.ts'
import { type Secret, secret } from './cli/config-secret.ts'
import {
  byPlace,
  configFile,
  fileProblems,
  type LoadOptions,
  merged,
  type Origin,
  originAt,
  type Problem,
  placeOf,
  type ShownValues,
  type Sources,
  shownOrigins,
  unknownVariables,
} from './cli/config-sources.ts'

export type { ConfiguredModel } from './cli/config-models.ts'
export type { Secret } from './cli/config-secret.ts'
export type { LoadOptions, Origin, Problem } from './cli/config-sources.ts'

type Values = Camel<
  Omit<FileConfig, 'models' | 'moderation' | 'speech' | 'privacy' | 'metrics' | 'exports' | 'prompts'>
>

/** Everything an arena needs to be told. Paths are absolute; secrets print as `***`. The keys of `sightline.yaml` in camelCase. */
export type Config = Values & {
  /** The file that was read; null without one. */
  file: string | null
  models: ConfiguredModel[]
  moderation: ConfiguredDoor[]
  prompts: { seed: boolean; sets: string[] }
  speech: { baseUrl: string | null; model: string | null; key: Secret | null }
  privacy: {
    /** The operator's own text, with a version that changes when the text does; null where there is none. */
    consent: { text: string; version: string } | null
    retainDays: number | null
    publish: 'ask' | 'never'
  }
  metrics: { enabled: boolean; token: Secret | null }
  exports: { dataset: string; license: string | null; key: Secret | null }
}

export type Loaded = {
  /** null when a problem is an error. */
  config: Config | null
  /** The value and origin of every key outside lists, by key, plus one entry for each member of a list. */
  origins: ShownValues
  problems: Problem[]
}

/** Flag over environment over file over admin page over default; every problem at once. */
export function loadConfig({
  flags = {},
  env = process.env,
  cwd = process.cwd(),
  settings = {},
}: LoadOptions = {}): Loaded {
  const sources: Sources = { file: configFile(flags, env, cwd), flags, env, settings, cwd }
  const { raw, given } = merged(sources)
  const problems: Problem[] = fileProblems(sources)
  const originOf = (path: Path) => originAt(path, given, sources.file)
  const report = ({ path, severity, sentence }: Finding) =>
    problems.push({ severity, sentence, where: placeOf(path, given, sources.file) })

  const parsed = configSchema.safeParse(raw)
  if (!parsed.success) findingsOf(parsed.error.issues, raw).forEach(report)
  // Pairs are judged on what could be read, so that one wrong value does not hide the next mistake.
  const { values, pathBefore } = parsed.success
    ? { values: parsed.data, pathBefore: (path: Path) => path }
    : readablePart(raw, parsed.error.issues)
  const { config, findings } = toConfig(values, sources, originOf)
  for (const finding of findings) report({ ...finding, path: pathBefore(finding.path) })
  problems.push(...unknownVariables(env))
  problems.sort(byPlace)
  const isUsable = problems.every(({ severity }) => severity === 'warning')
  return { config: isUsable ? config : null, origins: shownOrigins(values, originOf), problems }
}

function toConfig(values: FileConfig, { cwd, env, file }: Sources, originOf: (path: Path) => Origin) {
  const folder = file ? dirname(file.path) : cwd
  const pathOf = (path: Path, value: string) => resolve(originOf(path).kind === 'file' ? folder : cwd, value)
  const keyFrom = (group: string, variable: string | null, path: string | null) => {
    const value = path === null ? variable && env[variable] : fileKey(pathOf([group, 'key_file'], path))
    return value ? secret(value) : null
  }
  const { speech, privacy, metrics, exports, models, moderation, ...rest } = values
  const consentPath =
    privacy.consent === null
      ? null
      : resolve(originOf(['privacy', 'consent']).kind === 'environment' ? cwd : folder, privacy.consent)
  const consent = consentPath === null ? null : consentAt(consentPath)
  const configured = models.map((entry, at) => configuredModel(entry, values, at, { folder, env }))
  const doors = moderation.map((entry, at) => configuredDoor(entry, at, { folder, env }))
  const config: Config = {
    ...camel(rest),
    file: file?.path ?? null,
    data: pathOf(['data'], values.data),
    prompts: { ...values.prompts, sets: values.prompts.sets.map((set, at) => pathOf(['prompts', 'sets', at], set)) },
    models: configured.map(({ configured }) => configured),
    moderation: doors.map(({ door }) => door),
    speech: { baseUrl: speech.base_url, model: speech.model, key: keyFrom('speech', speech.key_env, speech.key_file) },
    privacy: { consent, retainDays: privacy.retain_days, publish: privacy.publish },
    metrics: { enabled: metrics.enabled, token: keyFrom('metrics', metrics.token_env, metrics.token_file) },
    exports: {
      dataset: exports.dataset,
      license: exports.license,
      key: keyFrom('exports', exports.key_env, exports.key_file),
    },
  }
  const isNamed = (group: { key_env: string | null; key_file: string | null }) =>
    (group.key_env ?? group.key_file) !== null
  const findings = pairFindings(values, {
    folder,
    has: {
      consent: consent !== null,
      metricsToken: config.metrics.token !== null,
      speechKey: config.speech.key !== null || !isNamed(speech),
      exportsKey: config.exports.key !== null || !isNamed(exports),
    },
  })
  if (consent === null && consentPath !== null && originOf(['privacy', 'consent']).kind !== 'default')
    findings.push({
      path: ['privacy', 'consent'],
      severity: 'error',
      sentence: `privacy.consent names ${privacy.consent}, which does not exist or is empty.`,
    })
  findings.push(...doors.flatMap((one) => one.findings))
  for (const { missing } of configured) if (missing) findings.push(missingKeyFinding(missing, values))
  return { config, findings }
}

function consentAt(path: string): { text: string; version: string } | null {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return text === '' ? null : { text, version: createHash('sha256').update(text).digest('hex').slice(0, 12) }
  } catch {
    return null
  }
}

/** A named file that is not there is a mistake; a variable may be set on another machine, so the model only stays out. */
function missingKeyFinding({ at, key, name, isFile }: MissingKey, { models }: FileConfig): Finding {
  const model = `model ${models[at]!.id}`
  return isFile
    ? {
        path: ['models', at, key],
        severity: 'error',
        sentence: `${model}: key_file names ${name}, which holds no key.`,
      }
    : { path: ['models', at, key], severity: 'warning', sentence: `${model} is never drawn until ${name} is set.` }
}
