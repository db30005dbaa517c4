import type { Context } from 'hono'
import type { Arena } from '../arena.ts'
import { Refusal } from '../core/errors.ts'
import { formOverheadBytesMax } from '../core/limits.ts'
import { tooLarge } from '../images/accept-image.ts'
import type { Env } from './env.ts'
import { demandToken } from './session.ts'

/** A form, or the same fields as JSON. */
export type Form = {
  text(name: string): string | undefined
  all(name: string): string[]
  files(name: string): File[]
}

/** Refuses by the declared length before a byte is parsed, and again by the counted one while reading. */
export async function readForm(c: Context<Env>, arena: Pick<Arena, 'imageBytesMax' | 'imagesPerForm'>): Promise<Form> {
  const bytesMax = arena.imageBytesMax * arena.imagesPerForm + formOverheadBytesMax
  const type = c.req.header('content-type') ?? ''
  const isMultipart = type.startsWith('multipart/form-data')
  const limit = isMultipart ? bytesMax : formOverheadBytesMax
  const declared = Number(c.req.header('content-length') ?? Number.NaN)
  if (declared > limit) throw tooLarge(declared, isMultipart ? arena.imageBytesMax : formOverheadBytesMax)
  if (c.req.header('content-encoding')) throw new Refusal('unsupported', 'form_unreadable')
  const body = await readAll(c.req.raw.body, limit)
  if (type.startsWith('application/json')) return fromJson(body)
  if (!isMultipart && !type.startsWith('application/x-www-form-urlencoded')) {
    if (body.length > 0) throw new Refusal('unsupported', 'form_unreadable')
    return fromData(new FormData())
  }
  try {
    return fromData(await new Response(body, { headers: { 'Content-Type': type } }).formData())
  } catch (cause) {
    throw new Refusal('unreadable', 'form_unreadable', { cause })
  }
}

/** The hidden field, or the header that scripts of our own send. */
export function checkForm(c: Context<Env>, form: Form, arena: Pick<Arena, 'secret'>) {
  demandToken(c, form.text('csrf') ?? c.req.header('x-csrf-token'), arena.secret)
}

async function readAll(stream: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  if (stream)
    for await (const chunk of stream) {
      length += chunk.length
      if (length > bytesMax) throw tooLarge(length, bytesMax)
      chunks.push(chunk)
    }
  const all = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

function fromData(data: FormData): Form {
  const texts = (name: string) => data.getAll(name).filter((value) => typeof value === 'string')
  return {
    text: (name) => texts(name)[0],
    all: texts,
    files: (name) => data.getAll(name).filter((value): value is File => typeof value !== 'string' && value.size > 0),
  }
}

function fromJson(body: Uint8Array): Form {
  let value: unknown
  try {
    value = body.length === 0 ? {} : JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new Refusal('unreadable', 'form_unreadable', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal('unreadable', 'form_unreadable')
  const fields = new Map(Object.entries(value))
  const all = (name: string): string[] => {
    const field = fields.get(name)
    return (Array.isArray(field) ? field : [field])
      .filter((one) => ['string', 'number', 'boolean'].includes(typeof one))
      .map(String)
  }
  return { text: (name) => all(name)[0], all, files: () => [] }
}
