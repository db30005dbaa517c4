import { Refusal } from '../core/errors.ts'
import type { BattleId, ModelId, PromptId, VoterId } from '../core/ids.ts'
import { promptCharactersMax } from '../core/limits.ts'
import type { ImageRef } from '../images/image.ts'
import type { Spending } from '../models/spending.ts'
import { categorise, languageOf } from '../prompts/categorise.ts'
import { normalisedPrompt, type Prompt } from '../prompts/prompt.ts'
import type { Draw, Pacing, TurnFlag } from './battle.ts'
import type { BattleStore } from './battle-store.ts'
import { isIdentityProbe } from './leaks.ts'
import { type Candidate, drawPair, namedPair, type PairingPolicy } from './pairing.ts'

export type Challenge = {
  voterId: VoterId
  formKey: string
  text: string
  images: ImageRef[]
  promptId: PromptId | null
  tags: string[]
  inputMethod: Prompt['inputMethod']
  consent: { version: string; publish: boolean }
  /** Chosen by name instead of drawn: such a battle runs with its names shown and is never counted. */
  pair?: { a: ModelId; b: ModelId } | undefined
}

/** What is known of the models when a pair is drawn. */
export type Pool = {
  candidates: Candidate[]
  policy: PairingPolicy
  policyHash: string
  gains?: ((a: ModelId, b: ModelId) => number | undefined) | undefined
}

/** Looks at a question and its new pictures, never at who answers (`moderation/screen.ts`). */
export type Screen = (
  prompt: Pick<Prompt, 'text' | 'images'>,
  battleId: BattleId,
) => Promise<'allowed' | 'text_refused' | 'image_refused' | 'not_screened'>

/** Who may be drawn for this question: those that take its pictures and, where they only hold answers, hold one for it. */
export type DrawPool = (prompt: Pick<Prompt, 'text' | 'images' | 'promptId'>) => Promise<Pool>

/**
 * Draws the pair, tosses the sides and writes the battle. Everything that looks at the prompt runs before the draw and never sees the pair, so no
 * gate can depend on who was drawn. Sending the same form twice gives the first battle.
 */
export async function startBattle(
  challenge: Challenge,
  context: {
    battles: BattleStore
    pool: DrawPool
    screen: Screen
    spending: Pick<Spending, 'demandBudget'>
    pacing: Pacing
    imagesMax: number
    sha256(text: string): string
    now(): Date
    random(): number
    newId(): BattleId
  },
): Promise<{ id: BattleId; isNew: boolean }> {
  const prompt = toPrompt(challenge, context.imagesMax)
  if (await context.battles.runningOf(challenge.voterId)) {
    const id = await context.battles.ofForm(challenge.voterId, challenge.formKey)
    if (id) return { id, isNew: false }
    throw new Refusal('too_many', 'one_at_a_time')
  }
  context.spending.demandBudget()
  const id = context.newId()
  await demandScreened(prompt, id, context.screen)
  const { candidates, policy, policyHash, gains } = await context.pool(prompt)
  const draw: Draw | undefined = challenge.pair
    ? namedPair(challenge.pair, candidates, policyHash)
    : drawPair(candidates, policy, policyHash, context.random, gains)
  if (!draw) throw new Refusal('unavailable', 'no_models')
  const kept = await context.battles.start({
    id,
    voterId: challenge.voterId,
    formKey: challenge.formKey,
    mode: challenge.pair ? 'named' : 'anonymous',
    pacing: context.pacing,
    prompt,
    promptSha256: context.sha256(normalisedPrompt(prompt.text)),
    flags: flagsOf(prompt),
    draw,
    consent: challenge.consent,
    startedAt: context.now(),
  })
  return { id: kept, isNew: kept === id }
}

export async function demandScreened(prompt: Pick<Prompt, 'text' | 'images'>, battleId: BattleId, screen: Screen) {
  const result = await screen(prompt, battleId)
  if (result === 'text_refused') throw new Refusal('invalid', 'prompt_refused')
  if (result === 'image_refused') throw new Refusal('unsupported', 'image_refused')
  if (result === 'not_screened') throw new Refusal('unavailable', 'not_screened')
}

export const flagsOf = (prompt: Prompt): TurnFlag[] => (isIdentityProbe(prompt.text) ? ['identity_probe'] : [])

export function toPrompt(
  {
    text,
    images,
    promptId,
    tags,
    inputMethod,
  }: Pick<Challenge, 'text' | 'images' | 'promptId' | 'tags' | 'inputMethod'>,
  imagesMax: number,
  { needsImage = true }: { needsImage?: boolean } = {},
): Prompt {
  const question = text.normalize('NFC').replace(/\r\n?/g, '\n').trim().toWellFormed()
  if (needsImage && images.length === 0) throw new Refusal('invalid', 'image_missing')
  if (images.length > imagesMax) throw new Refusal('invalid', 'image_too_many', { params: { limit: imagesMax } })
  if (question === '') throw new Refusal('invalid', 'prompt_empty')
  if (question.length > promptCharactersMax)
    throw new Refusal('invalid', 'prompt_too_long', { params: { length: question.length, limit: promptCharactersMax } })
  return {
    text: question,
    images,
    language: languageOf(question),
    categories: categorise(question, tags),
    promptId,
    inputMethod,
  }
}
