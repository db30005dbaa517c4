import { z } from 'zod'

/** Types that several parts of the configuration share. */

export const address = z.url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })

/** Capitals only, so that a key pasted here by mistake is refused and not taken for a name. */
export const variableName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]{0,63}$/, { error: 'must be the name of an environment variable, in capitals' })
