import type { ModelId } from '../core/ids.ts'
import type { Model } from './model.ts'

/** The registry as it was over time: a model that leaves the configuration stays known to its battles. */
export type ModelStore = {
  /** Writes today's configured models and any new version; models no longer configured become `retired`, never removed. */
  register(models: Model[], at: Date): Promise<void>
  find(id: ModelId): Promise<Model | undefined>
  /** By id, in byte order; retired ones included. */
  all(): Promise<Model[]>
  /** Every version ever seen of a model, oldest first. */
  versions(id: ModelId): Promise<{ version: string; settings: Record<string, unknown>; seenAt: Date }[]>
}
