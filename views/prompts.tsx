// GET /prompts: sets; GET /prompts/{set}: its questions. Each question starts as the composer filled with it: /?prompt={id}

import type { PromptId } from '../src/core/ids.ts'
import { categories } from '../src/prompts/category.ts'
import { type Localised, localised, type SetPrompt } from '../src/prompts/prompt.ts'
import type { Frame } from './frame.ts'
import { Page } from './layout.tsx'
import { Icon } from './parts/icon.tsx'
import type { Say } from './strings/strings.ts'

export type PromptSetCard = {
  id: string
  title: Localised
  license: string
  size: number
  /** How many of it this voter has voted on; null for a visitor. */
  done: number | null
  /** Up to four of its pictures. */
  cover: SetPrompt[]
}

export const PromptSetsPage = ({ frame, sets }: { frame: Frame; sets: PromptSetCard[] }) => {
  const { say, lang } = frame
  return (
    <Page {...frame} title={say('prompts.title')} layout="wide">
      <div class="stack">
        <div class="page-head">
          <h1>{say('prompts.title')}</h1>
          <p class="lead">{say('prompts.lead')}</p>
        </div>
        {sets.length === 0 ? <p class="card empty">{say('prompts.none')}</p> : null}
        <ul class="set-list">
          {sets.map((set) => (
            <li class="card set-card">
              <div class="set-cover" aria-hidden="true">
                {set.cover.slice(0, 4).map((prompt) => (
                  <img
                    src={`/images/${prompt.image}`}
                    width={prompt.width}
                    height={prompt.height}
                    alt=""
                    loading="lazy"
                  />
                ))}
              </div>
              <div class="set-words">
                <h2>
                  <a href={`/prompts/${encodeURIComponent(set.id)}`}>{localised(set.title, lang)}</a>
                </h2>
                <p class="hint">
                  {say('prompts.items', { n: set.size })} · {say('prompts.license', { license: set.license })}
                </p>
                {set.done === null ? null : <Done say={say} done={set.done} total={set.size} />}
              </div>
            </li>
          ))}
        </ul>
      </div>
    </Page>
  )
}

/** Said in words and drawn as a line, which is decoration. */
const Done = ({ say, done, total }: { say: Say; done: number; total: number }) => (
  <p class="hint set-done">
    {say('prompts.done', { done, total })}
    <progress value={done} max={Math.max(1, total)} aria-hidden="true" />
  </p>
)

export type PromptSetView = {
  title: Localised
  license: string
  prompts: SetPrompt[]
  /** Those this voter has voted on. */
  done: ReadonlySet<PromptId>
}

export const PromptSetPage = ({ frame, title, license, prompts, done }: PromptSetView & { frame: Frame }) => {
  const { say, lang } = frame
  const next = prompts.find(({ id }) => !done.has(id))
  const doneHere = prompts.filter(({ id }) => done.has(id)).length
  return (
    <Page {...frame} title={localised(title, lang)} layout="wide">
      <div class="stack">
        <div class="page-head">
          <h1>{localised(title, lang)}</h1>
          <p class="lead">
            {say('prompts.items', { n: prompts.length })} · {say('prompts.license', { license })}
          </p>
        </div>
        <div class="set-start">
          {next ? (
            <a class="button button-primary" href={`/?prompt=${encodeURIComponent(next.id)}`}>
              {say(doneHere === 0 ? 'prompts.start' : 'prompts.next')}
            </a>
          ) : prompts.length > 0 ? (
            <p>{say('prompts.all_done')}</p>
          ) : null}
          {doneHere > 0 ? <Done say={say} done={doneHere} total={prompts.length} /> : null}
          <a class="linklike" href="/prompts">
            {say('prompts.back')}
          </a>
        </div>
        {prompts.length === 0 ? <p class="card empty">{say('prompts.none')}</p> : null}
        <ul class="prompt-list">
          {byPicture(prompts).map((group) => (
            <li class="card prompt-card">
              <img
                src={`/images/${group[0]!.image}`}
                width={group[0]!.width}
                height={group[0]!.height}
                alt=""
                loading="lazy"
              />
              <div class="prompt-words">
                <h2>{localised(group[0]!.title, lang)}</h2>
                <ul class="prompt-questions">
                  {group.map((prompt) => (
                    <li>
                      <a href={`/?prompt=${encodeURIComponent(prompt.id)}`} dir="auto">
                        {localised(prompt.text, lang)}
                      </a>
                      {done.has(prompt.id) ? (
                        <span class="prompt-done">
                          <Icon name="check" />
                          <span class="visually-hidden">{say('prompts.one_done')}</span>
                        </span>
                      ) : null}
                    </li>
                  ))}
                </ul>
                <p class="tags">
                  {[...new Set(group.flatMap(({ tags }) => tags))].flatMap((tag) => {
                    const words = tagWords(say, tag)
                    return words ? [<span class="label">{words}</span>, ' '] : []
                  })}
                </p>
              </div>
            </li>
          ))}
        </ul>
      </div>
    </Page>
  )
}

function byPicture(prompts: SetPrompt[]): SetPrompt[][] {
  const groups = new Map<string, SetPrompt[]>()
  for (const prompt of prompts) groups.set(prompt.image, [...(groups.get(prompt.image) ?? []), prompt])
  return [...groups.values()]
}

function tagWords(say: Say, tag: string): string | null {
  const category = categories.find((category) => category === tag)
  return category ? say(`category.${category}`) : null
}
