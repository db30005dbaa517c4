import { migrate } from '../../src/storage/sqlite/migrate.ts'
import { readMigrations } from '../../src/storage/sqlite/migrations.ts'
import { openConnection } from '../../src/storage/sqlite/open.ts'

// Migrates a file; a step that calls `die_here()` kills the process there, as the power or `kill -9` would.
const [path = '', migrations = ''] = process.argv.slice(2)
const connection = openConnection(path)
connection.function('die_here', { directOnly: false }, () => {
  process.kill(process.pid, 'SIGKILL')
  return 0
})
await migrate(connection, path, readMigrations(migrations))
