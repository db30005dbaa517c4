import { Refusal } from '../core/errors.ts'
import type { BattleId, VoterId } from '../core/ids.ts'
import { isRevealed, type RevealedBattle } from './battle.ts'
import type { BattleStore } from './battle-store.ts'
import { ownBattle } from './change-battle.ts'
import type { Share, ShareStore } from './share-store.ts'

type Whose = { battleId: BattleId; voterId: VoterId }

/** Opt-in, and only once the names are shown: a link before the reveal would be a way to read them. */
export async function shareBattle(
  { withImage, ...whose }: Whose & { withImage: boolean },
  { battles, shares, now, newId }: { battles: BattleStore; shares: ShareStore; now(): Date; newId(): string },
): Promise<Share> {
  const battle = await ownBattle(whose, battles)
  const share = await shares.share({ slug: newId(), battleId: battle.id, withImage, sharedAt: now() })
  if (share === 'conflict') throw new Refusal('conflict', 'share_not_revealed')
  return share
}

export async function removeShare(
  whose: Whose,
  { battles, shares, now }: { battles: BattleStore; shares: ShareStore; now(): Date },
): Promise<void> {
  const battle = await ownBattle(whose, battles)
  await shares.remove(battle.id, now())
}

/** What a link leads to. One that never was and one that was removed are told apart: the second one's maker wants it known. */
export async function sharedBattle(
  slug: string,
  { battles, shares }: { battles: BattleStore; shares: ShareStore },
): Promise<{ share: Share; battle: RevealedBattle }> {
  const share = await shares.find(slug)
  if (!share) throw new Refusal('not_found', 'no_such_page')
  const battle = share.removedAt === null ? await battles.find(share.battleId) : undefined
  if (!battle || battle.state === 'erased' || !isRevealed(battle)) throw new Refusal('gone', 'share_gone')
  // What was asked after the link was made was not meant for those who have it.
  const turns = battle.turns.filter(({ readyAt }) => readyAt !== null && readyAt <= share.sharedAt)
  if (turns.length === 0) throw new Refusal('gone', 'share_gone')
  return { share, battle: { ...battle, turns } }
}
