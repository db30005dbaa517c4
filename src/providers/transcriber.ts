import { FormData } from 'undici'
import { recordingBytesMax } from '../core/limits.ts'
import { limitedFetch, upstreamAgent } from './limited-fetch.ts'
import { asRecord, type Fault, fault, faultOfStatus, faultOfThrown } from './upstream-error.ts'

export type Recording = { bytes: Uint8Array; mediaType: string }
export type Transcript = { text: string; fault: null } | { text: null; fault: Fault }
/** Never throws. Nothing of the recording is kept. */
export type Transcriber = {
  transcribe(recording: Recording, options: { language?: string | undefined; signal: AbortSignal }): Promise<Transcript>
} & AsyncDisposable

const transcribeTimeoutMs = 60_000
const transcriptCharactersMax = 8_000
/** The name's ending is all that some servers look at. */
const endings: Record<string, string | undefined> = {
  'audio/webm': 'webm',
  'audio/ogg': 'ogg',
  'audio/mp4': 'mp4',
  'audio/x-m4a': 'm4a',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/flac': 'flac',
}

/** Spoken questions to text, by an OpenAI-style `POST {base}/audio/transcriptions`. */
export function transcriber(
  { baseUrl, model, secret }: { baseUrl: string; model: string; secret(): string | null },
  { now }: { now(): Date },
): Transcriber {
  const agent = upstreamAgent({ totalMs: transcribeTimeoutMs })
  const fetch = limitedFetch(agent)
  const failed = (fault: Fault): Transcript => ({ text: null, fault })
  return {
    async transcribe({ bytes, mediaType }, { language, signal }) {
      const type = mediaType.split(';')[0]?.trim().toLowerCase() ?? ''
      const ending = endings[type]
      if (ending === undefined || bytes.length === 0 || bytes.length > recordingBytesMax)
        return failed(fault('broken', 'bad_request'))
      const form = new FormData()
      form.set('file', new Blob([new Uint8Array(bytes)], { type }), `question.${ending}`)
      form.set('model', model)
      form.set('response_format', 'json')
      if (language !== undefined) form.set('language', language)
      const key = secret()
      try {
        const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/audio/transcriptions`, {
          method: 'POST',
          headers: key === null ? {} : { authorization: `Bearer ${key}` },
          body: form as unknown as BodyInit,
          signal: AbortSignal.any([signal, AbortSignal.timeout(transcribeTimeoutMs)]),
        })
        const body = await response.text()
        if (!response.ok)
          return failed(
            faultOfStatus(response.status, { body, headers: Object.fromEntries(response.headers), now: now() }),
          )
        const { text } = asRecord(JSON.parse(body))
        if (typeof text !== 'string') return failed(fault('broken', 'malformed_stream'))
        return { text: text.trim().slice(0, transcriptCharactersMax), fault: null }
      } catch (error) {
        if (signal.aborted) return failed(fault('interrupted', 'interrupted'))
        if (error instanceof DOMException && error.name === 'TimeoutError')
          return failed(fault('timed_out', 'total_timeout'))
        return failed(faultOfThrown(error, { hasStarted: false, now: now() }))
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}
