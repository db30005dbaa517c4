import type { AnswerRequest, Provider, Sampling } from '../models/provider.ts'
import type { AiSdkEntry, CommandEntry, OllamaEntry, ProviderDeps } from './provider-for.ts'
import { type Prepared, preparedFor } from './question-for.ts'
import { type Attempt, type Part, type Timeouts, timedAnswer, timeoutsDefault } from './timed-answer.ts'

type Entry = AiSdkEntry | OllamaEntry | CommandEntry
export type AttemptInput = { prepared: Prepared; sampling: Sampling; secret: string | null; signal: AbortSignal }

/** Local servers load a model from disk before its first token. */
const ollamaFirstTokenMs = 90_000

export function timeoutsOf(entry: Entry): Timeouts {
  const { totalMs, firstTokenMs, idleMs } = entry.timeouts ?? {}
  return {
    totalMs: totalMs ?? timeoutsDefault.totalMs,
    firstTokenMs: firstTokenMs ?? (entry.kind === 'ollama' ? ollamaFirstTokenMs : timeoutsDefault.firstTokenMs),
    idleMs: idleMs ?? timeoutsDefault.idleMs,
  }
}

/** What all asked models share: preparing the question, the clock, the retries, the receipt. `attempt` speaks the protocol. */
export function timedProvider(
  entry: Entry,
  deps: ProviderDeps,
  attempt: (input: AttemptInput) => AsyncIterable<Part>,
): Provider {
  return {
    answer(request: AnswerRequest) {
      const sampling = samplingFor(entry, request.sampling)
      const secret = ('secret' in entry ? entry.secret?.() : null) ?? null
      let prepared: Promise<Prepared> | null = null
      const ask: Attempt = async function* (signal) {
        prepared ??= preparedFor(entry, request, deps)
        const question = await prepared
        if (question.warnings.length > 0) yield { type: 'noted', warnings: question.warnings }
        yield* attempt({ prepared: question, sampling, secret, signal })
      }
      return timedAnswer(ask, {
        signal: request.signal,
        timeouts: timeoutsOf(entry),
        retries: entry.retries ?? 1,
        effective: { ...sampling },
        secret,
        now: deps.now,
        random: deps.random,
        onFault: (fault) => deps.onFault?.({ ...fault, modelId: entry.id }),
      })
    },
  }
}

function samplingFor({ sampling: own }: Entry, arena: Sampling): Sampling {
  const topK = own?.topK ?? arena.topK
  const seed = own?.seed ?? arena.seed
  const temperature = own?.temperature ?? arena.temperature
  const topP = own?.topP ?? arena.topP
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    maxTokens: own?.maxTokens ?? arena.maxTokens,
    ...(topK === undefined ? {} : { topK }),
    ...(seed === undefined ? {} : { seed }),
  }
}

/** The one header an entry may not set: keys are named, never written. */
export const withoutAuthorization = (headers: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'))
