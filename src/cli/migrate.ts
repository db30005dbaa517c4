import { join } from 'node:path'
import type { Command } from 'commander'
import { configFrom, type PlaceFlags, withPlaces } from './load.ts'
import { print, printJson } from './output.ts'
import { patiently } from './progress.ts'

export function registerMigrate(program: Command) {
  withPlaces(
    program
      .command('migrate')
      .description('Bring the database to the newest step; a checked backup is made first.')
      .addHelpText('before', 'Example:\n  sightline migrate --data /srv/arena\n'),
  )
    .option('--json', 'print JSON')
    .action(migrate)
}

async function migrate({ json, ...flags }: PlaceFlags & { json?: boolean }) {
  const config = configFrom(flags, { isQuiet: true })
  const { sqliteStorage } = await import('../storage/sqlite/storage.ts')
  const file = join(config.data, 'sightline.db')
  const storage = await patiently('Migrating', () => sqliteStorage(file))
  const { applied, backup } = storage.migrated
  await storage.close()
  if (json) return void printJson({ database: file, applied, backup })
  const steps = `${applied} ${applied === 1 ? 'step' : 'steps'}`
  print(
    applied === 0 ? `${file} is at the newest step.` : `${file}: ${steps} done${backup ? `, backup ${backup}` : ''}.`,
  )
}
