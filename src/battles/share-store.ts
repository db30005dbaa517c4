import type { BattleId } from '../core/ids.ts'

export type Share = { slug: string; battleId: BattleId; withImage: boolean; sharedAt: Date; removedAt: Date | null }

/** Public links of battles: what was answered before the link was made. A removed link is remembered and never given again. */
export type ShareStore = {
  /**
   * Puts the battle under this link; where it has one already, that link stays and only `withImage` changes. 'conflict' unless the names are shown and the
   * battle is not erased: decided by the row in the same commit.
   */
  share(share: Omit<Share, 'removedAt'>): Promise<Share | 'conflict'>
  /** Removing what is not there is fine. */
  remove(battleId: BattleId, at: Date): Promise<void>
  /** The link a battle has now. */
  ofBattle(battleId: BattleId): Promise<Share | undefined>
  /** A link, also a removed one. */
  find(slug: string): Promise<Share | undefined>
}
