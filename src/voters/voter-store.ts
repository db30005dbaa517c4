import type { VoterId } from '../core/ids.ts'
import type { Consent, Voter } from './voter.ts'

export type VoterStore = {
  find(id: VoterId): Promise<Voter | undefined>
  /** Once; a known voter stays as they are. */
  keep(voter: Voter): Promise<void>
  consent(id: VoterId, consent: Consent): Promise<void>
  /** From now on these words, known by their hash only, lead to this voter; earlier ones no longer do. */
  keepRecovery(id: VoterId, sha256: string): Promise<void>
  ofRecovery(sha256: string): Promise<Voter | undefined>
  hasRecovery(id: VoterId): Promise<boolean>
}
