import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/battles/battle.ts'
import { toImageRef } from '../../src/images/image.ts'
import type { Stores } from '../../src/storage/sqlite/storage.ts'
import {
  aBallot,
  aContestant,
  aDraw,
  anImage,
  aPrompt,
  aPromptSet,
  aReadyBattle,
  aVoter,
  hourMs,
  introduce,
  later,
  noon,
} from '../characters.ts'
import { type Open, openedBy } from './stores.ts'

type Voted = { a?: string; b?: string; outcome?: Outcome; isRevealed?: boolean; promptId?: string; voterId?: string }

async function aVotedBattle(
  stores: Stores,
  id: string,
  { a = 'ant', b = 'bee', outcome = 'a', isRevealed = true, promptId, voterId = 'voter-1' }: Voted = {},
) {
  await aReadyBattle(stores, {
    id,
    voterId,
    draw: aDraw({ a: aContestant(a), b: aContestant(b) }),
    prompt: aPrompt({ promptId: promptId ?? null }),
  })
  await stores.votes.cast(aBallot({ id: `vote on ${id}`, battleId: id, voterId, outcome }))
  if (isRevealed) await stores.votes.reveal(id, later(hourMs))
}

/** What one voter sees of themselves, shows to others, and takes back. */
export function voterDataContract(engine: string, open: Open) {
  describe(`what a voter did in ${engine}`, () => {
    const opened = openedBy(open)
    const set = async () => {
      await introduce(opened().stores)
      return opened().stores
    }

    test('tallies leave out what was erased and withdrawn, and count what boards count', async () => {
      const stores = await set()
      expect(await stores.votes.tally('voter-1')).toEqual({ battles: 0, votes: 0, counted: 0 })
      await aVotedBattle(stores, 'shown')
      await aVotedBattle(stores, 'open', { isRevealed: false })
      await aVotedBattle(stores, 'withdrawn')
      await stores.votes.withdraw('withdrawn', later(2 * hourMs))
      await aReadyBattle(stores, { id: 'no vote' })
      expect(await stores.votes.tally('voter-1')).toEqual({ battles: 4, votes: 2, counted: 1 })
      await stores.battles.move('no vote', { type: 'erase' }, later(2 * hourMs))
      expect(await stores.votes.tally('voter-1')).toEqual({ battles: 3, votes: 2, counted: 1 })
      expect(await stores.votes.tally('voter-2')).toEqual({ battles: 0, votes: 0, counted: 0 })
    })

    test('preferences count both sides, and never a battle whose names are hidden', async () => {
      const stores = await set()
      const preferred = async () => Object.fromEntries(await stores.votes.preferences('voter-1', ['ant', 'bee']))
      await aVotedBattle(stores, 'one', { a: 'ant', b: 'bee', outcome: 'a' })
      await aVotedBattle(stores, 'two', { a: 'bee', b: 'ant', outcome: 'b' })
      await aVotedBattle(stores, 'three', { a: 'ant', b: 'cat', outcome: 'tie' })
      await aVotedBattle(stores, 'four', { a: 'cat', b: 'bee', outcome: 'b' })
      const known = { ant: { of: 2, total: 3 }, bee: { of: 1, total: 3 } }
      expect(await preferred()).toEqual(known)
      await aVotedBattle(stores, 'hidden', { isRevealed: false })
      await aVotedBattle(stores, 'taken back')
      await stores.votes.withdraw('taken back', later(2 * hourMs))
      await stores.voters.keep(aVoter({ id: 'voter-2' }))
      await aVotedBattle(stores, 'of somebody else', { voterId: 'voter-2' })
      expect(await preferred()).toEqual(known)
    })

    test('prompts are done once they are voted on', async () => {
      const stores = await set()
      await aVotedBattle(stores, 'one', { promptId: 'street-1', isRevealed: false })
      await aVotedBattle(stores, 'again', { promptId: 'street-1' })
      await aVotedBattle(stores, 'own question')
      expect(await stores.votes.promptsVotedOn('voter-1')).toEqual(['street-1'])
      await stores.votes.withdraw('one', later(1))
      await stores.votes.withdraw('again', later(1))
      expect(await stores.votes.promptsVotedOn('voter-1')).toEqual([])
    })

    test('the newest recovery phrase leads to its voter, the one before to nobody', async () => {
      const { voters } = await set()
      expect(await voters.hasRecovery('voter-1')).toBe(false)
      await voters.keepRecovery('voter-1', 'hash one')
      await voters.keepRecovery('voter-1', 'hash two')
      expect(await voters.hasRecovery('voter-1')).toBe(true)
      expect(await voters.ofRecovery('hash one')).toBeUndefined()
      expect((await voters.ofRecovery('hash two'))?.id).toBe('voter-1')
      await expect(voters.keepRecovery('nobody', 'hash three')).rejects.toThrow('nobody')
    })
  })

  describe(`links in ${engine}`, () => {
    const opened = openedBy(open)
    const share = (some: { slug?: string; battleId?: string; withImage?: boolean } = {}) =>
      opened().stores.shares.share({
        slug: 'link-1',
        battleId: 'battle',
        withImage: true,
        sharedAt: later(hourMs),
        ...some,
      })

    test('only a battle whose names are shown gets one; asked twice it keeps the first', async () => {
      const { stores } = opened()
      await introduce(stores)
      await aVotedBattle(stores, 'battle', { isRevealed: false })
      expect(await share()).toBe('conflict')
      expect(await share({ battleId: 'nowhere' })).toBe('conflict')
      await stores.votes.reveal('battle', later(1))
      const made = { slug: 'link-1', battleId: 'battle', withImage: true, sharedAt: later(hourMs), removedAt: null }
      expect(await share()).toEqual(made)
      expect(await share({ slug: 'link-2', withImage: false })).toEqual({ ...made, withImage: false })
      expect(await stores.shares.ofBattle('battle')).toEqual({ ...made, withImage: false })
      expect(await stores.shares.find('link-2')).toBeUndefined()
    })

    test('of twenty at once one link remains', async () => {
      const { stores } = opened()
      await introduce(stores)
      await aVotedBattle(stores, 'battle')
      const links = await Promise.all(Array.from({ length: 20 }, (_, i) => share({ slug: `link-${i}` })))
      expect(new Set(links.map((link) => (link === 'conflict' ? link : link.slug))).size).toBe(1)
    })

    test('a removed link says so for ever, and the next one is another', async () => {
      const { stores } = opened()
      await introduce(stores)
      await aVotedBattle(stores, 'battle')
      await share()
      await stores.shares.remove('battle', later(5))
      await stores.shares.remove('battle', later(6))
      expect(await stores.shares.ofBattle('battle')).toBeUndefined()
      expect(await stores.shares.find('link-1')).toMatchObject({ removedAt: later(5) })
      expect(await share({ slug: 'link-2' })).toMatchObject({ slug: 'link-2' })
      await stores.battles.move('battle', { type: 'erase' }, later(7))
      expect(await stores.shares.find('link-2')).toMatchObject({ removedAt: later(7) })
      expect(await share({ slug: 'link-3' })).toBe('conflict')
    })

    test('a link without the image opens no image', async () => {
      const { stores } = opened()
      await introduce(stores)
      await aVotedBattle(stores, 'battle')
      await share({ withImage: false })
      expect(await stores.images.findFor(anImage().sha256, null)).toBeUndefined()
      await share({ withImage: true })
      expect(await stores.images.findFor(anImage().sha256, null)).toEqual(anImage())
      await stores.shares.remove('battle', later(1))
      expect(await stores.images.findFor(anImage().sha256, null)).toBeUndefined()
    })
  })

  describe(`erasing in ${engine}`, () => {
    const opened = openedBy(open)
    const ref = (name?: string) => toImageRef(anImage(name))

    test('an image goes with the last battle that shows it', async () => {
      const { stores } = opened()
      await introduce(stores)
      await stores.images.keep(anImage(), 'voter-1')
      await aVotedBattle(stores, 'one')
      await aVotedBattle(stores, 'two')
      expect(await stores.erasures.battle('one', later(1))).toEqual([])
      expect(await stores.images.findFor(anImage().sha256, 'voter-1')).toEqual(anImage())
      expect(await stores.erasures.battle('two', later(1))).toEqual([ref()])
      expect(await stores.images.find(anImage().sha256)).toBeUndefined()
      expect(await stores.erasures.battle('two', later(2))).toEqual([])
      expect(await stores.votes.find('two')).toMatchObject({ outcome: 'a', status: 'counted', note: null })
    })

    test('an image of a set, and one that somebody else brought, stays', async () => {
      const { stores } = opened()
      await introduce(stores)
      await stores.voters.keep(aVoter({ id: 'voter-2' }))
      await stores.images.keep(anImage(), 'voter-1')
      await stores.images.keep(anImage(), 'voter-2')
      await aVotedBattle(stores, 'one')
      expect(await stores.erasures.voter('voter-1', 'nobody-1', later(1))).toEqual([])
      expect(await stores.images.findFor(anImage().sha256, 'voter-1')).toBeUndefined()
      expect(await stores.images.findFor(anImage().sha256, 'voter-2')).toEqual(anImage())
      await stores.prompts.keepSet(aPromptSet())
      expect(await stores.erasures.voter('voter-2', 'nobody-2', later(1))).toEqual([])
      expect(await stores.images.find(anImage().sha256)).toEqual(anImage())
    })

    test('of a quarantined image the bytes go and the name stays, so that it cannot come back', async () => {
      const { stores } = opened()
      await introduce(stores)
      await stores.images.keep(anImage(), 'voter-1')
      await aVotedBattle(stores, 'one')
      await stores.images.quarantine(anImage().sha256)
      expect(await stores.erasures.voter('voter-1', 'nobody', later(1))).toEqual([ref()])
      expect((await stores.images.find(anImage().sha256))?.state).toBe('quarantined')
    })

    test('everything of a voter goes; votes count on under an id that nobody holds, together', async () => {
      const { stores } = opened()
      await introduce(stores)
      await stores.images.keep(anImage('never asked about'), 'voter-1')
      await stores.voters.consent('voter-1', { version: 'one', publish: true, at: noon })
      await stores.voters.keepRecovery('voter-1', 'hash')
      await aVotedBattle(stores, 'one')
      await aVotedBattle(stores, 'two', { outcome: 'b' })
      await stores.shares.share({ slug: 'link', battleId: 'one', withImage: true, sharedAt: noon })
      const dropped = await stores.erasures.voter('voter-1', 'nobody', later(hourMs))
      expect(dropped.map(({ sha256 }) => sha256).sort()).toEqual([ref().sha256, ref('never asked about').sha256].sort())

      expect(await stores.battles.ofVoter('voter-1', { limit: 9 })).toEqual([])
      expect(await stores.votes.tally('voter-1')).toEqual({ battles: 0, votes: 0, counted: 0 })
      expect(await stores.voters.ofRecovery('hash')).toBeUndefined()
      expect(await stores.voters.find('voter-1')).toEqual(aVoter({ createdAt: later(hourMs) }))
      expect(await stores.shares.find('link')).toMatchObject({ removedAt: later(hourMs) })
      for (const id of ['one', 'two'])
        expect(await stores.battles.find(id)).toMatchObject({
          state: 'erased',
          voterId: 'nobody',
          turns: [{ prompt: { text: '', images: [] } }],
        })
      const ballots = await stores.leaderboards.ballots({ after: null, limit: 9 })
      expect(ballots.map(({ voterId, outcome }) => [voterId, outcome]).sort()).toEqual([
        ['nobody', 'a'],
        ['nobody', 'b'],
      ])
      // Whoever still has the cookie begins again as somebody new.
      await stores.images.keep(anImage(), 'voter-1')
      await aReadyBattle(stores, { id: 'three' })
      expect(await stores.votes.tally('voter-1')).toMatchObject({ battles: 1 })
      expect(await stores.erasures.voter('a stranger', 'nobody else', later(hourMs))).toEqual([])
    })
  })
}
