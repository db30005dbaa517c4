import { Refusal } from '../core/errors.ts'
import type { VoterId } from '../core/ids.ts'
import { phraseFrom, phraseHash, readPhrase } from './recovery-phrase.ts'
import type { Voter } from './voter.ts'
import type { VoterStore } from './voter-store.ts'

type Context = { voters: VoterStore; sha256(text: string): string }

/** A new phrase for this voter, told once; the one before no longer works. */
export async function giveRecoveryPhrase(
  voterId: VoterId,
  randomBytes: Uint8Array,
  { voters, sha256 }: Context,
): Promise<string> {
  const phrase = phraseFrom(randomBytes, sha256)
  await voters.keepRecovery(voterId, phraseHash(phrase, sha256))
  return phrase
}

/** Whose phrase this is. A slip of the pen is told apart from words that lead to nobody, so that it can be mended. */
export async function recoverVoter(text: string, { voters, sha256 }: Context): Promise<Voter> {
  const read = readPhrase(text, sha256)
  if (read === 'wrong_length' || read === 'wrong_check') throw new Refusal('invalid', 'recovery_unreadable')
  if ('unknown' in read) throw new Refusal('invalid', 'recovery_word', { params: { word: read.unknown.slice(0, 40) } })
  const voter = await voters.ofRecovery(phraseHash(read.phrase, sha256))
  if (!voter) throw new Refusal('invalid', 'recovery_unknown')
  return voter
}
