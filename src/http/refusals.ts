import type { RefusalCode } from '../core/errors.ts'

/** The one place where a kind of refusal becomes a status. */
export const statusOf: Record<RefusalCode, 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 429 | 503> = {
  unreadable: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  gone: 410,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  invalid: 422,
  too_many: 429,
  unavailable: 503,
}
