import type { ExportOptions } from './options.ts'

/** HMAC-SHA256 under the key of the dataset (or of the snapshot). The caller brings it; the key never leaves. */
export type Keyed = (text: string) => Uint8Array

/** `v_` and 100 bits of a keyed hash: the same voter in all snapshots of a dataset, nobody outside it. */
export const voterPseudonym = (id: string, keyed: Keyed) => `v_${base32(keyed(`voter\0${id}`)).slice(0, 20)}`
/** A session is one battle's conversation, as in the published arena sets: several votes of it share the name. */
export const sessionPseudonym = (battleId: string, keyed: Keyed) =>
  `s_${base32(keyed(`session\0${battleId}`)).slice(0, 20)}`

/** One of ours, of whichever arena. */
export const isPseudonym = (id: string) => /^[vs]_[a-z2-7]{20}$/.test(id)

const unitMs = { ms: 1, minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** The moment floored to the unit; null for `none`. */
export function coarse(at: Date, timestamps: ExportOptions['timestamps']): Date | null {
  if (timestamps === 'none') return null
  const unit = unitMs[timestamps]
  return new Date(Math.floor(at.getTime() / unit) * unit)
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** RFC 4648 base32 in lower case, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31]
    }
  }
  if (bits > 0) text += alphabet[(held << (5 - bits)) & 31]
  return text
}
