// GET /method: what counts, how numbers are made, what is kept. #terms holds the consent text of this arena.
import type { Exclusion } from '../src/votes/vote.ts'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { Raw } from './parts/raw.tsx'
import type { Key } from './strings/strings.ts'

export type MethodView = {
  /** Votes kept but not counted, by reason. */
  excluded: { reason: Exclusion; votes: number }[]
  /** Pairing policy: its hash and the weights as words for a table. */
  policy: { hash: string; weights: [name: string, value: string][] } | null
  retainDays: number | null
  terms: {
    version: string
    /** The operator's consent text, rendered by `renderAnswer`-like safe Markdown; empty where there is none. */
    html: string
  }
}

export const MethodPage = ({ frame, excluded, policy, retainDays, terms }: MethodView & { frame: Frame }) => {
  const { say } = frame
  return (
    <Page {...frame} title={say('method.title')} layout="column">
      <div class="stack prose">
        <div class="page-head">
          <h1>{say('method.title')}</h1>
          <p class="lead">{say('method.lead')}</p>
        </div>
        <Part
          frame={frame}
          title="method.battle"
          lines={['method.battle_1', 'method.battle_2', 'method.battle_3', 'method.battle_4']}
        />
        <Part frame={frame} title="method.vote" lines={['method.vote_1', 'method.vote_2', 'method.vote_3']} />
        {excluded.length > 0 ? (
          <section>
            <h2>{say('method.excluded')}</h2>
            <div class="table-scroll card fit" tabindex={0}>
              <table class="data">
                <thead>
                  <tr>
                    <th scope="col">{say('method.reason')}</th>
                    <th scope="col" class="num">
                      {say('method.number')}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {excluded.map(({ reason, votes }) => (
                    <tr>
                      <th scope="row">{say(`exclusion.${reason}`)}</th>
                      <td class="num">{say.number(votes)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </section>
        ) : null}
        <Part
          frame={frame}
          title="method.rating"
          lines={['method.rating_1', 'method.rating_2', 'method.rating_3', 'method.rating_4', 'method.rating_5']}
        />
        <Part frame={frame} title="method.style" lines={['method.style_1']} />
        <Part frame={frame} title="method.sampling" lines={['method.sampling_1']} />
        {policy ? (
          <section>
            <p class="mono hint">{say('method.policy', { hash: policy.hash })}</p>
            <dl class="settings">
              {policy.weights.map(([name, value]) => (
                <div>
                  <dt>{name}</dt>
                  <dd class="mono">{value}</dd>
                </div>
              ))}
            </dl>
          </section>
        ) : null}
        <section>
          <h2>{say('method.keeps')}</h2>
          <ul class="bullets">
            {retainDays === null ? null : <li>{say('method.keeps_1', { n: retainDays })}</li>}
            <li>{say('method.keeps_2')}</li>
            <li>{say('method.keeps_3')}</li>
            <li>{say('method.keeps_4')}</li>
          </ul>
        </section>
        {terms.html === '' ? null : (
          <section id="terms">
            <h2>{say('method.terms', { version: terms.version })}</h2>
            <div class="card terms answer" hx-ignore="">
              <Raw html={terms.html} />
            </div>
          </section>
        )}
        <Part frame={frame} title="method.limits" lines={['method.limits_1', 'method.limits_2', 'method.limits_3']} />
      </div>
    </Page>
  )
}

const Part = ({ frame: { say }, title, lines }: { frame: Frame; title: Key; lines: Key[] }) => (
  <section>
    <h2>{say(title)}</h2>
    <ul class="bullets">
      {lines.map((line) => (
        <li>{say(line)}</li>
      ))}
    </ul>
  </section>
)
