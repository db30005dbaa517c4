import { Refusal } from '../core/errors.ts'
import type { Log } from '../core/events.ts'
import type { BattleId, ModelId } from '../core/ids.ts'
import { answerCharactersMax, queueTimeoutMs } from '../core/limits.ts'
import type { ImageRef } from '../images/image.ts'
import type { Health } from '../models/health.ts'
import type { Model } from '../models/model.ts'
import type { AskedTurn, FailureReason, Finish, Provider, Receipt, Sampling, SentImage } from '../models/provider.ts'
import type { Slots } from '../models/slots.ts'
import type { Spending } from '../models/spending.ts'
import {
  type Answer,
  type Battle,
  type EndedAnswer,
  latestTurn,
  type Markup,
  nothingSaid,
  type Side,
  sides,
  type TurnFlag,
} from './battle.ts'
import type { BattleFeed } from './battle-feed.ts'
import type { Backstage, BattleStore } from './battle-store.ts'
import { namesItself } from './leaks.ts'
import { nextPace, startPace } from './pacing.ts'
import { firstOf, toSaid } from './said.ts'

export type RunContext = {
  battles: BattleStore
  feed: BattleFeed
  modelOf(id: ModelId): Model | undefined
  providerFor(id: ModelId): Provider | undefined
  sentImage(image: ImageRef): Promise<{ sent: SentImage; facts: unknown }>
  slots: Slots
  health: Health
  spending: Pick<Spending, 'add'>
  sampling: Sampling
  system: string | null
  pace: { tickMs: number; startWaitMs: number }
  measure(answer: string): Markup
  now(): Date
  /** Monotonic milliseconds; the wall clock may jump. */
  elapsed(): number
  sleep(ms: number, signal: AbortSignal): Promise<void>
  newRef(): string
  log: Log
}

/**
 * Asks both sides of the newest turn at once and publishes what both have said at one pace. Readers follow the feed; none of them can start, slow or
 * stop this. Only sides still `writing` are asked, so a retry keeps the good answer. Answers are saved, then the feed is closed.
 */
export async function runBattle(id: BattleId, context: RunContext, signal: AbortSignal): Promise<void> {
  const { battles, feed } = context
  const battle = await battles.find(id)
  const backstage = await battles.backstage(id)
  if (!battle || !backstage || battle.state !== 'queued') return
  const turn = latestTurn(battle)
  feed.publish(id, turn.answers)
  try {
    const asked = sides.filter((side) => turn.answers[side].state === 'writing')
    const taken = await takeSlots(asked, backstage, context, signal)
    if (!taken) {
      await battles.move(id, { type: signal.aborted ? 'interrupted' : 'queue_timeout' }, context.now())
      return
    }
    try {
      if ((await battles.move(id, { type: 'slots_free' }, context.now())) === 'conflict') return
      const ended = await writeBoth(battle, backstage, context, signal)
      await battles.finish(id, turn.number, ended)
      context.log({ event: 'battle_ready', battle: id, turn: turn.number })
    } finally {
      for (const give of taken) give()
    }
  } finally {
    feed.close(id)
  }
}

type Running = {
  model: Model | undefined
  raw: string
  outcome:
    | null
    | { kind: 'finished'; finish: Finish }
    | { kind: 'stopped' }
    | { kind: 'failed'; reason: FailureReason; detail: string }
  receipt: Receipt | null
  kept: Answer | null
}

async function writeBoth(battle: Battle, backstage: Backstage, context: RunContext, stop: AbortSignal) {
  const turn = latestTurn(battle)
  const newestImages = battle.turns.flatMap(({ prompt }) => prompt.images)
  const running: Record<Side, Running> = {
    a: begin(turn.answers.a, context.modelOf(backstage.contestants.a.modelId)),
    b: begin(turn.answers.b, context.modelOf(backstage.contestants.b.modelId)),
  }
  const startedAt = context.elapsed()
  const asking = sides
    .filter((side) => !running[side].kept)
    .map((side) => ask(side, running[side], battle, backstage, context, stop))
  const allEnded = Promise.all(asking)
  const ticks = new AbortController()
  void allEnded.then(() => battle.pacing === 'live' && ticks.abort())

  let pace = startPace
  const shownOf = (side: Side, characters: number, isOver: boolean): Answer => {
    const { kept, raw, outcome, model } = running[side]
    if (kept) return kept
    if (isOver) return answerOf(running[side], newestImages, '')
    const said = model ? toSaid(raw, model, newestImages, outcome !== null) : nothingSaid
    return { state: 'writing', ...firstOf(said, characters) }
  }
  const heardOf = (side: Side) => {
    const { kept, raw, outcome, model } = running[side]
    if (kept) return { characters: 0, hasEnded: true }
    const said = model ? toSaid(raw, model, newestImages, outcome !== null) : nothingSaid
    return { characters: said.text.length, hasEnded: outcome !== null }
  }
  while (!pace.isOver) {
    if (stop.aborted) {
      await allEnded
      break
    }
    pace = nextPace(
      pace,
      { a: heardOf('a'), b: heardOf('b') },
      { pacing: battle.pacing, elapsedMs: context.elapsed() - startedAt, startWaitMs: context.pace.startWaitMs },
    )
    // A failure ends the wait: the good answer is shown whole, the other side's place says so.
    if (
      sides.some((side) => running[side].outcome?.kind === 'failed') &&
      sides.every((side) => running[side].kept || running[side].outcome)
    )
      break
    if (pace.isOver) break
    context.feed.publish(battle.id, { a: shownOf('a', pace.a, false), b: shownOf('b', pace.b, false) })
    await context.sleep(context.pace.tickMs, stop)
  }
  await allEnded

  const at = context.now()
  const answers = {
    a: endedOf(running.a, newestImages, context),
    b: endedOf(running.b, newestImages, context),
  }
  tellOperator(battle, turn.number, answers, backstage, context)
  return {
    answers,
    flags: flagsOf(turn.flags, answers),
    stoppedByVoter: stop.aborted && stop.reason === 'stopped_by_voter',
    at,
  }
}

const begin = (answer: Answer, model: Model | undefined): Running => ({
  model,
  raw: '',
  outcome: null,
  receipt: null,
  kept: answer.state === 'writing' ? null : answer,
})

/** Reads one provider to its end; never throws. */
async function ask(
  side: Side,
  running: Running,
  battle: Battle,
  backstage: Backstage,
  context: RunContext,
  stop: AbortSignal,
): Promise<void> {
  const { modelId } = backstage.contestants[side]
  const provider = context.providerFor(modelId)
  const own = new AbortController()
  const signal = AbortSignal.any([stop, own.signal])
  try {
    if (!provider || !running.model) {
      running.outcome = { kind: 'failed', reason: 'unreachable', detail: 'not_configured' }
      return
    }
    const turns = await askedTurns(side, battle, backstage, context)
    const sampling = running.model.sampling ?? context.sampling
    for await (const event of provider.answer({ system: context.system, signal, turns, sampling })) {
      if (event.type === 'text') {
        running.raw += event.text
        if (running.raw.length < answerCharactersMax) continue
        running.raw = cutAt(running.raw, answerCharactersMax)
        running.outcome = { kind: 'finished', finish: 'cut' }
        own.abort('cut')
        break
      }
      if (event.type === 'finished') {
        running.receipt = event.receipt
        running.outcome = running.raw.trim()
          ? { kind: 'finished', finish: event.finish }
          : { kind: 'failed', reason: 'broken', detail: 'empty' }
      }
      if (event.type === 'failed') {
        running.receipt = event.receipt
        running.outcome = { kind: 'failed', reason: event.reason, detail: event.detail }
      }
      if (event.type !== 'thinking') break
    }
    running.outcome ??= { kind: 'failed', reason: 'broken', detail: 'no_end' }
  } catch (error) {
    running.outcome = {
      kind: 'failed',
      reason: 'broken',
      detail: `fault: ${error instanceof Error ? error.message : 'unknown'}`,
    }
  }
  // A voter's stop keeps what was said; a stop of the arena is a failure that a retry may mend.
  if (stop.aborted && running.outcome.kind === 'failed') {
    const isVotersStop = stop.reason === 'stopped_by_voter' && running.raw.trim() !== ''
    running.outcome = isVotersStop
      ? { kind: 'stopped' }
      : { kind: 'failed', reason: 'interrupted', detail: String(stop.reason) }
  }
}

async function askedTurns(side: Side, battle: Battle, backstage: Backstage, context: RunContext): Promise<AskedTurn[]> {
  return Promise.all(
    battle.turns.map(async ({ prompt }, i) => {
      const images = await Promise.all(prompt.images.map(context.sentImage))
      return {
        question: prompt.text,
        images: images.map(({ sent }) => sent),
        facts: images.map(({ facts }) => facts),
        promptId: prompt.promptId,
        answer: i < battle.turns.length - 1 ? (backstage.raw[i]?.[side] ?? '') : null,
      }
    }),
  )
}

async function takeSlots(asked: Side[], { contestants }: Backstage, context: RunContext, signal: AbortSignal) {
  const waited = new AbortController()
  const limit = AbortSignal.any([signal, waited.signal])
  void context.sleep(queueTimeoutMs, limit).then(() => waited.abort())
  const taken: (() => void)[] = []
  // In one order for every battle, so that two battles never hold one slot each and wait for the other's.
  const ids = asked.map((side) => contestants[side].modelId).sort()
  for (const id of ids) {
    const give = await context.slots.take(id, context.modelOf(id)?.concurrency ?? 1, limit)
    if (!give) {
      for (const back of taken) back()
      return undefined
    }
    taken.push(give)
  }
  waited.abort()
  return taken
}

function answerOf({ kept, model, raw, outcome }: Running, images: ImageRef[], ref: string): Answer {
  if (kept) return kept
  const said = model ? toSaid(raw, model, images, true) : nothingSaid
  if (outcome?.kind === 'finished') return { state: 'finished', finish: outcome.finish, ...said }
  if (outcome?.kind === 'failed') return { state: 'failed', reason: outcome.reason, ref, ...said }
  return { state: 'stopped', ...said }
}

function endedOf(running: Running, images: ImageRef[], context: RunContext): EndedAnswer | 'kept' {
  if (running.kept) return 'kept'
  const answer = answerOf(running, images, running.outcome?.kind === 'failed' ? context.newRef() : '')
  return {
    ...(answer as Exclude<Answer, { state: 'writing' }>),
    raw: running.raw,
    detail: running.outcome?.kind === 'failed' ? running.outcome.detail : null,
    receipt: running.receipt,
    namedItself: namesItself(running.raw, running.model?.aliases ?? []),
    markup: context.measure(running.raw),
  }
}

function flagsOf(flags: TurnFlag[], answers: Record<Side, EndedAnswer | 'kept'>): TurnFlag[] {
  const all = new Set(flags)
  const ended = sides.map((side) => answers[side]).filter((answer) => answer !== 'kept')
  if (ended.some((answer) => answer.namedItself)) all.add('leaked_identity')
  if (ended.some((answer) => answer.state === 'finished' && answer.finish === 'cut')) all.add('truncated')
  if (
    ended.length === 2 &&
    ended.every((answer) => answer.state === 'finished') &&
    ended[0]!.raw.trim() === ended[1]!.raw.trim()
  )
    all.add('identical')
  return [...all]
}

function tellOperator(
  battle: Battle,
  turn: number,
  answers: Record<Side, EndedAnswer | 'kept'>,
  { contestants }: Backstage,
  { health, spending, log }: RunContext,
) {
  for (const side of sides) {
    const answer = answers[side]
    if (answer === 'kept') continue
    const model = contestants[side].modelId
    spending.add(model, { usage: answer.receipt?.usage, characters: answer.raw.length })
    if (answer.state !== 'failed') {
      health.answered(model)
      continue
    }
    log({
      event: 'side_failed',
      battle: battle.id,
      turn,
      model,
      reason: answer.reason,
      detail: answer.detail ?? '',
      ref: answer.ref,
      attempts: answer.receipt?.attempts ?? 0,
    })
    if (answer.reason === 'interrupted') continue
    const paused = health.failed(model, { atOnce: answer.detail === 'auth' })
    if (paused)
      log({ event: 'model_paused', model, until: paused.pausedUntil.toISOString(), failures: paused.failures })
  }
}

const cutAt = (text: string, length: number) =>
  text
    .slice(0, length)
    .toWellFormed()
    .replace(/\uFFFD$/, '')

/** The battles being written by this process. */
export type Runner = {
  start(id: BattleId): void
  /** Keeps what was said and opens the vote; false when it is not running here. */
  stop(id: BattleId): boolean
  running(): number
  /** Resolves when none is running any more. */
  settled(): Promise<void>
}

export function battleRunner(context: RunContext, arena: AbortSignal): Runner {
  const running = new Map<BattleId, { control: AbortController; done: Promise<void> }>()
  return {
    start(id) {
      if (arena.aborted) throw new Refusal('unavailable', 'stopping')
      if (running.has(id)) return
      const control = new AbortController()
      const done = runBattle(id, context, AbortSignal.any([arena, control.signal]))
        .catch(async (error: unknown) => {
          context.log({
            event: 'job_failed',
            job: `battle ${id}`,
            error: error instanceof Error ? (error.stack ?? error.message) : String(error),
          })
          // Nobody writes it any more: left as it is, its page would wait until the next start of the arena.
          await context.battles.move(id, { type: 'interrupted' }, context.now()).catch(() => undefined)
        })
        .finally(() => running.delete(id))
      running.set(id, { control, done })
    },
    stop(id) {
      const entry = running.get(id)
      entry?.control.abort('stopped_by_voter')
      return entry !== undefined
    },
    running: () => running.size,
    async settled() {
      while (running.size > 0) await Promise.all([...running.values()].map(({ done }) => done))
    },
  }
}
