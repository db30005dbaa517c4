import type { VoterId } from '../core/ids.ts'
import type { Consent, Voter } from './voter.ts'

export type VoterStore = {
  find(id: VoterId): Promise<Voter | undefined>
  /** Once; a known voter stays as they are. */
  keep(voter: Voter): Promise<void>
  consent(id: VoterId, consent: Consent): Promise<void>
}
