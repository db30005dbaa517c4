import { type Category, categories } from '../prompts/category.ts'

/** Boards there are: everything, one per category of prompts, and the slices that are not about the prompt. */
export const boardCategories = ['all', ...categories, 'multi_turn', 'no_refusals'] as const
export type BoardCategory = 'all' | Category | 'multi_turn' | 'no_refusals'

export const isInCategory = (
  ballot: { categories: string[]; turns: number; hasRefusal: boolean },
  category: BoardCategory,
): boolean => {
  if (category === 'all') return true
  if (category === 'multi_turn') return ballot.turns > 1
  if (category === 'no_refusals') return !ballot.hasRefusal
  return ballot.categories.includes(category)
}
