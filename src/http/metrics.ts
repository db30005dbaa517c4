import { createHash, timingSafeEqual } from 'node:crypto'
import type { Hono } from 'hono'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import type { LogEvent } from '../core/events.ts'
import type { Env } from './env.ts'

/**
 * `GET /metrics` in Prometheus' text format: off unless switched on, and only for who brings the token, because counts by model would tell who is
 * answering.
 */
export function mountMetrics(app: Hono<Env>, arena: Arena) {
  const { enabled, token } = arena.config.metrics
  if (!enabled || !token) return
  const { registry, count } = counters(arena)
  arena.onEvent(count)
  app.get('/metrics', async (c) => {
    const given = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? ''
    if (!isSame(given, token.reveal())) throw new Refusal('unauthenticated', 'sign_in_needed')
    c.header('Content-Type', registry.contentType)
    return c.body(await registry.metrics())
  })
}

function counters(arena: Arena) {
  const registry = new Registry()
  const registers = [registry]
  const battles = new Counter({
    name: 'sightline_battles_total',
    help: 'Battles by what happened to them',
    labelNames: ['event'],
    registers,
  })
  const votes = new Counter({
    name: 'sightline_votes_total',
    help: 'Votes by change',
    labelNames: ['change'],
    registers,
  })
  const failures = new Counter({
    name: 'sightline_side_failures_total',
    help: 'Failed answers by model and reason',
    labelNames: ['model', 'reason'],
    registers,
  })
  const pauses = new Counter({
    name: 'sightline_model_pauses_total',
    help: 'Models paused after failures',
    labelNames: ['model'],
    registers,
  })
  const requests = new Histogram({
    name: 'sightline_request_seconds',
    help: 'Time to the head of the answer',
    labelNames: ['method', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  })
  const faults = new Counter({ name: 'sightline_faults_total', help: 'Faults: bugs and outages', registers })
  new Gauge({
    name: 'sightline_battles_running',
    help: 'Battles being written now',
    registers,
    collect() {
      this.set(arena.runner.running())
    },
  })
  new Gauge({
    name: 'sightline_process_resident_bytes',
    help: 'Memory of the process',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  const count = (event: LogEvent) => {
    switch (event.event) {
      case 'battle_started':
        return battles.inc({ event: 'started' })
      case 'battle_ready':
        return battles.inc({ event: 'ended' })
      case 'battle_revealed':
        return battles.inc({ event: 'revealed' })
      case 'vote_cast':
        return votes.inc({ change: event.change })
      case 'side_failed':
        return failures.inc({ model: event.model, reason: event.reason })
      case 'model_paused':
        return pauses.inc({ model: event.model })
      case 'request':
        return requests.observe({ method: event.method, status: String(event.status) }, event.ms / 1000)
      case 'fault':
        return faults.inc()
      default:
        return
    }
  }
  return { registry, count }
}

const isSame = (given: string, expected: string) => {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(expected))
}
