import { setTimeout as wait } from 'node:timers/promises'
import type { Hono } from 'hono'
import { delta, fullState, type StreamState } from '../../views/stream.tsx'
import type { Say } from '../../views/strings/strings.ts'
import { languages } from '../../views/strings/strings.ts'
import type { Arena } from '../arena.ts'
import { type Answers, type Battle, isRunning, latestTurn, type Side, sides } from '../battles/battle.ts'
import { ownBattle } from '../battles/change-battle.ts'
import { Refusal } from '../core/errors.ts'
import { isId } from '../core/ids.ts'
import {
  sideTriesMax,
  streamHeartbeatMs,
  streamLookAgainMs,
  streamPaddingBytes,
  streamsMax,
  streamsPerNetworkMax,
  streamsPerVoterMax,
  streamWriteTimeoutMs,
} from '../core/limits.ts'
import type { Env } from './env.ts'
import { type Live, type LiveAnswers, type LiveSide, liveAnswers } from './live-answers.ts'
import type { Pages } from './pages.tsx'
import { csrfToken } from './session.ts'

/** Readers follow the present state: the first message restores everything, later ones bring what changed, `done` ends it. */
export function mountStream(app: Hono<Env>, arena: Arena, pages: Pages) {
  const live = new Map(languages.map((language) => [language, liveAnswers(pages.say(language))]))
  const open = openStreams()

  app.get('/b/:id{[a-z0-9]+}/stream', async (c) => {
    const voterId = c.get('voterId')
    const battleId = c.req.param('id')
    if (!voterId || !isId(battleId)) throw new Refusal('not_found', 'no_such_battle')
    const battle = await ownBattle({ battleId, voterId }, arena.battles)
    // One voter behind a shared address must not shut out the others, so the network limit is for public sites.
    const leave = open.enter(
      voterId,
      arena.config.access.vote === 'anyone' && arena.config.site.url ? c.get('network') : null,
    )
    const language = c.get('language')
    const messages = read(battle, live.get(language)!, pages.say(language), csrfToken(voterId, arena.secret), arena)
    c.header('Content-Type', 'text/event-stream; charset=utf-8')
    c.header('Cache-Control', 'no-store, no-transform')
    c.header('X-Accel-Buffering', 'no')
    return c.body(eventStream(messages, leave))
  })
}

type Message = { html: string } | { done: true }

async function* read(battle: Battle, live: LiveAnswers, say: Say, csrf: string, arena: Arena): AsyncGenerator<Message> {
  const { id } = battle
  const turn = latestTurn(battle).number
  const control = new AbortController()
  live.enter(id)
  try {
    let before: { state: StreamState; live: Live } | null = null
    const stateOf = (current: Battle, shown: Answers): StreamState => {
      const now = live.of(id, turn, shown)
      const rendered = renderedSince(before?.live ?? null, now)
      before = {
        live: {
          answers: now.answers,
          sides: {
            a: { ...now.sides.a, blocks: [...now.sides.a.blocks] },
            b: { ...now.sides.b, blocks: [...now.sides.b.blocks] },
          },
        },
        state: {
          say,
          csrf,
          battle: { ...current, turns: [...current.turns.slice(0, -1), { ...latestTurn(current), answers: shown }] },
          rendered,
          vote: null,
          voteKey: '',
          queueAhead: null,
          sideTriesMax,
        },
      }
      return before.state
    }
    let current: Battle | undefined = battle
    let isFirst = true
    while (current && isRunning(current) && latestTurn(current).number === turn) {
      for await (const shown of arena.feed.follow(id, control.signal)) {
        if (current.state === 'queued' && sides.some((side) => shown[side].text !== ''))
          current = { ...current, state: 'writing' }
        const known: StreamState | undefined = (before as { state: StreamState } | null)?.state
        const state = stateOf(current, shown)
        const html: string = known ? delta(state, known) : fullState(state)
        if (html !== '' || isFirst) yield { html }
        isFirst = false
      }
      current = await arena.battles.find(id)
      // Just started, or its run has failed: told that it is over, the page would fetch itself, find it running and follow again, in a circle.
      if (current && isRunning(current)) {
        if (isFirst) yield { html: fullState(stateOf(current, latestTurn(current).answers)) }
        isFirst = false
        await wait(streamLookAgainMs)
      }
    }
    if (current && !isRunning(current) && latestTurn(current).number === turn) {
      before = null
      const vote = (await arena.votes.find(id)) ?? null
      yield { html: fullState({ ...stateOf(current, latestTurn(current).answers), vote }) }
    }
    yield { done: true }
  } finally {
    control.abort()
    live.leave(id)
  }
}

/** What this reader has not seen yet: blocks finished since their last look, or everything when the text was replaced. */
function renderedSince(before: Live | null, now: Live): StreamState['rendered'] {
  const of = (side: Side) => {
    const [then, is]: [LiveSide | undefined, LiveSide] = [before?.sides[side], now.sides[side]]
    const restarted = then !== undefined && then.restarts !== is.restarts
    const seen = then && !restarted ? then.blocks.length : 0
    return { done: is.blocks.join(''), appended: is.blocks.slice(seen).join(''), tail: is.tail, restarted }
  }
  return { a: of('a'), b: of('b') }
}

/**
 * One message at a time, asked for only when the reader took the one before: a slow reader skips states and costs no buffer. A reader who takes nothing
 * for 15 seconds is dropped; a comment every 15 seconds keeps the line open.
 */
function eventStream(messages: AsyncGenerator<Message>, leave: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let pending: Promise<IteratorResult<Message>> | null = null
  let stuck: NodeJS.Timeout | undefined
  let isOver = false
  const end = () => {
    if (isOver) return
    isOver = true
    clearTimeout(stuck)
    leave()
    void messages.return(undefined)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stuck)
        pending ??= messages.next()
        let heartbeat: NodeJS.Timeout | undefined
        const silence = new Promise<'silence'>((resolve) => {
          heartbeat = setTimeout(() => resolve('silence'), streamHeartbeatMs)
        })
        const came = await Promise.race([pending, silence]).catch((error: unknown) => {
          end()
          throw error
        })
        clearTimeout(heartbeat)
        if (isOver) return
        if (came === 'silence') return controller.enqueue(encoder.encode(': still here\n\n'))
        pending = null
        if (came.done) {
          end()
          return controller.close()
        }
        controller.enqueue(
          encoder.encode(padded('done' in came.value ? 'event: done\ndata: \n\n' : dataOf(came.value.html))),
        )
        stuck = setTimeout(() => {
          end()
          controller.error(new Error('the reader took nothing for too long'))
        }, streamWriteTimeoutMs)
      },
      cancel: end,
    },
    { highWaterMark: 1 },
  )
}

const dataOf = (html: string) =>
  `${html
    .split('\n')
    .map((line) => `data: ${line}`)
    .join('\n')}\n\n`

/** The length of an event must not tell which side wrote how much: a comment fills it up to a multiple of 256 bytes. */
function padded(event: string) {
  const overhead = ': \n'.length
  const bytes = Buffer.byteLength(event) + overhead
  const fill = (streamPaddingBytes - (bytes % streamPaddingBytes)) % streamPaddingBytes
  return `: ${'.'.repeat(fill)}\n${event}`
}

function openStreams() {
  const ofVoter = new Map<string, number>()
  const ofNetwork = new Map<string, number>()
  let all = 0
  const add = (counts: Map<string, number>, key: string, by: number) => {
    const count = (counts.get(key) ?? 0) + by
    if (count > 0) counts.set(key, count)
    else counts.delete(key)
    return count
  }
  return {
    enter(voterId: string, network: string | null) {
      const isTooMany =
        all >= streamsMax ||
        (ofVoter.get(voterId) ?? 0) >= streamsPerVoterMax ||
        (network !== null && (ofNetwork.get(network) ?? 0) >= streamsPerNetworkMax)
      if (isTooMany) throw new Refusal('too_many', 'slow_down', { params: { seconds: 5 } })
      all++
      add(ofVoter, voterId, 1)
      if (network !== null) add(ofNetwork, network, 1)
      return () => {
        all--
        add(ofVoter, voterId, -1)
        if (network !== null) add(ofNetwork, network, -1)
      }
    },
  }
}
