/** The file speaks snake_case, the program camelCase. Names that belong to somebody else stay as they are. */

type CamelKey<K> = K extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelKey<Tail>>}` : K

export type Camel<T> = T extends readonly (infer E)[]
  ? Camel<E>[]
  : T extends object
    ? string extends keyof T
      ? T
      : { [K in keyof T as CamelKey<K>]: Camel<T[K]> }
    : T

/** Keys whose members are names of somebody else's: a header, a request field, a benchmark, a sentence. */
const keptAsTheyAre = ['strings', 'headers', 'extra_body', 'safety', 'benchmarks']

export function camel<T>(value: T): Camel<T> {
  if (Array.isArray(value)) return value.map((item) => camel(item)) as Camel<T>
  if (typeof value !== 'object' || value === null) return value as Camel<T>
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [camelKey(key), keptAsTheyAre.includes(key) ? child : camel(child)]),
  ) as Camel<T>
}

export const camelKey = (key: string) => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
