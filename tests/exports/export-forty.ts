// A program of its own for the test that exports under another locale.

import { buildExport } from '../../src/exports/build-export.ts'
import { presets } from '../../src/exports/options.ts'
import { optionsIn } from './options-in.ts'
import { aContext, fortyVotes } from './rows.ts'

const [, , folder = ''] = process.argv
await buildExport(optionsIn([...presets]), aContext(fortyVotes(), folder))
