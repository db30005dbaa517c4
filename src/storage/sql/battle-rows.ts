import { asc, eq, sql } from 'drizzle-orm'
import type { Answer, Answers, Battle, BlindBattle, EndedAnswer, Side, Turn } from '../../battles/battle.ts'
import type { Backstage } from '../../battles/battle-store.ts'
import type { ImageRef } from '../../images/image.ts'
import type { Model } from '../../models/model.ts'
import { type Database, named, statements } from './engine.ts'
import { toModel } from './model-store.ts'
import type { Schema } from './schema.ts'

export type BattleRow = Schema['battles']['$inferSelect']
export type AnswerRow = Schema['answers']['$inferSelect']
type TurnRow = Schema['turns']['$inferSelect']

/** Reads whole battles: one query per table, prepared. */
export function battleReader({ battles, turns, turnImages, images, answers, models, modelVersions }: Schema) {
  const id = sql.placeholder('id')
  const prepared = statements((db) => ({
    battle: named('battle_find', db.select().from(battles).where(eq(battles.id, id))),
    turns: named('battle_turns', db.select().from(turns).where(eq(turns.battleId, id)).orderBy(asc(turns.number))),
    answers: named(
      'battle_answers',
      db.select().from(answers).where(eq(answers.battleId, id)).orderBy(asc(answers.turn), asc(answers.side)),
    ),
    images: named(
      'battle_images',
      db
        .select({
          turn: turnImages.turn,
          sha256: images.sha256,
          mediaType: images.mediaType,
          width: images.width,
          height: images.height,
        })
        .from(turnImages)
        .innerJoin(images, eq(images.sha256, turnImages.image))
        .where(eq(turnImages.battleId, id))
        .orderBy(asc(turnImages.turn), asc(turnImages.position)),
    ),
    model: named('battle_model', db.select().from(models).where(eq(models.id, id))),
    version: named(
      'battle_version',
      db
        .select({ settings: modelVersions.settings })
        .from(modelVersions)
        .where(sql`${eq(modelVersions.modelId, id)} and ${eq(modelVersions.version, sql.placeholder('version'))}`),
    ),
  }))

  async function row(db: Database, battleId: string): Promise<BattleRow | undefined> {
    const [found] = await prepared(db).battle.execute({ id: battleId })
    return found
  }

  async function battle(db: Database, found: BattleRow): Promise<Battle> {
    const { id } = found
    const turnRows = await prepared(db).turns.execute({ id })
    const answerRows = await prepared(db).answers.execute({ id })
    const imageRows = await prepared(db).images.execute({ id })
    const blind = toBlindBattle(
      found,
      turnRows.map((turn) => toTurn(turn, answerRows, imageRows)),
    )
    if (found.revealedAt === null) return blind
    return {
      ...blind,
      revealedAt: found.revealedAt,
      contestants: {
        a: await contestant(db, found.modelA, found.versionA),
        b: await contestant(db, found.modelB, found.versionB),
      },
      receipts: turnRows.map(({ number }) => {
        const receiptOf = (side: Side) => answerOn(answerRows, number, side).receipt
        return { a: receiptOf('a'), b: receiptOf('b') }
      }),
    }
  }

  /** The model as it answered: today's entry with the version and settings of then. */
  async function contestant(db: Database, modelId: string, version: string): Promise<Model> {
    const [model] = await prepared(db).model.execute({ id: modelId })
    const [then] = await prepared(db).version.execute({ id: modelId, version })
    if (!model || !then) throw new Error(`model ${modelId} ${version} is in a battle and not known`)
    return { ...toModel(model), version, settings: then.settings }
  }

  async function backstage(db: Database, found: BattleRow): Promise<Backstage> {
    const answerRows = await prepared(db).answers.execute({ id: found.id })
    const turnRows = await prepared(db).turns.execute({ id: found.id })
    const contestants = {
      a: { modelId: found.modelA, version: found.versionA },
      b: { modelId: found.modelB, version: found.versionB },
    }
    return {
      contestants,
      draw: {
        ...contestants,
        pairProbability: found.pairProbability,
        eligible: found.eligible,
        policyHash: found.policyHash,
      },
      raw: turnRows.map(({ number }) => {
        const rawOf = (side: Side) => answerOn(answerRows, number, side).raw
        return { a: rawOf('a'), b: rawOf('b') }
      }),
    }
  }

  return { row, battle, backstage }
}

const toBlindBattle = (row: BattleRow, turns: Turn[]): BlindBattle => ({
  id: row.id,
  voterId: row.voterId,
  state: row.state,
  voidReason: row.voidReason,
  mode: row.mode,
  pacing: row.pacing,
  turns,
  tries: row.tries,
  stoppedByVoter: row.stoppedByVoter,
  replacedSide: row.replacedSide,
  consent: { version: row.consentVersion, publish: row.consentPublish },
  startedAt: row.startedAt,
  readyAt: row.readyAt,
  revealedAt: null,
})

function toTurn(row: TurnRow, answerRows: AnswerRow[], imageRows: (ImageRef & { turn: number })[]): Turn {
  const answers: Answers = {
    a: toAnswer(answerOn(answerRows, row.number, 'a')),
    b: toAnswer(answerOn(answerRows, row.number, 'b')),
  }
  const images = imageRows.filter(({ turn }) => turn === row.number).map(({ turn: _, ...image }) => image)
  return {
    number: row.number,
    prompt: {
      text: row.promptText,
      images,
      language: row.language,
      categories: row.categories,
      promptId: row.promptId,
      inputMethod: row.inputMethod,
    },
    answers,
    flags: row.flags,
    readyAt: row.readyAt,
  }
}

function answerOn(rows: AnswerRow[], turn: number, side: Side): AnswerRow {
  const row = rows.find((answer) => answer.turn === turn && answer.side === side)
  if (!row) throw new Error(`turn ${turn} has no answer on side ${side}`)
  return row
}

function toAnswer({ state, text, chips, marks, finish, reason, ref }: AnswerRow): Answer {
  const said = { text, chips, marks }
  // The row's CHECKs promise a finish for every finished answer, a reason and a reference for every failed one.
  if (state === 'finished') return { ...said, state, finish: finish! }
  if (state === 'failed') return { ...said, state, reason: reason!, ref: ref! }
  return { ...said, state }
}

/** What ending writes into the answer's row. */
export function toAnswerColumns(ended: EndedAnswer, at: Date) {
  const { text, chips, marks, raw, detail, receipt, namedItself, markup } = ended
  return {
    state: ended.state,
    finish: ended.state === 'finished' ? ended.finish : null,
    reason: ended.state === 'failed' ? ended.reason : null,
    ref: ended.state === 'failed' ? ended.ref : null,
    text,
    chips,
    marks,
    raw,
    detail,
    receipt,
    namedItself,
    ...markup,
    endedAt: at,
  }
}

/** An answer that is to be written, again or for the first time. */
export const unwritten = {
  state: 'writing',
  finish: null,
  reason: null,
  ref: null,
  text: '',
  chips: [],
  marks: [],
  raw: null,
  detail: null,
  receipt: null,
  namedItself: false,
  characters: 0,
  headers: 0,
  lists: 0,
  bold: 0,
  endedAt: null,
} satisfies Partial<AnswerRow>

export const contestantOn = (row: BattleRow, side: Side) =>
  side === 'a' ? { modelId: row.modelA, version: row.versionA } : { modelId: row.modelB, version: row.versionB }
