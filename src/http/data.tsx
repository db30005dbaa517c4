import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { Context, Hono } from 'hono'
import { DataPage, type DataView as DataPageView } from '../../views/data.tsx'
import { document } from '../../views/layout.tsx'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import { typeName } from '../exports/columns.ts'
import { parquetPresets } from '../exports/options.ts'
import type { ExportPreview } from '../exports/preview.ts'
import { tableOf } from '../exports/tables.ts'
import { demandData, mayTakeData } from './access.ts'
import { dataFilterFrom, dataQuery, exportCommand, type Fields, fieldsOfQuery, toOptions } from './data-query.ts'
import type { Env } from './env.ts'
import { checkForm, readForm } from './forms.ts'
import type { Pages } from './pages.tsx'
import { rangeOf } from './range.ts'

export function mountData(app: Hono<Env>, arena: Arena, pages: Pages) {
  app.get('/data', async (c) => {
    if (c.get('wantsJson')) return c.json(await twinOf(c, arena))
    return c.html(document(<DataPage frame={pages.frame(c, 'data')} {...(await viewOf(c, arena))} />))
  })
  app.get('/data.json', async (c) => c.json(await twinOf(c, arena)))

  app.post('/data/exports', async (c) => {
    demandData(c, arena)
    const form = await readForm(c, arena)
    checkForm(c, form, arena)
    const query = fieldsOfQuery(c)
    const fields: Fields = {
      one: (name) => form.text(name) ?? query.one(name),
      all: (name) => [...form.all(name), ...query.all(name)],
    }
    const filter = dataFilterFrom(fields)
    await arena.exports.start(toOptions(filter, arena.config.exports))
    if (c.get('wantsJson')) return c.json(arena.exports.status(), 202)
    return c.redirect(`/data?${dataQuery(filter)}`, 303)
  })

  app.get('/data/:archive{[0-9a-f]{16}\\.tar}', async (c) => {
    demandData(c, arena)
    const tar = await arena.exports.tar(c.req.param('archive').slice(0, 16))
    if (!tar) throw new Refusal('not_found', 'no_such_snapshot')
    c.header('Content-Type', 'application/x-tar')
    c.header('Content-Disposition', `attachment; filename="sightline-${c.req.param('archive')}"`)
    c.header('Accept-Ranges', 'bytes')
    c.header('ETag', tar.etag)
    const ifRange = c.req.header('if-range')
    const range = rangeOf(ifRange && ifRange !== tar.etag ? undefined : c.req.header('range'), tar.bytes)
    if (range === 'unsatisfiable') {
      c.header('Content-Range', `bytes */${tar.bytes}`)
      return c.body(null, 416)
    }
    const { start, end } = range === 'whole' ? { start: 0, end: tar.bytes } : range
    c.header('Content-Length', String(end - start))
    if (range !== 'whole') c.header('Content-Range', `bytes ${start}-${end - 1}/${tar.bytes}`)
    return c.body(streamOf(Readable.from(tar.slice(start, end))), range === 'whole' ? 200 : 206)
  })

  app.get('/data/:id{[0-9a-f]{16}}/:path{.+}', async (c) => {
    demandData(c, arena)
    const file = await arena.exports.file(c.req.param('id'), c.req.param('path'))
    if (!file) throw new Refusal('not_found', 'no_such_snapshot')
    c.header('Content-Type', file.path.endsWith('.json') ? 'application/json' : 'application/octet-stream')
    c.header('Content-Length', String(file.bytes))
    if (file.sha256) c.header('ETag', `"${file.sha256}"`)
    return c.body(streamOf(createReadStream(file.path)))
  })
}

const streamOf = (readable: Readable) => Readable.toWeb(readable) as ReadableStream<Uint8Array>

async function viewOf(c: Context<Env>, arena: Arena): Promise<DataPageView> {
  const filter = dataFilterFrom(fieldsOfQuery(c))
  const options = toOptions(filter, arena.config.exports)
  const mayExport = mayTakeData(c, arena)
  const [preview, hosted] = mayExport
    ? await Promise.all([arena.exports.preview(options), arena.exports.snapshots()])
    : [null, []]
  const status = arena.exports.status()
  const origin = arena.config.site.url ?? new URL(c.req.url).origin
  return {
    filter,
    preview: preview === null || preview.votes === 0 ? null : previewOf(preview),
    running: status.state === 'running' ? { done: status.progress?.rows ?? 0, of: status.progress?.of ?? 0 } : null,
    failure: status.state === 'failed' ? status.message : null,
    snapshots: hosted.map(({ id, presets, rows, bytes, createdAt }) => ({
      id,
      presets,
      rows: rows.reduce((sum, part) => sum + part.rows, 0),
      bytes,
      cutOff: new Date(createdAt ?? 0),
      tarUrl: `/data/${id}.tar`,
    })),
    columns: parquetPresets.includes(filter.preset)
      ? tableOf(filter.preset, options).map(({ name, type, about }) => ({ name, type: typeName(type), about }))
      : [],
    command: exportCommand(options),
    curl: hosted[0] ? `curl -O ${origin}/data/${hosted[0].id}.tar` : null,
    mayExport,
  }
}

/** A form may write several files: the counts of its first are shown, and the rows of all. */
function previewOf({ votes, presets, sample, bytes }: ExportPreview): NonNullable<DataPageView['preview']> {
  const columns = ['question', 'answer_a', 'answer_b', 'winner', 'model_a', 'model_b'] as const
  return {
    battles: votes,
    counted: presets[0]?.votes ?? 0,
    rows: presets.reduce((sum, preset) => sum + preset.rows, 0),
    funnel: presets[0]?.funnel ?? [],
    sizeBytes: bytes,
    columns: [...columns],
    sample: sample.map((row) => columns.map((column) => row[column])),
  }
}

async function twinOf(c: Context<Env>, arena: Arena) {
  demandData(c, arena)
  const { filter, preview, running, failure, snapshots, command, curl } = await viewOf(c, arena)
  return { filter, preview, running, failure, snapshots, command, curl }
}
