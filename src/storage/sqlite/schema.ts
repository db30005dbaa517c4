import { defineSchema } from '../sql/schema.ts'
import { sqliteColumns } from './columns.ts'

export const schema = defineSchema(sqliteColumns)

// drizzle-kit finds tables among a file's exports.
export const {
  voters,
  images,
  uploads,
  promptSets,
  prompts,
  models,
  modelVersions,
  battles,
  turns,
  turnImages,
  answers,
  failedAnswers,
  shares,
  votes,
  voteRevisions,
  voteChanges,
  leaderboards,
  settings,
  tombstones,
  exportSnapshots,
  exportItems,
  exportShards,
  exportKeys,
} = schema
