import { open } from 'node:fs/promises'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet'

/** What Node itself can open; SNAPPY is built into the reader. Anything else is an error that names the codec. */
const compressors: Compressors = {
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
  ZSTD: (input) => zstdDecompressSync(input),
}

/** Rows of a Parquet file, some columns or all, one row group in memory at a time. Binary stays bytes: as text, pictures would be ruined (T21). */
export async function* parquetRows(
  path: string,
  columns: string[] | null = null,
): AsyncIterable<Record<string, unknown>> {
  const handle = await open(path, 'r')
  try {
    const file = await asyncBuffer(handle)
    const metadata = await parquetMetadataAsync(file)
    const there = new Set(columnNames(metadata))
    const wanted = columns?.filter((name) => there.has(name))
    let start = 0
    for (const { num_rows } of metadata.row_groups) {
      const end = start + Number(num_rows)
      yield* await parquetReadObjects({
        file,
        metadata,
        rowStart: start,
        rowEnd: end,
        compressors,
        utf8: false,
        ...(wanted ? { columns: wanted } : {}),
      })
      start = end
    }
  } finally {
    await handle.close()
  }
}

export async function parquetFooter(
  path: string,
): Promise<{ columns: string[]; rows: number; metadata: FileMetaData }> {
  const handle = await open(path, 'r')
  try {
    const metadata = await parquetMetadataAsync(await asyncBuffer(handle))
    return { columns: columnNames(metadata), rows: Number(metadata.num_rows), metadata }
  } finally {
    await handle.close()
  }
}

async function asyncBuffer(handle: Awaited<ReturnType<typeof open>>): Promise<AsyncBuffer> {
  const byteLength = (await handle.stat()).size
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const bytes = new Uint8Array(Math.max(0, end - start))
      let read = 0
      while (read < bytes.length) {
        const { bytesRead } = await handle.read(bytes, read, bytes.length - read, start + read)
        if (bytesRead === 0) throw new Error('the file ends too early')
        read += bytesRead
      }
      return bytes.buffer
    },
  }
}

/** Names of the top-level columns. The schema is a flat preorder tree. */
function columnNames({ schema }: FileMetaData): string[] {
  const names: string[] = []
  let at = 1
  const skip = (): void => {
    const children = schema[at]?.num_children ?? 0
    at += 1
    for (let child = 0; child < children; child++) skip()
  }
  for (let child = 0; child < (schema[0]?.num_children ?? 0); child++) {
    names.push(schema[at]?.name ?? '')
    skip()
  }
  return names
}
