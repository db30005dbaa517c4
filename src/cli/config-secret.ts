import { inspect } from 'node:util'

/** A key or token. Printed, logged or serialised it is `***`; only `reveal()` gives it away, to the one who sends it. */
export type Secret = { reveal(): string; toString(): string; toJSON(): string }

export const hidden = '***'

export function secret(value: string): Secret {
  const shown = () => hidden
  return Object.freeze(
    Object.defineProperties({} as Secret, {
      reveal: { value: () => value },
      toString: { value: shown },
      toJSON: { value: shown },
      [inspect.custom]: { value: shown },
    }),
  )
}
