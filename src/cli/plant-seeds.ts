import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formOverheadBytesMax } from '../core/limits.ts'
import { acceptImage } from '../images/accept-image.ts'
import type { BlobStore } from '../images/blob-store.ts'
import type { ImageCodec } from '../images/image-codec.ts'
import type { ImageStore } from '../images/image-store.ts'
import type { PromptSet } from '../prompts/prompt.ts'
import type { PromptStore } from '../prompts/prompt-store.ts'

type Seeds = { license: string; title: PromptSet['title']; images: SeedImage[] }
type SeedImage = {
  id: string
  file: string
  title: PromptSet['title']
  tags: string[]
  questions: {
    id: string
    text: PromptSet['title']
    reference: PromptSet['title']
    needs_image: boolean
    tags?: string[]
  }[]
}

/** Seed images go through the same door as every upload, so voters and models see what the stored hash says. */
export async function plantSeeds(
  folder: string,
  context: { images: ImageStore; prompts: PromptStore; blobs: BlobStore; codec: ImageCodec; now(): Date },
) {
  const seeds = JSON.parse(await readFile(join(folder, 'seeds.json'), 'utf8')) as Seeds
  const known = await context.prompts.inSet('seed')
  if (known.length === seeds.images.reduce((count, image) => count + image.questions.length, 0)) return
  const prompts = []
  for (const seed of seeds.images) {
    const bytes = new Uint8Array(await readFile(join(folder, seed.file)))
    const image = await acceptImage(
      { bytes, uploadedBy: null, isPublic: true },
      { ...context, imageBytesMax: 64 * formOverheadBytesMax },
    )
    for (const question of seed.questions)
      prompts.push({
        id: question.id,
        setId: 'seed',
        title: seed.title,
        text: question.text,
        reference: question.reference,
        image: image.sha256,
        width: image.width,
        height: image.height,
        tags: [...new Set([...seed.tags, ...(question.tags ?? [])])],
        needsImage: question.needs_image,
      })
  }
  await context.prompts.keepSet({
    id: 'seed',
    title: { en: 'Seed images', zh: '示例图片' },
    license: seeds.license,
    prompts,
  })
}
