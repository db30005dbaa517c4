import type { Receipt, SentImage } from '../models/provider.ts'
import type { ModelEntry, ProviderDeps } from './provider-for.ts'
import { providerFor } from './provider-for.ts'
import type { Fault, FaultCode } from './upstream-error.ts'

/** A picture whose answer is known. */
export type CheckQuestion = { image: SentImage; question: string; expected: RegExp | null }
export type CheckVerdict =
  | 'answers'
  | 'seems_blind'
  | 'text_only'
  | 'no_key'
  | 'wrong_key'
  | 'no_such_model'
  | 'no_credit'
  | 'too_busy'
  | 'not_there'
  | 'too_slow'
  | 'declined'
  | 'cut'
  | 'wrong_setting'
  | 'odd_answer'
export type CheckResult = {
  ok: boolean
  verdict: CheckVerdict
  /** What is wrong and what to do, in English; pages translate by `verdict`. */
  sentence: string
  /** What the service itself said, for the operator. */
  words: string | null
  text: string
  receipt: Receipt | null
}

const shownCharactersMax = 2_000

/** Asks a model about a picture, the way a battle would, and says in words what is wrong. It never throws. */
export async function checkModel(
  entry: ModelEntry,
  deps: ProviderDeps,
  { image, question, expected }: CheckQuestion,
  signal: AbortSignal,
): Promise<CheckResult> {
  let heard: Fault | null = null
  const provider = providerFor(entry, {
    ...deps,
    onFault(fault) {
      heard = fault
      deps.onFault?.(fault)
    },
  })
  let text = ''
  const result = (verdict: CheckVerdict, receipt: Receipt | null): CheckResult => ({
    ok: verdict === 'answers',
    verdict,
    sentence: sentences[verdict](whereOf(entry)),
    words: heard?.words ?? null,
    text: text.slice(0, shownCharactersMax),
    receipt,
  })
  try {
    for await (const event of provider.answer({
      system: null,
      signal,
      turns: [{ question, images: [image], answer: null }],
      sampling: { temperature: 0.7, topP: 1, maxTokens: 256 },
    })) {
      if (event.type === 'text') text += event.text
      if (event.type === 'failed') return result(verdictOf(event.detail as FaultCode), event.receipt)
      if (event.type === 'finished') {
        const isRight = expected === null || expected.test(text)
        if (event.finish === 'declined') return result('declined', event.receipt)
        if (!isRight) return result(event.finish === 'cut' ? 'cut' : 'seems_blind', event.receipt)
        return result('answers', event.receipt)
      }
    }
    return result('odd_answer', null)
  } finally {
    await provider[Symbol.asyncDispose]?.()
  }
}

function verdictOf(code: FaultCode): CheckVerdict {
  return verdicts[code] ?? 'odd_answer'
}
const verdicts: Partial<Record<FaultCode, CheckVerdict>> = {
  image_rejected: 'text_only',
  no_key: 'no_key',
  auth: 'wrong_key',
  not_found: 'no_such_model',
  quota: 'no_credit',
  rate_limit: 'too_busy',
  overloaded: 'too_busy',
  unreachable: 'not_there',
  server_error: 'not_there',
  redirected: 'not_there',
  reset: 'not_there',
  command_failed: 'not_there',
  first_token_timeout: 'too_slow',
  idle_timeout: 'too_slow',
  total_timeout: 'too_slow',
  content_filter: 'declined',
  empty_after_reasoning: 'cut',
  bad_request: 'wrong_setting',
}

type Where = { model: string; address: string }
const sentences: Record<CheckVerdict, (where: Where) => string> = {
  answers: ({ model }) => `${model} answered, and its answer fits the picture.`,
  seems_blind: ({ model }) =>
    `${model} answered, but its answer does not fit the picture: it may not be able to see pictures.`,
  text_only: ({ model }) =>
    `The server answered, but refused the image: ${model} is text-only, or the image is too large for it.`,
  no_key: () => 'No key was given: name the variable that holds it with key_env, or a file with key_file.',
  wrong_key: () => 'The service refused the key: it is wrong, expired, or may not use this model.',
  no_such_model: ({ model }) =>
    `The service answered, but knows no model named ${model}, or the base_url has a wrong path.`,
  no_credit: () => 'The service wants to be paid first: the quota or credit of this key is used up.',
  too_busy: () => 'The service is overloaded or limits how often it may be asked; try again later.',
  not_there: ({ address }) =>
    `Nothing that works answers at ${address}: is the server running, and is the address right?`,
  too_slow: () =>
    'The server took the question but did not answer in time; a model that is still loading needs a larger first_token_ms.',
  declined: ({ model }) => `${model} declined to answer a harmless question.`,
  cut: () =>
    'The answer was cut before it said anything useful: raise max_output_tokens, or set reasoning to low or none.',
  wrong_setting: ({ model }) => `The service refused the request for ${model}: one of its settings is not accepted.`,
  odd_answer: () => 'The server answered in a way that cannot be read: is this the right kind for it?',
}

function whereOf(entry: ModelEntry): Where {
  const address =
    entry.kind === 'command'
      ? (entry.command[0] ?? '')
      : 'baseUrl' in entry
        ? (entry.baseUrl ?? entry.kind)
        : entry.kind
  return { model: entry.model ?? entry.id, address }
}
