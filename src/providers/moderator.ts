import type { Moderator, Picture, Verdict } from '../moderation/moderator.ts'
import { limitedFetch, upstreamAgent } from './limited-fetch.ts'
import { type CompatibleEntry, type ProviderDeps, providerFor } from './provider-for.ts'
import { asRecord } from './upstream-error.ts'

export type ModeratorEntry = {
  baseUrl: string
  model: string
  secret(): string | null
  on: ('text' | 'image')[]
  timeoutMs: number
}

const unsure: Verdict = { outcome: 'unsure', categories: [] }

/**
 * `POST {base}/moderations` (MODELS.md 10). One call takes one picture, so several pictures are several calls. It is no control for
 * sexual images of minors: that category is not scored on pictures.
 */
export function openaiModerator({
  baseUrl,
  model,
  secret,
  on,
  timeoutMs,
}: ModeratorEntry): Moderator & AsyncDisposable {
  const agent = upstreamAgent({ totalMs: timeoutMs })
  const fetch = limitedFetch(agent)

  async function judged(input: Input[], signal: AbortSignal): Promise<Verdict> {
    const key = secret()
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/moderations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ model, input }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    const { results } = asRecord(response.ok ? await response.json() : null)
    const result = asRecord(Array.isArray(results) ? results[0] : null)
    if (typeof result['flagged'] !== 'boolean') return unsure
    if (!result['flagged']) return { outcome: 'clear', categories: [] }
    const categories = Object.entries(asRecord(result['categories'])).flatMap(([name, is]) =>
      is === true ? [name] : [],
    )
    return { outcome: 'found', categories, parts: partsOf(input, result, categories) }
  }

  return {
    async screen({ text, images, answer }, signal) {
      const words = on.includes('text') ? [text, answer ?? ''].filter((part) => part.trim() !== '') : []
      const spoken = words.map((part): Input => ({ type: 'text', text: part }))
      const pictures = on.includes('image') ? images : []
      const inputs =
        pictures.length === 0 ? [spoken] : pictures.map((image, n) => [...(n === 0 ? spoken : []), pictureOf(image)])
      const asked = inputs.filter((input) => input.length > 0)
      return together(await Promise.all(asked.map((input) => judged(input, signal).catch(() => unsure))))
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

type Input = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } }

/** The reply says which kind of input each category was about; without that, one kind alone leaves no doubt. */
function partsOf(input: Input[], result: Record<string, unknown>, categories: string[]): Verdict['parts'] {
  const applied = asRecord(result['category_applied_input_types'])
  const told = categories.flatMap((category) => {
    const kinds = applied[category]
    return Array.isArray(kinds) ? kinds : []
  })
  const kinds = told.length > 0 ? told : [...new Set(input.map(({ type }) => (type === 'text' ? 'text' : 'image')))]
  if (told.length === 0 && kinds.length > 1) return undefined
  return { text: kinds.includes('text'), images: kinds.includes('image') ? [0] : [] }
}

const pictureOf = ({ bytes, mediaType }: Picture): Input => ({
  type: 'image_url',
  image_url: { url: `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}` },
})

/** One call a picture, in order: one finding is enough; without one, one call that was not answered leaves it open. */
function together(verdicts: Verdict[]): Verdict {
  const categories = [...new Set(verdicts.flatMap((verdict) => verdict.categories))]
  const found = verdicts.filter(({ outcome }) => outcome === 'found')
  if (found.length > 0) {
    if (found.some(({ parts }) => parts === undefined)) return { outcome: 'found', categories }
    const images = verdicts.flatMap(({ parts }, at) => (parts && parts.images.length > 0 ? [at] : []))
    return { outcome: 'found', categories, parts: { text: found.some(({ parts }) => parts?.text === true), images } }
  }
  return { outcome: verdicts.some(({ outcome }) => outcome === 'unsure') ? 'unsure' : 'clear', categories: [] }
}

/** Llama Guard behind a chat endpoint: it answers `safe`, or `unsafe` and the hazards on the next line. */
export function llamaGuard(entry: ModeratorEntry, deps: ProviderDeps): Moderator & AsyncDisposable {
  const { baseUrl, model, secret, on, timeoutMs } = entry
  const guard: CompatibleEntry = {
    id: model,
    kind: 'openai-compatible',
    model,
    baseUrl,
    secret,
    timeouts: { totalMs: timeoutMs, firstTokenMs: timeoutMs, idleMs: timeoutMs },
  }
  const provider = providerFor(guard, deps)
  return {
    async screen({ text, images, answer }, signal) {
      let said = ''
      for await (const event of provider.answer({
        system: null,
        signal,
        turns: [
          {
            question: on.includes('text') ? text : '',
            images: on.includes('image') ? images : [],
            answer: answer ?? null,
          },
        ],
        sampling: { temperature: 0, topP: 1, maxTokens: 20 },
      })) {
        if (event.type === 'text') said += event.text
        if (event.type === 'failed') return unsure
      }
      return guardVerdict(said)
    },
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]?.()
    },
  }
}

/** The first line must be exactly one of the two words; anything else is no verdict. */
export function guardVerdict(said: string): Verdict {
  const [first = '', second = ''] = said.trim().split(/\r?\n/)
  const word = first.trim().toLowerCase()
  if (word === 'safe') return { outcome: 'clear', categories: [] }
  if (word !== 'unsafe') return unsure
  const hazards = second.match(/\bS(1[0-3]|[1-9])\b/gi) ?? []
  return { outcome: 'found', categories: hazards.map((hazard) => hazardNames[hazard.toUpperCase()] ?? hazard) }
}

const hazardNames: Record<string, string | undefined> = {
  S1: 'violent crimes',
  S2: 'non-violent crimes',
  S3: 'sex-related crimes',
  S4: 'child exploitation',
  S5: 'defamation',
  S6: 'specialised advice',
  S7: 'privacy',
  S8: 'intellectual property',
  S9: 'indiscriminate weapons',
  S10: 'hate',
  S11: 'self-harm',
  S12: 'sexual content',
  S13: 'elections',
}
