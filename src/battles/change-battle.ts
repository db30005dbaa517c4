import { Refusal } from '../core/errors.ts'
import type { BattleId, PromptId, VoterId } from '../core/ids.ts'
import { sideTriesMax } from '../core/limits.ts'
import type { ImageRef } from '../images/image.ts'
import type { Spending } from '../models/spending.ts'
import { normalisedPrompt, type Prompt } from '../prompts/prompt.ts'
import { type Battle, failedSides, latestTurn, mayRetry, type Side } from './battle.ts'
import type { BattleStore } from './battle-store.ts'
import { drawReplacement } from './pairing.ts'
import type { Runner } from './run-battle.ts'
import { type DrawPool, demandScreened, flagsOf, type Screen, toPrompt } from './start-battle.ts'

type Whose = { battleId: BattleId; voterId: VoterId }
type Budget = Pick<Spending, 'demandBudget'>

/** Somebody else's battle and no battle at all are refused in the same words, so ids cannot be probed. */
export async function ownBattle({ battleId, voterId }: Whose, battles: BattleStore): Promise<Battle> {
  const battle = await battles.find(battleId)
  if (battle?.voterId !== voterId || battle.state === 'erased') throw new Refusal('not_found', 'no_such_battle')
  return battle
}

/** Keeps what both have said and opens the vote, uncounted; a battle still in line is cancelled. */
export async function stopBattle(
  whose: Whose,
  { battles, runner, now }: { battles: BattleStore; runner: Runner; now(): Date },
) {
  const battle = await ownBattle(whose, battles)
  if (battle.state !== 'queued' && battle.state !== 'writing') throw new Refusal('conflict', 'battle_over')
  if (battle.state === 'queued') await battles.move(battle.id, { type: 'cancel' }, now())
  runner.stop(battle.id)
}

/** Asks the failed sides again, the same models; the good answer is kept, and the vote may count. */
export async function retryBattle(
  whose: Whose,
  { battles, runner, spending, now }: { battles: BattleStore; runner: Runner; spending: Budget; now(): Date },
) {
  const battle = await ownBattle(whose, battles)
  if (battle.state === 'void' && battle.tries >= sideTriesMax) throw new Refusal('conflict', 'retry_used_up')
  if (!mayRetry(battle, sideTriesMax)) throw new Refusal('conflict', 'side_not_failed')
  spending.demandBudget()
  if ((await battles.move(battle.id, { type: 'retry' }, now())) === 'conflict')
    throw new Refusal('conflict', 'side_not_failed')
  runner.start(battle.id)
}

/** Another model for the failed side. The draw is no longer random, so a vote is kept and never counted. */
export async function replaceSide(
  { side, ...whose }: Whose & { side?: Side | undefined },
  context: {
    battles: BattleStore
    runner: Runner
    pool: DrawPool
    spending: Budget
    now(): Date
    random(): number
  },
) {
  const battle = await ownBattle(whose, context.battles)
  const failed = failedSides(latestTurn(battle))
  const chosen = side ?? failed[0]
  if (battle.state !== 'void' || battle.voidReason !== 'side_failed' || !chosen || !failed.includes(chosen))
    throw new Refusal('conflict', 'side_not_failed')
  const backstage = await context.battles.backstage(battle.id)
  context.spending.demandBudget()
  const { candidates, policy } = await context.pool({
    ...latestTurn(battle).prompt,
    images: battle.turns.flatMap((turn) => turn.prompt.images),
  })
  const drawn = backstage ? [backstage.contestants.a.modelId, backstage.contestants.b.modelId] : []
  const contestant = drawReplacement(candidates, policy, drawn, context.random)
  if (!contestant) throw new Refusal('unavailable', 'no_models')
  const moved = await context.battles.move(battle.id, { type: 'replace' }, context.now(), { side: chosen, contestant })
  if (moved === 'conflict') throw new Refusal('conflict', 'side_not_failed')
  context.runner.start(battle.id)
}

/** Leaves the battle without a vote; what is still being written stops. */
export async function skipBattle(
  whose: Whose,
  { battles, runner, now }: { battles: BattleStore; runner: Runner; now(): Date },
) {
  const battle = await ownBattle(whose, battles)
  if ((await battles.move(battle.id, { type: 'skip' }, now())) === 'conflict')
    throw new Refusal('conflict', 'battle_over')
  runner.stop(battle.id)
}

/** A follow-up question to both; each sees only its own earlier answers. */
export async function askAgain(
  {
    text,
    images,
    promptId = null,
    inputMethod,
    ...whose
  }: Whose & {
    text: string
    images: ImageRef[]
    promptId?: PromptId | null
    inputMethod: Prompt['inputMethod']
  },
  context: {
    battles: BattleStore
    runner: Runner
    turnsMax: number
    imagesPerTurnMax: number
    imagesPerBattleMax: number
    screen: Screen
    spending: Budget
    sha256(text: string): string
    now(): Date
  },
) {
  const battle = await ownBattle(whose, context.battles)
  if (battle.state !== 'ready' && battle.state !== 'voted' && battle.state !== 'revealed')
    throw new Refusal('conflict', 'answers_unfinished')
  if (battle.turns.length >= context.turnsMax) throw new Refusal('conflict', 'turns_used_up')
  const before = battle.turns.reduce((count, turn) => count + turn.prompt.images.length, 0)
  const imagesMax = Math.min(context.imagesPerTurnMax, context.imagesPerBattleMax - before)
  const prompt = toPrompt({ text, images, promptId, tags: [], inputMethod }, imagesMax, { needsImage: false })
  context.spending.demandBudget()
  await demandScreened(prompt, battle.id, context.screen)
  const asked = await context.battles.ask(battle.id, {
    prompt,
    promptSha256: context.sha256(normalisedPrompt(prompt.text)),
    flags: flagsOf(prompt),
    at: context.now(),
  })
  if (asked === 'conflict') throw new Refusal('conflict', 'answers_unfinished')
  context.runner.start(battle.id)
}
