// One definition of a table's columns gives its Parquet schema, the typed footer that `datasets` reads, and the card's field list.

export type FieldType =
  | 'string'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'bool'
  | 'timestamp'
  | 'binary'
  | 'image'
  | { list: FieldType }
  | { struct: { [name: string]: FieldType } }
export type Column = { name: string; type: FieldType; isNullable: boolean; about: string }
export type Table = readonly Column[]

/** A column that never holds null, by content; the Parquet field stays OPTIONAL (one REQUIRED node and images load untyped). */
export const always = (name: string, type: FieldType, about: string): Column => ({
  name,
  type,
  isNullable: false,
  about,
})
export const maybe = (name: string, type: FieldType, about: string): Column => ({ name, type, isNullable: true, about })
export const listOf = (type: FieldType): FieldType => ({ list: type })

/** The part of a Parquet SchemaElement that is needed here. */
export type ParquetElement = {
  name: string
  type?: 'BYTE_ARRAY' | 'INT32' | 'INT64' | 'DOUBLE' | 'BOOLEAN'
  repetition_type?: 'OPTIONAL' | 'REPEATED'
  num_children?: number
  converted_type?: 'UTF8' | 'LIST' | 'TIMESTAMP_MILLIS'
  logical_type?: { type: 'TIMESTAMP'; isAdjustedToUTC: boolean; unit: 'MILLIS' }
}

/** Flat preorder tree. Every field is OPTIONAL, lists have three levels, `bytes` comes before `path`. */
export function parquetSchema(table: Table): ParquetElement[] {
  return [{ name: 'root', num_children: table.length }, ...table.flatMap(({ name, type }) => elementsOf(name, type))]
}

/** `datasets.Features` as JSON. Lists are written `[…]`: the one spelling that 2.21 to 5.0.1 all read. */
export function datasetFeatures(table: Table): Record<string, unknown> {
  return Object.fromEntries(table.map(({ name, type }) => [name, featureOf(type)]))
}

/** The value of the footer key `huggingface`. */
export const footerJson = (table: Table) => JSON.stringify({ info: { features: datasetFeatures(table) } })

/** `list<Msg>` and the like, as the documents write types. */
export function typeName(type: FieldType): string {
  if (type === 'image') return 'Image'
  if (type === 'timestamp') return 'timestamp[ms, UTC]'
  if (typeof type === 'string') return type
  if ('list' in type) return `list<${typeName(type.list)}>`
  return `struct<${Object.entries(type.struct)
    .map(([name, field]) => `${name}: ${typeName(field)}`)
    .join(', ')}>`
}

/** Throws, naming the column, when a row would not load: a missing or extra key, a null where none may be, images that do not match their parts. */
export function checkRow(table: Table, row: Record<string, unknown>): void {
  const keys = Object.keys(row)
  if (keys.length !== table.length) throw new Error(`a row has ${keys.length} columns, its table ${table.length}`)
  for (const { name, isNullable } of table) {
    if (!(name in row)) throw new Error(`column ${name} is missing`)
    const value = row[name]
    if (value === undefined) throw new Error(`column ${name} is undefined`)
    if (value === null && !isNullable) throw new Error(`column ${name} may not be null`)
  }
  const { images } = row
  if (Array.isArray(images)) {
    for (const conversation of ['prompt', 'messages', 'conversation_a', 'conversation_b']) {
      const parts = imageParts(row[conversation])
      if (parts !== null && parts !== images.length)
        throw new Error(`${conversation} has ${parts} image parts for ${images.length} images`)
    }
  }
}

function imageParts(conversation: unknown): number | null {
  if (!Array.isArray(conversation) || conversation.some((message) => !Array.isArray(message?.content))) return null
  return conversation
    .flatMap((message: { content: { type: string }[] }) => message.content)
    .filter(({ type }) => type === 'image').length
}

function elementsOf(name: string, type: FieldType): ParquetElement[] {
  const repetition_type = 'OPTIONAL'
  if (type === 'image') return elementsOf(name, { struct: { bytes: 'binary', path: 'string' } })
  if (typeof type === 'string') return [{ name, repetition_type, ...leaf(type) }]
  if ('list' in type)
    return [
      { name, repetition_type, num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elementsOf('element', type.list),
    ]
  const fields = Object.entries(type.struct)
  return [
    { name, repetition_type, num_children: fields.length },
    ...fields.flatMap(([field, held]) => elementsOf(field, held)),
  ]
}

function leaf(type: Exclude<FieldType, object | 'image'>): Omit<ParquetElement, 'name' | 'repetition_type'> {
  switch (type) {
    case 'string':
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8' }
    case 'binary':
      return { type: 'BYTE_ARRAY' }
    case 'int32':
      return { type: 'INT32' }
    case 'int64':
      return { type: 'INT64' }
    case 'float64':
      return { type: 'DOUBLE' }
    case 'bool':
      return { type: 'BOOLEAN' }
    case 'timestamp':
      return {
        type: 'INT64',
        converted_type: 'TIMESTAMP_MILLIS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
      }
  }
}

function featureOf(type: FieldType): unknown {
  if (type === 'image') return { _type: 'Image' }
  if (type === 'timestamp') return { dtype: 'timestamp[ms, tz=UTC]', _type: 'Value' }
  if (typeof type === 'string') return { dtype: type, _type: 'Value' }
  if ('list' in type) return [featureOf(type.list)]
  return Object.fromEntries(Object.entries(type.struct).map(([name, field]) => [name, featureOf(field)]))
}
