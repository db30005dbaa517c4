import { Refusal } from '../core/errors.ts'
import type { ModelId } from '../core/ids.ts'
import type { Model } from './model.ts'
import type { Receipt } from './provider.ts'

const aDayMs = 24 * 60 * 60 * 1000

/** What answers have cost since midnight UTC, by the prices of the models' cards. */
export type Spending = {
  add(id: ModelId, answer: Answered): void
  today(): number
  /** Refuses what would ask a model while the day's budget is used up. Answers being written may still go over it. */
  demandBudget(): void
}

/** What the service counted, and how much text came: services that were stopped halfway count nothing. */
export type Answered = { usage: Receipt['usage'] | undefined; characters: number }

/** `perDay` in the cards' currency; null is no limit. A model without a price costs nothing here. */
export function dailySpending(
  perDay: number | null,
  priceOf: (id: ModelId) => Model['card']['price'],
  now: () => Date,
): Spending {
  let day = dayOf(now())
  let spent = 0
  const turnDay = () => {
    const today = dayOf(now())
    if (today !== day) {
      day = today
      spent = 0
    }
  }
  return {
    add(id, answer) {
      turnDay()
      spent += costOf(priceOf(id), answer)
    },
    today() {
      turnDay()
      return spent
    },
    demandBudget() {
      turnDay()
      if (perDay === null || spent < perDay) return
      const seconds = Math.ceil(((day + 1) * aDayMs - now().getTime()) / 1000)
      throw new Refusal('unavailable', 'budget_spent', { params: { seconds } })
    },
  }
}

/** About what a picture and a question take, where the service does not say. */
const inputTokensGuess = 1_500
const charactersPerTokenGuess = 3

/** Prices are per million tokens; thinking is billed, and counted, as output. */
function costOf(price: Model['card']['price'], { usage, characters }: Answered): number {
  if (!price) return 0
  const hasCome = characters > 0
  const input = usage?.input ?? (hasCome ? inputTokensGuess : 0)
  const output = usage?.output ?? characters / charactersPerTokenGuess
  return (input * price.input + output * price.output) / 1_000_000
}

const dayOf = (at: Date) => Math.floor(at.getTime() / aDayMs)
/** Midnight UTC before `at`. */
export const startOfDay = (at: Date) => new Date(dayOf(at) * aDayMs)
