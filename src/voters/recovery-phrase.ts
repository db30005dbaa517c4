// Twelve words that bring a voter to another browser: 128 random bits and 4 of their hash, eleven bits a word (the arithmetic of BIP-39, with words of our
// own). Only a hash of the words is stored; with 2^128 phrases there is nothing to guess, so a plain one will do.

/** 64 first halves and 32 second ones make 2,048 names of villages: easy to read out, hard to mistake for each other. */
const firsts =
  'alder amber apple ash badger barley birch black bright brook cedar cherry clay clover copper crow dale deer elm falcon fern field flint fox frost glen gold green hazel heron holly honey iron ivy juniper kestrel lark linden maple meadow mill moon moss oak otter owl pebble pine plum poppy raven reed robin rose salt silver sorrel stone swan thistle thorn violet willow winter'.split(
    ' ',
  )
const seconds =
  'bank barn beck bridge bury by chapel cliff combe cross den down end fall ford gate grove ham haven hill hurst land ley mere port ridge side ton vale well wick wood'.split(
    ' ',
  )

export const recoveryWords: readonly string[] = firsts.flatMap((first) => seconds.map((second) => first + second))

const wordBits = 11n
const checkBits = 4n
export const phraseWords = 12

type Hash = (text: string) => string

/** `bytes`: 16 random ones. */
export function phraseFrom(bytes: Uint8Array, sha256: Hash): string {
  const entropy = bytes.subarray(0, 16).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
  let value = (entropy << checkBits) | checkOf(entropy, sha256)
  const words: string[] = []
  for (let i = 0; i < phraseWords; i++) {
    words.unshift(recoveryWords[Number(value & 2047n)]!)
    value >>= wordBits
  }
  return words.join(' ')
}

/** Case, order of spaces, commas and line numbers of a hand-written list do not matter. */
export function readPhrase(
  text: string,
  sha256: Hash,
): { phrase: string } | { unknown: string } | 'wrong_length' | 'wrong_check' {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? []
  const unknown = words.find((word) => !indexOf.has(word))
  if (unknown !== undefined) return { unknown }
  if (words.length !== phraseWords) return 'wrong_length'
  const value = words.reduce((sum, word) => (sum << wordBits) | BigInt(indexOf.get(word)!), 0n)
  const entropy = value >> checkBits
  if ((value & 15n) !== checkOf(entropy, sha256)) return 'wrong_check'
  return { phrase: words.join(' ') }
}

/** What is stored. */
export const phraseHash = (phrase: string, sha256: Hash) => sha256(`recovery\0${phrase}`)

const checkOf = (entropy: bigint, sha256: Hash) => BigInt(`0x${sha256(entropy.toString(16).padStart(32, '0'))[0]!}`)
const indexOf = new Map(recoveryWords.map((word, i) => [word, i]))
