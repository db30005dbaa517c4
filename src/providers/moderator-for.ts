import { listModerator } from '../moderation/lists.ts'
import type { Moderator } from '../moderation/moderator.ts'
import { llamaGuard, openaiModerator } from './moderator.ts'
import { commandModerator } from './moderator-command.ts'
import type { ProviderDeps } from './provider-for.ts'

type Secret = { reveal(): string }
/** How one door of `moderation:` is asked. */
export type ModerationEntry = {
  on: ('text' | 'image')[]
  timeoutMs: number
  how:
    | { type: 'http'; format: 'openai' | 'llama-guard'; baseUrl: string; model: string; key: Secret | null }
    | { type: 'command'; command: string[] }
    | { type: 'lists'; words: string[]; hashes: string[] }
}

export function moderatorFor(
  { how, on, timeoutMs }: ModerationEntry,
  deps: ProviderDeps,
): Moderator & Partial<AsyncDisposable> {
  switch (how.type) {
    case 'lists':
      return listModerator(how, on)
    case 'command':
      return commandModerator({ command: how.command, on, timeoutMs, environment: deps.environment })
    case 'http': {
      const { baseUrl, model, key } = how
      const entry = { baseUrl, model, secret: () => key?.reveal() ?? null, on, timeoutMs }
      return how.format === 'openai' ? openaiModerator(entry) : llamaGuard(entry, deps)
    }
  }
}
