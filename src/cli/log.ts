import { pino } from 'pino'
import type { Log, LogEvent } from '../core/events.ts'

const levels: Partial<Record<LogEvent['event'], 'debug' | 'warn' | 'error'>> = {
  request: 'debug',
  request_refused: 'debug',
  side_failed: 'warn',
  upstream_fault: 'warn',
  model_paused: 'warn',
  warning: 'warn',
  job_failed: 'error',
  fault: 'error',
}

/** JSON lines on stderr; one readable line each on a terminal. Events carry ids only, so no question, answer, image or key can enter. */
export function arenaLog({ isTerminal = process.stderr.isTTY ?? false } = {}): Log {
  if (isTerminal)
    return (event) => (levels[event.event] === 'debug' ? undefined : process.stderr.write(`${readable(event)}\n`))
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, level: process.env.SIGHTLINE_LOG_LEVEL ?? 'info' },
    pino.destination({ dest: 2, sync: false }),
  )
  return ({ event, ...fields }) => logger[levels[event] ?? 'info'](fields, event)
}

function readable(event: LogEvent) {
  const { event: name, ...fields } = event
  const time = new Date().toISOString().slice(11, 19)
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${escaped(String(value))}`)
  return [time, name.replaceAll('_', ' '), ...rest].join('  ')
}

const escaped = (text: string) =>
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
