import { sql } from 'drizzle-orm'
import { imageTypes, type UploadFacts } from '../../images/image.ts'
import type { Dialect } from '../../models/grounding.ts'
import { type ModelCard, modelKinds, type ResizeRule } from '../../models/model.ts'
import type { Sampling } from '../../models/provider.ts'
import type { Localised } from '../../prompts/prompt.ts'
import { type Columns, isOneOf } from './columns.ts'

export const voterKinds = ['anon', 'user', 'annotator'] as const
export const imageStates = ['served', 'quarantined'] as const
export const modelStates = ['active', 'unsampled', 'retired'] as const

/** Who votes, what is shown, what is asked, who can answer. */
export function registryTables(c: Columns) {
  const voters = c.table(
    'voters',
    {
      id: c.id('id').notNull(),
      kind: c.oneOf('kind', voterKinds).notNull(),
      consentVersion: c.text('consent_version'),
      consentPublish: c.flag('consent_publish'),
      consentAt: c.time('consent_at'),
      /** Hash of the twelve words that bring this voter to another browser. */
      recoverySha256: c.id('recovery_sha256'),
      createdAt: c.time('created_at').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'voters_pk', columns: [t.id] }),
      c.unique('voters_recovery_unique').on(t.recoverySha256),
      c.check('voters_kind_known', isOneOf(t.kind, voterKinds)),
      c.check(
        'voters_consent_whole',
        sql`(${t.consentVersion} is null) = (${t.consentAt} is null) and (${t.consentVersion} is null) = (${t.consentPublish} is null)`,
      ),
    ],
  )

  const images = c.table(
    'images',
    {
      sha256: c.id('sha256').notNull(),
      mediaType: c.oneOf('media_type', imageTypes).notNull(),
      width: c.integer('width').notNull(),
      height: c.integer('height').notNull(),
      bytes: c.integer('bytes').notNull(),
      phash: c.text('phash').notNull(),
      facts: c.json<UploadFacts>('facts').notNull(),
      state: c.oneOf('state', imageStates).notNull(),
      isPublic: c.flag('is_public').notNull(),
      storedAt: c.time('stored_at').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'images_pk', columns: [t.sha256] }),
      c.check('images_media_type_known', isOneOf(t.mediaType, imageTypes)),
      c.check('images_state_known', isOneOf(t.state, imageStates)),
      c.check('images_has_size', sql`${t.width} > 0 and ${t.height} > 0 and ${t.bytes} > 0`),
    ],
  )

  const uploads = c.table(
    'uploads',
    {
      voterId: c.id('voter_id').notNull(),
      image: c.id('image').notNull(),
      uploadedAt: c.time('uploaded_at').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'uploads_pk', columns: [t.image, t.voterId] }),
      c.foreignKey({ name: 'uploads_voter_fk', columns: [t.voterId], foreignColumns: [voters.id] }),
      c.foreignKey({ name: 'uploads_image_fk', columns: [t.image], foreignColumns: [images.sha256] }),
      c.index('uploads_by_voter').on(t.voterId),
    ],
  )

  const promptSets = c.table(
    'prompt_sets',
    {
      id: c.id('id').notNull(),
      title: c.json<Localised>('title').notNull(),
      license: c.text('license').notNull(),
    },
    (t) => [c.primaryKey({ name: 'prompt_sets_pk', columns: [t.id] })],
  )

  const prompts = c.table(
    'prompts',
    {
      id: c.id('id').notNull(),
      setId: c.id('set_id').notNull(),
      /** Null once its set no longer has it: battles may still name it. */
      position: c.integer('position'),
      title: c.json<Localised>('title').notNull(),
      text: c.json<Localised>('text').notNull(),
      reference: c.json<Localised>('reference'),
      image: c.id('image').notNull(),
      tags: c.json<string[]>('tags').notNull(),
      needsImage: c.flag('needs_image').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'prompts_pk', columns: [t.id] }),
      c.unique('prompts_set_position_unique').on(t.setId, t.position),
      c.foreignKey({ name: 'prompts_set_fk', columns: [t.setId], foreignColumns: [promptSets.id] }),
      c.foreignKey({ name: 'prompts_image_fk', columns: [t.image], foreignColumns: [images.sha256] }),
      c.index('prompts_by_image').on(t.image),
    ],
  )

  const models = c.table(
    'models',
    {
      id: c.id('id').notNull(),
      name: c.text('name').notNull(),
      kind: c.oneOf('kind', modelKinds).notNull(),
      model: c.text('model').notNull(),
      version: c.id('version').notNull(),
      card: c.json<ModelCard>('card').notNull(),
      isBaseline: c.flag('is_baseline').notNull(),
      isReplay: c.flag('is_replay').notNull(),
      state: c.oneOf('state', modelStates).notNull(),
      weight: c.real('weight').notNull(),
      concurrency: c.integer('concurrency').notNull(),
      grounding: c.text('grounding').$type<Dialect>().notNull(),
      resize: c.json<ResizeRule>('resize'),
      imagesMax: c.integer('images_max').notNull(),
      sampling: c.json<Sampling>('sampling'),
      exportOutputs: c.flag('export_outputs').notNull(),
      aliases: c.json<string[]>('aliases').notNull(),
      settings: c.json<Record<string, unknown>>('settings').notNull(),
      registeredAt: c.time('registered_at').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'models_pk', columns: [t.id] }),
      c.check('models_kind_known', isOneOf(t.kind, modelKinds)),
      c.check('models_state_known', isOneOf(t.state, modelStates)),
      c.check('models_weight_not_negative', sql`${t.weight} >= 0`),
    ],
  )

  const modelVersions = c.table(
    'model_versions',
    {
      modelId: c.id('model_id').notNull(),
      version: c.id('version').notNull(),
      settings: c.json<Record<string, unknown>>('settings').notNull(),
      seenAt: c.time('seen_at').notNull(),
    },
    (t) => [
      c.primaryKey({ name: 'model_versions_pk', columns: [t.modelId, t.version] }),
      c.foreignKey({ name: 'model_versions_model_fk', columns: [t.modelId], foreignColumns: [models.id] }),
    ],
  )

  return { voters, images, uploads, promptSets, prompts, models, modelVersions }
}
export type RegistryTables = ReturnType<typeof registryTables>
