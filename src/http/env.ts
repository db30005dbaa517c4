import type { Theme } from '../../views/frame.ts'
import type { Language } from '../../views/strings/strings.ts'
import type { VoterId } from '../core/ids.ts'
import type { NetworkKey } from './address.ts'

/** What the middleware leaves for the routes. */
export type Env = {
  Variables: {
    requestId: string
    nonce: string
    address: string
    /** Whoever asks sits at this machine. */
    isLocal: boolean
    network: NetworkKey
    /** The voter the cookie names, or null for a visitor. */
    voterId: VoterId | null
    /** The voter, made on the spot for a visitor who now does something. */
    voter: () => Promise<VoterId>
    language: Language
    theme: Theme
    wantsJson: boolean
    /** htmx asked: it wants the part of the page that changes. */
    isFragment: boolean
  }
}
