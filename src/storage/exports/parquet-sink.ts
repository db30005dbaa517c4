import { createHash, type Hash } from 'node:crypto'
import { fsyncSync, writeSync } from 'node:fs'
import type { SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { checkRow, footerJson, parquetSchema, type Table } from '../../exports/columns.ts'
import type { TableSink } from '../../exports/export-folder.ts'
import { openAside } from './aside.ts'

const bufferBytesMax = 1024 * 1024

/** Parquet rows in, one file out; its memory is one row group. The running SHA-256 is the file's checksum. */
export async function parquetSink(root: string, path: string, table: Table): Promise<TableSink> {
  const aside = await openAside(root, path)
  const file = new FileWriter(aside.handle.fd)
  const writer = new ParquetWriter({
    writer: file,
    // Our elements are the subset of theirs that the columns need.
    schema: parquetSchema(table) as SchemaElement[],
    codec: 'SNAPPY',
    createdBy: 'sightline export 1',
    kvMetadata: [{ key: 'huggingface', value: footerJson(table) }],
  })
  let rowCount = 0
  let rowGroups = 0
  return {
    async write(rows) {
      for (const row of rows) checkRow(table, row)
      rowCount += rows.length
      rowGroups += 1
      await writer.write({
        columnData: table.map(({ name }) => {
          const data = rows.map((row) => row[name])
          // Pictures are compressed already, and as minima and maxima they would be in the file three times.
          return name === 'images'
            ? { name, data, codec: 'UNCOMPRESSED' as const, encoding: 'PLAIN' as const, statistics: false }
            : { name, data }
        }),
        rowGroupSize: rows.length,
      })
    },
    bytes: () => file.offset,
    async finish() {
      await writer.finish()
      await aside.commit()
      return { path, sha256: file.digest(), bytes: file.offset, rows: rowCount, rowGroups }
    },
    abort: () => aside.abort(),
  }
}

/** hyparquet-writer's writer with a file behind it: small pieces gather, large ones go straight through. */
class FileWriter extends ByteWriter {
  readonly fd: number
  readonly hash: Hash = createHash('sha256')
  constructor(fd: number) {
    super(bufferBytesMax + 64 * 1024)
    this.fd = fd
  }

  override ensure(size: number) {
    if (this.index > bufferBytesMax) this.drain()
    super.ensure(size)
  }

  override appendBytes(value: Uint8Array) {
    if (value.length < bufferBytesMax) {
      super.appendBytes(value)
      return
    }
    this.drain()
    this.put(value)
    this.offset += value.length
  }

  /** Between row groups the thread may answer messages. */
  async flush() {
    this.drain()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }

  override finish() {
    this.drain()
    fsyncSync(this.fd)
  }

  digest() {
    return this.hash.digest('hex')
  }

  drain() {
    if (this.index === 0) return
    this.put(new Uint8Array(this.buffer, 0, this.index))
    this.index = 0
  }

  put(bytes: Uint8Array) {
    this.hash.update(bytes)
    for (let written = 0; written < bytes.length; ) written += writeSync(this.fd, bytes, written)
  }
}
