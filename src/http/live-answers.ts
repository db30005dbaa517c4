import { type AnswerRenderer, answerRenderer } from '../../views/markdown.ts'
import type { Say } from '../../views/strings/strings.ts'
import type { Answers, Side } from '../battles/battle.ts'
import { sides } from '../battles/battle.ts'
import type { BattleId } from '../core/ids.ts'

/** One side as HTML: blocks that will not change any more, and the one still open. */
export type LiveSide = { blocks: string[]; tail: string; restarts: number }
export type Live = { answers: Answers; sides: Record<Side, LiveSide> }

/**
 * Rendering of running battles, once for all readers of one language: each new state is rendered at most once, however many look on. Dropped when
 * the last reader has left.
 */
export type LiveAnswers = {
  /** The newest state rendered; the same object until the state changes. */
  of(id: BattleId, turn: number, shown: Answers): Live
  enter(id: BattleId): void
  leave(id: BattleId): void
}

type Entry = { turn: number; shown: Answers; live: Live; renderers: Record<Side, AnswerRenderer> }

export function liveAnswers(say: Say): LiveAnswers {
  const entries = new Map<BattleId, Entry>()
  const readers = new Map<BattleId, number>()

  const fresh = (turn: number, shown: Answers): Entry => ({
    turn,
    shown,
    live: { answers: shown, sides: { a: nothing(), b: nothing() } },
    renderers: { a: answerRenderer({ side: 'a', say, turn }), b: answerRenderer({ side: 'b', say, turn }) },
  })

  return {
    of(id, turn, shown) {
      let entry = entries.get(id)
      if (entry?.turn === turn && entry.shown === shown) return entry.live
      if (entry?.turn !== turn) entry = fresh(turn, shown)
      entries.set(id, entry)
      entry.shown = shown
      const next = { a: nothing(), b: nothing() }
      for (const side of sides) next[side] = advance(entry.live.sides[side], entry.renderers[side], shown, side)
      entry.live = { answers: shown, sides: next }
      return entry.live
    },
    enter: (id) => void readers.set(id, (readers.get(id) ?? 0) + 1),
    leave(id) {
      const left = (readers.get(id) ?? 1) - 1
      if (left > 0) return void readers.set(id, left)
      readers.delete(id)
      entries.delete(id)
    },
  }
}

const nothing = (): LiveSide => ({ blocks: [], tail: '', restarts: 0 })

function advance(before: LiveSide, renderer: AnswerRenderer, shown: Answers, side: Side): LiveSide {
  const answer = shown[side]
  const { done, appended, tail, restarted } = renderer.update(answer, answer.state !== 'writing')
  if (restarted) return { blocks: done === '' ? [] : [done], tail, restarts: before.restarts + 1 }
  if (appended !== '') before.blocks.push(appended)
  return { blocks: before.blocks, tail, restarts: before.restarts }
}
