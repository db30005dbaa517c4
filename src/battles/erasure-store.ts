import type { BattleId, VoterId } from '../core/ids.ts'
import type { ImageRef } from '../images/image.ts'

/**
 * Takes out what people wrote, showed and read; votes count on. An image goes with the last battle, upload and set that has a claim to it: its row leaves
 * with the same commit (a quarantined one's stays, so that it cannot come back), and it is returned so that its bytes can be removed.
 */
export type ErasureStore = {
  /** One battle; erasing twice is fine. */
  battle(id: BattleId, at: Date): Promise<ImageRef[]>
  /**
   * Everything of a voter: battles, uploads, consent, recovery phrase. Their votes and emptied battles go on under `as`, an id that no cookie holds, so that
   * ranking still knows that one person cast them and nobody knows who.
   */
  voter(id: VoterId, as: VoterId, at: Date): Promise<ImageRef[]>
}
