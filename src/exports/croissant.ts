import type { Column, FieldType } from './columns.ts'
import type { CompanionFacts } from './companions.ts'
import { type Preset, parquetPresets } from './options.ts'
import { tableOf } from './tables.ts'

/** The context of Croissant 1.1 with its RAI extension, as the specification prints it. */
const context = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  arrayShape: 'cr:arrayShape',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileProperty: 'cr:fileProperty',
  fileObject: 'cr:fileObject',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isArray: 'cr:isArray',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
}

const keyColumns: Partial<Record<Preset, string[]>> = {
  battles: ['id'],
  lmarena: ['question_id'],
  dpo: ['vote_id'],
  kto: ['vote_id', 'side'],
  sft: ['vote_id'],
  votes: ['id'],
}

/** Machine-readable description (Croissant 1.1, RAI 1.0) of the Parquet presets. */
export function croissantJson(facts: CompanionFacts): string {
  const { snapshot, options, shards, report, site } = facts
  const parquet = shards.filter(({ path }) => path.endsWith('.parquet'))
  const presets = parquetPresets.filter((preset) => parquet.some((shard) => shard.preset === preset))
  const description = {
    '@context': context,
    '@type': 'sc:Dataset',
    conformsTo: ['http://mlcommons.org/croissant/1.1', 'http://mlcommons.org/croissant/RAI/1.0'],
    name: snapshot.dataset,
    description: `Votes of people on pairs of anonymous answers to questions about pictures, collected by ${site.name}.`,
    license: licenseUrl(options.scope === 'internal' ? null : options.license),
    url: site.url ?? 'https://localhost/',
    creator: { '@type': 'sc:Organization', name: site.name },
    datePublished: options.timestamps === 'none' ? '1970-01-01' : snapshot.at.toISOString().slice(0, 10),
    version: `1.0.0+${snapshot.id}`,
    isLiveDataset: false,
    distribution: [
      ...parquet.map(({ path, bytes, sha256 }) => ({
        '@type': 'cr:FileObject',
        '@id': path,
        name: path,
        contentUrl: path,
        contentSize: `${bytes} B`,
        encodingFormat: 'application/x-parquet',
        sha256,
      })),
      ...presets.map((preset) => ({
        '@type': 'cr:FileSet',
        '@id': `${preset}-files`,
        containedIn: parquet.filter((shard) => shard.preset === preset).map(({ path }) => ({ '@id': path })),
        encodingFormat: 'application/x-parquet',
        includes: `${preset}/*.parquet`,
      })),
    ],
    recordSet: presets.map((preset) => ({
      '@type': 'cr:RecordSet',
      '@id': preset,
      name: preset,
      key: (keyColumns[preset] ?? []).map((column) => ({ '@id': `${preset}/${column}` })),
      field: tableOf(preset, options).map((column) => fieldOf(column, preset)),
    })),
    'rai:dataCollection':
      'People brought a picture and a question; two models drawn at random answered without names; the person voted before the names were shown.',
    'rai:dataCollectionType': ['Crowdsourcing', 'User-Generated Content'],
    'rai:dataAnnotationProtocol':
      'One vote per battle and turn: the better answer, a tie, or both bad; optional reasons and a note.',
    'rai:dataAnnotationPlatform': ['Sightline'],
    'rai:dataAnnotationAnalysis': [
      `Tie rate ${report.stats.tie_rate ?? 'unknown'}; both-bad rate ${report.stats.both_bad_rate ?? 'unknown'}; Krippendorff alpha on repeated pairs ${report.stats.repeated.krippendorff_alpha ?? 'unknown'}.`,
    ],
    'rai:annotationsPerItem': '1 vote per battle and turn',
    'rai:annotatorDemographics': ['Not collected; voters chose themselves.'],
    'rai:personalSensitiveInformation': [
      `Detected e-mail addresses, numbers and keys: ${options.pii}. No detector is perfect. No addresses of voters are stored; voter ids are keyed hashes.`,
    ],
    'rai:dataUseCases': ['Preference training of vision-language models', 'Ranking and analysis of such models'],
    'rai:dataLimitations': [
      'Voters are not a sample of any population.',
      'Answers carry the terms of the models that wrote them.',
    ],
    'rai:dataBiases': [
      `Left answer won ${report.stats.left_wins ?? 'unknown'}, longer answer won ${report.stats.longer_wins ?? 'unknown'} of the decided votes.`,
    ],
    'rai:dataSocialImpact': 'Models trained on these votes take over what these voters like, mistakes included.',
    'rai:dataReleaseMaintenancePlan':
      'Later snapshots list withdrawn and deleted rows in retractions.jsonl; a hosted snapshot with such a row is rebuilt.',
  }
  return `${JSON.stringify(description, null, 1)}\n`
}

const dataTypes: Record<Exclude<FieldType, object>, string> = {
  string: 'sc:Text',
  int32: 'cr:Int32',
  int64: 'cr:Int64',
  float64: 'cr:Float64',
  bool: 'sc:Boolean',
  timestamp: 'sc:DateTime',
  binary: 'sc:Text',
  image: 'sc:ImageObject',
}

function fieldOf({ name, type, about }: Column, preset: Preset): Record<string, unknown> {
  const isImage = typeof type === 'object' && 'list' in type && type.list === 'image'
  return {
    '@type': 'cr:Field',
    '@id': `${preset}/${name}`,
    name,
    description: about,
    ...typeOf(type, `${preset}/${name}`),
    source: {
      fileSet: { '@id': `${preset}-files` },
      extract: { column: name },
      ...(isImage ? { transform: { jsonPath: 'bytes' } } : {}),
    },
  }
}

function typeOf(type: FieldType, id: string): Record<string, unknown> {
  if (typeof type === 'string') return { dataType: dataTypes[type] }
  if ('list' in type) return { repeated: true, ...typeOf(type.list, id) }
  return {
    subField: Object.entries(type.struct).map(([name, field]) => ({
      '@type': 'cr:Field',
      '@id': `${id}/${name}`,
      name,
      ...typeOf(field, `${id}/${name}`),
    })),
  }
}

const licenseUrls: Record<string, string> = {
  'cc-by-4.0': 'https://creativecommons.org/licenses/by/4.0/',
  'cc-by-sa-4.0': 'https://creativecommons.org/licenses/by-sa/4.0/',
  'cc-by-nc-4.0': 'https://creativecommons.org/licenses/by-nc/4.0/',
  'cc0-1.0': 'https://creativecommons.org/publicdomain/zero/1.0/',
  'apache-2.0': 'https://www.apache.org/licenses/LICENSE-2.0',
  mit: 'https://opensource.org/license/mit',
}
const licenseUrl = (license: string | null) =>
  license === null ? 'LICENSE-DATA.md' : (licenseUrls[license.toLowerCase()] ?? license)
