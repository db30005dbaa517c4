const part = /^[a-z0-9][a-z0-9._-]{0,127}$/i
const partsMax = 4

/** The key itself, or a RangeError: keys are ours, and none of them leads out of the root or names a hidden file. */
export function checkedKey(key: string): string {
  const parts = key.split('/')
  if (parts.length > partsMax || parts.some((name) => !part.test(name) || name.includes('..')))
    throw new RangeError(`not a blob key: ${JSON.stringify(key.slice(0, 80))}`)
  return key
}
