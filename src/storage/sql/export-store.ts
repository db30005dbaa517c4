import { and, asc, eq, gt, inArray, ne } from 'drizzle-orm'
import { type Side, sides } from '../../battles/battle.ts'
import type {
  ExportAnswer,
  ExportImage,
  ExportModel,
  ExportReader,
  ExportRow,
  ExportStore,
  ExportTurn,
} from '../../exports/export-store.ts'
import type { Receipt, Sampling } from '../../models/provider.ts'
import { isCounted } from '../../votes/vote.ts'
import type { Database, Engine } from './engine.ts'
import type { Schema } from './schema.ts'

const pageRows = 200
/** Engines take a limited number of values in one query. */
const idsPerQueryMax = 500

export function exportStore({ schema, read }: Pick<Engine, 'schema' | 'read'>): ExportStore {
  return { read: (work) => read((db) => work(exportReader(db, schema))) }
}

function exportReader(db: Database, schema: Schema): ExportReader {
  const { votes } = schema
  let known: Promise<Map<string, ModelRow>> | null = null
  const models = () => (known ??= modelsById(db, schema))
  return {
    async *rows() {
      for (let after = ''; ; ) {
        const page = await voteRows(db, schema, { where: gt(votes.id, after), limit: pageRows })
        yield* await toExportRows(db, schema, page, await models())
        const last = page.at(-1)
        if (!last || page.length < pageRows) return
        after = last.vote.id
      }
    },
    async rowsOf(ids) {
      const found = new Map<string, ExportRow>()
      for (let from = 0; from < ids.length; from += idsPerQueryMax) {
        const some = ids.slice(from, from + idsPerQueryMax)
        const page = await voteRows(db, schema, { where: inArray(votes.id, some), limit: some.length })
        for (const row of await toExportRows(db, schema, page, await models())) found.set(row.vote.id, row)
      }
      return found
    },
  }
}

type Page = Awaited<ReturnType<typeof voteRows>>
async function voteRows(
  db: Database,
  { votes, battles, voters }: Schema,
  { where, limit }: { where: ReturnType<typeof gt>; limit: number },
) {
  return await db
    .select({ vote: votes, battle: battles, voterKind: voters.kind })
    .from(votes)
    .innerJoin(battles, eq(battles.id, votes.battleId))
    .innerJoin(voters, eq(voters.id, votes.voterId))
    .where(where)
    .orderBy(asc(votes.id))
    .limit(limit)
}

type ModelRow = Schema['models']['$inferSelect']
async function modelsById(db: Database, { models }: Schema): Promise<Map<string, ModelRow>> {
  return new Map((await db.select().from(models)).map((model) => [model.id, model]))
}

async function toExportRows(
  db: Database,
  schema: Schema,
  page: Page,
  models: Map<string, ModelRow>,
): Promise<ExportRow[]> {
  if (page.length === 0) return []
  const { turns, answers, turnImages, images, votes } = schema
  const ids = [...new Set(page.map(({ battle }) => battle.id))]
  const [turnRows, answerRows, imageRows, voteList] = [
    await db.select().from(turns).where(inArray(turns.battleId, ids)).orderBy(asc(turns.battleId), asc(turns.number)),
    await db.select().from(answers).where(inArray(answers.battleId, ids)),
    await db
      .select({ battleId: turnImages.battleId, turn: turnImages.turn, image: images })
      .from(turnImages)
      .innerJoin(images, eq(images.sha256, turnImages.image))
      .where(inArray(turnImages.battleId, ids))
      .orderBy(asc(turnImages.battleId), asc(turnImages.turn), asc(turnImages.position)),
    await db
      .select({
        id: votes.id,
        battleId: votes.battleId,
        turn: votes.turn,
        status: votes.status,
        exclusion: votes.exclusion,
      })
      .from(votes)
      .where(and(inArray(votes.battleId, ids), ne(votes.status, 'withdrawn')))
      .orderBy(asc(votes.battleId), asc(votes.turn)),
  ]
  const turnsOf = Map.groupBy(turnRows, ({ battleId }) => battleId)
  const answersOf = new Map(answerRows.map((answer) => [`${answer.battleId}/${answer.turn}/${answer.side}`, answer]))
  const imagesOf = Map.groupBy(imageRows, ({ battleId, turn }) => `${battleId}/${turn}`)
  const votesOf = Map.groupBy(voteList, ({ battleId }) => battleId)

  return page.map(({ vote, battle, voterKind }): ExportRow => {
    const all = turnsOf.get(battle.id) ?? []
    const asked = all.filter(({ number }) => number <= vote.turn)
    const answerOf = (side: Side, turn: number) => answersOf.get(`${battle.id}/${turn}/${side}`)
    const contestant = (side: Side): ExportModel => {
      const voted = answerOf(side, vote.turn)
      const id = voted?.modelId ?? (side === 'a' ? battle.modelA : battle.modelB)
      return toModel(id, voted?.version ?? (side === 'a' ? battle.versionA : battle.versionB), models.get(id))
    }
    return {
      vote: {
        id: vote.id,
        turn: vote.turn,
        outcome: vote.outcome,
        reasons: vote.reasons,
        note: vote.note,
        status: vote.status,
        exclusion: vote.exclusion,
        dwellMs: vote.dwellMs,
        castAt: vote.castAt,
      },
      voter: { id: vote.voterId, kind: voterKind },
      battle: {
        id: battle.id,
        mode: battle.startedMode,
        isErased: battle.state === 'erased',
        isDemo: battle.origin === 'demo',
        replacedSide: battle.replacedSide,
        consent: { version: battle.consentVersion, publish: battle.consentPublish },
        // Side a is always the left one: the toss decides who stands there.
        leftSide: 'a',
        blindedSide: null,
        pairProbability: battle.pairProbability,
        policyHash: battle.policyHash,
        system: null,
        turnsTotal: all.length,
        startedAt: battle.startedAt,
        votes: (votesOf.get(battle.id) ?? []).map((held) => ({
          id: held.id,
          turn: held.turn,
          counts: isCounted(held),
        })),
        session: null,
        flags: [],
      },
      turns: asked.map((turn): ExportTurn => {
        const said = (side: Side) => toAnswer(answerOf(side, turn.number), samplingOf(contestant(side), models))
        return {
          number: turn.number,
          text: turn.promptText,
          language: turn.language,
          categories: turn.categories,
          flags: turn.flags,
          images: (imagesOf.get(`${battle.id}/${turn.number}`) ?? []).map(({ image }) => toImage(image)),
          answers: { a: said(sides[0]), b: said(sides[1]) },
        }
      }),
      models: { a: contestant('a'), b: contestant('b') },
    }
  })
}

const samplingOf = ({ id }: ExportModel, models: Map<string, ModelRow>): Sampling | null =>
  models.get(id)?.sampling ?? null

function toModel(id: string, version: string, model: ModelRow | undefined): ExportModel {
  return {
    id,
    name: model?.name ?? id,
    kind: model?.kind ?? null,
    model: model?.model ?? '',
    version,
    card: model?.card ?? {},
    isBaseline: model?.isBaseline ?? false,
    isReplay: model?.isReplay ?? false,
    exportOutputs: model?.exportOutputs ?? false,
  }
}

const toImage = (image: Schema['images']['$inferSelect']): ExportImage => ({
  sha256: image.sha256,
  mediaType: image.mediaType,
  width: image.width,
  height: image.height,
  bytes: image.bytes,
  phash: image.phash,
  isQuarantined: image.state === 'quarantined',
})

function toAnswer(answer: Schema['answers']['$inferSelect'] | undefined, sampling: Sampling | null): ExportAnswer {
  const receipt = answer?.receipt ?? null
  return {
    state: answer?.state ?? 'writing',
    raw: answer?.raw ?? '',
    finish: answer?.finish ?? null,
    reason: answer?.reason ?? null,
    marks: answer?.marks ?? [],
    markup: {
      characters: answer?.characters ?? 0,
      headers: answer?.headers ?? 0,
      lists: answer?.lists ?? 0,
      bold: answer?.bold ?? 0,
    },
    tokensIn: receipt?.usage.input ?? null,
    tokensOut: receipt?.usage.output ?? null,
    firstTextMs: receipt?.firstTextMs ?? null,
    totalMs: receipt?.totalMs ?? null,
    params: paramsOf(receipt, sampling),
  }
}

/** As they were sent where the receipt says, else as they are configured. */
function paramsOf(receipt: Receipt | null, sampling: Sampling | null): ExportAnswer['params'] {
  const sent = (...names: string[]): number | null => {
    for (const name of names) {
      const value = receipt?.effective[name]
      if (typeof value === 'number') return value
    }
    return null
  }
  return {
    temperature: sent('temperature') ?? sampling?.temperature ?? null,
    topP: sent('topP', 'top_p') ?? sampling?.topP ?? null,
    maxTokens: sent('maxTokens', 'max_tokens', 'maxOutputTokens', 'max_output_tokens') ?? sampling?.maxTokens ?? null,
  }
}
