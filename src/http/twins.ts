import {
  type Answer,
  type Answers,
  type Battle,
  type BattleState,
  isRevealed,
  latestTurn,
  type RevealedBattle,
  type Side,
} from '../battles/battle.ts'
import type { Vote } from '../votes/vote.ts'

// The same facts as the pages, as data, and exactly as blind: what is built here is a list of allowed fields, never a copy of a row.

/** `now` is what the feed shows of a running battle. */
export function battleTwin(battle: Battle, vote: Vote | undefined, now: Answers | undefined) {
  return {
    id: battle.id,
    state: outsideState(battle),
    mode: battle.mode,
    turns: battle.turns.map((turn) => {
      const answers = now && turn === latestTurn(battle) ? now : turn.answers
      return {
        prompt: turn.prompt.text,
        images: turn.prompt.images.map(({ sha256, width, height }) => ({ url: `/images/${sha256}`, width, height })),
        a: answerTwin(answers.a),
        b: answerTwin(answers.b),
      }
    }),
    vote: vote ? voteTwin(vote) : null,
    models: isRevealed(battle) ? { a: modelTwin(battle, 'a'), b: modelTwin(battle, 'b') } : null,
    counts: isRevealed(battle) && vote ? countsTwin(vote) : null,
  }
}

/** Outside, a battle in line is being written, and one whose names were shown is revealed whatever came after. */
export function outsideState(battle: Battle): Exclude<BattleState, 'queued'> {
  if (battle.state === 'queued') return 'writing'
  return isRevealed(battle) && battle.state !== 'writing' ? 'revealed' : battle.state
}

export const voteTwin = (vote: Vote) => ({
  outcome: vote.outcome,
  turn: vote.turn,
  revision: vote.revision,
  reasons: vote.reasons,
  note: vote.note,
  withdrawn: vote.status === 'withdrawn',
})

export const countsTwin = (vote: Vote) => ({
  counted: vote.status === 'counted' && vote.exclusion === null,
  reason: vote.exclusion ?? (vote.status === 'counted' ? null : vote.status),
})

function answerTwin(answer: Answer) {
  return {
    state: answer.state,
    text: plainText(answer),
    marks: answer.marks.map((mark, i) => {
      const { label } = mark
      const place =
        mark.kind === 'point'
          ? { kind: mark.kind, x: places(mark.x), y: places(mark.y) }
          : { kind: mark.kind, x1: places(mark.x1), y1: places(mark.y1), x2: places(mark.x2), y2: places(mark.y2) }
      return { n: i + 1, ...place, label, ...(mark.image === undefined ? {} : { image: mark.image }) }
    }),
    ...(answer.state === 'failed' ? { ref: answer.ref } : {}),
  }
}

/** A millionth of the picture is less than any pixel. */
const places = (value: number) => Math.round(value * 1e6) / 1e6

/** Chips as `[1]`, or `[1, 2]` with the label behind, where a page has a button. */
export const plainText = ({ text, chips }: Pick<Answer, 'text' | 'chips'>) =>
  text.replace(/\uE000(\d+)\uE001/g, (_, index: string) => {
    const chip = chips[Number(index)]
    if (!chip) return ''
    const numbers = `[${chip.marks.map((mark) => mark + 1).join(', ') || '–'}]`
    return chip.label === null ? numbers : `${numbers} ${chip.label}`
  })

const modelTwin = ({ contestants }: RevealedBattle, side: Side) => {
  const { id, name, version, card, isBaseline, isReplay } = contestants[side]
  return {
    id,
    name,
    version,
    organization: card.organization ?? null,
    license: card.license ?? null,
    baseline: isBaseline,
    replay: isReplay,
  }
}
