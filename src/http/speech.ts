import type { Hono } from 'hono'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import { recordingBytesMax } from '../core/limits.ts'
import { demandVoting } from './access.ts'
import type { Env } from './env.ts'
import { checkForm, readForm } from './forms.ts'
import { rate } from './rate.ts'

const recordingsPerHour = 60
const anHour = 60 * 60 * 1000

/** `POST /speech` (multipart `audio`): a spoken question as text, by the operator's own service. Nothing of the recording is kept. */
export function mountSpeech(app: Hono<Env>, arena: Arena) {
  const recordings = rate(recordingsPerHour, anHour, arena.now)
  app.post('/speech', async (c) => {
    demandVoting(c, arena)
    const form = await readForm(c, { imageBytesMax: recordingBytesMax, imagesPerForm: 1 })
    checkForm(c, form, arena)
    const { transcriber } = arena
    if (!transcriber) throw new Refusal('not_found', 'no_such_page')
    const seconds = recordings.take(c.get('voterId') ?? c.get('network'))
    if (seconds > 0) throw new Refusal('too_many', 'slow_down', { params: { seconds } })
    const [audio] = form.files('audio')
    if (!audio) throw new Refusal('invalid', 'recording_unreadable')
    if (audio.size > recordingBytesMax) throw new Refusal('too_large', 'recording_too_large')
    const heard = await transcriber.transcribe(
      { bytes: new Uint8Array(await audio.arrayBuffer()), mediaType: audio.type },
      { signal: AbortSignal.any([arena.signal, c.req.raw.signal]) },
    )
    if (heard.fault === null) return c.json({ text: heard.text })
    const { reason, detail } = heard.fault
    if (detail === 'bad_request' && reason === 'broken') throw new Refusal('unsupported', 'recording_unreadable')
    arena.log({ event: 'speech_failed', reason, detail })
    throw new Refusal('unavailable', 'speech_failed')
  })
}
