import { mkdirSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import Sqlite from 'better-sqlite3'

export type Connection = Sqlite.Database
export const inMemory = ':memory:'

/** Below it a WAL reset could corrupt the file (TRUST.md 1.1). */
const versionFloor = [3, 51, 3] as const

// Every connection, every time: better-sqlite3 reopens WAL files at NORMAL, which loses acknowledged votes when the power goes (TRUST.md 1.2).
const pragmas: { name: string; set: string; isNow: unknown }[] = [
  { name: 'journal_mode', set: 'wal', isNow: 'wal' },
  { name: 'synchronous', set: 'full', isNow: 2 },
  { name: 'busy_timeout', set: '5000', isNow: 5000 },
  { name: 'foreign_keys', set: 'on', isNow: 1 },
  { name: 'trusted_schema', set: 'off', isNow: 0 },
  { name: 'cell_size_check', set: 'on', isNow: 1 },
  { name: 'secure_delete', set: 'on', isNow: 1 },
  { name: 'temp_store', set: 'memory', isNow: 2 },
  { name: 'mmap_size', set: '0', isNow: 0 },
  { name: 'wal_autocheckpoint', set: '1000', isNow: 1000 },
  { name: 'journal_size_limit', set: String(64 * 1024 * 1024), isNow: 64 * 1024 * 1024 },
]

/** A connection with every setting asserted. Throws a sentence for the operator where this machine or file will not do. */
export function openConnection(path: string, { isReader = false }: { isReader?: boolean } = {}): Connection {
  if (path !== inMemory) {
    mkdirSync(dirname(resolve(path)), { recursive: true })
    refuseNetworkDisk(dirname(resolve(path)))
  }
  const connection = new Sqlite(path, { timeout: 5000, fileMustExist: isReader && path !== inMemory })
  try {
    refuseOldSqlite(connection)
    for (const { name, set } of pragmas) connection.pragma(`${name} = ${set}`)
    if (isReader) connection.pragma('query_only = on')
    assertPragmas(connection, path === inMemory)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Also used after a migration, which switches foreign keys off and on again. */
export function assertPragmas(connection: Connection, isMemory: boolean) {
  for (const { name, isNow } of pragmas) {
    const expected = isMemory && name === 'journal_mode' ? 'memory' : isNow
    const actual = connection.pragma(name, { simple: true })
    // A database in memory has no file to map and answers with nothing.
    if (isMemory && name === 'mmap_size' && actual === undefined) continue
    if (actual !== expected) throw new Error(`SQLite's ${name} is ${actual}, not ${expected}; votes would not be safe.`)
  }
}

function refuseOldSqlite(connection: Connection) {
  const version = String(connection.prepare('select sqlite_version()').pluck().get())
  if (isBelow(version.split('.').map(Number), versionFloor))
    throw new Error(
      `SQLite ${version} is older than ${versionFloor.join('.')}, which can damage its file. Run \`npm install\`.`,
    )
}

export function isBelow(version: readonly number[], floor: readonly number[]): boolean {
  for (const [i, least] of floor.entries()) {
    const part = version[i] ?? 0
    if (part !== least) return part < least
  }
  return false
}

const networkDisks = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
])

/** The name of the network file system, if this kind number is one's. */
export const networkDisk = (kind: number): string | undefined => networkDisks.get(kind >>> 0)

function refuseNetworkDisk(folder: string) {
  // Only Linux numbers its file systems this way.
  const disk = process.platform === 'linux' ? networkDisk(statfsSync(folder).type) : undefined
  if (disk)
    throw new Error(`${folder} is on a network disk (${disk}), where SQLite loses data. Put \`data\` on a local disk.`)
}
