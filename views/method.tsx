// GET /method: what counts, how numbers are made, what is kept. #flip #position #voters #style are what the board's sentences lead to;
// #terms holds the consent text of this arena.
import type { Agreement } from '../src/leaderboards/benchmark-agreement.ts'
import type { Leaderboard } from '../src/leaderboards/leaderboard.ts'
import type { Exclusion } from '../src/votes/vote.ts'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { Formula } from './parts/formula.tsx'
import { Raw } from './parts/raw.tsx'
import { robustnessNotes } from './parts/robustness.tsx'
import type { Key } from './strings/strings.ts'

export type MethodView = {
  /** The whole board and the same with style control; null where there is none yet, or where the reader may not see it. */
  live?: LiveMethod | null
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

export type LiveMethod = {
  board: Leaderboard
  styled: Leaderboard | null
  names: Map<string, string>
  agreement: { title: string; found: Agreement }[]
}

/** Beyond this many standard errors, a side is favoured by more than chance. */
const alarmZ = 4

export const MethodPage = ({
  frame,
  live = null,
  excluded,
  policy,
  retainDays,
  terms,
}: MethodView & { frame: Frame }) => {
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
        <Formulas frame={frame} />
        <Live frame={frame} live={live} />
        <section id="style">
          <h2>{say('method.style')}</h2>
          <ul class="bullets">
            <li>{say('method.style_1')}</li>
            <li>{say('method.formula_4')}</li>
          </ul>
          <Formula
            tex={String.raw`\operatorname{logit} P = \theta_a - \theta_b + \sum_k \gamma_k z_k,\qquad q_k = \frac{f_{a,k} - f_{b,k}}{f_{a,k} + f_{b,k} + 1},\quad z_k = \frac{q_k - \bar q_k}{s_k}`}
          />
          <Coefficients frame={frame} styled={live?.styled ?? null} />
        </section>
        <section id="flip">
          <h2>{say('method.flip')}</h2>
          <ul class="bullets">
            <li>{say('method.flip_1')}</li>
            <li>{say('method.formula_6')}</li>
          </ul>
          <Formula tex={String.raw`\frac{c^{\top} H^{+} x_n\,(y_n - p_n)}{1 - h_n},\qquad c = e_i - e_j`} />
          <Notes frame={frame} live={live} part="flip" />
        </section>
        <section id="position">
          <h2>{say('method.position')}</h2>
          <ul class="bullets">
            <li>{say('method.position_1')}</li>
            <li>{say('method.formula_5')}</li>
          </ul>
          <Formula tex={String.raw`\operatorname{logit} P(\text{A}) = \theta_a - \theta_b + \delta`} />
          <Position frame={frame} live={live} />
        </section>
        <section id="voters">
          <h2>{say('method.voters')}</h2>
          <ul class="bullets">
            <li>{say('method.voters_1')}</li>
          </ul>
          <Formula tex={String.raw`\frac{\left(\sum_v n_v\right)^2}{\sum_v n_v^2}`} />
          <Notes frame={frame} live={live} part="voters" />
        </section>
        <AgreementPart frame={frame} live={live} />
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
        <Part
          frame={frame}
          title="method.limits"
          lines={['method.limits_1', 'method.limits_2', 'method.limits_3', 'method.limits_4']}
        />
      </div>
    </Page>
  )
}

const Formulas = ({ frame: { say } }: { frame: Frame }) => (
  <section id="formulas">
    <ul class="bullets">
      <li>
        {say('method.formula_1')}
        <Formula
          tex={String.raw`P(i \succ j) = \frac{1}{1 + 10^{(R_j - R_i)/400}} = \frac{1}{1 + e^{-(\theta_i - \theta_j)}},\qquad R = 1000 + \frac{400}{\ln 10}\,\theta`}
        />
      </li>
      <li>
        {say('method.formula_2')}
        <Formula tex={String.raw`\ell(\theta) = \sum_{i \neq j} W_{ij} \ln P(i \succ j)`} />
      </li>
      <li>
        {say('method.formula_3')}
        <Formula
          tex={String.raw`V = \frac{K}{K-1}\, H^{+} \Big(\sum_{v=1}^{K} S_v S_v^{\top}\Big) H^{+},\qquad S_v = \sum_{n \in v} (y_n - p_n)\, x_n,\qquad R_i \pm 1.96 \cdot \frac{400}{\ln 10} \sqrt{V_{ii}}`}
        />
      </li>
      <li>
        {say('method.formula_7')}
        <Formula
          tex={String.raw`\left[\,1 + \#\{j : \mathrm{low}_j > \mathrm{high}_i\},\; M - \#\{j : \mathrm{high}_j < \mathrm{low}_i\}\,\right]`}
        />
      </li>
    </ul>
  </section>
)

type Of = { frame: Frame; live: LiveMethod | null }

const Live = ({ frame: { say }, live }: Of) => {
  if (live === null) return null
  const { board } = live
  const share = ({ wins, decisive }: Leaderboard['left']) => (decisive === 0 ? '–' : say.percent(wins / decisive, 1))
  const facts: [string, string][] = [
    [say('method.stat_votes'), say.number(board.votes)],
    [say('method.stat_models'), say.number(board.rows.filter(({ votes }) => votes > 0).length)],
    [say('method.stat_errors'), board.seKind],
    [say('method.stat_left'), share(board.left)],
    [say('method.stat_longer'), share(board.longer)],
    [say('method.stat_updated'), say.dateTime(board.updatedAt)],
  ]
  return (
    <section id="live">
      <h2>{say('method.live')}</h2>
      <dl class="settings">
        {facts.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="mono hint">{say('lb.snapshot', { id: board.snapshot })}</p>
    </section>
  )
}

const Notes = ({ frame: { say }, live, part }: Of & { part: 'flip' | 'voters' }) => {
  const notes = live ? robustnessNotes(say, live.board, (model) => live.names.get(model) ?? model) : []
  return (
    <>
      {notes
        .filter((note) => note.part === part)
        .map(({ words }) => (
          <p>{words}</p>
        ))}
    </>
  )
}

const Position = ({ frame: { say }, live }: Of) => {
  const position = live?.board.robustness?.position
  if (!position) return null
  const { points, low, high, z } = position
  const digits = (value: number) => say.number(value, 1)
  return (
    <>
      <p>
        {say('method.position_now', {
          points: digits(points),
          low: digits(low),
          high: digits(high),
          z: say.number(z, 2),
        })}
      </p>
      {Math.abs(z) > alarmZ ? <p class="note note-warn">{say('method.position_alarm')}</p> : null}
    </>
  )
}

const styleWords = {
  length: 'lb.style.length',
  headers: 'lb.style.headers',
  lists: 'lb.style.lists',
  bold: 'lb.style.bold',
} as const

const Coefficients = ({ frame: { say }, styled }: { frame: Frame; styled: Leaderboard | null }) => {
  if (!styled?.style?.estimable) return null
  return (
    <div class="table-scroll card fit" tabindex={0}>
      <table class="data">
        <thead>
          <tr>
            <th scope="col">{say('lb.style.feature')}</th>
            <th scope="col" class="num">
              γ
            </th>
            <th scope="col" class="num">
              {say('lb.style.points')}
            </th>
          </tr>
        </thead>
        <tbody>
          {styled.style.coefficients.map(({ feature, coefficient, se, pointsPerSd }) => (
            <tr>
              <th scope="row">
                {feature in styleWords ? say(styleWords[feature as keyof typeof styleWords]) : feature}
              </th>
              <td class="num">
                {coefficient === null
                  ? '–'
                  : `${say.number(coefficient, 3)}${se === null ? '' : ` ±${say.number(1.96 * se, 3)}`}`}
              </td>
              <td class="num">{pointsPerSd === null ? '–' : say.number(pointsPerSd, 1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const AgreementPart = ({ frame: { say }, live }: Of) => (
  <section id="agreement">
    <h2>{say('method.agreement')}</h2>
    <ul class="bullets">
      <li>{say('method.agreement_1')}</li>
      {(live?.agreement ?? []).map(({ title, found: { n, of, rho, interval } }) => (
        <li>
          {rho === null
            ? `${title}: ${say('lb.rho_few', { n, of })}`
            : interval
              ? say('method.agreement_row', {
                  x: title,
                  rho: say.number(rho, 2),
                  low: say.number(interval[0], 2),
                  high: say.number(interval[1], 2),
                  n,
                })
              : say('method.agreement_point', { x: title, rho: say.number(rho, 2), n })}
        </li>
      ))}
    </ul>
    <Formula tex={String.raw`\tanh\!\Big(\operatorname{artanh}\rho \pm 1.96 \sqrt{\tfrac{1 + \rho^2/2}{n - 3}}\Big)`} />
  </section>
)

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
