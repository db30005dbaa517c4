import type { PromptId } from '../core/ids.ts'
import type { PromptSet, SetPrompt } from './prompt.ts'

export type PromptStore = {
  /** Writes the set and all its prompts, replacing what they said before; ids stay. */
  keepSet(set: PromptSet): Promise<void>
  find(id: PromptId): Promise<SetPrompt | undefined>
  sets(): Promise<{ id: string; title: PromptSet['title']; license: string; size: number }[]>
  /** In the set's order. */
  inSet(setId: string): Promise<SetPrompt[]>
}
