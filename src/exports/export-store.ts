import type { Mode, Outcome, Side, TurnFlag } from '../battles/battle.ts'
import type { BattleId, ImageHash, ModelId, VoteId, VoterId } from '../core/ids.ts'
import type { Mark } from '../models/grounding.ts'
import type { ModelCard, ModelKind } from '../models/model.ts'
import type { FailureReason, Finish } from '../models/provider.ts'
import type { VoterKind } from '../voters/voter.ts'
import type { VoteReason, VoteStatus } from '../votes/vote.ts'

/** One vote with everything a dataset may say about it: the unit that is filtered, frozen, digested and written. */
export type ExportRow = {
  vote: {
    id: VoteId
    turn: number
    outcome: Outcome
    reasons: VoteReason[]
    note: string | null
    status: VoteStatus
    exclusion: string | null
    dwellMs: number | null
    castAt: Date
  }
  voter: { id: VoterId; kind: VoterKind }
  battle: ExportBattle
  /** Oldest first, up to the voted one. */
  turns: ExportTurn[]
  models: Record<Side, ExportModel>
}

export type ExportBattle = {
  id: BattleId
  mode: Mode
  isErased: boolean
  isDemo: boolean
  replacedSide: Side | null
  consent: { version: string; publish: boolean }
  /** Which side stood left on the page; null where nobody recorded it. */
  leftSide: Side | null
  /** In an ablation, the side that was asked without the picture. */
  blindedSide: Side | null
  pairProbability: number | null
  policyHash: string | null
  system: string | null
  turnsTotal: number
  startedAt: Date | null
  /** All votes of the battle by turn; `counts` is what `isCounted` says. */
  votes: { id: VoteId; turn: number; counts: boolean }[]
  /** Pseudonym of the conversation in the dataset it was imported from. */
  session: string | null
  /** Flags an import gave it. */
  flags: string[]
}

export type ExportTurn = {
  number: number
  text: string
  language: string
  categories: string[]
  flags: TurnFlag[]
  images: ExportImage[]
  answers: Record<Side, ExportAnswer>
}

export type ExportImage = {
  sha256: ImageHash
  mediaType: string
  width: number
  height: number
  bytes: number
  phash: string
  isQuarantined: boolean
}

export type ExportAnswer = {
  state: 'finished' | 'stopped' | 'failed' | 'writing'
  /** What the model said, untouched, raw pointing syntax included. */
  raw: string
  finish: Finish | null
  reason: FailureReason | null
  marks: Mark[]
  markup: { characters: number; headers: number; lists: number; bold: number }
  tokensIn: number | null
  tokensOut: number | null
  firstTextMs: number | null
  totalMs: number | null
  params: { temperature: number | null; topP: number | null; maxTokens: number | null }
}

export type ExportModel = {
  id: ModelId
  name: string
  kind: ModelKind | null
  /** The exact upstream string. */
  model: string
  version: string
  card: ModelCard
  isBaseline: boolean
  /** Its answers were made elsewhere, beforehand. */
  isReplay: boolean
  exportOutputs: boolean
}

/** What an export reads. Everything inside one `read` is the state of one instant, however long the reading takes. */
export type ExportStore = { read<T>(work: (reader: ExportReader) => Promise<T>): Promise<T> }
export type ExportReader = {
  /** Every vote there is, by vote id in byte order, in pages, so that memory does not grow with the arena. */
  rows(): AsyncIterable<ExportRow>
  /** The rows of these votes; those that are gone are absent. */
  rowsOf(ids: VoteId[]): Promise<Map<VoteId, ExportRow>>
}

/** A row of a dataset before it is written: which vote, which of its sides, in which split. */
export type ExportItem = {
  preset: string
  split: 'train' | 'test'
  voteId: VoteId
  side: Side | null
  rowDigest: string
  facts: ItemFacts
}
/** What only the whole freeze knows about a row; kept, so that a rebuild years later says the same. */
export type ItemFacts = {
  battleId: BattleId
  group: string
  voterVotes: number | null
  votes: number
  agreement: number | null
  outcome: Outcome
  flags: string[]
}

export type Shard = {
  path: string
  sha256: string
  bytes: number
  rows: number
  rowGroups: number
  firstId: string
  lastId: string
  preset: string
  split: string
}

export type FrozenSnapshot = {
  id: string
  dataset: string
  /** Canonical JSON of the options: the same command finds its own unfinished work by it. */
  options: string
  watermark: string
  /** Start of the newest hour in which a vote was cast: the only date a snapshot shows. */
  at: Date
  parent: string | null
  state: 'writing' | 'complete'
  /** Canonical JSON of funnels, checks and counts, computed once at the freeze. */
  report: string
}

export type SplitKey = { key: string; component: string; split: 'train' | 'test'; phash: string | null }

/** What exports remember of themselves, apart from the arena's own database, so that a large freeze never delays a vote. */
export type SnapshotLedger = {
  /** Writes snapshot, items, files taken over and newly placed split keys in one commit; an unfinished snapshot of the same id is replaced. */
  freeze(
    snapshot: FrozenSnapshot,
    frozen: { items: ExportItem[]; shards: Shard[]; plan: string; keys: SplitKey[] },
  ): Promise<void>
  find(id: string): Promise<FrozenSnapshot | undefined>
  /** In the order in which they are written. */
  items(id: string, range: { preset: string; split: string; after: number; limit: number }): Promise<ExportItem[]>
  count(id: string): Promise<{ preset: string; split: string; rows: number }[]>
  /** Rows of a snapshot that no item names twice: vote id and digest, by vote id. */
  frozenVotes(id: string): Promise<Map<VoteId, string>>
  /** Battle of every vote of a snapshot. */
  frozenBattles(id: string): Promise<Map<VoteId, BattleId>>
  splitKeys(plan: string): Promise<SplitKey[]>
  keepShard(id: string, shard: Shard): Promise<void>
  shards(id: string): Promise<Shard[]>
  complete(id: string): Promise<void>
  forget(id: string): Promise<void>
  snapshots(dataset: string | null): Promise<FrozenSnapshot[]>
}
