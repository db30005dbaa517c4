import { describe, expect, test } from 'vitest'
import { aModel, anImage, aPromptSet, aReadyBattle, aSetPrompt, aVoter, introduce, later, noon } from '../characters.ts'
import { type Open, openedBy } from './stores.ts'

/** Voters, images, prompts and models. */
export function registryStoresContract(engine: string, open: Open) {
  describe(`voters in ${engine}`, () => {
    const opened = openedBy(open)

    test('a voter is kept once, and stays who they are', async () => {
      const { voters } = opened().stores
      await voters.keep(aVoter())
      await voters.keep(aVoter({ kind: 'user', createdAt: later(1) }))
      expect(await voters.find('voter-1')).toEqual(aVoter())
      expect(await voters.find('voter-2')).toBeUndefined()
    })

    test('the newest consent is the one that holds', async () => {
      const { voters } = opened().stores
      await voters.keep(aVoter())
      await voters.consent('voter-1', { version: 'one', publish: true, at: noon })
      await voters.consent('voter-1', { version: 'two', publish: false, at: later(5) })
      expect((await voters.find('voter-1'))?.consent).toEqual({ version: 'two', publish: false, at: later(5) })
    })

    test('a voter may come with consent', async () => {
      const { voters } = opened().stores
      const voter = aVoter({ consent: { version: 'one', publish: false, at: noon } })
      await voters.keep(voter)
      expect(await voters.find(voter.id)).toEqual(voter)
    })

    test('consent of nobody is a fault', async () => {
      const { voters } = opened().stores
      await expect(voters.consent('voter-9', { version: 'one', publish: true, at: noon })).rejects.toThrow('voter-9')
    })
  })

  describe(`images in ${engine}`, () => {
    const opened = openedBy(open)

    test('an image is kept once, whoever brings it', async () => {
      const { images, voters } = opened().stores
      await voters.keep(aVoter())
      await images.keep(anImage(), null)
      await images.keep(anImage('a bicycle', { storedAt: later(9) }), 'voter-1')
      await images.keep(anImage(), 'voter-1')
      expect(await images.find(anImage().sha256)).toEqual(anImage())
      expect(await images.find(anImage('a tram').sha256)).toBeUndefined()
    })

    test('a picture that becomes part of a set becomes public, and an upload of it does not hide it again', async () => {
      const { images, voters } = opened().stores
      await voters.keep(aVoter())
      await images.keep(anImage(), 'voter-1')
      await images.keep(anImage('a bicycle', { isPublic: true }), null)
      await images.keep(anImage(), 'voter-1')
      expect((await images.find(anImage().sha256))?.isPublic).toBe(true)
    })

    test('an upload is seen by who brought it and by nobody else', async () => {
      const { images, voters } = opened().stores
      await voters.keep(aVoter())
      await images.keep(anImage(), 'voter-1')
      expect(await images.findFor(anImage().sha256, 'voter-1')).toEqual(anImage())
      expect(await images.findFor(anImage().sha256, 'voter-2')).toBeUndefined()
      expect(await images.findFor(anImage().sha256, null)).toBeUndefined()
    })

    test('a picture of a battle is seen by its voter, and by everybody once the battle is shared', async () => {
      const { stores, share } = opened()
      await introduce(stores)
      const { sha256 } = anImage()
      expect(await stores.images.findFor(sha256, 'voter-1')).toBeUndefined()
      const id = await aReadyBattle(stores)
      expect(await stores.images.findFor(sha256, 'voter-1')).toEqual(anImage())
      expect(await stores.images.findFor(sha256, 'voter-2')).toBeUndefined()
      await share(id, 'street-9')
      expect(await stores.images.findFor(sha256, 'voter-2')).toEqual(anImage())
      expect(await stores.images.findFor(sha256, null)).toEqual(anImage())
      await stores.battles.move(id, { type: 'erase' }, later(99))
      expect(await stores.images.findFor(sha256, 'voter-1')).toBeUndefined()
      expect(await stores.images.findFor(sha256, null)).toBeUndefined()
    })

    test('a public image is seen by everybody, a quarantined one by nobody', async () => {
      const { images } = opened().stores
      const image = anImage('a seed', { isPublic: true })
      await images.keep(image, null)
      expect(await images.findFor(image.sha256, null)).toEqual(image)
      await images.quarantine(image.sha256)
      expect(await images.findFor(image.sha256, null)).toBeUndefined()
      expect((await images.find(image.sha256))?.state).toBe('quarantined')
      // Bringing it again does not bring it back.
      await images.keep(image, null)
      expect(await images.findFor(image.sha256, null)).toBeUndefined()
    })
  })

  describe(`prompts in ${engine}`, () => {
    const opened = openedBy(open)

    test('a set is read in its order, and kept anew it says the new things under the old ids', async () => {
      const { prompts, images } = opened().stores
      await images.keep(anImage(), null)
      const [one, two, three] = ['one', 'two', 'three'].map((id) => aSetPrompt({ id }))
      await prompts.keepSet(aPromptSet({ prompts: [two!, one!, three!] }))
      expect(await prompts.inSet('street')).toEqual([two, one, three])
      const reworded = aSetPrompt({
        id: 'one',
        text: { en: 'Which street is this?' },
        reference: null,
        needsImage: false,
      })
      await prompts.keepSet(aPromptSet({ title: { en: 'Roads' }, prompts: [reworded, two!] }))
      expect(await prompts.inSet('street')).toEqual([reworded, two])
      expect(await prompts.find('one')).toEqual(reworded)
      expect(await prompts.sets()).toEqual([{ id: 'street', title: { en: 'Roads' }, license: 'CC0-1.0', size: 2 }])
    })

    test('a question that left its set is still known by its id', async () => {
      const { prompts, images } = opened().stores
      await images.keep(anImage(), null)
      await prompts.keepSet(aPromptSet())
      await prompts.keepSet(aPromptSet({ prompts: [] }))
      expect(await prompts.inSet('street')).toEqual([])
      expect(await prompts.find('street-1')).toEqual(aSetPrompt())
      expect(await prompts.find('street-2')).toBeUndefined()
    })
  })

  describe(`models in ${engine}`, () => {
    const opened = openedBy(open)

    test('models are read by id in byte order, those no longer configured as retired', async () => {
      const { models } = opened().stores
      await models.register(
        ['b', 'a', 'B', 'A-1', 'A'].map((id) => aModel(id)),
        noon,
      )
      expect((await models.all()).map(({ id }) => id)).toEqual(['A', 'A-1', 'B', 'a', 'b'])
      await models.register([aModel('a', { name: 'Renamed' })], later(1))
      expect(await models.find('a')).toEqual(aModel('a', { name: 'Renamed' }))
      expect(await models.find('b')).toEqual(aModel('b', { state: 'retired' }))
      await models.register([aModel('b')], later(2))
      expect((await models.find('b'))?.state).toBe('active')
      expect(await models.find('z')).toBeUndefined()
    })

    test('every version ever seen of a model stays known, oldest first', async () => {
      const { models } = opened().stores
      await models.register([aModel('ant', { version: 'v9', settings: { temperature: 0 } })], noon)
      await models.register([aModel('ant', { version: 'v1', settings: { temperature: 1 } })], later(1))
      await models.register([aModel('ant', { version: 'v9', settings: { temperature: 0 } })], later(2))
      expect(await models.versions('ant')).toEqual([
        { version: 'v9', settings: { temperature: 0 }, seenAt: noon },
        { version: 'v1', settings: { temperature: 1 }, seenAt: later(1) },
      ])
      expect((await models.find('ant'))?.version).toBe('v9')
    })

    test('a model keeps everything that was configured', async () => {
      const { models } = opened().stores
      const model = aModel('ant', {
        grounding: 'qwen2.5-vl',
        resize: { factor: 28, minPixels: 3136, maxPixels: 12_845_056 },
        sampling: null,
        weight: 0.25,
        isBaseline: true,
        isReplay: true,
        exportOutputs: false,
        card: { price: { input: 1, output: 2, currency: 'USD' }, openness: { weights: 'open' } },
      })
      await models.register([model], noon)
      expect(await models.find('ant')).toEqual(model)
    })
  })
}
