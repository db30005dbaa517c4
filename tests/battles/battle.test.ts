import { describe, expect, test } from 'vitest'
import { type BattleEvent, battleStates, next, voidReasons } from '../../src/battles/battle.ts'

const events: BattleEvent['type'][] = [
  'slots_free',
  'queue_timeout',
  'cancel',
  'both_ended',
  'side_failed',
  'interrupted',
  'retry',
  'replace',
  'vote',
  'ask',
  'expire',
  'skip',
  'reveal',
  'erase',
]
const blind = (state: (typeof battleStates)[number], voidReason: (typeof voidReasons)[number] | null = null) => ({
  state,
  voidReason,
  isRevealed: false,
})

// The whole table: which events each state takes. Everything else is a conflict and writes nothing.
const takes: Record<(typeof battleStates)[number], BattleEvent['type'][]> = {
  queued: ['slots_free', 'queue_timeout', 'cancel', 'interrupted', 'skip', 'erase'],
  writing: ['both_ended', 'side_failed', 'interrupted', 'skip', 'erase'],
  ready: ['vote', 'ask', 'expire', 'skip', 'reveal', 'erase'],
  voted: ['vote', 'ask', 'reveal', 'erase'],
  revealed: ['ask', 'erase'],
  void: ['skip', 'reveal', 'erase'],
  erased: [],
}

describe('the life of a battle', () => {
  test.each(battleStates)('%s takes exactly its events', (state) => {
    const taken = events.filter((type) => next(blind(state, state === 'void' ? 'expired' : null), { type }))
    expect(taken.sort()).toEqual([...takes[state]].sort())
  })

  test('only a failed or interrupted battle can be asked again, only a failed one gets another model', () => {
    const may = (type: 'retry' | 'replace') => voidReasons.filter((reason) => next(blind('void', reason), { type }))
    expect(may('retry')).toEqual(['side_failed', 'interrupted'])
    expect(may('replace')).toEqual(['side_failed'])
  })

  test('after the reveal there is no vote, and a finished turn goes straight to revealed', () => {
    expect(next({ state: 'ready', voidReason: null, isRevealed: true }, { type: 'vote' })).toBeNull()
    expect(next({ state: 'writing', voidReason: null, isRevealed: true }, { type: 'both_ended' })?.to).toBe('revealed')
  })
})
