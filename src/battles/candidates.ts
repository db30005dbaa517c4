import type { ImageStore } from '../images/image-store.ts'
import type { Health } from '../models/health.ts'
import type { Model } from '../models/model.ts'
import type { Provider } from '../models/provider.ts'
import type { BattleStore } from './battle-store.ts'
import type { Candidate } from './pairing.ts'
import type { DrawPool } from './start-battle.ts'

/** Who may be drawn for this question: well, able to take its images and those that may follow, and holding an answer where answers are given ready-made. */
export async function candidatesFor(
  { text, images: refs, promptId }: Parameters<DrawPool>[0],
  {
    contestants,
    providers,
    health,
    images,
    battles,
    imagesMax,
  }: {
    contestants: Model[]
    providers: Map<string, Provider>
    health: Health
    images: ImageStore
    battles: BattleStore
    imagesMax: number
  },
): Promise<Candidate[]> {
  const exposure = await battles.exposure()
  const able = contestants.filter(
    (model) =>
      model.state === 'active' && health.isWell(model.id) && model.imagesMax >= Math.max(refs.length, imagesMax),
  )
  const holders = able.filter((model) => providers.get(model.id)?.has)
  const facts =
    holders.length === 0 ? [] : await Promise.all(refs.map(async ({ sha256 }) => (await images.find(sha256))?.facts))
  const holds = await Promise.all(
    able.map((model) => providers.get(model.id)?.has?.({ question: text, promptId, images: refs, facts }) ?? true),
  )
  return able
    .filter((_, i) => holds[i])
    .map((model) => ({
      modelId: model.id,
      version: model.version,
      weight: model.weight,
      battles: exposure.battles.get(model.id) ?? 0,
      isBaseline: model.isBaseline,
    }))
}
