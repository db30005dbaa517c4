import type { BattleId, VoterId } from '../core/ids.ts'
import type { BlobStore } from '../images/blob-store.ts'
import { type ImageRef, imageKey } from '../images/image.ts'
import type { ImageStore } from '../images/image-store.ts'
import type { BattleStore } from './battle-store.ts'
import { ownBattle } from './change-battle.ts'
import type { ErasureStore } from './erasure-store.ts'
import type { Runner } from './run-battle.ts'

type Context = {
  battles: BattleStore
  erasures: ErasureStore
  images: ImageStore
  blobs: BlobStore
  runner: Runner
  now(): Date
}

/** Deletes one battle for good. What is still being written stops and is not kept. */
export async function eraseBattle(whose: { battleId: BattleId; voterId: VoterId }, context: Context): Promise<void> {
  const battle = await ownBattle(whose, context.battles)
  context.runner.stop(battle.id)
  await removeBytes(await context.erasures.battle(battle.id, context.now()), context)
}

/** Deletes everything a voter brought, wrote and was told. The votes stay, nobody's. */
export async function eraseVoter(voterId: VoterId, context: Context & { newId(): VoterId }): Promise<void> {
  const running = await context.battles.runningOf(voterId)
  if (running) context.runner.stop(running)
  await removeBytes(await context.erasures.voter(voterId, context.newId(), context.now()), context)
}

/** Rows first: bytes without a row are swept by `gc`, a row without bytes would be a broken picture. */
async function removeBytes(images: ImageRef[], { images: store, blobs }: Context) {
  for (const image of images) {
    // Somebody may have brought the same picture in the meantime; then it is theirs.
    const known = await store.find(image.sha256)
    if (known?.state !== 'served') await blobs.remove(imageKey(image))
  }
}
