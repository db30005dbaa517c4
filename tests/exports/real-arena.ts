// A real arena on disk: SQLite, pictures as files, votes cast and revealed through the stores.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sides } from '../../src/battles/battle.ts'
import { imageKey } from '../../src/images/image.ts'
import { diskBlobStore } from '../../src/storage/disk/blob-store.ts'
import { type SqliteStorage, sqliteStorage } from '../../src/storage/sqlite/storage.ts'
import {
  aBallot,
  aBattle,
  aFinishedAnswer,
  aModel,
  anImage,
  aPrompt,
  aVoter,
  later,
  minuteMs,
  noon,
} from '../characters.ts'
import { aPicture, idOf } from './rows.ts'

const models = ['ant', 'bee', 'cat', 'dog']
const outcomes = ['a', 'b', 'tie', 'both_bad', 'a'] as const

export async function aRealArena(
  data: string,
  { votes, picture = {} }: { votes: number; picture?: { width?: number; height?: number } },
): Promise<SqliteStorage> {
  mkdirSync(data, { recursive: true })
  const storage = await sqliteStorage(join(data, 'sightline.db'))
  const blobs = diskBlobStore(data)
  await storage.models.register(
    models.map((id) => aModel(id)),
    noon,
  )
  for (let n = 0; n < 7; n++) await storage.voters.keep(aVoter({ id: `voter-${n}` }))
  for (let n = 0; n < votes; n++) {
    const { image: described, bytes } = aPicture(n, picture)
    const image = anImage('', {
      sha256: described.sha256,
      mediaType: 'image/png',
      width: described.width,
      height: described.height,
      bytes: bytes.length,
      phash: described.phash,
    })
    await blobs.put(imageKey(image), bytes)
    await storage.images.keep(image, null)
    const a = models[n % 4]!
    const b = models[(n + 1 + (n % 3)) % 4]!
    const id = idOf(`real battle ${n}`)
    const prompt = aPrompt({
      text: `Question ${n}: what is in this picture, and where?`,
      images: [{ sha256: image.sha256, mediaType: image.mediaType, width: image.width, height: image.height }],
    })
    await storage.battles.start(
      aBattle({
        id,
        formKey: `form ${n}`,
        voterId: `voter-${n % 7}`,
        prompt,
        draw: {
          a: { modelId: a, version: aModel(a).version },
          b: { modelId: b, version: aModel(b).version },
          pairProbability: 1 / 6,
          eligible: models,
          policyHash: 'policy-1',
        },
        consent: { version: 'consent-1', publish: n % 3 !== 0 },
        startedAt: later(n * minuteMs),
      }),
    )
    await storage.battles.move(id, { type: 'slots_free' }, later(n * minuteMs))
    const [answerA, answerB] = sides.map((side) => aFinishedAnswer(`Answer ${side} to question ${n}: **a thing**.`))
    await storage.battles.finish(id, 1, {
      answers: { a: answerA!, b: answerB! },
      flags: [],
      stoppedByVoter: false,
      at: later(n * minuteMs + 1000),
    })
    await storage.votes.cast(
      aBallot({
        id: idOf(`real vote ${n}`),
        battleId: id,
        voterId: `voter-${n % 7}`,
        outcome: outcomes[n % 5]!,
        castAt: later(n * minuteMs + 9000),
      }),
    )
    await storage.votes.reveal(id, later(n * minuteMs + 10_000))
  }
  return storage
}
