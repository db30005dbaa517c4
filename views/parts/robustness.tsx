import type { Child } from 'hono/jsx'
import type { Leaderboard } from '../../src/leaderboards/leaderboard.ts'
import type { Say } from '../strings/strings.ts'

/** What the order of a board rests on, in sentences that lead to how each number is found. */
export const RobustnessNotes = ({
  say,
  board,
  nameOf,
}: {
  say: Say
  board: Leaderboard
  nameOf(model: string): string
}) => {
  const notes = robustnessNotes(say, board, nameOf)
  if (notes.length === 0) return null
  return (
    <section class="section" id="robustness" aria-labelledby="robustness-title">
      <h2 id="robustness-title">{say('robust.title')}</h2>
      <ul class="bullets">
        {notes.map(({ words, part }) => (
          <li>
            {words} <Why say={say} part={part} />
          </li>
        ))}
      </ul>
    </section>
  )
}

const Why = ({ say, part }: { say: Say; part: string }): Child => (
  <a href={`/method#${part}`} aria-label={`${say('robust.how')}: ${say(`method.${part}` as 'method.flip')}`}>
    {say('robust.how')}
  </a>
)

export type RobustnessNote = { words: string; part: 'flip' | 'position' | 'voters' | 'style' }

export function robustnessNotes(say: Say, board: Leaderboard, nameOf: (model: string) => string): RobustnessNote[] {
  const { robustness, longer } = board
  const notes: RobustnessNote[] = []
  const first = robustness?.first
  if (first) {
    const names = { x: nameOf(first.model), y: nameOf(first.next) }
    if (first.status === 'flipped' && first.votes !== null)
      notes.push({
        words: say('robust.flip', {
          ...names,
          n: first.votes,
          of: robustness.votes,
          p: say.percent(first.votes / robustness.votes, 2),
        }),
        part: 'flip',
      })
    else if (first.status === 'not_within_share') notes.push({ words: say('robust.firm', names), part: 'flip' })
    else notes.push({ words: say('robust.no_maximum', names), part: 'flip' })
  }
  const position = robustness?.position
  if (position)
    notes.push({
      words: say('robust.position', {
        points: say.number(position.points, 1),
        low: say.number(position.low, 1),
        high: say.number(position.high, 1),
        p: say.percent(position.winsLeft, 1),
      }),
      part: 'position',
    })
  if (longer.decisive > 0)
    notes.push({
      words: say('robust.longer', { p: say.percent(longer.wins / longer.decisive), n: longer.decisive }),
      part: 'style',
    })
  const voters = robustness?.voters
  if (voters)
    notes.push({
      words: say('robust.voters', {
        n: voters.voters,
        top: say.percent(voters.topShare, 1),
        ten: say.percent(voters.topTenShare, 1),
        effective: say.number(voters.effective),
      }),
      part: 'voters',
    })
  return notes
}
