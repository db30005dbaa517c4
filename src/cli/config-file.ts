import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Document, isMap, isNode, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { Path } from './config-keys.ts'

export const configFileName = 'sightline.yaml'

/** What a configuration file says, and on which line. */
export type ConfigFile = {
  /** As a person would name it: relative to where they are. */
  name: string
  path: string
  values: Record<string, unknown>
  lineOf(path: Path): number | undefined
  /** Unreadable lines; `values` is empty then. */
  faults: { line: number | undefined; sentence: string }[]
}

/** The file named, else the one in the working directory, else the one in the data folder. */
export function findConfigFile(named: string | undefined, cwd: string, dataFolder: string): string | undefined {
  if (named !== undefined) return resolve(cwd, named)
  return [join(cwd, configFileName), join(dataFolder, configFileName)].find((path) => existsSync(path))
}

export function readConfigFile(path: string, name: string): ConfigFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read'
    return {
      name,
      path,
      values: {},
      lineOf: () => undefined,
      faults: [{ line: undefined, sentence: `The file ${why}.` }],
    }
  }
  return parseConfigFile(text, path, name)
}

export function parseConfigFile(text: string, path: string, name: string): ConfigFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const lineAt = (offset: number | undefined) => (offset === undefined ? undefined : lines.linePos(offset).line)
  const faults: ConfigFile['faults'] = document.errors.map((error) => ({
    line: lineAt(error.pos[0]),
    sentence: yamlSentence(error.code, error.message),
  }))
  const root = document.contents
  if (faults.length === 0 && root !== null && !isMap(root) && !(isScalar(root) && root.value === null))
    faults.push({ line: 1, sentence: 'The file must hold keys and values, such as `data: ./data`.' })
  const values = faults.length === 0 ? plainValues(document, faults) : {}
  return { name, path, values, faults, lineOf: (path) => lineAt(offsetOf(root, path, document)) }
}

/** Aliases that lead to themselves, or to far too much, cannot be read. */
function plainValues(document: Document, faults: ConfigFile['faults']): Record<string, unknown> {
  try {
    return (document.toJS({ maxAliasCount: 100 }) ?? {}) as Record<string, unknown>
  } catch {
    faults.push({ line: undefined, sentence: 'The aliases (*name) of this file cannot be resolved.' })
    return {}
  }
}

function yamlSentence(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'This key stands twice; keep one of them.'
  if (code === 'TAB_AS_INDENT') return 'YAML is indented with spaces, not with tabs.'
  const first = message.split('\n')[0]!.replace(/\.?$/, '')
  return `This is not valid YAML: ${first[0]!.toLowerCase()}${first.slice(1)}.`
}

/** Where the last part of the path that is in the file begins: its key, or the item of its list. */
function offsetOf(root: unknown, path: Path, document: { contents: unknown }): number | undefined {
  let node = root
  let offset: number | undefined
  for (const part of path) {
    if (isNode(node) && 'resolve' in node) node = (node as { resolve(of: unknown): unknown }).resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && String((item.key as Node & { value?: unknown }).value) === part,
      )
      if (!pair) return offset
      offset = (pair.key as Node).range?.[0]
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(part)]
      if (!isNode(item)) return offset
      offset = item.range?.[0]
      node = item
    } else return offset
  }
  return offset
}
