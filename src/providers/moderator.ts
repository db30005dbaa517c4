import type { SentImage } from '../models/provider.ts'
import { limitedFetch, upstreamAgent } from './limited-fetch.ts'
import { type CompatibleEntry, type ProviderDeps, providerFor } from './provider-for.ts'
import { asRecord } from './upstream-error.ts'

/** What is looked at before a pair is drawn; with an `answer`, what a model said to it. */
export type Screened = { text: string; images: SentImage[]; answer?: string }
/** `unsure`: nobody could tell. Whether that blocks is the operator's setting (`fail_closed`). */
export type Verdict = { outcome: 'clear' | 'found' | 'unsure'; categories: string[] }
/** Never throws: a door that is shut is `unsure`. */
export type Moderator = { screen(screened: Screened, signal: AbortSignal): Promise<Verdict> } & AsyncDisposable
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
export function openaiModerator({ baseUrl, model, secret, on, timeoutMs }: ModeratorEntry): Moderator {
  const agent = upstreamAgent({ totalMs: timeoutMs })
  const fetch = limitedFetch(agent)

  async function judged(input: object[], signal: AbortSignal): Promise<Verdict> {
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
    const categories = Object.entries(asRecord(result['categories'])).flatMap(([name, is]) =>
      is === true ? [name] : [],
    )
    return { outcome: result['flagged'] ? 'found' : 'clear', categories }
  }

  return {
    async screen({ text, images, answer }, signal) {
      const words = on.includes('text') ? [text, answer ?? ''].filter((part) => part.trim() !== '') : []
      const spoken = words.map((part) => ({ type: 'text', text: part }))
      const pictures = on.includes('image') ? images : []
      const inputs =
        pictures.length === 0 ? [spoken] : pictures.map((image, n) => [...(n === 0 ? spoken : []), pictureOf(image)])
      const asked = inputs.filter((input) => input.length > 0)
      return together(await Promise.all(asked.map((input) => judged(input, signal).catch(() => unsure))))
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

const pictureOf = ({ bytes, mediaType }: SentImage) => ({
  type: 'image_url',
  image_url: { url: `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}` },
})

/** One finding is enough; without one, one door that did not answer leaves it open. */
function together(verdicts: Verdict[]): Verdict {
  const categories = [...new Set(verdicts.flatMap((verdict) => verdict.categories))]
  if (verdicts.some(({ outcome }) => outcome === 'found')) return { outcome: 'found', categories }
  return { outcome: verdicts.some(({ outcome }) => outcome === 'unsure') ? 'unsure' : 'clear', categories: [] }
}

/** Llama Guard behind a chat endpoint: it answers `safe`, or `unsafe` and the hazards on the next line. */
export function llamaGuard(entry: ModeratorEntry, deps: ProviderDeps): Moderator {
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
