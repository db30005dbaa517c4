import type { Command } from 'commander'
import { registerBackup } from './backup.ts'
import { registerConfig } from './config.ts'
import { registerDoctor } from './doctor.ts'
import { registerExport } from './export.ts'
import { registerGc } from './gc.ts'
import { registerImport } from './import.ts'
import { registerInit } from './init.ts'
import { registerMigrate } from './migrate.ts'
import { registerModels } from './models.ts'
import { registerRank } from './rank.ts'
import { registerRestore } from './restore.ts'
import { registerServe } from './serve.ts'
import { registerVerify } from './verify.ts'

/** Every command, in the order of the help; a new one is one line here. Heavy imports belong inside an action. */
export const commands: readonly ((program: Command) => void)[] = [
  registerServe,
  registerInit,
  registerConfig,
  registerModels,
  registerImport,
  registerExport,
  registerVerify,
  registerRank,
  registerBackup,
  registerRestore,
  registerDoctor,
  registerGc,
  registerMigrate,
]
