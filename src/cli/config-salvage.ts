import type { z } from 'zod'
import { isRecord, keyText, type Path, valueAt } from './config-keys.ts'
import { configSchema, type FileConfig } from './config-schema.ts'
import { setAt } from './config-sources.ts'

/**
 * The configuration without what was refused: a value becomes its default, an entry of a list that cannot do without one is left out.
 * `pathBefore` gives a path in it as it was in the file.
 */
export function readablePart(
  raw: Record<string, unknown>,
  issues: readonly z.core.$ZodIssue[],
): { values: FileConfig; pathBefore(path: Path): Path } {
  const rest = structuredClone(raw)
  for (const issue of issues) {
    const path = issue.path as Path
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) removeAt(rest, [...path, key])
    else removeAt(rest, path)
  }
  const kept = withoutBadItems(rest)
  const pathBefore = (path: Path): Path => {
    const list = listOf(path)
    const indices = kept.get(keyText(list))
    return indices ? path.map((part, at) => (at === list.length ? indices[part as number]! : part)) : path
  }
  const { data } = configSchema.safeParse(rest)
  // Nothing left to judge pairs by; what is wrong has been said.
  return data ? { values: data, pathBefore } : { values: configSchema.parse({}), pathBefore: () => [] }
}

function removeAt(root: unknown, path: Path) {
  const group = valueAt(root, path.slice(0, -1))
  if (isRecord(group)) delete group[String(path.at(-1))]
  // A refused item stays in its list as a hole for now, so that the numbers of the others stay true.
  else if (Array.isArray(group)) group[Number(path.at(-1))] = undefined
}

/** Leaves out the entries that are still refused; for each list, the old numbers of those that stay. */
function withoutBadItems(rest: Record<string, unknown>): Map<string, number[]> {
  const kept = new Map<string, number[]>()
  const wrong = (configSchema.safeParse(rest).error?.issues ?? []).map(({ path }) => path as Path)
  for (const list of new Map(wrong.map((path) => [keyText(listOf(path)), listOf(path)])).values()) {
    const items = valueAt(rest, list)
    if (!Array.isArray(items)) continue
    const bad = wrong.filter((path) => keyText(listOf(path)) === keyText(list)).map((path) => path[list.length])
    const good = [...items.keys()].filter((index) => !bad.includes(index))
    setAt(
      rest,
      list as string[],
      good.map((index) => items[index]),
    )
    kept.set(keyText(list), good)
  }
  return kept
}

/** The path of the outermost list that this path leads into. */
function listOf(path: Path): Path {
  const item = path.findIndex((part) => typeof part === 'number')
  return item < 0 ? path : path.slice(0, item)
}
