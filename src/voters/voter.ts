import type { VoterId } from '../core/ids.ts'

export type VoterKind = 'anon' | 'user' | 'annotator'
/** What a voter agreed to, when, in which wording. `publish` is the optional second box. */
export type Consent = { version: string; publish: boolean; at: Date }
export type Voter = { id: VoterId; kind: VoterKind; consent: Consent | null; createdAt: Date }
