import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getTableConfig, SQLiteSyncDialect } from 'drizzle-orm/sqlite-core'
import { afterAll, describe, expect, test } from 'vitest'
import { migrate } from '../../src/storage/sqlite/migrate.ts'
import { ownMigrations, readMigrations } from '../../src/storage/sqlite/migrations.ts'
import { openConnection } from '../../src/storage/sqlite/open.ts'
import { schema } from '../../src/storage/sqlite/schema.ts'

const connection = openConnection(':memory:')
await migrate(connection, ':memory:', readMigrations())
afterAll(() => connection.close())

const rows = <T>(sql: string, ...values: unknown[]) => connection.prepare(sql).all(...values) as T[]
const tables = Object.values(schema).map((table) => getTableConfig(table))
const dialect = new SQLiteSyncDialect()

test('the migrations make exactly the tables of the schema, every one STRICT', () => {
  const made = rows<{ name: string; strict: number }>(
    `select name, strict from pragma_table_list where schema = 'main' and name not like 'sqlite~_%' escape '~' and name <> 'migrations'`,
  )
  expect(made.map(({ name }) => name).sort()).toEqual(tables.map(({ name }) => name).sort())
  expect(made.filter(({ strict }) => strict !== 1)).toEqual([])
})

describe.each(tables)('$name', ({ name, columns, checks, foreignKeys, indexes, primaryKeys }) => {
  const made = rows<{ sql: string }>(`select sql from sqlite_schema where name = ?`, name)[0]?.sql ?? ''

  test('its columns agree: name, type, null, default, key', () => {
    const inFile = rows<{ name: string; type: string; notnull: number; dflt_value: string | null; pk: number }>(
      'select * from pragma_table_info(?)',
      name,
    )
    expect(
      inFile.map(({ name, type, notnull }) => ({ name, type: type.toLowerCase(), isNotNull: notnull === 1 })),
    ).toEqual(columns.map((column) => ({ name: column.name, type: column.getSQLType(), isNotNull: column.notNull })))
    expect(inFile.filter(({ dflt_value }) => dflt_value !== null).map(({ name }) => name)).toEqual(
      columns.filter(({ hasDefault, primary }) => hasDefault && !primary).map(({ name }) => name),
    )
    const key = inFile.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk)
    const ours = primaryKeys[0]?.columns ?? columns.filter(({ primary }) => primary)
    expect(key.map(({ name }) => name)).toEqual(ours.map(({ name }) => name))
    expect(made).toContain(`CONSTRAINT ${name}_pk PRIMARY KEY`)
  })

  test('its checks say the same, and the closed lists are the domain’s', () => {
    const inFile = [...made.matchAll(/CONSTRAINT (\w+) CHECK \((.*)\),?$/gm)].map(
      ([, name, text]) => `${name}: ${text}`,
    )
    const ours = checks.map(
      ({ name, value }) => `${name}: ${dialect.sqlToQuery(value).sql.replace(/"\w+"\."(\w+)"/g, '$1')}`,
    )
    expect(inFile).toEqual(ours)
    for (const column of columns.filter(({ enumValues }) => enumValues?.length))
      expect(
        inFile.some((text) =>
          text.endsWith(`${column.name} in (${column.enumValues!.map((value: string) => `'${value}'`).join(', ')})`),
        ),
        column.name,
      ).toBe(true)
  })

  test('its foreign keys agree and are named', () => {
    const inFile = [...made.matchAll(/CONSTRAINT (\w+) FOREIGN KEY \((.*?)\) REFERENCES (\w+) \((.*?)\)/g)].map((m) =>
      m.slice(1).join(' '),
    )
    const ours = foreignKeys.map((key) => {
      const { columns, foreignColumns, foreignTable } = key.reference()
      return [
        key.getName(),
        columns.map(({ name }) => name).join(', '),
        getTableConfig(foreignTable).name,
        foreignColumns.map(({ name }) => name).join(', '),
      ].join(' ')
    })
    expect(inFile.sort()).toEqual(ours.sort())
    expect(rows(`select distinct id from pragma_foreign_key_list(?)`, name)).toHaveLength(ours.length)
    expect(made).not.toMatch(/^\s+(PRIMARY KEY|FOREIGN KEY|CHECK|UNIQUE)/im)
  })

  test('its indexes agree', () => {
    const inFile = rows<{ name: string; unique: number }>(
      `select name, "unique" from pragma_index_list(?) where origin = 'c' order by name`,
      name,
    ).map((index) => ({
      name: index.name,
      isUnique: index.unique === 1,
      columns: rows<{ name: string }>('select name from pragma_index_info(?) order by seqno', index.name).map(
        ({ name }) => name,
      ),
    }))
    const nameOf = (column: object) => ('name' in column ? String(column.name) : '')
    const { uniqueConstraints } = getTableConfig(
      Object.values(schema).find((table) => getTableConfig(table).name === name)!,
    )
    const ours = [
      ...indexes.map(({ config }) => ({
        name: config.name,
        isUnique: config.unique,
        columns: config.columns.map(nameOf),
      })),
      ...uniqueConstraints.map((unique) => ({
        name: unique.getName()!,
        isUnique: true,
        columns: unique.columns.map(({ name }) => name),
      })),
    ]
    expect(inFile).toEqual(ours.sort((a, b) => (a.name < b.name ? -1 : 1)))
  })
})

test('the draft tool knows the newest step, so that the next one has its number', () => {
  const journal = JSON.parse(readFileSync(join(ownMigrations(), 'meta', '_journal.json'), 'utf8'))
  const steps = readMigrations().map(({ number, name }) => ({
    idx: number,
    tag: `${String(number).padStart(4, '0')}_${name}`,
  }))
  expect(journal.entries.map(({ idx, tag }: { idx: number; tag: string }) => ({ idx, tag }))).toEqual(steps)
})

test('no step drops a table unless somebody looked at it', () => {
  for (const { sql, name } of readMigrations())
    for (const [line] of sql.matchAll(/^.*\bdrop\s+(table|column)\b.*$/gim))
      expect(line, `${name}: end the line with "-- reviewed"`).toMatch(/-- reviewed/)
})

test('the shared stores use only what every engine has', () => {
  const folder = fileURLToPath(new URL('../../src/storage/sql', import.meta.url))
  const foreign =
    /\.(get|all|run)\(\)|\.(get|all|run)\(sql|\b(json_\w+|unixepoch|strftime|datetime|rowid|group_concat)\b\s*\(|sqlite-core/
  const found = readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => foreign.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  )
  expect(found).toEqual([])
})
