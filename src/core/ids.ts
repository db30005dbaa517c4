// Ids are 128 random bits in lower-case base32: they say nothing about time, and exports may show them beside rounded times.

export type BattleId = string
export type VoteId = string
export type VoterId = string
export type ImageHash = string
export type PromptId = string
export type ModelId = string

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const idLength = 26

export const isId = (text: string) => /^[0-9a-hjkmnp-tv-z]{26}$/.test(text)
export const isImageHash = (text: string) => /^[0-9a-f]{64}$/.test(text)

/** 16 random bytes as 26 characters. The caller brings the chance. */
export function idFrom(bytes: Uint8Array): string {
  let value = 0n
  for (const byte of bytes.subarray(0, 16)) value = (value << 8n) | BigInt(byte)
  let text = ''
  for (let i = 0; i < idLength; i++) {
    text = alphabet[Number(value & 31n)] + text
    value >>= 5n
  }
  return text
}
