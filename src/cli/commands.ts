import type { Command } from 'commander'
import { registerConfig } from './config.ts'
import { registerInit } from './init.ts'
import { registerRank } from './rank.ts'
import { registerServe } from './serve.ts'

/** Every command, in the order of the help; a new one is one line here. Heavy imports belong inside an action. */
export const commands: readonly ((program: Command) => void)[] = [
  registerServe,
  registerInit,
  registerConfig,
  registerRank,
]
