import type { AnswerRequest, SentImage } from '../models/provider.ts'
import type { ModelEntry, ProviderDeps, SystemIn } from './provider-for.ts'
import { fault, UpstreamError } from './upstream-error.ts'

const imagesMaxDefault = 6

export type PreparedTurn = { images: SentImage[]; question: string; answer: string | null }
/** The same for every protocol: what is said where, and which bytes are sent. */
export type Prepared = { system: string | null; turns: PreparedTurn[]; warnings: string[] }

/** Applies what a model's entry declares: where the system text goes, the prompt template, the image transform. */
export async function preparedFor(
  entry: Pick<ModelEntry, 'image' | 'systemIn' | 'promptTemplate'>,
  { system, turns }: Pick<AnswerRequest, 'system' | 'turns'>,
  { tools }: Pick<ProviderDeps, 'tools'>,
): Promise<Prepared> {
  const { maxImages = imagesMaxDefault, maxEdge, format } = entry.image ?? {}
  const imageCount = turns.reduce((sum, { images }) => sum + images.length, 0)
  if (imageCount > maxImages) throw new UpstreamError(fault('broken', 'too_many_images'))
  const place: SystemIn = entry.systemIn ?? 'system'
  const hasTransform = maxEdge !== undefined || format !== undefined
  const prepared: PreparedTurn[] = []
  for (const [number, { question, images, answer }] of turns.entries()) {
    const templated = (entry.promptTemplate ?? '{question}').split('{question}').join(question)
    prepared.push({
      question: number === 0 && place === 'user' && system !== null ? `${system}\n\n${templated}` : templated,
      images: hasTransform
        ? await Promise.all(images.map((image) => transformed(image, { maxEdge, format }, tools)))
        : images,
      answer,
    })
  }
  const warnings: string[] = []
  if (system !== null && place === 'none') warnings.push('The system text was not sent: this model takes none.')
  if (system !== null && place === 'user') warnings.push('The system text was put before the first question.')
  return { system: place === 'system' ? system : null, turns: prepared, warnings }
}

async function transformed(
  image: SentImage,
  transform: Parameters<ProviderDeps['tools']['reencode']>[1],
  tools: ProviderDeps['tools'],
): Promise<SentImage> {
  try {
    return await tools.reencode(image.bytes, transform)
  } catch (error) {
    throw new UpstreamError(fault('broken', 'transform_failed'), error)
  }
}
