import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Config, ConfiguredModel } from '../config.ts'
import { idFrom } from '../core/ids.ts'
import { type Dialect, dialects, parseGrounding } from '../models/grounding.ts'
import type { Receipt, SentImage } from '../models/provider.ts'
import type { CheckResult } from '../providers/check.ts'
import type { ProviderDeps } from '../providers/provider-for.ts'
import { CommandError, usage } from './command-error.ts'
import { nearest } from './config-keys.ts'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson, safe, say, tableText } from './output.ts'
import { packageFolder } from './package.ts'
import { patiently } from './progress.ts'

export function registerModels(program: Command) {
  const group = program
    .command('models')
    .description('The contestants: list them, ask each about a picture, find model servers on this machine.')
    .addHelpText('before', 'Example:\n  sightline models check\n')
  withPlaces(
    group
      .command('list')
      .description('Every contestant with its state.')
      .addHelpText('before', 'Example:\n  sightline models list --json\n'),
  )
    .option('--json', 'print JSON')
    .action(list)
  withPlaces(
    group
      .command('check [id]')
      .description(
        'Ask each contestant, or one, about a picture: does it answer, see, and point? Hosted models cost money.',
      )
      .addHelpText('before', 'Example:\n  sightline models check gpt-4o\n'),
  )
    .option('--json', 'print JSON')
    .action(check)
  withPlaces(
    group
      .command('discover')
      .description('Look on loopback for model servers, and in the environment for keys. Asks nobody else.')
      .addHelpText('before', 'Example:\n  sightline models discover >> sightline.yaml\n'),
  )
    .option('--json', 'print JSON')
    .action(discover)
}

type Flags = PlaceFlags & { json?: boolean }

/** The configured models, or the built-in readers where there are none: what `serve` would pair. */
async function contestantsOf(config: Config): Promise<ConfiguredModel[]> {
  if (config.models.length > 0) return config.models
  const { builtinEntry, builtinModels } = await import('../providers/builtin-models.ts')
  const { tesseractOn } = await import('../providers/readers/text.ts')
  const hasTesseract = tesseractOn(process.env['PATH'] ?? '') !== null
  return builtinModels({ hasTesseract }).map((model) => ({ model, config: builtinEntry(model), keyFrom: null }))
}

async function list({ json, ...flags }: Flags) {
  const contestants = await contestantsOf(configFrom(flags))
  const rows = contestants.map(({ model, keyFrom }) => ({
    id: model.id,
    name: model.name,
    kind: model.kind,
    model: model.model,
    state: model.state,
    key: keyFrom,
    version: model.version,
  }))
  if (json) return void printJson(rows)
  const cells = rows.map(({ id, name, kind, model, state, key }) =>
    [id, name, kind, model, state, key ?? '-'].map(safe),
  )
  print(tableText([['id', 'name', 'kind', 'model', 'state', 'key'], ...cells]))
}

type Checked = CheckResult & { id: string; dialect: Dialect; pointing: Pointing | null }
/** What its answer to "point at it" held: marks in the dialect it is configured with, and which other dialect would read some. */
type Pointing = { marks: number; readsAs: Dialect | null; sentence: string }

async function check(id: string | undefined, { json, ...flags }: Flags) {
  const config = configFrom(flags)
  const contestants = await contestantsOf(config)
  const chosen = id === undefined ? contestants : contestants.filter(({ model }) => model.id === id)
  if (chosen.length === 0) {
    const near = nearest(
      id!,
      contestants.map(({ model }) => model.id),
    )
    throw usage(`There is no model ${id}${near ? `; did you mean ${near}?` : '.'}`)
  }
  const results = await withTools(config, async (deps, image) => {
    const checked: Checked[] = []
    for (const contestant of chosen) {
      const result = await patiently(`Asking ${contestant.model.id}`, () => checked_(contestant, deps, image))
      checked.push(result)
      if (!json) print(lineOf(result))
    }
    return checked
  })
  if (json) printJson(results.map(({ receipt, ...result }) => ({ ...result, ...timesOf(receipt) })))
  const bad = results.filter(({ ok }) => !ok)
  if (bad.length > 0) throw new CommandError(`${bad.length} of ${results.length} models failed the check.`, 1)
}

// The question names nothing of the picture, so that a model that does not see it cannot guess.
const question = 'What does this picture show? Answer in one sentence.'
const picture = { file: 'lake-boats.jpg', expected: /boat|sail|ship|yacht|lake|船|帆|湖/i, target: 'the largest boat' }

async function checked_({ model, config }: ConfiguredModel, deps: ProviderDeps, image: SentImage): Promise<Checked> {
  const { checkModel } = await import('../providers/check.ts')
  const asked = { image, question, expected: model.isBaseline || model.isReplay ? null : picture.expected }
  const result = await checkModel(config, deps, asked, stopAfterMs(180_000))
  const facts = { id: model.id, dialect: model.grounding }
  // Fixed rules and stored answers do not look at the picture as a model does, so there is nothing to compare with it.
  if (result.ok && asked.expected === null)
    return { ...result, ...facts, sentence: `${model.name} answered.`, pointing: null }
  if (!result.ok) return { ...result, ...facts, pointing: null }
  const pointed = await checkModel(
    config,
    deps,
    { image, question: `Point to ${picture.target}.`, expected: null },
    stopAfterMs(180_000),
  )
  return { ...result, ...facts, pointing: pointed.ok ? pointingIn(pointed.text, model, image) : null }
}

const stopAfterMs = (ms: number) => AbortSignal.timeout(ms)

function pointingIn(text: string, model: ConfiguredModel['model'], { width, height }: SentImage): Pointing {
  const marksAs = (dialect: Dialect) =>
    parseGrounding(text, { dialect, width, height, ...(model.resize && { resize: model.resize }) }).marks.length
  const marks = marksAs(model.grounding)
  if (marks > 0) return { marks, readsAs: null, sentence: `It points (${model.grounding}).` }
  const readsAs = dialects.find((dialect) => dialect !== 'none' && marksAs(dialect) > 0) ?? null
  return {
    marks,
    readsAs,
    sentence:
      readsAs === null
        ? 'It gave no place in the picture that can be read.'
        : `It points, but grounding: ${model.grounding} does not read it; try grounding: ${readsAs}.`,
  }
}

const timesOf = (receipt: Receipt | null) => ({
  first_text_ms: receipt?.firstTextMs ?? null,
  total_ms: receipt?.totalMs ?? null,
  served_model: receipt?.servedModel ?? null,
  warnings: receipt?.warnings ?? [],
})

function lineOf({ id, ok, sentence, words, receipt, pointing }: Checked): string {
  const seconds = (ms: number | null | undefined) => (ms == null ? '-' : `${(ms / 1000).toFixed(1)} s`)
  const times = receipt ? ` First word ${seconds(receipt.firstTextMs)}, whole answer ${seconds(receipt.totalMs)}.` : ''
  const extra = [pointing?.sentence, ...(receipt?.warnings ?? []), words && `The service said: ${safe(words)}`]
  return [
    `${ok ? 'ok    ' : 'FAILED'} ${id}: ${sentence}${times}`,
    ...extra.filter(Boolean).map((line) => `       ${line}`),
  ].join('\n')
}

/** The image decoder and what providers need, for as long as the work lasts. */
async function withTools<T>(config: Config, work: (deps: ProviderDeps, image: SentImage) => Promise<T>): Promise<T> {
  const { sharpCodec } = await import('../providers/sharp-codec.ts')
  const { providerTools } = await import('../providers/builtin-models.ts')
  await using codec = sharpCodec({ align: config.images.align })
  const file = join(packageFolder(), 'static', 'seeds', picture.file)
  const { bytes, mediaType, width, height, sha256 } = await codec.decode(new Uint8Array(readFileSync(file)))
  const deps: ProviderDeps = {
    now: () => new Date(),
    random: Math.random,
    newId: () => idFrom(randomBytes(16)),
    environment: process.env,
    tools: providerTools(codec, process.env['PATH']),
  }
  return await work(deps, { bytes, mediaType, width, height, sha256 })
}

async function discover({ json, ...flags }: Flags) {
  const config = configFrom(flags, { isQuiet: true })
  const { discoverLocal, presetOffers } = await import('../providers/discover.ts')
  const found = await discoverLocal({ ownPort: config.server.port })
  const offers = presetOffers(process.env)
  if (json) return void printJson({ found, offers })
  if (found.length + offers.length === 0) {
    say('No model server answered on this machine, and no key of a known service is set.')
    return
  }
  if (offers.length > 0) say('Answers of hosted services cost money; nothing was asked.')
  const { suggestedYaml } = await import('./suggest-entry.ts')
  print(suggestedYaml(found, offers))
}
